/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Time: nanoseconds of the clock source, and timers on the clock event (hw/clock.h).
 *
 * There is no tick: the alarm of a CPU stands at its next timer, or nowhere. */
#pragma once
#include <axiom/types.h>

/* floor(ticks * 1e9 / frequency) of the best clock source; 0 before there is one, the last value
 * after it is gone. Never runs backwards. Any context. */
uint64_t ktime_get_ns(void);
/* True when ktime is deadline_ns or later, and when no clock is there (any more): the deadline of a
 * polling loop, which then ends in any case. Any context. */
bool ktime_reached(uint64_t deadline_ns);
/* True once timers run: a clock source and a clock event are registered. */
bool time_is_running(void);

/* A callback at a point in time, in interrupt context of the CPU that started it. Embedded in its
 * user's struct; nothing is allocated. Timers of one time run in the order in which they were
 * started. */
struct timer {
    void (*callback)(struct timer *timer, void *context);
    void *context;
    uint64_t expires_ns;
    /* The timer queue's: */
    uint64_t order;
    struct timer *child, *next, *back;
    uint32_t cpu; /* index + 1 of the queue it is or last was on */
    bool pending;
};

void timer_init(struct timer *timer, void (*callback)(struct timer *, void *context),
                void *context);
/* (Re)starts it at an absolute ktime; the past means at once. Allowed in its own callback. Any
 * context. */
void timer_start(struct timer *timer, uint64_t expires_ns);
/* True if it was pending. The callback may still be running on another CPU. Any context. */
bool timer_cancel(struct timer *timer);
/* As timer_cancel(), and the callback is not running any more. Not from the callback, not under a
 * lock that it takes. */
bool timer_cancel_sync(struct timer *timer);

/* Busy delays, at least so long, by arch_cpu_relax(); for hardware that wants microseconds. Any
 * context. */
void delay_ns(uint64_t duration_ns);
void delay_us(uint32_t duration_us);
/* One turn of a polling loop: lets time go on towards the caller's own deadline (ktime_reached()).
 */
void delay_relax(uint64_t deadline_ns);
