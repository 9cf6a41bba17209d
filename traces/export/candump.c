/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The log format of can-utils: "(1436509052.249713) can0 123#1122". canplayer and log2asc read six
 * digits of seconds, so stamps are cut to microseconds. A frame's own stamp is written where it has one:
 * what candump recorded comes out as it went in. */
#include "sink_internal.h"

#include <axiom/types.h>
#include <inttypes.h>

static void candump_begin(struct trace_sink *sink)
{
    (void)sink;
}

/* An interface's name has up to 15 characters, none of them blank. */
static void print_interface(FILE *file, const char *name)
{
    fputc(' ', file);
    for (int i = 0; i < 15 && name[i] != '\0'; i++)
        fputc(name[i] > ' ' && name[i] < 0x7f && name[i] != '/' ? name[i] : '_', file);
    fputc(' ', file);
}

static void candump_put(struct trace_sink *sink, const struct sink_channel *channel,
                        const struct trace_record *record)
{
    if (channel->kind != TRACE_CAN || (record->can.damaged && !record->can.error)) {
        sink->left_out++;
        return;
    }
    uint64_t stamp_ns = record->source_ns != 0 ? record->source_ns : record->time_ns;
    fprintf(sink->file, "(%010" PRIu64 ".%06" PRIu64 ")", stamp_ns / NSEC_PER_SEC,
            stamp_ns % NSEC_PER_SEC / 1000);
    print_interface(sink->file, channel->name);
    sink_can(sink->file, &record->can);
    if (record->can.transmitted)
        fputs(" T", sink->file);
    fputc('\n', sink->file);
}

static void candump_gap(struct trace_sink *sink, const struct trace_record *record)
{
    (void)record;
    sink->left_out++;
}

static void candump_end(struct trace_sink *sink, uint64_t end_ns)
{
    (void)sink, (void)end_ns;
}

const struct sink_operations sink_candump = {
    .begin = candump_begin,
    .put = candump_put,
    .gap = candump_gap,
    .end = candump_end,
};
