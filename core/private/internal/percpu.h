/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the core keeps for each CPU. */
#pragma once
#include <arch/cpu.h>
#include <axiom/types.h>
#include <internal/runqueue.h>
#include <internal/timer_queue.h>

struct cpu {
    /* Written once when the CPU comes up: */
    uint32_t index;
    struct thread *idle;
    /* The CPU's own, interrupts masked; others may look: */
    struct thread *current; /* changes under rq.lock */
    uint32_t irq_depth;     /* 1 inside an interrupt */
    uint32_t preempt_count;
    uint64_t irq_count;
    uint64_t spurious_count; /* interrupts that nobody wanted */
    struct irq *irq_leaf;    /* whose handler ran last, behind all chained controllers */
    struct {                 /* irq/storm.c */
        struct irq *leaf;
        uint64_t leaf_count, looked_ns, since_ns;
        uint32_t looks, busy_looks; /* since since_ns */
    } storm;
    /* Anyone's: */
    bool need_resched; /* set under rq.lock */
    uint64_t urgency;  /* of `current`; set under rq.lock */
    bool online;       /* takes threads */
    bool stopping;     /* gives its threads away and ends */

    struct runqueue rq;
    struct timer_queue timers;
};

extern struct cpu cpus[CPU_MAX];

/* Interrupts or preemption off, else the answer may be stale at once. */
static inline struct cpu *this_cpu(void)
{
    return &cpus[arch_cpu_id()];
}

void percpu_init(void);
