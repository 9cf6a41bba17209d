/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What no code of the kernel may do: each ends in a panic. */
#include "sched_rig.h"

#include <core/spinlock.h>
#include <signal.h>

static struct spinlock lock;

static void sleep_under_lock_body(void *argument)
{
    (void)argument;
    spin_lock_init(&lock);
    spin_lock_irqsave(&lock);
    thread_sleep_for(1);
}

static void lock_twice_body(void *argument)
{
    (void)argument;
    spin_lock_init(&lock);
    spin_lock_irqsave(&lock);
    spin_lock(&lock);
}

static void unlock_of_other_body(void *argument)
{
    (void)argument;
    mutex_init(&mutexes[0]);
    mutex_unlock(&mutexes[0]);
}

static int hold_entry(void *argument)
{
    mutex_lock(argument);
    thread_sleep_for(MS(5));
    return 0;
}

static void exit_with_mutex_body(void *argument)
{
    (void)argument;
    struct thread *thread;
    mutex_init(&mutexes[0]);
    const struct thread_options options = {
        .name = "holder", .entry = hold_entry, .argument = &mutexes[0], .sched = FIFO(50)
    };
    ck_assert_int_eq(thread_create(&options, &thread), 0);
    mutex_lock(&mutexes[0]);
}

static void deadlock_body(void *argument)
{
    (void)argument;
    struct script scripts[] = {
        { "a", FIFO(10), { { LOCK, 0 }, { SLEEP_UNTIL, 1 }, { LOCK, 1 } }, 0, { 0 }, 0 },
        { "b", FIFO(20), { { LOCK, 1 }, { SLEEP_UNTIL, 2 }, { LOCK, 0 } }, 0, { 0 }, 0 },
    };
    play(scripts, 2);
}

static void (*const misuses[])(void *) = { sleep_under_lock_body, lock_twice_body,
                                           unlock_of_other_body, exit_with_mutex_body,
                                           deadlock_body };

START_TEST(misuse_is_a_panic)
{
    port_run(NULL, misuses[_i], NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("misuse");
    TCase *panics = tcase_create("panics");
    suite_add_tcase(suite, panics);
    tcase_set_timeout(panics, 60);
    tcase_add_loop_test_raise_signal(panics, misuse_is_a_panic, SIGABRT, 0,
                                     (int)ARRAY_SIZE(misuses));
    return check_main(suite);
}
