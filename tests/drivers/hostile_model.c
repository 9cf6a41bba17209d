/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "hostile_model.h"

#include <axiom/bits.h>
#include <axiom/errno.h>
#include <hw/regs/virtio.h>
#include <hw_models/models.h>
#include <string.h>

#define QUEUES 2u

struct hostile {
    struct model model;
    struct model_timer timer;
    uint32_t queue_sel, features_sel, status, isr;
    struct {
        uint32_t size, desc[2], driver[2], device[2];
        uint32_t used;
    } queues[QUEUES];
};

const uint8_t *hostile_bytes;
size_t hostile_size;
static size_t position;

static uint32_t byte(void)
{
    if (hostile_size == 0)
        return 0;
    return position < hostile_size ? hostile_bytes[position++] : 0;
}

static uint32_t word(void)
{
    uint32_t value = byte();
    value |= byte() << 8;
    value |= byte() << 16;
    return value | byte() << 24;
}

static bool lies(void)
{
    return position < hostile_size && byte() % 32 == 0;
}

static struct hostile *hostile_of(struct model *model)
{
    return CONTAINER_OF(model, struct hostile, model);
}

static uint64_t wide(const uint32_t *halves)
{
    return halves[0] | (uint64_t)halves[1] << 32;
}

/* Writes to what the driver gave it to write: rings, and buffers that descriptors name as writable. */
static void used_write(struct hostile *at, uint32_t queue)
{
    uint8_t element[8], index[2];
    uint32_t size = at->queues[queue].size;
    uint64_t used = wide(at->queues[queue].device);
    /* Mostly what the block driver's first request could be, so that the lies come later. */
    const uint32_t lengths[] = { 0, 1, 513, byte() << 12 };
    uint32_t id = lies() ? word() : byte() % 4 != 0 ? 0 : byte() % (2 * size);
    uint32_t length = lies() ? word() : lengths[byte() % 4];
    put_le32(element, id);
    put_le32(element + 4, length);
    (void)model_dma_write(&at->model, used + 4 + 8 * (at->queues[queue].used % size), element, 8);
    at->queues[queue].used += lies() ? byte() : 1;
    put_le16(index, (uint16_t)at->queues[queue].used);
    (void)model_dma_write(&at->model, used + 2, index, 2);
}

static void buffer_write(struct hostile *at, uint32_t queue)
{
    uint8_t desc[16], bytes[64];
    uint32_t index = byte() % at->queues[queue].size;
    if (!model_dma_read(&at->model, wide(at->queues[queue].desc) + 16 * index, desc, 16) ||
        (get_le16(desc + 12) & VIRTQ_DESC_WRITE) == 0)
        return;
    uint32_t length = get_le32(desc + 8);
    for (uint32_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)byte();
    (void)model_dma_write(&at->model, get_le64(desc), bytes,
                          length < sizeof bytes ? length : (uint32_t)sizeof bytes);
}

/* It also overwrites what it must only read. */
static void ring_write(struct hostile *at, uint32_t queue)
{
    uint8_t bytes[16];
    for (uint32_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)byte();
    uint32_t index = byte() % at->queues[queue].size;
    (void)model_dma_write(&at->model, wide(at->queues[queue].desc) + 16 * index, bytes, 16);
    (void)model_dma_write(&at->model, wide(at->queues[queue].driver), bytes, 4);
}

static void act(struct model *model, struct model_timer *timer)
{
    struct hostile *at = hostile_of(model);
    for (uint32_t steps = byte() % 8; steps > 0; steps--) {
        uint32_t what = byte(), queue = what >> 4 & 1;
        if (at->queues[queue].size == 0 || wide(at->queues[queue].device) == 0)
            break;
        if (what % 4 < 2)
            used_write(at, queue);
        else if (what % 4 == 2)
            buffer_write(at, queue);
        else
            ring_write(at, queue);
    }
    at->isr = lies() ? byte() : 1;
    model_line_set(model, 0, 0, true);
    if (position < hostile_size)
        model_timer_set(model, timer, model_time_ns(model) + 1000 + byte() * 1000, act);
}

static uint64_t honest_read(struct hostile *at, uint64_t offset)
{
    switch (offset) {
    case VIRTIO_MMIO_MAGIC:
        return VIRTIO_MMIO_MAGIC_VALUE;
    case VIRTIO_MMIO_VERSION:
        return VIRTIO_MMIO_VERSION_VALUE;
    case VIRTIO_MMIO_DEVICE_ID:
        return hostile_size != 0 && (hostile_bytes[0] & 1) != 0 ? VIRTIO_TYPE_CONSOLE
                                                                : VIRTIO_TYPE_BLOCK;
    case VIRTIO_MMIO_DEVICE_FEATURES:
        return at->features_sel == 1 ? 1 : byte() << 5;
    case VIRTIO_MMIO_QUEUE_NUM_MAX:
        return 8;
    case VIRTIO_MMIO_INTERRUPT_STATUS:
        return at->isr;
    case VIRTIO_MMIO_STATUS:
        return at->status;
    case VIRTIO_MMIO_CONFIG:
        return 100;
    default:
        return 0;
    }
}

static uint64_t hostile_read(struct model *model, const struct model_access *access)
{
    struct hostile *at = hostile_of(model);
    uint64_t value = honest_read(at, access->offset);
    /* Who it is stays, or nothing is tried at all. */
    return access->offset > VIRTIO_MMIO_DEVICE_ID && lies() ? word() : value;
}

static void queue_write(struct hostile *at, uint64_t offset, uint32_t value)
{
    uint32_t index = at->queue_sel % QUEUES, half = offset >> 2 & 1;
    if (offset == VIRTIO_MMIO_QUEUE_NUM)
        at->queues[index].size = value;
    else if (offset >= VIRTIO_MMIO_QUEUE_DEVICE_LOW)
        at->queues[index].device[half] = value;
    else if (offset >= VIRTIO_MMIO_QUEUE_DRIVER_LOW)
        at->queues[index].driver[half] = value;
    else if (offset >= VIRTIO_MMIO_QUEUE_DESC_LOW)
        at->queues[index].desc[half] = value;
}

static void hostile_write(struct model *model, const struct model_access *access, uint64_t value)
{
    struct hostile *at = hostile_of(model);
    switch (access->offset) {
    case VIRTIO_MMIO_QUEUE_SEL:
        at->queue_sel = (uint32_t)value;
        break;
    case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
        at->features_sel = (uint32_t)value;
        break;
    case VIRTIO_MMIO_STATUS:
        at->status = (uint32_t)value;
        if (value == 0) {
            /* A device that writes after its reset cannot be survived without an IOMMU. */
            memset(at->queues, 0, sizeof at->queues);
            model_timer_cancel(model, &at->timer);
            model_line_set(model, 0, 0, false);
        }
        break;
    case VIRTIO_MMIO_INTERRUPT_ACK:
        at->isr = 0;
        model_line_set(model, 0, 0, false);
        break;
    case VIRTIO_MMIO_QUEUE_NOTIFY:
        model_timer_set(model, &at->timer, model_time_ns(model) + 2000, act);
        break;
    default:
        if (access->offset < VIRTIO_MMIO_CONFIG)
            queue_write(at, access->offset, (uint32_t)value);
        break;
    }
}

static int hostile_init(struct model *model, const struct model_node *node)
{
    (void)model;
    (void)node;
    position = 1;
    return 0;
}

static const char *const compatible[] = { "virtio,mmio", NULL };

static const struct model_ops hostile_model = {
    .name = "hostile-virtio",
    .compatible = compatible,
    .size = sizeof(struct hostile),
    .init = hostile_init,
    .read = hostile_read,
    .write = hostile_write,
};

/* In the place of hw_models/table.c's. */
const struct model_ops *const model_table[] = { &gic_v2_model, &arm_timer_model, &hostile_model,
                                                NULL };
