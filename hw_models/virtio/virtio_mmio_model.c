/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A virtio device over memory-mapped registers (VIRTIO 1.2 section 4.2). Registers are 32 bits wide and
 * must be accessed so (4.2.2.2); the configuration at 0x100 may be read in bytes. Output 0 of the node is
 * its interrupt, a level: active while InterruptStatus is not 0. What the device is: virtio_device.h. */
#include <axiom/errno.h>
#include <hw_models/models.h>

#include "virtio_device.h"

struct virtio_mmio {
    struct model model;
    struct virtio_model virtio;
    uint32_t device_features_sel, driver_features_sel, queue_sel;
};

static struct virtio_mmio *mmio_of(struct model *model)
{
    return CONTAINER_OF(model, struct virtio_mmio, model);
}

static void line_update(struct virtio_model *virtio)
{
    model_line_set(virtio->model, 0, 0, virtio->isr != 0);
}

static void interrupt(struct virtio_model *virtio, uint32_t queue)
{
    (void)queue;
    line_update(virtio);
}

static uint64_t config_read(const struct virtio_mmio *mmio, const struct model_access *access)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < access->size; i++) {
        uint64_t at = access->offset - VIRTIO_MMIO_CONFIG + i;
        value |= (uint64_t)virtio_model_config(&mmio->virtio, at) << 8 * i;
    }
    return value;
}

static uint64_t mmio_read(struct model *model, const struct model_access *access)
{
    struct virtio_mmio *mmio = mmio_of(model);
    const struct virtio_model_queue *queue = virtio_model_queue(&mmio->virtio, mmio->queue_sel);
    if (access->offset >= VIRTIO_MMIO_CONFIG)
        return config_read(mmio, access);
    if (access->size != 4) {
        model_warn(model, "a register is read with %u bytes (4.2.2.2)", access->size);
        return 0;
    }
    switch (access->offset) {
    case VIRTIO_MMIO_MAGIC:
        return VIRTIO_MMIO_MAGIC_VALUE;
    case VIRTIO_MMIO_VERSION:
        return VIRTIO_MMIO_VERSION_VALUE;
    case VIRTIO_MMIO_DEVICE_ID:
        return mmio->virtio.type;
    case VIRTIO_MMIO_VENDOR_ID:
        return 0x6d6f7861; /* "axom" */
    case VIRTIO_MMIO_DEVICE_FEATURES:
        return mmio->device_features_sel < 2
                   ? (uint32_t)(mmio->virtio.features >> 32 * mmio->device_features_sel)
                   : 0;
    case VIRTIO_MMIO_QUEUE_NUM_MAX:
        return queue != NULL ? mmio->virtio.queue_size_max : 0;
    case VIRTIO_MMIO_QUEUE_READY:
        return queue != NULL ? queue->ready : 0;
    case VIRTIO_MMIO_INTERRUPT_STATUS:
        return mmio->virtio.isr;
    case VIRTIO_MMIO_STATUS:
        return mmio->virtio.status;
    case VIRTIO_MMIO_CONFIG_GENERATION:
        return mmio->virtio.generation;
    default:
        model_warn(model, "register 0x%llx is not for reading", (unsigned long long)access->offset);
        return 0;
    }
}

static void queue_write(struct virtio_mmio *mmio, uint64_t offset, uint32_t value)
{
    struct virtio_model *virtio = &mmio->virtio;
    struct virtio_model_queue *queue = virtio_model_queue(virtio, mmio->queue_sel);
    if (queue == NULL) {
        model_warn(&mmio->model, "there is no queue %u", mmio->queue_sel);
        return;
    }
    if (offset == VIRTIO_MMIO_QUEUE_READY) {
        model_reg_set(&mmio->model, &queue->ready, value & 1);
        return;
    }
    if (virtio_model_queue_locked(virtio, queue))
        return;
    if (offset == VIRTIO_MMIO_QUEUE_NUM) {
        if (!is_power_of_two(value) || value > virtio->queue_size_max)
            model_warn(&mmio->model, "a queue cannot have %u places", value);
        else
            model_reg_set(&mmio->model, &queue->size, value);
        return;
    }
    uint32_t *halves = offset < VIRTIO_MMIO_QUEUE_DRIVER_LOW   ? queue->desc
                       : offset < VIRTIO_MMIO_QUEUE_DEVICE_LOW ? queue->driver
                                                               : queue->device;
    model_reg_set(&mmio->model, &halves[offset >> 2 & 1], value);
}

static void driver_features_write(struct virtio_mmio *mmio, uint32_t value)
{
    if ((mmio->virtio.status & VIRTIO_STATUS_FEATURES_OK) != 0)
        model_warn(&mmio->model, "features change after FEATURES_OK (3.1.1)");
    else if (mmio->driver_features_sel < 2)
        model_reg_set(&mmio->model, &mmio->virtio.driver_features[mmio->driver_features_sel],
                      value);
}

static void mmio_write(struct model *model, const struct model_access *access, uint64_t wide)
{
    struct virtio_mmio *mmio = mmio_of(model);
    uint32_t value = (uint32_t)wide;
    if (access->size != 4 || access->offset >= VIRTIO_MMIO_CONFIG) {
        model_warn(model, "offset 0x%llx is written with %u bytes (4.2.2.2)",
                   (unsigned long long)access->offset, access->size);
        return;
    }
    switch (access->offset) {
    case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
        model_reg_set(model, &mmio->device_features_sel, value);
        break;
    case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
        model_reg_set(model, &mmio->driver_features_sel, value);
        break;
    case VIRTIO_MMIO_DRIVER_FEATURES:
        driver_features_write(mmio, value);
        break;
    case VIRTIO_MMIO_QUEUE_SEL:
        model_reg_set(model, &mmio->queue_sel, value);
        break;
    case VIRTIO_MMIO_QUEUE_NOTIFY:
        virtio_model_notify(&mmio->virtio, value);
        break;
    case VIRTIO_MMIO_INTERRUPT_ACK:
        model_reg_set(model, &mmio->virtio.isr, mmio->virtio.isr & ~value);
        line_update(&mmio->virtio);
        break;
    case VIRTIO_MMIO_STATUS:
        virtio_model_status_write(&mmio->virtio, value);
        line_update(&mmio->virtio);
        break;
    case VIRTIO_MMIO_QUEUE_NUM:
    case VIRTIO_MMIO_QUEUE_READY:
    case VIRTIO_MMIO_QUEUE_DESC_LOW:
    case VIRTIO_MMIO_QUEUE_DESC_HIGH:
    case VIRTIO_MMIO_QUEUE_DRIVER_LOW:
    case VIRTIO_MMIO_QUEUE_DRIVER_HIGH:
    case VIRTIO_MMIO_QUEUE_DEVICE_LOW:
    case VIRTIO_MMIO_QUEUE_DEVICE_HIGH:
        queue_write(mmio, access->offset, value);
        break;
    default:
        model_warn(model, "register 0x%llx is not for writing", (unsigned long long)access->offset);
        break;
    }
}

static int mmio_init(struct model *model, const struct model_node *node)
{
    return virtio_model_init(&mmio_of(model)->virtio, model, node, interrupt);
}

static const char *const mmio_compatible[] = { "virtio,mmio", NULL };

const struct model_ops virtio_mmio_model = {
    .name = "virtio-mmio",
    .compatible = mmio_compatible,
    .size = sizeof(struct virtio_mmio),
    .init = mmio_init,
    .read = mmio_read,
    .write = mmio_write,
};
