/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Changes of class, priority and donation. */
#include <axiom/errno.h>
#include <internal/sched.h>

void sched_donate(struct thread *thread, uint64_t urgency)
{
    struct irq_state state = spin_lock_irqsave(&thread->lock);
    struct runqueue *rq = thread_rq_lock(thread);
    thread->donated = urgency;
    sched_replace_locked(rq, thread);
    spin_unlock(&rq->lock);
    spin_unlock_irqrestore(&thread->lock, state);
}

static int params_check(const struct sched_params *params)
{
    switch (params->policy) {
    case SCHED_POLICY_FIFO:
    case SCHED_POLICY_RR:
        return params->priority <= SCHED_PRIORITY_MAX ? 0 : -EINVAL;
    case SCHED_POLICY_DEADLINE:
        return deadline_params_check(params);
    }
    return -EINVAL;
}

int sched_params_admit(const struct sched_params *params, uint32_t *cpu_mask, uint32_t *cpu)
{
    int err = params_check(params);
    if (err || params->policy != SCHED_POLICY_DEADLINE)
        return err;
    err = deadline_admit(params, *cpu_mask, cpu);
    if (err == 0)
        *cpu_mask = 1u << *cpu;
    return err;
}

int sched_set_params(struct thread *thread, const struct sched_params *params)
{
    int err = params_check(params);
    if (err)
        return err;
    struct irq_state state = spin_lock_irqsave(&thread->lock);
    uint32_t cpu = thread->cpu;
    if (params->policy == SCHED_POLICY_DEADLINE)
        err = deadline_admit(params, 1u << cpu, &cpu);
    if (err)
        goto unlock;
    struct runqueue *rq = thread_rq_lock(thread);
    uint64_t now_ns = ktime_get_ns();
    if (cpus[cpu].current == thread)
        sched_account_locked(thread, now_ns);
    sched_unplace_locked(rq, thread);
    if (thread->params.policy == SCHED_POLICY_DEADLINE)
        deadline_release(&thread->params, cpu);
    thread->params = *params;
    thread->slice_ns = SCHED_RR_QUANTUM_NS;
    if (params->policy == SCHED_POLICY_DEADLINE) {
        thread->cpu_mask = 1u << cpu;
        deadline_begin_locked(thread, now_ns);
    }
    sched_replace_locked(rq, thread);
    spin_unlock(&rq->lock);
unlock:
    spin_unlock_irqrestore(&thread->lock, state);
    if (err == 0)
        mutex_waiter_changed(thread);
    return err;
}
