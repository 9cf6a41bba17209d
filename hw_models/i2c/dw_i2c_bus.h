/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* DesignWare I2C: what registers (dw_i2c_model.c) and bus (dw_i2c_bus.c) share. */
#pragma once
#include <hw/regs/dw_i2c.h>
#include <hw_models/models.h>

#define DW_FIFO_DEPTH 16u
#define DW_LOG_SIZE   4096u /* bytes of one transaction that go on the record, each way */

/*   IDLE --command--> ADDRESS --ack--> DATA --byte--> DATA ... --STOP mark--> STOP --> IDLE
 *     |                  |               |  \--FIFO empty--> HOLD --command--> DATA or ADDRESS
 *     |                  +-nack,lost-----+--nack, abort--> STOP
 *     +--SDA held low--> STUCK --abort, disable--> IDLE
 *   FULL: HOLD for room in the RX FIFO. */
enum dw_phase {
    PHASE_IDLE,
    PHASE_ADDRESS,
    PHASE_DATA,
    PHASE_HOLD,
    PHASE_FULL,
    PHASE_STOP,
    PHASE_STUCK
};

struct dw_i2c {
    struct model model;
    uint32_t bus, rise_ns;

    uint32_t con, tar, sar, ss_hcnt, ss_lcnt, fs_hcnt, fs_lcnt, fs_spklen;
    uint32_t intr_mask, raw, rx_tl, tx_tl, enable, sda_hold, sda_setup, abort_source;
    uint32_t dma_cr, dma_tdlr, dma_rdlr, ack_general_call;
    uint32_t tx[DW_FIFO_DEPTH], tx_head, tx_count;
    uint32_t rx[DW_FIFO_DEPTH], rx_head, rx_count;
    bool irq;

    uint32_t phase; /* enum dw_phase */
    struct model_timer step;
    struct model *device; /* that acknowledged; NULL */
    uint32_t command;     /* being executed */
    bool reading;         /* direction of the current address phase */
    uint32_t byte_index;  /* of the transaction, 0 = address */
    bool stretched;       /* the current byte's stretching is over */
    bool stop_asked;      /* disabled or aborted: STOP after this byte */

    /* The transaction on the record. */
    int16_t error;
    uint32_t write_size, read_size;
    uint8_t write_data[DW_LOG_SIZE], read_data[DW_LOG_SIZE];
};

static inline struct dw_i2c *dw_i2c_of(struct model *model)
{
    return CONTAINER_OF(model, struct dw_i2c, model);
}

static inline bool dw_enabled(const struct dw_i2c *i2c)
{
    return (i2c->enable & DW_IC_ENABLE_ENABLE) != 0;
}

/* dw_i2c_model.c */
uint32_t dw_tx_pop(struct dw_i2c *i2c);
void dw_tx_flush(struct dw_i2c *i2c);
void dw_rx_push(struct dw_i2c *i2c, uint8_t byte);
void dw_raise(struct dw_i2c *i2c, uint32_t bits);
void dw_update_irq(struct dw_i2c *i2c);

/* dw_i2c_bus.c: starts or goes on if there is something to do. */
void dw_bus_kick(struct dw_i2c *i2c);
void dw_bus_abort(struct dw_i2c *i2c);
void dw_bus_disable(struct dw_i2c *i2c);
bool dw_bus_active(const struct dw_i2c *i2c);
/* A byte is under way, as opposed to waiting for software. */
bool dw_bus_shifting(const struct dw_i2c *i2c);
