/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Value change dump, IEEE 1364-2005 section 18. `real` is in the standard; `string` is GTKWave's
 * extension, which other readers skip. */
#include "sink_internal.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* Identifier codes are printable characters, '!' to '~' (section 18.2.1). */
static void print_id(FILE *file, uint32_t id)
{
    do {
        fputc((int)('!' + id % 94), file);
        id /= 94;
    } while (id != 0);
}

/* A name has no white space, and brackets and dots mean something to viewers. */
static void print_name(FILE *file, const char *name)
{
    for (; *name != '\0'; name++)
        fputc(isalnum((unsigned char)*name) || strchr("_-+/:#", *name) != NULL ? *name : '_', file);
}

static void declare(struct trace_sink *sink, const char *type, unsigned bits, uint32_t id,
                    const char *name)
{
    fprintf(sink->file, "$var %s %u ", type, bits);
    print_id(sink->file, id);
    fputc(' ', sink->file);
    print_name(sink->file, name);
    fputs(" $end\n", sink->file);
}

static void declare_channel(struct trace_sink *sink, struct sink_channel *channel, uint32_t *id)
{
    channel->first_id = *id;
    switch (channel->kind) {
    case TRACE_LEVEL:
        declare(sink, "wire", 1, (*id)++, channel->name);
        break;
    case TRACE_SCALAR:
        declare(sink, "real", 64, (*id)++, channel->name);
        break;
    case TRACE_SCAN:
        fputs("$scope module ", sink->file);
        print_name(sink->file, channel->name);
        fputs(" $end\n", sink->file);
        for (uint8_t i = 0; i < channel->scan_count; i++)
            declare(sink, "real", 64, (*id)++, iio_quantity_name(channel->quantity[i]));
        fputs("$upscope $end\n", sink->file);
        break;
    case TRACE_I2C:
    case TRACE_SPI:
    case TRACE_UART:
    case TRACE_CAN:
        declare(sink, "string", 1, (*id)++, channel->name);
        break;
    }
}

static void vcd_begin(struct trace_sink *sink)
{
    fputs("$version Axiom $end\n$timescale 1 ns $end\n$scope module trace $end\n", sink->file);
    uint32_t id = 0;
    for (uint32_t i = 0; i < sink->channel_count; i++)
        declare_channel(sink, &sink->channel[i], &id);
    fputs("$upscope $end\n$enddefinitions $end\n#0\n$dumpvars\n", sink->file);
    for (uint32_t i = 0; i < sink->channel_count; i++) {
        const struct sink_channel *channel = &sink->channel[i];
        if (channel->kind != TRACE_LEVEL)
            continue;
        fputc(channel->initial_level < 0 ? 'x' : '0' + channel->initial_level, sink->file);
        print_id(sink->file, channel->first_id);
        fputc('\n', sink->file);
    }
    fputs("$end\n", sink->file);
}

static void print_time(struct trace_sink *sink, uint64_t time_ns)
{
    if (time_ns == sink->vcd_ns)
        return;
    fprintf(sink->file, "#%" PRIu64 "\n", time_ns);
    sink->vcd_ns = time_ns;
}

static void print_real(struct trace_sink *sink, uint32_t id, int64_t nano)
{
    char text[24];
    sink_decimal(nano, text);
    fprintf(sink->file, "r%s ", text);
    print_id(sink->file, id);
    fputc('\n', sink->file);
}

static void vcd_put(struct trace_sink *sink, const struct sink_channel *channel,
                    const struct trace_record *record)
{
    print_time(sink, record->time_ns);
    switch (channel->kind) {
    case TRACE_LEVEL:
        fputc('0' + (record->level != 0), sink->file);
        print_id(sink->file, channel->first_id);
        fputc('\n', sink->file);
        break;
    case TRACE_SCALAR:
        print_real(sink, channel->first_id, record->nano);
        break;
    case TRACE_SCAN:
        for (uint8_t i = 0; i < channel->scan_count; i++)
            print_real(sink, channel->first_id + i, record->scan[i]);
        break;
    case TRACE_I2C:
    case TRACE_SPI:
    case TRACE_UART:
    case TRACE_CAN:
        fputc('s', sink->file);
        sink_transaction(sink->file, channel->kind, record, '_');
        fputc(' ', sink->file);
        print_id(sink->file, channel->first_id);
        fputc('\n', sink->file);
        break;
    }
}

static void vcd_gap(struct trace_sink *sink, const struct trace_record *record)
{
    print_time(sink, record->time_ns);
    fprintf(sink->file, "$comment the recorder lost %" PRIu64 " ns $end\n", record->gap_ns);
}

static void vcd_end(struct trace_sink *sink, uint64_t end_ns)
{
    print_time(sink, end_ns);
}

const struct sink_operations sink_vcd = {
    .begin = vcd_begin,
    .put = vcd_put,
    .gap = vcd_gap,
    .end = vcd_end,
};
