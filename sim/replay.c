/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Inputs: pulled from the host one ahead, checked, and given to models at their time.
 *
 * Lines of one GPIO chip that change at the same time are handed over together: one change of the
 * bank. A broken trace (the callback fails, time runs backwards, an unknown target) ends the inputs
 * there and the run in good order, with the error and the place in the result. */
#include <axiom/errno.h>
#include <axiom/log.h>
#include <axiom/string.h>

#include "internal.h"

/* --- targets --- */

/* Splits "kind/label/rest"; rest is empty if there is none. False: not of this kind. */
static bool split_path(const char *path, const char *kind, char *label, size_t size,
                       const char **rest)
{
    size_t length = strlen(kind);
    if (strncmp(path, kind, length) != 0 || path[length] != '/')
        return false;
    path += length + 1;
    const char *end = strchr(path, '/');
    size_t label_size = end != NULL ? (size_t)(end - path) : strlen(path);
    if (label_size == 0 || label_size >= size)
        return false;
    memcpy(label, path, label_size);
    label[label_size] = '\0';
    *rest = end != NULL ? end + 1 : "";
    return true;
}

static bool parse_line(const char *text, uint32_t *line)
{
    uint32_t value = 0, digits = 0;
    for (; *text >= '0' && *text <= '9' && digits < 6; text++, digits++)
        value = value * 10 + (uint32_t)(*text - '0');
    *line = value;
    return digits > 0 && *text == '\0';
}

/* Where a device on an I2C bus is: the bus's number (its label is "i2cN") and the device's address.
 */
static bool i2c_place(struct model *model, uint32_t *bus, uint64_t *address)
{
    uint64_t size;
    struct model *parent = model->ops->i2c != NULL ? model_parent(model) : NULL;
    return parent != NULL && strncmp(parent->label, "i2c", 3) == 0 &&
           parse_line(parent->label + 3, bus) && board_reg(model->node, 0, address, &size) == 0;
}

static bool takes_answers(const struct model *model)
{
    return model->ops->queue_answer != NULL || model->ops->queue_transaction != NULL;
}

/* "i2c/1/0x44": the device itself, where a recording of its answers names no more than the bus did.
 */
static int resolve_i2c(const char *path, const char *label, const char *rest,
                       struct sim_target *out)
{
    uint32_t wanted_bus, bus;
    uint64_t wanted = 0, address;
    if (!parse_line(label, &wanted_bus) || strncmp(rest, "0x", 2) != 0 || rest[2] == '\0')
        return machine_fail(-EINVAL, "input target %s: write i2c/BUS/0xADDRESS", path);
    for (const char *at = rest + 2; *at != '\0'; at++) {
        int digit = *at >= '0' && *at <= '9'   ? *at - '0'
                    : *at >= 'a' && *at <= 'f' ? *at - 'a' + 10
                                               : -1;
        if (digit < 0 || wanted > 0x7f)
            return machine_fail(-EINVAL, "input target %s: write i2c/BUS/0xADDRESS", path);
        wanted = wanted * 16 + (uint64_t)digit;
    }
    for (uint32_t i = 0; i < machine.binding_count; i++) {
        struct model_binding *binding = &machine.bindings[i];
        if (!binding->initialised || !takes_answers(binding->model) ||
            !i2c_place(binding->model, &bus, &address) || bus != wanted_bus || address != wanted)
            continue;
        *out = (struct sim_target){ .model = binding->model };
        return 0;
    }
    return machine_fail(-EINVAL, "input target %s: no device with a model answers there", path);
}

static bool named(const struct model_binding *binding, const char *label)
{
    return strcmp(binding->label, label) == 0 || strcmp(binding->model->name, label) == 0;
}

static bool takes_sensor_input(const struct model *model)
{
    return model->ops->sensor_input != NULL || takes_answers(model);
}

static int resolve(const char *path, struct sim_target *out)
{
    char label[EVENT_NAME_MAX];
    const char *rest;
    if (split_path(path, "i2c", label, sizeof label, &rest))
        return resolve_i2c(path, label, rest, out);
    bool gpio = split_path(path, "gpio", label, sizeof label, &rest);
    bool iio = !gpio && split_path(path, "iio", label, sizeof label, &rest);
    if (!gpio && !iio)
        return machine_fail(-EINVAL, "input target %s: write gpio/CHIP/LINE or iio/NAME", path);
    uint32_t line = 0;
    if (gpio ? !parse_line(rest, &line) : rest[0] != '\0')
        return machine_fail(-EINVAL, "input target %s: %s", path,
                            gpio ? "the line is not a number" : "write iio/NAME");
    for (uint32_t i = 0; i < machine.binding_count; i++) {
        struct model_binding *binding = &machine.bindings[i];
        const struct model_ops *ops = binding->initialised ? binding->model->ops : NULL;
        if (ops == NULL || !named(binding, label) ||
            (gpio ? ops->pins_input == NULL : !takes_sensor_input(binding->model)))
            continue;
        if (gpio && (line >= ops->line_count || line >= 64))
            return machine_fail(-EINVAL, "input target %s: %s has lines 0 to %u", path,
                                binding->model->name, ops->line_count - 1);
        *out = (struct sim_target){ .model = binding->model, .line = line };
        return 0;
    }
    return machine_fail(-EINVAL, "input target %s: the device tree has no such device with a model",
                        path);
}

/* --- pulling --- */

static void end_inputs(void)
{
    struct replay *replay = &machine.replay;
    replay->ended = true;
    replay->have_next = false;
    /* A broken trace ends the run whatever the configuration says. */
    if (machine.config->end != SIM_END_STOP && machine.result->error == 0)
        return;
    uint64_t stop_at =
        replay->last_time_ns + machine.config->input_offset_ns + machine.config->settle_ns;
    if (stop_at < machine.stop_at_ns)
        machine.stop_at_ns = stop_at;
}

/* About what the input is for; NULL: nothing. */
static const char *what_is_wrong_with_target(const struct sim_input *input)
{
    if (input->target >= machine.config->target_count)
        return "it names a target that was not declared";
    const struct sim_target *target = &machine.replay.targets[input->target];
    const struct model_ops *ops = target->model->ops;
    switch (input->kind) {
    case SIM_INPUT_LINE:
        return ops->pins_input != NULL ? NULL : "its target is not a GPIO line";
    case SIM_INPUT_SENSOR:
        if (input->count > EVENT_IIO_CHANNEL_MAX)
            return "it has too many quantities";
        return ops->sensor_input != NULL ? NULL : "its target is not a sensor";
    case SIM_INPUT_ANSWER:
        return ops->queue_answer != NULL || ops->queue_transaction != NULL
                   ? NULL
                   : "its target does not take recorded answers";
    }
    return "it is of no known kind";
}

static const char *what_is_wrong(const struct sim_input *input)
{
    if (input->time_ns < machine.replay.last_time_ns)
        return "its time is earlier than that of the input before";
    if (input->time_ns > TIME_NEVER - 1 - machine.config->input_offset_ns)
        return "its time is beyond the end of virtual time";
    return what_is_wrong_with_target(input);
}

static void pull(void)
{
    struct replay *replay = &machine.replay;
    int got = machine.config->next_input(machine.config->input_context, &replay->next);
    if (got <= 0) {
        if (got < 0)
            machine_fail(got, "the input after number %llu could not be read",
                         (unsigned long long)replay->delivered);
        end_inputs();
        return;
    }
    const char *wrong = what_is_wrong(&replay->next);
    if (wrong != NULL) {
        machine_fail(-EINVAL, "input at position %llu, time %llu ns: %s",
                     (unsigned long long)replay->next.position,
                     (unsigned long long)replay->next.time_ns, wrong);
        end_inputs();
        return;
    }
    replay->have_next = true;
    replay->last_time_ns = replay->next.time_ns;
}

int replay_init(void)
{
    struct replay *replay = &machine.replay;
    const struct sim_config *config = machine.config;
    *replay = (struct replay){ 0 };
    replay->targets = machine_alloc((config->target_count + 1u) * sizeof *replay->targets);
    if (replay->targets == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < config->target_count; i++) {
        int err = resolve(config->targets[i], &replay->targets[i]);
        if (err)
            return err;
    }
    if (config->next_input != NULL)
        pull();
    else
        end_inputs();
    return machine.result->error;
}

/* --- delivering --- */

uint64_t machine_input_count(void)
{
    return machine.replay.delivered;
}

static void begin_delivery(void)
{
    struct replay *replay = &machine.replay;
    replay->source_ns = replay->next.source_ns;
    replay->position = replay->next.position;
    replay->delivered++;
}

/* All lines of the first one's chip and time; a line that comes twice starts anew. */
static void deliver_lines(void)
{
    struct replay *replay = &machine.replay;
    uint64_t time_ns = replay->next.time_ns, mask = 0, level = 0;
    struct model *model = replay->targets[replay->next.target].model;
    while (replay->have_next) {
        const struct sim_input *next = &replay->next;
        const struct sim_target *target = &replay->targets[next->target];
        uint64_t bit = UINT64_C(1) << target->line;
        if (next->kind != SIM_INPUT_LINE || next->time_ns != time_ns || target->model != model ||
            (mask & bit) != 0)
            break;
        begin_delivery();
        mask |= bit;
        level |= next->level ? bit : 0;
        pull();
    }
    model->ops->pins_input(model, mask, level);
}

/* A recorded answer is an input of the bus: what was served can be served again. */
static void emit_answer(struct model *model, const struct sim_input *input)
{
    uint32_t bus;
    uint64_t address;
    if (!i2c_place(model, &bus, &address))
        return;
    struct event event = { .kind = EVENT_I2C };
    event.i2c.bus = (uint8_t)bus;
    event.i2c.address = (uint8_t)address;
    event.i2c.write_size = (uint16_t)input->request_size;
    event.i2c.write_data = input->request;
    event.i2c.read_size = (uint16_t)input->size;
    event.i2c.read_data = input->bytes;
    model_emit(&machine.self_model, &event, EVENT_ROLE_INPUT);
}

/* What the surroundings of a sensor are is the machine's to record. */
static void emit_sensor(const struct model *model, const struct sim_input *input)
{
    struct event event = { .kind = EVENT_IIO };
    event.iio.device = model->label;
    event.iio.count = (uint8_t)input->count;
    memcpy(event.iio.quantity, input->quantity, sizeof event.iio.quantity);
    memcpy(event.iio.nano, input->nano, sizeof event.iio.nano);
    model_emit(&machine.self_model, &event, EVENT_ROLE_INPUT);
}

static bool queue(struct model *model, const struct sim_input *input)
{
    struct model_transaction transaction = { .time_ns = input->source_ns,
                                             .write = input->request,
                                             .write_size = input->request_size,
                                             .read = input->bytes,
                                             .read_size = input->size };
    if (model->ops->queue_transaction != NULL)
        return model->ops->queue_transaction(model, &transaction);
    return model->ops->queue_answer(model, input->bytes, input->size);
}

static void give_sensor(const struct sim_input *input)
{
    struct model *model = machine.replay.targets[input->target].model;
    if (input->kind == SIM_INPUT_SENSOR)
        emit_sensor(model, input);
    else
        emit_answer(model, input);
    bool taken = input->kind == SIM_INPUT_SENSOR
                     ? model->ops->sensor_input(model, input->quantity, input->nano, input->count)
                     : queue(model, input);
    if (!taken)
        machine_log(LOG_WARNING, model->name, "does not take the input at position %llu",
                    (unsigned long long)input->position);
}

void replay_deliver(void)
{
    machine.replay.delivering = true;
    if (machine.replay.next.kind == SIM_INPUT_LINE) {
        deliver_lines();
    } else {
        begin_delivery();
        give_sensor(&machine.replay.next);
        pull();
    }
    machine.replay.delivering = false;
}

bool replay_input_fits(const struct sim_input *input)
{
    return input->kind != SIM_INPUT_ANSWER && what_is_wrong_with_target(input) == NULL;
}

void replay_deliver_live(const struct sim_input *input)
{
    struct replay *replay = &machine.replay;
    const struct sim_target *target = &replay->targets[input->target];
    replay->delivering = true;
    replay->source_ns = input->source_ns;
    replay->position = input->position;
    replay->delivered++;
    if (input->kind == SIM_INPUT_LINE) {
        uint64_t bit = UINT64_C(1) << target->line;
        target->model->ops->pins_input(target->model, bit, input->level ? bit : 0);
    } else {
        give_sensor(input);
    }
    replay->delivering = false;
}

int replay_initial(void)
{
    const struct replay *replay = &machine.replay;
    while (replay->have_next && replay->next.time_ns == 0 && replay->next.kind == SIM_INPUT_LINE)
        replay_deliver();
    return machine.result->error;
}

uint64_t replay_due_ns(void)
{
    const struct replay *replay = &machine.replay;
    if (!replay->have_next || machine.stopped)
        return TIME_NEVER;
    return replay->next.time_ns + machine.config->input_offset_ns;
}
