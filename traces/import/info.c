/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One pass over a trace: counts, times, extremes. */
#include "source_internal.h"
#include <traces/info.h>

#include <stdlib.h>

static void take_time(struct trace_channel_info *info, uint64_t now)
{
    if (info->count == 0) {
        info->first_ns = now;
    } else {
        uint64_t distance = now - info->last_ns;
        if (info->count == 1 || distance < info->shortest_ns)
            info->shortest_ns = distance;
        if (distance > info->longest_ns)
            info->longest_ns = distance;
    }
    info->last_ns = now;
}

static void take_number(struct trace_channel_info *info, unsigned slot, int64_t nano)
{
    if (info->count == 0 || nano < info->least[slot])
        info->least[slot] = nano;
    if (info->count == 0 || nano > info->greatest[slot])
        info->greatest[slot] = nano;
}

static void take_level(struct trace_channel_info *info, uint8_t level, uint64_t since_ns,
                       uint64_t now)
{
    info->last_level = level;
    if (level) {
        info->rising++;
    } else {
        info->falling++;
        info->high_ns += now - since_ns;
    }
}

static void take_value(const struct trace_channel *channel, struct trace_channel_info *info,
                       const struct trace_record *record)
{
    switch (channel->kind) {
    case TRACE_LEVEL:
        take_level(info, record->level, info->last_ns, record->time_ns);
        break;
    case TRACE_SCALAR:
        take_number(info, 0, record->nano);
        break;
    case TRACE_SCAN:
        for (unsigned i = 0; i < channel->scan_count; i++)
            take_number(info, i, record->scan[i]);
        break;
    case TRACE_I2C:
        info->bytes += (uint64_t)record->i2c.write_size + record->i2c.read_size;
        info->addresses[record->i2c.address / 64 & 1] |= UINT64_C(1) << record->i2c.address % 64;
        info->sensor_answers += record->i2c.has_read && record->i2c.read_size == 6;
        info->nacks += record->i2c.address_nack || record->i2c.write_nack;
        break;
    case TRACE_SPI:
        info->bytes += record->spi.size;
        info->damaged += record->spi.partial_bits > 0;
        break;
    case TRACE_UART:
        info->bytes++;
        info->damaged += record->uart.framing_error || record->uart.parity_error;
        break;
    case TRACE_CAN:
        info->bytes += record->can.size;
        info->nacks += record->can.unacknowledged;
        info->damaged += record->can.damaged || record->can.error;
        break;
    }
    take_time(info, record->time_ns);
    info->count++;
}

/* What is known only at the end: rates, and the time that a line stays high after its last change.
 */
static void finish(struct trace_source *source, struct trace_info *info)
{
    uint64_t end_ns = trace_end_ns(source);
    info->end_ns = end_ns > info->last_ns ? end_ns : info->last_ns;
    info->unrepresentable = trace_unrepresentable(source);
    for (uint32_t i = 0; i < info->channel_count; i++) {
        const struct trace_channel *channel = trace_channel_at(source, i);
        struct trace_channel_info *at = &info->channel[i];
        uint64_t span_ns = at->last_ns - at->first_ns;
        if (at->count > 1 && span_ns > 0) {
            unsigned __int128 rate = (unsigned __int128)(at->count - 1) * 1000000000000u / span_ns;
            at->mean_millihertz = rate > UINT64_MAX ? UINT64_MAX : (uint64_t)rate;
        }
        if (at->count == 0)
            at->last_level = channel->initial_level == 1;
        if (channel->kind == TRACE_LEVEL && at->last_level)
            at->high_ns += info->end_ns - at->last_ns;
    }
}

int trace_info_collect(struct trace_source *source, struct trace_info *info,
                       struct trace_error *error)
{
    *info = (struct trace_info){ .channel_count = trace_channel_count(source) };
    info->channel = calloc(info->channel_count + 1, sizeof *info->channel);
    if (info->channel == NULL)
        return trace_fail(error, -ENOMEM, "out of memory");
    int got = trace_rewind(source, error);
    struct trace_record record;
    while (got == 0 && (got = trace_next(source, &record, error)) == 1) {
        if (info->record_count == 0)
            info->first_ns = record.time_ns;
        else
            info->simultaneous += record.time_ns == info->last_ns;
        info->last_ns = record.time_ns;
        info->record_count++;
        if (record.type == TRACE_RECORD_GAP) {
            info->gap_count++;
            info->gap_ns += record.gap_ns;
        } else {
            take_value(trace_channel_at(source, record.channel), &info->channel[record.channel],
                       &record);
        }
        got = 0;
    }
    finish(source, info);
    return got;
}

void trace_info_free(struct trace_info *info)
{
    free(info->channel);
    info->channel = NULL;
}
