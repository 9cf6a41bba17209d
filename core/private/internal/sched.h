/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Inside the scheduler: what threads, mutexes, interrupts and the boot ask of it. */
#pragma once
#include <axiom/types.h>
#include <internal/percpu.h>
#include <internal/thread.h>

/* More than one CPU may be up from now on (core/spinlock.c). */
void spin_contention_set(bool several_cpus);

enum sched_reason {
    SCHED_PREEMPT, /* something more urgent may be there; keeps its place among equals */
    SCHED_YIELD,   /* behind its equals */
    SCHED_BLOCK,   /* leaves the queue if it is still blocked */
    SCHED_EXIT,
};

/* Chooses who runs on this CPU and switches. Interrupts masked, no lock held. Returns when the
 * caller is chosen again, maybe on another CPU. */
void schedule(enum sched_reason reason);
/* Switches if that is due and allowed here. Any context, no lock held. */
void sched_preempt(void);
/* The first thing a new thread does, on its stack: ends the switch that led there. */
void sched_switch_finish(void);

/* The thread enters the schedule for the first time. */
void sched_start(struct thread *thread);
/* Checks parameters; for a deadline thread reserves, and narrows the mask to the CPU it got. */
int sched_params_admit(const struct sched_params *params, uint32_t *cpu_mask, uint32_t *cpu);
/* Gives the ready threads of this CPU, which is not online any more, to others. Interrupts masked.
 */
void sched_evacuate(void);
/* Changes what mutex waiters donate to the thread; its place follows. Under pi_lock. */
void sched_donate(struct thread *thread, uint64_t urgency);
/* As it counts now, donations included. */
uint64_t sched_urgency(const struct thread *thread);

/* Under both thread->lock and the lock of its run queue, as returned. */
struct runqueue *thread_rq_lock(struct thread *thread);
/* The thread's place in (or beside) the ready lists, by its urgency and budget. */
void sched_place_locked(struct runqueue *rq, struct thread *thread, bool first);
void sched_unplace_locked(struct runqueue *rq, struct thread *thread);
/* Notes that `cpu` has to choose anew if `thread`, just placed there, may run before what runs. */
void sched_check_preempt_locked(struct cpu *cpu, const struct thread *thread);
void sched_resched_locked(struct cpu *cpu);

/* The urgency of a place in the ready lists: without budget a thread runs on what others donate, and
 * only as urgently as they are. URGENCY_IDLE: it may not run. */
uint64_t sched_queued_urgency(const struct thread *thread);
/* Its urgency or budget has changed: if it is queued, it gets its new place. Both locks held. */
void sched_replace_locked(struct runqueue *rq, struct thread *thread);
/* The thread was on the CPU until now. */
void sched_account_locked(struct thread *thread, uint64_t now_ns);

/* Exceeded, not just used up: a job that takes exactly its budget is done in time. */
static inline bool deadline_budget_is_gone(const struct thread *thread)
{
    return thread->params.policy == SCHED_POLICY_DEADLINE && thread->slice_ns < 0;
}

/* sched/deadline.c: */
int deadline_params_check(const struct sched_params *params);
/* Reserves on one of the CPUs in the mask; the one it chose in *cpu. -EBUSY. */
int deadline_admit(const struct sched_params *params, uint32_t cpu_mask, uint32_t *cpu);
void deadline_release(const struct sched_params *params, uint32_t cpu);
void deadline_begin_locked(struct thread *thread, uint64_t now_ns);
/* It wakes: keeps what is left of budget and deadline if that is no more than its bandwidth. */
void deadline_wake_locked(struct thread *thread, uint64_t now_ns);
/* Next period's budget, as often as needed until there is some. */
void deadline_replenish_locked(struct thread *thread);
void deadline_init(void);

/* A mutex waiter's urgency changed otherwise than by donation (sched/mutex.c). */
void mutex_waiter_changed(struct thread *thread);
void mutex_init_locks(void);

/* The calling context becomes this CPU's idle thread. -ENOMEM. Interrupts masked. */
int idle_adopt(uint32_t cpu);
void idle_release(uint32_t cpu);
/* The idle loop of this CPU, until `ended` says so. Called and returns with interrupts masked. */
void idle_loop(bool (*ended)(void));
/* Sends the reschedule interrupt. Interrupts masked. */
void irq_send_resched(uint32_t cpu);
/* The calling CPU's interrupt interface comes up. Interrupts masked. */
void irq_cpu_start(void);
