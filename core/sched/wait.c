/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Wait queues and completions.
 *
 * wait_queue_wake_one() takes the waiter off the queue, so that two wake-ups reach two waiters; one
 * that finds its condition false puts itself on again. */
#include <axiom/bug.h>
#include <core/wait.h>
#include <internal/sched.h>

void wait_queue_init(struct wait_queue *queue)
{
    spin_lock_init(&queue->lock);
    list_init(&queue->waiters);
}

static void wake_locked(struct waiter *waiter)
{
    list_del(&waiter->link);
    thread_wake(waiter->thread);
}

static void wake_one_locked(struct wait_queue *queue)
{
    struct waiter *best = NULL;
    struct waiter *at;
    list_for_each_entry(at, &queue->waiters, link) {
        if (best == NULL || sched_urgency(at->thread) < sched_urgency(best->thread))
            best = at;
    }
    if (best != NULL)
        wake_locked(best);
}

static void wake_all_locked(struct wait_queue *queue)
{
    while (!list_empty(&queue->waiters))
        wake_locked(list_first_entry(&queue->waiters, struct waiter, link));
}

void wait_queue_wake_one(struct wait_queue *queue)
{
    struct irq_state state = spin_lock_irqsave(&queue->lock);
    wake_one_locked(queue);
    spin_unlock_irqrestore(&queue->lock, state);
}

void wait_queue_wake_all(struct wait_queue *queue)
{
    struct irq_state state = spin_lock_irqsave(&queue->lock);
    wake_all_locked(queue);
    spin_unlock_irqrestore(&queue->lock, state);
}

static void waiter_expired(struct timer *timer, void *context)
{
    (void)timer;
    struct waiter *waiter = context;
    __atomic_store_n(&waiter->timed_out, true, __ATOMIC_RELEASE);
    thread_wake(waiter->thread);
}

void waiter_begin(struct waiter *waiter, struct wait_queue *queue, uint64_t deadline_ns)
{
    *waiter = (struct waiter){ .thread = thread_current(), .queue = queue };
    list_init(&waiter->link);
    timer_init(&waiter->timer, waiter_expired, waiter);
    if (deadline_ns != TIME_NEVER)
        timer_start(&waiter->timer, deadline_ns);
}

void waiter_prepare(struct waiter *waiter)
{
    struct irq_state state = spin_lock_irqsave(&waiter->queue->lock);
    if (list_empty(&waiter->link))
        list_add_tail(&waiter->link, &waiter->queue->waiters);
    thread_block_prepare();
    spin_unlock_irqrestore(&waiter->queue->lock, state);
}

void waiter_end(struct waiter *waiter)
{
    thread_block_cancel();
    timer_cancel_sync(&waiter->timer);
    struct irq_state state = spin_lock_irqsave(&waiter->queue->lock);
    if (!list_empty(&waiter->link))
        list_del(&waiter->link);
    spin_unlock_irqrestore(&waiter->queue->lock, state);
}

/* --- completions: `done` is under the queue's lock --- */

#define DONE_FOR_ALL UINT32_MAX

void completion_init(struct completion *completion)
{
    wait_queue_init(&completion->queue);
    completion->done = 0;
}

void completion_reset(struct completion *completion)
{
    struct irq_state state = spin_lock_irqsave(&completion->queue.lock);
    completion->done = 0;
    spin_unlock_irqrestore(&completion->queue.lock, state);
}

void complete(struct completion *completion)
{
    struct irq_state state = spin_lock_irqsave(&completion->queue.lock);
    if (completion->done != DONE_FOR_ALL)
        completion->done++;
    wake_one_locked(&completion->queue);
    spin_unlock_irqrestore(&completion->queue.lock, state);
}

void complete_all(struct completion *completion)
{
    struct irq_state state = spin_lock_irqsave(&completion->queue.lock);
    completion->done = DONE_FOR_ALL;
    wake_all_locked(&completion->queue);
    spin_unlock_irqrestore(&completion->queue.lock, state);
}

bool completion_try(struct completion *completion)
{
    struct irq_state state = spin_lock_irqsave(&completion->queue.lock);
    bool taken = completion->done != 0;
    if (taken && completion->done != DONE_FOR_ALL)
        completion->done--;
    spin_unlock_irqrestore(&completion->queue.lock, state);
    return taken;
}

int completion_wait_until(struct completion *completion, uint64_t deadline_ns)
{
    return wait_event_until(&completion->queue, completion_try(completion), deadline_ns);
}

void completion_wait(struct completion *completion)
{
    completion_wait_until(completion, TIME_NEVER);
}
