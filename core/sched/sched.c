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

/* --- time --- */

static void slice_expired(struct timer *timer, void *context)
{
    (void)timer;
    struct cpu *cpu = context;
    spin_lock(&cpu->rq.lock);
    sched_resched_locked(cpu);
    spin_unlock(&cpu->rq.lock);
}

void sched_account_locked(struct thread *thread, uint64_t now_ns)
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
        if (!deadline_budget_is_gone(thread))
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
    sched_account_locked(previous, now_ns);
    put_previous_locked(cpu, previous, reason);
    struct thread *next = take_next_locked(cpu);
    cpu->urgency = next->urgency;
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
