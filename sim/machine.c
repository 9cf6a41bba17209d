/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The machine: made from a device tree, run once, and taken apart.
 *
 * Every enabled node whose `compatible` some model of model_table[] names gets that model, in the
 * order of the tree, the node's most specific word first. A model that refuses its node is left out
 * with a line on the log: the kernel then finds nothing there, as with a dead chip. Everything is
 * allocated here; the path of an event allocates nothing. */
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/log.h>
#include <axiom/state_hash.h>
#include <axiom/string.h>
#include <libfdt.h>

#include "internal.h"

struct machine machine;

/* --- memory --- */

struct allocation {
    struct allocation *next;
    uint64_t align; /* what follows is aligned to 16 */
};

void *machine_alloc(size_t size)
{
    struct allocation *allocation =
        size <= SIZE_MAX - sizeof *allocation ? port_alloc(sizeof *allocation + size) : NULL;
    if (allocation == NULL) {
        machine_fail(-ENOMEM, "the host has no %zu bytes for the machine", size);
        return NULL;
    }
    allocation->next = machine.allocations;
    machine.allocations = allocation;
    return allocation + 1;
}

/* The first error stays. */
int machine_fail(int error, const char *format, ...)
{
    struct sim_result *result = machine.result;
    if (result->error == 0) {
        result->error = error;
        va_list arguments;
        va_start(arguments, format);
        format_text_va(result->reason, sizeof result->reason, format, arguments);
        va_end(arguments);
    }
    return error;
}

/* --- binding --- */

static bool names(const struct model_ops *ops, const char *compatible)
{
    for (const char *const *at = ops->compatible; *at != NULL; at++) {
        if (strcmp(*at, compatible) == 0)
            return true;
    }
    return false;
}

static const struct model_ops *ops_of(const struct model_node *node)
{
    uint32_t size;
    const char *at = board_property(node, "compatible", &size);
    const char *end = at != NULL ? at + size : NULL;
    while (at != NULL && at < end) {
        const char *nul = memchr(at, '\0', (size_t)(end - at));
        if (nul == NULL)
            return NULL;
        for (uint32_t i = 0; model_table[i] != NULL; i++) {
            if (names(model_table[i], at))
                return model_table[i];
        }
        at = nul + 1;
    }
    return NULL;
}

static int bind(struct model_node *node, const struct model_ops *ops)
{
    struct model *model = machine_alloc(ops->size);
    if (model == NULL)
        return -ENOMEM;
    const char *name = fdt_get_name(machine.fdt, node->offset, NULL);
    struct model_binding *binding = &machine.bindings[machine.binding_count];
    *model = (struct model){
        .ops = ops,
        .env = (struct model_env *)&machine,
        .name = name != NULL && name[0] != '\0' ? name : "/",
        .label = binding->label,
        .id = machine.binding_count,
        .node = node,
    };
    binding->model = model;
    binding->node = node;
    node->binding = binding;
    machine.binding_count++;
    return wires_allocate(binding);
}

static int bind_all(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < machine.node_count; i++)
        count += machine.nodes[i].enabled && ops_of(&machine.nodes[i]) != NULL;
    if (count > BINDING_MAX)
        return machine_fail(-E2BIG, "device tree: %u devices that there are models for, at most %u",
                            count, BINDING_MAX);
    machine.bindings = machine_alloc((count + 1u) * sizeof *machine.bindings);
    machine.busy_models = machine_alloc((count + 1u) * sizeof *machine.busy_models);
    if (machine.bindings == NULL || machine.busy_models == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < machine.node_count; i++) {
        const struct model_ops *ops = machine.nodes[i].enabled ? ops_of(&machine.nodes[i]) : NULL;
        int err = ops != NULL ? bind(&machine.nodes[i], ops) : 0;
        if (err)
            return err;
    }
    return 0;
}

/* --- labels --- */

static bool ends_with_digit(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && text[length - 1] >= '0' && text[length - 1] <= '9';
}

/* The alias of the node at `path` that begins with `prefix` and ends with a number. */
static const char *alias_of(const char *path, const char *prefix)
{
    int aliases = fdt_path_offset(machine.fdt, "/aliases");
    int property;
    uint32_t seen = 0;
    if (aliases < 0)
        return NULL;
    fdt_for_each_property_offset(property, machine.fdt, aliases)
    {
        if (seen++ == ALIAS_MAX)
            break;
        const char *name;
        int size;
        const char *value = fdt_getprop_by_offset(machine.fdt, property, &name, &size);
        if (value != NULL && size > 0 && value[size - 1] == '\0' && strcmp(value, path) == 0 &&
            string_starts_with(name, prefix) && ends_with_digit(name))
            return name;
    }
    return NULL;
}

/* The label property; for a GPIO chip what its alias gpiochipN says, or else its number among the
 * chips; an alias with a number; the node's name. */
static void label(struct model_binding *binding, uint32_t *chips)
{
    char path[512];
    const char *text = NULL;
    uint32_t chip = 0;
    bool is_chip = binding->model->ops->line_count != 0;
    if (is_chip)
        chip = (*chips)++;
    if (model_node_string(binding->node, "label", &text) == 0 && text[0] != '\0') {
        string_copy(binding->label, sizeof binding->label, text);
        return;
    }
    bool has_path = board_path(binding->node, path, sizeof path);
    text = has_path ? alias_of(path, is_chip ? "gpiochip" : "") : NULL;
    if (is_chip && text != NULL)
        string_copy(binding->label, sizeof binding->label, text + strlen("gpio"));
    else if (is_chip)
        format_text(binding->label, sizeof binding->label, "chip%u", chip);
    else
        string_copy(binding->label, sizeof binding->label,
                    text != NULL ? text : binding->model->name);
}

/* --- starting the models --- */

/* Every model_timer lies inside a model's struct or a wire: no more can be set at one time. */
static int queue_allocate(void)
{
    size_t timers = 1;
    for (uint32_t i = 0; i < machine.binding_count; i++) {
        const struct model_binding *binding = &machine.bindings[i];
        timers += binding->model->ops->size / sizeof(struct model_timer) + binding->wire_count;
    }
    struct event_queue_entry *memory = machine_alloc((timers + 1) * sizeof *memory);
    if (memory == NULL)
        return -ENOMEM;
    event_queue_init(&machine.queue, memory, (uint32_t)timers);
    return 0;
}

static int start_all(void)
{
    for (uint32_t i = 0; i < machine.binding_count; i++) {
        struct model_binding *binding = &machine.bindings[i];
        struct model *model = binding->model;
        int err = model->ops->init != NULL ? model->ops->init(model, binding->node) : 0;
        if (err == -ENOMEM)
            return machine_fail(err, "%s: no memory for its model", model->name);
        if (err) {
            machine_log(LOG_WARNING, model->name, "%s: its model refuses the node: error %d",
                        model->name, err);
            binding->node->binding = NULL;
            continue;
        }
        binding->initialised = true;
        if (model->ops->busy != NULL)
            machine.busy_models[machine.busy_count++] = model;
    }
    return 0;
}

static int check_config(const struct sim_config *config)
{
    if (config->cpu_count < 1 || config->cpu_count > CPU_MAX)
        return machine_fail(-EINVAL, "%u CPUs: there are 1 to %u", config->cpu_count, CPU_MAX);
    if (config->memory_size < 65536 || config->memory_size % 4096 != 0)
        return machine_fail(-EINVAL, "%llu bytes of memory: whole pages, 64 KiB or more",
                            (unsigned long long)config->memory_size);
    if (config->schedule.policy == SIM_SCHEDULE_SEEDED && config->schedule.switch_one_in == 0)
        return machine_fail(-EINVAL, "the seeded schedule switches at one of how many points?");
    if (config->schedule.script_count > SIM_SCRIPT_MAX)
        return machine_fail(-EINVAL, "%u scripted switches: at most %u",
                            config->schedule.script_count, SIM_SCRIPT_MAX);
    return 0;
}

static void register_sinks(const struct sim_config *config)
{
    event_registry_reset();
    event_clock_set(machine_now_ns);
    state_hash_reset();
    for (uint32_t i = 0; i < config->sink_count; i++)
        event_sink_add(config->sinks[i]);
}

static void reset(const struct sim_config *config, struct sim_result *result)
{
    machine = (struct machine){ .config = config, .result = result, .stop_at_ns = TIME_NEVER };
    machine.self_model = (struct model){ .name = "machine", .label = "machine" };
    if (config->end_time_ns != 0)
        machine.stop_at_ns = config->end_time_ns;
    sim_now = (struct sim_now){ 0 };
    virtual_clock_init(config->hash_interval_ns);
    schedule_init(&config->schedule, config->seed);
    register_sinks(config);
}

int machine_create(const struct sim_config *config, struct sim_result *result)
{
    reset(config, result);
    int err = check_config(config);
    if (!err)
        err = board_open(config->fdt, config->fdt_size);
    if (!err)
        err = bind_all();
    uint32_t chips = 0;
    for (uint32_t i = 0; !err && i < machine.binding_count; i++)
        label(&machine.bindings[i], &chips);
    if (!err)
        err = queue_allocate();
    if (!err)
        err = start_all();
    if (!err)
        err = bus_build();
    if (!err)
        wires_connect();
    if (!err)
        err = fault_init();
    if (!err)
        err = replay_init();
    return err;
}

void machine_destroy(void)
{
    for (uint32_t i = machine.binding_count; i-- > 0;) {
        struct model_binding *binding = &machine.bindings[i];
        if (binding->initialised && binding->model->ops->exit != NULL)
            binding->model->ops->exit(binding->model);
    }
    struct allocation *allocation = machine.allocations;
    while (allocation != NULL) {
        struct allocation *next = allocation->next;
        port_free(allocation);
        allocation = next;
    }
    machine = (struct machine){ 0 };
    event_registry_reset();
    state_hash_reset();
}

void machine_end_with(int error, const char *reason)
{
    machine_fail(error, "%s", reason);
}

uint64_t machine_failing_allocation(void)
{
    uint64_t scripted = machine.faults.failing_allocation;
    return scripted != 0 ? scripted : machine.config->fail_kernel_allocation;
}

void machine_describe(char *text, size_t size)
{
    const struct replay *replay = &machine.replay;
    uint64_t now = machine.clock.now_ns;
    format_text(text, size,
                "seed %llu, virtual time %llu.%09llu s, event %llu, trace position %llu "
                "(input %llu, source time %llu ns)",
                machine.config != NULL ? (unsigned long long)machine.config->seed : 0,
                (unsigned long long)(now / NSEC_PER_SEC), (unsigned long long)(now % NSEC_PER_SEC),
                (unsigned long long)event_sequence(), (unsigned long long)replay->position,
                (unsigned long long)replay->delivered, (unsigned long long)replay->source_ns);
}
