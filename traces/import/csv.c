/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The CSV source: decides between the long and the wide form and passes the calls on. See csv.h. */
#include "csv.h"

#include <stdlib.h>
#include <string.h>

/* To the first line behind the header. */
void csv_restart(struct csv_source *csv)
{
    csv->reader.offset = csv->data_offset;
    csv->reader.line = csv->data_line;
    csv->base.unrepresentable = 0;
    csv_clock_restart(&csv->clock);
    if (csv->is_long)
        csv_long_rewind(csv);
    else
        csv_wide_rewind(csv);
}

static int csv_next(struct trace_source *source, struct trace_record *record,
                    struct trace_error *error)
{
    struct csv_source *csv = (struct csv_source *)source;
    return csv->is_long ? csv_long_next(csv, record, error) : csv_wide_next(csv, record, error);
}

static int csv_rewind(struct trace_source *source, struct trace_error *error)
{
    (void)error;
    csv_restart((struct csv_source *)source);
    return 0;
}

static uint32_t csv_progress(const struct trace_source *source)
{
    const struct csv_source *csv = (const struct csv_source *)source;
    return (uint32_t)((unsigned __int128)csv->reader.offset * 1000 / csv->base.input.size);
}

static void csv_close(struct trace_source *source)
{
    struct csv_source *csv = (struct csv_source *)source;
    csv_wide_close(csv);
    csv_long_close(csv);
}

static const struct trace_format csv_format = {
    .name = "CSV",
    .next = csv_next,
    .rewind = csv_rewind,
    .progress = csv_progress,
    .close = csv_close,
};

static int open_source(struct csv_source *csv, const struct trace_options *options,
                       struct trace_error *error)
{
    csv->reader.input = &csv->base.input;
    int err = csv_read_header(&csv->reader, error);
    if (err != 0)
        return err;
    csv->data_offset = csv->reader.offset;
    csv->data_line = csv->reader.line;
    const char *rate = trace_option(options, "rate=");
    const char *origin = trace_option(options, "origin=");
    csv->clock.rate_millihertz = rate != NULL ? trace_rate_parse(rate) : 0;
    csv->clock.from_first = origin != NULL && strcmp(origin, "first") == 0;
    csv->is_long = csv_is_long(&csv->reader, &csv->rows);
    err = csv->is_long ? csv_long_open(csv, options, error) : csv_wide_open(csv, options, error);
    if (err == 0)
        csv_restart(csv);
    return err;
}

int trace_open_csv(struct trace_input *input, const struct trace_options *options,
                   struct trace_source **source, struct trace_error *error)
{
    struct csv_source *csv = trace_source_create(sizeof *csv, &csv_format, input);
    if (csv == NULL)
        return trace_fail(error, -ENOMEM, "%s: out of memory", input->name);
    int err = open_source(csv, options, error);
    if (err != 0) {
        trace_close(&csv->base);
        return err;
    }
    *source = &csv->base;
    return 0;
}
