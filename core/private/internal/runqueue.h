/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One CPU's ready threads, most urgent first.
 *
 * Urgency is one number, smaller is more urgent: a deadline thread's is its absolute deadline, a
 * fixed priority's is above all deadlines, idle's is the largest. Donated urgency (sched/mutex.c)
 * is the same number of another thread. */
#pragma once
#include <axiom/list.h>
#include <core/sched.h>
#include <core/spinlock.h>
#include <core/time.h>

#define URGENCY_FIXED (UINT64_C(1) << 63)
#define URGENCY_IDLE  UINT64_MAX

static inline uint64_t urgency_of_priority(uint32_t priority)
{
    return URGENCY_FIXED + (SCHED_PRIORITY_MAX - priority);
}

struct runqueue {
    struct spinlock lock;
    /* lock protects: */
    struct list_head deadline;                      /* urgency below URGENCY_FIXED, sorted */
    struct list_head fixed[SCHED_PRIORITY_MAX + 1]; /* index: urgency - URGENCY_FIXED */
    uint64_t fixed_ready[2];                        /* bit per list of `fixed` with threads */
    struct timer slice;  /* the running thread's budget or quantum ends */
    struct thread *left; /* who ran before the switch under way; for who comes after it */
};

void runqueue_init(struct runqueue *rq);
/* first: before its equals (it was preempted), else after them. */
void runqueue_push_locked(struct runqueue *rq, struct thread *thread, bool first);
void runqueue_remove_locked(struct runqueue *rq, struct thread *thread);
/* The most urgent; NULL: none. */
struct thread *runqueue_first_locked(const struct runqueue *rq);
/* A ready thread as urgent as this. */
bool runqueue_has_equal_locked(const struct runqueue *rq, uint64_t urgency);
