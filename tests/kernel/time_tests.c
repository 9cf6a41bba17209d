/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The clock and timers. Upper bounds on lateness are not asked: a loaded host holds a whole emulated
 * machine up. */
#include "ktest.h"
#include "threads.h"

#include <axiom/errno.h>
#include <core/thread.h>
#include <core/time.h>
#include <core/wait.h>

static uint64_t latest;

static int read_clock(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < 1000; i++) {
        uint64_t before = __atomic_load_n(&latest, __ATOMIC_ACQUIRE);
        uint64_t now = ktime_get_ns();
        if (now < before)
            return 1;
        __atomic_compare_exchange_n(&latest, &before, now, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_RELAXED);
        if (i % 64 == 0)
            delay_us(1);
    }
    return 0;
}

static void clock_is_one_on_all_cpus(void)
{
    latest = 0;
    KTEST(threads_run_on_all(read_clock) == 0);
}

static void sleeps_are_never_short(void)
{
    for (uint64_t ns = 1000; ns < 20 * NSEC_PER_MSEC; ns *= 7) {
        uint64_t before = ktime_get_ns();
        KTEST(thread_sleep_for(ns) == 0);
        KTEST(ktime_get_ns() >= before + ns);
    }
}

static void delays_are_never_short(void)
{
    for (uint32_t us = 1; us < 2000; us *= 5) {
        uint64_t before = ktime_get_ns();
        delay_us(us);
        KTEST(ktime_get_ns() >= before + (uint64_t)us * NSEC_PER_USEC);
    }
}

struct shot {
    struct timer timer;
    uint64_t due_ns, fired_ns;
    uint32_t place;
};

static uint32_t places;
static struct completion all_fired;

static void fire(struct timer *timer, void *context)
{
    struct shot *shot = context;
    (void)timer;
    shot->fired_ns = ktime_get_ns();
    shot->place = places++;
    if (places == 32)
        complete(&all_fired);
}

static void timers_fire_in_order_and_not_early(void)
{
    static struct shot shots[32];
    completion_init(&all_fired);
    places = 0;
    preempt_disable(); /* all on one CPU */
    uint64_t base = ktime_get_ns() + 2 * NSEC_PER_MSEC;
    for (uint32_t i = 0; i < 32; i++) {
        struct shot *shot = &shots[i];
        shot->due_ns = base + (uint64_t)(i * 7 % 32) * 100 * NSEC_PER_USEC;
        timer_init(&shot->timer, fire, shot);
        timer_start(&shot->timer, shot->due_ns);
    }
    preempt_enable();
    KTEST(completion_wait_until(&all_fired, ktime_get_ns() + 10ull * NSEC_PER_SEC) == 0);
    for (uint32_t i = 0; i < 32; i++) {
        KTEST(shots[i].fired_ns >= shots[i].due_ns);
        KTEST(shots[i].place == i * 7 % 32);
    }
}

static void cancelled_timers_stay_silent(void)
{
    struct shot shot = { .fired_ns = 0 };
    places = 0;
    timer_init(&shot.timer, fire, &shot);
    timer_start(&shot.timer, ktime_get_ns() + NSEC_PER_MSEC);
    KTEST(timer_cancel_sync(&shot.timer));
    KTEST(thread_sleep_for(3 * NSEC_PER_MSEC) == 0);
    KTEST(shot.fired_ns == 0);
    KTEST(!timer_cancel_sync(&shot.timer));
}

static void waits_time_out(void)
{
    struct completion never;
    completion_init(&never);
    uint64_t until = ktime_get_ns() + 3 * NSEC_PER_MSEC;
    KTEST(completion_wait_until(&never, until) == -ETIMEDOUT);
    KTEST(ktime_get_ns() >= until);
}

static uint32_t jobs;

static int periodic(void *argument)
{
    (void)argument;
    for (jobs = 0; jobs < 20; jobs++)
        sched_wait_period();
    return 0;
}

static void deadline_threads_get_their_periods(void)
{
    struct thread *thread;
    uint64_t before = ktime_get_ns();
    const struct thread_options options = {
        .name = "periodic",
        .entry = periodic,
        .sched = { SCHED_POLICY_DEADLINE, 0, 300 * NSEC_PER_USEC, 2 * NSEC_PER_MSEC },
    };
    KTEST(thread_create(&options, &thread) == 0);
    KTEST(thread_join(thread) == 0);
    KTEST(jobs == 20);
    KTEST(ktime_get_ns() - before >= 19 * 2 * NSEC_PER_MSEC);
}

const struct ktest ktest_time[] = {
    { "time_clock_is_one_on_all_cpus", clock_is_one_on_all_cpus, 1 },
    { "time_sleeps_are_never_short", sleeps_are_never_short, 1 },
    { "time_delays_are_never_short", delays_are_never_short, 1 },
    { "time_timers_fire_in_order_and_not_early", timers_fire_in_order_and_not_early, 1 },
    { "time_cancelled_timers_stay_silent", cancelled_timers_stay_silent, 1 },
    { "time_waits_time_out", waits_time_out, 1 },
    { "time_deadline_threads_get_their_periods", deadline_threads_get_their_periods, 1 },
    { NULL, NULL, 0 },
};
