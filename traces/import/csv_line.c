/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Lines and fields of a CSV file, values in them, and the clock that the time column or the sample
 * rate makes. */
#include "csv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int csv_fail(const struct csv_reader *reader, const struct csv_field *field,
             struct trace_error *error, const char *format, ...)
{
    char what[360];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (field == NULL)
        return trace_fail(error, -EBADMSG, "%s:%" PRIu64 ": %s", reader->input->name, reader->line,
                          what);
    return trace_fail(error, -EBADMSG, "%s:%" PRIu64 ":%u: %s", reader->input->name, reader->line,
                      field->column, what);
}

void csv_field_copy(char *to, size_t size, const struct csv_field *field)
{
    size_t length = field->length < size - 1 ? field->length : size - 1;
    memcpy(to, field->text, length);
    to[length] = '\0';
}

/* 1: *line points to a line of *length bytes without its end; 0: the end of the input. */
static int next_line(struct csv_reader *reader, const char **line, size_t *length,
                     struct trace_error *error)
{
    size_t available;
    const uint8_t *at = input_at(reader->input, reader->offset, CSV_LINE_MAX, &available);
    if (at == NULL)
        return trace_fail(error, -EIO, "%s: cannot be read: %s", reader->input->name,
                          strerror(errno));
    if (available == 0)
        return 0;
    reader->line++;
    size_t search = available < CSV_LINE_MAX ? available : CSV_LINE_MAX;
    const uint8_t *end = memchr(at, '\n', search);
    if (end == NULL && reader->offset + search < reader->input->size)
        return csv_fail(reader, NULL, error,
                        "the line is longer than %u bytes; is this a CSV file?", CSV_LINE_MAX);
    *length = end != NULL ? (size_t)(end - at) : search;
    reader->offset += *length + (end != NULL);
    if (memchr(at, 0, *length) != NULL)
        return csv_fail(reader, NULL, error, "a zero byte; CSV is text (UTF-16? save it as UTF-8)");
    if (*length > 0 && at[*length - 1] == '\r')
        --*length;
    *line = (const char *)at;
    return 1;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

static void trim(struct csv_field *field)
{
    while (field->length > 0 && blank(field->text[0])) {
        field->text++;
        field->length--;
        field->column++;
    }
    while (field->length > 0 && blank(field->text[field->length - 1]))
        field->length--;
    if (field->length >= 2 && field->text[0] == '"' && field->text[field->length - 1] == '"') {
        field->text++;
        field->length -= 2;
    }
}

/* End of the field that begins at `at`: the separator outside of quotes. */
static const char *field_end(const char *at, const char *end, char separator)
{
    bool quoted = false;
    for (; at < end; at++) {
        if (*at == '"')
            quoted = !quoted;
        else if (*at == separator && !quoted)
            break;
    }
    return at;
}

static int split(struct csv_reader *reader, const char *line, size_t length,
                 struct trace_error *error)
{
    const char *at = line, *end = line + length;
    for (reader->field_count = 0;; at++) {
        const char *stop = field_end(at, end, reader->separator);
        if (reader->field_count == CSV_COLUMN_MAX)
            return csv_fail(reader, NULL, error, "more than %d columns", CSV_COLUMN_MAX);
        struct csv_field *field = &reader->field[reader->field_count++];
        *field = (struct csv_field){ at, (size_t)(stop - at), (uint32_t)(at - line) + 1 };
        trim(field);
        at = stop;
        if (at == end)
            return 1;
    }
}

static bool all_blank(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!blank(line[i]))
            return false;
    return true;
}

int csv_read(struct csv_reader *reader, struct trace_error *error)
{
    const char *line;
    size_t length;
    for (;;) {
        int got = next_line(reader, &line, &length, error);
        if (got <= 0)
            return got;
        if (!all_blank(line, length) && *line != '#')
            return split(reader, line, length, error);
    }
}

static char find_separator(const char *line, size_t length)
{
    static const char candidates[] = ",;\t";
    char best = ',';
    size_t most = 0;
    for (const char *c = candidates; *c != '\0'; c++) {
        size_t count = 0;
        for (size_t i = 0; i < length; i++)
            count += line[i] == *c;
        if (count > most) {
            most = count;
            best = *c;
        }
    }
    return best;
}

int csv_read_header(struct csv_reader *reader, struct trace_error *error)
{
    const char *line;
    size_t length;
    for (;;) {
        int got = next_line(reader, &line, &length, error);
        if (got < 0)
            return got;
        if (got == 0)
            return trace_fail(error, -EBADMSG,
                              "%s: no header line; the first line must name the columns",
                              reader->input->name);
        if (reader->line == 1 && length >= 3 &&
            memcmp(line, "\xef\xbb\xbf", 3) == 0) { /* byte order mark */
            line += 3;
            length -= 3;
        }
        if (!all_blank(line, length) && *line != '#' && *line != ';')
            break;
    }
    reader->separator = find_separator(line, length);
    int got = split(reader, line, length, error);
    if (got < 0)
        return got;
    int64_t ignored;
    uint32_t numbers = 0;
    for (uint32_t i = 0; i < reader->field_count; i++)
        numbers += number_to_nano(reader->field[i].text, reader->field[i].length, &unit_plain,
                                  &ignored) == NUMBER_OK;
    if (numbers == reader->field_count)
        return csv_fail(reader, NULL, error,
                        "numbers where the header should be; put a first line that names the "
                        "columns, e.g. time_ns,channel,value");
    return 0;
}

int csv_value(struct csv_reader *reader, const struct csv_field *field, const struct unit *unit,
              uint64_t *lost, int64_t *nano, struct trace_error *error)
{
    switch (number_to_nano(field->text, field->length, unit, nano)) {
    case NUMBER_OK:
        return 1;
    case NUMBER_UNREPRESENTABLE:
        ++*lost;
        return 0;
    case NUMBER_BAD:
        break;
    }
    int shown = field->length < 40 ? (int)field->length : 40;
    return csv_fail(reader, field, error, "\"%.*s\" is no number", shown, field->text);
}

void csv_clock_restart(struct csv_clock *clock)
{
    clock->has_first = false;
    clock->last_ns = 0;
    clock->row = 0;
}

static int clock_count(struct csv_clock *clock, struct csv_reader *reader, uint64_t *time_ns,
                       int64_t *source_ns, struct trace_error *error)
{
    uint64_t now = trace_sample_ns(clock->row++, clock->rate_millihertz);
    if (now > INT64_MAX)
        return csv_fail(reader, NULL, error,
                        "the sample's time does not fit into 64 bits; is the rate right?");
    *time_ns = now;
    *source_ns = (int64_t)now;
    return 0;
}

int csv_clock_read(struct csv_clock *clock, struct csv_reader *reader,
                   const struct csv_field *field, uint64_t *time_ns, int64_t *source_ns,
                   struct trace_error *error)
{
    if (field == NULL)
        return clock_count(clock, reader, time_ns, source_ns, error);
    int shown = field->length < 40 ? (int)field->length : 40;
    int64_t stamp;
    if (number_to_ns(field->text, field->length, clock->unit, &stamp) != NUMBER_OK)
        return csv_fail(reader, field, error, "\"%.*s\" is no time in %s", shown, field->text,
                        clock->unit->name);
    if (!clock->has_first) {
        clock->has_first = true;
        clock->first_ns = clock->from_first ? stamp : 0;
    }
    int64_t now;
    bool overflow = __builtin_sub_overflow(stamp, clock->first_ns, &now);
    if (overflow || now < (int64_t)clock->last_ns) {
        if (!overflow && clock->last_ns == 0)
            return csv_fail(reader, field, error,
                            "time %.*s is before 0; origin=first begins at the first stamp", shown,
                            field->text);
        return csv_fail(reader, field, error,
                        "time runs backwards: %" PRId64 " ns after %" PRIu64
                        " ns; sort the lines by time",
                        now, clock->last_ns);
    }
    clock->last_ns = (uint64_t)now;
    *time_ns = (uint64_t)now;
    *source_ns = stamp;
    return 0;
}
