/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* See rig.h. The rig's driver stands in a driver table of its own that replaces drivers/table.c at
 * link time: all drivers of the image, and one for the node that the rig adds to the tree. */
#include <axiom/errno.h>
#include <check.h>
#include <core/gpio.h>
#include <core/thread.h>
#include <core/wait.h>
#include <drivers/table.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"

#define FDT_ROOM    4096
#define MEMORY_SIZE (4u << 20)

static struct rig *current;
static void (*current_body)(struct rig *rig);

/* --- the agent: a kernel thread that runs the test's function --- */

static struct thread *agent_thread;
static struct wait_queue agent_stopping; /* nobody wakes it but thread_stop() and the time */

static int agent_run(void *argument)
{
    (void)argument;
    rig_sleep_until(RIG_BODY_NS);
    if (current_body != NULL && !thread_should_stop())
        current_body(current);
    return 0;
}

static int agent_probe(struct device *device)
{
    (void)device;
    wait_queue_init(&agent_stopping);
    const struct thread_options options = { .name = "agent",
                                            .entry = agent_run,
                                            .sched = { .priority = 40 } };
    return thread_create(&options, &agent_thread);
}

static void agent_remove(struct device *device)
{
    (void)device;
    thread_stop(agent_thread);
    (void)thread_join(agent_thread);
    attach_hooks = NULL;
}

static const char *const agent_compatible[] = { "axiom,test-agent", NULL };
static const struct driver agent_driver = {
    .name = "agent",
    .compatible = agent_compatible,
    .probe = agent_probe,
    .remove = agent_remove,
};

const struct driver *const driver_table[] = {
    &gic_v2_driver,     &arm_timer_driver, &bcm2712_mip_driver, &rp1_driver,
    &rp1_clocks_driver, &rp1_gpio_driver,  &rp1_pwm_driver,     &dw_i2c_driver,
    &sht3x_driver,      &lsm6dso_driver,   &agent_driver,       NULL,
};

/* --- for the body --- */

void rig_sleep_until(uint64_t time_ns)
{
    (void)wait_event_until(&agent_stopping, thread_should_stop(), time_ns);
}

struct mmio rig_mmio(uint64_t base, uint64_t size)
{
    struct mmio mmio = { 0 };
    if (mmio_map((struct phys_addr){ base }, size, MMIO_MEMORY, &mmio) != 0)
        abort();
    return mmio;
}

static void on_edge(struct gpio_chip *chip, uint32_t line, enum gpio_edge edge, uint64_t bank_level,
                    uint64_t time_ns)
{
    (void)chip;
    (void)line;
    current->edge_count++;
    current->rising_count += edge == GPIO_EDGE_RISING;
    current->last_bank_level = bank_level;
    current->last_edge_ns = time_ns;
}

static const struct attach_hooks hooks = { .gpio_edge = on_edge };

void rig_attach(struct rig *rig)
{
    (void)rig;
    attach_hooks = &hooks;
}

/* --- what comes out --- */

static void keep_text(struct rig *rig, const struct event *event)
{
    if (rig->log_count < RIG_LOG_MAX)
        snprintf(rig->log[rig->log_count++], sizeof rig->log[0], "%s", event->text.text);
}

static const char *name_of(const struct event *event)
{
    switch (event->kind) {
    case EVENT_IIO:
        return event->iio.device;
    case EVENT_INTERLOCK:
        return event->interlock.target;
    case EVENT_FAULT:
        return event->fault.target;
    case EVENT_BPF_RUN:
        return event->bpf_run.program;
    case EVENT_BPF_MAP:
        return event->bpf_map.map;
    default:
        return "";
    }
}

static void keep_bytes(uint8_t *to, size_t room, const uint8_t *from, size_t size)
{
    if (size > 0)
        memcpy(to, from, size < room ? size : room);
}

static void keep(struct event_sink *sink, const struct event *event)
{
    (void)sink;
    struct rig *rig = current;
    if (event->kind == EVENT_LOG) {
        keep_text(rig, event);
        return;
    }
    if (rig->event_count == RIG_EVENT_MAX)
        return;
    struct rig_event *kept = &rig->events[rig->event_count++];
    *kept = (struct rig_event){ .event = *event };
    snprintf(kept->name, sizeof kept->name, "%s", name_of(event));
    if (event->kind == EVENT_I2C && event->i2c.read_data != NULL)
        keep_bytes(kept->bytes, sizeof kept->bytes, event->i2c.read_data, event->i2c.read_size);
    if (event->kind == EVENT_BPF_MAP) {
        keep_bytes(kept->key, sizeof kept->key, event->bpf_map.key, event->bpf_map.key_size);
        keep_bytes(kept->bytes, sizeof kept->bytes, event->bpf_map.value,
                   event->bpf_map.value_size);
    }
}

static uint32_t search(const struct rig *rig, enum event_kind kind, enum event_layer layer,
                       const char *name, uint32_t nth, const struct rig_event **found)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < rig->event_count; i++) {
        const struct rig_event *at = &rig->events[i];
        if (at->event.kind != kind || at->event.layer != layer ||
            (name != NULL && strcmp(at->name, name) != 0))
            continue;
        if (count++ == nth && found != NULL)
            *found = at;
    }
    return count;
}

uint32_t rig_count(const struct rig *rig, enum event_kind kind, enum event_layer layer,
                   const char *name)
{
    return search(rig, kind, layer, name, 0, NULL);
}

const struct rig_event *rig_find(const struct rig *rig, enum event_kind kind,
                                 enum event_layer layer, const char *name, uint32_t nth)
{
    const struct rig_event *found = NULL;
    search(rig, kind, layer, name, nth, &found);
    return found;
}

uint32_t rig_log_count(const struct rig *rig, const char *text)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < rig->log_count; i++)
        count += strstr(rig->log[i], text) != NULL;
    return count;
}

void rig_print_log(const struct rig *rig)
{
    for (uint32_t i = 0; i < rig->log_count; i++)
        printf("  | %s\n", rig->log[i]);
    fflush(stdout);
}

/* --- inputs --- */

#define TARGET_MAX 64
static char target_names[TARGET_MAX][24];
static const char *target_table[TARGET_MAX];

static int next_input(void *context, struct sim_input *out)
{
    struct rig *rig = context;
    if (rig->input_next == rig->input_count)
        return 0;
    *out = rig->inputs[rig->input_next++];
    return 1;
}

static uint32_t target(struct rig *rig, const char *name)
{
    for (uint32_t i = 0; i < rig->config.target_count; i++) {
        if (strcmp(target_names[i], name) == 0)
            return i;
    }
    ck_assert(rig->config.target_count < TARGET_MAX);
    uint32_t index = rig->config.target_count++;
    snprintf(target_names[index], sizeof target_names[index], "%s", name);
    target_table[index] = target_names[index];
    return index;
}

static struct sim_input *add_input(struct rig *rig, uint64_t time_ns, const char *name)
{
    ck_assert(rig->input_count < RIG_INPUT_MAX);
    struct sim_input *input = &rig->inputs[rig->input_count++];
    *input = (struct sim_input){ .time_ns = time_ns,
                                 .position = rig->input_count,
                                 .target = target(rig, name) };
    return input;
}

void rig_line(struct rig *rig, uint64_t time_ns, uint32_t line, bool level)
{
    char name[24];
    snprintf(name, sizeof name, "gpio/chip0/%u", line);
    struct sim_input *input = add_input(rig, time_ns, name);
    input->kind = SIM_INPUT_LINE;
    input->level = level;
}

void rig_sensor(struct rig *rig, uint64_t time_ns, const char *iio, const uint8_t *quantity,
                const int64_t *nano, uint32_t count)
{
    char name[24];
    snprintf(name, sizeof name, "iio/%s", iio);
    struct sim_input *input = add_input(rig, time_ns, name);
    input->kind = SIM_INPUT_SENSOR;
    input->count = count;
    memcpy(input->quantity, quantity, count);
    memcpy(input->nano, nano, count * sizeof *nano);
}

/* --- the run --- */

static void *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s cannot be read", path);
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    *size = (size_t)ftell(file);
    rewind(file);
    void *data = malloc(*size);
    ck_assert_ptr_nonnull(data);
    ck_assert_uint_eq(fread(data, 1, *size, file), *size);
    fclose(file);
    return data;
}

static void no_console(void *context, const char *text, size_t size)
{
    (void)context;
    (void)text;
    (void)size;
}

void rig_init_fdt(struct rig *rig, const void *fdt, size_t size)
{
    memset(rig, 0, sizeof *rig);
    size_t room = size + FDT_ROOM;
    rig->fdt = malloc(room);
    ck_assert_ptr_nonnull(rig->fdt);
    ck_assert_int_eq(fdt_open_into(fdt, rig->fdt, (int)room), 0);
    int node = fdt_add_subnode(rig->fdt, 0, "test-agent");
    ck_assert_int_ge(node, 0);
    ck_assert_int_eq(fdt_setprop_string(rig->fdt, node, "compatible", "axiom,test-agent"), 0);
    /* Not zeroed: thousands of boots in one test would spend their time on that. */
    rig->inputs = malloc(RIG_INPUT_MAX * sizeof *rig->inputs);
    rig->events = malloc(RIG_EVENT_MAX * sizeof *rig->events);
    rig->log = malloc(RIG_LOG_MAX * sizeof *rig->log);
    ck_assert(rig->inputs != NULL && rig->events != NULL && rig->log != NULL);
    rig->kinds = ~UINT32_C(0);
    rig->config = (struct sim_config){
        .fdt = rig->fdt,
        .fdt_size = room,
        .memory_size = MEMORY_SIZE,
        .cpu_count = 1,
        .seed = 1,
        .next_input = next_input,
        .input_context = rig,
        .targets = target_table,
        .end = SIM_END_HOLD,
        .end_time_ns = 400 * RIG_MS,
        .console = no_console,
    };
}

void rig_init(struct rig *rig)
{
    size_t size;
    void *fdt = read_file(AXIOM_BINARY_DIR "/boards/sim-rpi5.dtb", &size);
    rig_init_fdt(rig, fdt, size);
    free(fdt);
}

void *rig_read(const char *path, size_t *size)
{
    char whole[512];
    snprintf(whole, sizeof whole, AXIOM_BINARY_DIR "/%s", path);
    return read_file(whole, size);
}

void rig_module(struct rig *rig, const char *path)
{
    size_t size;
    ck_assert_uint_lt(rig->config.module_count, RIG_MODULE_MAX);
    void *bytes = rig_read(path, &size);
    const char *slash = strrchr(path, '/');
    uint32_t at = rig->config.module_count++;
    snprintf(rig->module_name[at], sizeof rig->module_name[at], "%s",
             slash != NULL ? slash + 1 : path);
    rig->modules[at] = (struct sim_module){ rig->module_name[at], bytes, size };
    rig->config.modules = rig->modules;
}

void rig_exit(struct rig *rig)
{
    for (uint32_t i = 0; i < rig->config.module_count; i++)
        free((void *)(uintptr_t)rig->modules[i].data);
    free(rig->fdt);
    free(rig->inputs);
    free(rig->events);
    free(rig->log);
}

void rig_run(struct rig *rig, void (*body)(struct rig *rig))
{
    struct event_sink sink = { .emit = keep, .kinds = rig->kinds };
    struct event_sink *sinks[] = { &sink, rig->more_sink };
    rig->config.sinks = sinks;
    rig->config.sink_count = rig->more_sink != NULL ? 2 : 1;
    rig->input_next = 0;
    current = rig;
    current_body = body;
    (void)sim_run(&rig->config, &rig->result);
    current = NULL;
}
