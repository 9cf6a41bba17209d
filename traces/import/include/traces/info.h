/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a trace holds, from one pass over it: what `axiom trace info` prints. */
#pragma once
#include <traces/source.h>

struct trace_channel_info {
    uint64_t count; /* records */
    uint64_t first_ns, last_ns;
    uint64_t shortest_ns, longest_ns; /* between two records; both 0 with fewer than two */
    uint64_t mean_millihertz;         /* (count - 1) / (last - first); 0 where that is undefined */
    uint64_t high_ns;         /* TRACE_LEVEL: time at level 1 between time 0 and the trace's end */
    uint64_t rising, falling; /* TRACE_LEVEL: changes to 1 and to 0 */
    uint8_t last_level; /* TRACE_LEVEL: after the last record; with no record, that at time 0 */
    int64_t least[TRACE_SCAN_MAX], greatest[TRACE_SCAN_MAX]; /* nano; TRACE_SCALAR uses [0] */
    uint64_t addresses[2];   /* I2C: bit = address that was spoken to */
    uint64_t sensor_answers; /* I2C: reads of six bytes, as sensors with checksums answer */
    uint64_t bytes;          /* buses: written and read; of SPI, clocked words */
    uint64_t nacks;          /* I2C, CAN: transactions with something that was not acknowledged */
    uint64_t
        damaged; /* SPI, UART, CAN: partial words, wrong parity or framing, CRC, error frames */
};

struct trace_info {
    uint32_t channel_count;
    struct trace_channel_info *channel; /* by channel index */
    uint64_t record_count;
    uint64_t first_ns, last_ns; /* of all records */
    uint64_t end_ns;            /* the trace's end: what the format says, else last_ns */
    uint64_t gap_count, gap_ns; /* data that the recorder lost */
    uint64_t simultaneous;      /* records with the same time as the record before */
    uint64_t unrepresentable;
};

/* Reads the source from its beginning to its end. On a bad trace *info holds what came before the
 * bad place. Release with trace_info_free() in either case. */
int trace_info_collect(struct trace_source *source, struct trace_info *info,
                       struct trace_error *error);
void trace_info_free(struct trace_info *info);
