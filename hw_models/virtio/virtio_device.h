/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A virtio device (VIRTIO 1.2; sections in brackets) without its transport: status, features, queues,
 * and what a block device and a console do. The transports' models (virtio_mmio_model.c,
 * virtio_pci_model.c) put registers in front.
 *
 * Properties of the node, for want of a plug: axiom,device = "block" or "console";
 *   block:   axiom,sectors (512), axiom,read-only, axiom,no-flush, axiom,bad-sector: reading or writing
 *            it fails
 *   console: what is sent comes back in (a loopback plug)
 *   both:    axiom,queue-size (64)
 * A buffer is served LATENCY_NS after the notification for it. A sector holds its number until it is
 * written. What a driver does against the specification is said, and the device then needs a reset
 * [2.1.2]. */
#pragma once
#include <hw/regs/virtio.h>
#include <hw_models/model.h>

#define VIRTIO_MODEL_QUEUES  2u
#define VIRTIO_MODEL_SECTORS 512u /* at most */

struct virtio_model_queue {
    uint32_t size, ready;
    uint32_t desc[2], driver[2], device[2]; /* low, high */
    uint32_t avail_seen, used_index;
    uint32_t vector; /* PCI: of its interrupts */
};

struct virtio_model {
    uint32_t type;
    uint64_t features;
    uint32_t queue_count, queue_size_max;
    uint32_t status;
    uint32_t driver_features[2];
    uint32_t isr;
    uint32_t generation;
    uint32_t notified; /* a bit a queue */
    struct virtio_model_queue queues[VIRTIO_MODEL_QUEUES];
    struct model_timer work;
    struct model *model;
    /* The transport's: a queue's (or, `queue` UINT32_MAX, the configuration's) interrupt is due. */
    void (*interrupt)(struct virtio_model *virtio, uint32_t queue);
    /* Block: */
    uint32_t sectors, bad_sector;
    uint32_t storage[VIRTIO_MODEL_SECTORS * VIRTIO_BLOCK_SECTOR_SIZE / 4];
    /* Console: sent and not yet received */
    uint8_t loop[4096];
    uint32_t loop_from, loop_count;
};

/* -EINVAL: the node makes no sense. `virtio` lies inside of the model's struct. */
int virtio_model_init(struct virtio_model *virtio, struct model *model,
                      const struct model_node *node,
                      void (*interrupt)(struct virtio_model *virtio, uint32_t queue));
void virtio_model_status_write(struct virtio_model *virtio, uint32_t status);
void virtio_model_notify(struct virtio_model *virtio, uint32_t queue);
/* A byte of the device's configuration; 0 beyond it. */
uint8_t virtio_model_config(const struct virtio_model *virtio, uint64_t offset);
/* NULL: there is no such queue. */
struct virtio_model_queue *virtio_model_queue(struct virtio_model *virtio, uint32_t index);
/* The driver changes a queue that runs, or before it said which features it takes; says so. */
bool virtio_model_queue_locked(struct virtio_model *virtio, const struct virtio_model_queue *queue);
