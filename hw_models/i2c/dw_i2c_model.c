/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* DesignWare I2C master: registers, FIFOs and interrupts (databook as published in the RP2040
 * datasheet §4.3). The bus itself, what happens on SDA and SCL, is dw_i2c_bus.c.
 *
 * Software pushes commands (a byte to write, or "read one") with STOP and RESTART marks into the TX
 * FIFO; the bus pops and executes them and pushes what it reads into the RX FIFO. After an abort
 * the TX FIFO stays flushed until CLR_TX_ABRT is read (§4.3.17, IC_TX_ABRT_SOURCE).
 *
 * Slave mode, 10-bit addresses and DMA handshakes are not modelled; their registers keep what is
 * written. FIFO depth (16) and reset values of the counts are RP2040's and 5 ns defaults; RP1's are
 * not published, and a driver reads the depth from COMP_PARAM_1. */
#include "dw_i2c_bus.h"
#include <axiom/errno.h>

#define CON_WRITABLE GENMASK(9, 0)
#define CON_RESET    0x65u /* master, fast, RESTART_EN, SLAVE_DISABLE */
#define COMP_VERSION 0x3230312au
#define COMP_PARAM_FAST \
    0xb6u /* encoded parameters, interrupts as one line, fast mode, 32-bit APB */
#define LATCHED_INTERRUPTS                                                                 \
    (DW_IC_INTR_RX_UNDER | DW_IC_INTR_RX_OVER | DW_IC_INTR_TX_OVER | DW_IC_INTR_RD_REQ |   \
     DW_IC_INTR_TX_ABRT | DW_IC_INTR_RX_DONE | DW_IC_INTR_ACTIVITY | DW_IC_INTR_STOP_DET | \
     DW_IC_INTR_START_DET | DW_IC_INTR_GEN_CALL)

/* --- FIFOs --- */

uint32_t dw_tx_pop(struct dw_i2c *i2c)
{
    uint32_t command = i2c->tx[i2c->tx_head];
    model_reg_set(&i2c->model, &i2c->tx_head, (i2c->tx_head + 1) % DW_FIFO_DEPTH);
    model_reg_set(&i2c->model, &i2c->tx_count, i2c->tx_count - 1);
    return command;
}

void dw_tx_flush(struct dw_i2c *i2c)
{
    model_reg_set(&i2c->model, &i2c->tx_count, 0);
}

void dw_rx_push(struct dw_i2c *i2c, uint8_t byte)
{
    if (i2c->rx_count == DW_FIFO_DEPTH) {
        dw_raise(i2c, DW_IC_INTR_RX_OVER);
        return;
    }
    uint32_t at = (i2c->rx_head + i2c->rx_count) % DW_FIFO_DEPTH;
    model_reg_set(&i2c->model, &i2c->rx[at], byte);
    model_reg_set(&i2c->model, &i2c->rx_count, i2c->rx_count + 1);
}

static uint32_t rx_pop(struct dw_i2c *i2c)
{
    if (i2c->rx_count == 0) {
        dw_raise(i2c, DW_IC_INTR_RX_UNDER);
        return 0;
    }
    uint32_t byte = i2c->rx[i2c->rx_head];
    model_reg_set(&i2c->model, &i2c->rx_head, (i2c->rx_head + 1) % DW_FIFO_DEPTH);
    model_reg_set(&i2c->model, &i2c->rx_count, i2c->rx_count - 1);
    return byte;
}

static void tx_push(struct dw_i2c *i2c, uint32_t command)
{
    if (!dw_enabled(i2c)) {
        model_warn(&i2c->model, "DATA_CMD written while disabled: lost");
        return;
    }
    if ((i2c->raw & DW_IC_INTR_TX_ABRT) != 0)
        return; /* held in flush until CLR_TX_ABRT */
    if (i2c->tx_count == DW_FIFO_DEPTH) {
        dw_raise(i2c, DW_IC_INTR_TX_OVER);
        return;
    }
    uint32_t at = (i2c->tx_head + i2c->tx_count) % DW_FIFO_DEPTH;
    model_reg_set(&i2c->model, &i2c->tx[at], command & GENMASK(10, 0));
    model_reg_set(&i2c->model, &i2c->tx_count, i2c->tx_count + 1);
    dw_bus_kick(i2c);
}

/* --- interrupts --- */

void dw_raise(struct dw_i2c *i2c, uint32_t bits)
{
    model_reg_set(&i2c->model, &i2c->raw, i2c->raw | bits);
}

/* RX_FULL and TX_EMPTY follow the FIFOs; the others are latched. */
static uint32_t raw_interrupts(const struct dw_i2c *i2c)
{
    uint32_t raw = i2c->raw;
    if (i2c->rx_count > i2c->rx_tl)
        raw |= DW_IC_INTR_RX_FULL;
    bool working = (i2c->con & DW_IC_CON_TX_EMPTY_CTRL) != 0 && dw_bus_shifting(i2c);
    if (i2c->tx_count <= i2c->tx_tl && !working && (dw_enabled(i2c) || dw_bus_active(i2c)))
        raw |= DW_IC_INTR_TX_EMPTY;
    return raw;
}

void dw_update_irq(struct dw_i2c *i2c)
{
    bool irq = (raw_interrupts(i2c) & i2c->intr_mask) != 0;
    if (irq == i2c->irq)
        return;
    i2c->irq = irq;
    model_line_set(&i2c->model, 0, 0, irq);
}

static void clear(struct dw_i2c *i2c, uint32_t bits)
{
    /* ACTIVITY cannot be cleared while the bus is busy (IC_CLR_ACTIVITY). */
    if (dw_bus_active(i2c))
        bits &= ~DW_IC_INTR_ACTIVITY;
    model_reg_set(&i2c->model, &i2c->raw, i2c->raw & ~bits);
    if ((bits & DW_IC_INTR_TX_ABRT) != 0)
        model_reg_set(&i2c->model, &i2c->abort_source, 0);
}

/* Reading a CLR_* register clears and gives 1 if there was something to clear. */
static uint32_t read_clear(struct dw_i2c *i2c, uint32_t bits)
{
    bool was = (i2c->raw & bits) != 0;
    clear(i2c, bits);
    return was;
}

/* --- registers --- */

static uint32_t status(const struct dw_i2c *i2c)
{
    uint32_t value = dw_bus_active(i2c) ? DW_IC_STATUS_ACTIVITY | DW_IC_STATUS_MST_ACTIVITY : 0;
    value |= i2c->tx_count < DW_FIFO_DEPTH ? DW_IC_STATUS_TFNF : 0;
    value |= i2c->tx_count == 0 ? DW_IC_STATUS_TFE : 0;
    value |= i2c->rx_count != 0 ? DW_IC_STATUS_RFNE : 0;
    return value | (i2c->rx_count == DW_FIFO_DEPTH ? DW_IC_STATUS_RFF : 0);
}

/* Registers that keep what is written. `locked`: only while disabled. */
struct stored {
    uint32_t *at;
    uint32_t mask;
    bool locked;
};

static bool stored_register(struct dw_i2c *i2c, uint64_t offset, struct stored *out)
{
    const uint32_t counts = DW_IC_CNT_MASK;
    switch (offset) {
    case DW_IC_CON:
        *out = (struct stored){ &i2c->con, CON_WRITABLE, true };
        return true;
    case DW_IC_TAR:
        *out = (struct stored){ &i2c->tar, GENMASK(11, 0), true };
        return true;
    case DW_IC_SAR:
        *out = (struct stored){ &i2c->sar, GENMASK(9, 0), true };
        return true;
    case DW_IC_SS_SCL_HCNT:
        *out = (struct stored){ &i2c->ss_hcnt, counts, true };
        return true;
    case DW_IC_SS_SCL_LCNT:
        *out = (struct stored){ &i2c->ss_lcnt, counts, true };
        return true;
    case DW_IC_FS_SCL_HCNT:
        *out = (struct stored){ &i2c->fs_hcnt, counts, true };
        return true;
    case DW_IC_FS_SCL_LCNT:
        *out = (struct stored){ &i2c->fs_lcnt, counts, true };
        return true;
    case DW_IC_INTR_MASK:
        *out = (struct stored){ &i2c->intr_mask, GENMASK(12, 0), false };
        return true;
    case DW_IC_RX_TL:
        *out = (struct stored){ &i2c->rx_tl, GENMASK(7, 0), false };
        return true;
    case DW_IC_TX_TL:
        *out = (struct stored){ &i2c->tx_tl, GENMASK(7, 0), false };
        return true;
    case DW_IC_SDA_HOLD:
        *out = (struct stored){ &i2c->sda_hold, GENMASK(23, 0), true };
        return true;
    case DW_IC_DMA_CR:
        *out = (struct stored){ &i2c->dma_cr, GENMASK(1, 0), false };
        return true;
    case DW_IC_DMA_TDLR:
        *out = (struct stored){ &i2c->dma_tdlr, GENMASK(3, 0), false };
        return true;
    case DW_IC_DMA_RDLR:
        *out = (struct stored){ &i2c->dma_rdlr, GENMASK(3, 0), false };
        return true;
    case DW_IC_SDA_SETUP:
        *out = (struct stored){ &i2c->sda_setup, GENMASK(7, 0), true };
        return true;
    case DW_IC_ACK_GENERAL_CALL:
        *out = (struct stored){ &i2c->ack_general_call, GENMASK(0, 0), false };
        return true;
    case DW_IC_FS_SPKLEN:
        *out = (struct stored){ &i2c->fs_spklen, GENMASK(7, 0), true };
        return true;
    default:
        return false;
    }
}

static uint32_t clear_bits_of(uint64_t offset)
{
    switch (offset) {
    case DW_IC_CLR_INTR:
        return LATCHED_INTERRUPTS;
    case DW_IC_CLR_RX_UNDER:
        return DW_IC_INTR_RX_UNDER;
    case DW_IC_CLR_RX_OVER:
        return DW_IC_INTR_RX_OVER;
    case DW_IC_CLR_TX_OVER:
        return DW_IC_INTR_TX_OVER;
    case DW_IC_CLR_RD_REQ:
        return DW_IC_INTR_RD_REQ;
    case DW_IC_CLR_TX_ABRT:
        return DW_IC_INTR_TX_ABRT;
    case DW_IC_CLR_RX_DONE:
        return DW_IC_INTR_RX_DONE;
    case DW_IC_CLR_ACTIVITY:
        return DW_IC_INTR_ACTIVITY;
    case DW_IC_CLR_STOP_DET:
        return DW_IC_INTR_STOP_DET;
    case DW_IC_CLR_START_DET:
        return DW_IC_INTR_START_DET;
    case DW_IC_CLR_GEN_CALL:
        return DW_IC_INTR_GEN_CALL;
    default:
        return 0;
    }
}

static uint32_t read_register(struct dw_i2c *i2c, uint64_t offset)
{
    struct stored stored;
    if (stored_register(i2c, offset, &stored))
        return *stored.at;
    if (clear_bits_of(offset) != 0)
        return read_clear(i2c, clear_bits_of(offset));
    switch (offset) {
    case DW_IC_DATA_CMD: {
        uint32_t byte = rx_pop(i2c);
        dw_bus_kick(i2c); /* a bus that was held for room in the FIFO goes on */
        return byte;
    }
    case DW_IC_INTR_STAT:
        return raw_interrupts(i2c) & i2c->intr_mask;
    case DW_IC_RAW_INTR_STAT:
        return raw_interrupts(i2c);
    case DW_IC_ENABLE:
        return i2c->enable;
    case DW_IC_STATUS:
        return status(i2c);
    case DW_IC_TXFLR:
        return i2c->tx_count;
    case DW_IC_RXFLR:
        return i2c->rx_count;
    case DW_IC_TX_ABRT_SOURCE:
        return i2c->abort_source;
    case DW_IC_ENABLE_STATUS:
        return dw_enabled(i2c) || dw_bus_active(i2c) ? DW_IC_ENABLE_STATUS_EN : 0;
    case DW_IC_COMP_PARAM_1:
        return field_prep(DW_IC_COMP_PARAM_RX, DW_FIFO_DEPTH - 1) |
               field_prep(DW_IC_COMP_PARAM_TX, DW_FIFO_DEPTH - 1) | COMP_PARAM_FAST;
    case DW_IC_COMP_VERSION:
        return COMP_VERSION;
    case DW_IC_COMP_TYPE:
        return DW_IC_COMP_TYPE_VALUE;
    default:
        return 0;
    }
}

static uint64_t i2c_read(struct model *model, const struct model_access *access)
{
    struct dw_i2c *i2c = dw_i2c_of(model);
    if (access->region != 0 || access->size != 4 || access->offset % 4 != 0) {
        model_warn(model, "read of %u bytes at %#llx", access->size,
                   (unsigned long long)access->offset);
        return 0;
    }
    uint32_t value = read_register(i2c, access->offset);
    dw_update_irq(i2c);
    return value;
}

static void write_enable(struct dw_i2c *i2c, uint32_t value)
{
    bool was = dw_enabled(i2c), now = (value & DW_IC_ENABLE_ENABLE) != 0;
    if (was && (value & DW_IC_ENABLE_ABORT) != 0)
        dw_bus_abort(i2c);
    uint32_t keeps = DW_IC_ENABLE_ENABLE | DW_IC_ENABLE_TX_CMD_BLOCK;
    uint32_t aborting = i2c->enable & DW_IC_ENABLE_ABORT; /* cleared by the bus */
    model_reg_set(&i2c->model, &i2c->enable, (value & keeps) | aborting);
    if (was && !now)
        dw_bus_disable(i2c);
    else if (now)
        dw_bus_kick(i2c);
}

/* Reserved speeds become the fastest that the block can do (IC_CON.SPEED). */
static uint32_t con_value(uint32_t value)
{
    uint32_t speed = field_get(DW_IC_CON_SPEED, value);
    if (speed != DW_IC_SPEED_STANDARD && speed != DW_IC_SPEED_FAST)
        speed = DW_IC_SPEED_FAST;
    return (value & CON_WRITABLE & ~DW_IC_CON_SPEED) | field_prep(DW_IC_CON_SPEED, speed);
}

static uint32_t limited(uint64_t offset, uint32_t value)
{
    if (offset == DW_IC_CON)
        return con_value(value);
    if (offset == DW_IC_SS_SCL_HCNT || offset == DW_IC_FS_SCL_HCNT)
        return value < DW_IC_HCNT_MIN ? DW_IC_HCNT_MIN : value;
    if (offset == DW_IC_SS_SCL_LCNT || offset == DW_IC_FS_SCL_LCNT)
        return value < DW_IC_LCNT_MIN ? DW_IC_LCNT_MIN : value;
    if ((offset == DW_IC_RX_TL || offset == DW_IC_TX_TL) && value >= DW_FIFO_DEPTH)
        return DW_FIFO_DEPTH - (offset == DW_IC_RX_TL ? 1 : 0);
    if (offset == DW_IC_FS_SPKLEN && value == 0)
        return 1;
    return value;
}

static void i2c_write(struct model *model, const struct model_access *access, uint64_t wide)
{
    struct dw_i2c *i2c = dw_i2c_of(model);
    uint32_t value = (uint32_t)wide;
    struct stored stored;
    if (access->region != 0 || access->size != 4 || access->offset % 4 != 0) {
        model_warn(model, "write of %u bytes at %#llx", access->size,
                   (unsigned long long)access->offset);
        return;
    }
    if (stored_register(i2c, access->offset, &stored)) {
        if (stored.locked && (dw_enabled(i2c) || dw_bus_active(i2c))) {
            model_warn(model, "offset %#llx written while enabled: no effect",
                       (unsigned long long)access->offset);
            return;
        }
        model_reg_set(model, stored.at, limited(access->offset, value & stored.mask));
    } else if (access->offset == DW_IC_DATA_CMD) {
        tx_push(i2c, value);
    } else if (access->offset == DW_IC_ENABLE) {
        write_enable(i2c, value);
    } else {
        model_warn(model, "write of %#x to read-only offset %#llx", value,
                   (unsigned long long)access->offset);
    }
    dw_update_irq(i2c);
}

/* "i2c1" is bus 1. */
static uint32_t bus_number(const char *label)
{
    uint32_t number = 0;
    for (; *label != '\0'; label++)
        number = *label >= '0' && *label <= '9' ? number * 10 + (uint32_t)(*label - '0') : 0;
    return number;
}

static int i2c_init(struct model *model, const struct model_node *node)
{
    struct dw_i2c *i2c = dw_i2c_of(model);
    i2c->bus = bus_number(model->label);
    i2c->rise_ns = 0;
    (void)model_node_u32(node, "i2c-scl-rising-time-ns", 0, &i2c->rise_ns);
    i2c->con = CON_RESET;
    i2c->tar = 0x55;
    i2c->sar = 0x55;
    /* 4000/4700 and 600/1300 ns at 5 ns a count. */
    i2c->ss_hcnt = 800;
    i2c->ss_lcnt = 940;
    i2c->fs_hcnt = 120;
    i2c->fs_lcnt = 260;
    i2c->fs_spklen = 7;
    i2c->intr_mask = DW_IC_INTR_MASK_RESET;
    i2c->sda_hold = 1;
    i2c->sda_setup = 0x64;
    i2c->ack_general_call = 1;
    return 0;
}

static const char *const i2c_compatible[] = { "snps,designware-i2c", NULL };

const struct model_ops dw_i2c_model = {
    .name = "dw-i2c",
    .compatible = i2c_compatible,
    .size = sizeof(struct dw_i2c),
    .init = i2c_init,
    .read = i2c_read,
    .write = i2c_write,
};
