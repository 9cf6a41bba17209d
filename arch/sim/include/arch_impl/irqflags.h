/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#ifndef ARCH_IMPL_ALLOWED
#error "include <arch/irqflags.h>"
#endif
#include <arch_impl/sim_cpu.h>

struct arch_irqflags {
    bool masked;
};

static inline struct arch_irqflags arch_irq_save(void)
{
    struct arch_irqflags flags = { arch_sim_cpu.irqs_masked };
    arch_sim_cpu.irqs_masked = true;
    return flags;
}

static inline void arch_irq_enable(void)
{
    arch_sim_cpu.irqs_masked = false;
    if (__builtin_expect(arch_sim_cpu.irq_line, 0))
        arch_sim_take_irqs();
}

static inline void arch_irq_restore(struct arch_irqflags flags)
{
    if (flags.masked)
        arch_sim_cpu.irqs_masked = true;
    else
        arch_irq_enable();
}

static inline void arch_irq_disable(void)
{
    arch_sim_cpu.irqs_masked = true;
}

static inline bool arch_irqs_disabled(void)
{
    return arch_sim_cpu.irqs_masked;
}
