/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the machine offers to models (hw_models/model.h): time, timers, hashing registers, events,
 * their node and their neighbours. */
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/log.h>
#include <axiom/state_hash.h>
#include <axiom/string.h>

#include "internal.h"

#define PCI_SPACE_MEMORY_32 0x02000000u /* in phys.hi, IEEE 1275's PCI bus binding */

uint64_t model_time_ns(const struct model *model)
{
    (void)model;
    return machine.clock.now_ns;
}

void model_timer_set(struct model *model, struct model_timer *timer, uint64_t at_ns,
                     void (*callback)(struct model *model, struct model_timer *timer))
{
    if (at_ns == TIME_NEVER) {
        model_timer_cancel(model, timer);
        return;
    }
    timer->model = model;
    timer->callback = callback;
    /* A time that is over is now. */
    event_queue_set(&machine.queue, timer,
                    at_ns > machine.clock.now_ns ? at_ns : machine.clock.now_ns);
}

void model_timer_cancel(struct model *model, struct model_timer *timer)
{
    (void)model;
    event_queue_cancel(&machine.queue, timer);
}

void model_cpu_irq_set(struct model *model, uint32_t cpu, bool active)
{
    (void)model;
    if (cpu < machine.config->cpu_count)
        port_cpu_irq(cpu, active);
}

uint32_t model_cpu_count(const struct model *model)
{
    (void)model;
    return machine.config->cpu_count;
}

/* --- state --- */

static uint64_t word_key(const struct model *model, const void *reg)
{
    uint64_t offset = (uint64_t)((const char *)reg - (const char *)model);
    BUG_ON(offset >= model->ops->size);
    return (uint64_t)model->id << 32 | offset;
}

void model_reg_change(struct model *model, uint32_t *reg, uint32_t value)
{
    uint32_t before = *reg;
    *reg = value;
    state_hash_change(word_key(model, reg), before, value);
}

void model_reg_change64(struct model *model, uint64_t *reg, uint64_t value)
{
    uint64_t before = *reg;
    *reg = value;
    state_hash_change(word_key(model, reg), before, value);
}

/* --- events --- */

void model_emit(struct model *model, struct event *event, enum event_role role)
{
    (void)model;
    if (!event_wanted(event->kind)) {
        event_skip();
        return;
    }
    event->layer = EVENT_LAYER_MACHINE;
    event->role = (uint8_t)role;
    if (role == EVENT_ROLE_INPUT && machine.replay.delivering && event->source_ns == 0)
        event->source_ns = machine.replay.source_ns;
    event_emit(event);
}

void model_serial_out(struct model *model, const uint8_t *bytes, uint32_t size)
{
    const struct sim_config *config = machine.config;
    if (config->serial != NULL)
        config->serial(config->serial_context, model->label, bytes, size);
}

static void emit_text(uint8_t level, const char *source, const char *text)
{
    struct event event = { .kind = EVENT_LOG };
    event.text = (struct event_text){ .text = text, .source = source, .level = level };
    model_emit(&machine.self_model, &event, EVENT_ROLE_OBSERVATION);
}

void machine_log(uint8_t level, const char *source, const char *format, ...)
{
    char text[LOG_LINE_MAX];
    va_list arguments;
    va_start(arguments, format);
    format_text_va(text, sizeof text, format, arguments);
    va_end(arguments);
    emit_text(level, source, text);
}

void model_warn(struct model *model, const char *format, ...)
{
    char text[LOG_LINE_MAX];
    int used = format_text(text, sizeof text, "%s: ", model->name);
    va_list arguments;
    va_start(arguments, format);
    if (used > 0 && (size_t)used < sizeof text)
        format_text_va(text + used, sizeof text - (size_t)used, format, arguments);
    va_end(arguments);
    machine.result->warning_count++;
    emit_text(LOG_WARNING, model->name, text);
}

/* --- neighbours --- */

static struct model *model_of(const struct model_node *node)
{
    return node != NULL && node->binding != NULL ? node->binding->model : NULL;
}

struct model *model_by_phandle(struct model *model, uint32_t phandle)
{
    (void)model;
    return model_of(board_by_phandle(phandle));
}

bool model_dma_read(struct model *model, uint64_t address, void *to, uint32_t size)
{
    const void *at = port_dma(address, size);
    if (at == NULL) {
        model_warn(model, "DMA from 0x%llx, %u bytes: no RAM", (unsigned long long)address, size);
        return false;
    }
    memcpy(to, at, size);
    return true;
}

bool model_dma_write(struct model *model, uint64_t address, const void *from, uint32_t size)
{
    void *at = port_dma(address, size);
    if (at == NULL) {
        model_warn(model, "DMA to 0x%llx, %u bytes: no RAM", (unsigned long long)address, size);
        return false;
    }
    memcpy(at, from, size);
    return true;
}

const struct model_node *model_node_parent(const struct model_node *node)
{
    const struct model_node *up = &machine.nodes[node->parent];
    return up != node ? up : NULL;
}

struct model *model_parent(struct model *model)
{
    for (const struct model_node *node = model_node_parent(model->node); node != NULL;
         node = model_node_parent(node)) {
        if (node->binding != NULL)
            return node->binding->model;
    }
    return NULL;
}

struct model *model_i2c_child(struct model *model, uint8_t address)
{
    for (uint32_t i = 0; i < machine.binding_count; i++) {
        struct model_binding *binding = &machine.bindings[i];
        uint64_t at, size;
        if (binding->initialised && binding->model->ops->i2c != NULL &&
            model_node_parent(binding->node) == model->node &&
            board_reg(binding->node, 0, &at, &size) == 0 && at == address)
            return binding->model;
    }
    return NULL;
}

struct model *model_find(struct model *model, const char *compatible, uint32_t index)
{
    (void)model;
    for (uint32_t i = 0; i < machine.binding_count; i++) {
        if (machine.bindings[i].initialised &&
            board_compatible(machine.bindings[i].node, compatible) && index-- == 0)
            return machine.bindings[i].model;
    }
    return NULL;
}

int model_region_add(struct model *model, uint32_t region, const char *child, uint64_t bus_address,
                     uint64_t size)
{
    const struct model_node *bus = child != NULL ? board_child(model->node, child) : model->node;
    uint32_t space = child != NULL ? 0 : PCI_SPACE_MEMORY_32;
    uint64_t base;
    if (bus == NULL)
        return -ENOENT;
    if (size == 0 || machine.extra_count == BUS_EXTRA_MAX ||
        board_translate(bus, space, bus_address, size, &base) != 0)
        return -EINVAL;
    machine.extras[machine.extra_count++] =
        (struct bus_extra){ .model = model, .base = base, .size = size, .index = region };
    return 0;
}

/* --- the node --- */

int model_node_u32(const struct model_node *node, const char *name, uint32_t index, uint32_t *out)
{
    uint32_t size;
    const uint8_t *value = board_property(node, name, &size);
    if (value == NULL)
        return -ENOENT;
    if (index >= size / 4)
        return -EINVAL;
    value += index * 4u;
    *out = (uint32_t)value[0] << 24 | (uint32_t)value[1] << 16 | (uint32_t)value[2] << 8 | value[3];
    return 0;
}

int model_node_string(const struct model_node *node, const char *name, const char **out)
{
    uint32_t size;
    const char *value = board_property(node, name, &size);
    if (value == NULL)
        return -ENOENT;
    if (memchr(value, '\0', size) == NULL)
        return -EINVAL;
    *out = value;
    return 0;
}

uint32_t model_node_phandle(const struct model_node *node)
{
    return node->phandle;
}
