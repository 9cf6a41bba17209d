/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The writer's data section: definitions, messages, chunks, attachments, metadata.
 *
 * Between calls: used + index_need <= chunk_size, so a chunk can always be closed. Taking a message
 * is one append and a few counters; the index is made when the chunk is closed, by walking its
 * records once while they are still in cache, which costs less than keeping a list beside them.
 * What only a written chunk makes true (in_file, message_count, the schema bits) changes in
 * chunk_commit() alone, so that a dropped chunk leaves no trace in the summary. */
#include "writer_internal.h"

#include <axiom/bits.h>
#include <axiom/bug.h>
#include <axiom/crc32.h>
#include <axiom/errno.h>
#include <axiom/string.h>

#define CHUNK_SIZE_MAX (1u << 30)

int writer_status(const struct mcap_writer *w)
{
    switch (w->state) {
    case MCAP_WRITING:
        return 0;
    case MCAP_FULL:
        return -ENOSPC;
    case MCAP_FAILED:
        return w->error;
    case MCAP_FINISHED:
        break;
    }
    return -EINVAL;
}

static void chunk_reset(struct mcap_writer *w)
{
    w->used = MCAP_CHUNK_HEAD_SIZE;
    w->index_need = 0;
    w->chunk_messages = 0;
    w->chunk_start = TIME_NEVER;
    w->chunk_end = 0;
}

/* Whatever the chunk held is lost; counted, and forgotten by channels and schemas. */
static void chunk_drop(struct mcap_writer *w)
{
    w->dropped_messages += w->chunk_messages;
    if (w->chunk_messages > 0 && w->chunk_start < w->dropped_from_ns)
        w->dropped_from_ns = w->chunk_start;
    for (uint16_t i = 0; i < w->channel_count; i++) {
        w->config.channel[i].chunk_count = 0;
        w->config.channel[i].in_chunk = false;
    }
    memset(w->schema_in_chunk, 0, sizeof w->schema_in_chunk);
    chunk_reset(w);
}

void writer_stop(struct mcap_writer *w, int error)
{
    w->state = error == -ENOSPC ? MCAP_FULL : MCAP_FAILED;
    w->error = error;
    chunk_drop(w);
}

int writer_emit(struct mcap_writer *w, const void *data, size_t size)
{
    int err = w->config.sink.write(w->config.sink.context, data, size);
    if (err) {
        /* What of it got into the file nobody knows: even -ENOSPC leaves a cut file here. */
        writer_stop(w, err);
        w->state = MCAP_FAILED;
        return err;
    }
    w->file_size += size;
    return 0;
}

static int emit_data(struct mcap_writer *w, const void *data, size_t size)
{
    if (!w->config.no_data_crc)
        w->data_crc = crc32_update(w->data_crc, data, size);
    return writer_emit(w, data, size);
}

bool writer_reserve(struct mcap_writer *w, uint64_t size)
{
    const struct mcap_writer_config *config = &w->config;
    uint64_t need = size + writer_tail_size(w);
    int err = 0;
    if (config->limit_bytes != 0 &&
        (need > config->limit_bytes || w->file_size > config->limit_bytes - need))
        err = -ENOSPC;
    if (!err && config->sink.reserve != NULL)
        err = config->sink.reserve(config->sink.context, need);
    if (err)
        writer_stop(w, err);
    return err == 0;
}

int mcap_writer_begin(struct mcap_writer *w, const struct mcap_writer_config *config)
{
    if (config->chunk_size < MCAP_CHUNK_SIZE_MIN || config->chunk_size > CHUNK_SIZE_MAX ||
        config->sink.write == NULL)
        return -EINVAL;
    if ((config->sink.spill == NULL) != (config->sink.unspill == NULL) ||
        config->summary_size > UINT32_MAX)
        return -EINVAL;
    memset(w, 0, sizeof *w);
    w->config = *config;
    w->state = MCAP_WRITING;
    w->start_time = TIME_NEVER;
    w->dropped_from_ns = TIME_NEVER;
    chunk_reset(w);
    struct mcap_out out = { config->chunk, config->chunk_size, 0 };
    mcap_put_raw(&out, mcap_magic, MCAP_MAGIC_SIZE);
    mcap_put_header(&out,
                    &(struct mcap_header){ mcap_text(config->profile ? config->profile : ""),
                                           mcap_text(config->library ? config->library : "") });
    if (!mcap_out_fits(&out))
        return -EINVAL;
    if (!writer_reserve(w, out.used))
        return writer_status(w);
    return emit_data(w, out.at, out.used);
}

/* --- definitions --- */

/* Where the next record of `summary` may go. */
static struct mcap_out summary_out(struct mcap_writer *w)
{
    return (struct mcap_out){ w->config.summary, w->config.summary_size, w->summary_used };
}

int mcap_writer_schema(struct mcap_writer *w, const struct mcap_schema *in, uint16_t *id)
{
    if (w->schema_count == MCAP_WRITER_SCHEMA_MAX)
        return -ENOBUFS;
    struct mcap_schema schema = *in;
    schema.id = (uint16_t)(w->schema_count + 1);
    struct mcap_out out = summary_out(w);
    mcap_put_schema(&out, &schema);
    if (!mcap_out_fits(&out))
        return -ENOBUFS;
    if (out.used - w->summary_used > w->config.chunk_size / 2)
        return -E2BIG;
    w->summary_used = out.used;
    *id = ++w->schema_count;
    return 0;
}

int mcap_writer_channel(struct mcap_writer *w, const struct mcap_channel *in, uint16_t *id)
{
    if (w->channel_count == w->config.channel_capacity || w->channel_count == UINT16_MAX)
        return -ENOBUFS;
    if (in->schema_id > w->schema_count)
        return -EINVAL;
    struct mcap_channel channel = *in;
    channel.id = (uint16_t)(w->channel_count + 1);
    struct mcap_out out = summary_out(w);
    mcap_put_channel(&out, &channel);
    if (!mcap_out_fits(&out))
        return -ENOBUFS;
    size_t size = out.used - w->summary_used;
    if (size > w->config.chunk_size / 4)
        return -E2BIG;
    w->config.channel[w->channel_count] = (struct mcap_writer_channel){
        .definition = (uint32_t)w->summary_used,
        .definition_size = (uint32_t)size,
        .schema_id = in->schema_id,
    };
    w->summary_used = out.used;
    *id = ++w->channel_count;
    return 0;
}

static bool bit_get(const uint64_t *bits, uint16_t id)
{
    return bits[(id - 1u) / 64] >> ((id - 1u) % 64) & 1;
}

/* The bytes of the Schema record with this id, out of `summary`. */
static struct mcap_bytes schema_definition(const struct mcap_writer *w, uint16_t id)
{
    struct mcap_cursor cursor = { w->config.summary, w->summary_used, 0 };
    struct mcap_record record;
    size_t start = 0;
    while (mcap_record_next(&cursor, &record) == 0) {
        if (record.opcode == MCAP_SCHEMA && get_le16(record.body.at) == id)
            return (struct mcap_bytes){ cursor.data + start, cursor.offset - start };
        start = cursor.offset;
    }
    panic("no schema %u in the summary buffer", id);
}

/* The Schema record that must precede this channel's, or none. */
static struct mcap_bytes schema_needed(const struct mcap_writer *w,
                                       const struct mcap_writer_channel *c)
{
    bool known = c->schema_id == 0 || bit_get(w->schema_in_file, c->schema_id) ||
                 bit_get(w->schema_in_chunk, c->schema_id);
    return known ? (struct mcap_bytes){ NULL, 0 } : schema_definition(w, c->schema_id);
}

static void chunk_append(struct mcap_writer *w, const void *data, size_t size)
{
    if (size > 0)
        memcpy(w->config.chunk + w->used, data, size);
    w->used += size;
}

/* --- chunks --- */

/* Lays the message index behind the records; gives its size. Each channel's cursor ends behind its
 * own entries. */
static size_t index_lay(struct mcap_writer *w)
{
    uint8_t *chunk = w->config.chunk;
    size_t at = w->used;
    for (uint16_t i = 0; i < w->channel_count; i++) {
        struct mcap_writer_channel *c = &w->config.channel[i];
        if (c->chunk_count == 0)
            continue;
        uint32_t entries_size = c->chunk_count * MCAP_INDEX_ENTRY_SIZE;
        chunk[at] = MCAP_MESSAGE_INDEX;
        put_le64(chunk + at + 1, 2u + 4u + entries_size);
        put_le16(chunk + at + 9, (uint16_t)(i + 1));
        put_le32(chunk + at + 11, entries_size);
        c->cursor = (uint32_t)at + MCAP_INDEX_HEAD_SIZE;
        at += MCAP_INDEX_HEAD_SIZE + entries_size;
    }
    for (size_t record = MCAP_CHUNK_HEAD_SIZE; record < w->used;) {
        const uint8_t *from = chunk + record;
        if (from[0] == MCAP_MESSAGE) {
            struct mcap_writer_channel *c = &w->config.channel[get_le16(from + 9) - 1];
            memcpy(chunk + c->cursor, from + 15, 8);
            put_le64(chunk + c->cursor + 8, record - MCAP_CHUNK_HEAD_SIZE);
            c->cursor += MCAP_INDEX_ENTRY_SIZE;
        }
        record += MCAP_PREFIX_SIZE + (size_t)get_le64(from + 1);
    }
    return at - w->used;
}

static void chunk_head_fill(struct mcap_writer *w, uint64_t records_size, uint32_t crc)
{
    struct mcap_out out = { w->config.chunk, MCAP_CHUNK_HEAD_SIZE, 0 };
    mcap_put_chunk(&out, &(struct mcap_chunk){ .start_time = w->chunk_start,
                                               .end_time = w->chunk_end,
                                               .uncompressed_size = records_size,
                                               .uncompressed_crc = crc,
                                               .compression = { "", 0 },
                                               .records = { NULL, 0 } });
    put_le64(w->config.chunk + 1, MCAP_CHUNK_HEAD_SIZE - MCAP_PREFIX_SIZE + records_size);
    put_le64(w->config.chunk + MCAP_CHUNK_HEAD_SIZE - 8, records_size);
}

static void chunk_commit(struct mcap_writer *w, uint64_t records_size)
{
    writer_index_commit(w, records_size);
    for (uint16_t i = 0; i < w->channel_count; i++) {
        struct mcap_writer_channel *c = &w->config.channel[i];
        c->message_count += c->chunk_count;
        c->chunk_count = 0;
        w->channel_written = (uint16_t)(w->channel_written + c->in_chunk);
        c->in_file |= c->in_chunk;
        c->in_chunk = false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(w->schema_in_file); i++) {
        w->schema_written =
            (uint16_t)(w->schema_written + __builtin_popcountll(w->schema_in_chunk[i]));
        w->schema_in_file[i] |= w->schema_in_chunk[i];
        w->schema_in_chunk[i] = 0;
    }
    w->message_count += w->chunk_messages;
    w->chunk_count++;
    if (w->chunk_start < w->start_time)
        w->start_time = w->chunk_start;
    if (w->chunk_end > w->end_time)
        w->end_time = w->chunk_end;
    chunk_reset(w);
}

int mcap_writer_flush(struct mcap_writer *w)
{
    if (w->state != MCAP_WRITING || w->chunk_messages == 0)
        return writer_status(w);
    size_t records_size = w->used - MCAP_CHUNK_HEAD_SIZE;
    size_t index_size = index_lay(w);
    BUG_ON(index_size != w->index_need);
    int err = writer_index_prepare(w);
    if (err || !writer_reserve(w, w->used + index_size))
        return writer_status(w);
    const uint8_t *chunk = w->config.chunk;
    uint32_t crc = crc32_update(0, chunk + MCAP_CHUNK_HEAD_SIZE, records_size);
    chunk_head_fill(w, records_size, crc);
    if (!w->config.no_data_crc) {
        /* The records' CRC is known: passing over them once more would double the cost of a chunk.
         */
        w->data_crc = crc32_update(w->data_crc, chunk, MCAP_CHUNK_HEAD_SIZE);
        w->data_crc = crc32_combine(w->data_crc, crc, records_size);
        w->data_crc = crc32_update(w->data_crc, chunk + w->used, index_size);
    }
    err = writer_emit(w, chunk, w->used + index_size);
    if (err)
        return err;
    chunk_commit(w, records_size);
    return 0;
}

/* --- messages --- */

static bool message_fits(const struct mcap_writer *w, const struct mcap_writer_channel *c,
                         size_t size)
{
    size_t overhead = MCAP_MESSAGE_HEAD_SIZE + MCAP_INDEX_ENTRY_SIZE +
                      (c->chunk_count == 0 ? MCAP_INDEX_HEAD_SIZE : 0);
    size_t left = w->config.chunk_size - w->used - w->index_need;
    return left >= overhead && size <= left - overhead;
}

/* Puts the channel's definition into the chunk if the file has none yet; the caller made sure that
 * it fits. */
static void definition_append(struct mcap_writer *w, struct mcap_writer_channel *c)
{
    if (c->in_file || c->in_chunk)
        return;
    struct mcap_bytes schema = schema_needed(w, c);
    if (schema.size > 0) {
        chunk_append(w, schema.at, (size_t)schema.size);
        w->schema_in_chunk[(c->schema_id - 1u) / 64] |= BIT64((c->schema_id - 1u) % 64);
    }
    chunk_append(w, w->config.summary + c->definition, c->definition_size);
    c->in_chunk = true;
}

static size_t definition_size(const struct mcap_writer *w, const struct mcap_writer_channel *c)
{
    return c->in_file || c->in_chunk ? 0 : (size_t)schema_needed(w, c).size + c->definition_size;
}

/* Makes room for definition and message, by closing the chunk if that is what it takes. */
static int make_room(struct mcap_writer *w, struct mcap_writer_channel *c, size_t size)
{
    if (w->state != MCAP_WRITING)
        return writer_status(w);
    size_t definition = definition_size(w, c);
    if (!message_fits(w, c, size + definition)) {
        int err = mcap_writer_flush(w);
        if (err)
            return err;
        definition = definition_size(w, c);
        if (!message_fits(w, c, size + definition))
            return -E2BIG;
    }
    definition_append(w, c);
    return 0;
}

int mcap_writer_message_make_room(struct mcap_writer *w, uint16_t channel_id, size_t size_max,
                                  uint8_t **payload)
{
    if ((uint16_t)(channel_id - 1u) >= w->channel_count)
        return -EINVAL;
    if (size_max > CHUNK_SIZE_MAX)
        return -E2BIG;
    int err = make_room(w, &w->config.channel[channel_id - 1], size_max);
    if (err) {
        w->dropped_messages += err == -ENOSPC;
        return err;
    }
    *payload = w->config.chunk + w->used + MCAP_MESSAGE_HEAD_SIZE;
    return 0;
}

/* A chunk of its own for a message that is longer than the buffer: head, definitions and message
 * head are in the buffer, the payload stays where it is. */
static int message_alone(struct mcap_writer *w, const struct mcap_message *in)
{
    int err = mcap_writer_flush(w);
    if (err) {
        w->dropped_messages += err == -ENOSPC;
        return err;
    }
    struct mcap_writer_channel *c = &w->config.channel[in->channel_id - 1];
    uint8_t *chunk = w->config.chunk;
    definition_append(w, c);
    uint64_t message_offset = w->used - MCAP_CHUNK_HEAD_SIZE;
    mcap_writer_message_head(w, in->channel_id, in->sequence, in->log_time, in->publish_time,
                             in->data.size);
    uint64_t records_size = w->used - MCAP_CHUNK_HEAD_SIZE + in->data.size;

    uint8_t entry[16], index[MCAP_INDEX_HEAD_SIZE + MCAP_INDEX_ENTRY_SIZE];
    put_le64(entry, in->log_time);
    put_le64(entry + 8, message_offset);
    struct mcap_out out = { index, sizeof index, 0 };
    mcap_put_message_index(&out,
                           &(struct mcap_message_index){ in->channel_id, { entry, sizeof entry } });
    /* As index_lay() leaves it, seen from the buffer's start; more than 4 GiB is refused by the
     * caller. */
    c->cursor = (uint32_t)(MCAP_CHUNK_HEAD_SIZE + records_size + sizeof index);

    err = writer_index_prepare(w);
    if (err || !writer_reserve(w, MCAP_CHUNK_HEAD_SIZE + records_size + sizeof index))
        return writer_status(w);
    uint32_t crc = crc32_update(0, chunk + MCAP_CHUNK_HEAD_SIZE, w->used - MCAP_CHUNK_HEAD_SIZE);
    crc = crc32_update(crc, in->data.at, (size_t)in->data.size);
    chunk_head_fill(w, records_size, crc);
    err = emit_data(w, chunk, w->used);
    if (!err)
        err = emit_data(w, in->data.at, (size_t)in->data.size);
    if (!err)
        err = emit_data(w, index, sizeof index);
    if (!err)
        chunk_commit(w, records_size);
    return err;
}

int mcap_writer_message(struct mcap_writer *w, const struct mcap_message *in)
{
    uint8_t *payload;
    int err = mcap_writer_message_begin(w, in->channel_id, (size_t)in->data.size, &payload);
    if (err == -E2BIG && in->data.size <= CHUNK_SIZE_MAX)
        return message_alone(w, in);
    if (err) {
        if (err == -ENOSPC && in->log_time < w->dropped_from_ns)
            w->dropped_from_ns = in->log_time;
        return err;
    }
    if (in->data.size > 0)
        memcpy(payload, in->data.at, (size_t)in->data.size);
    mcap_writer_message_end(w, in->channel_id, in->sequence, in->log_time, in->publish_time,
                            (size_t)in->data.size);
    return 0;
}

/* --- attachments and metadata --- */

int mcap_writer_attachment(struct mcap_writer *w, const struct mcap_attachment *in)
{
    if (w->state != MCAP_WRITING)
        return writer_status(w);
    /* The head is short: stage it in the unused end of the chunk buffer, after closing the chunk.
     */
    int err = mcap_writer_flush(w);
    if (err)
        return err;
    struct mcap_out head = { w->config.chunk, w->config.chunk_size, 0 };
    mcap_put_attachment_head(&head, in);
    if (!mcap_out_fits(&head))
        return -E2BIG;
    struct mcap_attachment_index index = {
        .offset = w->file_size,
        .size = head.used + in->data.size + 4,
        .log_time = in->log_time,
        .create_time = in->create_time,
        .data_size = in->data.size,
        .name = in->name,
        .media_type = in->media_type,
    };
    struct mcap_out summary = summary_out(w);
    mcap_put_attachment_index(&summary, &index);
    if (!mcap_out_fits(&summary))
        return -ENOBUFS;
    if (!writer_reserve(w, index.size + summary.used - w->summary_used))
        return writer_status(w);
    uint32_t crc = crc32_update(0, head.at + MCAP_PREFIX_SIZE, head.used - MCAP_PREFIX_SIZE);
    uint8_t crc_bytes[4];
    put_le32(crc_bytes, crc32_update(crc, in->data.at, (size_t)in->data.size));
    err = emit_data(w, head.at, head.used);
    if (!err && in->data.size > 0)
        err = emit_data(w, in->data.at, (size_t)in->data.size);
    if (!err)
        err = emit_data(w, crc_bytes, sizeof crc_bytes);
    if (err)
        return err;
    w->summary_used = summary.used;
    w->attachment_count++;
    return 0;
}

int mcap_writer_metadata(struct mcap_writer *w, const struct mcap_metadata *in)
{
    if (w->state != MCAP_WRITING && w->state != MCAP_FULL)
        return writer_status(w);
    int err = mcap_writer_flush(w);
    if (err && err != -ENOSPC)
        return err;
    struct mcap_out record = { w->config.chunk, w->config.chunk_size, 0 };
    mcap_put_metadata(&record, in);
    if (!mcap_out_fits(&record))
        return -E2BIG;
    struct mcap_out summary = summary_out(w);
    mcap_put_metadata_index(&summary,
                            &(struct mcap_metadata_index){ w->file_size, record.used, in->name });
    if (!mcap_out_fits(&summary))
        return -ENOBUFS;
    size_t cost = record.used + summary.used - w->summary_used;
    if (w->state == MCAP_FULL) {
        if (cost > w->config.tail_reserve)
            return -ENOSPC;
        w->config.tail_reserve -= (uint32_t)cost;
    } else if (!writer_reserve(w, cost)) {
        return writer_status(w);
    }
    err = emit_data(w, record.at, record.used);
    if (err)
        return err;
    w->summary_used = summary.used;
    w->metadata_count++;
    return 0;
}
