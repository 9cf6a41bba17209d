/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The reader's parts: bytes.c (window, buffers, memory limit), definitions.c (schemas and
 * channels), chunk.c (one chunk in memory), scan.c (records one after the other, recovery), order.c
 * (chunks that overlap in time), summary.c, info.c, and reader.c, which puts them together. */
#pragma once
#include "decompress.h"
#include "input.h"

#include <errno.h>
#include <stdarg.h>
#include <traces/host/reader.h>

/* A buffer that grows and is counted against the memory limit. */
struct buffer {
    uint8_t *at;
    size_t size;
};

struct message_place {
    uint64_t log_time;
    size_t offset; /* of its record in the chunk */
};

/* One chunk in memory, and how far it was read. */
struct chunk_slot {
    struct buffer raw;  /* the record's body */
    struct buffer data; /* its records, if they were compressed */
    const uint8_t *records;
    size_t size;
    struct buffer places; /* struct message_place, in order of time, where file order is not that */
    size_t place_count;   /* 0: file order */
    size_t next;          /* index into places, or offset of the next record */
    uint64_t offset;      /* of the chunk in the file */
    bool active;
    struct mcap_message head; /* in a merge: the next message */
    size_t head_offset;
    struct chunk_slot *next_free;
};

struct chunk_place {
    uint64_t start_time, end_time;
    uint64_t offset, size;
};

struct scan {
    uint64_t offset; /* of the next record */
};

struct found {
    uint8_t opcode;
    uint64_t offset;      /* of the record */
    uint64_t body_offset; /* of its body */
    uint64_t body_size;
};

/* What the summary said. */
struct summary {
    bool valid;
    bool has_statistics;
    bool channels_complete; /* it repeats every channel */
    bool chunks_in_order;   /* one after the other in time and in the file */
    uint64_t start, end;    /* file offsets */
    uint64_t chunk_count, attachment_count, metadata_count; /* indexes of them */
    struct mcap_statistics statistics;                      /* without its counts */
};

struct mcap_reader {
    struct input input;
    char *name;
    struct mcap_reader_options options;
    struct mcap_error error; /* the one that every further call repeats, once code is set */
    struct mcap_loss loss;
    uint64_t memory_used;

    struct buffer window; /* of small records; window_offset.. + window_size in the file */
    uint64_t window_offset;
    size_t window_size;
    size_t window_fill;  /* how much to read at a time */
    struct buffer large; /* one record that is too long for the window */
    struct decompressor decompressor;

    struct mcap_reader_channel **channel; /* by id; tables grow to the greatest id there is */
    struct mcap_schema **schema;
    uint32_t channel_end, schema_end;
    uint32_t schema_count, channel_count;

    bool complete;     /* there is a footer */
    uint64_t data_end; /* where scanning ends at the latest */
    struct summary summary;
    struct mcap_text profile, library;
    bool info_ready;
    struct mcap_info info;

    enum mcap_order order; /* the real one */
    bool merging;
    bool ended;
    struct scan scan;
    struct chunk_slot slot; /* of sequential reading */
    struct chunk_slot info_slot;
    /* Merging: */
    struct chunk_place *place; /* in order of start_time, then offset */
    size_t place_count, place_next;
    struct chunk_slot **heap; /* open chunks, the least head first */
    size_t heap_count, heap_capacity;
    struct chunk_slot *free_slots;
    bool head_delivered; /* of heap[0]: it moves on at the next call */
};

/* bytes.c */
int reader_fail(struct mcap_reader *r, int code, uint64_t offset, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void *reader_allocate(struct mcap_reader *r, size_t size);
int buffer_need(struct mcap_reader *r, struct buffer *buffer, size_t size, uint64_t offset);
void buffer_free(struct mcap_reader *r, struct buffer *buffer);
uint64_t bytes_left(const struct mcap_reader *r, uint64_t offset);
/* Up to `want` (at most WINDOW_SIZE) bytes at `offset`: how many, or a negative errno. */
#define WINDOW_SIZE 65536u
int64_t window_get(struct mcap_reader *r, uint64_t offset, size_t want, const uint8_t **at);
/* Exactly `size` bytes into the buffer: 0, -ENODATA if the file has less, or an error that was
 * reported. */
int buffer_read(struct mcap_reader *r, struct buffer *buffer, uint64_t offset, uint64_t size);
/* The body of a record, in the window or in r->large; valid until the next read. */
int body_load(struct mcap_reader *r, const struct found *found, struct mcap_bytes *body);

/* definitions.c: 0 or an error that was reported. */
static inline struct mcap_reader_channel *channel_at(const struct mcap_reader *r, uint32_t id)
{
    return id < r->channel_end ? r->channel[id] : NULL;
}
static inline struct mcap_schema *schema_at(const struct mcap_reader *r, uint32_t id)
{
    return id < r->schema_end ? r->schema[id] : NULL;
}
void definitions_free(struct mcap_reader *r);
int define_schema(struct mcap_reader *r, struct mcap_bytes body, uint64_t offset);
int define_channel(struct mcap_reader *r, struct mcap_bytes body, uint64_t offset);
struct mcap_text text_keep(struct mcap_reader *r, struct mcap_text text);

/* chunk.c. `file_offset` is that of the chunk's record. */
int chunk_load(struct mcap_reader *r, struct chunk_slot *slot, const struct found *found,
               bool in_order_of_time);
/* 1: the next message; 0: none is left. */
int chunk_take(struct chunk_slot *slot, struct mcap_message *message, size_t *offset);
bool message_wanted(const struct mcap_reader *r, uint64_t log_time);

/* scan.c. 1: *found; 0: the data section ends; -EBADMSG: what comes is no whole record (reported).
 */
int scan_next(struct mcap_reader *r, struct scan *scan, struct found *found);
int scan_next_message(struct mcap_reader *r, struct mcap_item *item);
/* Takes a reported -EBADMSG as a loss of `size` bytes at `offset`; false if it has to end the
 * reading. */
bool loss_take(struct mcap_reader *r, uint64_t offset, uint64_t size, bool chunk);

/* summary.c */
int summary_open(struct mcap_reader *r);
/* Calls back for each record of the summary; stops at what is not 0. */
typedef int summary_visit(struct mcap_reader *r, void *context, const struct mcap_record *record,
                          uint64_t offset);
int summary_walk(struct mcap_reader *r, summary_visit *visit, void *context);

/* order.c */
int order_prepare(struct mcap_reader *r);
void order_rewind(struct mcap_reader *r);
int order_next_message(struct mcap_reader *r, struct mcap_item *item);
void order_close(struct mcap_reader *r);
/* Where sequential reading may begin, given the wanted time. */
int order_first_offset(struct mcap_reader *r, uint64_t *offset);

/* info.c */
int info_make(struct mcap_reader *r);
void info_free(struct mcap_reader *r);
