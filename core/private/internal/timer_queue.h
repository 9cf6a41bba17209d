/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One CPU's timers. */
#pragma once
#include <core/spinlock.h>
#include <core/time.h>

/* A pairing heap (Fredman, Sedgewick, Sleator, Tarjan 1986) whose nodes are the timers: insertion
 * is one comparison, and nothing is allocated. Ordered by time, then by the order of starting. */
struct timer_heap {
    struct timer *root;
};

void timer_heap_push(struct timer_heap *heap, struct timer *timer);
void timer_heap_remove(struct timer_heap *heap, struct timer *timer);
static inline struct timer *timer_heap_top(const struct timer_heap *heap)
{
    return heap->root;
}

struct timer_queue {
    struct spinlock lock;
    /* lock protects: */
    struct timer_heap heap;
    struct timer *running; /* its callback is under way */
    uint64_t next_order;
    uint64_t last_now_ns; /* of the last alarm */
    uint64_t armed_ns;    /* where the CPU's alarm stands; TIME_NEVER: off */
    bool armed;           /* armed_ns is known to be what the hardware has */
    bool expiring;        /* inside clock_event_expired(): it arms the alarm at its end */
};

void timer_queue_init(struct timer_queue *queue);
/* The calling CPU's clock event hardware comes up, its alarm is armed. Interrupts masked. */
void timer_cpu_start(void);
/* The clock source is another one: the calling CPU's alarm is armed anew. */
void timer_clock_changed(void);
/* Takes over the timers of a CPU that has ended. Interrupts masked. */
void timer_queue_adopt(struct timer_queue *from);
