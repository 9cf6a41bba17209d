/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* How a CPU masks its own interrupts. */
#pragma once
#include <axiom/types.h>

struct arch_irqflags; /* the port defines it */

/* Mask interrupts on this CPU and return the previous state. Nests. Any context. */
static inline struct arch_irqflags arch_irq_save(void);
/* Back to the saved state; interrupts that came meanwhile are taken now if it unmasks. */
static inline void arch_irq_restore(struct arch_irqflags flags);
static inline void arch_irq_enable(void);
static inline void arch_irq_disable(void);
static inline bool arch_irqs_disabled(void);

#define ARCH_IMPL_ALLOWED
#include <arch_impl/irqflags.h> /* bodies; refuses to be included on its own */
#undef ARCH_IMPL_ALLOWED
