/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Writing a trace for other people's tools: VCD for waveform viewers (GTKWave, PulseView), CSV for
 * everything else, candump's log for CAN tools.
 *
 * A sink takes channels first, then records in time order, then the end. Numbers are written as exact
 * decimals of their nano values. Nothing of the host (date, locale, user) gets into the file: equal
 * input, equal bytes.
 *
 *   VCD      levels are wires, numbers are reals, a scan is a scope with one real for each quantity,
 *            transactions of buses are strings. Time is in ns. Names lose the characters that VCD cannot
 *            have.
 *   CSV      time_ns,channel,value. A scan is one row for each quantity, "imu.accel_x"; initial levels
 *            are rows at time 0; transactions and gaps are comment lines. trace_open() reads it back.
 *   candump  CAN frames with their own stamps, in us; nothing else has a place there, and what was left
 *            out is counted (trace_sink_left_out).
 *
 * Everything returns 0 or a negative errno and fills `error`. */
#pragma once
#include <traces/source.h>

struct trace_sink;

enum trace_sink_format {
    TRACE_SINK_VCD,
    TRACE_SINK_CSV,
    TRACE_SINK_CANDUMP,
};

/* Creates or replaces the file; "-" is stdout. Caller owns *sink; trace_sink_close() releases it.
 */
int trace_sink_create(const char *path, enum trace_sink_format format, struct trace_sink **sink,
                      struct trace_error *error);

/* Declares a channel and gives its index in *index. Of *channel only name, kind, scan_count,
 * quantity and initial_level matter; they are copied. -EBUSY once a record has been written. */
int trace_sink_channel(struct trace_sink *sink, const struct trace_channel *channel,
                       uint32_t *index, struct trace_error *error);

/* Writes one record; record->channel is the sink's index. -EINVAL if it is older than the one
 * before. */
int trace_sink_put(struct trace_sink *sink, const struct trace_record *record,
                   struct trace_error *error);

/* Records so far that the format has no place for. */
uint64_t trace_sink_left_out(const struct trace_sink *sink);

/* Ends the file at end_ns (not before the last record) and closes it. The sink is gone in any case;
 * the error is that of any write since its creation, as a disk that is full shows only here. */
int trace_sink_close(struct trace_sink *sink, uint64_t end_ns, struct trace_error *error);

/* Copies a whole source, from its beginning to its end, and closes the sink. *records, if not NULL,
 * counts. */
int trace_export(struct trace_source *source, struct trace_sink *sink, uint64_t *records,
                 struct trace_error *error);
