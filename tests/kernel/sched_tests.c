/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Threads, priorities, locks, other CPUs. */
#include "ktest.h"
#include "threads.h"

#include <arch/cpu.h>
#include <axiom/errno.h>
#include <axiom/string.h>
#include <core/mutex.h>
#include <core/spinlock.h>
#include <core/thread.h>
#include <core/time.h>
#include <core/wait.h>

static int give_back(void *argument)
{
    return (int)*(const uint32_t *)argument;
}

static void threads_end_with_their_result(void)
{
    for (uint32_t i = 0; i < 100; i++) {
        struct thread *thread;
        const struct thread_options options = { .name = "one", .entry = give_back, .argument = &i };
        KTEST(thread_create(&options, &thread) == 0);
        KTEST(thread_join(thread) == (int)i);
    }
}

/* Recursion that leaves its mark in each frame: stacks do not overlap and are whole. */
static __attribute__((noinline)) uint32_t deep(uint32_t level, uint32_t mark)
{
    volatile uint32_t frame[32];
    for (uint32_t i = 0; i < 32; i++)
        frame[i] = mark + level;
    if (level % 8 == 0)
        thread_yield();
    uint32_t below = level != 0 ? deep(level - 1, mark) : 0;
    for (uint32_t i = 0; i < 32; i++) {
        if (frame[i] != mark + level)
            return 1;
    }
    return below;
}

static int deep_entry(void *argument)
{
    return (int)deep(100, *(const uint32_t *)argument * 1000);
}

static void stacks_are_each_threads_own(void)
{
    KTEST(threads_run(16, deep_entry) == 0);
}

/* --- every CPU runs threads --- */

static uint32_t seen_cpus;

static int note_cpu(void *argument)
{
    (void)argument;
    preempt_disable();
    __atomic_fetch_or(&seen_cpus, 1u << arch_cpu_id(), __ATOMIC_RELAXED);
    preempt_enable();
    return 0;
}

static void every_cpu_runs_threads(void)
{
    seen_cpus = 0;
    KTEST(threads_run_on_all(note_cpu) == 0);
    KTEST(seen_cpus == (1u << arch_cpu_count()) - 1);
}

/* --- locks --- */

static struct spinlock spin;
static struct mutex mutex;
static uint64_t plain_count, mutex_count, atomic_count;

/* A contended mutex is handed over, which wakes another CPU each time: slow where CPUs are emulated. */
#define ROUNDS       3000u
#define MUTEX_ROUNDS (ROUNDS / 10)

static int count_up(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct irq_state state = spin_lock_irqsave(&spin);
        plain_count++;
        spin_unlock_irqrestore(&spin, state);
        if (i % 10 == 0) {
            mutex_lock(&mutex);
            mutex_count++;
            mutex_unlock(&mutex);
        }
        __atomic_fetch_add(&atomic_count, 1, __ATOMIC_RELAXED);
    }
    return 0;
}

static void locks_exclude(void)
{
    spin_lock_init(&spin);
    mutex_init(&mutex);
    plain_count = mutex_count = atomic_count = 0;
    KTEST(threads_run_on_all(count_up) == 0);
    uint64_t expected = UINT64_C(2) * ROUNDS * arch_cpu_count();
    KTEST(plain_count == expected);
    KTEST(mutex_count == UINT64_C(2) * MUTEX_ROUNDS * arch_cpu_count());
    KTEST(atomic_count == expected);
}

/* What was written before a lock was released is seen by who takes it next: the classic pair of
 * values that must always be equal. */
static uint64_t pair[2];

static int pair_check(void *argument)
{
    bool writes = *(const uint32_t *)argument % 2 != 0;
    for (uint32_t i = 0; i < 3000; i++) {
        struct irq_state state = spin_lock_irqsave(&spin);
        bool equal = pair[0] == pair[1];
        if (writes) {
            pair[0]++;
            pair[1]++;
        }
        spin_unlock_irqrestore(&spin, state);
        if (!equal)
            return 1;
    }
    return 0;
}

static void locks_publish(void)
{
    spin_lock_init(&spin);
    pair[0] = pair[1] = 0;
    KTEST(threads_run_on_all(pair_check) == 0);
}

/* A message through a flag: release and acquire without a lock. */
static uint64_t message, turn;

static int ping_pong(void *argument)
{
    uint64_t me = *(const uint32_t *)argument - 1;
    for (uint64_t round = 0; round < 500; round++) {
        uint64_t my_turn = 2 * round + me;
        while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != my_turn)
            thread_yield();
        if (message != my_turn)
            return 1;
        message = my_turn + 1;
        __atomic_store_n(&turn, my_turn + 1, __ATOMIC_RELEASE);
    }
    return 0;
}

static void release_and_acquire_order(void)
{
    message = turn = 0;
    KTEST(threads_run(2, ping_pong) == 0);
    KTEST(message == 1000);
}

/* --- priorities --- */

static uint32_t order[3], order_count;

static int note_order(void *argument)
{
    order[order_count++] = (uint32_t)(uintptr_t)argument;
    return 0;
}

static void urgent_threads_go_first(void)
{
    struct thread *threads[3];
    order_count = 0;
    preempt_disable();
    uint32_t here = arch_cpu_id();
    for (uint32_t i = 0; i < 3; i++) {
        const struct thread_options options = {
            .name = "prio",
            .entry = note_order,
            .argument = (void *)(uintptr_t)(i + 1),
            .sched = { .policy = SCHED_POLICY_FIFO, .priority = 40 + 10 * i },
            .cpu_mask = 1u << here,
        };
        if (thread_create(&options, &threads[i]) != 0)
            threads[i] = NULL;
    }
    preempt_enable(); /* they are more urgent than this one, and run now */
    for (uint32_t i = 0; i < 3; i++) {
        KTEST(threads[i] != NULL);
        thread_join(threads[i]);
    }
    KTEST(order_count == 3 && order[0] == 3 && order[1] == 2 && order[2] == 1);
}

/* A thread that never gives way is preempted by one that wakes. */
static bool spinning, may_end;

static int spin_entry(void *argument)
{
    (void)argument;
    __atomic_store_n(&spinning, true, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&may_end, __ATOMIC_ACQUIRE))
        delay_us(10);
    return 0;
}

static void busy_threads_are_preempted(void)
{
    struct thread *thread;
    spinning = may_end = false;
    const struct thread_options options = {
        .name = "spin",
        .entry = spin_entry,
        .sched = { .policy = SCHED_POLICY_FIFO, .priority = 1 },
        .cpu_mask = 1,
    };
    KTEST(thread_create(&options, &thread) == 0);
    while (!__atomic_load_n(&spinning, __ATOMIC_ACQUIRE))
        thread_sleep_for(100 * NSEC_PER_USEC);
    for (uint32_t i = 0; i < 20; i++)
        thread_sleep_for(200 * NSEC_PER_USEC); /* each end of a sleep interrupts and preempts it */
    __atomic_store_n(&may_end, true, __ATOMIC_RELEASE);
    thread_join(thread);
}

/* --- waking across CPUs --- */

static struct completion there, back;

static int answer(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < 300; i++) {
        completion_wait(&there);
        complete(&back);
    }
    return 0;
}

static void wake_ups_cross_cpus(void)
{
    struct thread *thread;
    completion_init(&there);
    completion_init(&back);
    const struct thread_options options = {
        .name = "answer",
        .entry = answer,
        .sched = { .policy = SCHED_POLICY_FIFO, .priority = 20 },
        .cpu_mask = 1u << (arch_cpu_count() - 1),
    };
    KTEST(thread_create(&options, &thread) == 0);
    for (uint32_t i = 0; i < 300; i++) {
        complete(&there);
        KTEST(completion_wait_until(&back, ktime_get_ns() + 10ull * NSEC_PER_SEC) == 0);
    }
    thread_join(thread);
}

const struct ktest ktest_sched[] = {
    { "sched_threads_end_with_their_result", threads_end_with_their_result, 1 },
    { "sched_stacks_are_each_threads_own", stacks_are_each_threads_own, 1 },
    { "sched_every_cpu_runs_threads", every_cpu_runs_threads, 1 },
    { "sched_urgent_threads_go_first", urgent_threads_go_first, 1 },
    { "sched_busy_threads_are_preempted", busy_threads_are_preempted, 1 },
    { "sched_wake_ups_cross_cpus", wake_ups_cross_cpus, 2 },
    { "locks_exclude", locks_exclude, 1 },
    { "locks_publish", locks_publish, 1 },
    { "locks_release_and_acquire_order", release_and_acquire_order, 1 },
    { NULL, NULL, 0 },
};
