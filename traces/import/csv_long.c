/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The long form: time, channel, value. It is what `trace export --csv` writes and what is quickly
 * written by hand.
 *
 * A channel that holds nothing but 0 and 1 is a level. Its level before the first row: that row's
 * own if it stands at time 0; the same if the file repeats levels (then rows are samples); else the
 * other one (then rows are edges). Channels whose names end in .accel_x, .anglvel_y, .temp, ...
 * (the names of IIO, SI units) and that come equally often are the parts of one scan, "imu.accel_x"
 * of "imu"; the parts of one sample stand at one time. */
#include "csv.h"
#include <axiom/decimal.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_SIZE (2u * TRACE_CHANNEL_MAX) /* a power of two */

struct csv_long_channel {
    char name[TRACE_NAME_MAX]; /* as the rows have it */
    const struct unit *unit;
    /* What the survey learns. */
    uint64_t count, changes, first_ns;
    int64_t first, last;
    bool binary, repeats;
    /* Where its rows go. */
    uint32_t channel;
    uint8_t slot;
    int8_t level; /* reading: the level so far */
    /* Of the first part of a scan: the sample being put together. */
    uint8_t filled; /* bit mask */
    bool spoiled;
    uint64_t time_ns;
    int64_t scan[TRACE_SCAN_MAX];
    uint32_t head; /* index of the first part */
};

struct row {
    uint32_t index;
    uint64_t time_ns;
    int64_t source_ns;
    bool representable;
    int64_t nano;
};

/* --- names --- */

static uint32_t hash_name(const char *text, size_t length)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)text[i]) * 16777619u;
    return hash;
}

/* Place in the table of the name, which may be free. */
static uint32_t table_place(const struct csv_long *rows, const char *text, size_t length)
{
    uint32_t at = hash_name(text, length) & (TABLE_SIZE - 1);
    while (rows->table[at] != 0) {
        const char *name = rows->channel[rows->table[at] - 1].name;
        if (strlen(name) == length && memcmp(name, text, length) == 0)
            break;
        at = (at + 1) & (TABLE_SIZE - 1);
    }
    return at;
}

static int grow(struct csv_source *csv, struct trace_error *error)
{
    struct csv_long *rows = &csv->rows;
    if (rows->count < rows->capacity)
        return 0;
    if (rows->capacity >= TRACE_CHANNEL_MAX)
        return csv_fail(&csv->reader, NULL, error, "more than %d channels", TRACE_CHANNEL_MAX);
    uint32_t capacity = rows->capacity == 0 ? 16 : 2 * rows->capacity;
    struct csv_long_channel *grown = realloc(rows->channel, capacity * sizeof *grown);
    if (grown == NULL)
        return trace_fail(error, -ENOMEM, "%s: out of memory", csv->base.input.name);
    rows->channel = grown;
    rows->capacity = capacity;
    return 0;
}

/* Only units in brackets count here: a channel may well be called "button_ms". */
static const struct unit *unit_in_name(const char *name)
{
    char base[TRACE_NAME_MAX], unit_text[24];
    csv_split_name(name, base, sizeof base, unit_text, sizeof unit_text);
    const struct unit *unit =
        strpbrk(name, "[(") != NULL ? unit_find(unit_text, strlen(unit_text)) : NULL;
    return unit != NULL && unit->quantity != UNIT_TIME ? unit : &unit_plain;
}

static int find_or_add(struct csv_source *csv, const struct csv_field *field, uint32_t *index,
                       struct trace_error *error)
{
    struct csv_long *rows = &csv->rows;
    if (field->length == 0)
        return csv_fail(&csv->reader, field, error, "the channel has no name");
    if (field->length >= TRACE_NAME_MAX)
        return csv_fail(&csv->reader, field, error, "the channel's name is longer than %d bytes",
                        TRACE_NAME_MAX - 1);
    uint32_t place = table_place(rows, field->text, field->length);
    if (rows->table[place] == 0) {
        int err = grow(csv, error);
        if (err != 0)
            return err;
        struct csv_long_channel *channel = &rows->channel[rows->count++];
        *channel = (struct csv_long_channel){ .channel = UINT32_MAX, .head = rows->count - 1 };
        csv_field_copy(channel->name, sizeof channel->name, field);
        channel->unit = unit_in_name(channel->name);
        rows->table[place] = rows->count;
    }
    *index = rows->table[place] - 1;
    return 0;
}

/* --- rows --- */

static int read_row(struct csv_source *csv, struct row *row, struct trace_error *error)
{
    struct csv_reader *reader = &csv->reader;
    int got = csv_read(reader, error);
    if (got <= 0)
        return got;
    if (reader->field_count != 3)
        return csv_fail(reader, NULL, error, "%u fields where time, channel and value should be",
                        reader->field_count);
    int err = csv_clock_read(&csv->clock, reader, &reader->field[csv->rows.time_field],
                             &row->time_ns, &row->source_ns, error);
    if (err == 0)
        err = find_or_add(csv, &reader->field[csv->rows.name_field], &row->index, error);
    if (err != 0)
        return err;
    const struct csv_field *value = &reader->field[csv->rows.value_field];
    got = csv_value(reader, value, csv->rows.channel[row->index].unit, &csv->base.unrepresentable,
                    &row->nano, error);
    if (got < 0)
        return got;
    row->representable = got == 1;
    return 1;
}

static int incomplete(struct csv_source *csv, const struct csv_long_channel *head,
                      struct trace_error *error)
{
    const struct trace_channel *channel = &csv->base.channel[head->channel];
    uint32_t slot = (uint32_t)__builtin_ctz(~(unsigned)head->filled);
    return csv_fail(&csv->reader, NULL, error,
                    "\"%s.%s\" is missing at %" PRIu64 " ns: all parts of a sample stand "
                    "at one time",
                    channel->name, iio_quantity_name(channel->quantity[slot]), head->time_ns);
}

/* Puts a part into its scan. 1: the scan is complete and in *record. */
static int take_part(struct csv_source *csv, const struct row *row, struct trace_record *record,
                     struct trace_error *error)
{
    struct csv_long_channel *part = &csv->rows.channel[row->index];
    struct csv_long_channel *head = &csv->rows.channel[part->head];
    uint8_t bit = (uint8_t)(1u << part->slot);
    if (head->filled != 0 && (head->time_ns != row->time_ns || (head->filled & bit)))
        return incomplete(csv, head, error);
    if (head->filled == 0)
        head->spoiled = false;
    head->time_ns = row->time_ns;
    head->filled |= bit;
    head->spoiled |= !row->representable;
    head->scan[part->slot] = row->nano;
    if (head->filled != (1u << csv->base.channel[head->channel].scan_count) - 1)
        return 0;
    head->filled = 0;
    memcpy(record->scan, head->scan, sizeof record->scan);
    return !head->spoiled;
}

/* 1: the row is a record; 0: it changes nothing. */
static int take_row(struct csv_source *csv, const struct row *row, struct trace_record *record,
                    struct trace_error *error)
{
    struct csv_long_channel *source = &csv->rows.channel[row->index];
    record->time_ns = row->time_ns;
    record->source_ns = (uint64_t)row->source_ns;
    record->channel = source->channel;
    record->type = TRACE_RECORD_VALUE;
    switch (csv->base.channel[source->channel].kind) {
    case TRACE_SCAN:
        return take_part(csv, row, record, error);
    case TRACE_LEVEL:
        record->level = row->nano != 0;
        if (record->level == source->level)
            return 0;
        source->level = (int8_t)record->level;
        return 1;
    default:
        record->nano = row->nano;
        return row->representable;
    }
}

int csv_long_next(struct csv_source *csv, struct trace_record *record, struct trace_error *error)
{
    struct row row;
    for (;;) {
        int got = read_row(csv, &row, error);
        if (got < 0)
            return got;
        if (got == 0)
            break;
        if (csv->rows.channel[row.index].channel == UINT32_MAX)
            return csv_fail(&csv->reader, NULL, error,
                            "a channel that was not there when the file was opened");
        got = take_row(csv, &row, record, error);
        if (got != 0)
            return got;
    }
    for (uint32_t i = 0; i < csv->rows.count; i++)
        if (csv->rows.channel[i].filled != 0)
            return incomplete(csv, &csv->rows.channel[i], error);
    return 0;
}

void csv_long_rewind(struct csv_source *csv)
{
    for (uint32_t i = 0; i < csv->rows.count; i++) {
        struct csv_long_channel *source = &csv->rows.channel[i];
        source->filled = 0;
        if (source->channel != UINT32_MAX)
            source->level = csv->base.channel[source->channel].initial_level;
    }
}

/* --- survey --- */

static void tally(struct csv_long_channel *channel, const struct row *row)
{
    if (!row->representable) {
        channel->binary = false;
        channel->count++;
        return;
    }
    if (channel->count == 0) {
        channel->binary = true;
        channel->first = row->nano;
        channel->first_ns = row->time_ns;
    } else {
        channel->changes += row->nano != channel->last;
        channel->repeats |= row->nano == channel->last;
    }
    channel->binary &= row->nano == 0 || row->nano == NANO;
    channel->last = row->nano;
    channel->count++;
}

/* The quantity that the name's last part says, and the length of the name before it; -1 for none.
 */
static int part_quantity(const struct csv_long_channel *channel, size_t *device_length)
{
    const char *dot = strrchr(channel->name, '.');
    if (dot == NULL || dot == channel->name || channel->unit != &unit_plain)
        return -1;
    *device_length = (size_t)(dot - channel->name);
    int quantity = iio_quantity_find(dot + 1);
    return quantity >= 0 ? quantity : -1;
}

/* Makes a scan of channel `first` and all later parts of the same device. Parts that do not come
 * equally often cannot be put together and stay numbers. */
static int add_scan(struct csv_source *csv, uint32_t first, size_t device_length)
{
    struct csv_long *rows = &csv->rows;
    char device[TRACE_NAME_MAX];
    snprintf(device, sizeof device, "%.*s", (int)device_length, rows->channel[first].name);
    struct trace_channel *channel = trace_channel_add(&csv->base, TRACE_SCAN, device, "");
    if (channel == NULL)
        return -ENOMEM;
    for (uint32_t i = first; i < rows->count; i++) {
        struct csv_long_channel *part = &rows->channel[i];
        size_t length;
        int quantity = part_quantity(part, &length);
        if (quantity < 0 || length != device_length || memcmp(part->name, device, length) != 0 ||
            part->count != rows->channel[first].count || part->channel != UINT32_MAX)
            continue;
        part->channel = csv->base.channel_count - 1;
        part->head = first;
        part->slot = channel->scan_count;
        channel->quantity[channel->scan_count++] = (uint8_t)quantity;
    }
    channel->count = rows->channel[first].count;
    return 0;
}

static int add_plain(struct csv_source *csv, struct csv_long_channel *source)
{
    bool level =
        source->binary && source->unit == &unit_plain && strpbrk(source->name, "[(") == NULL;
    struct trace_channel *channel =
        trace_channel_add(&csv->base, level ? TRACE_LEVEL : TRACE_SCALAR, source->name, "");
    if (channel == NULL)
        return -ENOMEM;
    source->channel = csv->base.channel_count - 1;
    channel->count = source->count;
    if (level) {
        bool starts_as_first = source->first_ns == 0 || source->repeats;
        channel->initial_level = (source->first != 0) == starts_as_first;
        channel->count = source->changes + !starts_as_first;
    }
    return 0;
}

static int add_channels(struct csv_source *csv, struct trace_error *error)
{
    for (uint32_t i = 0; i < csv->rows.count; i++) {
        size_t device_length;
        if (csv->rows.channel[i].channel != UINT32_MAX)
            continue;
        int err = part_quantity(&csv->rows.channel[i], &device_length) >= 0
                      ? add_scan(csv, i, device_length)
                      : add_plain(csv, &csv->rows.channel[i]);
        if (err != 0)
            return trace_fail(error, err, "%s: out of memory", csv->base.input.name);
    }
    return 0;
}

/* Whether the header is that of the long form, in any order of the three. */
bool csv_is_long(const struct csv_reader *header, struct csv_long *rows)
{
    if (header->field_count != 3)
        return false;
    uint32_t found = 0;
    for (uint32_t i = 0; i < 3; i++) {
        char text[TRACE_NAME_MAX];
        csv_field_copy(text, sizeof text, &header->field[i]);
        if (strcmp(text, "channel") == 0) {
            rows->name_field = i;
            found |= 1;
        } else if (strcmp(text, "value") == 0) {
            rows->value_field = i;
            found |= 2;
        } else {
            rows->time_field = i;
        }
    }
    return found == 3;
}

static int set_clock(struct csv_source *csv, const struct trace_options *options,
                     struct trace_error *error)
{
    struct csv_column column[3];
    int err = csv_columns_parse(&csv->reader, options, column, error);
    if (err != 0)
        return err;
    const struct csv_field *field = &csv->reader.field[csv->rows.time_field];
    if (column[csv->rows.time_field].role != CSV_TIME)
        return csv_fail(&csv->reader, field, error,
                        "no time column; name it time_ns, time_us, time_ms or time_s");
    if (csv->clock.rate_millihertz != 0)
        return csv_fail(&csv->reader, field, error,
                        "rate= was given, but the rows have times; leave rate= out");
    csv->clock.unit = column[csv->rows.time_field].unit;
    return 0;
}

int csv_long_open(struct csv_source *csv, const struct trace_options *options,
                  struct trace_error *error)
{
    int err = set_clock(csv, options, error);
    if (err != 0)
        return err;
    csv->rows.table = calloc(TABLE_SIZE, sizeof *csv->rows.table);
    if (csv->rows.table == NULL)
        return trace_fail(error, -ENOMEM, "%s: out of memory", csv->base.input.name);
    struct row row;
    int got;
    csv_restart(csv);
    while ((got = read_row(csv, &row, error)) == 1)
        tally(&csv->rows.channel[row.index], &row);
    if (got < 0)
        return got;
    if (csv->rows.count == 0)
        return csv_fail(&csv->reader, NULL, error, "a header and no rows");
    csv->base.end_ns = csv->clock.last_ns;
    return add_channels(csv, error);
}

void csv_long_close(struct csv_source *csv)
{
    free(csv->rows.channel);
    free(csv->rows.table);
}
