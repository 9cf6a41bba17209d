/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The core on several CPUs: the whole simulated board, whose CPUs are interleaved by a seed. What
 * has to hold for every interleaving is run for many. */
#include <arch/cpu.h>
#include <axiom/errno.h>
#include <core/mm.h>
#include <core/mutex.h>
#include <core/sched.h>
#include <core/spinlock.h>
#include <core/thread.h>
#include <core/time.h>
#include <core/wait.h>
#include <core/work.h>
#include <rig.h>
#include <stdio.h>
#include <string.h>
#include <tests/check_main.h>

#define SEEDS 40

/* Check's assertions leave by a jump, which a kernel thread must not: the first failure is kept and
 * reported after the run. */
static char failure[256];

#define EXPECT(condition)                                                           \
    do {                                                                            \
        if (!(condition) && failure[0] == '\0')                                     \
            snprintf(failure, sizeof failure, "line %d: %s", __LINE__, #condition); \
    } while (0)

static void run(uint32_t cpus, uint64_t seed, void (*body)(struct rig *))
{
    struct rig rig;
    rig_init(&rig);
    rig.config.cpu_count = cpus;
    rig.config.seed = seed;
    rig.config.schedule.policy = SIM_SCHEDULE_SEEDED;
    rig.config.schedule.switch_one_in = 1 + (uint32_t)(seed % 5);
    failure[0] = '\0';
    rig_run(&rig, body);
    if (rig.result.error != 0 || failure[0] != '\0')
        rig_print_log(&rig);
    ck_assert_msg(failure[0] == '\0', "%u CPUs, seed %llu: %s", cpus, (unsigned long long)seed,
                  failure);
    ck_assert_int_eq(rig.result.error, 0);
    ck_assert_uint_eq(rig.result.leaked_stacks, 0);
    struct mm_stats stats;
    mm_stats(&stats);
    ck_assert_uint_eq(stats.pages_used, 0);
    rig_exit(&rig);
}

static void run_all(void (*body)(struct rig *))
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run(2 + (uint32_t)(seed % 3), seed, body);
    run(1, 1, body);
    run(8, 1, body);
}

static struct thread *start(const char *name, int (*entry)(void *), void *argument,
                            uint32_t priority, uint32_t cpu_mask)
{
    struct thread *thread = NULL;
    const struct thread_options options = { .name = name,
                                            .entry = entry,
                                            .argument = argument,
                                            .sched = { .priority = priority },
                                            .cpu_mask = cpu_mask };
    EXPECT(thread_create(&options, &thread) == 0);
    return thread;
}

/* --- CPUs --- */

static int where_am_i(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < 20; i++) {
        thread_yield();
        arch_point();
    }
    preempt_disable();
    int cpu = (int)arch_cpu_id();
    preempt_enable();
    return cpu;
}

static void affinity_body(struct rig *rig)
{
    EXPECT(arch_cpu_count() == rig->config.cpu_count);
    struct thread *threads[8];
    for (uint32_t i = 0; i < arch_cpu_count(); i++)
        threads[i] = start("pinned", where_am_i, NULL, 30, 1u << i);
    for (uint32_t i = 0; i < arch_cpu_count(); i++)
        EXPECT(thread_join(threads[i]) == (int)i);
}

START_TEST(threads_stay_where_their_mask_says)
{
    run_all(affinity_body);
}
END_TEST

/* --- locks --- */

#define WORKERS 6
#define ROUNDS  30

static struct spinlock spinlock;
static struct mutex mutex;
static uint32_t spin_counter, mutex_counter, inside;

static void step(uint32_t *counter)
{
    uint32_t value = *counter;
    arch_point(); /* here another CPU may come in between */
    *counter = value + 1;
}

static int locker(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct irq_state state = spin_lock_irqsave(&spinlock);
        step(&spin_counter);
        spin_unlock_irqrestore(&spinlock, state);
        mutex_lock(&mutex);
        EXPECT(inside++ == 0);
        step(&mutex_counter);
        if (i % 8 == 0)
            thread_sleep_for(1000);
        EXPECT(mutex_is_held(&mutex));
        inside--;
        mutex_unlock(&mutex);
    }
    return 0;
}

static void lock_body(struct rig *rig)
{
    (void)rig;
    spin_lock_init(&spinlock);
    mutex_init(&mutex);
    spin_counter = mutex_counter = inside = 0;
    struct thread *threads[WORKERS];
    for (uint32_t i = 0; i < WORKERS; i++)
        threads[i] = start("locker", locker, NULL, 20 + i % 3, 0);
    for (uint32_t i = 0; i < WORKERS; i++)
        thread_join(threads[i]);
    EXPECT(spin_counter == WORKERS * ROUNDS);
    EXPECT(mutex_counter == WORKERS * ROUNDS);
}

START_TEST(locks_keep_others_out)
{
    run_all(lock_body);
}
END_TEST

/* --- waking --- */

struct ping {
    struct wait_queue queue;
    uint32_t turn; /* atomic */
};

static int pong(void *argument)
{
    struct ping *ping = argument;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        wait_event(&ping->queue, __atomic_load_n(&ping->turn, __ATOMIC_ACQUIRE) == 1);
        __atomic_store_n(&ping->turn, 0, __ATOMIC_RELEASE);
        wait_queue_wake_all(&ping->queue);
    }
    return 0;
}

static void ping_body(struct rig *rig)
{
    (void)rig;
    struct ping *ping = kzalloc(sizeof *ping);
    wait_queue_init(&ping->queue);
    struct thread *thread = start("pong", pong, ping, 40, 0);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        __atomic_store_n(&ping->turn, 1, __ATOMIC_RELEASE);
        wait_queue_wake_all(&ping->queue);
        uint64_t limit = ktime_get_ns() + NSEC_PER_SEC;
        EXPECT(wait_event_until(&ping->queue, __atomic_load_n(&ping->turn, __ATOMIC_ACQUIRE) == 0,
                                limit) == 0); /* no wake-up is lost */
    }
    thread_join(thread);
    kfree(ping);
}

START_TEST(no_wake_up_is_lost)
{
    run_all(ping_body);
}
END_TEST

/* Completions on the stack of who waits: gone the moment the wait returns. */
static int completer(void *argument)
{
    complete(argument);
    return 3;
}

static void completion_body(struct rig *rig)
{
    (void)rig;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct completion completion;
        completion_init(&completion);
        struct thread *thread = start("completer", completer, &completion, 30 + i % 20, 0);
        completion_wait(&completion);
        memset(&completion, 0xff, sizeof completion); /* nobody may look at it any more */
        EXPECT(thread_join(thread) == 3);
    }
}

START_TEST(a_completion_may_go_when_its_wait_returns)
{
    run_all(completion_body);
}
END_TEST

/* --- timers --- */

static uint32_t expirations;

static void expire(struct timer *timer, void *context)
{
    uint32_t *alive = context;
    arch_point();
    EXPECT(*alive == 1); /* else timer_cancel_sync() returned too early */
    __atomic_add_fetch(&expirations, 1, __ATOMIC_RELAXED);
    timer_start(timer, ktime_get_ns() + 500);
}

static int canceller(void *argument)
{
    for (uint32_t i = 0; i < 10; i++) {
        thread_sleep_for(1700);
        timer_cancel_sync(argument);
        struct timer *timer = argument;
        uint32_t *alive = timer->context;
        *alive = 0;
        arch_point();
        arch_point();
        *alive = 1;
        timer_start(timer, ktime_get_ns() + 300);
    }
    timer_cancel_sync(argument);
    return 0;
}

static void timer_body(struct rig *rig)
{
    (void)rig;
    uint32_t alive = 1;
    struct timer timer;
    expirations = 0;
    timer_init(&timer, expire, &alive);
    timer_start(&timer, ktime_get_ns() + 100);
    /* A callback is on the CPU that started it: a canceller on another. */
    struct thread *thread = start("canceller", canceller, &timer, 30, 1u << (arch_cpu_count() - 1));
    thread_join(thread);
    EXPECT(expirations >= 10);
    EXPECT(!timer_cancel_sync(&timer));
}

START_TEST(a_cancelled_timer_is_not_running)
{
    run_all(timer_body);
}
END_TEST

/* --- work --- */

static uint32_t work_runs;

static void work_run(struct work *work, void *context)
{
    (void)work;
    EXPECT(__atomic_add_fetch(&inside, 1, __ATOMIC_ACQ_REL) == 1); /* never twice at a time */
    arch_point();
    work_runs++;
    thread_sleep_for(700);
    __atomic_sub_fetch(&inside, 1, __ATOMIC_ACQ_REL);
    (void)context;
}

static void work_body(struct rig *rig)
{
    (void)rig;
    inside = work_runs = 0;
    struct work_queue *queue = NULL;
    EXPECT(work_queue_create("w", 45, &queue) == 0);
    struct work work;
    work_init(&work, work_run, NULL);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        work_schedule(queue, &work);
        if (i % 5 == 4) {
            work_cancel_sync(&work);
            EXPECT(__atomic_load_n(&inside, __ATOMIC_ACQUIRE) == 0);
        }
        thread_sleep_for(i * 100);
    }
    work_queue_destroy(queue);
    EXPECT(work_runs > 0);
}

START_TEST(work_is_cancelled_for_good)
{
    run_all(work_body);
}
END_TEST

/* --- everything at once --- */

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static struct mutex chain[3];
static struct wait_queue mess_queue;
static struct thread *mess_threads[WORKERS];

static void mess_step(uint32_t *state)
{
    uint32_t first = next_random(state) % 3;
    switch (next_random(state) % 7) {
    case 0:
        thread_sleep_for(next_random(state) % 5000);
        break;
    case 1: /* in order, so that no ring can close */
        for (uint32_t i = first; i < 3; i++)
            mutex_lock(&chain[i]);
        delay_ns(next_random(state) % 2000);
        for (uint32_t i = first; i < 3; i++)
            mutex_unlock(&chain[i]);
        break;
    case 2:
        wait_queue_wake_one(&mess_queue);
        break;
    case 3:
        (void)wait_event_until(&mess_queue, false, ktime_get_ns() + next_random(state) % 3000);
        break;
    case 4: {
        struct sched_params params = { .policy = next_random(state) % 2 ? SCHED_POLICY_RR
                                                                        : SCHED_POLICY_FIFO,
                                       .priority = next_random(state) % 40 };
        struct thread *other =
            __atomic_load_n(&mess_threads[next_random(state) % WORKERS], __ATOMIC_ACQUIRE);
        if (other != NULL)
            EXPECT(sched_set_params(other, &params) == 0);
        break;
    }
    case 5: {
        void *memory = kmalloc(1 + next_random(state) % 5000);
        thread_yield();
        kfree(memory);
        break;
    }
    default:
        delay_ns(next_random(state) % 1000);
        break;
    }
}

static int mess(void *argument)
{
    uint32_t state = (uint32_t)(uintptr_t)argument;
    for (uint32_t i = 0; i < 60; i++)
        mess_step(&state);
    return 0;
}

static void mess_body(struct rig *rig)
{
    for (uint32_t i = 0; i < 3; i++)
        mutex_init(&chain[i]);
    wait_queue_init(&mess_queue);
    memset(mess_threads, 0, sizeof mess_threads);
    struct thread *threads[WORKERS];
    for (uint32_t i = 0; i < WORKERS; i++) {
        threads[i] = start("mess", mess, (void *)(uintptr_t)(rig->config.seed * 10 + i), 10 + i, 0);
        __atomic_store_n(&mess_threads[i], threads[i], __ATOMIC_RELEASE);
    }
    thread_sleep_for(20000);
    memset(mess_threads, 0, sizeof mess_threads); /* before they are freed */
    for (uint32_t i = 0; i < WORKERS; i++)
        thread_join(threads[i]);
}

START_TEST(a_mess_of_everything_ends)
{
    run_all(mess_body);
}
END_TEST

/* --- deadlines on several CPUs --- */

static int one_job(void *argument)
{
    (void)argument;
    return sched_wait_period();
}

static void partition_body(struct rig *rig)
{
    const struct thread_options options = {
        .name = "edf",
        .entry = one_job,
        .sched = { .policy = SCHED_POLICY_DEADLINE, .runtime_ns = 600, .period_ns = 1000 }
    };
    struct thread *threads[9] = { 0 };
    uint32_t count = rig->config.cpu_count;
    preempt_disable(); /* the first ones must not be over when the last one asks */
    for (uint32_t i = 0; i < count; i++)
        EXPECT(thread_create(&options, &threads[i]) == 0);
    EXPECT(thread_create(&options, &threads[count]) == -EBUSY);
    preempt_enable();
    for (uint32_t i = 0; i < count; i++)
        thread_join(threads[i]);
}

START_TEST(each_cpu_takes_reservations_of_its_own)
{
    run(1, 1, partition_body);
    run(4, 1, partition_body);
    run(8, 2, partition_body);
}
END_TEST

/* --- the end, while threads still run everywhere --- */

static int restless(void *argument)
{
    (void)argument;
    do
        delay_ns(300);
    while (thread_sleep_for(500) == 0); /* until it is asked to stop, or the clock is gone */
    return 0;
}

/* The other CPUs go down first, under threads that are pinned to them, sleep, or are throttled. */
static void ending_body(struct rig *rig)
{
    struct thread *threads[WORKERS + 1];
    for (uint32_t i = 0; i < WORKERS; i++)
        threads[i] = start("restless", restless, NULL, 10 + i, 1u << i % rig->config.cpu_count);
    const struct thread_options options = {
        .name = "greedy",
        .entry = restless,
        .sched = { .policy = SCHED_POLICY_DEADLINE, .runtime_ns = 200, .period_ns = 2000 }
    };
    EXPECT(thread_create(&options, &threads[WORKERS]) == 0);
    sim_request_stop();
    while (!thread_should_stop())
        thread_sleep_for(1000);
    EXPECT(rig->config.cpu_count == 1 || arch_cpu_parked(1));
    for (uint32_t i = 0; i <= WORKERS; i++) {
        thread_stop(threads[i]);
        thread_join(threads[i]);
    }
}

START_TEST(cpus_go_down_under_running_threads)
{
    run_all(ending_body);
}
END_TEST

/* --- allocations of a whole boot --- */

static int boot_with_failure(uint32_t cpus, uint64_t n, uint64_t *allocations)
{
    struct rig rig;
    rig_init(&rig);
    rig.config.cpu_count = cpus;
    rig.config.fail_kernel_allocation = n;

    rig_run(&rig, NULL);
    int err = rig.result.kernel_error;
    if (allocations != NULL)
        *allocations = rig.result.kernel_allocations;
    if (err != 0 && err != -ENOMEM)
        rig_print_log(&rig);
    ck_assert_uint_eq(rig.result.leaked_stacks, 0);
    ck_assert_uint_eq(rig.result.leaked_exec, 0);
    struct mm_stats stats;
    mm_stats(&stats);
    ck_assert_uint_eq(stats.pages_used, 0);
    ck_assert_uint_eq(stats.failure_count, n != 0);
    rig_exit(&rig);
    return err;
}

START_TEST(every_failing_allocation_of_the_whole_board_is_an_error)
{
    uint64_t count = 0;
    ck_assert_int_eq(boot_with_failure(2, 0, &count), 0);
    ck_assert_uint_gt(count, 30);
    for (uint64_t n = 1; n <= count; n++)
        ck_assert_msg(boot_with_failure(2, n, NULL) == -ENOMEM, "allocation %llu",
                      (unsigned long long)n);
    uint64_t again = 0;
    ck_assert_int_eq(boot_with_failure(2, 0, &again), 0);
    ck_assert_uint_eq(again, count);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("smp");
    TCase *tcase = tcase_create("smp");
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, threads_stay_where_their_mask_says);
    tcase_add_test(tcase, locks_keep_others_out);
    tcase_add_test(tcase, no_wake_up_is_lost);
    tcase_add_test(tcase, a_completion_may_go_when_its_wait_returns);
    tcase_add_test(tcase, a_cancelled_timer_is_not_running);
    tcase_add_test(tcase, work_is_cancelled_for_good);
    tcase_add_test(tcase, a_mess_of_everything_ends);
    tcase_add_test(tcase, each_cpu_takes_reservations_of_its_own);
    TCase *ends = tcase_create("ends");
    suite_add_tcase(suite, ends);
    tcase_set_timeout(ends, 120);
    tcase_add_test(ends, cpus_go_down_under_running_threads);
    TCase *allocations = tcase_create("allocations");
    suite_add_tcase(suite, allocations);
    tcase_set_timeout(allocations, 120);
    tcase_add_test(allocations, every_failing_allocation_of_the_whole_board_is_an_error);
    return check_main(suite);
}
