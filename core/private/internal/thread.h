/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A thread, as the scheduler and the mutexes see it.
 *
 *   RUNNABLE --thread_block_prepare()--> BLOCKED --thread_wake(), thread_block_cancel()--> RUNNABLE
 *   RUNNABLE --thread_exit()--> EXITED
 *
 * Independently of that a thread is queued (on_rq: running, ready or throttled) or not. A thread
 * that prepares to block is still running; it leaves the queue in thread_block(), if nobody has
 * woken it by then. Preemption between the two keeps it queued. */
#pragma once
#include <arch/context.h>
#include <arch/mmu.h>
#include <axiom/list.h>
#include <core/spinlock.h>
#include <core/thread.h>
#include <core/time.h>
#include <core/wait.h>
#include <internal/runqueue.h>

#define THREAD_STACK_ORDER 4u /* simulated images run models and host calls on it */
#define THREAD_STACK_SIZE  ((size_t)PAGE_SIZE << THREAD_STACK_ORDER)

enum thread_state {
    THREAD_RUNNABLE,
    THREAD_BLOCKED,
    THREAD_EXITED,
};

struct mutex;

struct thread {
    /* Written once: */
    char name[THREAD_NAME_MAX];
    int (*entry)(void *argument);
    void *argument;
    void *stack;       /* as mapped, between guards; NULL: the port's (boot CPU's idle thread) */
    void *stack_pages; /* the same memory in the direct map */
    bool is_idle;

    struct arch_context context;
    struct completion exited;
    int result;
    bool should_stop; /* atomic */

    struct spinlock lock;
    /* lock protects: */
    uint8_t state; /* enum thread_state; atomic: read without the lock by its own CPU */
    struct sched_params params;
    uint64_t donated; /* most urgent waiter for a mutex it holds; URGENCY_IDLE: none */
    uint32_t cpu_mask;
    uint32_t cpu; /* index; changes with lock held and the thread not queued */

    /* runqueue.lock of `cpu` protects: */
    bool on_rq;
    bool throttled;              /* queued, not ready: the budget is used up */
    struct list_head ready_link; /* in a list of the run queue; alone while running */
    uint64_t urgency;            /* as queued */
    uint64_t server_deadline_ns; /* DEADLINE: of the bandwidth server */
    uint64_t release_ns;         /* DEADLINE: when the current job's period began */
    int64_t slice_ns;            /* DEADLINE: budget left; RR: quantum left */
    uint64_t running_since_ns;
    uint64_t cpu_time_ns;
    struct sched_stats stats;
    struct timer replenish;

    /* pi_lock protects: */
    struct list_head held; /* contended mutexes it owns */
    struct mutex *waits_for;
    struct list_head mutex_link; /* in waits_for->waiters */
};

/* A thread with nothing but a name. NULL: out of memory. */
struct thread *thread_allocate(const char *name);
/* Gives back one that has exited. */
void thread_destroy(struct thread *thread);

/* A guarded stack of 2^THREAD_STACK_ORDER pages. -ENOMEM. */
int thread_stack_make(void **pages, void **stack);
void thread_stack_free(void *pages, void *stack);
