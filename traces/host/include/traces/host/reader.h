/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Reading MCAP files of any size on a host: lz4, zstd and uncompressed chunks, with or without an
 * index, whole or cut.
 *
 * Memory: one chunk at a time, as many chunks as overlap in time where messages are to come in
 * order of time, and the definitions; never the file. memory_limit bounds it, and every length in
 * the file is held against the bytes that are left before anything is allocated. Content is
 * hostile.
 *
 * Order: MCAP_ORDER_TIME gives messages by log_time, those of one time in file order, if the file
 * has a chunk index. Without one, and with MCAP_ORDER_FILE, they come as they stand in the file.
 *
 * A file that was cut (no footer) is read as far as it is whole. Then strict reading ends in an
 * error; with `recover` it ends as if the file did, and mcap_reader_loss() says what is missing. A
 * chunk comes back whole or not at all: one whose end is missing, or whose CRC is wrong, gives
 * nothing.
 *
 * Functions return 0 or a negative errno and fill `error` (never NULL): file, offset, reason, and
 * the way out. */
#pragma once
#include <mcap/record.h>

struct mcap_reader;

struct mcap_error {
    int code;        /* negative errno */
    uint64_t offset; /* in the file */
    char text[480];  /* "FILE: offset 1234: what is wrong; what to do" */
};

enum mcap_order {
    MCAP_ORDER_TIME,
    MCAP_ORDER_FILE,
};

struct mcap_reader_options {
    enum mcap_order order;
    bool recover;
    bool ignore_crc;
    uint64_t start_time,
        end_time; /* log_time of the messages wanted, both included; end_time 0: to the end */
    uint64_t memory_limit; /* bytes; 0: MCAP_MEMORY_LIMIT */
};

#define MCAP_MEMORY_LIMIT (UINT64_C(256) << 20)

/* A channel as the reader keeps it: copies, valid until mcap_reader_close(). */
struct mcap_reader_channel {
    struct mcap_channel channel;
    const struct mcap_schema *schema; /* NULL: none */
    uint64_t message_count;           /* once mcap_reader_info() was called */
    void *user;                       /* the caller's: what it makes of this channel */
};

struct mcap_item {
    struct mcap_reader_channel *channel;
    struct mcap_message message; /* valid until the next call */
    uint64_t offset;             /* of its chunk in the file, or of the message outside a chunk */
};

/* options may be NULL: all zero. Caller owns *out. The path may name a pipe: then order is the
 * file's, and there is no info and no rewinding. */
int mcap_reader_open(const char *path, const struct mcap_reader_options *options,
                     struct mcap_reader **out, struct mcap_error *error);
/* `data` must outlive the reader; `name` stands in for the path. */
int mcap_reader_open_memory(const void *data, size_t size, const char *name,
                            const struct mcap_reader_options *options, struct mcap_reader **out,
                            struct mcap_error *error);
void mcap_reader_close(struct mcap_reader *reader);

/* 1: *item is the next message; 0: the end; else a negative errno, and every further call gives the
 * same. */
int mcap_reader_next(struct mcap_reader *reader, struct mcap_item *item, struct mcap_error *error);

/* Starts again, at the first message with log_time in start_time..end_time (end_time 0: to the
 * end). With an index the chunks before it are not read. -ESPIPE on a pipe. */
int mcap_reader_seek(struct mcap_reader *reader, uint64_t start_time, uint64_t end_time,
                     struct mcap_error *error);

/* Where reading is, 0 to 1000 per mille of the file, for a progress line; 0 on a pipe. */
uint32_t mcap_reader_progress(const struct mcap_reader *reader);
/* The order that messages really come in. */
enum mcap_order mcap_reader_order(const struct mcap_reader *reader);

/* The channel with this id, as far as the file was read (all of them after mcap_reader_info());
 * NULL if none. */
struct mcap_reader_channel *mcap_reader_channel(struct mcap_reader *reader, uint16_t id);
/* The channel with the least id not below `id`; NULL at the end: for a loop over all. */
struct mcap_reader_channel *mcap_reader_channel_from(struct mcap_reader *reader, uint32_t id);

struct mcap_info {
    struct mcap_text profile, library;
    bool complete;    /* it has a footer */
    bool has_summary; /* a valid one */
    bool has_index;   /* of its chunks */
    uint64_t file_size;
    uint64_t message_count;
    uint64_t start_time, end_time; /* of the messages; 0 if there is none */
    uint32_t schema_count, channel_count;
    uint64_t chunk_count;
    uint64_t chunk_bytes, chunk_bytes_uncompressed;
    bool uses_lz4, uses_zstd;
    const struct mcap_attachment_index *attachment;
    size_t attachment_count;
    const struct mcap_metadata *metadata;
    size_t metadata_count;
};

/* What the file holds: out of its summary, or, where that says too little, by reading the whole
 * file once. Valid until mcap_reader_close(). Does not move mcap_reader_next(). In a file that is
 * cut: what is whole. */
int mcap_reader_info(struct mcap_reader *reader, const struct mcap_info **info,
                     struct mcap_error *error);
/* The metadata record with this name, the last if there are several; false if there is none. After
 * info. */
bool mcap_reader_metadata(const struct mcap_reader *reader, const char *name,
                          struct mcap_metadata *out);
/* Loads attachment `index` of mcap_info; its CRC is checked. Caller frees *data with free(). -EFBIG
 * above the memory limit. After info. */
int mcap_reader_attachment(struct mcap_reader *reader, size_t index, uint8_t **data, size_t *size,
                           struct mcap_error *error);
/* Reads the whole data section and holds it against DataEnd's CRC: -EBADMSG if they differ,
 * -ENODATA if it gives none. */
int mcap_reader_check_data(struct mcap_reader *reader, struct mcap_error *error);

/* What reading with `recover` had to leave out so far. */
struct mcap_loss {
    uint64_t chunk_count;  /* chunks that are cut or corrupt */
    uint64_t byte_count;   /* of the file, not read as records */
    uint64_t first_offset; /* where the first of it begins */
    uint64_t start_time,
        end_time;   /* as far as the heads of those chunks say; start > end: they do not */
    char text[240]; /* the first of it, for a person; "" if nothing was lost */
};
const struct mcap_loss *mcap_reader_loss(const struct mcap_reader *reader);
