/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Split virtqueues [2.7], the driver's side.
 *
 * The three areas are written here and, but for the used ring, never read: descriptors and who holds
 * them are remembered in `shadow`. So a device that writes where it must not, or gives back what it
 * was not given, or twice, cannot lead us astray. Free descriptors are a list through shadow.next. */
#include "virtio.h"

#include <axiom/errno.h>

int virtqueue_add(struct virtqueue *queue, const struct virtio_buffer *buffers, uint32_t count,
                  void *token)
{
    if (count == 0 || count > queue->free_count)
        return -ENOSPC;
    uint32_t first = queue->free_first, at = first, writable = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool last = i + 1 == count;
        uint32_t next = queue->shadow[at].next;
        queue->desc[at] = (struct virtq_desc){
            .address = buffers[i].address,
            .length = buffers[i].length,
            .flags = (uint16_t)((buffers[i].device_writes ? VIRTQ_DESC_WRITE : 0) |
                                (last ? 0 : VIRTQ_DESC_NEXT)),
            .next = (uint16_t)(last ? 0 : next),
        };
        writable += buffers[i].device_writes ? buffers[i].length : 0;
        if (last)
            queue->free_first = next;
        at = next;
    }
    queue->free_count -= count;
    queue->shadow[first].token = token;
    queue->shadow[first].writable = writable;
    queue->shadow[first].count = count;
    queue->avail->ring[queue->avail_index % queue->size] = (uint16_t)first;
    queue->avail_index++;
    return 0;
}

void virtqueue_notify(struct virtqueue *queue)
{
    dma_wmb(); /* the ring's entries before its index [2.7.13.2.1] */
    __atomic_store_n(&queue->avail->index, queue->avail_index, __ATOMIC_RELEASE);
    dma_wmb();
    /* VIRTQ_USED_NO_NOTIFY is a hint that may be left unread [2.7.10.1]. */
    queue->device->transport->notify(queue->device, queue->index);
}

static void give_back(struct virtqueue *queue, uint32_t first)
{
    uint32_t last = first;
    for (uint32_t i = 1; i < queue->shadow[first].count; i++)
        last = queue->shadow[last].next;
    queue->shadow[last].next = queue->free_first;
    queue->free_first = first;
    queue->free_count += queue->shadow[first].count;
    queue->shadow[first].token = NULL;
}

int virtqueue_take(struct virtqueue *queue, void **token, uint32_t *written)
{
    uint16_t index = __atomic_load_n(&queue->used->index, __ATOMIC_ACQUIRE);
    if (index == queue->used_index)
        return -EAGAIN;
    dma_rmb();
    /* Read once: the device may write it again. */
    const volatile struct virtq_used_element *element =
        &queue->used->ring[queue->used_index % queue->size];
    uint32_t id = element->id, length = element->length;
    if (id >= queue->size || queue->shadow[id].token == NULL || length > queue->shadow[id].writable)
        return -EPROTO;
    *token = queue->shadow[id].token;
    *written = length;
    queue->used_index++;
    give_back(queue, id);
    return 0;
}
