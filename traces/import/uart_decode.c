/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Characters of an asynchronous serial line: idle high, a start bit low, 5 to 9 data bits from the least
 * significant on, perhaps a parity bit, one or two stop bits high (TIA-232-F's framing, as any 16550
 * does it). Each bit is sampled in its middle, counted from the start bit's edge. A start bit that is
 * high in its middle was a glitch. */
#include "line_decoder.h"

#include <stdlib.h>

enum uart_parity { UART_NONE, UART_ODD, UART_EVEN };

struct uart_lines {
    uint64_t baud_millihertz;
    uint8_t data_bits, stop_bits;
    enum uart_parity parity;
    bool inverted;
    bool level; /* of the line now, true: idle */
    bool busy;  /* in a character */
    uint64_t start_ns;
    uint8_t bit;  /* 0: the start bit; which is sampled next */
    uint8_t ones; /* among data and parity */
    struct trace_uart character;
};

static struct line_decoder *uart_create(struct line_arguments *arguments, uint8_t given,
                                        const char **reason)
{
    (void)given;
    uint64_t baud, bits, stop;
    const char *parity = line_argument(arguments, "parity");
    const char *invert = line_argument(arguments, "invert");
    *reason = "baud= is 1 to 100000000";
    if (!line_number(arguments, "baud", 1, 100000000, 115200, &baud))
        return NULL;
    *reason = "bits= is 5 to 9";
    if (!line_number(arguments, "bits", 5, 9, 8, &bits))
        return NULL;
    *reason = "stop= is 1 or 2";
    if (!line_number(arguments, "stop", 1, 2, 1, &stop))
        return NULL;
    *reason = "parity= is none, odd or even";
    if (parity != NULL && strcmp(parity, "none") != 0 && strcmp(parity, "odd") != 0 &&
        strcmp(parity, "even") != 0)
        return NULL;
    *reason = "invert= is yes or no";
    if (invert != NULL && strcmp(invert, "yes") != 0 && strcmp(invert, "no") != 0)
        return NULL;
    *reason = "";
    struct uart_lines *uart = calloc(1, sizeof *uart);
    if (uart == NULL)
        return NULL;
    uart->baud_millihertz = baud * 1000;
    uart->data_bits = (uint8_t)bits;
    uart->stop_bits = (uint8_t)stop;
    uart->parity = parity == NULL || parity[0] == 'n' ? UART_NONE
                   : parity[0] == 'o'                 ? UART_ODD
                                                      : UART_EVEN;
    uart->inverted = invert != NULL && invert[0] == 'y';
    return (struct line_decoder *)uart;
}

static void uart_restart(struct line_decoder *decoder, uint8_t levels)
{
    struct uart_lines *uart = (struct uart_lines *)decoder;
    uart->level = (levels != 0) != uart->inverted;
    uart->busy = false;
}

static void uart_change(struct line_decoder *decoder, uint64_t time_ns, uint8_t levels)
{
    struct uart_lines *uart = (struct uart_lines *)decoder;
    bool level = (levels != 0) != uart->inverted;
    bool falls = uart->level && !level;
    uart->level = level;
    if (uart->busy || !falls)
        return;
    uart->busy = true;
    uart->start_ns = time_ns;
    uart->bit = uart->ones = 0;
    uart->character = (struct trace_uart){ .start_ns = time_ns };
}

static uint64_t sample_ns(const struct uart_lines *uart)
{
    /* Half a bit is a whole number of the half-rate clock's: (2 bit + 1) / (2 baud). */
    return uart->start_ns + trace_sample_ns(2u * uart->bit + 1u, 2 * uart->baud_millihertz);
}

static uint8_t parity_bits(const struct uart_lines *uart)
{
    return uart->parity != UART_NONE;
}

/* True: the character is complete. */
static bool sample(struct uart_lines *uart)
{
    uint8_t bit = uart->bit++, data_end = (uint8_t)(uart->data_bits + 1);
    if (bit == 0) {
        uart->busy = !uart->level;
    } else if (bit < data_end) {
        uart->character.value |= (uint16_t)((unsigned)uart->level << (bit - 1));
        uart->ones = (uint8_t)(uart->ones + uart->level);
    } else if (bit < data_end + parity_bits(uart)) {
        bool odd = ((uart->ones + uart->level) & 1) != 0;
        uart->character.parity_error = odd != (uart->parity == UART_ODD);
    } else {
        uart->character.framing_error |= !uart->level;
        if (bit + 1 == data_end + parity_bits(uart) + uart->stop_bits) {
            uart->busy = false;
            return true;
        }
    }
    return false;
}

static bool uart_advance(struct line_decoder *decoder, uint64_t until_ns,
                         struct trace_record *record)
{
    struct uart_lines *uart = (struct uart_lines *)decoder;
    while (uart->busy) {
        uint64_t now = sample_ns(uart);
        if (now >= until_ns)
            return false;
        if (!sample(uart))
            continue;
        *record = (struct trace_record){ .time_ns = now, .uart = uart->character };
        return true;
    }
    return false;
}

static bool uart_finish(struct line_decoder *decoder, uint64_t end_ns, struct trace_record *record)
{
    return uart_advance(decoder, end_ns + 1, record);
}

static void uart_destroy(struct line_decoder *decoder)
{
    free(decoder);
}

const struct line_decoder_type line_uart = {
    .word = "uart:",
    .name = "uart",
    .usage = "uart:rx=LINE, with baud=RATE, bits=5..9, parity=none|odd|even, stop=1|2, invert=yes, "
             "name=NAME if you like",
    .kind = TRACE_UART,
    .line = { "rx" },
    .required = 1,
    .idle = 1,
    .create = uart_create,
    .restart = uart_restart,
    .change = uart_change,
    .advance = uart_advance,
    .finish = uart_finish,
    .destroy = uart_destroy,
};
