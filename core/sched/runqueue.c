/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The ready lists of one CPU: one list sorted by deadline, and one list a fixed priority with a
 * bitmap of those that are not empty. Equals stand in order of arrival. */
#include <axiom/bug.h>
#include <internal/thread.h>

void runqueue_init(struct runqueue *rq)
{
    spin_lock_init(&rq->lock);
    list_init(&rq->deadline);
    for (uint32_t i = 0; i <= SCHED_PRIORITY_MAX; i++)
        list_init(&rq->fixed[i]);
    rq->fixed_ready[0] = rq->fixed_ready[1] = 0;
    rq->left = NULL;
}

static void push_deadline(struct runqueue *rq, struct thread *thread, bool first)
{
    struct thread *at;
    list_for_each_entry(at, &rq->deadline, ready_link) {
        if (first ? at->urgency >= thread->urgency : at->urgency > thread->urgency)
            break;
    }
    list_add_tail(&thread->ready_link, &at->ready_link);
}

void runqueue_push_locked(struct runqueue *rq, struct thread *thread, bool first)
{
    BUG_ON(!list_empty(&thread->ready_link));
    if (thread->urgency < URGENCY_FIXED) {
        push_deadline(rq, thread, first);
        return;
    }
    uint64_t index = thread->urgency - URGENCY_FIXED;
    BUG_ON(index > SCHED_PRIORITY_MAX);
    if (first)
        list_add(&thread->ready_link, &rq->fixed[index]);
    else
        list_add_tail(&thread->ready_link, &rq->fixed[index]);
    rq->fixed_ready[index / 64] |= UINT64_C(1) << (index % 64);
}

void runqueue_remove_locked(struct runqueue *rq, struct thread *thread)
{
    list_del(&thread->ready_link);
    if (thread->urgency < URGENCY_FIXED)
        return;
    uint64_t index = thread->urgency - URGENCY_FIXED;
    if (list_empty(&rq->fixed[index]))
        rq->fixed_ready[index / 64] &= ~(UINT64_C(1) << (index % 64));
}

struct thread *runqueue_first_locked(const struct runqueue *rq)
{
    if (!list_empty(&rq->deadline))
        return list_first_entry(&rq->deadline, struct thread, ready_link);
    for (uint32_t word = 0; word < 2; word++) {
        if (rq->fixed_ready[word] != 0) {
            uint32_t index = word * 64 + (uint32_t)__builtin_ctzll(rq->fixed_ready[word]);
            return list_first_entry(&rq->fixed[index], struct thread, ready_link);
        }
    }
    return NULL;
}

bool runqueue_has_equal_locked(const struct runqueue *rq, uint64_t urgency)
{
    const struct thread *first = runqueue_first_locked(rq);
    return first != NULL && first->urgency == urgency;
}
