/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Deadline threads: admission, budgets, periods.
 *
 * Each is served by a constant bandwidth server (Abeni and Buttazzo, RTSS 1998) in its hard form:
 * the server has runtime_ns until its deadline; when that is used up the thread waits for the
 * deadline, then gets the next budget and a deadline one period later. Threads are partitioned: EDF
 * on one CPU meets all deadlines up to full utilisation (Liu and Layland 1973), so the sum of the
 * reservations is the whole test. */
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <internal/sched.h>

static struct spinlock admission_lock; /* held alone, or inside thread->lock */
/* admission_lock protects: */
static uint32_t reserved_ppm[CPU_MAX];

void deadline_init(void)
{
    spin_lock_init(&admission_lock);
    for (uint32_t i = 0; i < CPU_MAX; i++)
        reserved_ppm[i] = 0;
}

int deadline_params_check(const struct sched_params *params)
{
    if (params->period_ns < SCHED_PERIOD_MIN_NS || params->period_ns > SCHED_PERIOD_MAX_NS ||
        params->runtime_ns == 0 || params->runtime_ns > params->period_ns)
        return -EINVAL;
    return 0;
}

/* Rounded up: reservations never add up to less than they are. */
static uint32_t utilization_ppm(const struct sched_params *params)
{
    return (uint32_t)((params->runtime_ns * 1000000 + params->period_ns - 1) / params->period_ns);
}

int deadline_admit(const struct sched_params *params, uint32_t cpu_mask, uint32_t *cpu)
{
    uint32_t ppm = utilization_ppm(params);
    int err = -EBUSY;
    struct irq_state state = spin_lock_irqsave(&admission_lock);
    for (uint32_t i = 0; i < CPU_MAX && err; i++) {
        if ((cpu_mask & (1u << i)) == 0 || !cpus[i].online ||
            reserved_ppm[i] + ppm > SCHED_UTILIZATION_MAX_PPM)
            continue;
        reserved_ppm[i] += ppm;
        *cpu = i;
        err = 0;
    }
    spin_unlock_irqrestore(&admission_lock, state);
    return err;
}

void deadline_release(const struct sched_params *params, uint32_t cpu)
{
    struct irq_state state = spin_lock_irqsave(&admission_lock);
    reserved_ppm[cpu] -= utilization_ppm(params);
    spin_unlock_irqrestore(&admission_lock, state);
}

void deadline_begin_locked(struct thread *thread, uint64_t now_ns)
{
    thread->release_ns = now_ns;
    thread->server_deadline_ns = now_ns + thread->params.period_ns;
    thread->slice_ns = (int64_t)thread->params.runtime_ns;
}

void deadline_wake_locked(struct thread *thread, uint64_t now_ns)
{
    const struct sched_params *params = &thread->params;
    if (now_ns < thread->server_deadline_ns) {
        /* budget / time left <= runtime / period: what is left fits the reservation. A negative
         * budget always does; it waits for the deadline. */
        uint64_t left_ns = thread->server_deadline_ns - now_ns;
        if (thread->slice_ns <= 0 ||
            (unsigned __int128)(uint64_t)thread->slice_ns * params->period_ns <=
                (unsigned __int128)left_ns * params->runtime_ns)
            return;
    }
    thread->server_deadline_ns = now_ns + params->period_ns;
    thread->slice_ns = (int64_t)params->runtime_ns;
}

void deadline_replenish_locked(struct thread *thread)
{
    do {
        thread->server_deadline_ns += thread->params.period_ns;
        thread->slice_ns += (int64_t)thread->params.runtime_ns;
    } while (thread->slice_ns <= 0);
}

int sched_wait_period(void)
{
    struct thread *thread = thread_current();
    if (thread->params.policy != SCHED_POLICY_DEADLINE)
        return -EINVAL;
    struct irq_state state = spin_lock_irqsave(&thread->lock);
    struct runqueue *rq = thread_rq_lock(thread);
    uint64_t period_ns = thread->params.period_ns;
    uint64_t now_ns = ktime_get_ns();
    uint64_t next_ns = thread->release_ns + period_ns;
    uint64_t skipped = 0;
    if (now_ns > next_ns) {
        thread->stats.miss_count++;
        skipped = (now_ns - next_ns) / period_ns;
        next_ns += skipped * period_ns;
    }
    thread->release_ns = next_ns;
    spin_unlock(&rq->lock);
    spin_unlock_irqrestore(&thread->lock, state);

    if (next_ns > now_ns) {
        int err = thread_sleep_until(next_ns);
        if (err)
            return err;
    }
    return skipped > INT32_MAX ? INT32_MAX : (int)skipped;
}
