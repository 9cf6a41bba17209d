/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The queue of model timers against an oracle that looks at all of them each time. */
#include <string.h>
#include <tests/check_main.h>

#include "internal.h"

#define TIMERS 64
#define STEPS  200000

static struct event_queue_entry memory[TIMERS + 1];
static struct event_queue queue;
static struct model_timer timers[TIMERS];

/* The oracle: when each was set, if it is. */
static struct {
    bool set;
    uint64_t at_ns, order;
} oracle[TIMERS];
static uint64_t oracle_order;

static int oracle_first(void)
{
    int first = -1;
    for (int i = 0; i < TIMERS; i++) {
        if (!oracle[i].set)
            continue;
        if (first < 0 || oracle[i].at_ns < oracle[first].at_ns ||
            (oracle[i].at_ns == oracle[first].at_ns && oracle[i].order < oracle[first].order))
            first = i;
    }
    return first;
}

static void both_pop(void)
{
    int expected = oracle_first();
    ck_assert_uint_eq(event_queue_next_ns(&queue),
                      expected < 0 ? TIME_NEVER : oracle[expected].at_ns);
    struct model_timer *got = event_queue_pop(&queue);
    ck_assert_ptr_eq(got, expected < 0 ? NULL : &timers[expected]);
    if (expected >= 0) {
        ck_assert_uint_eq(got->heap_index, 0);
        oracle[expected].set = false;
    }
}

START_TEST(timers_come_by_time_then_by_order_of_setting)
{
    struct rng rng;
    rng_init(&rng, 42, RNG_FAULT);
    memset(timers, 0, sizeof timers);
    memset(oracle, 0, sizeof oracle);
    event_queue_init(&queue, memory, TIMERS);
    for (uint32_t step = 0; step < STEPS; step++) {
        uint32_t which = rng_below(&rng, TIMERS);
        switch (rng_below(&rng, 4)) {
        case 0:
        case 1:
            /* Few different times, so that ties are common. */
            oracle[which].at_ns = rng_below(&rng, 20);
            oracle[which].order = oracle_order++;
            oracle[which].set = true;
            event_queue_set(&queue, &timers[which], oracle[which].at_ns);
            break;
        case 2:
            event_queue_cancel(&queue, &timers[which]);
            oracle[which].set = false;
            break;
        default:
            both_pop();
        }
    }
    while (queue.count != 0)
        both_pop();
    ck_assert_int_eq(oracle_first(), -1);
}
END_TEST

START_TEST(streams_of_one_seed_differ_and_repeat)
{
    struct rng a, b, c;
    rng_init(&a, 7, RNG_SCHEDULE);
    rng_init(&b, 7, RNG_SCHEDULE);
    rng_init(&c, 7, RNG_FAULT);
    bool same = true;
    for (int i = 0; i < 100; i++) {
        uint64_t x = rng_next(&a);
        ck_assert_uint_eq(x, rng_next(&b));
        same = same && x == rng_next(&c);
    }
    ck_assert(!same);
    /* The published first output of splitmix64 from state 0. */
    struct rng zero = { 0 };
    ck_assert_uint_eq(rng_next(&zero), UINT64_C(0xe220a8397b1dcdaf));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sim/event_queue");
    TCase *cases = tcase_create("queue");
    tcase_add_test(cases, timers_come_by_time_then_by_order_of_setting);
    tcase_add_test(cases, streams_of_one_seed_differ_and_repeat);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
