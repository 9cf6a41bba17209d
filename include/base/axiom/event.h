/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Events: how anything that happened leaves the core or the machine.
 *
 * The recorder, the tracer and a live view are sinks; the core knows no trace format. An event
 * lives on its emitter's stack: a sink copies what it wants to keep before it returns. Emitting
 * allocates nothing, takes no lock of the emitter's, and is allowed in any context.
 *
 * Two layers emit: EVENT_LAYER_MACHINE where a model stands (pins, buses, faults),
 * EVENT_LAYER_KERNEL on every image (driver-level edges, samples, transactions, BPF runs). The
 * sequence number is one per image and counts every event: it is the tie-break between events of
 * one time. */
#pragma once
#include <axiom/types.h>

enum event_layer {
    EVENT_LAYER_MACHINE,
    EVENT_LAYER_KERNEL,
};

/* INPUT: what the outside world did to the machine; a replay feeds these back. OUTPUT: what the
 * robot did, compared by replay and diff (actuator lines, PWM, BPF runs, samples, state hashes).
 * OBSERVATION: the rest. */
enum event_role {
    EVENT_ROLE_INPUT,
    EVENT_ROLE_OUTPUT,
    EVENT_ROLE_OBSERVATION,
};

enum event_kind {
    EVENT_GPIO =
        1, /* a pin (machine), a driver's edge or what is written to a line (kernel) changed level */
    EVENT_PWM,   /* a channel's waveform changed */
    EVENT_I2C,   /* one whole transaction, START to STOP */
    EVENT_IIO,   /* one scan of an IIO device (kernel), or the physical quantities given to a sensor
                    (machine) */
    EVENT_TIMER, /* a BPF timer program's timer ran */
    EVENT_BPF_RUN,   /* one run of a BPF program */
    EVENT_BPF_MAP,   /* final content of a map, one entry an event */
    EVENT_BPF_PRINT, /* bpf_trace_printk */
    EVENT_INTERLOCK, /* emergency stop, refusal while latched, re-arm */
    EVENT_FAULT,     /* a fault was injected */
    EVENT_SCHED,     /* a context switch */
    EVENT_LOG,       /* a line of the log */
    EVENT_HASH,      /* the state hash */
    EVENT_KIND_COUNT
};

#define EVENT_NAME_MAX        48
#define EVENT_IIO_CHANNEL_MAX 8

/* What an IIO channel measures; the unit is SI, the value nano (1e-9) of it. */
enum iio_quantity {
    IIO_ACCEL_X, /* m/s^2 */
    IIO_ACCEL_Y,
    IIO_ACCEL_Z,
    IIO_ANGL_VEL_X, /* rad/s */
    IIO_ANGL_VEL_Y,
    IIO_ANGL_VEL_Z,
    IIO_TEMP,             /* degree Celsius (as sensor_msgs/Temperature) */
    IIO_HUMIDITYRELATIVE, /* ratio 0..1 (as sensor_msgs/RelativeHumidity) */
    IIO_QUANTITY_COUNT
};

/* "accel_x", "anglvel_z", "temp": Linux's IIO name, and that of attach points, files and options. "unknown" for what is
 * no quantity. */
const char *iio_quantity_name(uint32_t quantity);
/* The quantity of that name; -ENOENT. */
int iio_quantity_find(const char *name);

struct event_gpio {
    uint8_t chip;
    uint8_t line;
    uint8_t level;  /* after the change, 0 or 1 */
    uint8_t driven; /* 1: this chip drives the line; 0: the outside world does */
    /* All lines of the line's bank after the change, bit = line within the bank; of a kernel's own write, those that it
     * drives. */
    uint64_t bank_level;
};

struct event_pwm {
    uint8_t chip;
    uint8_t channel;
    uint8_t enabled;
    uint8_t inverted;
    uint64_t period_ns;
    uint64_t duty_ns;
};

struct event_i2c {
    uint8_t bus;
    uint8_t address; /* 7 bit */
    int16_t error;   /* 0 or a negative errno */
    uint16_t write_size, read_size;
    const uint8_t *write_data; /* written first, then repeated START and read */
    const uint8_t *read_data;
};

struct event_iio {
    const char *device;                      /* "imu0" */
    uint8_t count;                           /* channels in this scan */
    uint8_t dropped;                         /* bit mask of channels that a BPF filter dropped */
    uint8_t quantity[EVENT_IIO_CHANNEL_MAX]; /* enum iio_quantity */
    int32_t raw[EVENT_IIO_CHANNEL_MAX];      /* as read from the device; 0 on the machine layer */
    int64_t nano[EVENT_IIO_CHANNEL_MAX];     /* scaled, 1e-9 SI units */
};

struct event_timer {
    uint32_t timer;
    uint64_t scheduled_ns;
};

struct event_bpf_run {
    const char *program;      /* name */
    const char *attach_point; /* "gpio/chip0/line17/rising" */
    uint64_t context_digest;  /* of the context's bytes before the run */
    uint64_t return_value;
    uint64_t insn_count;  /* executed */
    uint64_t duration_ns; /* by the CPU model; 0 with the default model */
    int32_t error;        /* 0, or why the run ended early */
};

struct event_bpf_map {
    const char *map;
    const uint8_t *key, *value;
    uint32_t key_size, value_size;
};

struct event_text { /* EVENT_LOG, EVENT_BPF_PRINT */
    const char *text;
    const char *source; /* program or "" */
    uint8_t level;      /* enum log_level */
};

enum interlock_action {
    INTERLOCK_STOP,    /* latched now */
    INTERLOCK_REFUSED, /* an actuator write came while latched */
    INTERLOCK_REARM,
};

struct event_interlock {
    uint8_t action;     /* enum interlock_action */
    const char *origin; /* who: program or subsystem */
    const char *target; /* "gpio/chip0/27", or "" */
};

struct event_fault {
    const char *what;   /* "nack" */
    const char *target; /* "/i2c/1" */
    uint64_t parameter;
};

struct event_sched {
    uint8_t cpu;
    const char *previous, *next; /* thread names */
};

struct event_hash {
    uint64_t hash;
};

struct event {
    uint64_t time_ns;   /* virtual or board time; set by event_emit() */
    uint64_t source_ns; /* the emitter's own stamp (ktime at the edge, a sensor's clock); 0: none */
    uint64_t sequence;  /* set by event_emit() */
    uint8_t kind;       /* enum event_kind */
    uint8_t layer;      /* enum event_layer */
    uint8_t role;       /* enum event_role */
    union {
        struct event_gpio gpio;
        struct event_pwm pwm;
        struct event_i2c i2c;
        struct event_iio iio;
        struct event_timer timer;
        struct event_bpf_run bpf_run;
        struct event_bpf_map bpf_map;
        struct event_text text;
        struct event_interlock interlock;
        struct event_fault fault;
        struct event_sched sched;
        struct event_hash hash;
    };
};

struct event_sink {
    void (*emit)(struct event_sink *sink, const struct event *event);
    struct event_sink *next; /* the registry's */
    uint32_t kinds;          /* bit mask of enum event_kind that this sink wants */
    /* Called by several CPUs at once, and events of different CPUs out of order: for a slow sink that
     * has a lock of its own (a console). Others see one event after the other, in the order of their
     * numbers and times. */
    bool concurrent;
};

/* One registry per image (base/event.c). Without event_lock_set() not while events are being
 * emitted. */
void event_registry_reset(void);
void event_sink_add(struct event_sink *sink);
void event_sink_remove(struct event_sink *sink);

/* Where events take their time from: virtual time in sim, ktime on a board. NULL (after a reset):
 * 0. */
void event_clock_set(uint64_t (*now_ns)(void));

/* For an image whose CPUs emit at once. `lock` keeps other CPUs and this CPU's interrupts out until
 * unlock(what it gave); where the caller has it already (a sink that emits) it gives
 * EVENT_LOCK_HELD, and that event is dropped. Numbers then count events that were emitted, not those
 * skipped. NULL (after a reset): there is one CPU at a time. */
#define EVENT_LOCK_HELD UINT64_MAX
struct event_lock {
    uint64_t (*lock)(void);
    void (*unlock)(uint64_t state);
};
void event_lock_set(const struct event_lock *lock);

/* Stamps the event with the image's time, numbers it and hands it to every sink that wants its
 * kind. source_ns is the emitter's own and left alone unless it is 0. Any context. */
void event_emit(struct event *event);

/* True if some sink wants this kind: an emitter may skip the work of building the event, yet calls
 * event_skip() so that sequence numbers do not depend on who listens. */
static inline bool event_wanted(enum event_kind kind);
static inline void event_skip(void);
static inline uint64_t event_sequence(void);

/* Read and written by the three functions above and base/event.c only: they are on the path of every
 * edge. */
struct event_counter {
    uint64_t sequence;
    uint32_t wanted; /* bit = kind */
    uint32_t skip;   /* what a skipped event counts: 1, or 0 where CPUs emit at once */
};
extern struct event_counter event_counter;

static inline bool event_wanted(enum event_kind kind)
{
    return (event_counter.wanted & (UINT32_C(1) << kind)) != 0;
}

static inline void event_skip(void)
{
    if (event_counter.skip != 0)
        event_counter.sequence++;
}

static inline uint64_t event_sequence(void)
{
    return __atomic_load_n(&event_counter.sequence, __ATOMIC_RELAXED);
}
