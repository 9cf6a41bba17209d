/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The scheduler: who runs on a CPU, and how it gets there.
 *
 * A CPU's run queue lock is held across the context switch and released by who comes after it
 * (sched_switch_finish), so nobody can take a thread whose registers are not saved yet. A thread
 * that runs is in no ready list; one that was preempted goes back to the head of its equals.
 *
 * EVENT_SCHED is emitted for switches between threads only if a sink wants it, and takes no
 * sequence number otherwise: switches depend on the CPU count, and a recording without them must
 * not. */
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <arch/work.h>
#include <axiom/bug.h>
#include <axiom/event.h>
#include <axiom/log.h>
#include <internal/boot.h>
#include <internal/sched.h>

uint64_t sched_urgency(const struct thread *thread)
{
    uint64_t own = thread->is_idle ? URGENCY_IDLE
                   : thread->params.policy == SCHED_POLICY_DEADLINE
                       ? thread->server_deadline_ns
                       : urgency_of_priority(thread->params.priority);
    return own < thread->donated ? own : thread->donated;
}

/* --- the queue --- */

struct runqueue *thread_rq_lock(struct thread *thread)
{
    BUG_ON(!spin_is_held(&thread->lock)); /* so `cpu` stays */
    struct runqueue *rq = &cpus[thread->cpu].rq;
    spin_lock(&rq->lock);
    return rq;
}

/* Exceeded, not just used up: a job that takes exactly its budget is done in time. */
static bool budget_is_gone(const struct thread *thread)
{
    return thread->params.policy == SCHED_POLICY_DEADLINE && thread->slice_ns < 0;
}

/* Without budget a thread runs on what others donate, and only as urgently as they are. */
static uint64_t queued_urgency(const struct thread *thread)
{
    return budget_is_gone(thread) ? thread->donated : sched_urgency(thread);
}

void sched_place_locked(struct runqueue *rq, struct thread *thread, bool first)
{
    if (queued_urgency(thread) == URGENCY_IDLE) {
        if (!thread->throttled) {
            thread->throttled = true;
            thread->stats.throttle_count++;
            timer_start(&thread->replenish, thread->server_deadline_ns);
        }
        return;
    }
    thread->throttled = false;
    thread->urgency = queued_urgency(thread);
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
    uint64_t urgency = current->is_idle ? URGENCY_IDLE : current->urgency;
    if (thread->urgency < urgency)
        sched_resched_locked(cpu);
    else if (thread->urgency == urgency && current->params.policy == SCHED_POLICY_RR)
        sched_resched_locked(cpu); /* its quantum has to be watched from now on */
}

/* --- time --- */

static void activate(struct thread *thread);
static void replace_locked(struct runqueue *rq, struct thread *thread);

static void replenish_expired(struct timer *timer, void *context)
{
    (void)timer;
    struct thread *thread = context;
    struct irq_state state = spin_lock_irqsave(&thread->lock);
    struct runqueue *rq = thread_rq_lock(thread);
    bool homeless = thread->on_rq && thread->throttled && !cpus[thread->cpu].online;
    if (budget_is_gone(thread)) {
        sched_unplace_locked(rq, thread);
        deadline_replenish_locked(thread);
    }
    if (homeless)
        thread->on_rq = thread->throttled = false;
    else
        replace_locked(rq, thread);
    spin_unlock(&rq->lock);
    if (homeless)
        activate(thread);
    spin_unlock_irqrestore(&thread->lock, state);
}

static void slice_expired(struct timer *timer, void *context)
{
    (void)timer;
    struct cpu *cpu = context;
    spin_lock(&cpu->rq.lock);
    sched_resched_locked(cpu);
    spin_unlock(&cpu->rq.lock);
}

/* The thread was on the CPU until now. */
static void account_locked(struct thread *thread, uint64_t now_ns)
{
    uint64_t ran_ns = now_ns - thread->running_since_ns;
    thread->running_since_ns = now_ns;
    thread->cpu_time_ns += ran_ns;
    if (thread->params.policy != SCHED_POLICY_FIFO)
        thread->slice_ns -= (int64_t)ran_ns;
}

/* When the running thread has to be looked at again without anything else happening. */
static void slice_arm_locked(struct cpu *cpu, const struct thread *thread, uint64_t now_ns)
{
    uint64_t end_ns = TIME_NEVER;
    if (!thread->is_idle && thread->params.policy == SCHED_POLICY_DEADLINE) {
        if (!budget_is_gone(thread))
            end_ns = now_ns + (uint64_t)thread->slice_ns + 1;
    } else if (!thread->is_idle && thread->params.policy == SCHED_POLICY_RR) {
        if (runqueue_has_equal_locked(&cpu->rq, thread->urgency))
            end_ns = now_ns + (uint64_t)thread->slice_ns;
    }
    if (end_ns != TIME_NEVER)
        timer_start(&cpu->rq.slice, end_ns);
    else if (cpu->rq.slice.pending)
        timer_cancel(&cpu->rq.slice);
}

/* --- the switch --- */

/* Puts the running thread where it belongs, as it is about to stop running. */
static void put_previous_locked(struct cpu *cpu, struct thread *thread, enum sched_reason reason)
{
    if (thread->is_idle)
        return;
    bool leaves = reason == SCHED_EXIT ||
                  (reason == SCHED_BLOCK &&
                   __atomic_load_n(&thread->state, __ATOMIC_ACQUIRE) == THREAD_BLOCKED);
    if (leaves) {
        thread->on_rq = false;
        return;
    }
    bool quantum_over = thread->params.policy == SCHED_POLICY_RR && thread->slice_ns <= 0;
    if (quantum_over)
        thread->slice_ns = SCHED_RR_QUANTUM_NS;
    sched_place_locked(&cpu->rq, thread, reason == SCHED_PREEMPT && !quantum_over);
}

static struct thread *take_next_locked(struct cpu *cpu)
{
    /* A CPU that ends runs idle only, which gives the others away (sched/smp.c). */
    struct thread *next = cpu->stopping ? NULL : runqueue_first_locked(&cpu->rq);
    if (next == NULL)
        return cpu->idle;
    runqueue_remove_locked(&cpu->rq, next);
    return next;
}

static void emit_switch(const struct cpu *cpu, const struct thread *from, const struct thread *to)
{
    if (!event_wanted(EVENT_SCHED))
        return;
    struct event event = {
        .kind = EVENT_SCHED,
        .layer = EVENT_LAYER_KERNEL,
        .role = EVENT_ROLE_OBSERVATION,
        .sched = { .cpu = (uint8_t)cpu->index, .previous = from->name, .next = to->name },
    };
    event_emit(&event);
}

void schedule(enum sched_reason reason)
{
    BUG_ON(!arch_irqs_disabled());
    struct cpu *cpu = this_cpu();
    struct thread *previous = cpu->current;
    BUG_ON(previous->is_idle && reason != SCHED_PREEMPT); /* idle never waits */
    spin_lock(&cpu->rq.lock);
    uint64_t now_ns = ktime_get_ns();
    cpu->need_resched = false;
    account_locked(previous, now_ns);
    put_previous_locked(cpu, previous, reason);
    struct thread *next = take_next_locked(cpu);
    slice_arm_locked(cpu, next, now_ns);
    if (next == previous) {
        spin_unlock(&cpu->rq.lock);
        return;
    }
    next->running_since_ns = now_ns;
    next->stats.switch_count++;
    cpu->current = next;
    cpu->rq.left = previous;
    emit_switch(cpu, previous, next);
    arch_charge(ARCH_WORK_SWITCH, 1);
    if (reason == SCHED_EXIT)
        arch_context_exit(&previous->context, &next->context);
    arch_context_switch(&previous->context, &next->context);
    sched_switch_finish();
}

void sched_switch_finish(void)
{
    struct cpu *cpu = this_cpu();
    struct thread *left = cpu->rq.left;
    cpu->rq.left = NULL;
    bool exited = left->state == THREAD_EXITED;
    spin_unlock(&cpu->rq.lock);
    if (exited)
        complete(&left->exited); /* its stack is free now; so may it be, from here on */
}

void sched_preempt(void)
{
    struct arch_irqflags flags = arch_irq_save();
    struct cpu *cpu = this_cpu();
    if (cpu->need_resched && cpu->irq_depth == 0 && cpu->preempt_count == 0)
        schedule(SCHED_PREEMPT);
    arch_irq_restore(flags);
}

void preempt_disable(void)
{
    struct arch_irqflags flags = arch_irq_save();
    this_cpu()->preempt_count++;
    arch_irq_restore(flags);
}

void preempt_enable(void)
{
    struct irq_state state = cpu_irq_save();
    BUG_ON(this_cpu()->preempt_count == 0);
    this_cpu()->preempt_count--;
    cpu_irq_restore(state);
}

/* --- waking --- */

static bool cpu_allowed(const struct thread *thread, uint32_t cpu)
{
    return cpus[cpu].online && (thread->cpu_mask & (1u << cpu)) != 0;
}

static bool cpu_is_free(const struct cpu *cpu)
{
    return __atomic_load_n(&cpu->current, __ATOMIC_RELAXED) == cpu->idle && !cpu->need_resched;
}

/* Where it ran last if it would run there at once, else an idle CPU, else where it ran last. */
static uint32_t choose_cpu(const struct thread *thread)
{
    uint32_t last = thread->cpu;
    bool last_allowed = cpu_allowed(thread, last);
    if (last_allowed && cpu_is_free(&cpus[last]))
        return last;
    if (last_allowed) {
        const struct thread *current = __atomic_load_n(&cpus[last].current, __ATOMIC_RELAXED);
        if (!current->is_idle && sched_urgency(thread) < current->urgency)
            return last;
    }
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

void sched_evacuate(void)
{
    struct runqueue *rq = &this_cpu()->rq;
    for (;;) {
        spin_lock(&rq->lock);
        struct thread *thread = runqueue_first_locked(rq);
        if (thread != NULL) {
            runqueue_remove_locked(rq, thread);
            thread->on_rq = false;
        }
        spin_unlock(&rq->lock);
        if (thread == NULL)
            return;
        spin_lock(&thread->lock);
        if (!thread->on_rq) /* one that prepared to block may have been woken just now */
            activate(thread);
        spin_unlock(&thread->lock);
    }
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

/* --- changes of urgency --- */

/* A queued thread's urgency or budget has changed; both locks held. */
static void replace_locked(struct runqueue *rq, struct thread *thread)
{
    struct cpu *cpu = &cpus[thread->cpu];
    if (!thread->on_rq)
        return;
    if (cpu->current == thread) {
        thread->urgency = queued_urgency(thread);
        sched_resched_locked(cpu); /* maybe another one is more urgent now */
        return;
    }
    sched_unplace_locked(rq, thread);
    sched_place_locked(rq, thread, false);
    sched_check_preempt_locked(cpu, thread);
}

void sched_donate(struct thread *thread, uint64_t urgency)
{
    struct irq_state state = spin_lock_irqsave(&thread->lock);
    struct runqueue *rq = thread_rq_lock(thread);
    thread->donated = urgency;
    replace_locked(rq, thread);
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
        account_locked(thread, now_ns);
    sched_unplace_locked(rq, thread);
    if (thread->params.policy == SCHED_POLICY_DEADLINE)
        deadline_release(&thread->params, cpu);
    thread->params = *params;
    thread->slice_ns = SCHED_RR_QUANTUM_NS;
    if (params->policy == SCHED_POLICY_DEADLINE) {
        thread->cpu_mask = 1u << cpu;
        deadline_begin_locked(thread, now_ns);
    }
    replace_locked(rq, thread);
    spin_unlock(&rq->lock);
unlock:
    spin_unlock_irqrestore(&thread->lock, state);
    if (err == 0)
        mutex_waiter_changed(thread);
    return err;
}

void sched_stats(const struct thread *thread, struct sched_stats *out)
{
    *out = thread->stats;
}

uint64_t thread_cpu_time_ns(const struct thread *thread)
{
    struct irq_state state = cpu_irq_save();
    uint64_t time_ns = thread->cpu_time_ns;
    if (this_cpu()->current == thread)
        time_ns += ktime_get_ns() - thread->running_since_ns;
    cpu_irq_restore(state);
    return time_ns;
}

int sched_init(void)
{
    deadline_init();
    mutex_init_locks();
    for (uint32_t i = 0; i < CPU_MAX; i++)
        timer_init(&cpus[i].rq.slice, slice_expired, &cpus[i]);
    return 0;
}
