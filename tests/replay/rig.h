/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A test rig around a whole simulated machine: boots a board's tree with the real core, drivers and
 * models, plays inputs from a list, runs a test's own function on a kernel thread inside the boot,
 * and keeps what came out: events, log lines, calls of the attach hooks.
 *
 * The function runs where kernel code runs, so it may use the core's interfaces and reach any
 * register by rig_mmio(); that is how a test breaks one element of a path. Check's assertions
 * belong after rig_run(): inside they would leave a kernel thread by a jump. */
#pragma once
#include <axiom/event.h>
#include <axiom/log.h>
#include <core/attach_hooks.h>
#include <hw/mmio.h>
#include <sim/machine.h>

#define RIG_EVENT_MAX  20000
#define RIG_INPUT_MAX  8192
#define RIG_LOG_MAX    512
#define RIG_MODULE_MAX 8
#define RIG_MS         UINT64_C(1000000)

/* When the test's function starts: every driver is bound by then. */
#define RIG_BODY_NS (200 * RIG_MS)

struct rig_event {
    struct event event; /* texts and buffers are not kept: pointers in it are dead */
    char name[32];  /* of an IIO device, a BPF program or map, an interlock's or fault's target */
    uint8_t key[8]; /* of a map's entry */
    uint8_t bytes[64]; /* of an I2C read, of a map's entry */
};

struct rig {
    struct sim_config config; /* to be changed before rig_run() */
    struct sim_result result;
    void *fdt;
    char reason[128];

    struct sim_module modules[RIG_MODULE_MAX];
    char module_name[RIG_MODULE_MAX][48];
    uint32_t kinds;               /* of events that are kept: all, unless changed */
    struct event_sink *more_sink; /* NULL: none but the rig's */

    struct sim_input *inputs;
    uint32_t input_count, input_next;

    struct rig_event *events;
    uint32_t event_count;
    char (*log)[LOG_LINE_MAX + 1];
    uint32_t log_count;

    /* Calls of the hooks while the body has them attached. */
    uint32_t edge_count, rising_count;
    uint64_t last_edge_ns;
    uint64_t last_bank_level;
};

/* The simulated board's tree with a node for the rig's own driver. Ends the test if it cannot. */
void rig_init(struct rig *rig);
/* The same with another tree. */
void rig_init_fdt(struct rig *rig, const void *fdt, size_t size);
void rig_exit(struct rig *rig);

/* A BPF object of the build folder for the boot: "examples/lidar.bpf.o". */
void rig_module(struct rig *rig, const char *path);

/* A file of the build folder; the caller frees it. Ends the test if it cannot be read. */
void *rig_read(const char *path, size_t *size);

/* Inputs, in order of time. */
void rig_line(struct rig *rig, uint64_t time_ns, uint32_t line, bool level);
void rig_sensor(struct rig *rig, uint64_t time_ns, const char *iio, const uint8_t *quantity,
                const int64_t *nano, uint32_t count);

/* Boots, runs `body` on a thread of its own (NULL: nothing), ends. The result is in rig->result. */
void rig_run(struct rig *rig, void (*body)(struct rig *rig));

/* For the body. */
void rig_attach(struct rig *rig);       /* the rig's hooks, which count */
void rig_sleep_until(uint64_t time_ns); /* virtual time */
struct mmio rig_mmio(uint64_t base, uint64_t size);

/* Events kept of this kind, layer; a device or target name where name is not NULL. */
uint32_t rig_count(const struct rig *rig, enum event_kind kind, enum event_layer layer,
                   const char *name);
const struct rig_event *rig_find(const struct rig *rig, enum event_kind kind,
                                 enum event_layer layer, const char *name, uint32_t nth);
/* Log lines that contain `text`. */
uint32_t rig_log_count(const struct rig *rig, const char *text);
/* The whole log to stdout, for a test that fails. */
void rig_print_log(const struct rig *rig);
