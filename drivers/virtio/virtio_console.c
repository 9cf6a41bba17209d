/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Virtio consoles [5.3], the first port: a queue of bytes each way.
 *
 * The device always has every receive buffer that we are not reading. Writing copies into one of a
 * few transmit buffers, and waits while the device has them all. */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <core/console.h>
#include <core/mm.h>

#include "virtio.h"

#define BUFFERS       4u /* each way */
#define BUFFER_SIZE   256u
#define ANSWER_MAX_NS (10ull * NSEC_PER_SEC)

struct buffer {
    uint8_t *at;
    uint64_t address;
    bool with_device;
};

struct virtio_console_device {
    struct console_device console;
    struct virtio_device *device;
    struct dma_memory memory;
    struct wait_queue sent;
    struct spinlock lock;
    /* lock protects: */
    struct buffer receive[BUFFERS], transmit[BUFFERS];
};

static bool running(const struct virtio_console_device *port)
{
    return __atomic_load_n(&port->device->running, __ATOMIC_ACQUIRE);
}

/* --- to the device --- */

static int transmit(struct virtio_console_device *port, const void *from, uint32_t size)
{
    struct virtqueue *queue = &port->device->queues[VIRTIO_CONSOLE_QUEUE_TRANSMIT];
    int result = -EAGAIN;
    struct irq_state state = spin_lock_irqsave(&port->lock);
    if (!running(port))
        result = -EIO;
    for (uint32_t i = 0; i < BUFFERS && result == -EAGAIN; i++) {
        struct buffer *buffer = &port->transmit[i];
        const struct virtio_buffer bytes = { buffer->address, size, false };
        if (buffer->with_device)
            continue;
        memcpy(buffer->at, from, size);
        result = virtqueue_add(queue, &bytes, 1, buffer);
        if (result == 0) {
            buffer->with_device = true;
            result = (int)size;
            virtqueue_notify(queue);
        }
    }
    spin_unlock_irqrestore(&port->lock, state);
    return result;
}

static int console_device_write(struct console_device *console, const void *from, uint32_t size)
{
    struct virtio_console_device *port = console->driver_data;
    uint32_t part = size < BUFFER_SIZE ? size : BUFFER_SIZE;
    int taken = -EIO;
    uint64_t deadline_ns = ktime_get_ns() + ANSWER_MAX_NS;
    if (wait_event_until(&port->sent, (taken = transmit(port, from, part)) != -EAGAIN,
                         deadline_ns) != 0) {
        virtio_fail(port->device, "it takes no more output");
        return -EIO;
    }
    return taken;
}

/* --- from the device --- */

static void receive_offer_locked(struct virtio_console_device *port, struct buffer *buffer)
    MUST_HOLD(port->lock)
{
    const struct virtio_buffer bytes = { buffer->address, BUFFER_SIZE, true };
    (void)virtqueue_add(&port->device->queues[VIRTIO_CONSOLE_QUEUE_RECEIVE], &bytes, 1, buffer);
}

/* A queue has at least BUFFERS descriptors (virtio.c). */
static void started(struct virtio_device *device)
{
    struct virtio_console_device *port = device->driver_data;
    struct irq_state state = spin_lock_irqsave(&port->lock);
    for (uint32_t i = 0; i < BUFFERS; i++)
        receive_offer_locked(port, &port->receive[i]);
    virtqueue_notify(&device->queues[VIRTIO_CONSOLE_QUEUE_RECEIVE]);
    spin_unlock_irqrestore(&port->lock, state);
}

static int receive_locked(struct virtio_console_device *port) MUST_HOLD(port->lock)
{
    struct virtqueue *queue = &port->device->queues[VIRTIO_CONSOLE_QUEUE_RECEIVE];
    void *token;
    uint32_t written;
    bool any = false;
    int err;
    while ((err = virtqueue_take(queue, &token, &written)) == 0) {
        struct buffer *buffer = token;
        console_device_input(&port->console, buffer->at, written);
        receive_offer_locked(port, buffer);
        any = true;
    }
    if (any && err == -EAGAIN)
        virtqueue_notify(queue);
    return err;
}

static int sent_locked(struct virtio_console_device *port) MUST_HOLD(port->lock)
{
    void *token;
    uint32_t written;
    int err;
    while ((err = virtqueue_take(&port->device->queues[VIRTIO_CONSOLE_QUEUE_TRANSMIT], &token,
                                 &written)) == 0)
        ((struct buffer *)token)->with_device = false;
    return err;
}

static void interrupt(struct virtio_device *device)
{
    struct virtio_console_device *port = device->driver_data;
    struct irq_state state = spin_lock_irqsave(&port->lock);
    int received = receive_locked(port);
    int sent = sent_locked(port);
    spin_unlock_irqrestore(&port->lock, state);
    wait_queue_wake_all(&port->sent);
    if (received == -EPROTO || sent == -EPROTO)
        virtio_fail(device, "it gives back what it was not given");
}

static void broken(struct virtio_device *device)
{
    struct virtio_console_device *port = device->driver_data;
    wait_queue_wake_all(&port->sent);
}

/* --- the device --- */

static void buffers_init(struct virtio_console_device *port)
{
    for (uint32_t i = 0; i < 2 * BUFFERS; i++) {
        struct buffer *buffer = i < BUFFERS ? &port->receive[i] : &port->transmit[i - BUFFERS];
        buffer->at = (uint8_t *)port->memory.at + i * BUFFER_SIZE;
        buffer->address = port->memory.address + i * BUFFER_SIZE;
    }
}

static int attach(struct virtio_device *device)
{
    struct virtio_console_device *port = kzalloc(sizeof *port);
    if (port == NULL)
        return -ENOMEM;
    int err = dma_alloc(2 * BUFFERS * BUFFER_SIZE, &port->memory);
    if (err)
        goto free_port;
    port->device = device;
    spin_lock_init(&port->lock);
    wait_queue_init(&port->sent);
    buffers_init(port);
    port->console.write = console_device_write;
    port->console.driver_data = port;
    device->driver_data = port;
    err = console_device_register(&port->console);
    if (err == 0)
        return 0;
    dma_free(&port->memory);
free_port:
    kfree(port);
    return err;
}

static void detach(struct virtio_device *device)
{
    struct virtio_console_device *port = device->driver_data;
    console_device_unregister(&port->console);
    dma_free(&port->memory);
    kfree(port);
}

const struct virtio_driver virtio_console = {
    .name = "virtio-console",
    .type = VIRTIO_TYPE_CONSOLE,
    .queue_count = 2,
    .features = 0,
    .attach = attach,
    .started = started,
    .detach = detach,
    .interrupt = interrupt,
    .broken = broken,
};
