/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The long form of CSV: time_ns,channel,value. */
#include "sink_internal.h"

#include <inttypes.h>
#include <string.h>

/* RFC 4180: a field with a comma or a quote is quoted, and quotes in it are doubled. */
static void print_name(FILE *file, const char *name, const char *suffix)
{
    bool quoted = strpbrk(name, ",\";\t") != NULL;
    if (quoted)
        fputc('"', file);
    for (; *name != '\0'; name++) {
        if (*name == '"')
            fputc('"', file);
        fputc(*name, file);
    }
    if (suffix != NULL)
        fprintf(file, ".%s", suffix);
    if (quoted)
        fputc('"', file);
}

static void print_row(struct trace_sink *sink, uint64_t time_ns, const char *name,
                      const char *suffix, int64_t nano)
{
    char text[24];
    sink_decimal(nano, text);
    fprintf(sink->file, "%" PRIu64 ",", time_ns);
    print_name(sink->file, name, suffix);
    fprintf(sink->file, ",%s\n", text);
}

static void print_level(struct trace_sink *sink, uint64_t time_ns, const char *name, uint8_t level)
{
    fprintf(sink->file, "%" PRIu64 ",", time_ns);
    print_name(sink->file, name, NULL);
    fprintf(sink->file, ",%u\n", level);
}

static void csv_begin(struct trace_sink *sink)
{
    fputs("time_ns,channel,value\n", sink->file);
    for (uint32_t i = 0; i < sink->channel_count; i++) {
        const struct sink_channel *channel = &sink->channel[i];
        if (channel->kind == TRACE_LEVEL && channel->initial_level >= 0)
            print_level(sink, 0, channel->name, (uint8_t)channel->initial_level);
    }
}

static void csv_put(struct trace_sink *sink, const struct sink_channel *channel,
                    const struct trace_record *record)
{
    switch (channel->kind) {
    case TRACE_LEVEL:
        print_level(sink, record->time_ns, channel->name, record->level);
        break;
    case TRACE_SCALAR:
        print_row(sink, record->time_ns, channel->name, NULL, record->nano);
        break;
    case TRACE_SCAN:
        for (uint8_t i = 0; i < channel->scan_count; i++)
            print_row(sink, record->time_ns, channel->name, iio_quantity_name(channel->quantity[i]),
                      record->scan[i]);
        break;
    case TRACE_I2C:
    case TRACE_SPI:
    case TRACE_UART:
    case TRACE_CAN:
        fprintf(sink->file, "# %" PRIu64 ",", record->time_ns);
        print_name(sink->file, channel->name, NULL);
        fputc(',', sink->file);
        sink_transaction(sink->file, channel->kind, record, ' ');
        fputc('\n', sink->file);
        break;
    }
}

static void csv_gap(struct trace_sink *sink, const struct trace_record *record)
{
    fprintf(sink->file, "# %" PRIu64 ",gap,%" PRIu64 " ns\n", record->time_ns, record->gap_ns);
}

static void csv_end(struct trace_sink *sink, uint64_t end_ns)
{
    fprintf(sink->file, "# %" PRIu64 ",end\n", end_ns);
}

const struct sink_operations sink_csv = {
    .begin = csv_begin,
    .put = csv_put,
    .gap = csv_gap,
    .end = csv_end,
};
