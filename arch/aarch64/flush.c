/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Forgetting translations, and instructions: the hardware tells the other CPUs (the inner shareable
 * domain). */
#include <arch/mmu.h>
#include <port/port.h>

#include "cpu.h"

#define ONE_BY_ONE_MAX 64u /* pages; more than that: everything */

void port_tlb_flush(uint64_t at, uint64_t size)
{
    __asm__ volatile("dsb ishst" ::: "memory");
    if (size / PAGE_SIZE > ONE_BY_ONE_MAX) {
        __asm__ volatile("tlbi vmalle1is" ::: "memory");
    } else {
        for (uint64_t end = at + size; at < end; at += PAGE_SIZE)
            __asm__ volatile("tlbi vaae1is, %0" ::"r"(at >> PAGE_SHIFT & 0xfffffffffff) : "memory");
    }
    __asm__ volatile("dsb ish\n\tisb" ::: "memory");
}

void port_tlb_flush_user(void)
{
    __asm__ volatile("dsb nshst\n\ttlbi vmalle1\n\tdsb nsh\n\tisb" ::: "memory");
}

/* Arm ARM DDI 0487, B2.7.4. Another CPU executes code at a new address only after it was told where it is,
 * which it is in an interrupt or by taking a lock; its own barrier is the exception's. */
void port_icache_sync(const void *code, size_t size)
{
    uint64_t lines = ARM_READ("ctr_el0");
    uint64_t data_line = UINT64_C(4) << (lines >> 16 & 15), code_line = UINT64_C(4) << (lines & 15);
    uint64_t start = (uint64_t)code, end = start + size;
    for (uint64_t at = start & ~(data_line - 1); at < end; at += data_line)
        __asm__ volatile("dc cvau, %0" ::"r"(at) : "memory");
    __asm__ volatile("dsb ish" ::: "memory");
    for (uint64_t at = start & ~(code_line - 1); at < end; at += code_line)
        __asm__ volatile("ic ivau, %0" ::"r"(at) : "memory");
    __asm__ volatile("dsb ish\n\tisb" ::: "memory");
}
