/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The two things that users do with a machine: run one boot on it, or ask what it has. */
#include <axiom/state_hash.h>
#include <axiom/string.h>

#include "internal.h"

static void fill_result(struct sim_result *result)
{
    result->end_time_ns = machine.clock.now_ns;
    result->event_count = event_sequence();
    result->state_hash = state_hash_value(machine.clock.now_ns);
    result->input_count = machine.replay.delivered;
    result->point_count = machine.schedule.points;
    result->switch_count = machine.schedule.switches;
    result->fault_count = machine.faults.injected;
}

int sim_run(const struct sim_config *config, struct sim_result *result)
{
    *result = (struct sim_result){ 0 };
    port_begin(config);
    int err = machine_create(config, result);
    if (!err)
        err = replay_initial();
    if (!err)
        err = port_boot(&(struct port_boot){ .config = config, .result = result });
    if (err && result->error == 0)
        result->error = err;
    fill_result(result);
    machine_destroy();
    port_end(result);
    return result->error;
}

int sim_list_targets(const void *fdt, size_t fdt_size,
                     void (*each)(void *context, const struct sim_target_info *info), void *context,
                     char *reason)
{
    struct sim_config config = {
        .fdt = fdt,
        .fdt_size = fdt_size,
        .memory_size = 1u << 20,
        .cpu_count = 1,
    };
    struct sim_result result = { 0 };
    port_begin(&config);
    int err = machine_create(&config, &result);
    for (uint32_t i = 0; !err && i < machine.binding_count; i++) {
        const struct model_binding *binding = &machine.bindings[i];
        const struct model_ops *ops = binding->model->ops;
        bool sensor = ops->sensor_input != NULL || ops->queue_answer != NULL ||
                      ops->queue_transaction != NULL;
        if (!binding->initialised || (ops->line_count == 0 && !sensor))
            continue;
        struct sim_target_info info = {
            .kind = ops->line_count != 0 ? "gpio" : "iio",
            .label = binding->label,
            .node = binding->model->name,
            .line_count = ops->line_count,
            .takes_quantities = ops->sensor_input != NULL,
            .takes_answers = ops->queue_answer != NULL,
            .takes_transactions = ops->queue_transaction != NULL,
        };
        each(context, &info);
    }
    string_copy(reason, SIM_REASON_MAX, result.reason);
    machine_destroy();
    port_end(&result);
    return err;
}
