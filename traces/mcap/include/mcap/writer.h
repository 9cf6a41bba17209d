/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Writing an MCAP file from anywhere: no allocation, no libc, every buffer the caller's and of a
 * fixed size.
 *
 * Messages collect in one chunk buffer: records grow from its front, and the room that their
 * message index will need is kept free at its back. When they meet, the index is written behind the
 * records and all of it leaves in one call of the sink: a file that ends between two such calls has
 * only complete chunks. Chunks are not compressed.
 *
 * What the file's end needs (schemas, channels, indexes) is kept as finished record bytes:
 * definitions in `summary`, one ChunkIndex a chunk (about 80 bytes and 10 a channel) in `index`.
 * When `index` is full it is spilled to the sink and read back at the end, so memory does not grow
 * with the file. A sink that cannot spill gets, past that size, a file without a summary: every
 * reader can read that from front to back, and none is misled by half an index.
 *
 * A full disk is an ordinary end. Before each chunk the writer makes sure that chunk and file end
 * both fit (sink.reserve and limit_bytes). If not, the chunk is dropped with everything that comes
 * after it, all of it counted, and mcap_writer_finish() completes a valid file out of what was
 * there before.
 *
 * Not locked: the caller serialises calls. Freestanding; any context that the sink allows. */
#pragma once
#include <axiom/bits.h>
#include <axiom/bug.h>
#include <mcap/record.h>

struct mcap_sink {
    void *context;
    /* Appends to the file: 0, or a negative errno. */
    int (*write)(void *context, const void *data, size_t size);
    /* Makes sure that the next `size` bytes can be written, whatever else fills the disk: 0,
     * -ENOSPC if they cannot, or another errno. NULL: only limit_bytes counts, and a write that
     * fails leaves a cut file. */
    int (*reserve)(void *context, uint64_t size);
    /* A second store, beside the file, for the chunk index. NULL: none. */
    int (*spill)(void *context, const void *data, size_t size);
    int (*unspill)(void *context, uint64_t offset, void *data, size_t size);
};

/* What the writer knows of one channel; the table is the caller's, the content the writer's. */
struct mcap_writer_channel {
    uint64_t message_count; /* in chunks that were written */
    uint32_t chunk_count;   /* messages in the chunk being filled */
    uint32_t cursor;        /* where the next index entry goes; only while a chunk is closed */
    uint32_t definition;    /* offset of its Channel record in `summary` */
    uint32_t definition_size;
    uint16_t schema_id;
    bool in_file;  /* its Channel record is in a chunk that was written */
    bool in_chunk; /* it is in the chunk being filled */
};

#define MCAP_WRITER_SCHEMA_MAX 1024u
#define MCAP_CHUNK_HEAD_SIZE   49u /* of a Chunk without compression, its prefix included */
#define MCAP_MESSAGE_HEAD_SIZE 31u
#define MCAP_INDEX_HEAD_SIZE \
    (MCAP_PREFIX_SIZE + 2u + 4u) /* of a MessageIndex, before its entries */
#define MCAP_INDEX_ENTRY_SIZE 16u
#define MCAP_CHUNK_SIZE_MIN   4096u

struct mcap_writer_config {
    struct mcap_sink sink;
    uint8_t *chunk; /* how much is lost in a crash, and how much a reader loads at a time: 256 KiB
                       is a good size */
    size_t chunk_size;
    uint8_t *summary; /* sum of all Schema, Channel, AttachmentIndex and MetadataIndex records */
    size_t summary_size;
    uint8_t *index;
    size_t index_size;
    struct mcap_writer_channel *channel;
    uint16_t channel_capacity;
    uint64_t limit_bytes;  /* the file never grows beyond; 0: no limit */
    uint32_t tail_reserve; /* bytes kept for mcap_writer_metadata() calls after the disk is full */
    bool no_data_crc;      /* leave DataEnd's CRC out */
    const char *profile, *library;
};

enum mcap_writer_state {
    /*   begin --> WRITING --> FINISHED      mcap_writer_finish()
     *               |  \--> FULL --> FINISHED   -ENOSPC from reserve or limit
     *               \-----> FAILED            any other error of the sink; the file is cut where it
     * happened */
    MCAP_WRITING,
    MCAP_FULL,
    MCAP_FAILED,
    MCAP_FINISHED,
};

/* All fields are the writer's; these may be read at any time. */
struct mcap_writer {
    struct mcap_writer_config config;
    enum mcap_writer_state state;
    int error;              /* in MCAP_FAILED: the first error */
    uint64_t file_size;     /* written so far */
    uint64_t message_count; /* in chunks that were written */
    uint64_t dropped_messages;
    uint64_t dropped_from_ns; /* least log_time among them; TIME_NEVER if none */
    uint32_t chunk_count;
    bool index_dropped; /* `index` was full and the sink cannot spill: the file gets no summary */

    /* The chunk being filled. */
    size_t used;       /* bytes from the buffer's start, the chunk head included */
    size_t index_need; /* bytes that its message index will take */
    uint64_t chunk_start, chunk_end;
    uint32_t chunk_messages;

    size_t summary_used;
    size_t index_used;
    uint64_t index_spilled;
    uint32_t data_crc;
    uint64_t start_time, end_time;
    uint16_t schema_count, schema_written;
    uint16_t channel_count, channel_written;
    uint32_t attachment_count, metadata_count;
    uint64_t schema_in_file[MCAP_WRITER_SCHEMA_MAX / 64]; /* bit = id - 1 */
    uint64_t schema_in_chunk[MCAP_WRITER_SCHEMA_MAX / 64];
};

/* Starts a file: magic and Header go to the sink. 0, -EINVAL for a buffer that is too small, or the
 * sink's error. Buffers and sink stay the caller's and must outlive the writer. */
int mcap_writer_begin(struct mcap_writer *w, const struct mcap_writer_config *config);

/* Defines a schema or a channel; in->id is not looked at, the id given is in *id. Texts and bytes
 * are copied. The record goes into the chunk of the channel's first message. -ENOBUFS when the
 * channel table, `summary` or the ids are used up, -EINVAL for a schema id that was not given here,
 * -E2BIG for a definition that cannot fit into a chunk. */
int mcap_writer_schema(struct mcap_writer *w, const struct mcap_schema *in, uint16_t *id);
int mcap_writer_channel(struct mcap_writer *w, const struct mcap_channel *in, uint16_t *id);

/* One message; in->channel_id is an id given by mcap_writer_channel(). A message too long for the
 * chunk buffer gets a chunk of its own. 0, -ENOSPC once the disk is full (the message is counted as
 * dropped), or the sink's error. */
int mcap_writer_message(struct mcap_writer *w, const struct mcap_message *in);

/* The same in two steps, so that the payload is encoded in place: *payload has room for `size_max`
 * bytes until the message is ended or the next call of another function; ending without a beginning
 * is a bug. -E2BIG if it can never fit into the chunk buffer. */
static inline int mcap_writer_message_begin(struct mcap_writer *w, uint16_t channel_id,
                                            size_t size_max, uint8_t **payload);
static inline void mcap_writer_message_end(struct mcap_writer *w, uint16_t channel_id,
                                           uint32_t sequence, uint64_t log_time,
                                           uint64_t publish_time, size_t size);

/* Written at once, between chunks; in->crc of an attachment is computed. -ENOSPC and -ENOBUFS as
 * above. */
int mcap_writer_attachment(struct mcap_writer *w, const struct mcap_attachment *in);
int mcap_writer_metadata(struct mcap_writer *w, const struct mcap_metadata *in);

/* Closes the chunk early: what came before survives a crash from now on. 0, -ENOSPC, or the sink's
 * error. */
int mcap_writer_flush(struct mcap_writer *w);

/* Last chunk, DataEnd, summary, Footer. 0; -ENOSPC if something was dropped, and the file is valid;
 * another error if it is cut. The writer takes nothing more. */
int mcap_writer_finish(struct mcap_writer *w);

/* --- the way of most messages: their channel has others in the chunk already, and there is room --- */

/* What begin does for the others: a new channel, a full chunk, a writer that writes no more. */
int mcap_writer_message_make_room(struct mcap_writer *w, uint16_t channel_id, size_t size_max,
                                  uint8_t **payload);

static inline int mcap_writer_message_begin(struct mcap_writer *w, uint16_t channel_id,
                                            size_t size_max, uint8_t **payload)
{
    /* Invariant: used + index_need <= chunk_size; chunk_count is 0 unless the state is WRITING. */
    size_t left = w->config.chunk_size - w->used - w->index_need;
    size_t overhead = MCAP_MESSAGE_HEAD_SIZE + MCAP_INDEX_ENTRY_SIZE;
    bool usual = (uint16_t)(channel_id - 1u) < w->channel_count &&
                 w->config.channel[channel_id - 1].chunk_count != 0 && left >= overhead &&
                 size_max <= left - overhead;
    if (__builtin_expect(!usual, 0))
        return mcap_writer_message_make_room(w, channel_id, size_max, payload);
    *payload = w->config.chunk + w->used + MCAP_MESSAGE_HEAD_SIZE;
    return 0;
}

/* The head of the message at the chunk's end, which is counted in; its payload follows it. */
static inline void mcap_writer_message_head(struct mcap_writer *w, uint16_t channel_id,
                                            uint32_t sequence, uint64_t log_time,
                                            uint64_t publish_time, uint64_t size)
{
    struct mcap_writer_channel *channel = &w->config.channel[channel_id - 1];
    uint8_t *at = w->config.chunk + w->used;
    at[0] = MCAP_MESSAGE;
    put_le64(at + 1, MCAP_MESSAGE_HEAD_SIZE - MCAP_PREFIX_SIZE + size);
    put_le16(at + 9, channel_id);
    put_le32(at + 11, sequence);
    put_le64(at + 15, log_time);
    put_le64(at + 23, publish_time);
    w->used += MCAP_MESSAGE_HEAD_SIZE;
    w->index_need += MCAP_INDEX_ENTRY_SIZE;
    if (__builtin_expect(channel->chunk_count++ == 0, 0))
        w->index_need += MCAP_INDEX_HEAD_SIZE;
    w->chunk_messages++;
    if (log_time < w->chunk_start)
        w->chunk_start = log_time;
    if (log_time > w->chunk_end)
        w->chunk_end = log_time;
}

static inline void mcap_writer_message_end(struct mcap_writer *w, uint16_t channel_id,
                                           uint32_t sequence, uint64_t log_time,
                                           uint64_t publish_time, size_t size)
{
    mcap_writer_message_head(w, channel_id, sequence, log_time, publish_time, size);
    w->used += size;
    BUG_ON(w->used + w->index_need > w->config.chunk_size);
}
