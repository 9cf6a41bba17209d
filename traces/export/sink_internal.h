/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the formats share. */
#pragma once
#include <axiom/errno.h>
#include <stdio.h>
#include <traces/sink.h>

#define SINK_CHANNEL_MAX 8192

struct sink_channel {
    char *name;
    enum trace_kind kind;
    uint8_t scan_count;
    uint8_t quantity[TRACE_SCAN_MAX];
    int8_t initial_level;
    uint32_t first_id; /* VCD: number of its first variable; a scan has scan_count of them */
};

struct sink_operations {
    void (*begin)(struct trace_sink *sink); /* all channels are known */
    void (*put)(struct trace_sink *sink, const struct sink_channel *channel,
                const struct trace_record *record);
    void (*gap)(struct trace_sink *sink, const struct trace_record *record);
    void (*end)(struct trace_sink *sink, uint64_t end_ns);
};

struct trace_sink {
    const struct sink_operations *operations;
    FILE *file;
    char *path;
    struct sink_channel *channel;
    uint32_t channel_count, channel_capacity;
    bool begun;
    uint64_t last_ns;
    uint64_t vcd_ns; /* the time stamp that stands in the file last */
    uint64_t left_out;
};

extern const struct sink_operations sink_vcd, sink_csv, sink_candump;

/* nano as a decimal without superfluous zeros: "-9.80665". `text` has room for 24 bytes. */
void sink_decimal(int64_t nano, char *text);
/* A transaction as text without blanks if `separator` is another character:
 *   I2C   0x44 w2400 r67a2e4     "!" for a missing acknowledge
 *   SPI   mosi9f0000 miso00ef40  "+3" for bits behind the last word
 *   UART  41                     "!" for a wrong stop bit, "p" for wrong parity
 *   CAN   123#1122               as candump; "!" if damaged */
void sink_transaction(FILE *file, enum trace_kind kind, const struct trace_record *record,
                      char separator);
void sink_can(FILE *file, const struct trace_can *can);
static inline bool sink_is_bus(enum trace_kind kind)
{
    return kind == TRACE_I2C || kind == TRACE_SPI || kind == TRACE_UART || kind == TRACE_CAN;
}
