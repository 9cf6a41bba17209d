/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "virtio_device.h"

#include <axiom/errno.h>
#include <axiom/string.h>

#define LATENCY_NS (20ull * NSEC_PER_USEC)
#define PIECES_MAX 64u

/* A buffer of the driver's: a chain of descriptors [2.7.5]. */
struct chain {
    uint32_t head, count;
    uint32_t readable, writable; /* bytes */
    struct {
        uint64_t address;
        uint32_t length;
        bool writable;
    } piece[PIECES_MAX];
};

static uint64_t address_of(const uint32_t *halves)
{
    return halves[0] | (uint64_t)halves[1] << 32;
}

struct virtio_model_queue *virtio_model_queue(struct virtio_model *virtio, uint32_t index)
{
    return index < virtio->queue_count ? &virtio->queues[index] : NULL;
}

static void interrupt(struct virtio_model *virtio, uint32_t queue)
{
    uint32_t what = queue == UINT32_MAX ? VIRTIO_INTERRUPT_CONFIG : VIRTIO_INTERRUPT_QUEUE;
    model_reg_set(virtio->model, &virtio->isr, virtio->isr | what);
    virtio->interrupt(virtio, queue);
}

static void needs_reset(struct virtio_model *virtio, const char *why)
{
    model_warn(virtio->model, "%s; the device needs a reset", why);
    model_reg_set(virtio->model, &virtio->status, virtio->status | VIRTIO_STATUS_NEEDS_RESET);
    if ((virtio->status & VIRTIO_STATUS_DRIVER_OK) != 0)
        interrupt(virtio, UINT32_MAX);
}

/* --- status [2.1, 3.1.1] --- */

static void reset(struct virtio_model *virtio)
{
    struct model *model = virtio->model;
    model_reg_set(model, &virtio->status, 0);
    model_reg_set(model, &virtio->isr, 0);
    model_reg_set(model, &virtio->driver_features[0], 0);
    model_reg_set(model, &virtio->driver_features[1], 0);
    for (uint32_t i = 0; i < VIRTIO_MODEL_QUEUES; i++) {
        struct virtio_model_queue *queue = &virtio->queues[i];
        model_reg_set(model, &queue->size, virtio->queue_size_max);
        model_reg_set(model, &queue->ready, 0);
        model_reg_set(model, &queue->avail_seen, 0);
        model_reg_set(model, &queue->used_index, 0);
        model_reg_set(model, &queue->vector, VIRTIO_PCI_NO_VECTOR);
        for (uint32_t half = 0; half < 2; half++) {
            model_reg_set(model, &queue->desc[half], 0);
            model_reg_set(model, &queue->driver[half], 0);
            model_reg_set(model, &queue->device[half], 0);
        }
    }
    virtio->notified = 0;
    virtio->loop_count = 0;
    model_timer_cancel(model, &virtio->work);
}

static bool features_good(const struct virtio_model *virtio)
{
    uint64_t taken = address_of(virtio->driver_features);
    return (taken & ~virtio->features) == 0 && (taken & VIRTIO_F_VERSION_1) != 0;
}

void virtio_model_status_write(struct virtio_model *virtio, uint32_t status)
{
    status &= 0xff;
    if (status == 0) {
        reset(virtio);
        return;
    }
    uint32_t kept = virtio->status & ~VIRTIO_STATUS_NEEDS_RESET;
    if ((kept & ~status) != 0)
        model_warn(virtio->model, "status bits 0x%x are cleared without a reset (2.1.1)",
                   kept & ~status);
    uint32_t added = status & ~virtio->status;
    if ((added & VIRTIO_STATUS_DRIVER_OK) != 0 && (status & VIRTIO_STATUS_FEATURES_OK) == 0)
        model_warn(virtio->model, "DRIVER_OK without FEATURES_OK (3.1.1)");
    if ((added & VIRTIO_STATUS_FEATURES_OK) != 0 && !features_good(virtio))
        status &= ~VIRTIO_STATUS_FEATURES_OK; /* refused: the driver reads it back */
    status |= virtio->status & VIRTIO_STATUS_NEEDS_RESET;
    model_reg_set(virtio->model, &virtio->status, status);
}

bool virtio_model_queue_locked(struct virtio_model *virtio, const struct virtio_model_queue *queue)
{
    if (queue->ready == 0)
        return false;
    model_warn(virtio->model, "a queue that runs is changed (4.2.3.2, 4.1.4.3.2)");
    return true;
}

/* --- queues --- */

static bool ring_read(struct virtio_model *virtio, uint64_t address, void *to, uint32_t size)
{
    if (model_dma_read(virtio->model, address, to, size))
        return true;
    needs_reset(virtio, "a queue lies outside of RAM");
    return false;
}

static bool chain_add(struct virtio_model *virtio, struct chain *chain,
                      const struct virtq_desc *desc)
{
    bool writable = (desc->flags & VIRTQ_DESC_WRITE) != 0;
    if ((desc->flags & VIRTQ_DESC_INDIRECT) != 0) {
        needs_reset(virtio, "an indirect descriptor was not negotiated (2.7.5.3.1)");
        return false;
    }
    if (!writable && chain->writable != 0) {
        needs_reset(virtio, "bytes to read come after bytes to write (2.7.4.2)");
        return false;
    }
    uint32_t *total = writable ? &chain->writable : &chain->readable;
    if (chain->count == PIECES_MAX || desc->length > (UINT32_C(1) << 30) - *total) {
        needs_reset(virtio, "a chain is too long, or loops (2.7.5.1)");
        return false;
    }
    *total += desc->length;
    chain->piece[chain->count].address = desc->address;
    chain->piece[chain->count].length = desc->length;
    chain->piece[chain->count].writable = writable;
    chain->count++;
    return true;
}

/* The next buffer that the driver has made available; false: none, or the device needs a reset. */
static bool chain_next(struct virtio_model *virtio, struct virtio_model_queue *queue,
                       struct chain *chain)
{
    uint8_t bytes[2];
    uint64_t driver = address_of(queue->driver);
    if (!ring_read(virtio, driver + 2, bytes, 2))
        return false;
    uint16_t pending = (uint16_t)(get_le16(bytes) - queue->avail_seen);
    if (pending == 0)
        return false;
    if (pending > queue->size) {
        needs_reset(virtio, "more buffers are available than the queue has places");
        return false;
    }
    if (!ring_read(virtio, driver + 4 + 2 * (queue->avail_seen % queue->size), bytes, 2))
        return false;
    *chain = (struct chain){ .head = get_le16(bytes) };
    for (uint32_t at = chain->head;;) {
        struct virtq_desc desc;
        if (at >= queue->size) {
            needs_reset(virtio, "a descriptor's number is not below the queue's size");
            return false;
        }
        if (!ring_read(virtio, address_of(queue->desc) + 16 * at, &desc, sizeof desc) ||
            !chain_add(virtio, chain, &desc))
            return false;
        if ((desc.flags & VIRTQ_DESC_NEXT) == 0)
            break;
        at = desc.next;
    }
    model_reg_set(virtio->model, &queue->avail_seen, (queue->avail_seen + 1) & 0xffff);
    return true;
}

/* [2.7.8] */
static void chain_done(struct virtio_model *virtio, struct virtio_model_queue *queue,
                       const struct chain *chain, uint32_t written)
{
    uint8_t element[8], bytes[2];
    uint64_t device = address_of(queue->device);
    put_le32(element, chain->head);
    put_le32(element + 4, written);
    (void)model_dma_write(virtio->model, device + 4 + 8 * (queue->used_index % queue->size),
                          element, sizeof element);
    model_reg_set(virtio->model, &queue->used_index, (queue->used_index + 1) & 0xffff);
    put_le16(bytes, (uint16_t)queue->used_index);
    (void)model_dma_write(virtio->model, device + 2, bytes, 2);
}

/* `size` bytes from `offset` on of the chain's readable or writable part. */
static bool chain_copy(struct virtio_model *virtio, const struct chain *chain, bool writable,
                       uint32_t offset, uint8_t *bytes, uint32_t size)
{
    for (uint32_t i = 0; i < chain->count && size != 0; i++) {
        uint32_t length = chain->piece[i].length;
        if (chain->piece[i].writable != writable)
            continue;
        if (offset >= length) {
            offset -= length;
            continue;
        }
        uint32_t part = length - offset < size ? length - offset : size;
        uint64_t at = chain->piece[i].address + offset;
        if (writable ? !model_dma_write(virtio->model, at, bytes, part)
                     : !model_dma_read(virtio->model, at, bytes, part))
            return false;
        bytes += part;
        size -= part;
        offset = 0;
    }
    return size == 0;
}

/* --- block [5.2.6] --- */

static bool sectors_good(const struct virtio_model *virtio, uint64_t sector, uint32_t size)
{
    uint64_t count = size / VIRTIO_BLOCK_SECTOR_SIZE;
    return size % VIRTIO_BLOCK_SECTOR_SIZE == 0 && sector <= virtio->sectors &&
           count <= virtio->sectors - sector &&
           (virtio->bad_sector < sector || virtio->bad_sector - sector >= count);
}

static void storage_write(struct virtio_model *virtio, uint64_t sector, const uint8_t *bytes)
{
    uint32_t *words = &virtio->storage[sector * VIRTIO_BLOCK_SECTOR_SIZE / 4];
    for (uint32_t i = 0; i < VIRTIO_BLOCK_SECTOR_SIZE / 4; i++)
        model_reg_set(virtio->model, &words[i], get_le32(bytes + 4 * i));
}

static void storage_read(const struct virtio_model *virtio, uint64_t sector, uint8_t *bytes)
{
    const uint32_t *words = &virtio->storage[sector * VIRTIO_BLOCK_SECTOR_SIZE / 4];
    for (uint32_t i = 0; i < VIRTIO_BLOCK_SECTOR_SIZE / 4; i++)
        put_le32(bytes + 4 * i, words[i]);
}

/* True: all of it was moved. */
static bool block_move(struct virtio_model *virtio, const struct chain *chain, bool out,
                       uint64_t sector, uint32_t size)
{
    uint8_t bytes[VIRTIO_BLOCK_SECTOR_SIZE];
    for (uint32_t at = 0; at < size; at += VIRTIO_BLOCK_SECTOR_SIZE, sector++) {
        if (!out)
            storage_read(virtio, sector, bytes);
        if (!chain_copy(virtio, chain, !out, out ? VIRTIO_BLOCK_HEADER_SIZE + at : at, bytes,
                        sizeof bytes))
            return false;
        if (out)
            storage_write(virtio, sector, bytes);
    }
    return true;
}

static uint32_t block_status(struct virtio_model *virtio, const struct chain *chain,
                             const uint8_t *header, uint32_t *written)
{
    uint64_t sector = get_le64(header + 8);
    uint32_t in = chain->writable - 1, out = chain->readable - VIRTIO_BLOCK_HEADER_SIZE;
    switch (get_le32(header)) {
    case VIRTIO_BLOCK_T_IN:
        if (!sectors_good(virtio, sector, in) || !block_move(virtio, chain, false, sector, in))
            return VIRTIO_BLOCK_S_IOERR;
        *written += in;
        return VIRTIO_BLOCK_S_OK;
    case VIRTIO_BLOCK_T_OUT:
        if ((virtio->features & VIRTIO_BLOCK_F_RO) != 0 || !sectors_good(virtio, sector, out) ||
            !block_move(virtio, chain, true, sector, out))
            return VIRTIO_BLOCK_S_IOERR;
        return VIRTIO_BLOCK_S_OK;
    case VIRTIO_BLOCK_T_FLUSH:
        if ((address_of(virtio->driver_features) & VIRTIO_BLOCK_F_FLUSH) == 0)
            return VIRTIO_BLOCK_S_UNSUPP;
        if (sector != 0)
            model_warn(virtio->model, "a flush has a sector (5.2.6.1)");
        return VIRTIO_BLOCK_S_OK;
    default:
        return VIRTIO_BLOCK_S_UNSUPP;
    }
}

static bool block_serve(struct virtio_model *virtio, uint32_t index, const struct chain *chain)
{
    uint8_t header[VIRTIO_BLOCK_HEADER_SIZE], status;
    uint32_t written = 1; /* the status, the last byte that may be written */
    if (chain->readable < sizeof header || chain->writable < 1 ||
        !chain_copy(virtio, chain, false, 0, header, sizeof header)) {
        needs_reset(virtio, "a request has no header or no place for the status (5.2.6)");
        return false;
    }
    status = (uint8_t)block_status(virtio, chain, header, &written);
    (void)chain_copy(virtio, chain, true, chain->writable - 1, &status, 1);
    chain_done(virtio, &virtio->queues[index], chain, written);
    return true;
}

/* --- console [5.3.6] --- */

static bool console_receive(struct virtio_model *virtio, const struct chain *chain)
{
    struct virtio_model_queue *queue = &virtio->queues[VIRTIO_CONSOLE_QUEUE_RECEIVE];
    uint32_t count = 0;
    for (; count < chain->writable && virtio->loop_count != 0; count++) {
        uint8_t byte = virtio->loop[virtio->loop_from];
        virtio->loop_from = (virtio->loop_from + 1) % (uint32_t)sizeof virtio->loop;
        virtio->loop_count--;
        (void)chain_copy(virtio, chain, true, count, &byte, 1);
    }
    chain_done(virtio, queue, chain, count);
    return true;
}

static bool console_transmit(struct virtio_model *virtio, const struct chain *chain)
{
    if (chain->writable != 0)
        model_warn(virtio->model, "bytes to write are in the transmit queue (5.3.6.1)");
    for (uint32_t i = 0; i < chain->readable && virtio->loop_count < sizeof virtio->loop; i++) {
        uint32_t at = (virtio->loop_from + virtio->loop_count) % (uint32_t)sizeof virtio->loop;
        if (!chain_copy(virtio, chain, false, i, &virtio->loop[at], 1))
            break;
        virtio->loop_count++;
    }
    chain_done(virtio, &virtio->queues[VIRTIO_CONSOLE_QUEUE_TRANSMIT], chain, 0);
    return true;
}

/* --- work --- */

static bool serve(struct virtio_model *virtio, uint32_t index, const struct chain *chain)
{
    if (virtio->type == VIRTIO_TYPE_BLOCK)
        return block_serve(virtio, index, chain);
    return index == VIRTIO_CONSOLE_QUEUE_RECEIVE ? console_receive(virtio, chain)
                                                 : console_transmit(virtio, chain);
}

/* A console's receive buffers wait until there is something to receive. */
static bool wanted(const struct virtio_model *virtio, uint32_t index)
{
    return virtio->type != VIRTIO_TYPE_CONSOLE || index != VIRTIO_CONSOLE_QUEUE_RECEIVE ||
           virtio->loop_count != 0;
}

static bool stuck(const struct virtio_model *virtio)
{
    return (virtio->status & VIRTIO_STATUS_NEEDS_RESET) != 0;
}

static void queue_work(struct virtio_model *virtio, uint32_t index)
{
    struct virtio_model_queue *queue = &virtio->queues[index];
    struct chain chain;
    bool any = false;
    while (!stuck(virtio) && wanted(virtio, index) && chain_next(virtio, queue, &chain))
        any |= serve(virtio, index, &chain);
    uint8_t flags[2] = { 0 };
    if (any && model_dma_read(virtio->model, address_of(queue->driver), flags, 2) &&
        (get_le16(flags) & VIRTQ_AVAIL_NO_INTERRUPT) == 0)
        interrupt(virtio, index);
}

static void work(struct model *model, struct model_timer *timer)
{
    struct virtio_model *virtio = CONTAINER_OF(timer, struct virtio_model, work);
    (void)model;
    uint32_t which = virtio->notified;
    virtio->notified = 0;
    for (uint32_t i = virtio->queue_count; i-- > 0;) { /* what is sent may be received at once */
        bool due = (which >> i & 1) != 0 ||
                   (virtio->type == VIRTIO_TYPE_CONSOLE && i == VIRTIO_CONSOLE_QUEUE_RECEIVE);
        if (due && virtio->queues[i].ready != 0)
            queue_work(virtio, i);
    }
}

void virtio_model_notify(struct virtio_model *virtio, uint32_t queue)
{
    if (queue >= virtio->queue_count || virtio->queues[queue].ready == 0 ||
        (virtio->status & VIRTIO_STATUS_DRIVER_OK) == 0) {
        model_warn(virtio->model, "queue %u is notified, but does not run (3.1.1)", queue);
        return;
    }
    virtio->notified |= 1u << queue;
    if (!stuck(virtio))
        model_timer_set(virtio->model, &virtio->work, model_time_ns(virtio->model) + LATENCY_NS,
                        work);
}

/* --- the device --- */

uint8_t virtio_model_config(const struct virtio_model *virtio, uint64_t offset)
{
    /* [5.2.4]: capacity; the rest of the fields belong to features that are not offered */
    if (virtio->type == VIRTIO_TYPE_BLOCK && offset < 8)
        return (uint8_t)((uint64_t)virtio->sectors >> 8 * offset);
    return 0;
}

static int block_init(struct virtio_model *virtio, const struct model_node *node)
{
    uint32_t none;
    virtio->type = VIRTIO_TYPE_BLOCK;
    virtio->queue_count = 1;
    virtio->sectors = VIRTIO_MODEL_SECTORS;
    virtio->bad_sector = UINT32_MAX;
    (void)model_node_u32(node, "axiom,sectors", 0, &virtio->sectors);
    (void)model_node_u32(node, "axiom,bad-sector", 0, &virtio->bad_sector);
    if (model_node_u32(node, "axiom,no-flush", 0, &none) != 0)
        virtio->features |= VIRTIO_BLOCK_F_FLUSH;
    if (model_node_u32(node, "axiom,read-only", 0, &none) == 0)
        virtio->features |= VIRTIO_BLOCK_F_RO;
    if (virtio->sectors > VIRTIO_MODEL_SECTORS) {
        model_warn(virtio->model, "axiom,sectors is more than %u", VIRTIO_MODEL_SECTORS);
        return -EINVAL;
    }
    for (uint32_t i = 0; i < ARRAY_SIZE(virtio->storage); i++)
        virtio->storage[i] = i / (VIRTIO_BLOCK_SECTOR_SIZE / 4);
    return 0;
}

int virtio_model_init(struct virtio_model *virtio, struct model *model,
                      const struct model_node *node,
                      void (*notify)(struct virtio_model *virtio, uint32_t queue))
{
    const char *what = "";
    virtio->model = model;
    virtio->interrupt = notify;
    virtio->features = VIRTIO_F_VERSION_1;
    virtio->queue_size_max = 64;
    (void)model_node_u32(node, "axiom,queue-size", 0, &virtio->queue_size_max);
    (void)model_node_string(node, "axiom,device", &what);
    int err = 0;
    if (strcmp(what, "block") == 0) {
        err = block_init(virtio, node);
    } else if (strcmp(what, "console") == 0) {
        virtio->type = VIRTIO_TYPE_CONSOLE;
        virtio->queue_count = 2;
    } /* else: an empty place */
    if (!is_power_of_two(virtio->queue_size_max) || virtio->queue_size_max > VIRTQ_SIZE_MAX) {
        model_warn(model, "axiom,queue-size is no power of two, or above %u", VIRTQ_SIZE_MAX);
        return -EINVAL;
    }
    for (uint32_t i = 0; i < VIRTIO_MODEL_QUEUES; i++) {
        virtio->queues[i].size = virtio->queue_size_max;
        virtio->queues[i].vector = VIRTIO_PCI_NO_VECTOR;
    }
    return err;
}
