/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The 16550 UART (PC16550D, June 1995), both directions, with the time that characters take.
 *
 * A character that is written moves on to an idle shift register at once, so that THRE comes back
 * and one more has room; it leaves by model_serial_out() when its last stop bit is over. What comes
 * in (serial_input) stands in the receive FIFO at once: whoever sends is not slower than this UART.
 *
 * Interrupts are those of table II, one at a time by priority. That of the transmitter is an event:
 * it goes with a read of IIR that shows it, or with filling; the others follow their cause.
 *
 * Not modelled: parity and framing errors, breaks, DMA, modem lines other than by loopback, and the
 * delay of THRE by a character where less than two were written (8.8.2). */
#include <axiom/errno.h>
#include <hw/regs/ns16550.h>
#include <hw_models/models.h>
#include <hw_models/scale.h>

#define CLOCK_DEFAULT_HZ 1843200u /* table III's first */
#define SHIFT_MAX        2u
#define SILENCE_TIMES    4u /* characters until the timeout (8.8.1) */

struct ns16550 {
    struct model model;
    uint32_t clock_hz, reg_shift;
    uint32_t ier, fcr, lcr, mcr, msr, scr, divisor;
    uint32_t overrun, timeout, thre_event;           /* pending: 0 or 1 */
    uint32_t tx_level, rx_level, tx_first, rx_first; /* the rings' */
    uint32_t tx[NS16550_FIFO_SIZE], rx[NS16550_FIFO_SIZE];
    uint32_t shifting; /* the shift register's character, or none */
    bool warned;
    struct model_timer shift, silence;
};

#define SHIFTING_NONE 0x100u

static struct ns16550 *ns16550_of(struct model *model)
{
    return CONTAINER_OF(model, struct ns16550, model);
}

/* --- interrupts --- */

/* Without FIFOs there is one place in each direction. */
static uint32_t depth(const struct ns16550 *uart)
{
    return uart->fcr & NS16550_FCR_ENABLE ? NS16550_FIFO_SIZE : 1;
}

static uint32_t rx_trigger(const struct ns16550 *uart)
{
    static const uint32_t levels[4] = { 1, 4, 8, 14 };
    return uart->fcr & NS16550_FCR_ENABLE ? levels[uart->fcr >> NS16550_FCR_TRIGGER_AT] : 1;
}

static uint32_t interrupt_id(const struct ns16550 *uart)
{
    if ((uart->ier & NS16550_IER_LINE) && uart->overrun)
        return NS16550_IIR_LINE;
    if ((uart->ier & NS16550_IER_RX) && uart->rx_level >= rx_trigger(uart))
        return NS16550_IIR_RX;
    if ((uart->ier & NS16550_IER_RX) && uart->timeout)
        return NS16550_IIR_TIMEOUT;
    if ((uart->ier & NS16550_IER_TX) && uart->thre_event)
        return NS16550_IIR_TX;
    if ((uart->ier & NS16550_IER_MODEM) && (uart->msr & 0xf) != 0)
        return NS16550_IIR_MODEM;
    return NS16550_IIR_NONE;
}

static void line_update(struct ns16550 *uart)
{
    model_line_set(&uart->model, 0, 0, interrupt_id(uart) != NS16550_IIR_NONE);
}

/* --- time --- */

static uint64_t character_ns(const struct ns16550 *uart)
{
    uint32_t data = 5 + (uart->lcr & NS16550_LCR_WLEN);
    uint32_t halves = 2 * (1 + data + (uart->lcr & NS16550_LCR_PARITY ? 1 : 0));
    if (uart->lcr & NS16550_LCR_STOP2)
        halves += data == 5 ? 3 : 4;
    else
        halves += 2;
    return scale_ceil(8ull * halves * uart->divisor, NSEC_PER_SEC, uart->clock_hz);
}

/* --- receiver --- */

static void silence_over(struct model *model, struct model_timer *timer)
{
    struct ns16550 *uart = ns16550_of(model);
    (void)timer;
    model_reg_set(model, &uart->timeout, 1);
    line_update(uart);
}

/* Starts again with every character that comes or is read (8.8.1). */
static void silence_begin(struct ns16550 *uart)
{
    if (uart->rx_level == 0 || !(uart->fcr & NS16550_FCR_ENABLE) || uart->divisor == 0)
        model_timer_cancel(&uart->model, &uart->silence);
    else
        model_timer_set(&uart->model, &uart->silence,
                        model_time_ns(&uart->model) + SILENCE_TIMES * character_ns(uart),
                        silence_over);
}

/* Too much: the FIFO keeps what it has; without FIFOs the newest stays (8.6.3, bit 1). */
static bool receive(struct ns16550 *uart, uint32_t character)
{
    bool full = uart->rx_level >= depth(uart);
    if (full)
        model_reg_set(&uart->model, &uart->overrun, 1);
    if (!full || depth(uart) == 1) {
        uint32_t place = full ? 0 : uart->rx_level;
        uint32_t at = (uart->rx_first + place) % NS16550_FIFO_SIZE;
        model_reg_set(&uart->model, &uart->rx[at], character);
        model_reg_set(&uart->model, &uart->rx_level, place + 1);
        silence_begin(uart);
    }
    line_update(uart);
    return !full;
}

static uint32_t ns16550_serial_input(struct model *model, const uint8_t *bytes, uint32_t size)
{
    struct ns16550 *uart = ns16550_of(model);
    if (uart->mcr & NS16550_MCR_LOOPBACK)
        return 0; /* disconnected (8.7, bit 4) */
    uint32_t taken = 0;
    while (taken < size && receive(uart, bytes[taken]))
        taken++;
    return taken;
}

static uint32_t data_read(struct ns16550 *uart)
{
    uint32_t value = uart->rx[uart->rx_first];
    if (uart->rx_level == 0)
        return value;
    model_reg_set(&uart->model, &uart->rx_first, (uart->rx_first + 1) % NS16550_FIFO_SIZE);
    model_reg_set(&uart->model, &uart->rx_level, uart->rx_level - 1);
    model_reg_set(&uart->model, &uart->timeout, 0);
    silence_begin(uart);
    line_update(uart);
    return value;
}

/* --- transmitter --- */

static void shifted(struct model *model, struct model_timer *timer);

static bool sends(struct ns16550 *uart)
{
    if (uart->divisor != 0)
        return true;
    if (!uart->warned)
        model_warn(&uart->model, "sending without a baud rate: the divisor is 0");
    uart->warned = true;
    return false;
}

static void shift_begin(struct ns16550 *uart)
{
    if (uart->tx_level == 0 || uart->shifting != SHIFTING_NONE || !sends(uart))
        return;
    model_reg_set(&uart->model, &uart->shifting, uart->tx[uart->tx_first]);
    model_reg_set(&uart->model, &uart->tx_first, (uart->tx_first + 1) % NS16550_FIFO_SIZE);
    model_reg_set(&uart->model, &uart->tx_level, uart->tx_level - 1);
    if (uart->tx_level == 0)
        model_reg_set(&uart->model, &uart->thre_event, 1);
    model_timer_set(&uart->model, &uart->shift, model_time_ns(&uart->model) + character_ns(uart),
                    shifted);
    line_update(uart);
}

static void shifted(struct model *model, struct model_timer *timer)
{
    struct ns16550 *uart = ns16550_of(model);
    (void)timer;
    uint8_t byte = (uint8_t)uart->shifting;
    model_reg_set(model, &uart->shifting, SHIFTING_NONE);
    if (uart->mcr & NS16550_MCR_LOOPBACK)
        (void)receive(uart, byte);
    else
        model_serial_out(model, &byte, 1);
    shift_begin(uart);
}

static void data_write(struct ns16550 *uart, uint32_t value)
{
    if (uart->tx_level >= depth(uart)) {
        model_warn(&uart->model, "a character for a full transmitter is lost");
        return;
    }
    uint32_t at = (uart->tx_first + uart->tx_level) % NS16550_FIFO_SIZE;
    model_reg_set(&uart->model, &uart->tx[at], value);
    model_reg_set(&uart->model, &uart->tx_level, uart->tx_level + 1);
    model_reg_set(&uart->model, &uart->thre_event, 0);
    line_update(uart);
    shift_begin(uart);
}

/* --- registers --- */

static uint32_t line_status(const struct ns16550 *uart)
{
    uint32_t value = uart->overrun ? NS16550_LSR_OVERRUN : 0;
    if (uart->rx_level != 0)
        value |= NS16550_LSR_DATA;
    if (uart->tx_level == 0)
        value |= NS16550_LSR_THRE;
    if (uart->tx_level == 0 && uart->shifting == SHIFTING_NONE)
        value |= NS16550_LSR_TEMT;
    return value;
}

/* In loopback the four outputs are the four inputs (8.7, bit 4); else nothing is connected. */
static void modem_update(struct ns16550 *uart)
{
    uint32_t lines = 0;
    if (uart->mcr & NS16550_MCR_LOOPBACK)
        lines = (uart->mcr & NS16550_MCR_RTS ? NS16550_MSR_CTS : 0) |
                (uart->mcr & NS16550_MCR_DTR ? NS16550_MSR_DSR : 0) |
                (uart->mcr & NS16550_MCR_OUT1 ? NS16550_MSR_RI : 0) |
                (uart->mcr & NS16550_MCR_OUT2 ? NS16550_MSR_DCD : 0);
    uint32_t before = uart->msr & 0xf0, changed = before ^ lines;
    changed &= ~(NS16550_MSR_RI & lines); /* the ring indicator counts where it ends */
    model_reg_set(&uart->model, &uart->msr, lines | (uart->msr & 0xf) | changed >> 4);
    line_update(uart);
}

static uint32_t identification_read(struct ns16550 *uart)
{
    uint32_t id = interrupt_id(uart);
    if (id == NS16550_IIR_TX) {
        model_reg_set(&uart->model, &uart->thre_event, 0);
        line_update(uart);
    }
    return id | (uart->fcr & NS16550_FCR_ENABLE ? NS16550_IIR_FIFOS : 0);
}

static uint32_t line_status_read(struct ns16550 *uart)
{
    uint32_t value = line_status(uart);
    model_reg_set(&uart->model, &uart->overrun, 0);
    line_update(uart);
    return value;
}

static uint32_t modem_status_read(struct ns16550 *uart)
{
    uint32_t value = uart->msr;
    model_reg_set(&uart->model, &uart->msr, value & 0xf0);
    line_update(uart);
    return value;
}

static uint32_t register_of(const struct ns16550 *uart, uint64_t offset)
{
    uint64_t reg = offset >> uart->reg_shift;
    bool between = (offset & ((1u << uart->reg_shift) - 1)) != 0;
    return between || reg >= NS16550_COUNT ? NS16550_COUNT : (uint32_t)reg;
}

static uint64_t ns16550_read(struct model *model, const struct model_access *access)
{
    struct ns16550 *uart = ns16550_of(model);
    bool latch = (uart->lcr & NS16550_LCR_DLAB) != 0;
    switch (register_of(uart, access->offset)) {
    case NS16550_RBR:
        return latch ? uart->divisor & 0xff : data_read(uart);
    case NS16550_IER:
        return latch ? uart->divisor >> 8 : uart->ier;
    case NS16550_IIR:
        return identification_read(uart);
    case NS16550_LCR:
        return uart->lcr;
    case NS16550_MCR:
        return uart->mcr;
    case NS16550_LSR:
        return line_status_read(uart);
    case NS16550_MSR:
        return modem_status_read(uart);
    case NS16550_SCR:
        return uart->scr;
    default:
        return 0;
    }
}

static void divisor_write(struct ns16550 *uart, uint32_t divisor)
{
    model_reg_set(&uart->model, &uart->divisor, divisor);
    shift_begin(uart);
}

static void rx_clear(struct ns16550 *uart)
{
    model_reg_set(&uart->model, &uart->rx_level, 0);
    model_reg_set(&uart->model, &uart->timeout, 0);
    silence_begin(uart);
}

static void tx_clear(struct ns16550 *uart)
{
    if (uart->tx_level != 0)
        model_reg_set(&uart->model, &uart->thre_event, 1);
    model_reg_set(&uart->model, &uart->tx_level, 0);
}

/* 8.5: changing bit 0 empties both FIFOs, and without it the other bits are not taken. The shift
 * register goes on. */
static void fifo_control_write(struct ns16550 *uart, uint32_t value)
{
    bool changed = ((value ^ uart->fcr) & NS16550_FCR_ENABLE) != 0;
    bool enabled = (value & NS16550_FCR_ENABLE) != 0;
    if (changed || (enabled && (value & NS16550_FCR_CLEAR_RX)))
        rx_clear(uart);
    if (changed || (enabled && (value & NS16550_FCR_CLEAR_TX)))
        tx_clear(uart);
    model_reg_set(&uart->model, &uart->fcr, enabled ? value & 0xc9 : 0);
    line_update(uart);
}

/* Enabling the transmitter's interrupt while it is empty raises it: the event is the holding
 * register's state, gated by the bit (8.8.2). */
static void interrupt_enable_write(struct ns16550 *uart, uint32_t value)
{
    if ((value & ~uart->ier & NS16550_IER_TX) && uart->tx_level == 0)
        model_reg_set(&uart->model, &uart->thre_event, 1);
    model_reg_set(&uart->model, &uart->ier, value & 0xf);
    line_update(uart);
}

static void ns16550_write(struct model *model, const struct model_access *access, uint64_t wide)
{
    struct ns16550 *uart = ns16550_of(model);
    uint32_t value = (uint32_t)wide & 0xff;
    bool latch = (uart->lcr & NS16550_LCR_DLAB) != 0;
    switch (register_of(uart, access->offset)) {
    case NS16550_THR:
        if (latch)
            divisor_write(uart, (uart->divisor & 0xff00) | value);
        else
            data_write(uart, value);
        break;
    case NS16550_IER:
        if (latch)
            divisor_write(uart, (uart->divisor & 0xff) | value << 8);
        else
            interrupt_enable_write(uart, value);
        break;
    case NS16550_FCR:
        fifo_control_write(uart, value);
        break;
    case NS16550_LCR:
        model_reg_set(model, &uart->lcr, value);
        break;
    case NS16550_MCR:
        model_reg_set(model, &uart->mcr, value & 0x1f);
        modem_update(uart);
        break;
    case NS16550_SCR:
        model_reg_set(model, &uart->scr, value);
        break;
    default: /* LSR and MSR are not for writing (8.6.3) */
        model_warn(model, "write of %#x to offset %#llx", value,
                   (unsigned long long)access->offset);
    }
}

static int ns16550_init(struct model *model, const struct model_node *node)
{
    struct ns16550 *uart = ns16550_of(model);
    uart->clock_hz = CLOCK_DEFAULT_HZ;
    if (model_node_u32(node, "clock-frequency", 0, &uart->clock_hz) == 0 &&
        (uart->clock_hz == 0 || uart->clock_hz > NSEC_PER_SEC)) {
        model_warn(model, "clock-frequency %u is not in 1..1000000000", uart->clock_hz);
        return -EINVAL;
    }
    if (model_node_u32(node, "reg-shift", 0, &uart->reg_shift) == 0 &&
        uart->reg_shift > SHIFT_MAX) {
        model_warn(model, "reg-shift %u is more than %u", uart->reg_shift, SHIFT_MAX);
        return -EINVAL;
    }
    uart->shifting = SHIFTING_NONE;
    return 0;
}

static const char *const ns16550_compatible[] = { "ns16550a", "ns16550", NULL };

const struct model_ops ns16550_model = {
    .name = "ns16550",
    .compatible = ns16550_compatible,
    .size = sizeof(struct ns16550),
    .init = ns16550_init,
    .read = ns16550_read,
    .write = ns16550_write,
    .serial_input = ns16550_serial_input,
};
