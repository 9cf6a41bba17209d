/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Arm PL011 UART (DDI 0183G), both directions, with the time that characters take on the line.
 *
 * What goes out leaves by model_serial_out() when its last stop bit is over; what comes in
 * (serial_input) stands in the receive FIFO at once: whoever sends is not slower than this UART.
 * Level interrupts of the FIFOs are transitions through their levels (§3.3.10, §2.8): TX is raised
 * where a character leaves and the level is reached, and put down by filling beyond it or by ICR.
 * A transmitter without a baud rate (IBRD 0) keeps what it has, as in silicon; this is said once.
 *
 * Not modelled: modem lines, IrDA, DMA, parity and framing errors, breaks. Periods of silence are
 * counted from the last character: the receive timeout comes 32 bit times later. */
#include <axiom/errno.h>
#include <hw/regs/pl011.h>
#include <hw_models/models.h>
#include <hw_models/scale.h>

#define CLOCK_DEFAULT_HZ 9216000u /* clk-uart of bcm2712.dtsi */

struct pl011 {
    struct model model;
    uint32_t clock_hz, depth, periphid;
    uint32_t divisor; /* 64ths, as latched by LCR_H */
    uint32_t ibrd, fbrd, lcr_h, cr, ifls, imsc, ris, ilpr, dmacr, errors;
    uint32_t tx_level, rx_level, tx_first, rx_first; /* the rings' */
    uint32_t tx[PL011_FIFO_MAX], rx[PL011_FIFO_MAX];
    bool warned;
    struct model_timer shift, silence;
};

static struct pl011 *pl011_of(struct model *model)
{
    return CONTAINER_OF(model, struct pl011, model);
}

/* --- interrupts --- */

static void interrupts_set(struct pl011 *uart, uint32_t ris)
{
    model_reg_set(&uart->model, &uart->ris, ris);
    model_line_set(&uart->model, 0, 0, (uart->ris & uart->imsc) != 0);
}

/* Without FIFOs there is one place in each direction. */
static uint32_t depth(const struct pl011 *uart)
{
    return uart->lcr_h & PL011_LCR_H_FIFOS ? uart->depth : 1;
}

static uint32_t level_of(const struct pl011 *uart, uint32_t select)
{
    static const uint32_t eighths[8] = { 1, 2, 4, 6, 7, 7, 7, 7 }; /* 5 to 7 are reserved */
    if (!(uart->lcr_h & PL011_LCR_H_FIFOS))
        return 0;
    return uart->depth * eighths[select & PL011_IFLS_TX] / 8;
}

static uint32_t tx_trigger(const struct pl011 *uart)
{
    return level_of(uart, uart->ifls);
}

static uint32_t rx_trigger(const struct pl011 *uart)
{
    uint32_t level = level_of(uart, uart->ifls >> PL011_IFLS_RX_AT);
    return level != 0 ? level : 1;
}

/* --- time --- */

static uint64_t bits_ns(const struct pl011 *uart, uint32_t bits)
{
    return scale_ceil((uint64_t)bits * uart->divisor, NSEC_PER_SEC, 4ull * uart->clock_hz);
}

static uint32_t character_bits(const struct pl011 *uart)
{
    uint32_t data = 5 + ((uart->lcr_h & PL011_LCR_H_WLEN) >> PL011_LCR_H_WLEN_AT);
    return 1 + data + (uart->lcr_h & PL011_LCR_H_PARITY ? 1 : 0) +
           (uart->lcr_h & PL011_LCR_H_STOP2 ? 2 : 1);
}

/* --- receiver --- */

static void silence_over(struct model *model, struct model_timer *timer)
{
    struct pl011 *uart = pl011_of(model);
    (void)timer;
    if (uart->rx_level != 0)
        interrupts_set(uart, uart->ris | PL011_INT_TIMEOUT);
}

static bool receive(struct pl011 *uart, uint32_t character)
{
    if ((uart->cr & (PL011_CR_ENABLE | PL011_CR_RX)) != (PL011_CR_ENABLE | PL011_CR_RX))
        return false;
    if (uart->rx_level >= depth(uart)) {
        model_reg_set(&uart->model, &uart->errors, uart->errors | PL011_DR_OVERRUN >> 8);
        interrupts_set(uart, uart->ris | PL011_INT_OVERRUN);
        return false;
    }
    uint32_t at = (uart->rx_first + uart->rx_level) % PL011_FIFO_MAX;
    model_reg_set(&uart->model, &uart->rx[at], character);
    model_reg_set(&uart->model, &uart->rx_level, uart->rx_level + 1);
    if (uart->rx_level >= rx_trigger(uart))
        interrupts_set(uart, uart->ris | PL011_INT_RX);
    model_timer_set(&uart->model, &uart->silence, model_time_ns(&uart->model) + bits_ns(uart, 32),
                    silence_over);
    return true;
}

static uint32_t pl011_serial_input(struct model *model, const uint8_t *bytes, uint32_t size)
{
    struct pl011 *uart = pl011_of(model);
    uint32_t taken = 0;
    while (taken < size && receive(uart, bytes[taken]))
        taken++;
    return taken;
}

static uint32_t data_read(struct pl011 *uart)
{
    if (uart->rx_level == 0)
        return 0;
    uint32_t value = uart->rx[uart->rx_first] | uart->errors << 8;
    model_reg_set(&uart->model, &uart->rx_first, (uart->rx_first + 1) % PL011_FIFO_MAX);
    model_reg_set(&uart->model, &uart->rx_level, uart->rx_level - 1);
    uint32_t over = uart->rx_level < rx_trigger(uart) ? PL011_INT_RX : 0;
    if (uart->rx_level == 0)
        over |= PL011_INT_TIMEOUT;
    interrupts_set(uart, uart->ris & ~over);
    return value;
}

/* --- transmitter --- */

static bool sends(struct pl011 *uart)
{
    if ((uart->cr & (PL011_CR_ENABLE | PL011_CR_TX)) != (PL011_CR_ENABLE | PL011_CR_TX))
        return false;
    if (uart->divisor >= 64)
        return true;
    if (!uart->warned)
        model_warn(&uart->model, "sending without a baud rate: IBRD is 0");
    uart->warned = true;
    return false;
}

static void shifted(struct model *model, struct model_timer *timer);

static void shift_begin(struct pl011 *uart)
{
    if (uart->tx_level != 0 && uart->shift.heap_index == 0 && sends(uart))
        model_timer_set(&uart->model, &uart->shift,
                        model_time_ns(&uart->model) + bits_ns(uart, character_bits(uart)), shifted);
}

static void shifted(struct model *model, struct model_timer *timer)
{
    struct pl011 *uart = pl011_of(model);
    (void)timer;
    uint8_t byte = (uint8_t)uart->tx[uart->tx_first];
    model_reg_set(model, &uart->tx_first, (uart->tx_first + 1) % PL011_FIFO_MAX);
    model_reg_set(model, &uart->tx_level, uart->tx_level - 1);
    if (uart->cr & PL011_CR_LOOPBACK)
        (void)receive(uart, byte);
    else
        model_serial_out(model, &byte, 1);
    if (uart->tx_level == tx_trigger(uart))
        interrupts_set(uart, uart->ris | PL011_INT_TX);
    shift_begin(uart);
}

static void data_write(struct pl011 *uart, uint32_t value)
{
    if (uart->tx_level >= depth(uart)) {
        model_warn(&uart->model, "a character for a full transmitter is lost");
        return;
    }
    uint32_t at = (uart->tx_first + uart->tx_level) % PL011_FIFO_MAX;
    model_reg_set(&uart->model, &uart->tx[at], value & PL011_DR_DATA);
    model_reg_set(&uart->model, &uart->tx_level, uart->tx_level + 1);
    if (uart->tx_level > tx_trigger(uart))
        interrupts_set(uart, uart->ris & ~PL011_INT_TX);
    shift_begin(uart);
}

/* --- registers --- */

static uint32_t flags(const struct pl011 *uart)
{
    uint32_t value = 0;
    if (uart->shift.heap_index != 0)
        value |= PL011_FR_BUSY;
    if (uart->rx_level == 0)
        value |= PL011_FR_RX_EMPTY;
    if (uart->rx_level >= depth(uart))
        value |= PL011_FR_RX_FULL;
    if (uart->tx_level == 0)
        value |= PL011_FR_TX_EMPTY;
    if (uart->tx_level >= depth(uart))
        value |= PL011_FR_TX_FULL;
    return value;
}

static uint32_t identity(const struct pl011 *uart, uint32_t index)
{
    return (index < 4 ? uart->periphid >> 8 * index : PL011_PCELLID >> 8 * (index - 4)) & 0xff;
}

static uint64_t pl011_read(struct model *model, const struct model_access *access)
{
    struct pl011 *uart = pl011_of(model);
    switch (access->offset & ~3ull) { /* the APB has no byte lanes: the low bits say nothing */
    case PL011_DR:
        return data_read(uart);
    case PL011_RSR:
        return uart->errors;
    case PL011_FR:
        return flags(uart);
    case PL011_ILPR:
        return uart->ilpr;
    case PL011_IBRD:
        return uart->ibrd;
    case PL011_FBRD:
        return uart->fbrd;
    case PL011_LCR_H:
        return uart->lcr_h;
    case PL011_CR:
        return uart->cr;
    case PL011_IFLS:
        return uart->ifls;
    case PL011_IMSC:
        return uart->imsc;
    case PL011_RIS:
        return uart->ris;
    case PL011_MIS:
        return uart->ris & uart->imsc;
    case PL011_DMACR:
        return uart->dmacr;
    default:
        return access->offset >= PL011_ID && access->offset < PL011_ID + 32
                   ? identity(uart, (uint32_t)(access->offset - PL011_ID) / 4)
                   : 0;
    }
}

/* §3.3.7: the FIFOs are flushed when they are switched off. */
static void line_control_write(struct pl011 *uart, uint32_t value)
{
    if ((uart->lcr_h & ~value & PL011_LCR_H_FIFOS) != 0) {
        model_reg_set(&uart->model, &uart->rx_level, 0);
        model_reg_set(&uart->model, &uart->tx_level, 0);
        model_timer_cancel(&uart->model, &uart->shift);
    }
    model_reg_set(&uart->model, &uart->lcr_h, value & 0xff);
    model_reg_set(&uart->model, &uart->divisor, 64 * uart->ibrd + uart->fbrd);
    shift_begin(uart);
}

static void pl011_write(struct model *model, const struct model_access *access, uint64_t wide)
{
    struct pl011 *uart = pl011_of(model);
    uint32_t value = (uint32_t)wide;
    switch (access->offset & ~3ull) {
    case PL011_DR:
        data_write(uart, value);
        break;
    case PL011_RSR:
        model_reg_set(model, &uart->errors, 0);
        break;
    case PL011_ILPR:
        model_reg_set(model, &uart->ilpr, value & 0xff);
        break;
    case PL011_IBRD:
        model_reg_set(model, &uart->ibrd, value & 0xffff);
        break;
    case PL011_FBRD:
        model_reg_set(model, &uart->fbrd, value & 0x3f);
        break;
    case PL011_LCR_H:
        line_control_write(uart, value);
        break;
    case PL011_CR:
        model_reg_set(model, &uart->cr, value & 0xff87);
        shift_begin(uart);
        break;
    case PL011_IFLS:
        model_reg_set(model, &uart->ifls, value & 0x3f);
        break;
    case PL011_IMSC:
        model_reg_set(model, &uart->imsc, value & PL011_INT_ALL);
        interrupts_set(uart, uart->ris);
        break;
    case PL011_ICR:
        interrupts_set(uart, uart->ris & ~value);
        break;
    case PL011_DMACR:
        model_reg_set(model, &uart->dmacr, value & 7);
        break;
    default:
        model_warn(model, "write of %#x to offset %#llx", value,
                   (unsigned long long)access->offset);
    }
}

static int pl011_init(struct model *model, const struct model_node *node)
{
    struct pl011 *uart = pl011_of(model);
    uart->clock_hz = CLOCK_DEFAULT_HZ;
    uart->periphid = PL011_PERIPHID;
    (void)model_node_u32(node, "arm,primecell-periphid", 0, &uart->periphid);
    if (model_node_u32(node, "clock-frequency", 0, &uart->clock_hz) == 0 &&
        (uart->clock_hz == 0 || uart->clock_hz > NSEC_PER_SEC)) {
        model_warn(model, "clock-frequency %u is not in 1..1000000000", uart->clock_hz);
        return -EINVAL;
    }
    uart->depth = (uart->periphid >> 20 & 0xf) >= 3 ? PL011_FIFO_MAX : PL011_FIFO_MAX / 2;
    uart->cr = PL011_CR_TX | PL011_CR_RX;
    uart->ifls = 0x12;
    return 0;
}

static const char *const pl011_compatible[] = { "arm,pl011", NULL };

const struct model_ops pl011_model = {
    .name = "pl011",
    .compatible = pl011_compatible,
    .size = sizeof(struct pl011),
    .init = pl011_init,
    .read = pl011_read,
    .write = pl011_write,
    .serial_input = pl011_serial_input,
};
