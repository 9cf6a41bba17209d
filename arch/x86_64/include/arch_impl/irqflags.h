/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#ifndef ARCH_IMPL_ALLOWED
#error "include <arch/irqflags.h>"
#endif

#define X86_FLAGS_IF 0x200u

struct arch_irqflags {
    uint64_t rflags;
};

/* Interrupts are taken after the instruction that follows sti (SDM volume 2, STI): were that cli, none
 * would be. */
static inline void arch_irq_enable(void)
{
    __asm__ volatile("sti\n\tnop" ::: "memory");
}

static inline void arch_irq_disable(void)
{
    __asm__ volatile("cli" ::: "memory");
}

static inline struct arch_irqflags arch_irq_save(void)
{
    struct arch_irqflags flags;
    __asm__ volatile("pushfq\n\tpopq %0\n\tcli" : "=r"(flags.rflags)::"memory");
    return flags;
}

static inline void arch_irq_restore(struct arch_irqflags flags)
{
    if (flags.rflags & X86_FLAGS_IF)
        arch_irq_enable();
    else
        arch_irq_disable();
}

static inline bool arch_irqs_disabled(void)
{
    uint64_t rflags;
    __asm__ volatile("pushfq\n\tpopq %0" : "=r"(rflags)::"memory");
    return (rflags & X86_FLAGS_IF) == 0;
}
