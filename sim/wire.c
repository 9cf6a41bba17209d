/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Interrupt outputs to inputs, as the tree's interrupt specifiers say.
 *
 * A wire remembers the level that its model drives and the level that the other side has been told;
 * they differ while a fault swallows or delays an activation. Per-CPU outputs (a timer's PPI) have
 * one level per CPU. An output whose node or controller has no model leads nowhere. */
#include <axiom/errno.h>
#include <axiom/log.h>

#include "internal.h"

int wires_allocate(struct model_binding *binding)
{
    binding->wire_count = board_interrupt_count(binding->node);
    if (binding->wire_count == 0)
        return 0;
    binding->wires = machine_alloc(binding->wire_count * sizeof *binding->wires);
    return binding->wires != NULL ? 0 : -ENOMEM;
}

/* The model that answers for the controller's node: its own or, where the node is a mere part of a
 * device (RP1's interrupt controller inside the PCIe node), that of the nearest node above. */
static struct model *controller_of(const struct model_node *node)
{
    for (;; node = &machine.nodes[node->parent]) {
        struct model_binding *binding = node->binding;
        if (binding != NULL && binding->initialised && binding->model->ops->translate != NULL &&
            binding->model->ops->line_input != NULL)
            return binding->model;
        if (node->parent == (uint32_t)(node - machine.nodes))
            return NULL;
    }
}

/* Falling edge or low level, in the second cell (dt-bindings/interrupt-controller/irq.h). */
static bool is_active_low(const struct tree_specifier *specifier)
{
    return specifier->count >= 2 && (specifier->cells[1] & (2u | 8u)) != 0;
}

static void tell(struct wire *wire, uint32_t cpu, bool active)
{
    uint8_t bit = (uint8_t)(1u << cpu);
    wire->seen_cpus = (uint8_t)(active ? wire->seen_cpus | bit : wire->seen_cpus & ~bit);
    wire->to->ops->line_input(wire->to, wire->line, cpu, active != wire->inverted);
}

static void connect(struct model_binding *binding, uint32_t index,
                    const struct tree_specifier *specifier, uint32_t message)
{
    struct wire *wire = &binding->wires[index];
    uint32_t line;
    struct model *to = controller_of(specifier->parent);
    if (to == NULL)
        return;
    if (to->ops->translate(to, specifier->cells, specifier->count, &line) != 0) {
        machine_log(LOG_WARNING, binding->model->name,
                    "interrupt output %u: %s does not understand its specifier", index, to->name);
        return;
    }
    wire->to = to;
    wire->line = line + message;
    wire->inverted = to->ops->line_count != 0 && is_active_low(specifier);
}

int wires_connect(void)
{
    for (uint32_t i = 0; i < machine.binding_count; i++) {
        struct model_binding *binding = &machine.bindings[i];
        struct board_interrupts list;
        uint32_t message;
        board_interrupts_begin(binding->node, &list);
        for (uint32_t k = 0; binding->initialised && k < binding->wire_count; k++) {
            if (board_interrupts_next(&list, &message))
                connect(binding, k, &list.specifier, message);
        }
    }
    /* What was driven while models were set up, and pins that are high at rest. */
    for (uint32_t i = 0; i < machine.binding_count; i++) {
        struct model_binding *binding = &machine.bindings[i];
        for (uint32_t k = 0; binding->initialised && k < binding->wire_count; k++) {
            struct wire *wire = &binding->wires[k];
            if (wire->to == NULL)
                continue;
            if (wire->active_cpus == 0 && wire->inverted)
                tell(wire, 0, false);
            for (uint32_t cpu = 0; cpu < CPU_MAX; cpu++) {
                if (wire->active_cpus >> cpu & 1)
                    tell(wire, cpu, true);
            }
        }
    }
    machine.live = true;
    return 0;
}

/* A delayed activation arrives, unless it was withdrawn meanwhile. */
static void arrive_late(struct model *self, struct model_timer *timer)
{
    (void)self;
    struct wire *wire = CONTAINER_OF(timer, struct wire, late);
    if (wire->active_cpus >> wire->late_cpu & 1)
        tell(wire, wire->late_cpu, true);
}

/* True if a fault keeps this activation from its wire, now or for good. */
static bool activation_disturbed(struct model *model, struct wire *wire, uint32_t index,
                                 uint32_t cpu)
{
    if (__builtin_expect(
            (machine.faults.kinds & (1u << FAULT_LOST_IRQ | 1u << FAULT_LATE_IRQ)) == 0, 1))
        return false;
    uint64_t parameter = index;
    if (fault_due(model, FAULT_LOST_IRQ, &parameter))
        return true;
    if (!fault_due(model, FAULT_LATE_IRQ, &parameter))
        return false;
    wire->late_cpu = cpu;
    model_timer_set(&machine.self_model, &wire->late, machine.clock.now_ns + parameter,
                    arrive_late);
    return true;
}

void model_line_set(struct model *model, uint32_t index, uint32_t cpu, bool active)
{
    struct model_binding *binding = binding_of(model);
    if (__builtin_expect(index >= binding->wire_count || cpu >= CPU_MAX, 0))
        return;
    struct wire *wire = &binding->wires[index];
    bool was = wire->active_cpus >> cpu & 1;
    if (was == active)
        return;
    wire->active_cpus ^= (uint8_t)(1u << cpu);
    if (wire->to == NULL) /* also while models are being set up: wires_connect() tells later */
        return;
    if (active && activation_disturbed(model, wire, index, cpu))
        return;
    if ((wire->seen_cpus >> cpu & 1) != active)
        tell(wire, cpu, active);
}
