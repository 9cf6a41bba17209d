/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Model timers in the order in which they come: by time, and at one time by the order in which they
 * were set. A binary heap over memory that machine_create() sized for every timer that the models'
 * structs can hold, so setting one never allocates. heap_index in the timer is its place, 0 when it
 * is not queued. */
#include <axiom/bug.h>

#include "internal.h"

void event_queue_init(struct event_queue *queue, struct event_queue_entry *memory,
                      uint32_t capacity)
{
    *queue = (struct event_queue){ .heap = memory, .capacity = capacity };
}

static bool before(const struct event_queue_entry *a, const struct event_queue_entry *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

static void place(struct event_queue *queue, uint32_t index, struct event_queue_entry entry)
{
    queue->heap[index] = entry;
    entry.timer->heap_index = index;
}

static void sift_up(struct event_queue *queue, uint32_t index, struct event_queue_entry entry)
{
    while (index > 1 && before(&entry, &queue->heap[index / 2])) {
        place(queue, index, queue->heap[index / 2]);
        index /= 2;
    }
    place(queue, index, entry);
}

static void sift_down(struct event_queue *queue, uint32_t index, struct event_queue_entry entry)
{
    for (;;) {
        uint32_t child = index * 2;
        if (child > queue->count)
            break;
        if (child < queue->count && before(&queue->heap[child + 1], &queue->heap[child]))
            child++;
        if (!before(&queue->heap[child], &entry))
            break;
        place(queue, index, queue->heap[child]);
        index = child;
    }
    place(queue, index, entry);
}

/* The entry at `index` was taken out; the last one takes its place. */
static void close_gap(struct event_queue *queue, uint32_t index)
{
    struct event_queue_entry last = queue->heap[queue->count--];
    if (index > queue->count)
        return;
    if (index > 1 && before(&last, &queue->heap[index / 2]))
        sift_up(queue, index, last);
    else
        sift_down(queue, index, last);
}

void event_queue_cancel(struct event_queue *queue, struct model_timer *timer)
{
    uint32_t index = timer->heap_index;
    if (index == 0)
        return;
    BUG_ON(index > queue->count);
    BUG_ON(queue->heap[index].timer != timer);
    timer->heap_index = 0;
    close_gap(queue, index);
}

void event_queue_set(struct event_queue *queue, struct model_timer *timer, uint64_t at_ns)
{
    event_queue_cancel(queue, timer);
    BUG_ON(queue->count == queue->capacity);
    timer->at_ns = at_ns;
    timer->order = queue->next_order++;
    struct event_queue_entry entry = { at_ns, timer->order, timer };
    sift_up(queue, ++queue->count, entry);
}

struct model_timer *event_queue_pop(struct event_queue *queue)
{
    if (queue->count == 0)
        return NULL;
    struct model_timer *timer = queue->heap[1].timer;
    timer->heap_index = 0;
    close_gap(queue, 1);
    return timer;
}
