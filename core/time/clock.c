/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The clock: nanoseconds out of a counter.
 *
 * ktime is an exact function of the counter's value, so it neither drifts nor depends on when it
 * was read before. One division by the frequency splits off whole seconds, a second one scales the
 * rest; both are multiplications by a reciprocal, because every event is stamped.
 *
 * A clock that is registered goes on from where the one before it stands: its driver sees to that.
 * One that is left when a better one goes may be behind, by as much as the two differ in rate; what it
 * lacks is added from then on. */
#include <arch/entry.h>
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/time.h>
#include <internal/boot.h>
#include <internal/clock.h>
#include <internal/timer_queue.h>

#define SOURCE_MAX       4
#define FREQUENCY_MAX_HZ 4000000000ull /* rest * 1e9 must fit 64 bits */

static struct clock_source *sources[SOURCE_MAX];
static struct clock_source *current_source; /* the best; NULL: none */
static struct reciprocal frequency;
static uint64_t
    offset_ns;           /* what the current source lacks; 0 while there was no better one before */
static uint64_t last_ns; /* when the last source went */

uint64_t clock_ticks_to_ns(struct reciprocal by, uint64_t ticks)
{
    uint64_t rest, none;
    uint64_t seconds = reciprocal_divide(by, ticks, &rest);
    return seconds * NSEC_PER_SEC + reciprocal_divide(by, rest * NSEC_PER_SEC, &none);
}

uint64_t clock_ns_to_ticks(uint64_t frequency_hz, uint64_t ns)
{
    uint64_t seconds = ns / NSEC_PER_SEC;
    uint64_t rest = ns % NSEC_PER_SEC;
    uint64_t ticks;
    if (__builtin_mul_overflow(seconds, frequency_hz, &ticks) ||
        __builtin_add_overflow(ticks, (rest * frequency_hz + NSEC_PER_SEC - 1) / NSEC_PER_SEC,
                               &ticks))
        return TIME_NEVER;
    return ticks;
}

uint64_t ktime_get_ns(void)
{
    struct clock_source *source = current_source;
    if (source == NULL)
        return last_ns;
    return offset_ns + clock_ticks_to_ns(frequency, source->read(source));
}

uint64_t kernel_time_ns(void)
{
    return ktime_get_ns();
}

bool ktime_reached(uint64_t deadline_ns)
{
    return current_source == NULL || ktime_get_ns() >= deadline_ns;
}

bool clock_source_is_there(void)
{
    return current_source != NULL;
}

uint64_t clock_deadline_ticks(uint64_t ns)
{
    if (ns == TIME_NEVER)
        return TIME_NEVER;
    return ns <= offset_ns ? 0 : clock_ns_to_ticks(frequency.divisor, ns - offset_ns);
}

uint64_t clock_reached_ns(uint64_t ns)
{
    if (current_source == NULL || ns == TIME_NEVER)
        return ns;
    if (ns <= offset_ns)
        return 0;
    uint64_t ticks = clock_ns_to_ticks(frequency.divisor, ns - offset_ns);
    uint64_t rest, part;
    uint64_t seconds = reciprocal_divide(frequency, ticks, &rest);
    uint64_t below = reciprocal_divide(frequency, rest * NSEC_PER_SEC, &part);
    return seconds * NSEC_PER_SEC + below + (part != 0);
}

/* The best of those registered becomes the clock; `going`: because one went. */
static void choose(bool going)
{
    struct clock_source *best = NULL;
    for (uint32_t i = 0; i < SOURCE_MAX; i++) {
        if (sources[i] != NULL && (best == NULL || sources[i]->rating > best->rating))
            best = sources[i];
    }
    if (best == current_source)
        return;
    uint64_t before = ktime_get_ns();
    if (best == NULL) {
        last_ns = before;
        current_source = NULL;
        return;
    }
    frequency = reciprocal_of(best->frequency_hz);
    current_source = best;
    offset_ns = 0;
    uint64_t now = ktime_get_ns();
    if (now < before && !going)
        panic("clock %s is %llu ns behind the clock before it: time would run backwards",
              best->name, (unsigned long long)(before - now));
    if (now < before)
        offset_ns = before - now;
    timer_clock_changed();
    log_info("clock: %s at %llu Hz", best->name, (unsigned long long)best->frequency_hz);
}

int clock_source_register(struct clock_source *source)
{
    if (source->frequency_hz == 0 || source->frequency_hz > FREQUENCY_MAX_HZ) {
        log_err("clock %s: a frequency of %llu Hz makes no sense", source->name,
                (unsigned long long)source->frequency_hz);
        return -EINVAL;
    }
    uint32_t place = SOURCE_MAX;
    for (uint32_t i = 0; i < SOURCE_MAX; i++) {
        if (sources[i] == NULL)
            place = i;
        else if (sources[i]->rating == source->rating)
            return -EBUSY;
    }
    if (place == SOURCE_MAX)
        return -ENOSPC;
    sources[place] = source;
    choose(false);
    return 0;
}

void clock_source_unregister(struct clock_source *source)
{
    for (uint32_t i = 0; i < SOURCE_MAX; i++) {
        if (sources[i] == source) {
            /* Chosen anew while it can still be read: ktime goes on from where it was. */
            sources[i] = NULL;
            choose(true);
        }
    }
}

void clock_init(void)
{
    for (uint32_t i = 0; i < SOURCE_MAX; i++)
        sources[i] = NULL;
    current_source = NULL;
    frequency = reciprocal_of(1);
    last_ns = 0;
    offset_ns = 0;
}
