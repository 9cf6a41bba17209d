/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A heap of waiting messages, first by time, then by place in the file. See ulog.c for who waits
 * and how long. */
#include "ulog.h"

#include <stdlib.h>

int ulog_order_init(struct ulog_order *order)
{
    *order = (struct ulog_order){ 0 };
    order->heap = malloc(ULOG_ORDER_MAX * sizeof *order->heap);
    return order->heap == NULL ? -ENOMEM : 0;
}

static bool before(const struct ulog_message *a, const struct ulog_message *b)
{
    return a->time_us != b->time_us ? a->time_us < b->time_us : a->sequence < b->sequence;
}

bool ulog_order_full(const struct ulog_order *order)
{
    return order->count == ULOG_ORDER_MAX || order->bytes >= ULOG_ORDER_BYTES;
}

void ulog_order_push(struct ulog_order *order, struct ulog_message *message)
{
    uint32_t at = order->count++;
    order->bytes += sizeof *message + message->size;
    while (at > 0 && before(message, order->heap[(at - 1) / 2])) {
        order->heap[at] = order->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    order->heap[at] = message;
}

const struct ulog_message *ulog_order_first(const struct ulog_order *order)
{
    return order->count > 0 ? order->heap[0] : NULL;
}

struct ulog_message *ulog_order_pop(struct ulog_order *order)
{
    struct ulog_message *first = order->heap[0];
    struct ulog_message *moved = order->heap[--order->count];
    order->bytes -= sizeof *first + first->size;
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= order->count)
            break;
        if (child + 1 < order->count && before(order->heap[child + 1], order->heap[child]))
            child++;
        if (!before(order->heap[child], moved))
            break;
        order->heap[at] = order->heap[child];
        at = child;
    }
    order->heap[at] = moved;
    return first;
}

void ulog_order_clear(struct ulog_order *order)
{
    for (uint32_t i = 0; i < order->count; i++)
        free(order->heap[i]);
    order->count = 0;
    order->bytes = 0;
}

void ulog_order_free(struct ulog_order *order)
{
    if (order->heap != NULL)
        ulog_order_clear(order);
    free(order->heap);
    order->heap = NULL;
}
