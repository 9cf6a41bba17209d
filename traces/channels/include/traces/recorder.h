/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The recorder: an event sink that writes what it is told into an MCAP writer.
 *
 * Channels come into being with their first event and stay in a table of fixed size; an event whose
 * channel finds no place is counted, not recorded. Nothing is allocated. What the recording could
 * not hold is in its last metadata record, "axiom.end". Freestanding; any context that the writer's
 * sink allows. */
#pragma once
#include <axiom/event.h>
#include <mcap/writer.h>
#include <traces/channels.h>

struct trace_recorder_slot {
    uint64_t key; /* 0: free */
    uint16_t id;  /* the writer's channel */
    char name[EVENT_NAME_MAX];
};

/* Where an event of few words is recorded, by what identifies it. */
struct trace_recorder_recent {
    uint64_t key; /* 0: free */
    uint16_t id;
    uint8_t form;
};
#define TRACE_RECORDER_RECENT_BITS 6

struct trace_recorder {
    struct event_sink sink; /* for event_sink_add() */
    struct mcap_writer *writer;
    struct trace_recorder_slot *slot;
    uint32_t slot_mask;
    struct trace_recorder_recent recent[1u << TRACE_RECORDER_RECENT_BITS];
    uint16_t schema_id[EVENT_FORM_COUNT]; /* 0: not defined yet */

    /* Readable at any time. */
    uint64_t recorded; /* events given to the writer; those of a chunk that was dropped included */
    uint64_t dropped_disk_full;  /* came after the disk was full */
    uint64_t dropped_no_channel; /* the channel table or the summary buffer was full */
    uint64_t dropped_too_large;  /* longer than the chunk buffer */
    uint64_t last_time_ns;
    uint64_t stop_ns; /* the caller's: when the run was ended, for "axiom.end"; 0: unknown */
    int error; /* the writer's first error other than a full disk; nothing is recorded after it */
};

/* How large to make the writer's summary buffer for so many channels: schemas, channels and
 * attachments. */
#define TRACE_RECORDER_SUMMARY_SIZE(channel_count) (32768u + 256u * (channel_count))
/* What to give as the writer's tail_reserve: "axiom.end". */
#define TRACE_RECORDER_TAIL_RESERVE 512u

/* `writer` has begun; `slot` has slot_count (a power of two, at least twice the channels expected)
 * places. Both stay the caller's. Records every kind of event unless the caller changes sink.kinds
 * before adding the sink. */
void trace_recorder_init(struct trace_recorder *recorder, struct mcap_writer *writer,
                         struct trace_recorder_slot *slot, uint32_t slot_count);

/* Records one event, as the sink does. */
void trace_recorder_emit(struct trace_recorder *recorder, const struct event *event);

/* What a run was, for the file's metadata: texts, "" or NULL where unknown. */
struct trace_run_info {
    const char *version;       /* of Axiom */
    const char *source_commit; /* of the tree it was built from */
    const char *board;         /* the device tree's model */
    const char *cpu_model;     /* "none", "rpi5" */
    const char *clock;         /* "board": times are a real clock's, so no replay repeats them */
    const char *trace;         /* the recording that was replayed */
    const char *end_behaviour; /* "stop", "hold", "loop" */
    uint64_t seed;
    uint32_t cpu_count;
    /* Which channel of the trace drives which pin or device. */
    const struct trace_binding {
        const char *channel, *device;
    } * binding;
    size_t binding_count;
};

/* Metadata records "axiom" and "axiom.bindings". Before the first event. 0, or the writer's error.
 */
int trace_recorder_run_info(struct trace_recorder *recorder, const struct trace_run_info *info);

/* One file that the run needs, to make it again: "bpf/tracker.o" ("application/x-bpf"), "board.dtb"
 * ("application/x-dtb"), "faults.txt", "expect.txt" ("text/plain"). Before the first event. */
int trace_recorder_attach(struct trace_recorder *recorder, const char *name, const char *media_type,
                          const void *data, size_t size);

/* Metadata "axiom.end", then mcap_writer_finish(): its result. `reason` is why the run ended,
 * "complete" if all went as it should. The sink must have been removed. */
int trace_recorder_finish(struct trace_recorder *recorder, const char *reason);
