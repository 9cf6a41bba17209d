/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the columns of a wide CSV file are, by their names and units.
 *
 * The unit decides: a column in mg whose name ends in an axis is an acceleration, one in dps an
 * angular velocity. Columns of one stem ("acc_l_x", "acc_l_y", ...) belong together; the first stem
 * of accelerations and the first of angular velocities make the channel "imu", further pairs
 * "imu2", ..., what finds no partner its stem's name. A column that sounds like one but has no unit
 * stays a plain number, with a note that says what to add. */
#include "csv.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define STEM_MAX 16 /* groups of one quantity */

static void lower(char *to, size_t size, const char *from)
{
    size_t i = 0;
    for (; from[i] != '\0' && i + 1 < size; i++)
        to[i] = (char)tolower((unsigned char)from[i]);
    to[i] = '\0';
}

/* "Acc X [mg]" -> "Acc X" and "mg"; "acc_x_mg" -> "acc_x" and "mg". */
void csv_split_name(const char *header, char *name, size_t name_size, char *unit_text,
                    size_t unit_size)
{
    size_t length = strlen(header);
    const char *open = NULL;
    if (length > 0 && (header[length - 1] == ']' || header[length - 1] == ')'))
        open = strrchr(header, header[length - 1] == ']' ? '[' : '(');
    unit_text[0] = '\0';
    if (open != NULL) {
        snprintf(unit_text, unit_size, "%.*s", (int)(header + length - 1 - (open + 1)), open + 1);
        length = (size_t)(open - header);
        while (length > 0 && (header[length - 1] == ' ' || header[length - 1] == '_'))
            length--;
    } else {
        const char *last = strrchr(header, '_');
        /* Single letters (s, g, C) are too often part of a name to be taken for a unit. */
        if (last != NULL && strlen(last + 1) > 1 && unit_find(last + 1, strlen(last + 1)) != NULL) {
            trace_text_copy(unit_text, unit_size, last + 1);
            length = (size_t)(last - header);
        }
    }
    snprintf(name, name_size, "%.*s", (int)length, header);
}

bool csv_is_time(const char *name, const char *unit_text, const struct unit **unit)
{
    char small[TRACE_NAME_MAX];
    lower(small, sizeof small, name);
    *unit = unit_find(unit_text, strlen(unit_text));
    if (*unit != NULL && (*unit)->quantity != UNIT_TIME)
        return false;
    if (strcmp(small, "time_s") == 0 || strcmp(small, "timestamp_s") == 0 ||
        strcmp(small, "t_s") == 0) {
        *unit = unit_find("s", 1);
        return true;
    }
    return strcmp(small, "time") == 0 || strcmp(small, "timestamp") == 0 || strcmp(small, "t") == 0;
}

/* unit:COLUMN=UNIT; the column's name with or without its own unit. */
static const char *unit_option(const struct trace_options *options, const char *header,
                               const char *name)
{
    for (size_t i = 0; options != NULL && i < options->count; i++) {
        const char *word = options->word[i];
        const char *equals = strrchr(word, '=');
        if (strncmp(word, "unit:", 5) != 0 || equals == NULL)
            continue;
        size_t length = (size_t)(equals - (word + 5));
        if ((strlen(header) == length && memcmp(header, word + 5, length) == 0) ||
            (strlen(name) == length && memcmp(name, word + 5, length) == 0))
            return equals + 1;
    }
    return NULL;
}

/* The axis that a name ends in: 0, 1, 2 for x, y, z and the stem before it; -1 for none. */
static int axis_of(const char *name, char *stem, size_t size)
{
    lower(stem, size, name);
    size_t length = strlen(stem);
    if (length == 0 || stem[length - 1] < 'x' || stem[length - 1] > 'z')
        return -1;
    int axis = stem[length - 1] - 'x';
    length--;
    while (length > 0 && strchr("_.- ", stem[length - 1]) != NULL)
        length--;
    stem[length] = '\0';
    return axis;
}

static const char *missing_unit_note(const char *name)
{
    char stem[TRACE_NAME_MAX];
    if (axis_of(name, stem, sizeof stem) < 0)
        return NULL;
    if (strstr(stem, "acc") != NULL)
        return "sounds like an acceleration but names no unit; give unit:COLUMN=mg, g or m/s^2";
    if (strstr(stem, "gyr") != NULL || strstr(stem, "angular") != NULL)
        return "sounds like an angular velocity but names no unit; give unit:COLUMN=dps, mdps or "
               "rad/s";
    return NULL;
}

static void set_role(struct csv_column *column)
{
    static const uint8_t first[] = { [UNIT_ACCEL] = IIO_ACCEL_X, [UNIT_ANGL_VEL] = IIO_ANGL_VEL_X };
    char stem[TRACE_NAME_MAX];
    int axis = axis_of(column->name, stem, sizeof stem);
    column->role = CSV_PLAIN;
    switch (column->unit->quantity) {
    case UNIT_ACCEL:
    case UNIT_ANGL_VEL:
        if (axis >= 0) {
            column->role = CSV_SCAN;
            column->quantity = (uint8_t)(first[column->unit->quantity] + axis);
        }
        break;
    case UNIT_TEMP:
    case UNIT_HUMIDITY:
        column->role = CSV_SCAN;
        column->quantity = column->unit->quantity == UNIT_TEMP ? IIO_TEMP : IIO_HUMIDITYRELATIVE;
        break;
    case UNIT_TIME:
        column->unit = &unit_plain; /* a duration, passed on in the unit that it is in */
        break;
    case UNIT_NONE:
        column->note = column->unit_text[0] == '\0' ? missing_unit_note(column->name) : NULL;
        break;
    }
}

int csv_columns_parse(struct csv_reader *header, const struct trace_options *options,
                      struct csv_column *column, struct trace_error *error)
{
    bool has_time = false;
    for (uint32_t i = 0; i < header->field_count; i++) {
        char text[TRACE_NAME_MAX];
        csv_field_copy(text, sizeof text, &header->field[i]);
        struct csv_column *c = &column[i];
        *c = (struct csv_column){ .role = CSV_PLAIN };
        csv_split_name(text, c->name, sizeof c->name, c->unit_text, sizeof c->unit_text);
        const char *option = unit_option(options, text, c->name);
        if (option != NULL)
            trace_text_copy(c->unit_text, sizeof c->unit_text, option);
        if (!has_time && csv_is_time(c->name, c->unit_text, &c->unit)) {
            has_time = true;
            c->role = CSV_TIME;
            if (c->unit == NULL)
                return csv_fail(header, &header->field[i], error,
                                "the time column \"%s\" names no unit; name it "
                                "%.20s_ns or give unit:%.20s=ns (us, ms, s)",
                                text, c->name, c->name);
            continue;
        }
        c->unit = unit_find(c->unit_text, strlen(c->unit_text));
        if (c->unit == NULL)
            c->unit = &unit_plain;
        set_role(c);
    }
    return 0;
}

/* --- grouping --- */

/* Columns of one quantity and one stem. */
struct stem {
    char name[TRACE_NAME_MAX];
    uint32_t column[3]; /* index + 1 by axis; 0: none */
};

static uint32_t collect_stems(const struct csv_column *column, uint32_t count,
                              uint8_t first_quantity, struct stem *stem)
{
    uint32_t stems = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t axis = (uint8_t)(column[i].quantity - first_quantity);
        if (column[i].role != CSV_SCAN || axis > 2)
            continue;
        char name[TRACE_NAME_MAX];
        axis_of(column[i].name, name, sizeof name);
        uint32_t s = 0;
        while (s < stems && (strcmp(stem[s].name, name) != 0 || stem[s].column[axis] != 0))
            s++;
        if (s == STEM_MAX)
            break; /* what is left is made a plain column below */
        if (s == stems) {
            stem[stems] = (struct stem){ .column = { 0 } };
            trace_text_copy(stem[stems++].name, sizeof stem[0].name, name);
        }
        stem[s].column[axis] = i + 1;
    }
    return stems;
}

static void put_stem(struct trace_channel *channel, uint32_t index, struct csv_column *column,
                     const struct stem *stem)
{
    for (int axis = 0; axis < 3; axis++) {
        if (stem->column[axis] == 0)
            continue;
        struct csv_column *c = &column[stem->column[axis] - 1];
        c->channel = index;
        c->slot = channel->scan_count;
        channel->quantity[channel->scan_count++] = c->quantity;
    }
}

static int group_imus(struct trace_source *source, struct csv_column *column, uint32_t count)
{
    struct stem accel[STEM_MAX], gyro[STEM_MAX];
    uint32_t accels = collect_stems(column, count, IIO_ACCEL_X, accel);
    uint32_t gyros = collect_stems(column, count, IIO_ANGL_VEL_X, gyro);
    for (uint32_t i = 0; i < accels || i < gyros; i++) {
        bool pair = i < accels && i < gyros;
        char name[TRACE_NAME_MAX];
        if (i == 0)
            snprintf(name, sizeof name, "imu");
        else if (pair)
            snprintf(name, sizeof name, "imu%u", i + 1);
        else
            trace_text_copy(name, sizeof name, i < accels ? accel[i].name : gyro[i].name);
        struct trace_channel *channel = trace_channel_add(source, TRACE_SCAN, name, "");
        if (channel == NULL)
            return -ENOMEM;
        if (i < accels)
            put_stem(channel, source->channel_count - 1, column, &accel[i]);
        if (i < gyros)
            put_stem(channel, source->channel_count - 1, column, &gyro[i]);
    }
    return 0;
}

int csv_columns_group(struct trace_source *source, struct csv_column *column, uint32_t count,
                      struct trace_error *error)
{
    for (uint32_t i = 0; i < count; i++)
        column[i].channel = UINT32_MAX;
    int err = group_imus(source, column, count);
    for (uint32_t i = 0; i < count && err == 0; i++) {
        if (column[i].role != CSV_SCAN || column[i].channel != UINT32_MAX)
            continue;
        if (column[i].quantity < IIO_TEMP) {
            column[i].role = CSV_PLAIN;
            continue;
        }
        struct trace_channel *channel = trace_channel_add(source, TRACE_SCAN, column[i].name, "");
        err = channel == NULL ? -ENOMEM : 0;
        if (err == 0) {
            column[i].channel = source->channel_count - 1;
            channel->quantity[channel->scan_count++] = column[i].quantity;
        }
    }
    return err == 0 ? 0 : trace_fail(error, err, "%s: out of memory", source->input.name);
}
