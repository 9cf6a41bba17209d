/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The lock of event_emit(): this CPU's interrupts are masked, other CPUs wait while sinks copy the
 * event. Below the core's own locks: it calls nothing that takes one of them. */
#include "events.h"

#include <axiom/event.h>
#include <port/lock.h>

static uint32_t owner; /* CPU index + 1; 0: free */
/* owner protects: */
static struct arch_irqflags owner_flags;

static uint64_t lock(void)
{
    struct arch_irqflags flags = arch_irq_save();
    uint32_t self = arch_cpu_id() + 1;
    if (__atomic_load_n(&owner, __ATOMIC_RELAXED) == self) {
        arch_irq_restore(flags);
        return EVENT_LOCK_HELD;
    }
    for (;;) {
        uint32_t free = 0;
        if (__atomic_load_n(&owner, __ATOMIC_RELAXED) == 0 &&
            __atomic_compare_exchange_n(&owner, &free, self, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            break;
        port_pause();
    }
    owner_flags = flags;
    return 0;
}

static void unlock(uint64_t state)
{
    (void)state;
    struct arch_irqflags flags = owner_flags;
    __atomic_store_n(&owner, 0, __ATOMIC_RELEASE);
    arch_irq_restore(flags);
}

void board_events_init(void)
{
    static const struct event_lock event_lock = { lock, unlock };
    owner = 0;
    event_lock_set(&event_lock);
}
