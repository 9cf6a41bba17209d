/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Virtio devices over memory-mapped registers [4.2], as device trees name them (bindings/virtio/
 * mmio.yaml). A node may be a place where no device is plugged in (device ID 0). */
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/mm.h>
#include <drivers/table.h>
#include <hw/irq.h>

#include "virtio.h"

#define CONFIG_END_MAX 0x1000u

struct virtio_mmio {
    struct virtio_device device;
    struct mmio regs;
    struct irq *irq;
};

static uint32_t reg_read(struct virtio_device *device, uint32_t reg)
{
    return mmio_read32(&CONTAINER_OF(device, struct virtio_mmio, device)->regs, reg);
}

static void reg_write(struct virtio_device *device, uint32_t reg, uint32_t value)
{
    mmio_write32(&CONTAINER_OF(device, struct virtio_mmio, device)->regs, reg, value);
}

/* --- the transport --- */

static uint8_t status(struct virtio_device *device)
{
    return (uint8_t)reg_read(device, VIRTIO_MMIO_STATUS);
}

static void status_set(struct virtio_device *device, uint8_t value)
{
    reg_write(device, VIRTIO_MMIO_STATUS, value);
}

static uint64_t features(struct virtio_device *device)
{
    reg_write(device, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
    uint64_t value = reg_read(device, VIRTIO_MMIO_DEVICE_FEATURES);
    reg_write(device, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
    return value | (uint64_t)reg_read(device, VIRTIO_MMIO_DEVICE_FEATURES) << 32;
}

static void features_set(struct virtio_device *device, uint64_t value)
{
    reg_write(device, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
    reg_write(device, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)value);
    reg_write(device, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
    reg_write(device, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)(value >> 32));
}

static uint32_t queue_size_max(struct virtio_device *device, uint32_t index)
{
    reg_write(device, VIRTIO_MMIO_QUEUE_SEL, index);
    return reg_read(device, VIRTIO_MMIO_QUEUE_NUM_MAX);
}

static void address_set(struct virtio_device *device, uint32_t reg, uint64_t address)
{
    reg_write(device, reg, (uint32_t)address);
    reg_write(device, reg + 4, (uint32_t)(address >> 32));
}

/* [4.2.3.2] */
static int queue_enable(struct virtio_device *device, const struct virtqueue *queue)
{
    uint64_t base = queue->memory.address;
    reg_write(device, VIRTIO_MMIO_QUEUE_SEL, queue->index);
    if (reg_read(device, VIRTIO_MMIO_QUEUE_READY) != 0)
        return -EBUSY;
    reg_write(device, VIRTIO_MMIO_QUEUE_NUM, queue->size);
    address_set(device, VIRTIO_MMIO_QUEUE_DESC_LOW, base);
    address_set(device, VIRTIO_MMIO_QUEUE_DRIVER_LOW,
                base + (uint64_t)((char *)queue->avail - (char *)queue->memory.at));
    address_set(device, VIRTIO_MMIO_QUEUE_DEVICE_LOW,
                base + (uint64_t)((char *)queue->used - (char *)queue->memory.at));
    reg_write(device, VIRTIO_MMIO_QUEUE_READY, 1);
    return 0;
}

static void notify(struct virtio_device *device, uint32_t index)
{
    reg_write(device, VIRTIO_MMIO_QUEUE_NOTIFY, index);
}

static uint32_t config(struct virtio_device *device, uint32_t offset, uint32_t size)
{
    const struct mmio *regs = &CONTAINER_OF(device, struct virtio_mmio, device)->regs;
    uint64_t at = (uint64_t)VIRTIO_MMIO_CONFIG + offset;
    if (at + size > regs->size || at + size > CONFIG_END_MAX)
        return 0;
    return size == 1 ? mmio_read8(regs, (uint32_t)at) : mmio_read32(regs, (uint32_t)at);
}

static uint32_t config_generation(struct virtio_device *device)
{
    return reg_read(device, VIRTIO_MMIO_CONFIG_GENERATION);
}

static const struct virtio_transport transport = {
    .status = status,
    .status_set = status_set,
    .features = features,
    .features_set = features_set,
    .queue_size_max = queue_size_max,
    .queue_enable = queue_enable,
    .notify = notify,
    .config = config,
    .config_generation = config_generation,
};

/* [4.2.3.4] */
static void handle(struct irq *irq, void *context)
{
    struct virtio_mmio *at = context;
    (void)irq;
    uint32_t what = mmio_read32(&at->regs, VIRTIO_MMIO_INTERRUPT_STATUS);
    mmio_write32(&at->regs, VIRTIO_MMIO_INTERRUPT_ACK, what);
    virtio_interrupt(&at->device, what);
}

/* --- the device --- */

/* 0, or why nothing can be done here [4.2.2.2]. */
static int identify(struct device *device, struct virtio_mmio *at)
{
    if (mmio_read32(&at->regs, VIRTIO_MMIO_MAGIC) != VIRTIO_MMIO_MAGIC_VALUE) {
        log_err("%s: no virtio device answers", device_name(device));
        return -ENODEV;
    }
    uint32_t version = mmio_read32(&at->regs, VIRTIO_MMIO_VERSION);
    at->device.type = mmio_read32(&at->regs, VIRTIO_MMIO_DEVICE_ID);
    if (at->device.type == 0)
        return -ENODEV; /* an empty place: nothing to tell */
    if (version != VIRTIO_MMIO_VERSION_VALUE) {
        log_err("%s: version %u of virtio's registers; only 2 is served", device_name(device),
                version);
        return -ENODEV;
    }
    return 0;
}

static int probe(struct device *device)
{
    struct virtio_mmio *at = kzalloc(sizeof *at);
    if (at == NULL)
        return -ENOMEM;
    at->device.transport = &transport;
    at->device.name = device_name(device);
    int err = device_irq(device, 0, &at->irq);
    if (err == 0)
        err = device_mmio(device, 0, VIRTIO_MMIO_CONFIG, &at->regs);
    if (err)
        goto free_at;
    err = identify(device, at);
    if (err)
        goto unmap;
    err = irq_request(at->irq, handle, at, at->device.name);
    if (err)
        goto unmap;
    err = virtio_start(&at->device);
    if (err)
        goto free_irq;
    device_set_data(device, at);
    return 0;
free_irq:
    irq_free(at->irq);
unmap:
    mmio_unmap(&at->regs);
free_at:
    kfree(at);
    return err;
}

static void remove(struct device *device)
{
    struct virtio_mmio *at = device_data(device);
    virtio_stop(&at->device);
    irq_free(at->irq);
    mmio_unmap(&at->regs);
    kfree(at);
}

static const char *const compatible[] = { "virtio,mmio", NULL };

const struct driver virtio_mmio_driver = {
    .name = "virtio-mmio",
    .compatible = compatible,
    .probe = probe,
    .remove = remove,
};
