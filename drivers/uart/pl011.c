/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Arm's PL011 (DDI 0183G).
 *
 * One that is on stays as it was set up: on a Raspberry Pi only the firmware knows what its clock
 * is, and the port's console may be on it. One that is off gets a baud rate if the tree tells its
 * clock. The identity registers are not read: BCM2712's tree does not show them. */
#include <axiom/errno.h>
#include <axiom/log.h>
#include <drivers/table.h>
#include <hw/regs/pl011.h>

#include "uart.h"

#define SIZE          (PL011_DMACR + 4)
#define DIVISOR_MAX   (UINT32_C(0xffff) << 6)
#define INTERRUPTS_RX (PL011_INT_RX | PL011_INT_TIMEOUT)
/* The transmitter asks at 1/8 full, the receiver at half. */
#define LEVELS (2u << PL011_IFLS_RX_AT)

static uint32_t room(const struct uart *uart)
{
    return (mmio_read32(&uart->regs, PL011_FR) & PL011_FR_TX_FULL) == 0 ? 1 : 0;
}

static void send(const struct uart *uart, uint8_t byte)
{
    mmio_write32(&uart->regs, PL011_DR, byte);
}

static int receive(const struct uart *uart)
{
    if (mmio_read32(&uart->regs, PL011_FR) & PL011_FR_RX_EMPTY)
        return -EAGAIN;
    uint32_t value = mmio_read32(&uart->regs, PL011_DR);
    /* An overrun is about characters after this one (§3.3.1). */
    return value & PL011_DR_BROKEN ? -EIO : (int)(value & PL011_DR_DATA);
}

/* All but the receiver's two, which go with the characters (§3.3.13): put down here, they would not
 * come again for those that are still in the FIFO when this interrupt has read its share. */
static void acknowledge(const struct uart *uart)
{
    mmio_write32(&uart->regs, PL011_ICR, PL011_INT_ALL & ~(uint32_t)INTERRUPTS_RX);
}

static void interrupts_set(const struct uart *uart, bool receive_on, bool transmit_on)
{
    mmio_write32(&uart->regs, PL011_IMSC,
                 (receive_on ? INTERRUPTS_RX : 0) | (transmit_on ? PL011_INT_TX : 0));
}

static const struct uart_ops ops = {
    .room = room,
    .send = send,
    .receive = receive,
    .acknowledge = acknowledge,
    .interrupts_set = interrupts_set,
};

/* IBRD and FBRD in 64ths: clock / (16 * speed) (§3.3.6). */
static int baud_set(struct device *device, const struct uart *uart)
{
    uint32_t hz, speed = uart_speed(device);
    int err = uart_clock_hz(device, &hz);
    uint64_t divisor = err ? 0 : (4 * (uint64_t)hz + speed / 2) / speed;
    if (divisor < 64 || divisor > DIVISOR_MAX) {
        log_info("%s: it is off, and the tree does not tell a clock for %u baud: left alone",
                 device_name(device), speed);
        return -ENODEV;
    }
    mmio_write32(&uart->regs, PL011_CR, 0);
    mmio_write32(&uart->regs, PL011_IBRD, (uint32_t)divisor >> 6);
    mmio_write32(&uart->regs, PL011_FBRD, (uint32_t)divisor & 0x3f);
    mmio_write32(&uart->regs, PL011_LCR_H, PL011_LCR_H_WLEN | PL011_LCR_H_FIFOS);
    return 0;
}

static int set_up(struct device *device, const struct uart *uart)
{
    const uint32_t both = PL011_CR_TX | PL011_CR_RX;
    uint32_t flags = mmio_read32(&uart->regs, PL011_FR);
    if ((flags & (PL011_FR_RX_EMPTY | PL011_FR_RX_FULL)) ==
            (PL011_FR_RX_EMPTY | PL011_FR_RX_FULL) ||
        (flags & (PL011_FR_TX_EMPTY | PL011_FR_TX_FULL)) ==
            (PL011_FR_TX_EMPTY | PL011_FR_TX_FULL)) {
        log_err("%s: no PL011 answers: FR is %#x", device_name(device), flags);
        return -ENODEV;
    }
    uint32_t control = mmio_read32(&uart->regs, PL011_CR);
    if ((control & PL011_CR_ENABLE) == 0) {
        int err = baud_set(device, uart);
        if (err)
            return err;
        control = PL011_CR_ENABLE;
    }
    mmio_write32(&uart->regs, PL011_IMSC, 0);
    mmio_write32(&uart->regs, PL011_IFLS, LEVELS);
    if ((control & both) != both)
        mmio_write32(&uart->regs, PL011_CR, control | both);
    return 0;
}

static int probe(struct device *device)
{
    struct uart *uart;
    int err = uart_create(device, &ops, SIZE, &uart);
    if (err)
        return err;
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

static const char *const compatible[] = { "arm,pl011", NULL };

const struct driver pl011_driver = {
    .name = "pl011",
    .compatible = compatible,
    .probe = probe,
    .remove = uart_remove,
};
