/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Between clock sources (time/clock.c) and timers (time/timer.c). */
#pragma once
#include <axiom/types.h>
#include <hw/clock.h>

/* Exact division by a number known in advance: floor(value / divisor) from one multiplication and
 * at most two corrections. */
struct reciprocal {
    uint64_t divisor;
    uint64_t factor; /* floor((2^64 - 1) / divisor) */
};

static inline struct reciprocal reciprocal_of(uint64_t divisor)
{
    return (struct reciprocal){ divisor, UINT64_MAX / divisor };
}

static inline uint64_t reciprocal_divide(struct reciprocal by, uint64_t value, uint64_t *rest)
{
    uint64_t quotient = (uint64_t)(((unsigned __int128)value * by.factor) >> 64);
    uint64_t left = value - quotient * by.divisor;
    while (left >= by.divisor) {
        left -= by.divisor;
        quotient++;
    }
    *rest = left;
    return quotient;
}

/* floor(ticks * 1e9 / frequency), and the first tick at which that is `ns` or more (TIME_NEVER if
 * the counter does not get there). */
uint64_t clock_ticks_to_ns(struct reciprocal frequency, uint64_t ticks);
uint64_t clock_ns_to_ticks(uint64_t frequency_hz, uint64_t ns);

bool clock_source_is_there(void);
/* Ticks of the clock source in use at that time. */
uint64_t clock_deadline_ticks(uint64_t ns);
/* When ktime will be `ns` or more, in real nanoseconds of the clock in use: at a whole tick, rounded up. What is waited
 * for by polling has to be this, else the clock stands still just before the deadline. */
uint64_t clock_reached_ns(uint64_t ns);
void clock_init(void);
