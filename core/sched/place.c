/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Where a queued thread stands: by its own urgency or a donated one, ready, or throttled beside the
 * ready lists until its budget comes back. */
#include <axiom/bug.h>
#include <internal/sched.h>

uint64_t sched_urgency(const struct thread *thread)
{
    uint64_t own = thread->is_idle ? URGENCY_IDLE
                   : thread->params.policy == SCHED_POLICY_DEADLINE
                       ? thread->server_deadline_ns
                       : urgency_of_priority(thread->params.priority);
    return own < thread->donated ? own : thread->donated;
}

struct runqueue *thread_rq_lock(struct thread *thread)
{
    BUG_ON(!spin_is_held(&thread->lock)); /* so `cpu` stays */
    struct runqueue *rq = &cpus[thread->cpu].rq;
    spin_lock(&rq->lock);
    return rq;
}

uint64_t sched_queued_urgency(const struct thread *thread)
{
    return deadline_budget_is_gone(thread) ? thread->donated : sched_urgency(thread);
}

void sched_place_locked(struct runqueue *rq, struct thread *thread, bool first)
{
    if (sched_queued_urgency(thread) == URGENCY_IDLE) {
        if (!thread->throttled) {
            thread->throttled = true;
            thread->stats.throttle_count++;
            timer_start(&thread->replenish, thread->server_deadline_ns);
        }
        return;
    }
    thread->throttled = false;
    thread->urgency = sched_queued_urgency(thread);
    runqueue_push_locked(rq, thread, first);
}

void sched_unplace_locked(struct runqueue *rq, struct thread *thread)
{
    if (!list_empty(&thread->ready_link))
        runqueue_remove_locked(rq, thread);
}

void sched_resched_locked(struct cpu *cpu)
{
    BUG_ON(!spin_is_held(&cpu->rq.lock));
    if (cpu->need_resched)
        return;
    __atomic_store_n(&cpu->need_resched, true, __ATOMIC_RELEASE);
    if (cpu != this_cpu())
        irq_send_resched(cpu->index);
}

void sched_check_preempt_locked(struct cpu *cpu, const struct thread *thread)
{
    const struct thread *current = cpu->current;
    if (list_empty(&thread->ready_link))
        return; /* throttled */
    if (thread->urgency < cpu->urgency)
        sched_resched_locked(cpu);
    else if (thread->urgency == cpu->urgency && current->params.policy == SCHED_POLICY_RR)
        sched_resched_locked(cpu); /* its quantum has to be watched from now on */
}

void sched_replace_locked(struct runqueue *rq, struct thread *thread)
{
    struct cpu *cpu = &cpus[thread->cpu];
    if (!thread->on_rq)
        return;
    if (cpu->current == thread) {
        cpu->urgency = thread->urgency = sched_queued_urgency(thread);
        sched_resched_locked(cpu); /* maybe another one is more urgent now */
        return;
    }
    sched_unplace_locked(rq, thread);
    sched_place_locked(rq, thread, false);
    sched_check_preempt_locked(cpu, thread);
}
