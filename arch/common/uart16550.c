/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A 16550 without interrupts. */
#include <hw/regs/ns16550.h>
#include <port/console.h>

/* A transmitter that does not empty in so many looks is not there any more; the text is dropped. At
 * 115200 baud a byte takes 87 us. */
#define LOOKS_MAX 100000u

bool uart16550_init(const struct uart16550 *uart)
{
    uart->write(uart->base, NS16550_SCR, 0x5a);
    if (uart->read(uart->base, NS16550_SCR) != 0x5a)
        return false;
    uart->write(uart->base, NS16550_IER, 0);
    if (uart->divisor != 0) {
        uart->write(uart->base, NS16550_LCR, NS16550_LCR_DLAB);
        uart->write(uart->base, NS16550_RBR, (uint8_t)uart->divisor);
        uart->write(uart->base, NS16550_IER, (uint8_t)(uart->divisor >> 8));
    }
    uart->write(uart->base, NS16550_LCR, NS16550_LCR_8N1);
    uart->write(uart->base, NS16550_FCR, NS16550_FCR_ENABLE | NS16550_FCR_CLEAR);
    uart->write(uart->base, NS16550_MCR, NS16550_MCR_DTR_RTS);
    return true;
}

static void put(const struct uart16550 *uart, char byte)
{
    for (uint32_t i = 0; i < LOOKS_MAX; i++) {
        if (uart->read(uart->base, NS16550_LSR) & NS16550_LSR_THRE) {
            uart->write(uart->base, NS16550_THR, (uint8_t)byte);
            return;
        }
    }
}

void uart16550_write(const struct uart16550 *uart, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\n')
            put(uart, '\r');
        put(uart, text[i]);
    }
}
