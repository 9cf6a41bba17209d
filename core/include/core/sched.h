/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Scheduling: earliest deadline first, above fixed priorities 0 (least) to 99, above idle.
 *
 * A deadline thread has a budget of runtime_ns in each period_ns. It is bound to one CPU when it is
 * admitted: the budgets of a CPU add up to at most SCHED_UTILIZATION_MAX_PPM, so that all who keep
 * their budget meet their deadlines; who exceeds it is throttled until its next period (constant
 * bandwidth server, Abeni and Buttazzo 1998). FIFO threads run until they block or a more urgent
 * one wakes; RR threads also give way to equals every SCHED_RR_QUANTUM_NS.
 *
 * A switch is never made inside an interrupt handler or a lock: it is noted, and made when the
 * outermost handler returns, the last lock is released, or preemption comes back on. */
#pragma once
#include <axiom/types.h>

enum sched_policy {
    SCHED_POLICY_FIFO,
    SCHED_POLICY_RR,
    SCHED_POLICY_DEADLINE,
};

#define SCHED_PRIORITY_MAX 99u
#define SCHED_UTILIZATION_MAX_PPM \
    950000u /* of a CPU, millionths: leaves room for fixed priorities */
#define SCHED_RR_QUANTUM_NS (10ull * NSEC_PER_MSEC)
#define SCHED_PERIOD_MIN_NS 1000ull
#define SCHED_PERIOD_MAX_NS (3600ull * NSEC_PER_SEC)

struct sched_params {
    enum sched_policy policy;
    uint32_t priority;   /* FIFO, RR: 0..SCHED_PRIORITY_MAX */
    uint64_t runtime_ns; /* DEADLINE: budget in each period, 0 < runtime_ns <= period_ns */
    uint64_t period_ns;  /* DEADLINE: also the relative deadline */
};

struct thread;

/* Changes class or priority; the urgency that mutex waiters donate stays. -EINVAL, -EBUSY as
 * thread_create(). Process context. */
int sched_set_params(struct thread *thread, const struct sched_params *params);

/* A deadline thread's job is done: sleeps until its next period begins, with a new budget. Returns
 * how many whole periods were missed (0: it was in time); -EINVAL for other threads. */
int sched_wait_period(void);

struct sched_stats {
    uint64_t switch_count;    /* times it was switched to */
    uint64_t throttle_count;  /* DEADLINE: budget exceeded */
    uint64_t miss_count;      /* DEADLINE: jobs that ended after their deadline */
    uint64_t migration_count; /* moved to another CPU */
};
void sched_stats(const struct thread *thread, struct sched_stats *out);

/* No switch to another thread between these; nests. Sleeping inside is a mistake. */
void preempt_disable(void);
void preempt_enable(void);
