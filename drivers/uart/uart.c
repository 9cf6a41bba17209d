/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "uart.h"

#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/mm.h>
#include <core/time.h>

#define RECEIVE_MAX 64u /* characters an interrupt; more than a FIFO holds */
#define STUCK_NS    NSEC_PER_SEC
#define TAKEN_NS    (10 * NSEC_PER_MSEC)
#define TAKEN_MAX   4000u /* interrupts; at 4 Mbaud there are 4000 characters in it */
#define IDLE_NS     NSEC_PER_SEC
#define IDLE_MAX    4000u   /* interrupts for nothing; one may be late now and then */
#define DRAIN_LOOKS 100000u /* without a character that leaves */

/* --- to the line --- */

static void fill_locked(struct uart *uart) MUST_HOLD(uart->lock)
{
    uint32_t room;
    bool taken = console_port_lock();
    while (uart->count != 0 && (room = uart->ops->room(uart)) != 0) {
        for (; room > 0 && uart->count != 0; room--) {
            uart->ops->send(uart, uart->ring[uart->first]);
            uart->first = (uart->first + 1) % UART_RING_SIZE;
            uart->count--;
        }
    }
    console_port_unlock(taken);
}

static void waiting_set_locked(struct uart *uart, bool waiting) MUST_HOLD(uart->lock)
{
    if (waiting != uart->waiting)
        uart->ops->interrupts_set(uart, true, waiting);
    uart->waiting = waiting;
}

/* How many were taken; -EAGAIN: the ring is full. */
static int ring_put(struct uart *uart, const uint8_t *bytes, uint32_t size)
{
    struct irq_state state = spin_lock_irqsave(&uart->lock);
    uint32_t space = UART_RING_SIZE - uart->count;
    int result = -EAGAIN;
    if (uart->broken) {
        result = -EIO;
    } else if (space != 0) {
        uint32_t part = size < space ? size : space;
        for (uint32_t i = 0; i < part; i++)
            uart->ring[(uart->first + uart->count++) % UART_RING_SIZE] = bytes[i];
        fill_locked(uart);
        waiting_set_locked(uart, uart->count != 0);
        result = (int)part;
    }
    spin_unlock_irqrestore(&uart->lock, state);
    return result;
}

static int uart_write(struct console_device *console, const void *from, uint32_t size)
{
    struct uart *uart = console->driver_data;
    int taken = -EIO;
    if (wait_event_until(&uart->sent, (taken = ring_put(uart, from, size)) != -EAGAIN,
                         ktime_get_ns() + STUCK_NS) != 0)
        return -EIO;
    return taken;
}

/* --- from the line --- */

/* True: there were characters, if only broken ones. */
static bool receive_locked(struct uart *uart, uint8_t *bytes, uint32_t *count) MUST_HOLD(uart->lock)
{
    uint32_t i = 0;
    for (; i < RECEIVE_MAX; i++) {
        int character = uart->ops->receive(uart);
        if (character == -EAGAIN)
            break;
        if (character >= 0)
            bytes[(*count)++] = (uint8_t)character;
    }
    return i != 0;
}

static bool too_many(struct uart_window *window, uint64_t length_ns, uint32_t most)
{
    uint64_t now_ns = ktime_get_ns();
    if (now_ns - window->since_ns >= length_ns)
        *window = (struct uart_window){ now_ns, 0 };
    return ++window->count > most;
}

/* A cause that came while another was served has kept the line up: down and up again it is an edge. */
static void edge_owed_locked(struct uart *uart) MUST_HOLD(uart->lock)
{
    if (uart->ops->asks_still == NULL || !uart->ops->asks_still(uart))
        return;
    uart->ops->interrupts_set(uart, false, false);
    uart->ops->interrupts_set(uart, true, uart->waiting);
}

static void give_up_locked(struct uart *uart) MUST_HOLD(uart->lock)
{
    irq_mask(uart->irq);
    uart->ops->interrupts_set(uart, false, false);
    uart->broken = true;
    uart->count = 0;
}

/* False: there was nothing to do. */
static bool serve_locked(struct uart *uart, uint8_t *bytes, uint32_t *count) MUST_HOLD(uart->lock)
{
    uint32_t before = uart->count;
    uart->ops->acknowledge(uart);
    bool received = receive_locked(uart, bytes, count);
    fill_locked(uart);
    waiting_set_locked(uart, uart->count != 0);
    edge_owed_locked(uart);
    return received || uart->count != before;
}

/* True: a UART that is gone, never was one, or whose line somebody else holds, would go on for ever. How
 * fast that is depends on the CPU, so those that found nothing are counted over a longer time. */
static bool handle_locked(struct uart *uart, uint8_t *bytes, uint32_t *count) MUST_HOLD(uart->lock)
{
    return too_many(&uart->taken, TAKEN_NS, TAKEN_MAX) ||
           (!serve_locked(uart, bytes, count) && too_many(&uart->fruitless, IDLE_NS, IDLE_MAX));
}

static void handle(struct irq *irq, void *context)
{
    struct uart *uart = context;
    uint8_t bytes[RECEIVE_MAX];
    uint32_t count = 0;
    (void)irq;
    struct irq_state state = spin_lock_irqsave(&uart->lock);
    bool given_up = !uart->broken && handle_locked(uart, bytes, &count);
    if (given_up)
        give_up_locked(uart);
    spin_unlock_irqrestore(&uart->lock, state);
    if (given_up)
        log_err("%s: it interrupts without end; given up", uart->name);
    if (count != 0)
        console_device_input(&uart->console, bytes, count);
    wait_queue_wake_all(&uart->sent);
}

/* --- the device --- */

int uart_create(struct device *device, const struct uart_ops *ops, uint64_t size_needed,
                struct uart **out)
{
    struct uart *uart = kzalloc(sizeof *uart);
    if (uart == NULL)
        return -ENOMEM;
    uart->ops = ops;
    uart->name = device_name(device);
    spin_lock_init(&uart->lock);
    wait_queue_init(&uart->sent);
    uart->console.write = uart_write;
    uart->console.driver_data = uart;
    int err = device_irq(device, 0, &uart->irq);
    if (err == 0)
        err = device_mmio(device, 0, size_needed, &uart->regs);
    if (err) {
        kfree(uart);
        return err;
    }
    *out = uart;
    return 0;
}

void uart_destroy(struct uart *uart)
{
    mmio_unmap(&uart->regs);
    kfree(uart);
}

static void interrupts_set(struct uart *uart, bool receive)
{
    struct irq_state state = spin_lock_irqsave(&uart->lock);
    if (!uart->broken)
        uart->ops->interrupts_set(uart, receive, false);
    uart->waiting = false;
    spin_unlock_irqrestore(&uart->lock, state);
}

int uart_start(struct uart *uart)
{
    int err = console_device_register(&uart->console);
    if (err)
        return err;
    interrupts_set(uart, false);
    err = irq_request(uart->irq, handle, uart, uart->name);
    if (err) {
        console_device_unregister(&uart->console);
        return err;
    }
    interrupts_set(uart, true);
    return 0;
}

static void drain(struct uart *uart)
{
    uint32_t before = uart->count;
    for (uint32_t i = 0; i < DRAIN_LOOKS && before != 0; i++) {
        struct irq_state state = spin_lock_irqsave(&uart->lock);
        fill_locked(uart);
        if (uart->count != before)
            i = 0;
        before = uart->count;
        spin_unlock_irqrestore(&uart->lock, state);
    }
}

void uart_remove(struct device *device)
{
    struct uart *uart = device_data(device);
    interrupts_set(uart, false);
    irq_free(uart->irq);
    drain(uart);
    console_device_unregister(&uart->console);
    uart_destroy(uart);
}
