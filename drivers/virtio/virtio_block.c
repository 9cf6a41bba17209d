/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Virtio block devices [5.2].
 *
 * A few slots, each a piece of memory that the device may use: header, status, data. Callers' bytes
 * are copied in and out, so that a device which writes late or too much hits nobody's memory. A
 * request that is longer than a slot is made in pieces. */
#include <axiom/errno.h>
#include <axiom/log.h>
#include <axiom/string.h>
#include <core/block.h>
#include <core/mm.h>
#include <core/wait.h>

#include "virtio.h"

#define SLOTS           4u
#define SLOT_SIZE       8192u
#define STATUS_AT       16u
#define DATA_AT         512u
#define SECTORS_MAX     ((SLOT_SIZE - DATA_AT) / BLOCK_SECTOR_SIZE)
#define ANSWER_MAX_NS   (10ull * NSEC_PER_SEC)
#define STATUS_PENDING  0xffu /* none of the specification's */
#define REQUEST_BUFFERS 3u

struct slot {
    struct virtio_block_device *owner;
    uint8_t *at;
    uint64_t address;
    uint32_t written;
    bool busy;
    struct completion done;
};

struct virtio_block_device {
    struct block_device block;
    struct virtio_device *device;
    struct dma_memory memory;
    struct wait_queue free_slot;
    struct spinlock lock;
    /* lock protects: */
    struct slot slots[SLOTS];
};

static bool running(const struct virtio_block_device *disk)
{
    return __atomic_load_n(&disk->device->running, __ATOMIC_ACQUIRE);
}

/* --- slots --- */

static struct slot *slot_try(struct virtio_block_device *disk)
{
    struct slot *found = NULL;
    struct irq_state state = spin_lock_irqsave(&disk->lock);
    for (uint32_t i = 0; i < SLOTS && found == NULL; i++) {
        if (!disk->slots[i].busy)
            found = &disk->slots[i];
    }
    if (found != NULL)
        found->busy = true;
    spin_unlock_irqrestore(&disk->lock, state);
    return found;
}

static struct slot *slot_get(struct virtio_block_device *disk)
{
    struct slot *slot;
    wait_event(&disk->free_slot, (slot = slot_try(disk)) != NULL);
    completion_reset(&slot->done);
    return slot;
}

static void slot_put(struct slot *slot)
{
    struct virtio_block_device *disk = slot->owner;
    struct irq_state state = spin_lock_irqsave(&disk->lock);
    slot->busy = false;
    spin_unlock_irqrestore(&disk->lock, state);
    wait_queue_wake_one(&disk->free_slot);
}

/* --- requests [5.2.6] --- */

static void header_write(struct slot *slot, uint32_t type, uint64_t sector)
{
    put_le32(slot->at, type);
    put_le32(slot->at + 4, 0);
    put_le64(slot->at + 8, sector);
    slot->at[STATUS_AT] = STATUS_PENDING;
}

static int submit(struct slot *slot, uint32_t type, uint32_t size)
{
    struct virtio_block_device *disk = slot->owner;
    struct virtio_buffer buffers[REQUEST_BUFFERS] = {
        { slot->address, VIRTIO_BLOCK_HEADER_SIZE, false },
    };
    uint32_t count = 1;
    if (size != 0)
        buffers[count++] =
            (struct virtio_buffer){ slot->address + DATA_AT, size, type == VIRTIO_BLOCK_T_IN };
    buffers[count++] = (struct virtio_buffer){ slot->address + STATUS_AT, 1, true };
    struct irq_state state = spin_lock_irqsave(&disk->lock);
    int err = running(disk) ? virtqueue_add(&disk->device->queues[0], buffers, count, slot) : -EIO;
    if (err == 0)
        virtqueue_notify(&disk->device->queues[0]);
    spin_unlock_irqrestore(&disk->lock, state);
    return err;
}

/* What the device is to have written: data when reading, and the status. */
static int answer_check(struct slot *slot, uint32_t type, uint32_t size)
{
    struct virtio_block_device *disk = slot->owner;
    uint8_t status = *(volatile uint8_t *)(slot->at + STATUS_AT);
    if (!running(disk))
        return -EIO;
    if (status == VIRTIO_BLOCK_S_UNSUPP)
        return -EOPNOTSUPP;
    if (status == VIRTIO_BLOCK_S_OK && slot->written >= (type == VIRTIO_BLOCK_T_IN ? size : 0) + 1)
        return 0;
    log_err("%s: %s of %u bytes failed: status %u, %u bytes written", disk->device->name,
            type == VIRTIO_BLOCK_T_IN    ? "read"
            : type == VIRTIO_BLOCK_T_OUT ? "write"
                                         : "flush",
            size, status, slot->written);
    return -EIO;
}

static int request(struct slot *slot, uint32_t type, uint64_t sector, uint32_t size)
{
    header_write(slot, type, sector);
    int err = submit(slot, type, size);
    if (err)
        return err;
    if (completion_wait_until(&slot->done, ktime_get_ns() + ANSWER_MAX_NS) != 0) {
        virtio_fail(slot->owner->device, "no answer to a request");
        return -EIO;
    }
    return answer_check(slot, type, size);
}

static uint32_t piece(uint32_t count)
{
    return count < SECTORS_MAX ? count : SECTORS_MAX;
}

static int disk_read(struct block_device *block, uint64_t sector, uint32_t count, void *to)
{
    struct slot *slot = slot_get(block->driver_data);
    uint8_t *bytes = to;
    int err = 0;
    while (count != 0 && err == 0) {
        uint32_t sectors = piece(count), size = sectors * BLOCK_SECTOR_SIZE;
        err = request(slot, VIRTIO_BLOCK_T_IN, sector, size);
        if (err == 0)
            memcpy(bytes, slot->at + DATA_AT, size);
        bytes += size;
        sector += sectors;
        count -= sectors;
    }
    slot_put(slot);
    return err;
}

static int disk_write(struct block_device *block, uint64_t sector, uint32_t count, const void *from)
{
    struct slot *slot = slot_get(block->driver_data);
    const uint8_t *bytes = from;
    int err = 0;
    while (count != 0 && err == 0) {
        uint32_t sectors = piece(count), size = sectors * BLOCK_SECTOR_SIZE;
        memcpy(slot->at + DATA_AT, bytes, size);
        err = request(slot, VIRTIO_BLOCK_T_OUT, sector, size);
        bytes += size;
        sector += sectors;
        count -= sectors;
    }
    slot_put(slot);
    return err;
}

/* Without the feature what was written is there already [5.2.6.2]. */
static int disk_flush(struct block_device *block)
{
    struct virtio_block_device *disk = block->driver_data;
    if ((disk->device->features & VIRTIO_BLOCK_F_FLUSH) == 0)
        return running(disk) ? 0 : -EIO;
    struct slot *slot = slot_get(disk);
    int err = request(slot, VIRTIO_BLOCK_T_FLUSH, 0, 0);
    slot_put(slot);
    return err;
}

static const struct block_device_ops block_ops = { disk_read, disk_write, disk_flush };

/* --- interrupts --- */

static void interrupt(struct virtio_device *device)
{
    struct virtio_block_device *disk = device->driver_data;
    void *token;
    uint32_t written;
    int err;
    struct irq_state state = spin_lock_irqsave(&disk->lock);
    while ((err = virtqueue_take(&device->queues[0], &token, &written)) == 0) {
        struct slot *slot = token;
        slot->written = written;
        complete(&slot->done);
    }
    spin_unlock_irqrestore(&disk->lock, state);
    if (err == -EPROTO)
        virtio_fail(device, "it gives back what it was not given");
}

static void broken(struct virtio_device *device)
{
    struct virtio_block_device *disk = device->driver_data;
    for (uint32_t i = 0; i < SLOTS; i++)
        complete(&disk->slots[i].done);
}

/* --- the device --- */

static int attach(struct virtio_device *device)
{
    struct virtio_block_device *disk = kzalloc(sizeof *disk);
    if (disk == NULL)
        return -ENOMEM;
    int err = dma_alloc(SLOTS * SLOT_SIZE, &disk->memory);
    if (err)
        goto free_disk;
    disk->device = device;
    spin_lock_init(&disk->lock);
    wait_queue_init(&disk->free_slot);
    for (uint32_t i = 0; i < SLOTS; i++) {
        struct slot *slot = &disk->slots[i];
        slot->owner = disk;
        slot->at = (uint8_t *)disk->memory.at + i * SLOT_SIZE;
        slot->address = disk->memory.address + i * SLOT_SIZE;
        completion_init(&slot->done);
    }
    disk->block = (struct block_device){
        .sector_count = virtio_config64(device, VIRTIO_BLOCK_CAPACITY),
        .read_only = (device->features & VIRTIO_BLOCK_F_RO) != 0,
        .ops = &block_ops,
        .driver_data = disk,
    };
    device->driver_data = disk;
    err = block_device_register(&disk->block);
    if (err == 0)
        return 0;
    dma_free(&disk->memory);
free_disk:
    kfree(disk);
    return err;
}

static void detach(struct virtio_device *device)
{
    struct virtio_block_device *disk = device->driver_data;
    block_device_unregister(&disk->block);
    dma_free(&disk->memory);
    kfree(disk);
}

const struct virtio_driver virtio_block = {
    .name = "virtio-block",
    .type = VIRTIO_TYPE_BLOCK,
    .queue_count = 1,
    .features = VIRTIO_BLOCK_F_RO | VIRTIO_BLOCK_F_FLUSH,
    .attach = attach,
    .detach = detach,
    .interrupt = interrupt,
    .broken = broken,
};
