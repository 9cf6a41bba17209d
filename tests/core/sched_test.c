/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Fixed priorities and their inheritance, against schedules written down by hand. */
#include "sched_rig.h"

#include <string.h>

/* --- fixed priorities --- */

static void priorities_body(void *argument)
{
    (void)argument;
    struct script scripts[] = {
        { "low", FIFO(10), { { BURN, 2 }, { SLEEP_UNTIL, 8 }, { BURN, 1 } }, 0, { 0 }, 0 },
        { "mid", FIFO(20), { { SLEEP_UNTIL, 1 }, { BURN, 3 } }, 0, { 0 }, 0 },
        { "high", FIFO(30), { { SLEEP_UNTIL, 2 }, { BURN, 1 } }, 0, { 0 }, 0 },
    };
    play(scripts, 3);
    ck_assert_str_eq(schedule_seen, "0 high\n0 mid\n0 low\n" /* two go to sleep, low burns */
                                    "1000 mid\n"
                                    "2000 high\n"
                                    "3000 mid\n" /* high ended; mid has burned 1 of 3 */
                                    "5000 low\n" /* low had burned 1 of 2 */
                                    "6000 idle/0\n"
                                    "8000 low\n"
                                    "9000 idle/0\n9000 test\n");
    ck_assert_uint_eq(scripts[0].stats.switch_count, 3);
}

START_TEST(the_most_urgent_runs)
{
    run(priorities_body);
}
END_TEST

static void round_robin_body(void *argument)
{
    (void)argument;
    struct script scripts[] = {
        { "a", RR(10), { { BURN, 25 } }, 0, { 0 }, 0 },
        { "b", RR(10), { { BURN, 15 } }, 0, { 0 }, 0 },
        { "fifo", FIFO(10), { { BURN, 30 } }, 0, { 0 }, 0 },
        { "high", FIFO(20), { { SLEEP_UNTIL, 3 }, { BURN, 1 } }, 0, { 0 }, 0 },
    };
    play(scripts, 4);
    ck_assert_str_eq(schedule_seen,
                     "0 high\n0 a\n"
                     "3000 high\n4000 a\n" /* preempted: keeps its place and quantum */
                     "11000 b\n"           /* a has used 10 */
                     "21000 fifo\n"        /* which no quantum ends */
                     "51000 a\n61000 b\n66000 a\n71000 idle/0\n71000 test\n");
}

START_TEST(round_robin_shares_among_equals_and_fifo_does_not)
{
    run(round_robin_body);
}
END_TEST

static void yield_body(void *argument)
{
    (void)argument;
    struct script scripts[] = {
        { "a", FIFO(10), { { BURN, 1 }, { YIELD, 0 }, { BURN, 1 } }, 0, { 0 }, 0 },
        { "b", FIFO(10), { { BURN, 1 }, { YIELD, 0 }, { BURN, 1 } }, 0, { 0 }, 0 },
    };
    play(scripts, 2);
    ck_assert_str_eq(schedule_seen,
                     "0 a\n1000 b\n2000 a\n3000 b\n3000 test\n3000 b\n4000 idle/0\n4000 test\n");
}

START_TEST(yield_goes_behind_equals)
{
    run(yield_body);
}
END_TEST

/* --- priority inheritance --- */

/* Without inheritance mid would run from 2 ms on and keep high waiting until 7 ms. */
static void inversion_body(void *argument)
{
    (void)argument;
    struct script scripts[] = {
        { "low", FIFO(10), { { LOCK, 0 }, { BURN, 4 }, { UNLOCK, 0 }, { BURN, 1 } }, 0, { 0 }, 0 },
        { "mid", FIFO(20), { { SLEEP_UNTIL, 2 }, { BURN, 3 } }, 0, { 0 }, 0 },
        { "high",
          FIFO(30),
          { { SLEEP_UNTIL, 1 }, { LOCK, 0 }, { BURN, 1 }, { UNLOCK, 0 } },
          0,
          { 0 },
          0 },
    };
    play(scripts, 3);
    ck_assert_str_eq(schedule_seen, "0 high\n0 mid\n0 low\n"
                                    "1000 high\n1000 low\n" /* high waits, low inherits 30 */
                                    "4000 high\n"           /* low unlocked, after 1 + 3 ms */
                                    "5000 mid\n"
                                    "8000 low\n"
                                    "9000 idle/0\n9000 test\n");
}

START_TEST(a_mutex_owner_inherits)
{
    run(inversion_body);
}
END_TEST

/* high -> mutex 1 of mid -> mutex 0 of low: low runs as high; a bystander of priority 25 waits. */
static void chain_body(void *argument)
{
    (void)argument;
    struct script scripts[] = {
        { "low", FIFO(10), { { LOCK, 0 }, { BURN, 3 }, { UNLOCK, 0 }, { BURN, 1 } }, 0, { 0 }, 0 },
        { "mid",
          FIFO(20),
          { { SLEEP_UNTIL, 1 },
            { LOCK, 1 },
            { LOCK, 0 },
            { BURN, 1 },
            { UNLOCK, 0 },
            { UNLOCK, 1 },
            { BURN, 1 } },
          0,
          { 0 },
          0 },
        { "bystander", FIFO(25), { { SLEEP_UNTIL, 2 }, { BURN, 2 } }, 0, { 0 }, 0 },
        { "high",
          FIFO(30),
          { { SLEEP_UNTIL, 2 }, { LOCK, 1 }, { BURN, 1 }, { UNLOCK, 1 } },
          0,
          { 0 },
          0 },
    };
    play(scripts, 4);
    ck_assert_str_eq(schedule_seen, "0 high\n0 bystander\n0 mid\n0 low\n"
                                    "1000 mid\n1000 low\n"
                                    "2000 high\n2000 low\n" /* boosted through mid */
                                    "3000 mid\n"            /* has 0, still boosted by high */
                                    "4000 high\n"           /* mid unlocked both */
                                    "5000 bystander\n"
                                    "7000 mid\n8000 low\n9000 idle/0\n9000 test\n");
}

START_TEST(inheritance_follows_the_chain)
{
    run(chain_body);
}
END_TEST

/* Two waiters of different urgency: the more urgent gets the mutex first, and the new owner
 * inherits from the one that goes on waiting. */
static void waiters_body(void *argument)
{
    (void)argument;
    struct script scripts[] = {
        { "owner", FIFO(5), { { LOCK, 0 }, { BURN, 3 }, { UNLOCK, 0 } }, 0, { 0 }, 0 },
        { "w20",
          FIFO(20),
          { { SLEEP_UNTIL, 1 }, { LOCK, 0 }, { BURN, 1 }, { UNLOCK, 0 } },
          0,
          { 0 },
          0 },
        { "w30",
          FIFO(30),
          { { SLEEP_UNTIL, 2 }, { LOCK, 0 }, { BURN, 1 }, { UNLOCK, 0 } },
          0,
          { 0 },
          0 },
    };
    play(scripts, 3);
    ck_assert_str_eq(schedule_seen, "0 w30\n0 w20\n0 owner\n"
                                    "1000 w20\n1000 owner\n2000 w30\n2000 owner\n"
                                    "3000 w30\n" /* not w20, though it came first */
                                    "4000 w20\n"
                                    "5000 owner\n5000 idle/0\n5000 test\n");
}

START_TEST(the_most_urgent_waiter_gets_the_mutex)
{
    run(waiters_body);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sched");
    TCase *tcase = tcase_create("sched");
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, the_most_urgent_runs);
    tcase_add_test(tcase, round_robin_shares_among_equals_and_fifo_does_not);
    tcase_add_test(tcase, yield_goes_behind_equals);
    tcase_add_test(tcase, a_mutex_owner_inherits);
    tcase_add_test(tcase, inheritance_follows_the_chain);
    tcase_add_test(tcase, the_most_urgent_waiter_gets_the_mutex);
    return check_main(suite);
}
