/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#ifndef ARCH_IMPL_ALLOWED
#error "include <arch/irqflags.h>"
#endif

#define RISCV_SSTATUS_SIE 0x2u

struct arch_irqflags {
    uint64_t sstatus; /* the bit alone */
};

static inline void arch_irq_enable(void)
{
    __asm__ volatile("csrsi sstatus, 2" ::: "memory");
}

static inline void arch_irq_disable(void)
{
    __asm__ volatile("csrci sstatus, 2" ::: "memory");
}

static inline struct arch_irqflags arch_irq_save(void)
{
    struct arch_irqflags flags;
    __asm__ volatile("csrrci %0, sstatus, 2" : "=r"(flags.sstatus)::"memory");
    flags.sstatus &= RISCV_SSTATUS_SIE;
    return flags;
}

static inline void arch_irq_restore(struct arch_irqflags flags)
{
    if (flags.sstatus != 0)
        arch_irq_enable();
    else
        arch_irq_disable();
}

static inline bool arch_irqs_disabled(void)
{
    uint64_t sstatus;
    __asm__ volatile("csrr %0, sstatus" : "=r"(sstatus)::"memory");
    return (sstatus & RISCV_SSTATUS_SIE) == 0;
}
