/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The pairing heap of timers.
 *
 * child: first child; next: next sibling; back: previous sibling, or the parent for a first child.
 * Invariant: no timer comes before its parent. */
#include <axiom/bug.h>
#include <internal/timer_queue.h>

static bool comes_before(const struct timer *a, const struct timer *b)
{
    return a->expires_ns != b->expires_ns ? a->expires_ns < b->expires_ns : a->order < b->order;
}

/* Joins two heaps, either may be NULL; the later root becomes the other's first child. */
static struct timer *join(struct timer *a, struct timer *b)
{
    if (a == NULL || b == NULL)
        return a != NULL ? a : b;
    if (comes_before(b, a)) {
        struct timer *swap = a;
        a = b;
        b = swap;
    }
    b->next = a->child;
    if (a->child != NULL)
        a->child->back = b;
    b->back = a;
    a->child = b;
    return a;
}

/* One heap of a list of siblings: pairs from the left, then all of them from the right. The pairs
 * are kept in a list through `back`, newest first, so nothing recurses. */
static struct timer *join_siblings(struct timer *first)
{
    struct timer *pairs = NULL;
    while (first != NULL) {
        struct timer *a = first;
        struct timer *b = a->next;
        first = b != NULL ? b->next : NULL;
        a->next = NULL;
        if (b != NULL)
            b->next = NULL;
        struct timer *pair = join(a, b);
        pair->back = pairs;
        pairs = pair;
    }
    struct timer *heap = NULL;
    while (pairs != NULL) {
        struct timer *pair = pairs;
        pairs = pair->back;
        pair->back = NULL;
        heap = join(heap, pair);
    }
    return heap;
}

void timer_heap_push(struct timer_heap *heap, struct timer *timer)
{
    timer->child = timer->next = timer->back = NULL;
    heap->root = join(heap->root, timer);
}

static void detach(struct timer *timer)
{
    if (timer->back->child == timer)
        timer->back->child = timer->next;
    else
        timer->back->next = timer->next;
    if (timer->next != NULL)
        timer->next->back = timer->back;
}

void timer_heap_remove(struct timer_heap *heap, struct timer *timer)
{
    BUG_ON(heap->root == NULL);
    struct timer *below = join_siblings(timer->child);
    if (timer == heap->root) {
        heap->root = below;
    } else {
        detach(timer);
        heap->root = join(heap->root, below);
    }
    timer->child = timer->next = timer->back = NULL;
}
