/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The simulated machine as its user sees it: one call runs one boot from power-on to shutdown.
 *
 * The `axiom` command, tests and fuzzers fill a struct sim_config and call sim_run(). Everything
 * that can influence the outcome is in the config: equal configs (and equal inputs from the
 * callback) give equal events, bit for bit. One machine exists at a time; any number one after
 * another, also after boots that failed. */
#pragma once
#include <axiom/event.h>
#include <axiom/types.h>

#define SIM_SCRIPT_MAX 8 /* switches that a scripted schedule can order */
#define SIM_REASON_MAX 256

/* --- inputs: what the outside world does to the machine --- */

enum sim_input_kind {
    SIM_INPUT_LINE,   /* a pin is driven to `level` */
    SIM_INPUT_SENSOR, /* a sensor's surroundings have these values from now on */
    SIM_INPUT_ANSWER, /* the sensor's next answer on its bus, raw */
};

struct sim_input {
    uint64_t time_ns;   /* never earlier than the input before */
    uint64_t source_ns; /* the recording's own stamp; 0: none */
    uint64_t position;  /* where in the trace it stands, for messages (record or line number) */
    uint32_t target;    /* index into sim_config.targets */
    enum sim_input_kind kind;
    bool level;
    uint32_t count;                          /* quantities */
    uint8_t quantity[EVENT_IIO_CHANNEL_MAX]; /* enum iio_quantity */
    int64_t nano[EVENT_IIO_CHANNEL_MAX];
    const uint8_t *bytes; /* the answer; valid until the next call */
    uint32_t size;
    const uint8_t *request; /* what was written before it, where the target compares that; same */
    uint32_t request_size;
};

/* 1: *out is the next input; 0: there are no more; negative errno: the trace is broken, which ends
 * the run in good order with that error. */
typedef int sim_next_input(void *context, struct sim_input *out);

/* --- how virtual CPUs interleave --- */

enum sim_schedule_policy {
    SIM_SCHEDULE_WAIT,     /* only where the running CPU waits */
    SIM_SCHEDULE_SEEDED,   /* at a named point with a chance of 1 in switch_one_in, by the seed */
    SIM_SCHEDULE_SCRIPTED, /* at the points that the script names */
};

/* At named point number `point` (counted from 0) CPU `cpu` goes on, if it can run. */
struct sim_switch {
    uint64_t point;
    uint32_t cpu;
};

struct sim_schedule {
    enum sim_schedule_policy policy;
    uint32_t switch_one_in;
    struct sim_switch script[SIM_SCRIPT_MAX]; /* ascending points */
    uint32_t script_count;
    /* Points count only between sim_points_begin() and sim_points_end(): for exploring all
     * interleavings of a short stretch. */
    bool window;
};

enum sim_cpu_model {
    SIM_CPU_INSTANT, /* code takes no time */
    SIM_CPU_RPI5,    /* costs of sim/cpu_model.c */
};

enum sim_end {
    SIM_END_STOP, /* settle_ns after the last input */
    SIM_END_HOLD, /* the machine stays on until end_time_ns, sim_request_stop() or power off */
};

struct sim_module {
    const char *name;
    const void *data;
    size_t size;
};

struct sim_config {
    const void *fdt; /* not trusted */
    size_t fdt_size;
    uint64_t memory_size; /* bytes, whole pages */
    uint32_t cpu_count;   /* 1..CPU_MAX */
    uint64_t seed;
    enum sim_cpu_model cpu_model;
    struct sim_schedule schedule;
    uint64_t hash_interval_ns; /* EVENT_HASH each; 0: none */
    const char *fault_script;  /* sim/fault.c's language; NULL: none */
    const char *command_line;  /* NULL: empty */
    const struct sim_module *modules;
    uint32_t module_count;

    sim_next_input *next_input; /* NULL: no inputs */
    void *input_context;
    const char *const *targets; /* "gpio/chip0/17", "iio/imu0": what inputs refer to */
    uint32_t target_count;
    /* Added to the inputs' times: what the kernel gets for booting. Lines with time 0 are levels
     * that the pins have before power-on. */
    uint64_t input_offset_ns;

    enum sim_end end;
    uint64_t settle_ns;
    uint64_t end_time_ns; /* 0: none */

    struct event_sink *const *sinks; /* registered for the run */
    uint32_t sink_count;
    /* The kernel's early console; NULL: the host's stderr. */
    void (*console)(void *context, const char *text, size_t size);
    void *console_context;
    /* What a UART of the machine has sent; `label` is its model's. NULL: nobody listens. */
    void (*serial)(void *context, const char *label, const uint8_t *bytes, uint32_t size);
    void *serial_context;
    /* Called where virtual time is about to advance to now_ns; may sleep, must not do anything
     * else. NULL: as fast as it goes. */
    void (*pace)(void *context, uint64_t now_ns);
    void *pace_context;

    /* Inputs that no trace knows: somebody touches the board while it runs. Asked where virtual time is about to go on
     * from now_ns to until_ns and nothing happens in between; may sleep. 1: *out comes at its time_ns, which is virtual
     * time (no offset) after now_ns and before until_ns; else 0. It is an input like any other: recorded, and the
     * recording replays it. Its target counts as those of next_input do. NULL: none. */
    int (*live_input)(void *context, uint64_t now_ns, uint64_t until_ns, struct sim_input *out);
    void *live_context;

    /* The nth allocation fails, counted from 1; 0: none. */
    uint64_t fail_host_allocation;
    uint64_t fail_kernel_allocation;
};

struct sim_result {
    int error;                   /* 0, or why the run could not be made or ended early */
    char reason[SIM_REASON_MAX]; /* for a person; empty if error is 0 or the kernel's own */
    int kernel_error;            /* what kernel_main() returned */
    bool booted;                 /* kernel_main() was entered */
    bool powered_off;            /* the kernel ended the image itself */
    uint64_t stop_time_ns;       /* when the kernel was asked to stop; it takes a while */
    uint64_t end_time_ns;        /* virtual */
    uint64_t event_count;        /* of both layers */
    uint64_t state_hash;         /* at the end, before the models go */
    uint64_t input_count;        /* inputs delivered */
    uint64_t point_count;        /* named points counted */
    uint64_t switch_count;       /* of virtual CPUs at named points */
    uint64_t warning_count;      /* model_warn() */
    uint64_t fault_count;        /* injected */
    uint64_t host_allocations;   /* asked for */
    uint64_t kernel_allocations; /* asked for, as far as arch_allocation_fails() was asked */
    uint32_t leaked_stacks;      /* still mapped after kernel_main() returned */
    uint32_t leaked_exec;        /* executable memory, same */
};

/* Runs one boot. result->error is also the return value. -EINVAL: the configuration, tree, script or
 * an input is wrong; -ENOMEM; -EDEADLK: the kernel hung and was abandoned (what it held counts as
 * leaked); or the input callback's error. */
int sim_run(const struct sim_config *config, struct sim_result *result);

/* From a sink or a pace callback: end the run at the next quiescent moment. */
void sim_request_stop(void);

/* --- what a tree offers to bind inputs to --- */

struct sim_target_info {
    const char *kind;      /* "gpio" or "iio" */
    const char *label;     /* "chip0", "imu0" */
    const char *node;      /* "gpio@d0000" */
    uint32_t line_count;   /* gpio */
    bool takes_quantities; /* iio: physical input */
    bool takes_answers;    /* iio: raw answers */
    bool takes_transactions; /* iio: whole transactions, compared with those of the bus */
};

/* Binds the tree's models without running anything and tells of each target. Errors as sim_run(),
 * with reason (SIM_REASON_MAX bytes). */
int sim_list_targets(const void *fdt, size_t fdt_size,
                     void (*each)(void *context, const struct sim_target_info *info), void *context,
                     char *reason);

/* --- for code under test that runs inside a boot --- */

void sim_points_begin(void);
void sim_points_end(void);
uint64_t sim_time_ns(void);
