/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The wide form: a row is one moment, a column one channel or one axis of a scan. The survey runs
 * the very iterator that delivers the records later, with every plain column taken for a scalar,
 * and then makes levels of those that held nothing but 0 and 1. The first row's level is the
 * initial one, not a change. */
#include "csv.h"
#include <axiom/decimal.h>

#include <stdlib.h>

/* What the survey learns of a channel. */
struct tally {
    uint64_t count, changes;
    int64_t first, last;
    bool binary;
};

static void put(struct csv_source *csv, const struct csv_column *column, int64_t nano,
                uint8_t *filled)
{
    struct trace_record *record = &csv->wide.ready[column->channel];
    filled[column->channel]++;
    switch (csv->base.channel[column->channel].kind) {
    case TRACE_SCAN:
        record->scan[column->slot] = nano;
        break;
    case TRACE_LEVEL:
        record->level = nano != 0;
        break;
    default:
        record->nano = nano;
        break;
    }
}

/* Whether this row has a record of the channel, given how many of its values were there. */
static int row_has(struct csv_source *csv, uint32_t index, uint8_t filled, bool spoiled,
                   struct trace_error *error)
{
    struct trace_channel *channel = &csv->base.channel[index];
    uint8_t want = channel->kind == TRACE_SCAN ? channel->scan_count : 1;
    if (filled == 0 || spoiled)
        return 0;
    if (filled < want)
        return csv_fail(&csv->reader, NULL, error,
                        "only %u of the %u values of \"%s\" are there; fill them or leave "
                        "all of them empty",
                        filled, want, channel->name);
    if (channel->kind != TRACE_LEVEL)
        return 1;
    int8_t level = (int8_t)csv->wide.ready[index].level;
    bool changed = csv->wide.level[index] >= 0 && csv->wide.level[index] != level;
    csv->wide.level[index] = level;
    return changed;
}

static int parse_values(struct csv_source *csv, uint8_t *filled, bool *spoiled,
                        struct trace_error *error)
{
    for (uint32_t i = 0; i < csv->wide.column_count; i++) {
        const struct csv_column *column = &csv->wide.column[i];
        const struct csv_field *field = &csv->reader.field[i];
        if (column->role == CSV_TIME || field->length == 0)
            continue;
        int64_t nano;
        int got =
            csv_value(&csv->reader, field, column->unit, &csv->base.unrepresentable, &nano, error);
        if (got < 0)
            return got;
        if (got == 1)
            put(csv, column, nano, filled);
        else
            spoiled[column->channel] = true;
    }
    return 0;
}

/* Reads the next row and lines its records up. 1: a row; 0: the end. */
static int read_row(struct csv_source *csv, struct trace_error *error)
{
    struct csv_wide *wide = &csv->wide;
    int got = csv_read(&csv->reader, error);
    if (got <= 0)
        return got;
    if (csv->reader.field_count != wide->column_count)
        return csv_fail(&csv->reader, NULL, error, "%u fields, but the header names %u columns",
                        csv->reader.field_count, wide->column_count);
    const struct csv_field *stamp =
        wide->time_column < 0 ? NULL : &csv->reader.field[wide->time_column];
    uint64_t time_ns;
    int64_t source_ns;
    uint8_t filled[CSV_COLUMN_MAX] = { 0 };
    bool spoiled[CSV_COLUMN_MAX] = { 0 };
    int err = csv_clock_read(&csv->clock, &csv->reader, stamp, &time_ns, &source_ns, error);
    if (err == 0)
        err = parse_values(csv, filled, spoiled, error);
    wide->ready_at = wide->ready_count = 0;
    for (uint32_t i = 0; i < csv->base.channel_count && err == 0; i++) {
        int has = row_has(csv, i, filled[i], spoiled[i], error);
        if (has < 0)
            err = has;
        if (has <= 0)
            continue;
        struct trace_record *record = &wide->ready[wide->ready_count++];
        *record =
            wide->ready[i]; /* i is never below ready_count - 1: nothing unread is overwritten */
        record->time_ns = time_ns;
        record->source_ns = (uint64_t)source_ns;
        record->channel = i;
        record->type = TRACE_RECORD_VALUE;
    }
    return err != 0 ? err : 1;
}

int csv_wide_next(struct csv_source *csv, struct trace_record *record, struct trace_error *error)
{
    while (csv->wide.ready_at == csv->wide.ready_count) {
        int got = read_row(csv, error);
        if (got <= 0)
            return got;
    }
    *record = csv->wide.ready[csv->wide.ready_at++];
    return 1;
}

void csv_wide_rewind(struct csv_source *csv)
{
    csv->wide.ready_at = csv->wide.ready_count = 0;
    for (uint32_t i = 0; i < csv->base.channel_count; i++)
        csv->wide.level[i] = -1;
}

static int add_plain_channels(struct csv_source *csv, struct trace_error *error)
{
    struct csv_wide *wide = &csv->wide;
    for (uint32_t i = 0; i < wide->column_count; i++) {
        struct csv_column *column = &wide->column[i];
        if (column->role != CSV_PLAIN)
            continue;
        const char *unit = column->unit->quantity == UNIT_ACCEL      ? "m/s^2"
                           : column->unit->quantity == UNIT_ANGL_VEL ? "rad/s"
                                                                     : column->unit_text;
        struct trace_channel *channel =
            trace_channel_add(&csv->base, TRACE_SCALAR, column->name, unit);
        if (channel == NULL ||
            (column->note != NULL && trace_channel_note(channel, column->note) != 0))
            return trace_fail(error, -ENOMEM, "%s: out of memory", csv->base.input.name);
        column->channel = csv->base.channel_count - 1;
    }
    for (uint32_t i = 0; i < csv->base.channel_count; i++)
        csv->base.channel[i].rate_millihertz = csv->clock.rate_millihertz;
    return 0;
}

static int find_clock(struct csv_source *csv, struct trace_error *error)
{
    struct csv_wide *wide = &csv->wide;
    wide->time_column = -1;
    for (uint32_t i = 0; i < wide->column_count; i++)
        if (wide->column[i].role == CSV_TIME)
            wide->time_column = (int32_t)i;
    if (wide->time_column >= 0) {
        csv->clock.unit = wide->column[wide->time_column].unit;
        if (csv->clock.rate_millihertz != 0)
            return csv_fail(&csv->reader, &csv->reader.field[wide->time_column], error,
                            "rate= was given, but the column \"%s\" has the times; leave rate= out",
                            wide->column[wide->time_column].name);
        return 0;
    }
    if (csv->clock.rate_millihertz == 0)
        return csv_fail(&csv->reader, NULL, error,
                        "no time column (time_ns, time_us, time_ms, time_s, timestamp); if the "
                        "rows come at a fixed "
                        "rate, say so: rate=480");
    return 0;
}

static void count_record(const struct trace_channel *channel, struct tally *tally,
                         const struct trace_record *record)
{
    int64_t nano = channel->kind == TRACE_SCALAR ? record->nano : -1;
    if (tally->count == 0) {
        tally->binary = true;
        tally->first = nano;
    } else {
        tally->changes += nano != tally->last;
    }
    tally->binary &= nano == 0 || nano == NANO;
    tally->last = nano;
    tally->count++;
}

/* Levels are plain columns of no unit that held nothing but 0 and 1. */
static void settle_channels(struct csv_source *csv, const struct tally *tally)
{
    for (uint32_t i = 0; i < csv->base.channel_count; i++) {
        struct trace_channel *channel = &csv->base.channel[i];
        channel->count = tally[i].count;
        if (channel->kind != TRACE_SCALAR || channel->unit[0] != '\0' || !tally[i].binary ||
            tally[i].count == 0)
            continue;
        channel->kind = TRACE_LEVEL;
        channel->initial_level = tally[i].first != 0;
        channel->count = tally[i].changes;
    }
}

static int survey(struct csv_source *csv, struct trace_error *error)
{
    struct tally *tally = calloc(csv->base.channel_count + 1, sizeof *tally);
    if (tally == NULL)
        return trace_fail(error, -ENOMEM, "%s: out of memory", csv->base.input.name);
    struct trace_record record;
    int got;
    csv_restart(csv);
    while ((got = csv_wide_next(csv, &record, error)) == 1)
        count_record(&csv->base.channel[record.channel], &tally[record.channel], &record);
    if (got == 0)
        settle_channels(csv, tally);
    csv->base.end_ns = csv->clock.unit != NULL
                           ? csv->clock.last_ns
                           : trace_sample_ns(csv->clock.row, csv->clock.rate_millihertz);
    free(tally);
    return got;
}

int csv_wide_open(struct csv_source *csv, const struct trace_options *options,
                  struct trace_error *error)
{
    struct csv_wide *wide = &csv->wide;
    wide->column_count = csv->reader.field_count;
    int err = csv_columns_parse(&csv->reader, options, wide->column, error);
    if (err == 0)
        err = find_clock(csv, error);
    if (err == 0)
        err = csv_columns_group(&csv->base, wide->column, wide->column_count, error);
    if (err == 0)
        err = add_plain_channels(csv, error);
    if (err != 0)
        return err;
    if (csv->base.channel_count == 0)
        return csv_fail(&csv->reader, NULL, error, "a time column and nothing else");
    wide->ready = calloc(csv->base.channel_count, sizeof *wide->ready);
    wide->level = calloc(csv->base.channel_count, sizeof *wide->level);
    if (wide->ready == NULL || wide->level == NULL)
        return trace_fail(error, -ENOMEM, "%s: out of memory", csv->base.input.name);
    return survey(csv, error);
}

void csv_wide_close(struct csv_source *csv)
{
    free(csv->wide.ready);
    free(csv->wide.level);
}
