/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Spinlocks: short sections against other CPUs and this CPU's interrupts.
 *
 * Every holder has its CPU's interrupts masked, so there is one kind of lock and no rule about
 * which variant an interrupt handler needs, and no preemption inside. A wake-up made while a lock
 * is held takes effect when the last one is released with interrupts coming back on. The owning CPU
 * is recorded: spin_is_held() means something on one CPU and in sim too. */
#pragma once
#include <axiom/lock_annotations.h>
#include <axiom/types.h>

/* The interrupt mask as it was; from cpu_irq_save(). */
struct irq_state {
    uint64_t bits;
};

struct CAPABILITY("spinlock") spinlock {
    uint32_t owner; /* CPU index + 1; 0: free */
};

/* Masks this CPU's interrupts; nests. Restoring takes what came meanwhile, and switches to a more
 * urgent thread that was woken. Any context. */
struct irq_state cpu_irq_save(void);
void cpu_irq_restore(struct irq_state state);

void spin_lock_init(struct spinlock *lock);

/* Any context. Not recursive: taking a lock that this CPU holds is a panic. */
struct irq_state spin_lock_irqsave(struct spinlock *lock) ACQUIRES(lock);
void spin_unlock_irqrestore(struct spinlock *lock, struct irq_state state) RELEASES(lock);

/* With interrupts masked already (in a handler, or inside another lock). */
void spin_lock(struct spinlock *lock) ACQUIRES(lock);
void spin_unlock(struct spinlock *lock) RELEASES(lock);

/* Held by this CPU. Interrupts masked. */
bool spin_is_held(const struct spinlock *lock);
