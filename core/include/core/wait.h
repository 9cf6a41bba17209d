/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Waiting: queues of threads that wait for a condition, and completions.
 *
 *     wait_event(&fifo->readers, fifo_count(fifo) != 0);         the waiter, process context
 *     fifo_put(fifo, byte);  wait_queue_wake_all(&fifo->readers);  the waker, any context
 *
 * The condition is looked at after the waiter is on the queue, so a wake-up between look and sleep
 * is not lost. What the condition reads must be changed before waking, under a lock of its own or
 * as one atomic word. */
#pragma once
#include <axiom/list.h>
#include <core/spinlock.h>
#include <core/time.h>

struct thread;

struct wait_queue {
    struct spinlock lock;
    /* lock protects: */
    struct list_head waiters; /* in order of arrival */
};

/* One thread's place on a queue; on its stack. */
struct waiter {
    struct list_head link;
    struct thread *thread;
    struct wait_queue *queue;
    struct timer timer;
    bool timed_out;
};

void wait_queue_init(struct wait_queue *queue);
/* The most urgent waiter, first come among equals. Any context. */
void wait_queue_wake_one(struct wait_queue *queue);
void wait_queue_wake_all(struct wait_queue *queue);

/* The parts of the macros below. deadline_ns: ktime, TIME_NEVER for none. */
void waiter_begin(struct waiter *waiter, struct wait_queue *queue, uint64_t deadline_ns);
void waiter_prepare(struct waiter *waiter);
void waiter_end(struct waiter *waiter);

/* 0, or -ETIMEDOUT when ktime reached deadline_ns and the condition was still false. Process
 * context. */
#define wait_event_until(queue_, condition, deadline_ns) \
    ({                                                   \
        struct waiter waiter_;                           \
        int waited_ = 0;                                 \
        waiter_begin(&waiter_, queue_, deadline_ns);     \
        for (;;) {                                       \
            waiter_prepare(&waiter_);                    \
            if (condition)                               \
                break;                                   \
            if (waiter_.timed_out) {                     \
                waited_ = -ETIMEDOUT;                    \
                break;                                   \
            }                                            \
            thread_block();                              \
        }                                                \
        waiter_end(&waiter_);                            \
        waited_;                                         \
    })

#define wait_event(queue_, condition) ((void)wait_event_until(queue_, condition, TIME_NEVER))

/* Something that happens: complete() lets one waiter (past or future) through, complete_all() every
 * one from then on. */
struct completion {
    struct wait_queue queue;
    uint32_t done;
};

void completion_init(struct completion *completion);
void completion_reset(struct completion *completion); /* nobody waits */
void complete(struct completion *completion);         /* any context */
void complete_all(struct completion *completion);     /* any context */
void completion_wait(struct completion *completion);  /* process context */
int completion_wait_until(struct completion *completion, uint64_t deadline_ns); /* -ETIMEDOUT */
bool completion_try(struct completion *completion); /* takes one if there; any context */

#include <axiom/errno.h>
#include <core/thread.h>
