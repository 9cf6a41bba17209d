/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A source around a source: the inner one's records pass through, and two of its lines are decoded
 * as an I2C bus into one more channel. A transaction comes behind all records of its STOP's time
 * and before the first later one; so one record is held back until the next is seen. */
#include "source_internal.h"
#include <traces/i2c_decode.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct i2c_source {
    struct trace_source base;
    struct trace_source *inner;
    uint32_t scl_channel, sda_channel, bus_channel;
    uint8_t scl, sda;
    bool dirty; /* a line changed at changed_ns and the decoder has not seen it */
    uint64_t changed_ns;
    bool held_valid, inner_ended, finished;
    struct trace_record held;
    struct i2c_decoder decoder;
    uint8_t *memory;
};

static void put_transaction(struct i2c_source *bus, const struct trace_i2c *transaction,
                            struct trace_record *record)
{
    *record = (struct trace_record){
        .time_ns = bus->changed_ns,
        .source_ns = bus->changed_ns,
        .channel = bus->bus_channel,
        .type = TRACE_RECORD_VALUE,
        .i2c = *transaction,
    };
}

static int hold_next(struct i2c_source *bus, struct trace_error *error)
{
    if (bus->held_valid || bus->inner_ended)
        return 0;
    int got = trace_next(bus->inner, &bus->held, error);
    bus->base.unrepresentable = bus->inner->unrepresentable;
    memcpy(bus->base.warning, bus->inner->warning, sizeof bus->base.warning);
    if (got < 0)
        return got;
    bus->held_valid = got == 1;
    bus->inner_ended = got == 0;
    return 0;
}

static int i2c_next(struct trace_source *source, struct trace_record *record,
                    struct trace_error *error)
{
    struct i2c_source *bus = (struct i2c_source *)source;
    struct trace_i2c transaction;
    int err = hold_next(bus, error);
    if (err != 0)
        return err;
    if (bus->dirty && (bus->inner_ended || bus->held.time_ns > bus->changed_ns)) {
        bus->dirty = false;
        if (i2c_decode(&bus->decoder, bus->changed_ns, bus->scl, bus->sda, &transaction)) {
            put_transaction(bus, &transaction, record);
            return 1;
        }
    }
    if (bus->inner_ended) {
        if (bus->finished || !i2c_decode_finish(&bus->decoder, &transaction))
            return 0;
        bus->finished = true;
        bus->changed_ns = bus->inner->last_ns;
        put_transaction(bus, &transaction, record);
        return 1;
    }
    bus->held_valid = false;
    *record = bus->held;
    bool is_scl = record->channel == bus->scl_channel, is_sda = record->channel == bus->sda_channel;
    if (record->type == TRACE_RECORD_VALUE && (is_scl || is_sda)) {
        *(is_scl ? &bus->scl : &bus->sda) = record->level;
        bus->dirty = true;
        bus->changed_ns = record->time_ns;
    }
    return 1;
}

static uint8_t initial_level(const struct trace_source *inner, uint32_t channel)
{
    return inner->channel[channel].initial_level != 0; /* unknown: an idle bus is high */
}

static void start(struct i2c_source *bus)
{
    bus->scl = initial_level(bus->inner, bus->scl_channel);
    bus->sda = initial_level(bus->inner, bus->sda_channel);
    bus->dirty = bus->held_valid = bus->inner_ended = bus->finished = false;
    bus->changed_ns = 0;
    i2c_decoder_init(&bus->decoder, bus->scl, bus->sda, bus->memory);
}

static int i2c_rewind(struct trace_source *source, struct trace_error *error)
{
    struct i2c_source *bus = (struct i2c_source *)source;
    start(bus);
    return trace_rewind(bus->inner, error);
}

static uint32_t i2c_progress(const struct trace_source *source)
{
    return trace_progress(((const struct i2c_source *)source)->inner);
}

static void i2c_close(struct trace_source *source)
{
    struct i2c_source *bus = (struct i2c_source *)source;
    trace_close(bus->inner);
    free(bus->memory);
}

/* --- opening --- */

struct arguments {
    char scl[TRACE_NAME_MAX], sda[TRACE_NAME_MAX], name[TRACE_NAME_MAX];
};

static bool take_argument(const char *text, size_t length, const char *key, char *to)
{
    size_t key_length = strlen(key);
    if (length < key_length || memcmp(text, key, key_length) != 0 ||
        length - key_length >= TRACE_NAME_MAX)
        return false;
    snprintf(to, TRACE_NAME_MAX, "%.*s", (int)(length - key_length), text + key_length);
    return true;
}

static bool parse_arguments(const char *text, struct arguments *arguments)
{
    *arguments = (struct arguments){ .name = "i2c" };
    while (*text != '\0') {
        size_t length = strcspn(text, ",");
        if (!take_argument(text, length, "scl=", arguments->scl) &&
            !take_argument(text, length, "sda=", arguments->sda) &&
            !take_argument(text, length, "name=", arguments->name))
            return false;
        text += length + (text[length] == ',');
    }
    return arguments->scl[0] != '\0' && arguments->sda[0] != '\0';
}

static int find_line(const struct trace_source *inner, const char *name, uint32_t *channel,
                     struct trace_error *error)
{
    int64_t found = trace_channel_find(inner, name);
    if (found < 0 || inner->channel[found].kind != TRACE_LEVEL)
        return trace_fail(
            error, -ENOENT,
            "%s: i2c: it has no line \"%.60s\"; `axiom trace info` lists its channels",
            inner->input.name, name);
    *channel = (uint32_t)found;
    return 0;
}

static int copy_channels(struct i2c_source *bus, const char *bus_name)
{
    const struct trace_source *inner = bus->inner;
    for (uint32_t i = 0; i < inner->channel_count; i++) {
        const struct trace_channel *from = &inner->channel[i];
        struct trace_channel *to =
            trace_channel_add(&bus->base, from->kind, from->name, from->unit);
        if (to == NULL || trace_channel_note(to, from->note) != 0)
            return -ENOMEM;
        const char *name = to->name, *unit = to->unit, *note = to->note;
        *to = *from;
        to->name = name;
        to->unit = unit;
        to->note = note;
    }
    bus->bus_channel = bus->base.channel_count;
    return trace_channel_add(&bus->base, TRACE_I2C, bus_name, "") == NULL ? -ENOMEM : 0;
}

static const struct trace_format i2c_format = {
    .name = "capture with I2C",
    .next = i2c_next,
    .rewind = i2c_rewind,
    .progress = i2c_progress,
    .close = i2c_close,
};

int trace_add_i2c(struct trace_source **source, const char *text, struct trace_error *error)
{
    struct trace_source *inner = *source;
    struct arguments arguments;
    uint32_t scl = 0, sda = 0;
    if (!parse_arguments(text, &arguments))
        return trace_fail(error, -EINVAL,
                          "i2c:%.80s: write i2c:scl=LINE,sda=LINE, with name=BUS if you like",
                          text);
    int err = find_line(inner, arguments.scl, &scl, error);
    if (err == 0)
        err = find_line(inner, arguments.sda, &sda, error);
    if (err == 0 && scl == sda)
        err =
            trace_fail(error, -EINVAL, "%s: i2c: SCL and SDA are the same line", inner->input.name);
    if (err != 0)
        return err;
    struct trace_input name = { .fd = -1, .name = strdup(inner->input.name) };
    struct i2c_source *bus = trace_source_create(sizeof *bus, &i2c_format, &name);
    if (bus == NULL)
        goto no_memory;
    bus->memory = malloc(4 * (size_t)I2C_DECODE_BYTES);
    bus->inner = inner;
    bus->scl_channel = scl;
    bus->sda_channel = sda;
    if (bus->memory == NULL || bus->base.input.name == NULL ||
        copy_channels(bus, arguments.name) != 0) {
        trace_channels_free(&bus->base);
        input_close(&bus->base.input);
        free(bus->memory);
        free(bus);
        goto no_memory;
    }
    bus->base.end_ns = inner->end_ns;
    memcpy(bus->base.warning, inner->warning, sizeof bus->base.warning);
    start(bus);
    *source = &bus->base;
    return 0;
no_memory:
    input_close(&name);
    return trace_fail(error, -ENOMEM, "%s: out of memory", inner->input.name);
}
