/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#ifndef ARCH_IMPL_ALLOWED
#error "include <arch/irqflags.h>"
#endif

#define ARM_DAIF_I 0x80u

struct arch_irqflags {
    uint64_t daif;
};

/* The barrier makes a pending interrupt come now, not some instructions later (Arm ARM, D1.3.1: it is
 * taken before the first instruction after a context synchronization event). */
static inline void arch_irq_enable(void)
{
    __asm__ volatile("msr daifclr, #2\n\tisb" ::: "memory");
}

static inline void arch_irq_disable(void)
{
    __asm__ volatile("msr daifset, #2" ::: "memory");
}

static inline struct arch_irqflags arch_irq_save(void)
{
    struct arch_irqflags flags;
    __asm__ volatile("mrs %0, daif\n\tmsr daifset, #2" : "=r"(flags.daif)::"memory");
    return flags;
}

static inline void arch_irq_restore(struct arch_irqflags flags)
{
    __asm__ volatile("msr daif, %0" ::"r"(flags.daif) : "memory");
}

static inline bool arch_irqs_disabled(void)
{
    uint64_t daif;
    __asm__ volatile("mrs %0, daif" : "=r"(daif)::"memory");
    return (daif & ARM_DAIF_I) != 0;
}
