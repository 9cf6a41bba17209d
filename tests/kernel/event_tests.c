/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Events of all CPUs: a sink sees one after the other, in the order of their numbers and times. */
#include "ktest.h"
#include "threads.h"

#include <axiom/event.h>
#include <core/thread.h>

#define EVENTS_EACH 500u
#define MARK        UINT32_C(0xa10a0000) /* timers of this number do not exist */

static struct {
    struct event_sink sink;
    uint32_t count, inside, disorder;
    uint64_t last_sequence, last_time_ns;
    uint32_t of_thread[32];
} seen;

/* Nothing in here is atomic: two CPUs inside at once would show. */
static void look(struct event_sink *sink, const struct event *event)
{
    (void)sink;
    seen.inside++;
    if (seen.inside != 1 || event->sequence <= seen.last_sequence ||
        event->time_ns < seen.last_time_ns)
        seen.disorder++;
    seen.last_sequence = event->sequence;
    seen.last_time_ns = event->time_ns;
    uint32_t thread = event->timer.timer - MARK;
    if (thread < ARRAY_SIZE(seen.of_thread)) {
        /* Of one thread in its own order. */
        if (event->timer.scheduled_ns != seen.of_thread[thread])
            seen.disorder++;
        seen.of_thread[thread]++;
        seen.count++;
    }
    seen.inside--;
}

static int emit_many(void *argument)
{
    uint32_t index = *(const uint32_t *)argument;
    for (uint32_t i = 0; i < EVENTS_EACH; i++) {
        struct event event = {
            .kind = EVENT_TIMER,
            .layer = EVENT_LAYER_KERNEL,
            .role = EVENT_ROLE_OBSERVATION,
            .timer = { .timer = MARK + index, .scheduled_ns = i },
        };
        event_emit(&event);
        event_skip();
        if (i % 64 == 0)
            thread_yield();
    }
    return 0;
}

static void events_of_all_cpus_are_in_one_order(void)
{
    seen.count = seen.inside = seen.disorder = 0;
    seen.last_sequence = seen.last_time_ns = 0;
    for (uint32_t i = 0; i < ARRAY_SIZE(seen.of_thread); i++)
        seen.of_thread[i] = 0;
    seen.sink = (struct event_sink){ .emit = look, .kinds = 1u << EVENT_TIMER };
    event_sink_add(&seen.sink);
    int result = threads_run(16, emit_many);
    event_sink_remove(&seen.sink);
    KTEST(result == 0);
    KTEST(seen.disorder == 0);
    KTEST(seen.count == 16 * EVENTS_EACH);
}

const struct ktest ktest_events[] = {
    { "events_of_all_cpus_are_in_one_order", events_of_all_cpus_are_in_one_order, 1 },
    { NULL, NULL, 0 },
};
