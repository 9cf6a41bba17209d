/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Spinlocks and the interrupt mask.
 *
 * The lock word is the owner. As long as one CPU is up, masking interrupts is the whole lock and
 * the word is only bookkeeping, written without an atomic operation: that is most of the cost on
 * the path of an edge. */
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <axiom/bug.h>
#include <axiom/string.h>
#include <core/spinlock.h>
#include <internal/percpu.h>
#include <internal/sched.h>

_Static_assert(sizeof(struct arch_irqflags) <= sizeof(struct irq_state), "the port's state fits");

static bool contended; /* more than one CPU may be up */

void spin_contention_set(bool several_cpus)
{
    contended = several_cpus;
}

struct irq_state cpu_irq_save(void)
{
    struct arch_irqflags flags = arch_irq_save();
    struct irq_state state = { 0 };
    memcpy(&state, &flags, sizeof flags);
    return state;
}

void cpu_irq_restore(struct irq_state state)
{
    struct arch_irqflags flags;
    memcpy(&flags, &state, sizeof flags);
    arch_irq_restore(flags);
    /* The flag may be another CPU's if an interrupt moved us just now: sched_preempt() looks again.
     */
    if (__builtin_expect(this_cpu()->need_resched, 0) && !arch_irqs_disabled())
        sched_preempt();
}

void spin_lock_init(struct spinlock *lock)
{
    lock->owner = 0;
}

void spin_lock(struct spinlock *lock)
{
    arch_point();
    BUG_ON(!arch_irqs_disabled());
    uint32_t self = arch_cpu_id() + 1;
    BUG_ON(__atomic_load_n(&lock->owner, __ATOMIC_RELAXED) == self);
    if (!contended) {
        lock->owner = self;
        return;
    }
    for (;;) {
        uint32_t free = 0;
        if (__atomic_compare_exchange_n(&lock->owner, &free, self, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return;
        arch_cpu_relax(TIME_NEVER);
    }
}

void spin_unlock(struct spinlock *lock)
{
    BUG_ON(!spin_is_held(lock));
    __atomic_store_n(&lock->owner, 0, __ATOMIC_RELEASE);
}

struct irq_state spin_lock_irqsave(struct spinlock *lock)
{
    struct irq_state state = cpu_irq_save();
    spin_lock(lock);
    return state;
}

void spin_unlock_irqrestore(struct spinlock *lock, struct irq_state state)
{
    spin_unlock(lock);
    cpu_irq_restore(state);
}

bool spin_is_held(const struct spinlock *lock)
{
    return __atomic_load_n(&lock->owner, __ATOMIC_RELAXED) == arch_cpu_id() + 1;
}
