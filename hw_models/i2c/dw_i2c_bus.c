/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The bus side of the DesignWare I2C master: one timer steps from byte to byte.
 *
 * Timing (RP2040 datasheet §4.3.14.1): SCL is high HCNT + SPKLEN + 7 and low LCNT + 1 cycles of the
 * 200 MHz clock, plus the rise time. A byte with its acknowledge takes nine periods, START and STOP
 * one each; the model acts at the end of each. With the TX FIFO empty and no STOP asked the master
 * holds SCL low (IC_EMPTYFIFO_HOLD_MASTER_EN). It acknowledges a byte it reads unless STOP or a
 * RESTART follows.
 *
 * The bus is wired to its devices whatever the pins' function select says. */
#include "dw_i2c_bus.h"
#include <axiom/errno.h>

#define CYCLE_NS (NSEC_PER_SEC / RP1_I2C_CLK_HZ)

static void step_fired(struct model *model, struct model_timer *timer);

static uint64_t scl_period_ns(const struct dw_i2c *i2c)
{
    bool standard = field_get(DW_IC_CON_SPEED, i2c->con) == DW_IC_SPEED_STANDARD;
    uint64_t high = (standard ? i2c->ss_hcnt : i2c->fs_hcnt) + i2c->fs_spklen + 7;
    uint64_t low = (standard ? i2c->ss_lcnt : i2c->fs_lcnt) + 1;
    return (high + low) * CYCLE_NS + i2c->rise_ns;
}

static void enter(struct dw_i2c *i2c, enum dw_phase phase)
{
    model_reg_set(&i2c->model, &i2c->phase, phase);
}

/* The phase ends after `periods` of SCL and what the device stretches. */
static void enter_for(struct dw_i2c *i2c, enum dw_phase phase, uint32_t periods)
{
    enter(i2c, phase);
    i2c->stretched = false;
    model_timer_set(&i2c->model, &i2c->step,
                    model_time_ns(&i2c->model) + periods * scl_period_ns(i2c), step_fired);
}

bool dw_bus_active(const struct dw_i2c *i2c)
{
    return i2c->phase != PHASE_IDLE;
}

bool dw_bus_shifting(const struct dw_i2c *i2c)
{
    return i2c->phase == PHASE_ADDRESS || i2c->phase == PHASE_DATA || i2c->phase == PHASE_STOP;
}

/* --- faults, of the bus or of the addressed device --- */

static bool fault(struct dw_i2c *i2c, enum fault_kind kind, uint64_t *parameter)
{
    uint64_t entry = *parameter;
    if (model_fault(&i2c->model, kind, parameter))
        return true;
    *parameter = entry;
    return i2c->device != NULL && model_fault(i2c->device, kind, parameter);
}

static bool nack_fault(struct dw_i2c *i2c)
{
    uint64_t byte = i2c->byte_index;
    return fault(i2c, FAULT_NACK, &byte);
}

/* Time that the device holds SCL before the current byte ends; asked once a byte. */
static uint64_t stretch_ns(struct dw_i2c *i2c)
{
    uint64_t ns = 0;
    if (i2c->stretched)
        return 0;
    i2c->stretched = true;
    if (fault(i2c, FAULT_CLOCK_STRETCH, &ns))
        return ns;
    if (i2c->phase != PHASE_DATA || i2c->device->ops->i2c->stretch_ns == NULL)
        return 0;
    return i2c->device->ops->i2c->stretch_ns(i2c->device);
}

/* --- the record --- */

static void log_write(struct dw_i2c *i2c, uint8_t byte)
{
    if (i2c->write_size < DW_LOG_SIZE)
        i2c->write_data[i2c->write_size++] = byte;
}

static void log_read(struct dw_i2c *i2c, uint8_t byte)
{
    if (i2c->read_size < DW_LOG_SIZE)
        i2c->read_data[i2c->read_size++] = byte;
}

static void log_end(struct dw_i2c *i2c)
{
    struct event event;
    event.kind = EVENT_I2C;
    event.source_ns = 0;
    event.i2c = (struct event_i2c){
        .bus = (uint8_t)i2c->bus,
        .address = (uint8_t)(i2c->tar & 0x7f),
        .error = i2c->error,
        .write_size = (uint16_t)i2c->write_size,
        .read_size = (uint16_t)i2c->read_size,
        .write_data = i2c->write_data,
        .read_data = i2c->read_data,
    };
    model_emit(&i2c->model, &event, EVENT_ROLE_OBSERVATION);
    i2c->write_size = 0;
    i2c->read_size = 0;
    i2c->error = 0;
}

/* --- end of a transaction --- */

static void go_idle(struct dw_i2c *i2c)
{
    enter(i2c, PHASE_IDLE);
    i2c->device = NULL;
    i2c->stop_asked = false;
    model_reg_set(&i2c->model, &i2c->enable, i2c->enable & ~DW_IC_ENABLE_ABORT);
    if (!dw_enabled(i2c)) { /* FIFOs are erased when the block has come to rest */
        dw_tx_flush(i2c);
        model_reg_set(&i2c->model, &i2c->rx_count, 0);
    }
}

static void stop_done(struct dw_i2c *i2c)
{
    if (i2c->device != NULL)
        i2c->device->ops->i2c->stop(i2c->device);
    dw_raise(i2c, DW_IC_INTR_STOP_DET);
    log_end(i2c);
    go_idle(i2c);
    dw_bus_kick(i2c);
}

static void begin_stop(struct dw_i2c *i2c)
{
    enter_for(i2c, PHASE_STOP, 1);
}

/* IC_TX_ABRT_SOURCE: the cause, and how many commands the flush threw away. */
static void record_abort(struct dw_i2c *i2c, uint32_t cause, int error)
{
    uint32_t flushed = field_prep(DW_IC_ABRT_TX_FLUSH_CNT, i2c->tx_count);
    model_reg_set(&i2c->model, &i2c->abort_source,
                  (i2c->abort_source & ~DW_IC_ABRT_TX_FLUSH_CNT) | cause | flushed);
    dw_tx_flush(i2c);
    dw_raise(i2c, DW_IC_INTR_TX_ABRT);
    i2c->error = (int16_t)error;
}

static void abort_with(struct dw_i2c *i2c, uint32_t cause, int error)
{
    record_abort(i2c, cause, error);
    begin_stop(i2c);
}

/* --- bytes --- */

static bool is_read(uint32_t command)
{
    return (command & DW_IC_DATA_CMD_READ) != 0;
}

/* START or repeated START with the address, then the command's byte. */
static void begin_address(struct dw_i2c *i2c)
{
    uint64_t none = 0;
    if (i2c->phase == PHASE_IDLE && fault(i2c, FAULT_STUCK_LINE, &none)) {
        /* SDA is low: the bus is never free, and no START can be made. */
        enter(i2c, PHASE_STUCK);
        return;
    }
    i2c->reading = is_read(i2c->command);
    i2c->byte_index = 0;
    dw_raise(i2c, DW_IC_INTR_START_DET | DW_IC_INTR_ACTIVITY);
    enter_for(i2c, PHASE_ADDRESS, 10);
}

/* Without RESTART_EN a STOP and a START replace the repeated START (IC_DATA_CMD.RESTART). */
static void begin_restart(struct dw_i2c *i2c)
{
    bool had_read = i2c->read_size != 0;
    if (i2c->device != NULL && (i2c->con & DW_IC_CON_RESTART_EN) == 0) {
        i2c->device->ops->i2c->stop(i2c->device);
        i2c->device = NULL;
        log_end(i2c);
    } else if (had_read) {
        log_end(i2c); /* the record has one write and one read */
    }
    begin_address(i2c);
}

static void begin_command(struct dw_i2c *i2c)
{
    bool restart = (i2c->command & DW_IC_DATA_CMD_RESTART) != 0;
    if (restart || is_read(i2c->command) != i2c->reading)
        begin_restart(i2c);
    else
        enter_for(i2c, PHASE_DATA, 9);
}

static bool can_pop(const struct dw_i2c *i2c)
{
    return i2c->tx_count != 0 && dw_enabled(i2c) && !i2c->stop_asked &&
           (i2c->enable & DW_IC_ENABLE_TX_CMD_BLOCK) == 0;
}

static void next_command(struct dw_i2c *i2c)
{
    if (i2c->stop_asked || (i2c->command & DW_IC_DATA_CMD_STOP) != 0) {
        begin_stop(i2c);
    } else if (can_pop(i2c)) {
        i2c->command = dw_tx_pop(i2c);
        begin_command(i2c);
    } else {
        enter(i2c, PHASE_HOLD);
    }
}

static void address_done(struct dw_i2c *i2c)
{
    uint64_t none = 0;
    uint32_t address = field_get(DW_IC_TAR_ADDRESS, i2c->tar);
    bool general_call = (i2c->tar & DW_IC_TAR_SPECIAL) != 0;
    if (i2c->device == NULL && !general_call && address < 0x80)
        i2c->device = model_i2c_child(&i2c->model, (uint8_t)address);
    uint64_t stretch = stretch_ns(i2c);
    if (stretch != 0) {
        model_timer_set(&i2c->model, &i2c->step, model_time_ns(&i2c->model) + stretch, step_fired);
        return;
    }
    if (fault(i2c, FAULT_ARB_LOST, &none)) {
        record_abort(i2c, DW_IC_ABRT_ARB_LOST, -EAGAIN);
        i2c->device = NULL; /* the other master's transaction goes on */
        log_end(i2c);
        go_idle(i2c);
        return;
    }
    bool nack = nack_fault(i2c) || i2c->device == NULL ||
                !i2c->device->ops->i2c->start(i2c->device, i2c->reading);
    if (nack) {
        abort_with(i2c, general_call ? DW_IC_ABRT_GCALL_NOACK : DW_IC_ABRT_7B_ADDR_NOACK, -ENXIO);
        return;
    }
    if (i2c->stop_asked)
        begin_stop(i2c);
    else
        enter_for(i2c, PHASE_DATA, 9);
}

static uint8_t read_byte(struct dw_i2c *i2c)
{
    bool restarts = i2c->tx_count != 0 && ((i2c->tx[i2c->tx_head] & DW_IC_DATA_CMD_RESTART) != 0 ||
                                           !is_read(i2c->tx[i2c->tx_head]));
    bool last = i2c->stop_asked || (i2c->command & DW_IC_DATA_CMD_STOP) != 0 || restarts;
    uint8_t byte = i2c->device->ops->i2c->read(i2c->device, last);
    uint64_t bit = 0;
    if (fault(i2c, FAULT_BIT_FLIP, &bit))
        byte ^= (uint8_t)BIT(bit % 8);
    return byte;
}

static void data_done(struct dw_i2c *i2c)
{
    if (is_read(i2c->command) && i2c->rx_count == DW_FIFO_DEPTH &&
        (i2c->con & DW_IC_CON_RX_FIFO_FULL_HLD) != 0) {
        enter(i2c, PHASE_FULL);
        return;
    }
    if (i2c->byte_index == 0)
        i2c->byte_index = 1;
    uint64_t stretch = stretch_ns(i2c);
    if (stretch != 0) {
        model_timer_set(&i2c->model, &i2c->step, model_time_ns(&i2c->model) + stretch, step_fired);
        return;
    }
    if (is_read(i2c->command)) {
        uint8_t byte = read_byte(i2c);
        log_read(i2c, byte);
        dw_rx_push(i2c, byte);
    } else {
        uint8_t byte = (uint8_t)field_get(DW_IC_DATA_CMD_DAT, i2c->command);
        log_write(i2c, byte);
        if (nack_fault(i2c) || !i2c->device->ops->i2c->write(i2c->device, byte)) {
            abort_with(i2c, DW_IC_ABRT_TXDATA_NOACK, -EIO);
            return;
        }
    }
    i2c->byte_index++;
    next_command(i2c);
}

static void step_fired(struct model *model, struct model_timer *timer)
{
    (void)timer;
    struct dw_i2c *i2c = dw_i2c_of(model);
    switch (i2c->phase) {
    case PHASE_ADDRESS:
        address_done(i2c);
        break;
    case PHASE_DATA:
        data_done(i2c);
        break;
    case PHASE_STOP:
        stop_done(i2c);
        break;
    default:
        break;
    }
    dw_update_irq(i2c);
}

/* --- asked by registers --- */

static bool start_allowed(struct dw_i2c *i2c)
{
    if ((i2c->con & DW_IC_CON_MASTER) == 0) {
        record_abort(i2c, DW_IC_ABRT_MASTER_DIS, -EIO);
        return false;
    }
    if ((i2c->con & DW_IC_CON_10BIT_MASTER) != 0)
        model_warn(&i2c->model, "10-bit addresses are not modelled");
    return true;
}

void dw_bus_kick(struct dw_i2c *i2c)
{
    if (i2c->phase == PHASE_FULL && i2c->rx_count < DW_FIFO_DEPTH) {
        enter(i2c, PHASE_DATA);
        data_done(i2c);
        return;
    }
    if (i2c->phase != PHASE_IDLE && i2c->phase != PHASE_HOLD)
        return;
    if (!can_pop(i2c) || (i2c->phase == PHASE_IDLE && !start_allowed(i2c)))
        return;
    i2c->command = dw_tx_pop(i2c);
    if (i2c->phase == PHASE_IDLE)
        begin_address(i2c);
    else
        begin_command(i2c);
}

/* STOP after the byte under way; at once where the bus waits. */
static void ask_stop(struct dw_i2c *i2c)
{
    i2c->stop_asked = true;
    if (i2c->phase == PHASE_HOLD || i2c->phase == PHASE_FULL)
        begin_stop(i2c);
    else if (i2c->phase == PHASE_STUCK)
        go_idle(i2c);
}

void dw_bus_abort(struct dw_i2c *i2c)
{
    if (!dw_bus_active(i2c))
        return; /* nothing to abort: the bit clears itself (IC_ENABLE.ABORT) */
    model_reg_set(&i2c->model, &i2c->enable, i2c->enable | DW_IC_ENABLE_ABORT);
    record_abort(i2c, DW_IC_ABRT_USER_ABRT, -ECANCELED);
    ask_stop(i2c);
}

void dw_bus_disable(struct dw_i2c *i2c)
{
    if (dw_bus_active(i2c)) {
        i2c->error = -ECANCELED;
        ask_stop(i2c);
    } else {
        go_idle(i2c);
    }
}
