/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Models of devices at register level, written from datasheets.
 *
 * A model is data plus functions on it; it does not know which driver or kernel talks to it, nor
 * the machine around it beyond the services below (answered by sim/). It runs in virtual time, on
 * one host thread, and never blocks.
 *
 * State that software or the outside world can see goes through model_reg_set() so that the
 * machine's state hash follows without rehashing. What a driver does against the datasheet is said
 * with model_warn() and then behaves as the datasheet says, or as the hardware most likely would.
 */
#pragma once
#include <axiom/event.h>
#include <axiom/types.h>

struct model;
struct model_env;  /* the machine's */
struct model_node; /* this model's node of the device tree */

struct model_access {
    uint32_t region; /* index into the node's reg */
    uint32_t size;   /* bytes: 1, 2, 4, 8 */
    uint64_t offset; /* from the region's start */
    uint32_t cpu;    /* who accesses: banked registers depend on it */
};

/* A device behind an I2C bus. Levels of one byte: the bus model does the timing. */
struct model_i2c_ops {
    /* Address phase after a (repeated) START; true acknowledges. */
    bool (*start)(struct model *model, bool read);
    bool (*write)(struct model *model, uint8_t byte); /* true acknowledges */
    uint8_t (*read)(struct model *model, bool last);  /* last: the master will not acknowledge it */
    void (*stop)(struct model *model);
    /* Time (virtual ns) the device holds SCL before the next data byte; asked once a byte; may be
     * NULL. */
    uint64_t (*stretch_ns)(struct model *model);
};

/* One of a recorded bus: written first, then read behind a repeated START. */
struct model_transaction {
    uint64_t time_ns; /* in the recording */
    const uint8_t *write, *read;
    uint32_t write_size, read_size;
};

struct model_ops {
    const char *name;
    const char *const *compatible; /* NULL ends the list */
    size_t size;                   /* of the model's struct, whose first member is struct model */
    /* The struct is zeroed, base members are set. -EINVAL with model_warn(): the node makes no
     * sense. */
    int (*init)(struct model *model, const struct model_node *node);
    void (*exit)(struct model *model); /* may be NULL */
    uint64_t (*read)(struct model *model, const struct model_access *access);
    void (*write)(struct model *model, const struct model_access *access, uint64_t value);
    /* System registers (a timer); reg is enum sysreg. */
    bool (*claims_sysreg)(uint32_t reg);
    uint64_t (*sysreg_read)(struct model *model, uint32_t reg, uint32_t cpu);
    void (*sysreg_write)(struct model *model, uint32_t reg, uint32_t cpu, uint64_t value);
    /* Another model's output that is wired to this model's input changed (line = the output's
     * interrupt specifier, through translate()): `level` is true while the output is active. For a
     * GPIO chip the line is a pin and active is high. For an MSI controller (MIP) it is a message
     * for vector `line`. cpu matters for per-CPU inputs only. */
    void (*line_input)(struct model *model, uint32_t line, uint32_t cpu, bool level);
    /* GPIO chips: the outside world now drives the lines of `mask` (bit = line) to their bits of
     * `level`, until it drives them differently or releases them. Lines of one bank in one call are
     * one change of the bank. Recorded with EVENT_ROLE_INPUT, unlike what line_input() does. */
    void (*pins_input)(struct model *model, uint64_t mask, uint64_t level);
    void (*pins_release)(struct model *model, uint64_t mask);
    /* An interrupt specifier's cells to this controller's input line; -EINVAL. A node with
     * `interrupt-controller` that no model is bound to (RP1's own, below the PCIe bridge) is served
     * by the model of the nearest ancestor. */
    int (*translate)(struct model *model, const uint32_t *cells, uint32_t count, uint32_t *line);
    /* GPIO chips: how many lines; 0: not a GPIO chip. An interrupt output wired to a GPIO chip
     * drives the pin's level: low when active if the specifier's type (second cell) is falling edge
     * or low level, else high when active. */
    uint32_t line_count;
    /* GPIO chips: level of a line as seen on the board; -1: floating and no pull. */
    int (*line_level)(struct model *model, uint32_t line);
    /* A sensor's physical input, from now on; count values of quantities, nano SI units. False: it
     * measures none of this. What a sample is, the model says: the IMU takes one at each call while
     * it is on, so that every recorded sample arrives once; others keep the last value until they
     * measure. The machine records the input, not the model. */
    bool (*sensor_input)(struct model *model, const uint8_t *quantity, const int64_t *nano,
                         uint32_t count);
    /* A recorded answer to serve next (raw bytes as on the wire), for replaying bus captures. */
    bool (*queue_answer)(struct model *model, const uint8_t *bytes, uint32_t size);
    /* A device behind a bus that is a recording: the next transaction that it has. False: no room, or
     * too long. */
    bool (*queue_transaction)(struct model *model, const struct model_transaction *transaction);
    /* UARTs: bytes that arrive on the line; how many of them were taken (the rest is lost to an
     * overrun or a receiver that is off). */
    uint32_t (*serial_input)(struct model *model, const uint8_t *bytes, uint32_t size);
    /* True while the model still has queued work that must be consumed before the next input is
     * delivered (a FIFO that the driver has been told about); NULL: never. */
    bool (*busy)(const struct model *model);
    const struct model_i2c_ops *i2c;
};

struct model {
    const struct model_ops *ops;
    struct model_env *env;
    const char *name;  /* node name, "gpio@d0000" */
    const char *label; /* short name: "chip0", "imu0" (property `label`, alias, or name) */
    uint32_t id;       /* order in the tree; key of the state hash */
    const struct model_node *node;
};

/* All models; NULL ends the list (hw_models/table.c). */
extern const struct model_ops *const model_table[];

/* --- services of the machine (sim/) --- */

uint64_t model_time_ns(const struct model *model);

/* A point in virtual time at which callback(model, timer) runs. Embedded in the model's struct;
 * zero is "not set". Timers of one time run in the order in which they were set. */
struct model_timer {
    uint64_t at_ns;
    void (*callback)(struct model *model, struct model_timer *timer);
    struct model *model;
    uint64_t order;      /* the queue's */
    uint32_t heap_index; /* the queue's: 0 is not queued */
};
void model_timer_set(struct model *model, struct model_timer *timer, uint64_t at_ns,
                     void (*callback)(struct model *model, struct model_timer *timer));
void model_timer_cancel(struct model *model, struct model_timer *timer);

/* Drives output `index` to its active or inactive level: the entry of the node's interrupts,
 * interrupts-extended or (message `index` of a message controller) msi-ranges; cpu for per-CPU
 * outputs. No such entry: nothing happens. Applies FAULT_LOST_IRQ and FAULT_LATE_IRQ, for which
 * models themselves do not ask; setting the level that it has is no activation. */
void model_line_set(struct model *model, uint32_t index, uint32_t cpu, bool active);
/* The interrupt input of a CPU (root interrupt controller only). */
void model_cpu_irq_set(struct model *model, uint32_t cpu, bool active);
uint32_t model_cpu_count(const struct model *model);
/* RAM as a device reaches it by itself. False: some of it is no RAM, and nothing was read or
 * written. */
bool model_dma_read(struct model *model, uint64_t address, void *to, uint32_t size);
bool model_dma_write(struct model *model, uint64_t address, const void *from, uint32_t size);
/* Another model's input, found by phandle at bind time (a message-signalled write, a clock). NULL:
 * none. */
struct model *model_by_phandle(struct model *model, uint32_t phandle);
/* The model bound to the nearest ancestor node / to the first child node whose reg is that address
 * (I2C). NULL: none. */
struct model *model_parent(struct model *model);
struct model *model_i2c_child(struct model *model, uint8_t address);
/* Model number `index` (tree order) that is bound by this compatible; NULL: none. Not from init():
 * others may not be bound yet. */
struct model *model_find(struct model *model, const char *compatible, uint32_t index);

/* The model also answers `size` bytes at `bus_address` of the bus below the child node named
 * `child`, translated through the ranges above like a reg; accesses come with region index
 * `region`. Without a child: 32-bit memory of the PCI bus below the node itself. For blocks that no node names.
 * From init(). -EINVAL, -ENOENT. */
int model_region_add(struct model *model, uint32_t region, const char *child, uint64_t bus_address,
                     uint64_t size);

/* Stores `value` in *reg, which must lie inside the model's struct, and keeps the state hash in
 * step. Cheap when the value does not change. After init() every byte of the struct counts as
 * hashed at the value that init() left: init() itself may store directly. */
static inline void model_reg_set(struct model *model, uint32_t *reg, uint32_t value);
static inline void model_reg_set64(struct model *model, uint64_t *reg, uint64_t value);
/* The machine's part of these: the value differs. */
void model_reg_change(struct model *model, uint32_t *reg, uint32_t value);
void model_reg_change64(struct model *model, uint64_t *reg, uint64_t value);

static inline void model_reg_set(struct model *model, uint32_t *reg, uint32_t value)
{
    if (*reg != value)
        model_reg_change(model, reg, value);
}

static inline void model_reg_set64(struct model *model, uint64_t *reg, uint64_t value)
{
    if (*reg != value)
        model_reg_change64(model, reg, value);
}

/* Emits on the machine layer; time and layer are filled in. */
void model_emit(struct model *model, struct event *event, enum event_role role);

/* UARTs: bytes that have left the transmitter. */
void model_serial_out(struct model *model, const uint8_t *bytes, uint32_t size);

/* On the machine's log: "NAME: text". WARN: software did what the datasheet forbids. */
void model_warn(struct model *model, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Faults by script (sim/fault.c): true if a fault of this kind is due on this model now; *parameter
 * then holds its parameter. Asking consumes it where the script says "once" or counts it down, so a
 * model asks when it would act. For kinds marked "matched", *parameter says on entry what is at
 * stake, and only a fault with that parameter is due. An I2C bus asks for itself, then for the
 * device that is addressed. Cheap when the script has none for this model. */
enum fault_kind {
    FAULT_NACK,       /* I2C, matched: byte number of the transaction, 0 = address; the byte is not
                         acknowledged */
    FAULT_STUCK_LINE, /* GPIO, matched: line; it keeps its level against this change. I2C
                         (parameter 0): SDA is held low at this START */
    FAULT_BIT_FLIP,   /* I2C: one bit of the next byte read flips; parameter: bit */
    FAULT_LOST_IRQ,   /* the next activation of an interrupt output is not seen; parameter: output
                         (asked by model_line_set) */
    FAULT_LATE_IRQ,   /* it comes parameter ns late (asked by model_line_set) */
    FAULT_FIFO_OVERRUN,  /* sensor: the FIFO takes no more and says so */
    FAULT_SENSOR_FREEZE, /* sensor: values stop changing */
    FAULT_CLOCK_STRETCH, /* I2C: the device holds SCL for parameter ns before this byte */
    FAULT_ARB_LOST,      /* I2C: another master wins the bus in this address byte */
    FAULT_KIND_COUNT
};
bool model_fault(struct model *model, enum fault_kind kind, uint64_t *parameter);

/* The node's properties. -ENOENT, -EINVAL (too short). */
int model_node_u32(const struct model_node *node, const char *name, uint32_t index, uint32_t *out);
int model_node_string(const struct model_node *node, const char *name, const char **out);
uint32_t model_node_phandle(const struct model_node *node);
/* The parent node; NULL: it is the root. */
const struct model_node *model_node_parent(const struct model_node *node);
