/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Work: what an interrupt handler leaves to a thread, because it has to sleep. */
#pragma once
#include <axiom/list.h>
#include <axiom/types.h>

struct work_queue;

struct work {
    void (*run)(struct work *work, void *context); /* process context, may sleep */
    void *context;
    /* The queue's: */
    struct list_head link;
    struct work_queue *queue;
};

/* A queue with a thread of its own at a fixed priority (0..99). -ENOMEM. Process context. */
int work_queue_create(const char *name, uint32_t priority, struct work_queue **out);
/* Runs what is queued, then ends the thread. Process context. */
void work_queue_destroy(struct work_queue *queue);
/* The kernel's own queue, for work that is short: priority WORK_SYSTEM_PRIORITY. */
#define WORK_SYSTEM_PRIORITY 50u
struct work_queue *work_queue_system(void);

void work_init(struct work *work, void (*run)(struct work *, void *context), void *context);
/* Queues it; false if it is queued already (one run will serve both). While it runs it can be
 * queued again. Any context. */
bool work_schedule(struct work_queue *queue, struct work *work);
/* Not queued and not running after the return; true if it was queued. Not from the work itself.
 * Process context. */
bool work_cancel_sync(struct work *work);
