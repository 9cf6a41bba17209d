/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Lanes by key, and which points an event gives. */
#include "model.h"

#include <axiom/errno.h>
#include <axiom/log.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int model_init(struct model *model)
{
    *model = (struct model){ .start_ns = UINT64_MAX };
    board_read(&model->board, NULL, 0);
    model->hash_size = MODEL_LANE_MAX * 2;
    model->lane_by_key = calloc(model->hash_size, sizeof *model->lane_by_key);
    return model->lane_by_key != NULL ? 0 : -ENOMEM;
}

void model_free(struct model *model)
{
    for (uint32_t i = 0; i < model->lane_count; i++) {
        lane_free(&model->lanes[i]->lane);
        free(model->lanes[i]);
    }
    for (uint32_t i = 1; i < model->text_count; i++)
        free(model->texts[i]);
    free(model->texts);
    free(model->text_by_hash);
    free(model->lanes);
    free(model->lane_by_key);
    *model = (struct model){ 0 };
}

/* --- lanes --- */

static uint32_t key_hash(uint8_t kind, uint8_t layer, uint32_t number, uint8_t sub, const char *key)
{
    uint32_t hash = (2166136261u ^ ((uint32_t)kind << 16 | (uint32_t)layer << 8 | sub)) * 16777619u;
    hash = (hash ^ number) * 16777619u;
    for (uint32_t i = 0; key[i] != '\0' && i < MODEL_NAME_MAX - 1; i++)
        hash = (hash ^ (uint8_t)key[i]) * 16777619u;
    return hash ^ hash >> 15;
}

static uint32_t *lane_slot(const struct model *model, uint8_t kind, uint8_t layer, uint32_t number,
                           uint8_t sub, const char *key)
{
    uint32_t mask = model->hash_size - 1;
    for (uint32_t at = key_hash(kind, layer, number, sub, key) & mask;; at = (at + 1) & mask) {
        uint32_t index = model->lane_by_key[at];
        if (index == 0)
            return &model->lane_by_key[at];
        const struct model_lane *lane = model->lanes[index - 1];
        if (lane->event_kind == kind && lane->layer == layer && lane->number == number &&
            lane->sub == sub && strncmp(lane->key, key, MODEL_NAME_MAX - 1) == 0)
            return &model->lane_by_key[at];
    }
}

struct model_lane *model_find_lane(const struct model *model, uint8_t event_kind, uint8_t layer,
                                   uint32_t number, uint8_t sub, const char *key)
{
    uint32_t index = *lane_slot(model, event_kind, layer, number, sub, key);
    return index != 0 ? model->lanes[index - 1] : NULL;
}

static const uint8_t group_of_kind[EVENT_KIND_COUNT] = {
    [0] = MODEL_LINES,
    [EVENT_GPIO] = MODEL_LINES,
    [EVENT_PWM] = MODEL_PWM,
    [EVENT_I2C] = MODEL_BUSES,
    [EVENT_IIO] = MODEL_SENSORS,
    [EVENT_TIMER] = MODEL_OTHER,
    [EVENT_BPF_RUN] = MODEL_PROGRAMS,
    [EVENT_BPF_MAP] = MODEL_OTHER,
    [EVENT_BPF_PRINT] = MODEL_LOG,
    [EVENT_INTERLOCK] = MODEL_SAFETY,
    [EVENT_FAULT] = MODEL_SAFETY,
    [EVENT_SCHED] = MODEL_SCHEDULER,
    [EVENT_LOG] = MODEL_LOG,
    [EVENT_HASH] = MODEL_OTHER,
};

static void name_line(const struct model *model, struct model_lane *lane)
{
    uint32_t chip = lane->number >> 8, line = lane->number & 0xff;
    const char *name = chip == 0 && line < BOARD_LINES ? model->board.line[line].name : "";
    if (name[0] != '\0')
        snprintf(lane->name, sizeof lane->name, "%s", name);
    else
        snprintf(lane->name, sizeof lane->name, "GPIO%u", line);
    if (chip != 0)
        snprintf(lane->note, sizeof lane->note, "chip%u/%u", chip, line);
    else if (name[0] != '\0')
        snprintf(lane->note, sizeof lane->note, "GPIO%u", line);
}

static void name_pwm(const struct model *model, struct model_lane *lane)
{
    uint32_t chip = lane->number >> 8, channel = lane->number & 0xff;
    snprintf(lane->name, sizeof lane->name, "PWM%u.%u", chip, channel);
    for (uint32_t i = 0; i < model->board.actuator_count; i++) {
        const struct board_actuator *actuator = &model->board.actuator[i];
        if (actuator->is_pwm && actuator->chip == chip && actuator->line == channel) {
            snprintf(lane->note, sizeof lane->note, "%s", lane->name);
            snprintf(lane->name, sizeof lane->name, "%s", actuator->name);
        }
    }
}

static void name_lane(const struct model *model, struct model_lane *lane)
{
    static const char *const units[] = {
        [IIO_ACCEL_X] = "m/s²",     [IIO_ACCEL_Y] = "m/s²",       [IIO_ACCEL_Z] = "m/s²",
        [IIO_ANGL_VEL_X] = "rad/s", [IIO_ANGL_VEL_Y] = "rad/s",   [IIO_ANGL_VEL_Z] = "rad/s",
        [IIO_TEMP] = "°C",          [IIO_HUMIDITYRELATIVE] = "%",
    };
    switch (lane->event_kind) {
    case EVENT_GPIO:
        name_line(model, lane);
        break;
    case EVENT_PWM:
        name_pwm(model, lane);
        break;
    case EVENT_I2C:
        snprintf(lane->name, sizeof lane->name, "I2C%u", lane->number);
        if (lane->number < BOARD_BUSES && model->board.bus_hz[lane->number] != 0)
            snprintf(lane->note, sizeof lane->note, "%u kHz",
                     model->board.bus_hz[lane->number] / 1000);
        break;
    case EVENT_IIO:
        snprintf(lane->name, sizeof lane->name, "%.40s", lane->key);
        snprintf(lane->note, sizeof lane->note, "%s", iio_quantity_name(lane->sub));
        snprintf(lane->unit, sizeof lane->unit, "%s",
                 lane->sub < ARRAY_SIZE(units) ? units[lane->sub] : "");
        break;
    case EVENT_TIMER:
        snprintf(lane->name, sizeof lane->name, "timer %u", lane->number);
        break;
    case EVENT_BPF_MAP:
        snprintf(lane->name, sizeof lane->name, "map %.50s", lane->key);
        break;
    case EVENT_SCHED:
        snprintf(lane->name, sizeof lane->name, "CPU %u", lane->number);
        break;
    case EVENT_INTERLOCK:
    case EVENT_FAULT:
    case EVENT_LOG:
    case EVENT_BPF_PRINT:
    case EVENT_HASH: {
        static const char *const names[EVENT_KIND_COUNT] = { [EVENT_INTERLOCK] = "interlock",
                                                             [EVENT_FAULT] = "faults",
                                                             [EVENT_LOG] = "kernel log",
                                                             [EVENT_BPF_PRINT] = "bpf print",
                                                             [EVENT_HASH] = "state hash" };
        snprintf(lane->name, sizeof lane->name, "%s", names[lane->event_kind]);
        break;
    }
    default:
        printable(lane->name, sizeof lane->name, lane->key);
        break;
    }
    if (lane->event_kind == EVENT_IIO || lane->event_kind == EVENT_BPF_MAP) {
        char clean[MODEL_NAME_MAX];
        printable(clean, sizeof clean, lane->name);
        memcpy(lane->name, clean, sizeof clean);
    }
}

struct model_lane *model_lane(struct model *model, uint8_t event_kind, uint8_t layer,
                              uint32_t number, uint8_t sub, const char *key, enum lane_kind kind)
{
    uint32_t *slot = lane_slot(model, event_kind, layer, number, sub, key);
    if (*slot != 0)
        return model->lanes[*slot - 1];
    if (model->lane_count == MODEL_LANE_MAX)
        return NULL;
    if (model->lane_count == model->lane_capacity) {
        uint32_t capacity = model->lane_capacity == 0 ? 32 : model->lane_capacity * 2;
        struct model_lane **grown = realloc(model->lanes, capacity * sizeof *grown);
        if (grown == NULL)
            return NULL;
        model->lanes = grown;
        model->lane_capacity = capacity;
    }
    struct model_lane *lane = calloc(1, sizeof *lane);
    if (lane == NULL)
        return NULL;
    lane_init(&lane->lane, kind, model->pager);
    lane->lane.id = model->lane_count;
    lane->event_kind = event_kind;
    lane->layer = layer;
    lane->number = number;
    lane->sub = sub;
    lane->group = group_of_kind[event_kind];
    strncpy(lane->key, key, sizeof lane->key - 1);
    name_lane(model, lane);
    /* The kernel's view of what the machine shows, too, in whichever order they come. */
    struct model_lane *other =
        model_find_lane(model, event_kind, (uint8_t)!layer, number, sub, key);
    if (other != NULL && layer == EVENT_LAYER_KERNEL)
        lane->derived = true;
    else if (other != NULL)
        other->derived = true;
    model->lanes[model->lane_count++] = lane;
    *slot = model->lane_count;
    return lane;
}

void model_set_board(struct model *model, const void *fdt, size_t size)
{
    board_read(&model->board, fdt, size);
}

void model_bind_name(struct model *model, const char *channel, const char *device)
{
    unsigned chip, line;
    int used = 0;
    if (sscanf(device, "gpio/chip%3u/%3u%n", &chip, &line, &used) == 2 && device[used] == '\0' &&
        chip == 0 && line < BOARD_LINES)
        printable(model->board.line[line].name, BOARD_NAME_MAX, channel);
}

/* --- events --- */

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* DESIGN §1: filters return 0 to drop; guards and policies a negative errno to refuse. */
static uint32_t run_flags(const struct event_bpf_run *run)
{
    const char *at = run->attach_point != NULL ? run->attach_point : "";
    if (run->error != 0)
        return LANE_FLAG_ERROR;
    if (starts(at, "iio/"))
        return run->return_value == 0 ? LANE_FLAG_DROPPED : 0;
    if (starts(at, "guard/") || starts(at, "pwm/") || starts(at, "syscall/enter/"))
        return (int64_t)run->return_value < 0 ? LANE_FLAG_REFUSED : 0;
    return 0;
}

static int take_run(struct model *model, const struct event *event, model_take *take, void *context)
{
    const struct event_bpf_run *run = &event->bpf_run;
    struct model_lane *lane = model_lane(model, EVENT_BPF_RUN, event->layer, 0, 0,
                                         run->program != NULL ? run->program : "", LANE_RUN);
    if (lane == NULL)
        return -ENOSPC;
    if (lane->note[0] == '\0' && run->attach_point != NULL)
        printable(lane->note, sizeof lane->note, run->attach_point);
    struct lane_run extra = { (int64_t)run->return_value, run->insn_count, run->duration_ns,
                              run->error, 0 };
    take(context, event->time_ns,
         &(struct model_point){ lane, run_flags(run), &extra, sizeof extra });
    return 0;
}

size_t model_bus_extra(struct lane_bus bus, const uint8_t *written, const uint8_t *read,
                       uint8_t *to)
{
    bus.write_kept = (uint8_t)(bus.write_size < MODEL_BUS_KEPT ? bus.write_size : MODEL_BUS_KEPT);
    bus.read_kept = (uint8_t)(bus.read_size < MODEL_BUS_KEPT ? bus.read_size : MODEL_BUS_KEPT);
    memcpy(to, &bus, sizeof bus);
    if (bus.write_kept > 0)
        memcpy(to + sizeof bus, written, bus.write_kept);
    if (bus.read_kept > 0)
        memcpy(to + sizeof bus + bus.write_kept, read, bus.read_kept);
    return sizeof bus + bus.write_kept + (size_t)bus.read_kept;
}

static int take_bus(struct model *model, const struct event *event, model_take *take, void *context)
{
    const struct event_i2c *i2c = &event->i2c;
    struct model_lane *lane = model_lane(model, EVENT_I2C, event->layer, i2c->bus, 0, "", LANE_BUS);
    if (lane == NULL)
        return -ENOSPC;
    uint8_t extra[MODEL_BUS_EXTRA_MAX];
    struct lane_bus bus = {
        .address = i2c->address,
        .error = i2c->error,
        .write_size = i2c->write_size,
        .read_size = i2c->read_size,
    };
    size_t size = model_bus_extra(bus, i2c->write_data, i2c->read_data, extra);
    int64_t flags = (i2c->error != 0 ? LANE_FLAG_ERROR : 0) |
                    (event->role == EVENT_ROLE_INPUT ? LANE_FLAG_INPUT : 0);
    take(context, event->time_ns, &(struct model_point){ lane, flags, extra, size });
    return 0;
}

static int take_scan(struct model *model, const struct event *event, model_take *take,
                     void *context)
{
    const struct event_iio *iio = &event->iio;
    for (uint32_t i = 0; i < iio->count && i < EVENT_IIO_CHANNEL_MAX; i++) {
        struct model_lane *lane = model_lane(model, EVENT_IIO, event->layer, 0, iio->quantity[i],
                                             iio->device != NULL ? iio->device : "", LANE_ANALOG);
        if (lane == NULL)
            return -ENOSPC;
        int64_t value = iio->nano[i];
        if (iio->quantity[i] == IIO_HUMIDITYRELATIVE && __builtin_mul_overflow(value, 100, &value))
            value = iio->nano[i] < 0 ? INT64_MIN : INT64_MAX;
        take(context, event->time_ns, &(struct model_point){ lane, value, NULL, 0 });
    }
    return 0;
}

static int take_pwm(struct model *model, const struct event *event, model_take *take, void *context)
{
    const struct event_pwm *pwm = &event->pwm;
    struct model_lane *lane = model_lane(model, EVENT_PWM, event->layer,
                                         (uint32_t)pwm->chip << 8 | pwm->channel, 0, "", LANE_PWM);
    if (lane == NULL)
        return -ENOSPC;
    struct lane_pwm extra = { pwm->period_ns, pwm->duty_ns, pwm->enabled, pwm->inverted, { 0 } };
    double duty = pwm->period_ns > 0 && pwm->enabled
                      ? (double)pwm->duty_ns / (double)pwm->period_ns * 1e6
                      : 0;
    int64_t ppm = duty < 1e6 ? (int64_t)(duty + 0.5) : 1000000;
    take(context, event->time_ns, &(struct model_point){ lane, ppm, &extra, sizeof extra });
    return 0;
}

/* A moment with a text. */
static int take_mark(struct model *model, const struct event *event, uint32_t number,
                     const char *key, int64_t flags, const char *text, model_take *take,
                     void *context)
{
    struct model_lane *lane =
        model_lane(model, event->kind, event->layer, number, 0, key, LANE_MARK);
    if (lane == NULL)
        return -ENOSPC;
    if (event->role == EVENT_ROLE_INPUT)
        flags |= LANE_FLAG_INPUT;
    take(context, event->time_ns, &(struct model_point){ lane, flags, text, strlen(text) });
    return 0;
}

static const char *or_nothing(const char *text)
{
    return text != NULL ? text : "";
}

static int take_text_event(struct model *model, const struct event *event, model_take *take,
                           void *context)
{
    static const char *const actions[] = { "STOP", "refused", "re-armed" };
    char text[LANE_EXTRA_MAX];
    uint8_t action;
    switch (event->kind) {
    case EVENT_TIMER:
        return take_mark(model, event, event->timer.timer, "", 0, "", take, context);
    case EVENT_BPF_MAP:
        return take_mark(model, event, 0, or_nothing(event->bpf_map.map), 0, "", take, context);
    case EVENT_BPF_PRINT:
        snprintf(text, sizeof text, "%.120s: %.480s", or_nothing(event->text.source),
                 or_nothing(event->text.text));
        return take_mark(model, event, 0, "", 0, text, take, context);
    case EVENT_LOG:
        snprintf(text, sizeof text, "%.600s", or_nothing(event->text.text));
        return take_mark(model, event, 0, "", event->text.level <= LOG_ERR ? LANE_FLAG_ERROR : 0,
                         text, take, context);
    case EVENT_INTERLOCK:
        action = event->interlock.action;
        snprintf(text, sizeof text, "%s%s%.200s%s%.200s",
                 action < ARRAY_SIZE(actions) ? actions[action] : "?",
                 event->interlock.target != NULL && event->interlock.target[0] ? " " : "",
                 or_nothing(event->interlock.target), " by ", or_nothing(event->interlock.origin));
        return take_mark(model, event, 0, "",
                         action == INTERLOCK_STOP      ? LANE_FLAG_ERROR
                         : action == INTERLOCK_REFUSED ? LANE_FLAG_REFUSED
                                                       : 0,
                         text, take, context);
    case EVENT_FAULT:
        snprintf(text, sizeof text, "%.120s %.200s", or_nothing(event->fault.what),
                 or_nothing(event->fault.target));
        return take_mark(model, event, 0, "", LANE_FLAG_ERROR, text, take, context);
    default:
        snprintf(text, sizeof text, "%016" PRIx64, event->hash.hash);
        return take_mark(model, event, 0, "", 0, text, take, context);
    }
}

int model_points_of(struct model *model, const struct event *event, model_take *take, void *context)
{
    struct model_lane *lane;
    switch (event->kind) {
    case EVENT_GPIO:
        lane = model_lane(model, EVENT_GPIO, event->layer,
                          (uint32_t)event->gpio.chip << 8 | event->gpio.line, 0, "", LANE_EDGE);
        if (lane == NULL)
            return -ENOSPC;
        take(context, event->time_ns,
             &(struct model_point){
                 lane, (event->gpio.level != 0) | (event->gpio.driven != 0 ? 2 : 0), NULL, 0 });
        return 0;
    case EVENT_PWM:
        return take_pwm(model, event, take, context);
    case EVENT_I2C:
        return take_bus(model, event, take, context);
    case EVENT_IIO:
        return take_scan(model, event, take, context);
    case EVENT_BPF_RUN:
        return take_run(model, event, take, context);
    case EVENT_SCHED:
        lane = model_lane(model, EVENT_SCHED, event->layer, event->sched.cpu, 0, "", LANE_STATE);
        if (lane == NULL)
            return -ENOSPC;
        take(context, event->time_ns,
             &(struct model_point){ lane, model_text(model, event->sched.next), NULL, 0 });
        return 0;
    default:
        if (event->kind == 0 || event->kind >= EVENT_KIND_COUNT)
            return -ENOSPC;
        return take_text_event(model, event, take, context);
    }
}

struct adding {
    int error;
};

static void add_point(void *context, uint64_t time_ns, const struct model_point *point)
{
    struct adding *adding = context;
    int err = lane_add(&point->lane->lane, time_ns, point->value, point->extra, point->extra_size);
    if (err != 0)
        adding->error = err;
}

int model_add_event(struct model *model, const struct event *event)
{
    struct adding adding = { 0 };
    model->event_count++;
    if (model_points_of(model, event, add_point, &adding) != 0) {
        model->not_shown++;
        return 0;
    }
    if (event->time_ns < model->start_ns)
        model->start_ns = event->time_ns;
    if (event->time_ns > model->end_ns)
        model->end_ns = event->time_ns;
    return adding.error;
}

void model_trim(struct model *model)
{
    struct lane_pager *pager = model->pager;
    while (pager != NULL && pager->bytes > pager->bytes_max) {
        /* The lane with the most points has the shortest blocks: they come back fastest. */
        struct lane *largest = NULL;
        for (uint32_t i = 0; i < model->lane_count; i++) {
            struct lane *lane = &model->lanes[i]->lane;
            uint32_t loaded = 0;
            for (uint32_t b = 0; b + 1 < lane->block_count && loaded == 0; b++)
                loaded += lane->blocks[b]->points != NULL;
            if (loaded > 0 && (largest == NULL || lane->count > largest->count))
                largest = lane;
        }
        if (largest == NULL || !lane_evict(largest))
            return;
    }
}
