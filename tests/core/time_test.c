/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Time: exact conversions, and timers in their order. */
#include "port.h"

#include <axiom/errno.h>
#include <core/thread.h>
#include <core/time.h>
#include <hw/clock.h>
#include <hw/device.h>
#include <internal/clock.h>
#include <internal/timer_queue.h>
#include <libfdt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <tests/check_main.h>

extern const struct driver port_board_driver;
extern const struct driver polling_driver;
const struct driver *const driver_table[] = { &port_board_driver, &polling_driver, NULL };

static uint64_t random_state = 1;

static uint64_t random64(void)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return random_state ^ random_state >> 29;
}

/* Against 128-bit arithmetic. */
static const uint64_t frequencies[] = { 1,          3,          1000,      32768,    999999,
                                        1000000,    19200000,   54000000,  62500000, 999999999,
                                        1000000000, 2400000001, 4000000000 };

/* Check writes to its parent at every assertion, so a loop of 200,000 asserts only what is wrong. */
static void check_ticks(uint64_t hz, struct reciprocal by, uint64_t ticks)
{
    unsigned __int128 expected = (unsigned __int128)ticks * NSEC_PER_SEC / hz;
    if (expected > UINT64_MAX)
        return; /* 584 years */
    uint64_t ns = clock_ticks_to_ns(by, ticks);
    if (ns != (uint64_t)expected)
        ck_abort_msg("%llu ticks of %llu Hz: %llu ns, not %llu", (unsigned long long)ticks,
                     (unsigned long long)hz, (unsigned long long)ns, (unsigned long long)expected);
}

START_TEST(ticks_become_ns_exactly)
{
    uint64_t hz = frequencies[_i];
    struct reciprocal by = reciprocal_of(hz);
    for (uint32_t round = 0; round < 200000; round++)
        check_ticks(hz, by, random64() >> random64() % 64);
    for (uint64_t second = 0; second < 3; second++) {
        for (uint64_t i = 0; i < 1000; i++)
            check_ticks(hz, by, second * hz + i);
    }
}
END_TEST

START_TEST(an_alarm_is_never_early_nor_a_tick_late)
{
    uint64_t hz = frequencies[_i];
    struct reciprocal by = reciprocal_of(hz);
    for (uint32_t round = 0; round < 200000; round++) {
        uint64_t ns = random64() >> (4 + random64() % 60);
        uint64_t ticks = clock_ns_to_ticks(hz, ns);
        if (ticks == TIME_NEVER)
            continue;
        bool early = clock_ticks_to_ns(by, ticks) < ns;
        bool late = ticks > 0 && clock_ticks_to_ns(by, ticks - 1) >= ns;
        if (early || late)
            ck_abort_msg("%llu ns at %llu Hz: tick %llu is %s", (unsigned long long)ns,
                         (unsigned long long)hz, (unsigned long long)ticks,
                         early ? "early" : "late");
    }
    ck_assert_uint_eq(clock_ns_to_ticks(4000000000u, UINT64_MAX - 1), TIME_NEVER);
}
END_TEST

/* --- the heap, against a sorted array --- */

#define HEAP_TIMERS 300

START_TEST(the_heap_gives_timers_by_time_then_start)
{
    static struct timer timers[HEAP_TIMERS];
    struct timer_heap heap = { NULL };
    uint64_t order = 0;
    bool in_heap[HEAP_TIMERS] = { false };
    for (uint32_t round = 0; round < 50000; round++) {
        uint32_t i = (uint32_t)(random64() % HEAP_TIMERS);
        if (in_heap[i]) {
            timer_heap_remove(&heap, &timers[i]);
        } else {
            timers[i].expires_ns = random64() % 50; /* many equals */
            timers[i].order = order++;
            timer_heap_push(&heap, &timers[i]);
        }
        in_heap[i] = !in_heap[i];
        if (round % 64 != 0)
            continue;
        const struct timer *first = NULL;
        for (uint32_t k = 0; k < HEAP_TIMERS; k++) {
            if (in_heap[k] &&
                (first == NULL || timers[k].expires_ns < first->expires_ns ||
                 (timers[k].expires_ns == first->expires_ns && timers[k].order < first->order)))
                first = &timers[k];
        }
        ck_assert_ptr_eq(timer_heap_top(&heap), first);
    }
    uint64_t last_ns = 0, last_order = 0;
    while (timer_heap_top(&heap) != NULL) {
        struct timer *top = timer_heap_top(&heap);
        ck_assert(top->expires_ns > last_ns ||
                  (top->expires_ns == last_ns && top->order >= last_order));
        last_ns = top->expires_ns;
        last_order = top->order;
        timer_heap_remove(&heap, top);
    }
}
END_TEST

/* --- timers in a running kernel --- */

static struct {
    uint64_t time_ns;
    uint32_t which;
} fired[64];
static uint32_t fired_count;

static void fire(struct timer *timer, void *context)
{
    (void)timer;
    ck_assert(context_is_interrupt());
    fired[fired_count].time_ns = port_now_ns();
    fired[fired_count++].which = (uint32_t)(uintptr_t)context;
}

static void order_body(void *argument)
{
    (void)argument;
    fired_count = 0;
    static const uint64_t times[] = { 500, 100, 300, 100, 700, 300, 100 };
    struct timer timers[7];
    for (uintptr_t i = 0; i < 7; i++) {
        timer_init(&timers[i], fire, (void *)i);
        timer_start(&timers[i], times[i]);
    }
    timer_start(&timers[2], 100); /* again, earlier: now behind the other three at 100 */
    ck_assert(timer_cancel(&timers[4]));
    ck_assert(!timer_cancel(&timers[4]));
    uint64_t set_before = port_alarms_set();
    thread_sleep_until(1000);
    static const struct {
        uint64_t time_ns;
        uint32_t which;
    } expected[] = { { 100, 1 }, { 100, 3 }, { 100, 6 }, { 100, 2 }, { 300, 5 }, { 500, 0 } };
    ck_assert_uint_eq(fired_count, 6);
    for (uint32_t i = 0; i < 6; i++) {
        ck_assert_uint_eq(fired[i].time_ns, expected[i].time_ns);
        ck_assert_uint_eq(fired[i].which, expected[i].which);
    }
    /* One alarm for the four of one time: 300, 500, 1000, off. */
    ck_assert_uint_eq(port_alarms_set() - set_before, 4);
    for (uint32_t i = 0; i < 7; i++)
        ck_assert(!timer_cancel_sync(&timers[i]));
}

START_TEST(timers_of_one_time_run_in_the_order_of_starting)
{
    ck_assert_int_eq(port_run(NULL, order_body, NULL), 0);
}
END_TEST

static uint32_t repeats;

static void repeat(struct timer *timer, void *context)
{
    (void)context;
    if (++repeats < 5)
        timer_start(timer, timer->expires_ns + 250);
}

static void past(struct timer *timer, void *context)
{
    (void)context;
    if (++repeats < 1000)
        timer_start(timer, 0); /* at once, again and again: others get their turn all the same */
}

static void repeat_body(void *argument)
{
    (void)argument;
    struct timer timer;
    repeats = 0;
    timer_init(&timer, repeat, NULL);
    timer_start(&timer, 250);
    thread_sleep_until(10000);
    ck_assert_uint_eq(repeats, 5);
    repeats = 0;
    timer_init(&timer, past, NULL);
    timer_start(&timer, 0);
    thread_sleep_until(10001);
    ck_assert_uint_eq(repeats, 1000);
    /* Tick-less: nothing to do, nothing armed. */
    uint64_t expired = port_alarms_expired();
    thread_sleep_until(3600ull * NSEC_PER_SEC);
    ck_assert_uint_eq(port_alarms_expired() - expired, 1);
}

START_TEST(a_timer_may_start_itself_again)
{
    ck_assert_int_eq(port_run(NULL, repeat_body, NULL), 0);
}
END_TEST

static void coarse_body(void *argument)
{
    (void)argument;
    /* At 32768 Hz a tick is 30517.578 ns: the sleeper wakes at the first tick that is not early. */
    ck_assert_int_eq(thread_sleep_until(100000), 0);
    ck_assert_uint_eq(ktime_get_ns(), 122070); /* floor(4e9 / 32768) */
    delay_us(1);
    ck_assert_uint_ge(ktime_get_ns(), 123070);
}

START_TEST(a_coarse_clock_is_late_not_early)
{
    struct port_options options = { .clock_hz = 32768 };
    ck_assert_int_eq(port_run(&options, coarse_body, NULL), 0);
}
END_TEST

static uint64_t slow_read(struct clock_source *source)
{
    (void)source;
    return 0;
}

static void sources_body(void *argument)
{
    (void)argument;
    struct clock_source worse = { "worse", 1000, slow_read, 50 };
    struct clock_source same = { "same", 1000, slow_read, 100 };
    struct clock_source absurd = { "absurd", 0, slow_read, 200 };
    ck_assert(time_is_running());
    ck_assert_int_eq(clock_source_register(&absurd), -EINVAL);
    ck_assert_int_eq(clock_source_register(&same), -EBUSY);
    ck_assert_int_eq(clock_source_register(&worse), 0);
    thread_sleep_until(12345);
    ck_assert_uint_eq(ktime_get_ns(), 12345); /* still the better one */
    clock_source_unregister(&worse);
    struct clock_event second = { .name = "second" };
    ck_assert_int_eq(clock_event_register(&second), -EBUSY);
}

START_TEST(the_best_clock_source_is_the_clock)
{
    ck_assert_int_eq(port_run(NULL, sources_body, NULL), 0);
}
END_TEST

static uint64_t ahead_read(struct clock_source *source)
{
    (void)source;
    return port_now_ns() + 5000;
}

static void behind_body(void *argument)
{
    (void)argument;
    thread_sleep_until(12345);
    struct clock_source ahead = { "ahead", NSEC_PER_SEC, ahead_read, 200 };
    ck_assert_int_eq(clock_source_register(&ahead), 0);
    ck_assert_uint_eq(ktime_get_ns(), 17345);
    clock_source_unregister(&ahead);
    ck_assert_uint_eq(ktime_get_ns(), 17345);
    ck_assert_int_eq(thread_sleep_until(20000), 0); /* with what the clock that is left lacks */
    ck_assert_uint_eq(ktime_get_ns(), 20000);
    ck_assert_uint_eq(port_now_ns(), 15000);
    ck_assert(ktime_reached(20000) && !ktime_reached(20001));
    delay_us(1);
    ck_assert_uint_ge(ktime_get_ns(), 21000);
    ck_assert_uint_le(ktime_get_ns(), 21001);
}

START_TEST(time_goes_on_where_a_better_clock_goes)
{
    ck_assert_int_eq(port_run(NULL, behind_body, NULL), 0);
}
END_TEST

static void backwards_body(void *argument)
{
    (void)argument;
    thread_sleep_until(12345);
    struct clock_source better = { "better", 1000, slow_read, 200 };
    clock_source_register(&better);
}

START_TEST(time_that_runs_backwards_is_a_panic)
{
    port_run(NULL, backwards_body, NULL);
}
END_TEST

/* --- polling on a board that has no clock --- */

static bool happened, given_up;

static void make_happen(void *context)
{
    (void)context;
    happened = true;
}

static int polling_probe(struct device *device)
{
    (void)device;
    port_plan(100, make_happen, NULL);
    while (!happened)
        delay_relax(50);
    uint64_t deadline_ns = ktime_get_ns() + 1000;
    while (!ktime_reached(deadline_ns)) /* what it polls for never comes */
        delay_relax(deadline_ns);
    given_up = true;
    return -ENODEV;
}

static const char *const polling_compatible[] = { "test,polling", NULL };
const struct driver polling_driver = { "polling", polling_compatible, polling_probe, NULL };

static void *clockless_tree(size_t size)
{
    void *fdt = aligned_alloc(8, size);
    ck_assert_int_eq(fdt_create(fdt, (int)size), 0);
    fdt_finish_reservemap(fdt);
    fdt_begin_node(fdt, "");
    fdt_begin_node(fdt, "device");
    fdt_property_string(fdt, "compatible", "test,polling");
    fdt_end_node(fdt);
    fdt_end_node(fdt);
    ck_assert_int_eq(fdt_finish(fdt), 0);
    return fdt;
}

START_TEST(polling_without_a_clock_sees_what_happens_and_ends)
{
    void *fdt = clockless_tree(1024);
    struct port_options options = { .fdt = fdt, .fdt_size = fdt_totalsize(fdt), .no_body = true };
    happened = given_up = false;
    ck_assert_int_eq(port_run(&options, NULL, NULL), 0);
    ck_assert(given_up);
    ck_assert_uint_eq(port_now_ns(), 100);
    free(fdt);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("time");
    TCase *tcase = tcase_create("time");
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 60);
    int count = (int)ARRAY_SIZE(frequencies);
    tcase_add_loop_test(tcase, ticks_become_ns_exactly, 0, count);
    tcase_add_loop_test(tcase, an_alarm_is_never_early_nor_a_tick_late, 0, count);
    tcase_add_test(tcase, the_heap_gives_timers_by_time_then_start);
    tcase_add_test(tcase, timers_of_one_time_run_in_the_order_of_starting);
    tcase_add_test(tcase, a_timer_may_start_itself_again);
    tcase_add_test(tcase, a_coarse_clock_is_late_not_early);
    tcase_add_test(tcase, the_best_clock_source_is_the_clock);
    tcase_add_test(tcase, time_goes_on_where_a_better_clock_goes);
    tcase_add_test(tcase, polling_without_a_clock_sees_what_happens_and_ends);
    TCase *panics = tcase_create("panics");
    suite_add_tcase(suite, panics);
    tcase_add_test_raise_signal(panics, time_that_runs_backwards_is_a_panic, SIGABRT);
    return check_main(suite);
}
