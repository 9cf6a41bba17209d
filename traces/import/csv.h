/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* CSV, private parts. Two forms are told apart by the header line:
 *
 *   long   time_ns,channel,value          one change or sample a row; channels appear as they come
 *   wide   time_s,limit,acc_x[mg],...     one column a channel; without a time column, rate=HZ gives it
 *
 * Separators are comma, semicolon or tab. Empty lines and lines that begin with # are skipped, and
 * before the header those that begin with ; too. Opening passes over the whole file once ("survey"):
 * only then is it known which channels there are, which of them are levels (nothing but 0 and 1), and
 * whether every line is sound, so that a bad line 900,000 is reported before a machine has booted. */
#pragma once
#include "number.h"
#include "source_internal.h"

#define CSV_LINE_MAX   (64u << 10)
#define CSV_COLUMN_MAX 1024

struct csv_field {
    const char *text; /* not terminated; quotes and outer blanks removed */
    size_t length;
    uint32_t column; /* where it begins in the line, from 1 */
};

/* A line split into fields; the fields point into the input's window, valid until the next line. */
struct csv_reader {
    struct trace_input *input;
    uint64_t offset; /* of the next line */
    uint64_t line;   /* number of the current line, from 1 */
    char separator;
    uint32_t field_count;
    struct csv_field field[CSV_COLUMN_MAX];
};

/* 1: the next line that is not empty; 0: the end. */
int csv_read(struct csv_reader *reader, struct trace_error *error);
/* The header: skips comments, finds the separator. */
int csv_read_header(struct csv_reader *reader, struct trace_error *error);
/* "FILE:LINE:COLUMN: ..." */
int csv_fail(const struct csv_reader *reader, const struct csv_field *field,
             struct trace_error *error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void csv_field_copy(char *to, size_t size, const struct csv_field *field);

/* Parses a value; 1: *nano is set; 0: unrepresentable (counted); else the error. */
int csv_value(struct csv_reader *reader, const struct csv_field *field, const struct unit *unit,
              uint64_t *lost, int64_t *nano, struct trace_error *error);

/* --- time --- */

struct csv_clock {
    const struct unit *unit; /* of the time column; NULL: counted samples */
    uint64_t rate_millihertz;
    bool from_first; /* origin=first */
    bool has_first;
    int64_t first_ns;
    uint64_t last_ns;
    uint64_t row;
};

void csv_clock_restart(struct csv_clock *clock);
/* Time of the current line; `field` is NULL where the clock counts. Refuses to run backwards. */
int csv_clock_read(struct csv_clock *clock, struct csv_reader *reader,
                   const struct csv_field *field, uint64_t *time_ns, int64_t *source_ns,
                   struct trace_error *error);

/* --- columns of the wide form --- */

enum csv_role { CSV_TIME, CSV_PLAIN, CSV_SCAN };

struct csv_column {
    char name[TRACE_NAME_MAX]; /* without the unit */
    char unit_text[24];
    const struct unit *unit;
    enum csv_role role;
    uint8_t quantity; /* CSV_SCAN: enum iio_quantity */
    uint32_t channel; /* CSV_PLAIN after the survey, CSV_SCAN from the header on */
    uint8_t slot;     /* CSV_SCAN: place in the scan */
    const char *note;
};

/* Names, units and roles from the header and the options. */
int csv_columns_parse(struct csv_reader *header, const struct trace_options *options,
                      struct csv_column *column, struct trace_error *error);
/* Adds a scan channel for each group of accelerations and angular velocities, temperature or
 * humidity. */
int csv_columns_group(struct trace_source *source, struct csv_column *column, uint32_t count,
                      struct trace_error *error);
/* True for "time_ns", "Time [s]", "timestamp" ...; *unit is NULL where it does not say. */
bool csv_is_time(const char *name, const char *unit_text, const struct unit **unit);
void csv_split_name(const char *header, char *name, size_t name_size, char *unit_text,
                    size_t unit_size);

/* --- the source --- */

struct csv_wide {
    struct csv_column column[CSV_COLUMN_MAX];
    uint32_t column_count;
    int32_t time_column;        /* -1: none */
    struct trace_record *ready; /* one a channel: the records of the current row */
    uint32_t ready_count, ready_at;
    int8_t *level; /* of each channel, -1 before the first row */
};

struct csv_long_channel;

struct csv_long {
    struct csv_long_channel *channel;
    uint32_t count, capacity;
    uint32_t *table; /* hash of names -> index + 1 */
    uint32_t time_field, name_field, value_field;
};

struct csv_source {
    struct trace_source base;
    struct csv_reader reader;
    struct csv_clock clock;
    uint64_t data_offset, data_line; /* just behind the header */
    bool is_long;
    struct csv_wide wide;
    struct csv_long rows;
};

int csv_wide_open(struct csv_source *csv, const struct trace_options *options,
                  struct trace_error *error);
int csv_wide_next(struct csv_source *csv, struct trace_record *record, struct trace_error *error);
void csv_wide_rewind(struct csv_source *csv);
void csv_wide_close(struct csv_source *csv);
bool csv_is_long(const struct csv_reader *header, struct csv_long *rows);
int csv_long_open(struct csv_source *csv, const struct trace_options *options,
                  struct trace_error *error);
int csv_long_next(struct csv_source *csv, struct trace_record *record, struct trace_error *error);
void csv_long_rewind(struct csv_source *csv);
void csv_long_close(struct csv_source *csv);

void csv_restart(struct csv_source *csv);
