/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A PL011 without interrupts. The baud rate is the firmware's: which clock it is made of is not
 * known for certain everywhere. */
#include <hw/regs/pl011.h>
#include <port/console.h>

/* A full FIFO that does not move in so many looks belongs to a UART that is not there any more; the
 * text is dropped. At 115200 baud a byte takes 87 us. */
#define LOOKS_MAX 1000000u

/* The part number and what all PrimeCells have (DDI 0183G §3.3.15); not who made it. */
bool pl011_present(const struct pl011 *uart)
{
    uint32_t part = 0, cell = 0;
    for (uint32_t i = 0; i < 4; i++) {
        part |= (uart->read(uart->base, PL011_ID + 4 * i) & 0xff) << 8 * i;
        cell |= (uart->read(uart->base, PL011_ID + 16 + 4 * i) & 0xff) << 8 * i;
    }
    return cell == PL011_PCELLID && (part & 0xfff) == (PL011_PERIPHID & 0xfff);
}

void pl011_init(const struct pl011 *uart)
{
    const uint32_t on = PL011_CR_ENABLE | PL011_CR_TX;
    uart->write(uart->base, PL011_IMSC, 0);
    if ((uart->read(uart->base, PL011_CR) & on) != on) {
        uart->write(uart->base, PL011_LCR_H, PL011_LCR_H_WLEN | PL011_LCR_H_FIFOS);
        uart->write(uart->base, PL011_CR, on | PL011_CR_RX);
    }
}

static void put(const struct pl011 *uart, char byte)
{
    for (uint32_t i = 0; i < LOOKS_MAX; i++) {
        if ((uart->read(uart->base, PL011_FR) & PL011_FR_TX_FULL) == 0) {
            uart->write(uart->base, PL011_DR, (uint8_t)byte);
            return;
        }
    }
}

void pl011_write(const struct pl011 *uart, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\n')
            put(uart, '\r');
        put(uart, text[i]);
    }
}
