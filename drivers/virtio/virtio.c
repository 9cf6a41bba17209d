/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The life of a virtio device [3.1.1]:
 *
 *   reset --ACKNOWLEDGE, DRIVER, features, FEATURES_OK--> queues, attach --DRIVER_OK--> running
 *   running --virtio_stop()--> reset          running --virtio_fail()--> reset, for good */
#include "virtio.h"

#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/time.h>

#define RESET_TIMEOUT_NS NSEC_PER_SEC
#define GENERATION_TRIES 8u

static const struct virtio_driver *const drivers[] = { &virtio_block, &virtio_console };

static const struct virtio_driver *driver_for(uint32_t type)
{
    for (uint32_t i = 0; i < ARRAY_SIZE(drivers); i++) {
        if (drivers[i]->type == type)
            return drivers[i];
    }
    return NULL;
}

/* The device is done with all memory once it reads 0 [2.4.1, 4.1.4.3.2]. */
static int reset(struct virtio_device *device)
{
    uint64_t deadline_ns = ktime_get_ns() + RESET_TIMEOUT_NS;
    device->transport->status_set(device, 0);
    while (device->transport->status(device) != 0) {
        if (ktime_reached(deadline_ns)) {
            log_err("%s: does not come out of reset", device->name);
            return -ETIMEDOUT;
        }
        delay_relax(deadline_ns);
    }
    return 0;
}

static void status_add(struct virtio_device *device, uint32_t bit)
{
    const struct virtio_transport *transport = device->transport;
    transport->status_set(device, (uint8_t)(transport->status(device) | bit));
}

static int negotiate(struct virtio_device *device)
{
    uint64_t offered = device->transport->features(device);
    if ((offered & VIRTIO_F_VERSION_1) == 0) {
        log_err("%s: a legacy device; only virtio 1.0 and later are served", device->name);
        return -EOPNOTSUPP;
    }
    /* ACCESS_PLATFORM: addresses are the platform's; here that is the same, and it must be accepted
     * where it is offered [6.1]. */
    device->features =
        offered & (device->driver->features | VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM);
    device->transport->features_set(device, device->features);
    status_add(device, VIRTIO_STATUS_FEATURES_OK);
    if ((device->transport->status(device) & VIRTIO_STATUS_FEATURES_OK) == 0) {
        log_err("%s: refuses the features 0x%llx", device->name,
                (unsigned long long)device->features);
        return -EOPNOTSUPP;
    }
    return 0;
}

/* --- queues --- */

/* A power of two that both sides can. */
static uint32_t size_for(uint32_t most)
{
    uint32_t size = VIRTIO_QUEUE_DEPTH;
    while (size > most)
        size /= 2;
    return size;
}

static int queue_start(struct virtio_device *device, uint32_t index)
{
    struct virtqueue *queue = &device->queues[index];
    *queue = (struct virtqueue){ .device = device, .index = index };
    uint32_t size = size_for(device->transport->queue_size_max(device, index));
    if (size < 4) {
        log_err("%s: queue %u is missing or too short", device->name, index);
        return -ENODEV;
    }
    uint32_t avail = size * (uint32_t)sizeof(struct virtq_desc);
    uint32_t used = (uint32_t)align_up64(avail + sizeof(struct virtq_avail) + 2 * size + 2, 4);
    uint32_t end = used + (uint32_t)(sizeof(struct virtq_used) + 2) +
                   size * (uint32_t)sizeof(struct virtq_used_element);
    int err = dma_alloc(end, &queue->memory);
    if (err)
        return err;
    queue->size = size;
    queue->desc = queue->memory.at;
    queue->avail = (void *)((char *)queue->memory.at + avail);
    queue->used = (void *)((char *)queue->memory.at + used);
    queue->free_count = size;
    for (uint32_t i = 0; i < size; i++)
        queue->shadow[i].next = (i + 1) % size;
    return device->transport->queue_enable(device, queue);
}

static void queues_free(struct virtio_device *device)
{
    for (uint32_t i = 0; i < VIRTIO_QUEUE_MAX; i++) {
        dma_free(&device->queues[i].memory);
        device->queues[i].size = 0;
    }
}

static int queues_start(struct virtio_device *device)
{
    int err = 0;
    for (uint32_t i = 0; i < device->driver->queue_count && err == 0; i++)
        err = queue_start(device, i);
    return err;
}

/* --- the device --- */

int virtio_start(struct virtio_device *device)
{
    device->driver = driver_for(device->type);
    device->running = false;
    if (device->driver == NULL) {
        log_info("%s: virtio device type %u has no driver here", device->name, device->type);
        return -ENODEV;
    }
    int err = reset(device);
    if (err)
        return err;
    status_add(device, VIRTIO_STATUS_ACKNOWLEDGE);
    status_add(device, VIRTIO_STATUS_DRIVER);
    err = negotiate(device);
    if (err == 0)
        err = queues_start(device);
    if (err == 0)
        err = device->driver->attach(device);
    if (err) {
        device->transport->status_set(device, VIRTIO_STATUS_FAILED);
        (void)reset(device);
        queues_free(device);
        return err;
    }
    __atomic_store_n(&device->running, true, __ATOMIC_RELEASE);
    status_add(device, VIRTIO_STATUS_DRIVER_OK);
    if (device->driver->started != NULL)
        device->driver->started(device);
    return 0;
}

void virtio_stop(struct virtio_device *device)
{
    __atomic_store_n(&device->running, false, __ATOMIC_RELEASE);
    (void)reset(device);
    device->driver->detach(device);
    queues_free(device);
}

void virtio_fail(struct virtio_device *device, const char *why)
{
    if (!__atomic_exchange_n(&device->running, false, __ATOMIC_ACQ_REL))
        return;
    log_err("%s: %s; the device is given up", device->name, why);
    device->transport->status_set(device, 0); /* in an interrupt nobody waits for it */
    device->driver->broken(device);
}

void virtio_interrupt(struct virtio_device *device, uint32_t what)
{
    if (!__atomic_load_n(&device->running, __ATOMIC_ACQUIRE))
        return;
    if ((what & VIRTIO_INTERRUPT_CONFIG) != 0 &&
        (device->transport->status(device) & VIRTIO_STATUS_NEEDS_RESET) != 0) {
        virtio_fail(device, "it asks to be reset");
        return;
    }
    if ((what & VIRTIO_INTERRUPT_QUEUE) != 0)
        device->driver->interrupt(device);
}

uint64_t virtio_config64(struct virtio_device *device, uint32_t offset)
{
    const struct virtio_transport *transport = device->transport;
    uint64_t value = 0;
    for (uint32_t i = 0; i < GENERATION_TRIES; i++) {
        uint32_t before = transport->config_generation(device);
        value = transport->config(device, offset, 4);
        value |= (uint64_t)transport->config(device, offset + 4, 4) << 32;
        if (transport->config_generation(device) == before)
            break;
    }
    return value;
}
