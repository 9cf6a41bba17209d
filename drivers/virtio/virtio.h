/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Inside of drivers/virtio: a device, whichever way it is reached, and its queues. Sections are of
 * VIRTIO 1.2.
 *
 * A device is not trusted. Nothing that it can write is read back but the used ring and the buffers
 * that it was given to write; what it says of a buffer is checked against what we remember. One that
 * breaks the rules is reset, once and for all, and its driver told (`broken`). */
#pragma once
#include <axiom/types.h>
#include <core/spinlock.h>
#include <hw/device.h>
#include <hw/dma.h>
#include <hw/regs/virtio.h>

#define VIRTIO_QUEUE_DEPTH 64u /* descriptors; devices may have fewer */
#define VIRTIO_QUEUE_MAX   2u

struct virtio_device;

struct virtqueue {
    struct virtio_device *device;
    uint32_t index;
    uint32_t size; /* descriptors: a power of two; 0: not set up */
    struct dma_memory memory;
    struct virtq_desc *desc;
    struct virtq_avail *avail;
    struct virtq_used *used;
    /* Whoever calls serialises: */
    uint16_t avail_index, used_index; /* free-running, as the rings' */
    uint32_t free_count, free_first;
    struct {
        void *token;       /* of a chain's first descriptor; NULL: not in the device's hands */
        uint32_t writable; /* bytes that the device may write to the chain */
        uint32_t count;    /* descriptors of the chain */
        uint32_t next;     /* descriptor, in the chain or among the free */
    } shadow[VIRTIO_QUEUE_DEPTH];
};

struct virtio_buffer {
    uint64_t address;
    uint32_t length;
    bool device_writes;
};

/* Bytes for the device to read come first [2.7.4.2]. -ENOSPC: not so many descriptors are free.
 * token: not NULL. The device sees it after virtqueue_notify(). */
int virtqueue_add(struct virtqueue *queue, const struct virtio_buffer *buffers, uint32_t count,
                  void *token);
void virtqueue_notify(struct virtqueue *queue);
/* A chain that the device is done with: its token, and how many bytes it wrote (at most what it was
 * given). -EAGAIN: none; -EPROTO: the device broke the rules, and must be given up. */
int virtqueue_take(struct virtqueue *queue, void **token, uint32_t *written);

struct virtio_transport {
    uint8_t (*status)(struct virtio_device *device);
    void (*status_set)(struct virtio_device *device, uint8_t status);
    uint64_t (*features)(struct virtio_device *device);
    void (*features_set)(struct virtio_device *device, uint64_t features);
    uint32_t (*queue_size_max)(struct virtio_device *device, uint32_t index); /* 0: none */
    int (*queue_enable)(struct virtio_device *device, const struct virtqueue *queue);
    void (*notify)(struct virtio_device *device, uint32_t index);
    /* `size` bytes of the configuration, 1 or 4, aligned; out of it: 0. */
    uint32_t (*config)(struct virtio_device *device, uint32_t offset, uint32_t size);
    uint32_t (*config_generation)(struct virtio_device *device);
};

struct virtio_driver {
    const char *name;
    uint32_t type;
    uint32_t queue_count;
    uint64_t features; /* wanted, beside those that every device must have */
    /* Queues are there; the device runs once it returns 0. Process context. */
    int (*attach)(struct virtio_device *device);
    /* The device runs. */
    void (*started)(struct virtio_device *device);
    /* The device is reset and silent. Process context. */
    void (*detach)(struct virtio_device *device);
    /* Some queue has news. Interrupt context. */
    void (*interrupt)(struct virtio_device *device);
    /* Nothing will come any more. Any context. */
    void (*broken)(struct virtio_device *device);
};

struct virtio_device {
    const struct virtio_transport *transport; /* with type, name: the transport's, before start */
    uint32_t type;
    const char *name;
    const struct virtio_driver *driver;
    uint64_t features; /* negotiated */
    struct virtqueue queues[VIRTIO_QUEUE_MAX];
    void *driver_data;
    bool running; /* atomic: from DRIVER_OK until stop or failure */
};

/* Finds the driver and brings the device up [3.1.1]. -ENODEV: no driver for its type; -EOPNOTSUPP: it
 * lacks a feature; -ENOMEM; the driver's errors. On failure it is left reset. Process context. */
int virtio_start(struct virtio_device *device);
/* Resets it and detaches the driver; its interrupt is free already, or masked. Process context. */
void virtio_stop(struct virtio_device *device);
/* From the transport's interrupt handler: VIRTIO_INTERRUPT_* bits. */
void virtio_interrupt(struct virtio_device *device, uint32_t what);
/* It broke the rules; said once. Any context. */
void virtio_fail(struct virtio_device *device, const char *why);
/* 64 bits of the configuration, of one moment [2.5.1]. */
uint64_t virtio_config64(struct virtio_device *device, uint32_t offset);

extern const struct virtio_driver virtio_block, virtio_console;
