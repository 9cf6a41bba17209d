/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Time: two contracts that drivers fulfil for the core.
 *
 * A clock source is a counter of fixed frequency that never runs backwards; the core makes
 * nanoseconds of it (ktime_get_ns() = floor(ticks * 1e9 / frequency), exact, no drift). A clock
 * event is one CPU's one-shot alarm on the same counter. On a board, and in sim, both are the
 * architected timer; they are separate because on x86_64 they are not. */
#pragma once
#include <axiom/types.h>

struct clock_source {
    const char *name;
    uint64_t frequency_hz;
    uint64_t (*read)(struct clock_source *source); /* ticks; any context */
    uint32_t rating;                               /* the highest registered wins */
};

struct clock_event {
    const char *name;
    /* Arms the calling CPU's alarm to interrupt once the clock source reaches `ticks` (at once if
     * it has), replacing an earlier alarm; TIME_NEVER disarms. Interrupts masked. The driver's
     * handler calls clock_event_expired(). */
    void (*set_ticks)(struct clock_event *event, uint64_t ticks);
    /* Brings the calling CPU's part of the hardware up. */
    void (*cpu_start)(struct clock_event *event);
    /* In place of set_ticks, for an alarm that does not see the clock source but counts for itself:
     * interrupts in about delay_ns (0: at once). Early or late is no matter; the core looks at the
     * clock. TIME_NEVER disarms. */
    void (*set_delay_ns)(struct clock_event *event, uint64_t delay_ns);
};

/* Drivers call these from probe and remove. -EBUSY: one of the same rating is there. */
int clock_source_register(struct clock_source *source);
void clock_source_unregister(struct clock_source *source);
int clock_event_register(struct clock_event *event);
void clock_event_unregister(struct clock_event *event); /* expires all timers that still run */

/* From the alarm's interrupt handler: runs what is due on this CPU and arms the next alarm. */
void clock_event_expired(struct clock_event *event);
