/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A PCI host bridge with ECAM (PCI Express Base 4.0 section 7.2.2) of one bus, and a virtio device behind it at
 * 00:01.0 (VIRTIO 1.2 section 4.1; PCI 3.0 chapter 6). What the device is: virtio_device.h, by the host's node.
 *
 * reg[0] is the configuration space, reg[1] the memory that BARs can be put in, at bus addresses from
 * axiom,window on; the device's line interrupt is output 0 of the node. BAR 0 has 64 bits and 16 KiB: common
 * configuration, ISR, device's configuration, notifications, a page each. MSI-X is not modelled: no
 * machine here takes messages. 00:00.0 is a bridge without any function. */
#include <axiom/errno.h>
#include <hw/regs/pci.h>
#include <hw_models/models.h>

#include "virtio_device.h"

#define BAR_SIZE     0x4000u
#define AT_COMMON    0x0000u
#define AT_ISR       0x1000u
#define AT_DEVICE    0x2000u
#define AT_NOTIFY    0x3000u
#define MULTIPLIER   4u
#define CAP_FIRST    0x40u
#define CAP_STEP     0x18u
#define CONFIG_WORDS (PCI_CONFIG_SIZE / 4)

struct pci_host_model {
    struct model model;
    struct virtio_model virtio;
    uint32_t window; /* bus address of reg[1] */
    uint32_t config[CONFIG_WORDS], writable[CONFIG_WORDS];
    uint32_t device_features_sel, driver_features_sel, queue_sel, config_vector;
};

static struct pci_host_model *host_of(struct model *model)
{
    return CONTAINER_OF(model, struct pci_host_model, model);
}

static void line_update(struct pci_host_model *host)
{
    bool masked = (host->config[PCI_COMMAND / 4] & PCI_COMMAND_NO_INTX) != 0;
    model_line_set(&host->model, 0, 0, host->virtio.isr != 0 && !masked);
}

static void interrupt(struct virtio_model *virtio, uint32_t queue)
{
    (void)queue;
    line_update(CONTAINER_OF(virtio, struct pci_host_model, virtio));
}

/* --- configuration space --- */

static void cap_put(struct pci_host_model *host, uint32_t index, uint32_t type, uint32_t offset,
                    uint32_t length)
{
    uint32_t at = CAP_FIRST + index * CAP_STEP, next = index < 3 ? at + CAP_STEP : 0;
    uint32_t size = type == VIRTIO_PCI_CAP_NOTIFY ? 20 : 16;
    host->config[at / 4] = PCI_CAP_VENDOR | next << 8 | size << 16 | type << 24;
    host->config[at / 4 + 1] = 0; /* BAR 0 */
    host->config[at / 4 + 2] = offset;
    host->config[at / 4 + 3] = length;
    if (type == VIRTIO_PCI_CAP_NOTIFY)
        host->config[at / 4 + 4] = MULTIPLIER;
}

static void config_init(struct pci_host_model *host)
{
    host->config[PCI_VENDOR / 4] = VIRTIO_PCI_VENDOR | VIRTIO_PCI_DEVICE(host->virtio.type) << 16;
    host->config[PCI_COMMAND / 4] = PCI_STATUS_CAPABILITIES << 16;
    host->writable[PCI_COMMAND / 4] = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_NO_INTX;
    host->config[PCI_CLASS / 4] = 0x01000001;            /* storage; revision 1: not transitional */
    host->config[PCI_BAR(0) / 4] = PCI_BAR_TYPE_64 << 1; /* memory, 64 bits */
    host->writable[PCI_BAR(0) / 4] = ~(BAR_SIZE - 1);
    host->writable[PCI_BAR(1) / 4] = UINT32_MAX;
    host->config[PCI_CAPABILITIES / 4] = CAP_FIRST;
    host->config[PCI_INTERRUPT_LINE / 4] = 1u << 8; /* INTA */
    host->writable[PCI_INTERRUPT_LINE / 4] = 0xff;
    cap_put(host, 0, VIRTIO_PCI_CAP_COMMON, AT_COMMON, VIRTIO_PCI_COMMON_SIZE);
    cap_put(host, 1, VIRTIO_PCI_CAP_ISR, AT_ISR, 4);
    cap_put(host, 2, VIRTIO_PCI_CAP_DEVICE, AT_DEVICE, 64);
    cap_put(host, 3, VIRTIO_PCI_CAP_NOTIFY, AT_NOTIFY, 64);
}

/* Of function 00:01.0; NULL: another, or extended space. */
static uint32_t *config_word(struct pci_host_model *host, uint64_t offset)
{
    uint64_t at = offset - PCI_ECAM_AT(0, 1, 0);
    return offset >= PCI_ECAM_AT(0, 1, 0) && at < PCI_CONFIG_SIZE ? &host->config[at / 4] : NULL;
}

static uint64_t config_read(struct pci_host_model *host, const struct model_access *access)
{
    const uint32_t *word = config_word(host, access->offset & ~3ull);
    uint32_t value = word != NULL ? *word : 0;
    if (access->offset < PCI_CONFIG_SIZE)
        value = access->offset < 4 ? 0x00081b36 : 0;
    else if (access->offset % PCI_ECAM_SIZE < 4 && word == NULL)
        value = UINT32_MAX; /* nothing there */
    return value >> 8 * (access->offset & 3);
}

static void config_write(struct pci_host_model *host, const struct model_access *access,
                         uint64_t value)
{
    uint32_t *word = config_word(host, access->offset & ~3ull);
    if (word == NULL || access->size > 4)
        return;
    uint32_t shift = 8 * (uint32_t)(access->offset & 3);
    uint32_t mask = (access->size == 4 ? UINT32_MAX : (1u << 8 * access->size) - 1) << shift;
    mask &= host->writable[word - host->config];
    model_reg_set(&host->model, word, (*word & ~mask) | ((uint32_t)value << shift & mask));
    line_update(host);
}

/* --- the common configuration [4.1.4.3] --- */

static uint64_t common_read(struct pci_host_model *host, uint32_t offset)
{
    struct virtio_model *virtio = &host->virtio;
    const struct virtio_model_queue *queue = virtio_model_queue(virtio, host->queue_sel);
    switch (offset) {
    case VIRTIO_PCI_DEVICE_FEATURE_SELECT:
        return host->device_features_sel;
    case VIRTIO_PCI_DEVICE_FEATURE:
        return host->device_features_sel < 2
                   ? (uint32_t)(virtio->features >> 32 * host->device_features_sel)
                   : 0;
    case VIRTIO_PCI_DRIVER_FEATURE_SELECT:
        return host->driver_features_sel;
    case VIRTIO_PCI_CONFIG_MSIX_VECTOR:
    case VIRTIO_PCI_QUEUE_MSIX_VECTOR:
        return VIRTIO_PCI_NO_VECTOR;
    case VIRTIO_PCI_NUM_QUEUES:
        return virtio->queue_count;
    case VIRTIO_PCI_DEVICE_STATUS:
        return virtio->status;
    case VIRTIO_PCI_CONFIG_GENERATION:
        return virtio->generation;
    case VIRTIO_PCI_QUEUE_SELECT:
        return host->queue_sel;
    case VIRTIO_PCI_QUEUE_SIZE:
        return queue != NULL ? queue->size : 0;
    case VIRTIO_PCI_QUEUE_ENABLE:
        return queue != NULL ? queue->ready : 0;
    case VIRTIO_PCI_QUEUE_NOTIFY_OFF:
        return host->queue_sel;
    default:
        return 0;
    }
}

static void queue_write(struct pci_host_model *host, uint32_t offset, uint32_t value)
{
    struct virtio_model_queue *queue = virtio_model_queue(&host->virtio, host->queue_sel);
    if (queue == NULL) {
        model_warn(&host->model, "there is no queue %u", host->queue_sel);
    } else if (offset == VIRTIO_PCI_QUEUE_ENABLE) {
        if (value != 1)
            model_warn(&host->model, "a queue cannot be switched off (4.1.4.3.2)");
        model_reg_set(&host->model, &queue->ready, 1);
    } else if (virtio_model_queue_locked(&host->virtio, queue)) {
        return;
    } else if (offset == VIRTIO_PCI_QUEUE_SIZE) {
        if (!is_power_of_two(value) || value > host->virtio.queue_size_max)
            model_warn(&host->model, "a queue cannot have %u places", value);
        else
            model_reg_set(&host->model, &queue->size, value);
    } else {
        uint32_t *halves = offset < VIRTIO_PCI_QUEUE_DRIVER   ? queue->desc
                           : offset < VIRTIO_PCI_QUEUE_DEVICE ? queue->driver
                                                              : queue->device;
        model_reg_set(&host->model, &halves[offset >> 2 & 1], value);
    }
}

static void common_write(struct pci_host_model *host, uint32_t offset, uint32_t value)
{
    struct model *model = &host->model;
    switch (offset) {
    case VIRTIO_PCI_DEVICE_FEATURE_SELECT:
        model_reg_set(model, &host->device_features_sel, value);
        break;
    case VIRTIO_PCI_DRIVER_FEATURE_SELECT:
        model_reg_set(model, &host->driver_features_sel, value);
        break;
    case VIRTIO_PCI_DRIVER_FEATURE:
        if (host->driver_features_sel < 2)
            model_reg_set(model, &host->virtio.driver_features[host->driver_features_sel], value);
        break;
    case VIRTIO_PCI_DEVICE_STATUS:
        virtio_model_status_write(&host->virtio, value);
        line_update(host);
        break;
    case VIRTIO_PCI_QUEUE_SELECT:
        model_reg_set(model, &host->queue_sel, value);
        break;
    case VIRTIO_PCI_QUEUE_SIZE:
    case VIRTIO_PCI_QUEUE_ENABLE:
        queue_write(host, offset, value);
        break;
    case VIRTIO_PCI_CONFIG_MSIX_VECTOR:
    case VIRTIO_PCI_QUEUE_MSIX_VECTOR:
        break;
    default:
        if (offset >= VIRTIO_PCI_QUEUE_DESC && offset < VIRTIO_PCI_COMMON_SIZE)
            queue_write(host, offset, value);
        else
            model_warn(model, "offset 0x%x of the common configuration is not for writing", offset);
        break;
    }
}

/* --- BAR 0 --- */

static bool bar_offset(struct pci_host_model *host, const struct model_access *access,
                       uint32_t *out)
{
    uint64_t bar = (host->config[PCI_BAR(0) / 4] & ~UINT32_C(15)) |
                   (uint64_t)host->config[PCI_BAR(1) / 4] << 32;
    uint64_t at = host->window + access->offset;
    if ((host->config[PCI_COMMAND / 4] & PCI_COMMAND_MEMORY) == 0 || at < bar ||
        at - bar >= BAR_SIZE)
        return false;
    *out = (uint32_t)(at - bar);
    return true;
}

static uint64_t isr_read(struct pci_host_model *host)
{
    uint32_t isr = host->virtio.isr;
    model_reg_set(&host->model, &host->virtio.isr, 0); /* reading clears it [4.1.4.5] */
    line_update(host);
    return isr;
}

static uint64_t host_read(struct model *model, const struct model_access *access)
{
    struct pci_host_model *host = host_of(model);
    uint32_t at = 0;
    if (access->region == 0)
        return config_read(host, access);
    if (!bar_offset(host, access, &at))
        return UINT64_MAX; /* nobody answers */
    if (at < AT_ISR)
        return common_read(host, at);
    if (at == AT_ISR)
        return isr_read(host);
    uint64_t value = 0;
    for (uint32_t i = 0; i < access->size && at >= AT_DEVICE && at < AT_NOTIFY; i++)
        value |= (uint64_t)virtio_model_config(&host->virtio, at - AT_DEVICE + i) << 8 * i;
    return value;
}

static void host_write(struct model *model, const struct model_access *access, uint64_t value)
{
    struct pci_host_model *host = host_of(model);
    uint32_t at = 0;
    if (access->region == 0) {
        config_write(host, access, value);
        return;
    }
    if (!bar_offset(host, access, &at))
        return;
    if (at < AT_ISR)
        common_write(host, at, (uint32_t)value);
    else if (at >= AT_NOTIFY && (host->config[PCI_COMMAND / 4] & PCI_COMMAND_MASTER) == 0)
        model_warn(model, "a notification, but the function may not use the bus (PCI 3.0, 6.2.2)");
    else if (at >= AT_NOTIFY && (at - AT_NOTIFY) / MULTIPLIER == (value & 0xffff))
        virtio_model_notify(&host->virtio, (uint32_t)value & 0xffff);
    else
        model_warn(model, "offset 0x%x of BAR 0 is not for writing so", at);
}

static int host_init(struct model *model, const struct model_node *node)
{
    struct pci_host_model *host = host_of(model);
    int err = virtio_model_init(&host->virtio, model, node, interrupt);
    if (err == 0)
        err = model_node_u32(node, "axiom,window", 0, &host->window);
    if (err == 0)
        config_init(host);
    return err;
}

static const char *const host_compatible[] = { "pci-host-ecam-generic", NULL };

const struct model_ops pci_host_model = {
    .name = "pci-host",
    .compatible = host_compatible,
    .size = sizeof(struct pci_host_model),
    .init = host_init,
    .read = host_read,
    .write = host_write,
};
