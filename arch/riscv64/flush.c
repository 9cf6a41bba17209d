/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Forgetting translations and instructions on all CPUs: the firmware does it on the others (SBI
 * RFENCE), whatever they have masked, and returns when it is done. */
#include <arch/cpu.h>
#include <arch_impl/pte.h>
#include <port/port.h>

#include "cpu.h"
#include "sbi.h"
#include "smp.h"

struct range {
    uint64_t at, size;
};

static void sfence(uint64_t mask, uint64_t base, void *context)
{
    const struct range *range = context;
    sbi_remote_sfence(mask, base, range->at, range->size);
}

static void fence_i(uint64_t mask, uint64_t base, void *context)
{
    (void)context;
    sbi_remote_fence_i(mask, base);
}

/* A CPU may remember that there was no translation (privileged specification, 4.2.1). */
void riscv_pte_sync(void)
{
    port_tlb_flush(0, UINT64_MAX);
}

void port_tlb_flush(uint64_t at, uint64_t size)
{
    struct range range = { at, size };
    __asm__ volatile("sfence.vma" ::: "memory");
    smp_each_group(smp_others(), sfence, &range);
}

void port_tlb_flush_user(void)
{
    __asm__ volatile("sfence.vma" ::: "memory");
}

void port_icache_sync(const void *at, size_t size)
{
    (void)at;
    (void)size;
    __asm__ volatile("fence rw, rw\n\tfence.i" ::: "memory");
    smp_each_group(smp_others(), fence_i, NULL);
}
