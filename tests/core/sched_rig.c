/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "sched_rig.h"

#include <axiom/event.h>
#include <axiom/format.h>
#include <hw/device.h>
#include <string.h>

extern const struct driver port_board_driver;
const struct driver *const driver_table[] = { &port_board_driver, NULL };

char schedule_seen[SCHEDULE_MAX];

void note(const char *what)
{
    size_t length = strlen(schedule_seen);
    format_text(schedule_seen + length, sizeof schedule_seen - length, "%llu %s\n",
                (unsigned long long)((port_now_ns() + 500) / NSEC_PER_USEC), what);
}

static void sink_emit(struct event_sink *sink, const struct event *event)
{
    (void)sink;
    ck_assert_uint_eq(event->time_ns, port_now_ns());
    note(event->sched.next);
}

static struct event_sink sink = { .emit = sink_emit, .kinds = 1u << EVENT_SCHED };

void record(void)
{
    schedule_seen[0] = '\0';
    event_sink_add(&sink);
}

void record_end(void)
{
    event_sink_remove(&sink);
}

void run(void (*body)(void *))
{
    ck_assert_int_eq(port_run(NULL, body, NULL), 0);
    ck_assert_uint_eq(port_mm_stats().pages_used, 0);
}

struct mutex mutexes[4];
struct wait_queue queue;
uint32_t queue_tokens;

int run_script(void *argument)
{
    struct script *script = argument;
    for (const struct act *act = script->acts; act->action != END; act++) {
        switch (act->action) {
        case END:
            break;
        case BURN:
            port_burn(MS(act->value));
            break;
        case LOCK:
            mutex_lock(&mutexes[act->value]);
            break;
        case UNLOCK:
            mutex_unlock(&mutexes[act->value]);
            break;
        case SLEEP_UNTIL:
            ck_assert_int_eq(thread_sleep_until(MS(act->value)), 0);
            break;
        case YIELD:
            thread_yield();
            break;
        case NOTE:
            note(script->name);
            break;
        case NEXT_PERIOD:
            script->skipped += sched_wait_period();
            break;
        case WAKE:
            queue_tokens++;
            wait_queue_wake_one(&queue);
            break;
        }
    }
    sched_stats(thread_current(), &script->stats);
    return 7;
}

void start(struct script *script)
{
    const struct thread_options options = {
        .name = script->name, .entry = run_script, .argument = script, .sched = script->sched
    };
    ck_assert_int_eq(thread_create(&options, &script->thread), 0);
}

void play(struct script *scripts, uint32_t count)
{
    for (uint32_t i = 0; i < ARRAY_SIZE(mutexes); i++)
        mutex_init(&mutexes[i]);
    record();
    preempt_disable(); /* so that all begin at the same time */
    for (uint32_t i = 0; i < count; i++)
        start(&scripts[i]);
    preempt_enable();
    for (uint32_t i = 0; i < count; i++)
        ck_assert_int_eq(thread_join(scripts[i].thread), 7);
    record_end();
}
