/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What UARTs have in common: a console device whose output waits in a ring until the transmitter's
 * interrupt asks for more. A driver gives the registers' side as struct uart_ops.
 *
 * The UART may be the one that the port's own console polls. Each is sent to only under the port's
 * lock (core/console.h), so no character is lost between looking and writing, and the port's output
 * is not cut; lines of the log come before what waits in the ring. A panic polls as ever. */
#pragma once
#include <core/console.h>
#include <hw/device.h>

#define UART_RING_SIZE 1024u

struct uart;

/* Called with uart->lock held. */
struct uart_ops {
    /* How many characters the transmitter takes now. */
    uint32_t (*room)(const struct uart *uart);
    void (*send)(const struct uart *uart, uint8_t byte);
    /* A character; -EAGAIN: none; -EIO: one that came in broken. */
    int (*receive)(const struct uart *uart);
    /* Puts down what the interrupt is for and reading or filling does not. */
    void (*acknowledge)(const struct uart *uart);
    /* Interrupts from now on. */
    void (*interrupts_set)(const struct uart *uart, bool receive, bool transmit);
    /* After an interrupt was served, for a line that tells edges: true, if the UART still asks, and
     * so would never make another edge. NULL: its lines are levels. */
    bool (*asks_still)(const struct uart *uart);
};

struct uart_window {
    uint64_t since_ns;
    uint32_t count;
};

struct uart {
    struct console_device console;
    const struct uart_ops *ops;
    const char *name;
    struct mmio regs;
    struct irq *irq;
    uint32_t reg_shift, reg_width, fifo_size; /* the 16550's */
    struct wait_queue sent;
    struct spinlock lock;
    /* lock protects the registers, and: */
    bool broken;  /* it interrupts without end; given up */
    bool waiting; /* the transmitter's interrupt is on */
    uint32_t first, count;
    uint8_t ring[UART_RING_SIZE];
    struct uart_window taken, fruitless; /* interrupts; those that found nothing to do */
};

/* A UART with its registers (below `size_needed`) and its interrupt; silent. -ENOMEM, or
 * device_irq()'s and device_mmio()'s errors. */
int uart_create(struct device *device, const struct uart_ops *ops, uint64_t size_needed,
                struct uart **out);
void uart_destroy(struct uart *uart);
/* The registers stand: a console, and its interrupts come. On failure it is silent as before. */
int uart_start(struct uart *uart);
/* Both drivers' remove(): sends what waits in the ring, as long as it moves; then the UART is silent and given back. */
void uart_remove(struct device *device);

/* The rate of its clock in Hz: `clock-frequency` of the node or of the clock that it names first;
 * -ENOENT: it is not known. */
int uart_clock_hz(const struct device *device, uint32_t *out);
/* `current-speed`, or 115200. */
uint32_t uart_speed(const struct device *device);
