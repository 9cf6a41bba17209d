/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Virtio devices over PCI [4.1], with MSI-X (vector 0 for the queues, 1 for the configuration) or with
 * the line interrupt. Transitional devices are driven as what they also are, modern ones. */
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/mm.h>

#include "virtio.h"
#include <drivers/pci.h>

#define VECTOR_QUEUES 0u
#define VECTOR_CONFIG 1u

struct virtio_pci {
    struct virtio_device device;
    struct pci_function *function;
    struct mmio common, notify, isr, config; /* config: not every device has it */
    uint32_t multiplier;
    uint32_t notify_at[VIRTIO_QUEUE_MAX];
    bool messages; /* MSI-X */
};

static struct virtio_pci *pci_of(struct virtio_device *device)
{
    return CONTAINER_OF(device, struct virtio_pci, device);
}

/* --- the transport [4.1.4.3] --- */

static uint8_t status(struct virtio_device *device)
{
    return mmio_read8(&pci_of(device)->common, VIRTIO_PCI_DEVICE_STATUS);
}

/* A reset forgets the vectors [4.1.5.1.2]. */
static void status_set(struct virtio_device *device, uint8_t value)
{
    struct virtio_pci *pci = pci_of(device);
    mmio_write8(&pci->common, VIRTIO_PCI_DEVICE_STATUS, value);
    if (pci->messages && value == VIRTIO_STATUS_ACKNOWLEDGE)
        mmio_write16(&pci->common, VIRTIO_PCI_CONFIG_MSIX_VECTOR, VECTOR_CONFIG);
}

static uint64_t features(struct virtio_device *device)
{
    const struct mmio *common = &pci_of(device)->common;
    mmio_write32(common, VIRTIO_PCI_DEVICE_FEATURE_SELECT, 0);
    uint64_t value = mmio_read32(common, VIRTIO_PCI_DEVICE_FEATURE);
    mmio_write32(common, VIRTIO_PCI_DEVICE_FEATURE_SELECT, 1);
    return value | (uint64_t)mmio_read32(common, VIRTIO_PCI_DEVICE_FEATURE) << 32;
}

static void features_set(struct virtio_device *device, uint64_t value)
{
    const struct mmio *common = &pci_of(device)->common;
    mmio_write32(common, VIRTIO_PCI_DRIVER_FEATURE_SELECT, 0);
    mmio_write32(common, VIRTIO_PCI_DRIVER_FEATURE, (uint32_t)value);
    mmio_write32(common, VIRTIO_PCI_DRIVER_FEATURE_SELECT, 1);
    mmio_write32(common, VIRTIO_PCI_DRIVER_FEATURE, (uint32_t)(value >> 32));
}

static uint32_t queue_size_max(struct virtio_device *device, uint32_t index)
{
    const struct mmio *common = &pci_of(device)->common;
    if (index >= mmio_read16(common, VIRTIO_PCI_NUM_QUEUES))
        return 0;
    mmio_write16(common, VIRTIO_PCI_QUEUE_SELECT, (uint16_t)index);
    return mmio_read16(common, VIRTIO_PCI_QUEUE_SIZE);
}

static void address_set(const struct mmio *common, uint32_t reg, uint64_t address)
{
    mmio_write32(common, reg, (uint32_t)address);
    mmio_write32(common, reg + 4, (uint32_t)(address >> 32));
}

/* Where the queue is notified [4.1.4.4]; false: outside of what the device showed. */
static bool notify_place(struct virtio_pci *pci, uint32_t index)
{
    uint64_t at =
        (uint64_t)mmio_read16(&pci->common, VIRTIO_PCI_QUEUE_NOTIFY_OFF) * pci->multiplier;
    if (at % 2 != 0 || at + 2 > pci->notify.size)
        return false;
    pci->notify_at[index] = (uint32_t)at;
    return true;
}

/* [4.1.5.1.3] */
static int queue_enable(struct virtio_device *device, const struct virtqueue *queue)
{
    struct virtio_pci *pci = pci_of(device);
    const struct mmio *common = &pci->common;
    uint64_t base = queue->memory.address;
    mmio_write16(common, VIRTIO_PCI_QUEUE_SELECT, (uint16_t)queue->index);
    if (!notify_place(pci, queue->index)) {
        log_err("%s: queue %u is notified outside of its BAR", device->name, queue->index);
        return -EINVAL;
    }
    if (pci->messages) {
        mmio_write16(common, VIRTIO_PCI_QUEUE_MSIX_VECTOR, VECTOR_QUEUES);
        if (mmio_read16(common, VIRTIO_PCI_QUEUE_MSIX_VECTOR) != VECTOR_QUEUES) {
            log_err("%s: it takes no vector for queue %u", device->name, queue->index);
            return -EIO;
        }
    }
    mmio_write16(common, VIRTIO_PCI_QUEUE_SIZE, (uint16_t)queue->size);
    address_set(common, VIRTIO_PCI_QUEUE_DESC, base);
    address_set(common, VIRTIO_PCI_QUEUE_DRIVER,
                base + (uint64_t)((char *)queue->avail - (char *)queue->memory.at));
    address_set(common, VIRTIO_PCI_QUEUE_DEVICE,
                base + (uint64_t)((char *)queue->used - (char *)queue->memory.at));
    mmio_write16(common, VIRTIO_PCI_QUEUE_ENABLE, 1);
    return 0;
}

static void notify(struct virtio_device *device, uint32_t index)
{
    struct virtio_pci *pci = pci_of(device);
    mmio_write16(&pci->notify, pci->notify_at[index], (uint16_t)index);
}

static uint32_t config(struct virtio_device *device, uint32_t offset, uint32_t size)
{
    const struct mmio *regs = &pci_of(device)->config;
    if ((uint64_t)offset + size > regs->size)
        return 0;
    return size == 1 ? mmio_read8(regs, offset) : mmio_read32(regs, offset);
}

static uint32_t config_generation(struct virtio_device *device)
{
    return mmio_read8(&pci_of(device)->common, VIRTIO_PCI_CONFIG_GENERATION);
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

/* --- interrupts --- */

static void handle_line(struct irq *irq, void *context)
{
    struct virtio_pci *pci = context;
    (void)irq;
    virtio_interrupt(&pci->device, mmio_read8(&pci->isr, 0)); /* reading ends it [4.1.4.5] */
}

static void handle_queues(struct irq *irq, void *context)
{
    struct virtio_pci *pci = context;
    (void)irq;
    virtio_interrupt(&pci->device, VIRTIO_INTERRUPT_QUEUE);
}

static void handle_config(struct irq *irq, void *context)
{
    struct virtio_pci *pci = context;
    (void)irq;
    virtio_interrupt(&pci->device, VIRTIO_INTERRUPT_CONFIG);
}

static int interrupts_start(struct virtio_pci *pci)
{
    int err = pci_msix_enable(pci->function);
    if (err == -EOPNOTSUPP)
        return pci_intx_request(pci->function, handle_line, pci);
    pci->messages = true;
    err = pci_msix_request(pci->function, VECTOR_QUEUES, handle_queues, pci);
    if (err == 0)
        err = pci_msix_request(pci->function, VECTOR_CONFIG, handle_config, pci);
    if (err)
        pci_msix_disable(pci->function);
    return err;
}

static void interrupts_stop(struct virtio_pci *pci)
{
    if (pci->messages)
        pci_msix_disable(pci->function);
    else
        pci_intx_free(pci->function);
}

/* --- the device --- */

static void unmap(struct virtio_pci *pci)
{
    struct mmio *const parts[] = { &pci->common, &pci->notify, &pci->isr, &pci->config };
    for (uint32_t i = 0; i < ARRAY_SIZE(parts); i++) {
        if (parts[i]->size != 0)
            mmio_unmap(parts[i]);
    }
}

/* The first capability of this type whose BAR can be mapped, as 4.1.4.1 wants; -ENODEV: none. */
static int part_map(struct virtio_pci *pci, uint32_t type, uint32_t least, struct mmio *out)
{
    struct pci_function *function = pci->function;
    uint32_t at, index = 0;
    while ((at = pci_capability(function, PCI_CAP_VENDOR, VIRTIO_PCI_CAP_SIZE, index++)) != 0) {
        uint32_t bar = pci_config_read(function, at + VIRTIO_PCI_CAP_BAR, 1);
        uint32_t offset = pci_config_read(function, at + VIRTIO_PCI_CAP_OFFSET, 4);
        uint32_t length = pci_config_read(function, at + VIRTIO_PCI_CAP_LENGTH, 4);
        if (pci_config_read(function, at + VIRTIO_PCI_CAP_TYPE, 1) != type || length < least ||
            offset % 4 != 0)
            continue;
        if (length > UINT32_C(1) << 16) /* no more is ever looked at */
            length = UINT32_C(1) << 16;
        if (type == VIRTIO_PCI_CAP_NOTIFY && at + VIRTIO_PCI_CAP_MULTIPLIER + 4 <= PCI_CONFIG_SIZE)
            pci->multiplier = pci_config_read(function, at + VIRTIO_PCI_CAP_MULTIPLIER, 4);
        return pci_bar_map(function, bar, offset, length, out);
    }
    return -ENODEV;
}

static int parts_map(struct virtio_pci *pci)
{
    int err = part_map(pci, VIRTIO_PCI_CAP_COMMON, VIRTIO_PCI_COMMON_SIZE, &pci->common);
    if (err == 0)
        err = part_map(pci, VIRTIO_PCI_CAP_NOTIFY, 2, &pci->notify);
    if (err == 0)
        err = part_map(pci, VIRTIO_PCI_CAP_ISR, 1, &pci->isr);
    if (err) {
        log_err("%s: it does not show where its registers are", pci->device.name);
        return err;
    }
    int absent = part_map(pci, VIRTIO_PCI_CAP_DEVICE, 4, &pci->config);
    return absent == -ENOMEM ? absent : 0;
}

static uint32_t type_of(const struct pci_function *function)
{
    if (function->vendor != VIRTIO_PCI_VENDOR)
        return 0;
    if (function->id > VIRTIO_PCI_DEVICE(0) && function->id < VIRTIO_PCI_DEVICE(0x40))
        return function->id - VIRTIO_PCI_DEVICE(0u);
    bool transitional =
        function->id >= VIRTIO_PCI_TRANS_FIRST && function->id < VIRTIO_PCI_DEVICE(0u);
    return transitional ? function->subsystem : 0;
}

static bool knows(const struct pci_function *function)
{
    return type_of(function) != 0;
}

static int probe(struct pci_function *function)
{
    struct virtio_pci *pci = kzalloc(sizeof *pci);
    if (pci == NULL)
        return -ENOMEM;
    pci->function = function;
    pci->device.transport = &transport;
    pci->device.name = function->name;
    pci->device.type = type_of(function);
    int err = parts_map(pci);
    if (err == 0)
        err = interrupts_start(pci);
    if (err)
        goto unmap;
    err = virtio_start(&pci->device);
    if (err)
        goto stop;
    function->driver_data = pci;
    return 0;
stop:
    interrupts_stop(pci);
unmap:
    unmap(pci);
    kfree(pci);
    return err;
}

static void remove(struct pci_function *function)
{
    struct virtio_pci *pci = function->driver_data;
    virtio_stop(&pci->device);
    interrupts_stop(pci);
    unmap(pci);
    kfree(pci);
}

const struct pci_driver virtio_pci_driver = {
    .name = "virtio-pci",
    .knows = knows,
    .probe = probe,
    .remove = remove,
};
