/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A lock of the port's own, for what lies below the core. Masks interrupts. */
#pragma once
#include <arch/cpu.h>
#include <arch/irqflags.h>

struct port_lock {
    uint32_t taken;
};

static inline struct arch_irqflags port_lock(struct port_lock *lock)
{
    struct arch_irqflags flags = arch_irq_save();
    while (__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE) != 0)
        port_pause();
    return flags;
}

static inline void port_unlock(struct port_lock *lock, struct arch_irqflags flags)
{
    __atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
    arch_irq_restore(flags);
}
