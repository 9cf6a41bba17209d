/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Into the queues: waking, choosing a CPU, moving off one that ends, budgets that come back. */
#include <internal/sched.h>

static bool cpu_allowed(const struct thread *thread, uint32_t cpu)
{
    return cpus[cpu].online && (thread->cpu_mask & (1u << cpu)) != 0;
}

static bool cpu_is_free(const struct cpu *cpu)
{
    return __atomic_load_n(&cpu->urgency, __ATOMIC_RELAXED) == URGENCY_IDLE && !cpu->need_resched;
}

/* Where it ran last if it would run there at once, else an idle CPU, else where it ran last. */
static uint32_t choose_cpu(const struct thread *thread)
{
    uint32_t last = thread->cpu;
    bool last_allowed = cpu_allowed(thread, last);
    if (last_allowed && cpu_is_free(&cpus[last]))
        return last;
    if (last_allowed &&
        sched_urgency(thread) < __atomic_load_n(&cpus[last].urgency, __ATOMIC_RELAXED))
        return last;
    uint32_t fallback = last_allowed ? last : 0; /* the boot CPU takes what no other may */
    for (uint32_t i = 0; i < CPU_MAX; i++) {
        if (!cpu_allowed(thread, i))
            continue;
        if (cpu_is_free(&cpus[i]))
            return i;
        if (!cpu_allowed(thread, fallback))
            fallback = i;
    }
    return fallback;
}

/* Not queued, thread->lock held: into the queue of the CPU that suits it now. */
static void activate(struct thread *thread)
{
    uint32_t target = choose_cpu(thread);
    struct cpu *cpu = &cpus[target];
    spin_lock(&cpu->rq.lock);
    if (thread->cpu != target)
        thread->stats.migration_count++;
    thread->cpu = target;
    thread->on_rq = true;
    if (thread->params.policy == SCHED_POLICY_DEADLINE)
        deadline_wake_locked(thread, ktime_get_ns());
    else
        thread->slice_ns = SCHED_RR_QUANTUM_NS;
    sched_place_locked(&cpu->rq, thread, false);
    sched_check_preempt_locked(cpu, thread);
    spin_unlock(&cpu->rq.lock);
}

/* A thread in the ready lists here cannot run, so it stays until we take it out. */
void sched_evacuate(void)
{
    struct runqueue *rq = &this_cpu()->rq;
    for (;;) {
        spin_lock(&rq->lock);
        struct thread *thread = runqueue_first_locked(rq);
        spin_unlock(&rq->lock);
        if (thread == NULL)
            return;
        spin_lock(&thread->lock);
        spin_lock(&rq->lock);
        runqueue_remove_locked(rq, thread);
        thread->on_rq = false;
        spin_unlock(&rq->lock);
        activate(thread);
        spin_unlock(&thread->lock);
    }
}

static void replenish_expired(struct timer *timer, void *context)
{
    (void)timer;
    struct thread *thread = context;
    struct irq_state state = spin_lock_irqsave(&thread->lock);
    struct runqueue *rq = thread_rq_lock(thread);
    bool homeless = thread->on_rq && thread->throttled && !cpus[thread->cpu].online;
    if (deadline_budget_is_gone(thread)) {
        sched_unplace_locked(rq, thread);
        deadline_replenish_locked(thread);
    }
    if (homeless)
        thread->on_rq = thread->throttled = false;
    else
        sched_replace_locked(rq, thread);
    spin_unlock(&rq->lock);
    if (homeless)
        activate(thread);
    spin_unlock_irqrestore(&thread->lock, state);
}

bool thread_wake(struct thread *thread)
{
    struct irq_state state = spin_lock_irqsave(&thread->lock);
    bool woken = thread->state == THREAD_BLOCKED;
    if (woken) {
        __atomic_store_n(&thread->state, THREAD_RUNNABLE, __ATOMIC_RELEASE);
        struct runqueue *rq = thread_rq_lock(thread);
        bool still_queued = thread->on_rq; /* it prepared to block and has not yet */
        spin_unlock(&rq->lock);
        if (!still_queued)
            activate(thread);
    }
    spin_unlock_irqrestore(&thread->lock, state);
    return woken;
}

void sched_start(struct thread *thread)
{
    timer_init(&thread->replenish, replenish_expired, thread);
    struct irq_state state = spin_lock_irqsave(&thread->lock);
    if (thread->params.policy == SCHED_POLICY_DEADLINE)
        deadline_begin_locked(thread, ktime_get_ns());
    activate(thread);
    spin_unlock_irqrestore(&thread->lock, state);
}
