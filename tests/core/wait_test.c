/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* When a switch is made; waiting, stopping, and work that interrupts leave to a thread. */
#include "sched_rig.h"

#include <core/irq.h>
#include <core/spinlock.h>
#include <core/work.h>
#include <string.h>

/* --- when a switch is made --- */

static struct spinlock lock;

static int waiter_entry(void *argument)
{
    const char *name = argument;
    wait_event(&queue, queue_tokens != 0);
    queue_tokens--;
    note(name);
    return 0;
}

static void wake(void)
{
    queue_tokens++;
    wait_queue_wake_one(&queue);
}

static void wake_handler(struct irq *irq, void *context)
{
    (void)irq;
    (void)context;
    ck_assert(context_is_interrupt());
    ck_assert(context_is_atomic());
    note("handler");
    wake();
    note("handler ends");
}

static void pull_line_3(void *context)
{
    (void)context;
    port_pull(3);
}

static struct thread *start_waiter(const char *name, uint32_t priority)
{
    struct thread *thread;
    const struct thread_options options = { .name = name,
                                            .entry = waiter_entry,
                                            .argument = (void *)(uintptr_t)name,
                                            .sched = FIFO(priority) };
    ck_assert_int_eq(thread_create(&options, &thread), 0);
    return thread;
}

static void deferred_body(void *argument)
{
    (void)argument;
    wait_queue_init(&queue);
    queue_tokens = 0;
    spin_lock_init(&lock);
    struct irq *irq = port_irq(3);
    ck_assert_int_eq(irq_request(irq, wake_handler, NULL, "test"), 0);
    ck_assert_int_eq(irq_request(irq, wake_handler, NULL, "other"), -EBUSY);

    /* Woken by an interrupt: the switch is made after the handler. */
    struct thread *thread = start_waiter("urgent", 45);
    schedule_seen[0] = '\0';
    port_pull(3);
    delay_ns(1);
    note("test");
    thread_join(thread);
    ck_assert_str_eq(schedule_seen, "0 handler\n0 handler ends\n0 urgent\n0 test\n");

    /* Woken under a lock: after it is released. */
    thread = start_waiter("urgent", 45);
    schedule_seen[0] = '\0';
    struct irq_state state = spin_lock_irqsave(&lock);
    ck_assert(spin_is_held(&lock));
    wake();
    note("locked");
    spin_unlock_irqrestore(&lock, state);
    note("unlocked");
    thread_join(thread);
    ck_assert_str_eq(schedule_seen, "0 locked\n0 urgent\n0 unlocked\n");

    /* With preemption off: when it comes back on, the outermost time. */
    thread = start_waiter("urgent", 45);
    schedule_seen[0] = '\0';
    preempt_disable();
    preempt_disable();
    port_plan(port_now_ns() + 1000, pull_line_3, NULL);
    delay_ns(2000);
    preempt_enable();
    note("one left");
    preempt_enable();
    note("none left");
    thread_join(thread);
    ck_assert_str_eq(schedule_seen,
                     "1 handler\n1 handler ends\n2 one left\n2 urgent\n2 none left\n");

    /* An interrupt that comes while they are masked is taken when they are not. */
    thread = start_waiter("urgent", 45);
    schedule_seen[0] = '\0';
    state = cpu_irq_save();
    port_pull(3);
    note("masked");
    cpu_irq_restore(state);
    note("unmasked");
    thread_join(thread);
    ck_assert_str_eq(schedule_seen, "2 masked\n2 handler\n2 handler ends\n2 urgent\n2 unmasked\n");
    irq_free(irq);
}

START_TEST(a_switch_waits_for_the_end_of_handler_lock_and_preemption)
{
    run(deferred_body);
}
END_TEST

/* --- waiting --- */

static void waiting_body(void *argument)
{
    (void)argument;
    wait_queue_init(&queue);
    queue_tokens = 0;
    struct thread *threads[] = { start_waiter("w10", 10), start_waiter("w30", 30),
                                 start_waiter("w20", 20) };
    thread_sleep_for(MS(1)); /* all wait now */
    schedule_seen[0] = '\0';
    wake();
    thread_sleep_for(MS(1));
    wake();
    wake();
    thread_sleep_for(MS(1));
    ck_assert_str_eq(schedule_seen, "1000 w30\n2000 w20\n2000 w10\n");
    for (uint32_t i = 0; i < 3; i++)
        thread_join(threads[i]);

    ck_assert_int_eq(wait_event_until(&queue, queue_tokens != 0, port_now_ns() + MS(2)),
                     -ETIMEDOUT);
    ck_assert_uint_eq(port_now_ns(), MS(5));
    queue_tokens = 1; /* true already: does not sleep, even with the deadline in the past */
    ck_assert_int_eq(wait_event_until(&queue, queue_tokens != 0, 0), 0);

    struct completion completion;
    completion_init(&completion);
    ck_assert_int_eq(completion_wait_until(&completion, port_now_ns() + MS(1)), -ETIMEDOUT);
    complete(&completion);
    completion_wait(&completion);
    ck_assert(!completion_try(&completion));
    complete_all(&completion);
    completion_wait(&completion);
    completion_wait(&completion);
    completion_reset(&completion);
    ck_assert(!completion_try(&completion));
}

START_TEST(waiters_are_woken_by_urgency_and_time_out)
{
    run(waiting_body);
}
END_TEST

static int stop_entry(void *argument)
{
    (void)argument;
    while (!thread_should_stop())
        thread_sleep_for(MS(100));
    return 42;
}

static void stop_body(void *argument)
{
    (void)argument;
    struct thread *thread;
    const struct thread_options options = { .name = "a name that is much too long to be kept",
                                            .entry = stop_entry,
                                            .sched = FIFO(10) };
    ck_assert_int_eq(thread_create(&options, &thread), 0);
    ck_assert_str_eq(thread_name(thread), "a name that is much too");
    thread_sleep_for(MS(250));
    thread_stop(thread);
    ck_assert_int_eq(thread_join(thread), 42);
    ck_assert_uint_eq(port_now_ns(), MS(250)); /* in the middle of its sleep */
}

START_TEST(a_thread_can_be_asked_to_stop)
{
    run(stop_body);
}
END_TEST

/* --- work --- */

static uint32_t work_runs;

static void work_sleeps(struct work *work, void *context)
{
    (void)work;
    (void)context;
    work_runs++;
    thread_sleep_for(MS(1));
}

static void work_handler(struct irq *irq, void *context)
{
    (void)irq;
    work_schedule(work_queue_system(), context);
}

static void work_body(void *argument)
{
    (void)argument;
    struct work work;
    work_init(&work, work_sleeps, NULL);
    work_runs = 0;
    ck_assert(!work_cancel_sync(&work));

    struct irq *irq = port_irq(4);
    ck_assert_int_eq(irq_request(irq, work_handler, &work, "work"), 0);
    port_pull(4);
    delay_ns(1);
    ck_assert_uint_eq(work_runs, 1);                       /* runs at priority 50, sleeps now */
    ck_assert(work_schedule(work_queue_system(), &work));  /* once more after this run */
    ck_assert(!work_schedule(work_queue_system(), &work)); /* which serves both */
    ck_assert(work_cancel_sync(&work));
    ck_assert_uint_eq(work_runs, 1);
    ck_assert_uint_ge(port_now_ns(), MS(1)); /* it waited for the run */
    irq_free(irq);

    struct work_queue *own;
    ck_assert_int_eq(work_queue_create("own", 20, &own), 0);
    struct work second;
    work_init(&second, work_sleeps, NULL);
    ck_assert(work_schedule(own, &second));
    ck_assert_uint_eq(work_runs, 1); /* less urgent than we are */
    work_queue_destroy(own);         /* runs what is queued */
    ck_assert_uint_eq(work_runs, 2);
}

START_TEST(work_runs_in_a_thread)
{
    run(work_body);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wait");
    TCase *tcase = tcase_create("wait");
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_switch_waits_for_the_end_of_handler_lock_and_preemption);
    tcase_add_test(tcase, waiters_are_woken_by_urgency_and_time_out);
    tcase_add_test(tcase, a_thread_can_be_asked_to_stop);
    tcase_add_test(tcase, work_runs_in_a_thread);
    return check_main(suite);
}
