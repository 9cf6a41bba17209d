/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Forgetting translations on all CPUs: x86 has no broadcast, so each other CPU is asked by an
 * interrupt and flushes everything.
 *
 * The caller waits with interrupts masked, so it answers what it is asked itself meanwhile: two CPUs
 * that ask each other both go on. A CPU that has interrupts masked for long holds the caller up; the
 * kernel's masked sections are short. */
#include <arch/cpu.h>
#include <port/port.h>

#include "cpu.h"

static uint32_t asked; /* a bit a CPU */

static void flush_all(void)
{
    uint64_t cr4;
    __asm__ volatile("movq %%cr4, %0" : "=r"(cr4));
    __asm__ volatile("movq %0, %%cr4\n\tmovq %1, %%cr4" ::"r"(cr4 & ~UINT64_C(0x80)), "r"(cr4)
                     : "memory"); /* PGE off and on: global ones too (SDM volume 3, 4.10.4.1) */
}

void x86_flush_asked(void)
{
    uint32_t me = 1u << arch_cpu_id();
    if (__atomic_load_n(&asked, __ATOMIC_ACQUIRE) & me) {
        flush_all();
        __atomic_fetch_and(&asked, ~me, __ATOMIC_RELEASE);
    }
}

void port_tlb_flush(uint64_t at, uint64_t size)
{
    (void)at;
    (void)size;
    uint32_t me = arch_cpu_id();
    uint32_t others = 0;
    for (uint32_t i = 0; i < CPU_MAX; i++) {
        if (i != me && __atomic_load_n(&x86_cpus[i].started, __ATOMIC_ACQUIRE))
            others |= 1u << i;
    }
    __atomic_fetch_or(&asked, others, __ATOMIC_SEQ_CST);
    for (uint32_t i = 0; i < CPU_MAX; i++) {
        if (others >> i & 1)
            x86_lapic_send(x86_cpus[i].apic_id, VECTOR_FLUSH);
    }
    flush_all();
    while ((__atomic_load_n(&asked, __ATOMIC_ACQUIRE) & others) != 0) {
        x86_flush_asked();
        for (uint32_t i = 0; i < CPU_MAX; i++) { /* one that was parked meanwhile never answers */
            if ((others >> i & 1) && !__atomic_load_n(&x86_cpus[i].started, __ATOMIC_ACQUIRE))
                others &= ~(1u << i);
        }
        __asm__ volatile("pause");
    }
}

void port_tlb_flush_user(void)
{
    uint64_t cr3;
    __asm__ volatile("movq %%cr3, %0" : "=r"(cr3));
    x86_load_cr3(cr3);
}

void port_icache_sync(const void *at, size_t size)
{
    /* Instruction fetches are coherent; another CPU executes a new mapping only after it was told
     * where it is (SDM volume 3, 8.1.3). */
    (void)at;
    (void)size;
}
