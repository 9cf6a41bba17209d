/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Deadlines, budgets and admission, against schedules written down by hand. */
#include "sched_rig.h"

#include <string.h>

/* --- deadlines --- */

/* Two threads within their budgets, 40% and 50%: all deadlines are met. */
static void edf_body(void *argument)
{
    (void)argument;
    struct script scripts[] = {
        { "t5",
          EDF(2, 5),
          { { BURN, 2 },
            { NEXT_PERIOD, 0 },
            { BURN, 2 },
            { NEXT_PERIOD, 0 },
            { BURN, 2 },
            { NEXT_PERIOD, 0 } },
          0,
          { 0 },
          0 },
        { "t8",
          EDF(4, 8),
          { { BURN, 4 }, { NEXT_PERIOD, 0 }, { BURN, 4 }, { NEXT_PERIOD, 0 } },
          0,
          { 0 },
          0 },
        { "fifo", FIFO(30), { { BURN, 3 } }, 0, { 0 }, 0 },
    };
    play(scripts, 3);
    ck_assert_str_eq(schedule_seen,
                     "0 t5\n"
                     "2000 t8\n" /* at 5 ms t5 is released for 10, t8 has 8: goes on */
                     "6000 t5\n"
                     "8000 t8\n"  /* released for 16 */
                     "10000 t5\n" /* released for 15: preempts */
                     "12000 t8\n"
                     "14000 test\n" /* which has not begun to wait yet */
                     "14000 fifo\n"
                     "15000 t5\n15000 fifo\n15000 test\n15000 fifo\n"
                     "16000 t8\n16000 fifo\n16000 test\n16000 fifo\n"
                     "17000 idle/0\n17000 test\n");
    for (uint32_t i = 0; i < 2; i++) {
        ck_assert_uint_eq(scripts[i].stats.miss_count, 0);
        ck_assert_uint_eq(scripts[i].stats.throttle_count, 0);
        ck_assert_int_eq(scripts[i].skipped, 0);
    }
}

START_TEST(edf_meets_all_deadlines_within_budget)
{
    run(edf_body);
}
END_TEST

/* greedy wants 5 ms where it reserved 2: it pays with its own deadline, not with good's. */
static void overload_body(void *argument)
{
    (void)argument;
    struct script scripts[] = {
        { "greedy", EDF(2, 5), { { BURN, 5 }, { NEXT_PERIOD, 0 }, { BURN, 1 } }, 0, { 0 }, 0 },
        { "good",
          EDF(4, 8),
          { { BURN, 4 }, { NEXT_PERIOD, 0 }, { BURN, 4 }, { NEXT_PERIOD, 0 } },
          0,
          { 0 },
          0 },
    };
    play(scripts, 2);
    ck_assert_str_eq(schedule_seen,
                     "0 greedy\n"     /* throttled at 2 until 5 */
                     "2000 good\n"    /* until 6: 8 is before greedy's new 10 */
                     "6000 greedy\n"  /* throttled at 8 until 10 */
                     "8000 good\n"    /* released for 16 */
                     "10000 greedy\n" /* for 15; its job ends at 11, the next at 12 */
                     "12000 good\n"
                     "14000 test\n14000 idle/0\n"
                     "16000 good\n16000 idle/0\n16000 test\n");
    ck_assert_uint_eq(scripts[0].stats.throttle_count, 2);
    ck_assert_uint_eq(scripts[0].stats.miss_count, 1);
    ck_assert_int_eq(scripts[0].skipped, 1); /* of the releases 5 and 10, 10 is begun late */
    ck_assert_uint_eq(scripts[1].stats.throttle_count, 0);
    ck_assert_uint_eq(scripts[1].stats.miss_count, 0);
}

START_TEST(who_exceeds_its_budget_is_throttled_and_harms_no_other)
{
    run(overload_body);
}
END_TEST

/* dl is throttled while it holds what f30 wants: it goes on as urgently as f30, above f20, and only
 * until it unlocks. Then it owes 2 ms, which costs it the next period too. */
static void throttled_owner_body(void *argument)
{
    (void)argument;
    struct script scripts[] = {
        { "dl", EDF(2, 10), { { LOCK, 0 }, { BURN, 4 }, { UNLOCK, 0 } }, 0, { 0 }, 0 },
        { "f30",
          FIFO(30),
          { { SLEEP_UNTIL, 3 }, { LOCK, 0 }, { BURN, 1 }, { UNLOCK, 0 } },
          0,
          { 0 },
          0 },
        { "f20", FIFO(20), { { BURN, 5 } }, 0, { 0 }, 0 },
    };
    play(scripts, 3);
    ck_assert_str_eq(schedule_seen, "0 dl\n"
                                    "2000 test\n2000 f30\n2000 f20\n"
                                    "3000 f30\n3000 dl\n"
                                    "5000 f30\n"
                                    "6000 f20\n"
                                    "10000 dl\n10000 f20\n10000 test\n10000 f20\n"
                                    "10000 idle/0\n10000 test\n");
}

START_TEST(a_throttled_owner_runs_on_what_its_waiter_donates)
{
    run(throttled_owner_body);
}
END_TEST

static void admission_body(void *argument)
{
    (void)argument;
    struct thread *thread;
    struct script idle = { "idle-script", EDF(6, 10), { { END, 0 } }, 0, { 0 }, 0 };
    struct thread_options options = { .name = "t", .entry = run_script, .argument = &idle };
    struct mm_stats before, after;
    mm_stats(&before);

    options.sched = (struct sched_params)EDF(6, 10);
    ck_assert_int_eq(thread_create(&options, &thread), 0);
    struct thread *second;
    options.sched = (struct sched_params)EDF(4, 10); /* 60% + 40% is above 95% */
    ck_assert_int_eq(thread_create(&options, &second), -EBUSY);
    options.sched = (struct sched_params)EDF(35, 100);
    ck_assert_int_eq(thread_create(&options, &second), 0);
    options.sched = (struct sched_params)EDF(1, 1000);
    ck_assert_int_eq(thread_create(&options, &thread), -EBUSY);
    thread_join(second);
    ck_assert_int_eq(thread_create(&options, &second), 0); /* its share is free again */
    thread_join(second);
    thread_join(thread);

    options.sched = (struct sched_params)EDF(11, 10);
    ck_assert_int_eq(thread_create(&options, &second), -EINVAL);
    options.sched = (struct sched_params)EDF(0, 10);
    ck_assert_int_eq(thread_create(&options, &second), -EINVAL);
    options.sched = (struct sched_params)FIFO(100);
    ck_assert_int_eq(thread_create(&options, &second), -EINVAL);
    options.sched = (struct sched_params){ .policy = (enum sched_policy)9 };
    ck_assert_int_eq(thread_create(&options, &second), -EINVAL);
    mm_stats(&after);
    ck_assert_uint_eq(after.objects_used, before.objects_used);
}

START_TEST(reservations_are_admitted_up_to_the_limit)
{
    run(admission_body);
}
END_TEST

/* The test thread makes itself less urgent than one that waits, then more than one that runs. */
static void change_body(void *argument)
{
    (void)argument;
    struct script scripts[] = { { "worker", FIFO(20), { { NOTE, 0 }, { BURN, 2 } }, 0, { 0 }, 0 } };
    record();
    start(&scripts[0]);
    note("still test");
    struct sched_params lower = FIFO(10);
    ck_assert_int_eq(sched_set_params(thread_current(), &lower), 0);
    note("test again");
    thread_join(scripts[0].thread);
    record_end();
    ck_assert_str_eq(schedule_seen, "0 still test\n0 worker\n0 worker\n"
                                    "2000 test\n2000 test again\n");
    struct sched_params wrong = FIFO(1000);
    ck_assert_int_eq(sched_set_params(thread_current(), &wrong), -EINVAL);
    ck_assert_int_eq(sched_wait_period(), -EINVAL);
}

START_TEST(a_change_of_priority_takes_effect_at_once)
{
    run(change_body);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("deadline");
    TCase *tcase = tcase_create("deadline");
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, edf_meets_all_deadlines_within_budget);
    tcase_add_test(tcase, who_exceeds_its_budget_is_throttled_and_harms_no_other);
    tcase_add_test(tcase, a_throttled_owner_runs_on_what_its_waiter_donates);
    tcase_add_test(tcase, reservations_are_admitted_up_to_the_limit);
    tcase_add_test(tcase, a_change_of_priority_takes_effect_at_once);
    return check_main(suite);
}
