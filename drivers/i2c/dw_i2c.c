/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Synopsys DesignWare I2C master (DW_apb_i2c databook; the same block is RP2040 datasheet §4.3;
 * timing as i2c-designware-master.c of Linux computes it).
 *
 * A transfer is a sequence of commands, one a byte, in the transmit FIFO: data to write or "read
 * one", with RESTART on a message's first byte and STOP on the last one. The thread queues what
 * fits and sleeps; the interrupt handler queues more (TX_EMPTY), collects what came (RX_FULL,
 * STOP_DET) and ends the transfer at STOP or at an abort, whose cause the controller tells. Not
 * more reads are queued than the receive FIFO has room for, so it cannot overflow.
 *
 * What never ends (a line held low, an interrupt that was lost) ends at a deadline: the controller
 * is aborted, the bus is clocked free if SDA is held, and the next transfer starts anew. */
#include <axiom/bits.h>
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/i2c.h>
#include <core/mm.h>
#include <core/ratelimit.h>
#include <core/spinlock.h>
#include <core/wait.h>
#include <drivers/clk.h>
#include <drivers/i2c_recovery.h>
#include <drivers/pinctrl.h>
#include <drivers/table.h>
#include <hw/device.h>
#include <hw/regs/dw_i2c.h>

#define STANDARD_HZ       100000u
#define FAST_HZ           400000u
#define TAR_NONE          0xffffu
#define DISABLE_NS        (25ull * 10 * NSEC_PER_USEC) /* 25 tries of 10 signal times, as Linux */
#define STUCK_NS          (35ull * NSEC_PER_MSEC)      /* SMBus 3.2 §4.2.1, T_TIMEOUT,MAX */
#define BITS_A_BYTE       9u                           /* with its acknowledge */
#define INTERRUPTS_ALWAYS (DW_IC_INTR_TX_ABRT | DW_IC_INTR_STOP_DET)

struct dw_i2c {
    struct i2c_adapter adapter;
    struct mmio regs;
    struct irq *irq;
    struct pinctrl pinctrl;
    const char *name;
    uint32_t tx_depth, rx_depth;
    uint32_t bus_hz;
    uint32_t target; /* address in TAR; TAR_NONE: the controller is disabled */
    struct ratelimit limit;
    struct spinlock lock;
    /* lock protects: */
    struct i2c_msg *messages; /* NULL: no transfer */
    uint32_t message_count;
    uint32_t tx_message, tx_position; /* next command to queue */
    uint32_t rx_message, rx_position; /* next place for a byte that was read */
    uint32_t reads_in_flight;         /* queued, not collected */
    uint32_t abort_source;
    struct completion done;
};

static uint32_t reg_read(const struct dw_i2c *i2c, uint32_t reg)
{
    return mmio_read32(&i2c->regs, reg);
}

static void reg_write(const struct dw_i2c *i2c, uint32_t reg, uint32_t value)
{
    mmio_write32(&i2c->regs, reg, value);
}

/* --- the transfer's state, from thread and handler --- */

static bool tx_done_locked(const struct dw_i2c *i2c) MUST_HOLD(i2c->lock)
{
    return i2c->tx_message == i2c->message_count;
}

/* The next command and its place; there is one. */
static uint32_t next_command_locked(struct dw_i2c *i2c) MUST_HOLD(i2c->lock)
{
    const struct i2c_msg *message = &i2c->messages[i2c->tx_message];
    uint32_t command = message->read ? DW_IC_DATA_CMD_READ : message->data[i2c->tx_position];
    if (i2c->tx_position == 0 && i2c->tx_message != 0)
        command |= DW_IC_DATA_CMD_RESTART;
    if (message->read)
        i2c->reads_in_flight++;
    if (++i2c->tx_position == message->size) {
        i2c->tx_position = 0;
        if (++i2c->tx_message == i2c->message_count)
            command |= DW_IC_DATA_CMD_STOP;
    }
    return command;
}

static void fill_locked(struct dw_i2c *i2c) MUST_HOLD(i2c->lock)
{
    uint32_t room = i2c->tx_depth - reg_read(i2c, DW_IC_TXFLR);
    while (room-- != 0 && !tx_done_locked(i2c)) {
        if (i2c->messages[i2c->tx_message].read && i2c->reads_in_flight == i2c->rx_depth)
            break;
        reg_write(i2c, DW_IC_DATA_CMD, next_command_locked(i2c));
    }
}

static void collect_locked(struct dw_i2c *i2c) MUST_HOLD(i2c->lock)
{
    uint32_t count = reg_read(i2c, DW_IC_RXFLR);
    while (count-- != 0) {
        uint8_t byte = (uint8_t)reg_read(i2c, DW_IC_DATA_CMD);
        while (i2c->rx_message < i2c->message_count && !i2c->messages[i2c->rx_message].read)
            i2c->rx_message++;
        if (i2c->rx_message == i2c->message_count)
            continue; /* more than was asked for: thrown away */
        struct i2c_msg *message = &i2c->messages[i2c->rx_message];
        message->data[i2c->rx_position] = byte;
        if (i2c->reads_in_flight != 0)
            i2c->reads_in_flight--;
        if (++i2c->rx_position == message->size) {
            i2c->rx_position = 0;
            i2c->rx_message++;
        }
    }
}

/* TX_EMPTY while there is more to queue; RX_FULL only while reads wait for room, because the last
 * ones are collected at STOP. */
static void arm_locked(struct dw_i2c *i2c) MUST_HOLD(i2c->lock)
{
    uint32_t mask = INTERRUPTS_ALWAYS;
    if (!tx_done_locked(i2c)) {
        bool rx_limited =
            i2c->messages[i2c->tx_message].read && i2c->reads_in_flight == i2c->rx_depth;
        mask |= rx_limited ? DW_IC_INTR_RX_FULL : DW_IC_INTR_TX_EMPTY;
    }
    reg_write(i2c, DW_IC_INTR_MASK, mask);
}

static void end_locked(struct dw_i2c *i2c) MUST_HOLD(i2c->lock)
{
    reg_write(i2c, DW_IC_INTR_MASK, 0);
    i2c->messages = NULL;
    complete(&i2c->done);
}

static void handle(struct irq *irq, void *context)
{
    struct dw_i2c *i2c = context;
    (void)irq;
    struct irq_state state = spin_lock_irqsave(&i2c->lock);
    uint32_t status = reg_read(i2c, DW_IC_INTR_STAT);
    if (i2c->messages == NULL) {
        reg_write(i2c, DW_IC_INTR_MASK, 0);
    } else if (status & DW_IC_INTR_TX_ABRT) {
        i2c->abort_source = reg_read(i2c, DW_IC_TX_ABRT_SOURCE);
        (void)reg_read(i2c, DW_IC_CLR_TX_ABRT);
        end_locked(i2c);
    } else if (status & DW_IC_INTR_STOP_DET) {
        (void)reg_read(i2c, DW_IC_CLR_STOP_DET);
        collect_locked(i2c);
        end_locked(i2c);
    } else {
        if (status & DW_IC_INTR_RX_FULL)
            collect_locked(i2c);
        fill_locked(i2c);
        arm_locked(i2c);
    }
    spin_unlock_irqrestore(&i2c->lock, state);
}

/* --- the controller --- */

/* -ETIMEDOUT: it does not stop, because the bus does not. */
static int disable(struct dw_i2c *i2c)
{
    i2c->target = TAR_NONE;
    reg_write(i2c, DW_IC_INTR_MASK, 0);
    reg_write(i2c, DW_IC_ENABLE, 0);
    uint64_t deadline_ns = ktime_get_ns() + DISABLE_NS;
    while (reg_read(i2c, DW_IC_ENABLE_STATUS) & DW_IC_ENABLE_STATUS_EN) {
        if (ktime_reached(deadline_ns))
            return -ETIMEDOUT;
        delay_relax(deadline_ns);
    }
    return 0;
}

/* CON and TAR may only be written while the controller is disabled. */
static int select_target(struct dw_i2c *i2c, uint16_t address)
{
    if (i2c->target == address)
        return 0;
    int err = disable(i2c);
    if (err)
        return err;
    reg_write(i2c, DW_IC_TAR, address);
    reg_write(i2c, DW_IC_ENABLE, DW_IC_ENABLE_ENABLE);
    i2c->target = address;
    return 0;
}

static void start(struct dw_i2c *i2c, struct i2c_msg *messages, uint32_t count)
{
    struct irq_state state = spin_lock_irqsave(&i2c->lock);
    completion_reset(&i2c->done);
    i2c->messages = messages;
    i2c->message_count = count;
    i2c->tx_message = i2c->tx_position = 0;
    i2c->rx_message = i2c->rx_position = 0;
    i2c->reads_in_flight = 0;
    i2c->abort_source = 0;
    (void)reg_read(i2c, DW_IC_CLR_INTR);
    fill_locked(i2c);
    arm_locked(i2c);
    spin_unlock_irqrestore(&i2c->lock, state);
}

/* The bytes on the wire, twice, and the time a device may stretch the clock. */
static uint64_t transfer_deadline(const struct dw_i2c *i2c, const struct i2c_msg *messages,
                                  uint32_t count)
{
    uint64_t bits = 0;
    for (uint32_t i = 0; i < count; i++)
        bits += (messages[i].size + 1ull) * BITS_A_BYTE;
    return ktime_get_ns() + 2 * bits * (NSEC_PER_SEC / i2c->bus_hz) + STUCK_NS;
}

/* The errno of an abort's cause (databook, IC_TX_ABRT_SOURCE). */
static int abort_error(uint32_t source)
{
    if (source & DW_IC_ABRT_ARB_LOST)
        return -EAGAIN;
    if (source & DW_IC_ABRT_7B_ADDR_NOACK)
        return -ENXIO;
    return -EIO;
}

/* After an abort the controller has thrown its transmit FIFO away and makes a STOP; what it may
 * have received before belongs to nobody. */
static int aborted(struct dw_i2c *i2c)
{
    const uint32_t usual = DW_IC_ABRT_ARB_LOST | DW_IC_ABRT_7B_ADDR_NOACK | DW_IC_ABRT_TXDATA_NOACK;
    uint32_t source = i2c->abort_source & ~DW_IC_ABRT_TX_FLUSH_CNT;
    if ((source & usual) == 0 && ratelimit_allow(&i2c->limit, i2c->name))
        log_warning("%s: transfer aborted, source 0x%x", i2c->name, source);
    uint64_t deadline_ns = ktime_get_ns() + DISABLE_NS;
    while ((reg_read(i2c, DW_IC_STATUS) & DW_IC_STATUS_ACTIVITY) && !ktime_reached(deadline_ns))
        delay_relax(deadline_ns);
    (void)disable(i2c);
    return abort_error(source);
}

/* True: SDA reads low although this controller does not drive it. */
static bool sda_is_low(const struct dw_i2c *i2c)
{
    if (i2c->pinctrl.count == 0)
        return false;
    const struct pinctrl_pin *sda = &i2c->pinctrl.pins[0];
    return gpio_get(sda->chip->index, sda->line) == 0;
}

/* ABORT makes the controller send a STOP as soon as the bus lets it (databook, IC_ENABLE). */
static void abort_transfer(struct dw_i2c *i2c)
{
    uint64_t deadline_ns = ktime_get_ns() + DISABLE_NS;
    reg_write(i2c, DW_IC_ENABLE, DW_IC_ENABLE_ENABLE | DW_IC_ENABLE_ABORT);
    while ((reg_read(i2c, DW_IC_ENABLE) & DW_IC_ENABLE_ABORT) && !ktime_reached(deadline_ns))
        delay_relax(deadline_ns);
}

/* The bus does not move: stop the controller, clock the bus free, say what was found. */
static int reset_bus(struct dw_i2c *i2c)
{
    bool active = (reg_read(i2c, DW_IC_STATUS) & DW_IC_STATUS_ACTIVITY) != 0;
    bool sda_low = sda_is_low(i2c);
    abort_transfer(i2c);
    bool stopped = disable(i2c) == 0;
    bool is_free = stopped && !sda_low ? true : i2c_bus_recover(&i2c->pinctrl);
    const char *found = sda_low  ? "SDA is held low"
                        : active ? "no progress (SCL is held low, or stretched for too long)"
                                 : "the controller did not start";
    if (ratelimit_allow(&i2c->limit, i2c->name))
        log_warning("%s: bus stuck: %s; controller reset, %s", i2c->name, found,
                    is_free ? "the next transfer starts anew" : "the bus is still held");
    return -ETIMEDOUT;
}

/* No interrupt came in time. Either the transfer has ended and its interrupt was lost: then its
 * result counts, and masking and unmasking makes the interrupt controller look at the line again.
 * Or the bus is stuck. */
static int timed_out(struct dw_i2c *i2c)
{
    struct irq_state state = spin_lock_irqsave(&i2c->lock);
    uint32_t status = reg_read(i2c, DW_IC_RAW_INTR_STAT);
    bool has_ended = (status & (DW_IC_INTR_STOP_DET | DW_IC_INTR_TX_ABRT)) != 0;
    if (status & DW_IC_INTR_TX_ABRT)
        i2c->abort_source = reg_read(i2c, DW_IC_TX_ABRT_SOURCE);
    else if (has_ended)
        collect_locked(i2c);
    (void)reg_read(i2c, DW_IC_CLR_INTR);
    reg_write(i2c, DW_IC_INTR_MASK, 0);
    i2c->messages = NULL;
    spin_unlock_irqrestore(&i2c->lock, state);
    irq_mask(i2c->irq);
    irq_unmask(i2c->irq);
    if (!has_ended)
        return reset_bus(i2c);
    if (ratelimit_allow(&i2c->limit, i2c->name))
        log_warning("%s: interrupt lost: the transfer had ended; its result was fetched by polling",
                    i2c->name);
    return i2c->abort_source != 0 ? aborted(i2c) : 0;
}

static int transfer(struct i2c_adapter *adapter, struct i2c_msg *messages, uint32_t count)
{
    struct dw_i2c *i2c = adapter->driver_data;
    for (uint32_t i = 1; i < count; i++) {
        if (messages[i].address != messages[0].address)
            return -EOPNOTSUPP;
    }
    int err = select_target(i2c, messages[0].address);
    if (err)
        return reset_bus(i2c);
    uint64_t deadline_ns = transfer_deadline(i2c, messages, count);
    start(i2c, messages, count);
    if (completion_wait_until(&i2c->done, deadline_ns) != 0 && !completion_try(&i2c->done))
        return timed_out(i2c);
    return i2c->abort_source != 0 ? aborted(i2c) : 0;
}

static const struct i2c_adapter_ops adapter_ops = { .transfer = transfer };

/* --- probe --- */

/* SCL high and low counts: the specification's minimum times plus the line's own (UM10204 table 10;
 * databook, IC_*_SCL_*CNT: high takes 3 ticks more, low 1). */
static void set_timing(struct device *device, const struct dw_i2c *i2c, uint64_t clock_hz)
{
    bool fast = i2c->bus_hz > STANDARD_HZ;
    uint32_t falling_ns;
    if (device_property_u32(device, "i2c-scl-falling-time-ns", 0, &falling_ns) != 0 ||
        falling_ns > 1000)
        falling_ns = 300;
    uint64_t high_ns = (fast ? 600u : 4000u) + falling_ns;
    uint64_t low_ns = (fast ? 1300u : 4700u) + falling_ns;
    uint32_t high = (uint32_t)((high_ns * clock_hz + NSEC_PER_SEC / 2) / NSEC_PER_SEC) - 3;
    uint32_t low = (uint32_t)((low_ns * clock_hz + NSEC_PER_SEC / 2) / NSEC_PER_SEC) - 1;
    reg_write(i2c, fast ? DW_IC_FS_SCL_HCNT : DW_IC_SS_SCL_HCNT, high);
    reg_write(i2c, fast ? DW_IC_FS_SCL_LCNT : DW_IC_SS_SCL_LCNT, low);
    reg_write(i2c, DW_IC_CON,
              DW_IC_CON_MASTER | DW_IC_CON_SLAVE_DISABLE | DW_IC_CON_RESTART_EN |
                  field_prep(DW_IC_CON_SPEED, fast ? DW_IC_SPEED_FAST : DW_IC_SPEED_STANDARD));
}

static int setup(struct device *device, struct dw_i2c *i2c, uint64_t clock_hz)
{
    uint32_t type = reg_read(i2c, DW_IC_COMP_TYPE);
    if (type != DW_IC_COMP_TYPE_VALUE) {
        log_err("%s: no DesignWare I2C controller here: COMP_TYPE is 0x%x", i2c->name, type);
        return -ENODEV;
    }
    if (device_property_u32(device, "clock-frequency", 0, &i2c->bus_hz) != 0)
        i2c->bus_hz = STANDARD_HZ;
    if (i2c->bus_hz == 0 || i2c->bus_hz > FAST_HZ) {
        log_err("%s: clock-frequency %u is not in 1..%u", i2c->name, i2c->bus_hz, FAST_HZ);
        return -EINVAL;
    }
    int err = disable(i2c);
    if (err) {
        log_err("%s: the controller does not stop", i2c->name);
        return err;
    }
    uint32_t parameters = reg_read(i2c, DW_IC_COMP_PARAM_1);
    i2c->tx_depth = field_get(DW_IC_COMP_PARAM_TX, parameters) + 1;
    i2c->rx_depth = field_get(DW_IC_COMP_PARAM_RX, parameters) + 1;
    set_timing(device, i2c, clock_hz);
    reg_write(i2c, DW_IC_TX_TL, i2c->tx_depth / 2);
    reg_write(i2c, DW_IC_RX_TL, i2c->rx_depth / 2);
    return 0;
}

static int start_hardware(struct device *device, struct dw_i2c *i2c)
{
    uint64_t clock_hz;
    int err = clk_enable(device, 0, &clock_hz);
    if (err)
        return err;
    err = setup(device, i2c, clock_hz);
    if (err)
        goto disable_clock;
    err = pinctrl_apply(device, &i2c->pinctrl);
    if (err)
        goto disable_clock;
    return 0;
disable_clock:
    clk_disable(device, 0);
    return err;
}

static void stop_hardware(struct device *device, struct dw_i2c *i2c)
{
    (void)disable(i2c);
    pinctrl_release(&i2c->pinctrl);
    clk_disable(device, 0);
}

/* Transfers have deadlines, so the clock has to be bound before this device: then it also goes after
 * it, and no transfer waits for a time that cannot come. */
static int probe(struct device *device)
{
    if (!time_is_running())
        return -EPROBE_DEFER;
    struct dw_i2c *i2c = kzalloc(sizeof *i2c);
    if (i2c == NULL)
        return -ENOMEM;
    i2c->name = device_name(device);
    i2c->adapter =
        (struct i2c_adapter){ .ops = &adapter_ops, .device = device, .driver_data = i2c };
    spin_lock_init(&i2c->lock);
    completion_init(&i2c->done);
    int err = device_mmio(device, 0, DW_IC_COMP_TYPE + 4, &i2c->regs);
    if (err)
        goto free_i2c;
    err = device_irq(device, 0, &i2c->irq);
    if (err)
        goto unmap;
    err = start_hardware(device, i2c);
    if (err)
        goto unmap;
    err = irq_request(i2c->irq, handle, i2c, "dw_i2c");
    if (err)
        goto stop_hardware;
    err = i2c_adapter_register(&i2c->adapter);
    if (err)
        goto free_irq;
    device_set_data(device, i2c);
    device_bind_children(device);
    return 0;
free_irq:
    irq_free(i2c->irq);
stop_hardware:
    stop_hardware(device, i2c);
unmap:
    mmio_unmap(&i2c->regs);
free_i2c:
    kfree(i2c);
    return err;
}

static void remove(struct device *device)
{
    struct dw_i2c *i2c = device_data(device);
    device_unbind_children(device);
    i2c_adapter_unregister(&i2c->adapter);
    irq_free(i2c->irq);
    stop_hardware(device, i2c);
    mmio_unmap(&i2c->regs);
    kfree(i2c);
}

static const char *const compatible[] = { "snps,designware-i2c", NULL };

const struct driver dw_i2c_driver = {
    .name = "dw_i2c",
    .compatible = compatible,
    .probe = probe,
    .remove = remove,
};
