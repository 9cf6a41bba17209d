/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The scheduler against schedules written down by hand: each text says at which microsecond
 * (rounded: a budget is exceeded by 1 ns before it is gone) which thread got the CPU. The test
 * thread is more urgent than all fixed priorities used here, so it appears wherever somebody it
 * waits for ends. */
#include "port.h"

#include <axiom/errno.h>
#include <axiom/event.h>
#include <axiom/format.h>
#include <core/irq.h>
#include <core/mutex.h>
#include <core/sched.h>
#include <core/spinlock.h>
#include <core/thread.h>
#include <core/time.h>
#include <core/wait.h>
#include <core/work.h>
#include <hw/device.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <tests/check_main.h>

extern const struct driver port_board_driver;
const struct driver *const driver_table[] = { &port_board_driver, NULL };

#define MS(n) ((uint64_t)(n)*NSEC_PER_MSEC)

static char schedule[8192];

static void note(const char *what)
{
    size_t length = strlen(schedule);
    format_text(schedule + length, sizeof schedule - length, "%llu %s\n",
                (unsigned long long)((port_now_ns() + 500) / NSEC_PER_USEC), what);
}

static void sink_emit(struct event_sink *sink, const struct event *event)
{
    (void)sink;
    ck_assert_uint_eq(event->time_ns, port_now_ns());
    note(event->sched.next);
}

static struct event_sink sink = { .emit = sink_emit, .kinds = 1u << EVENT_SCHED };

static void record(void)
{
    schedule[0] = '\0';
    event_sink_add(&sink);
}

static void record_end(void)
{
    event_sink_remove(&sink);
}

static void run(void (*body)(void *))
{
    ck_assert_int_eq(port_run(NULL, body, NULL), 0);
    ck_assert_uint_eq(port_mm_stats().pages_used, 0);
}

/* --- threads that are scripts --- */

enum action { END, BURN, LOCK, UNLOCK, SLEEP_UNTIL, YIELD, NOTE, NEXT_PERIOD, WAKE };

struct act {
    enum action action;
    uint64_t value; /* ms, or index of a mutex */
};

struct script {
    const char *name;
    struct sched_params sched;
    struct act acts[24];
    struct thread *thread;
    struct sched_stats stats;
    int skipped;
};

static struct mutex mutexes[4];
static struct wait_queue queue;
static uint32_t queue_tokens;

static int run_script(void *argument)
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

static void start(struct script *script)
{
    const struct thread_options options = {
        .name = script->name, .entry = run_script, .argument = script, .sched = script->sched
    };
    ck_assert_int_eq(thread_create(&options, &script->thread), 0);
}

/* Starts all, waits for all in order. Who ends is noticed by the next thread on the CPU, so the one
 * after it (or idle) appears before the test thread. */
static void play(struct script *scripts, uint32_t count)
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

#define FIFO(p)                                      \
    {                                                \
        .policy = SCHED_POLICY_FIFO, .priority = (p) \
    }
#define RR(p)                                      \
    {                                              \
        .policy = SCHED_POLICY_RR, .priority = (p) \
    }
#define EDF(runtime_ms, period_ms)                                                                \
    {                                                                                             \
        .policy = SCHED_POLICY_DEADLINE, .runtime_ns = MS(runtime_ms), .period_ns = MS(period_ms) \
    }

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
    ck_assert_str_eq(schedule, "0 high\n0 mid\n0 low\n" /* two go to sleep, low burns */
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
    ck_assert_str_eq(schedule, "0 high\n0 a\n"
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
    ck_assert_str_eq(schedule,
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
    ck_assert_str_eq(schedule, "0 high\n0 mid\n0 low\n"
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
    ck_assert_str_eq(schedule, "0 high\n0 bystander\n0 mid\n0 low\n"
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
    ck_assert_str_eq(schedule, "0 w30\n0 w20\n0 owner\n"
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

static void deadlock_body(void *argument)
{
    (void)argument;
    struct script scripts[] = {
        { "a", FIFO(10), { { LOCK, 0 }, { SLEEP_UNTIL, 1 }, { LOCK, 1 } }, 0, { 0 }, 0 },
        { "b", FIFO(20), { { LOCK, 1 }, { SLEEP_UNTIL, 2 }, { LOCK, 0 } }, 0, { 0 }, 0 },
    };
    play(scripts, 2);
}

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
    ck_assert_str_eq(schedule, "0 t5\n"
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
    ck_assert_str_eq(schedule, "0 greedy\n"     /* throttled at 2 until 5 */
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
    ck_assert_str_eq(schedule, "0 dl\n"
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
    ck_assert_str_eq(schedule, "0 still test\n0 worker\n0 worker\n"
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
    schedule[0] = '\0';
    port_pull(3);
    delay_ns(1);
    note("test");
    thread_join(thread);
    ck_assert_str_eq(schedule, "0 handler\n0 handler ends\n0 urgent\n0 test\n");

    /* Woken under a lock: after it is released. */
    thread = start_waiter("urgent", 45);
    schedule[0] = '\0';
    struct irq_state state = spin_lock_irqsave(&lock);
    ck_assert(spin_is_held(&lock));
    wake();
    note("locked");
    spin_unlock_irqrestore(&lock, state);
    note("unlocked");
    thread_join(thread);
    ck_assert_str_eq(schedule, "0 locked\n0 urgent\n0 unlocked\n");

    /* With preemption off: when it comes back on, the outermost time. */
    thread = start_waiter("urgent", 45);
    schedule[0] = '\0';
    preempt_disable();
    preempt_disable();
    port_plan(port_now_ns() + 1000, pull_line_3, NULL);
    delay_ns(2000);
    preempt_enable();
    note("one left");
    preempt_enable();
    note("none left");
    thread_join(thread);
    ck_assert_str_eq(schedule, "1 handler\n1 handler ends\n2 one left\n2 urgent\n2 none left\n");

    /* An interrupt that comes while they are masked is taken when they are not. */
    thread = start_waiter("urgent", 45);
    schedule[0] = '\0';
    state = cpu_irq_save();
    port_pull(3);
    note("masked");
    cpu_irq_restore(state);
    note("unmasked");
    thread_join(thread);
    ck_assert_str_eq(schedule, "2 masked\n2 handler\n2 handler ends\n2 urgent\n2 unmasked\n");
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
    schedule[0] = '\0';
    wake();
    thread_sleep_for(MS(1));
    wake();
    wake();
    thread_sleep_for(MS(1));
    ck_assert_str_eq(schedule, "1000 w30\n2000 w20\n2000 w10\n");
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

/* --- misuse --- */

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
    tcase_add_test(tcase, edf_meets_all_deadlines_within_budget);
    tcase_add_test(tcase, who_exceeds_its_budget_is_throttled_and_harms_no_other);
    tcase_add_test(tcase, a_throttled_owner_runs_on_what_its_waiter_donates);
    tcase_add_test(tcase, reservations_are_admitted_up_to_the_limit);
    tcase_add_test(tcase, a_change_of_priority_takes_effect_at_once);
    tcase_add_test(tcase, a_switch_waits_for_the_end_of_handler_lock_and_preemption);
    tcase_add_test(tcase, waiters_are_woken_by_urgency_and_time_out);
    tcase_add_test(tcase, a_thread_can_be_asked_to_stop);
    tcase_add_test(tcase, work_runs_in_a_thread);
    TCase *panics = tcase_create("panics");
    suite_add_tcase(suite, panics);
    tcase_add_loop_test_raise_signal(panics, misuse_is_a_panic, SIGABRT, 0,
                                     (int)ARRAY_SIZE(misuses));
    return check_main(suite);
}
