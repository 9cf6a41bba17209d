/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The 16550 (PC16550D, June 1995), with or without FIFOs.
 *
 * Its divisor stays as the firmware has set it; only one that is 0 is computed, if the tree tells
 * the clock. LSR of all ones, or a scratch register that does not keep a value, is a UART that is
 * not there. On a PC its interrupt is an edge (82093AA, IRQ4), elsewhere a level. */
#include <axiom/errno.h>
#include <axiom/log.h>
#include <drivers/table.h>
#include <hw/regs/ns16550.h>

#include "uart.h"

#define SHIFT_MAX 2u
#define GONE      0xffu

static uint32_t get(const struct uart *uart, uint32_t reg)
{
    uint32_t offset = reg << uart->reg_shift;
    if (uart->reg_width == 4)
        return mmio_read32(&uart->regs, offset) & 0xff;
    if (uart->reg_width == 2)
        return mmio_read16(&uart->regs, offset) & 0xff;
    return mmio_read8(&uart->regs, offset);
}

static void set(const struct uart *uart, uint32_t reg, uint32_t value)
{
    uint32_t offset = reg << uart->reg_shift;
    if (uart->reg_width == 4)
        mmio_write32(&uart->regs, offset, value);
    else if (uart->reg_width == 2)
        mmio_write16(&uart->regs, offset, (uint16_t)value);
    else
        mmio_write8(&uart->regs, offset, (uint8_t)value);
}

/* Reading LSR forgets its errors (8.6.3): a character that came in broken meanwhile counts as good. */
static uint32_t room(const struct uart *uart)
{
    uint32_t status = get(uart, NS16550_LSR);
    return status != GONE && (status & NS16550_LSR_THRE) != 0 ? uart->fifo_size : 0;
}

static void send(const struct uart *uart, uint8_t byte)
{
    set(uart, NS16550_THR, byte);
}

static int receive(const struct uart *uart)
{
    const uint32_t bad = NS16550_LSR_PARITY | NS16550_LSR_FRAMING | NS16550_LSR_BREAK;
    uint32_t status = get(uart, NS16550_LSR);
    if (status == GONE || (status & NS16550_LSR_DATA) == 0)
        return -EAGAIN;
    uint32_t value = get(uart, NS16550_RBR);
    return status & bad ? -EIO : (int)value;
}

/* The transmitter's, if it is the one (8.8, table II); the others go with their cause. */
static void acknowledge(const struct uart *uart)
{
    bool timeout = (get(uart, NS16550_IIR) & NS16550_IIR_ID) == NS16550_IIR_TIMEOUT;
    if (timeout && (get(uart, NS16550_LSR) & NS16550_LSR_DATA) == 0)
        (void)get(uart, NS16550_RBR); /* an empty FIFO that still claims it */
}

static void interrupts_set(const struct uart *uart, bool receive_on, bool transmit_on)
{
    set(uart, NS16550_IER, (receive_on ? NS16550_IER_RX : 0) | (transmit_on ? NS16550_IER_TX : 0));
}

/* Its asking takes the transmitter's away, which interrupts_set() brings back (8.6, IER bit 1). */
static bool asks_still(const struct uart *uart)
{
    return (get(uart, NS16550_IIR) & NS16550_IIR_NONE) == 0;
}

static const struct uart_ops ops = {
    .room = room,
    .send = send,
    .receive = receive,
    .acknowledge = acknowledge,
    .interrupts_set = interrupts_set,
    .asks_still = asks_still,
};

/* --- setting up --- */

/* 0, or -ENODEV: nobody has set a divisor and there is none to set. Not logged here: the port's
 * console may be locked. */
static int divisor_set(const struct uart *uart, uint32_t wanted)
{
    uint32_t control = get(uart, NS16550_LCR) & ~NS16550_LCR_DLAB;
    set(uart, NS16550_LCR, control | NS16550_LCR_DLAB);
    uint32_t divisor = get(uart, NS16550_RBR) | get(uart, NS16550_IER) << 8;
    if (divisor == 0) {
        set(uart, NS16550_RBR, wanted & 0xff);
        set(uart, NS16550_IER, wanted >> 8);
        control = NS16550_LCR_8N1;
    }
    set(uart, NS16550_LCR, control);
    return divisor == 0 && wanted == 0 ? -ENODEV : 0;
}

/* FIFOs that are on are not emptied: the port's console may have text in them. */
static void fifos_start(struct uart *uart)
{
    bool on = (get(uart, NS16550_IIR) & NS16550_IIR_FIFOS) == NS16550_IIR_FIFOS;
    set(uart, NS16550_FCR,
        NS16550_FCR_ENABLE | NS16550_FCR_TRIGGER_8 | (on ? 0 : NS16550_FCR_CLEAR));
    on = (get(uart, NS16550_IIR) & NS16550_IIR_FIFOS) == NS16550_IIR_FIFOS;
    uart->fifo_size = on ? NS16550_FIFO_SIZE : 1;
}

static int registers_start(struct uart *uart, uint32_t divisor)
{
    struct irq_state state = cpu_irq_save();
    bool taken = console_port_lock();
    set(uart, NS16550_IER, 0);
    int err = divisor_set(uart, divisor);
    if (err == 0) {
        fifos_start(uart);
        /* OUT2 connects the interrupt on boards that follow the PC. */
        set(uart, NS16550_MCR, NS16550_MCR_DTR_RTS | NS16550_MCR_OUT2);
    }
    console_port_unlock(taken);
    cpu_irq_restore(state);
    return err;
}

static bool present(const struct uart *uart)
{
    set(uart, NS16550_SCR, 0x5a);
    bool first = get(uart, NS16550_SCR) == 0x5a;
    set(uart, NS16550_SCR, 0xa5);
    return first && get(uart, NS16550_SCR) == 0xa5 && get(uart, NS16550_LSR) != GONE;
}

static int set_up(struct device *device, struct uart *uart)
{
    uint32_t hz, speed = uart_speed(device);
    uint64_t divisor = 0;
    if (!present(uart)) {
        log_err("%s: no 16550 answers", device_name(device));
        return -ENODEV;
    }
    if (uart_clock_hz(device, &hz) == 0)
        divisor = (hz + 8 * (uint64_t)speed) / (16 * (uint64_t)speed);
    int err = registers_start(uart, divisor <= 0xffff ? (uint32_t)divisor : 0);
    if (err)
        log_info(
            "%s: no divisor is set, and the tree does not tell a clock for %u baud: left alone",
            device_name(device), speed);
    return err;
}

static int layout_read(struct device *device, uint32_t *shift, uint32_t *width)
{
    *shift = 0;
    *width = 1;
    (void)device_property_u32(device, "reg-shift", 0, shift);
    (void)device_property_u32(device, "reg-io-width", 0, width);
    bool fits = *shift <= SHIFT_MAX && *width != 0 && *width <= UINT32_C(1) << *shift;
    if (!fits || *width == 3) {
        log_err("%s: reg-shift %u with reg-io-width %u", device_name(device), *shift, *width);
        return -EINVAL;
    }
    return 0;
}

static int probe(struct device *device)
{
    struct uart *uart;
    uint32_t shift, width;
    int err = layout_read(device, &shift, &width);
    if (err == 0)
        err = uart_create(device, &ops, (uint64_t)NS16550_COUNT << shift, &uart);
    if (err)
        return err;
    uart->reg_shift = shift;
    uart->reg_width = width;
    err = set_up(device, uart);
    if (err == 0)
        err = uart_start(uart);
    if (err) {
        uart_destroy(uart);
        return err;
    }
    device_set_data(device, uart);
    return 0;
}

static const char *const compatible[] = { "ns16550a", "ns16550", NULL };

const struct driver ns16550_driver = {
    .name = "ns16550",
    .compatible = compatible,
    .probe = probe,
    .remove = uart_remove,
};
