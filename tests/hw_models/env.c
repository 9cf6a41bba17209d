/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "env.h"
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct wire {
    struct model *from, *to;
    uint32_t index, line;
};

struct output {
    struct model *model;
    uint32_t index, cpu, activations;
    bool level;
};

struct fault {
    struct model *model;
    enum fault_kind kind;
    uint64_t parameter;
    uint32_t left;
};

static struct {
    uint64_t now_ns, order, hash;
    uint32_t cpu_count;
    struct model *model[ENV_MODEL_MAX];
    uint32_t model_count;
    struct model_timer *timer[256];
    uint32_t timer_count;
    struct wire wire[128];
    uint32_t wire_count;
    struct output output[160];
    uint32_t output_count;
    struct fault fault[16];
    uint32_t fault_count;
    bool cpu_irq[CPU_MAX];
    struct env_event *event;
    uint32_t event_count;
    uint32_t warnings;
    char warning[256];
} env;

/* Models assert nothing themselves, but base/ may. */
void panic_at(const char *file, int line, const char *format, ...)
{
    (void)format;
    ck_abort_msg("panic at %s:%d", file, line);
    abort();
}

void warn_at(const char *file, int line, const char *text)
{
    ck_abort_msg("WARN_ON at %s:%d: %s", file, line, text);
}

void env_free(void)
{
    for (uint32_t i = 0; i < env.model_count; i++)
        free(env.model[i]);
    free(env.event);
    memset(&env, 0, sizeof env);
}

void env_reset(void)
{
    env_free();
    memset(env_ram, 0, sizeof env_ram);
    env.cpu_count = 1;
    env.event = calloc(ENV_EVENT_MAX, sizeof *env.event);
}

void env_cpus(uint32_t count)
{
    env.cpu_count = count;
}

struct model *env_add(const struct model_ops *ops, const struct model_node *node)
{
    ck_assert_uint_lt(env.model_count, ENV_MODEL_MAX);
    struct model *model = calloc(1, ops->size);
    *model = (struct model){
        .ops = ops, .name = node->name, .label = node->label, .id = env.model_count, .node = node
    };
    env.model[env.model_count++] = model;
    return model;
}

void env_start(void)
{
    for (uint32_t i = 0; i < env.model_count; i++)
        ck_assert_int_eq(env.model[i]->ops->init(env.model[i], env.model[i]->node), 0);
}

void env_wire(struct model *from, uint32_t index, struct model *to, uint32_t count,
              const uint32_t *cells)
{
    struct wire wire = { .from = from, .to = to, .index = index };
    ck_assert_int_eq(to->ops->translate(to, cells, count, &wire.line), 0);
    env.wire[env.wire_count++] = wire;
}

uint64_t env_now(void)
{
    return env.now_ns;
}

static struct model_timer *next_timer(void)
{
    struct model_timer *next = NULL;
    for (uint32_t i = 0; i < env.timer_count; i++) {
        struct model_timer *t = env.timer[i];
        if (next == NULL || t->at_ns < next->at_ns ||
            (t->at_ns == next->at_ns && t->order < next->order))
            next = t;
    }
    return next;
}

void env_run_until(uint64_t time_ns)
{
    struct model_timer *timer;
    while ((timer = next_timer()) != NULL && timer->at_ns <= time_ns) {
        if (timer->at_ns > env.now_ns)
            env.now_ns = timer->at_ns;
        model_timer_cancel(timer->model, timer);
        timer->callback(timer->model, timer);
    }
    ck_assert_uint_ge(time_ns, env.now_ns);
    env.now_ns = time_ns;
}

void env_run_for(uint64_t ns)
{
    env_run_until(env.now_ns + ns);
}

uint32_t env_read_cpu(struct model *model, uint32_t cpu, uint32_t region, uint32_t offset,
                      uint32_t size)
{
    struct model_access access = { .region = region, .size = size, .offset = offset, .cpu = cpu };
    return (uint32_t)model->ops->read(model, &access);
}

void env_write_cpu(struct model *model, uint32_t cpu, uint32_t region, uint32_t offset,
                   uint32_t size, uint32_t value)
{
    struct model_access access = { .region = region, .size = size, .offset = offset, .cpu = cpu };
    model->ops->write(model, &access, value);
}

uint32_t env_read(struct model *model, uint32_t region, uint32_t offset)
{
    return env_read_cpu(model, 0, region, offset, 4);
}

void env_write(struct model *model, uint32_t region, uint32_t offset, uint32_t value)
{
    env_write_cpu(model, 0, region, offset, 4, value);
}

bool env_cpu_irq(uint32_t cpu)
{
    return env.cpu_irq[cpu];
}

static struct output *output_of(struct model *model, uint32_t index, uint32_t cpu)
{
    for (uint32_t i = 0; i < env.output_count; i++) {
        struct output *o = &env.output[i];
        if (o->model == model && o->index == index && o->cpu == cpu)
            return o;
    }
    ck_assert_uint_lt(env.output_count, ARRAY_SIZE(env.output));
    env.output[env.output_count] = (struct output){ .model = model, .index = index, .cpu = cpu };
    return &env.output[env.output_count++];
}

bool env_line(struct model *model, uint32_t index)
{
    return output_of(model, index, 0)->level;
}

bool env_timer_line(struct model *model, uint32_t index, uint32_t cpu)
{
    return output_of(model, index, cpu)->level;
}

uint32_t env_activations(struct model *model, uint32_t index)
{
    return output_of(model, index, 0)->activations;
}

uint32_t env_event_count(void)
{
    return env.event_count;
}

const struct env_event *env_event(uint32_t index)
{
    ck_assert_uint_lt(index, env.event_count);
    return &env.event[index];
}

const struct env_event *env_last(enum event_kind kind)
{
    for (uint32_t i = env.event_count; i-- > 0;)
        if (env.event[i].event.kind == kind)
            return &env.event[i];
    return NULL;
}

uint32_t env_count(enum event_kind kind)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < env.event_count; i++)
        count += env.event[i].event.kind == kind;
    return count;
}

void env_forget_events(void)
{
    env.event_count = 0;
}

uint32_t env_warnings(void)
{
    uint32_t count = env.warnings;
    env.warnings = 0;
    return count;
}

const char *env_last_warning(void)
{
    return env.warning;
}

void env_fault(struct model *model, enum fault_kind kind, uint64_t parameter, uint32_t count)
{
    env.fault[env.fault_count++] =
        (struct fault){ .model = model, .kind = kind, .parameter = parameter, .left = count };
}

uint64_t env_hash(void)
{
    return env.hash;
}

void env_check_registers(struct model *model, uint32_t region, const struct env_register *table,
                         uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct env_register *r = &table[i];
        uint32_t fixed = r->reset & ~r->writable;
        uint32_t value = env_read(model, region, r->offset);
        ck_assert_msg(value == r->reset, "%s (%#x) is %#x after reset, not %#x", r->name, r->offset,
                      value, r->reset);
        env_write(model, region, r->offset, UINT32_MAX);
        value = env_read(model, region, r->offset);
        ck_assert_msg(value == (fixed | r->writable), "%s (%#x) keeps %#x of all ones, not %#x",
                      r->name, r->offset, value, fixed | r->writable);
        env_write(model, region, r->offset, 0);
        value = env_read(model, region, r->offset);
        ck_assert_msg(value == fixed, "%s (%#x) keeps %#x of zeros, not %#x", r->name, r->offset,
                      value, fixed);
        env_write(model, region, r->offset, r->reset);
    }
    env_warnings();
}

/* --- the services --- */

uint64_t model_time_ns(const struct model *model)
{
    (void)model;
    return env.now_ns;
}

void model_timer_set(struct model *model, struct model_timer *timer, uint64_t at_ns,
                     void (*callback)(struct model *model, struct model_timer *timer))
{
    model_timer_cancel(model, timer);
    if (env.timer_count >= 256)
        ck_abort_msg("more timers than the environment keeps");
    timer->at_ns = at_ns;
    timer->callback = callback;
    timer->model = model;
    timer->order = env.order++;
    env.timer[env.timer_count++] = timer;
    timer->heap_index = env.timer_count;
}

void model_timer_cancel(struct model *model, struct model_timer *timer)
{
    (void)model;
    if (timer->heap_index == 0)
        return;
    uint32_t at = timer->heap_index - 1;
    env.timer[at] = env.timer[--env.timer_count];
    env.timer[at]->heap_index = at + 1;
    timer->heap_index = 0;
}

void model_line_set(struct model *model, uint32_t index, uint32_t cpu, bool active)
{
    struct output *o = output_of(model, index, cpu);
    if (o->level == active)
        return;
    o->level = active;
    o->activations += active;
    for (uint32_t i = 0; i < env.wire_count; i++)
        if (env.wire[i].from == model && env.wire[i].index == index)
            env.wire[i].to->ops->line_input(env.wire[i].to, env.wire[i].line, cpu, active);
}

void model_cpu_irq_set(struct model *model, uint32_t cpu, bool active)
{
    (void)model;
    ck_assert_uint_lt(cpu, env.cpu_count);
    env.cpu_irq[cpu] = active;
}

uint32_t model_cpu_count(const struct model *model)
{
    (void)model;
    return env.cpu_count;
}

struct model *model_by_phandle(struct model *model, uint32_t phandle)
{
    (void)model;
    for (uint32_t i = 0; i < env.model_count; i++)
        if (env.model[i]->node->phandle == phandle && phandle != 0)
            return env.model[i];
    return NULL;
}

struct model *model_parent(struct model *model)
{
    for (uint32_t i = 0; i < env.model_count; i++)
        if (env.model[i]->node == model->node->parent)
            return env.model[i];
    return NULL;
}

struct model *model_i2c_child(struct model *model, uint8_t address)
{
    for (uint32_t i = 0; i < env.model_count; i++)
        if (env.model[i]->node->parent == model->node && env.model[i]->node->i2c_address == address)
            return env.model[i];
    return NULL;
}

struct model *model_find(struct model *model, const char *compatible, uint32_t index)
{
    (void)model;
    for (uint32_t i = 0; i < env.model_count; i++)
        for (const char *const *c = env.model[i]->ops->compatible; *c != NULL; c++)
            if (strcmp(*c, compatible) == 0 && index-- == 0)
                return env.model[i];
    return NULL;
}

int model_region_add(struct model *model, uint32_t region, const char *child, uint64_t bus_address,
                     uint64_t size)
{
    static const struct {
        const char *child;
        uint64_t address, size;
    } places[] = { [1] = { "rp1", 0xc040108000, 0x1000 }, /* PCIE_APBS */
                   [2] = { "rp1", 0xc040000000, 0x4000 }, /* SYSINFO */
                   [3] = { NULL, 0x410000, 0x4000 } };    /* BAR0 on PCI */
    (void)model;
    ck_assert_uint_ge(region, 1);
    ck_assert_uint_lt(region, ARRAY_SIZE(places));
    ck_assert_pstr_eq(child, places[region].child);
    ck_assert_uint_eq(bus_address, places[region].address);
    ck_assert_uint_eq(size, places[region].size);
    return 0;
}

/* Any function of model, place and value that undoes itself will do. */
static uint64_t mix(const struct model *model, uint64_t place, uint64_t value)
{
    uint64_t x = (place + 1) * 0x9e3779b97f4a7c15u ^ (value + 1) * 0xbf58476d1ce4e5b9u ^ model->id;
    return (x ^ x >> 29) * 0x94d049bb133111ebu;
}

static void hash_change(struct model *model, void *at, size_t size, uint64_t old, uint64_t value)
{
    uint64_t place = (uint64_t)((char *)at - (char *)model);
    if (place < sizeof *model ||
        place + size > model->ops->size) /* every ck_assert costs a system call */
        ck_abort_msg("%s: a register outside the model's struct", model->name);
    env.hash ^= mix(model, place, old) ^ mix(model, place, value);
}

void model_reg_change(struct model *model, uint32_t *reg, uint32_t value)
{
    hash_change(model, reg, sizeof *reg, *reg, value);
    *reg = value;
}

void model_reg_change64(struct model *model, uint64_t *reg, uint64_t value)
{
    hash_change(model, reg, sizeof *reg, *reg, value);
    *reg = value;
}

void model_emit(struct model *model, struct event *event, enum event_role role)
{
    (void)model;
    if (env.event_count >= ENV_EVENT_MAX)
        ck_abort_msg("more events than the environment keeps");
    struct env_event *kept = &env.event[env.event_count];
    kept->event = *event;
    kept->event.time_ns = env.now_ns;
    kept->event.sequence = env.event_count++;
    kept->event.layer = EVENT_LAYER_MACHINE;
    kept->event.role = (uint8_t)role;
    if (event->kind != EVENT_I2C)
        return;
    ck_assert_uint_le(event->i2c.write_size, sizeof kept->write_data);
    ck_assert_uint_le(event->i2c.read_size, sizeof kept->read_data);
    memcpy(kept->write_data, event->i2c.write_data, event->i2c.write_size);
    memcpy(kept->read_data, event->i2c.read_data, event->i2c.read_size);
}

static uint8_t serial[256];
static uint32_t serial_size;

void model_serial_out(struct model *model, const uint8_t *bytes, uint32_t size)
{
    (void)model;
    for (uint32_t i = 0; i < size && serial_size < sizeof serial; i++)
        serial[serial_size++] = bytes[i];
}

uint32_t env_serial(const uint8_t **bytes)
{
    uint32_t size = serial_size;
    *bytes = serial;
    serial_size = 0;
    return size;
}

void model_warn(struct model *model, const char *format, ...)
{
    (void)model;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(env.warning, sizeof env.warning, format, arguments);
    va_end(arguments);
    env.warnings++;
}

uint8_t env_ram[ENV_RAM_SIZE];

static bool in_ram(uint64_t address, uint32_t size)
{
    return address >= ENV_RAM_BASE && size <= ENV_RAM_SIZE &&
           address - ENV_RAM_BASE <= ENV_RAM_SIZE - size;
}

bool model_dma_read(struct model *model, uint64_t address, void *to, uint32_t size)
{
    (void)model;
    if (!in_ram(address, size))
        return false;
    memcpy(to, env_ram + (address - ENV_RAM_BASE), size);
    return true;
}

bool model_dma_write(struct model *model, uint64_t address, const void *from, uint32_t size)
{
    (void)model;
    if (!in_ram(address, size))
        return false;
    memcpy(env_ram + (address - ENV_RAM_BASE), from, size);
    return true;
}

bool model_fault(struct model *model, enum fault_kind kind, uint64_t *parameter)
{
    bool matched = kind == FAULT_NACK || kind == FAULT_STUCK_LINE;
    for (uint32_t i = 0; i < env.fault_count; i++) {
        struct fault *f = &env.fault[i];
        if (f->model != model || f->kind != kind || f->left == 0 ||
            (matched && f->parameter != *parameter))
            continue;
        f->left--;
        *parameter = f->parameter;
        return true;
    }
    return false;
}

static const struct env_property *property_of(const struct model_node *node, const char *name)
{
    for (const struct env_property *p = node->properties; p != NULL && p->name != NULL; p++)
        if (strcmp(p->name, name) == 0)
            return p;
    return NULL;
}

int model_node_u32(const struct model_node *node, const char *name, uint32_t index, uint32_t *out)
{
    const struct env_property *p = property_of(node, name);
    if (p == NULL)
        return -ENOENT;
    if (index >= p->count)
        return -EINVAL;
    *out = p->cells[index];
    return 0;
}

int model_node_string(const struct model_node *node, const char *name, const char **out)
{
    const struct env_property *p = property_of(node, name);
    if (p == NULL || p->text == NULL)
        return -ENOENT;
    *out = p->text;
    return 0;
}

uint32_t model_node_phandle(const struct model_node *node)
{
    return node->phandle;
}

const struct model_node *model_node_parent(const struct model_node *node)
{
    return node->parent;
}
