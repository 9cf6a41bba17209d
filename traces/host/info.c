/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a file holds: from the summary if that says all, else from one pass over the whole file. */
#include "reader_internal.h"

#include <axiom/bits.h>
#include <axiom/crc32.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct collection {
    struct mcap_attachment_index *attachment;
    size_t attachment_capacity;
    struct mcap_metadata *metadata;
    size_t metadata_capacity;
};

static int list_grow(struct mcap_reader *r, void **list, size_t *capacity, size_t count,
                     size_t element_size)
{
    if (count < *capacity)
        return 0;
    size_t wanted = *capacity == 0 ? 8 : 2 * *capacity;
    void *grown = reader_allocate(r, wanted * element_size);
    if (grown == NULL)
        return r->error.code;
    if (count > 0)
        memcpy(grown, *list, count * element_size);
    free(*list);
    r->memory_used -= *capacity * element_size;
    *list = grown;
    *capacity = wanted;
    return 0;
}

static int attachment_add(struct mcap_reader *r, struct collection *c,
                          const struct mcap_attachment_index *index)
{
    void *list = c->attachment;
    int err = list_grow(r, &list, &c->attachment_capacity, r->info.attachment_count,
                        sizeof *c->attachment);
    c->attachment = list;
    r->info.attachment = c->attachment;
    if (err)
        return err;
    struct mcap_attachment_index *kept = &c->attachment[r->info.attachment_count];
    *kept = *index;
    kept->name = text_keep(r, index->name);
    kept->media_type = text_keep(r, index->media_type);
    r->info.attachment_count++;
    return kept->name.at != NULL && kept->media_type.at != NULL ? 0 : r->error.code;
}

static int metadata_add(struct mcap_reader *r, struct collection *c, struct mcap_bytes body,
                        uint64_t offset)
{
    struct mcap_metadata metadata;
    if (mcap_parse_metadata(body, &metadata))
        return reader_fail(r, -EBADMSG, offset, "a malformed Metadata record");
    void *list = c->metadata;
    int err =
        list_grow(r, &list, &c->metadata_capacity, r->info.metadata_count, sizeof *c->metadata);
    c->metadata = list;
    r->info.metadata = c->metadata;
    if (err)
        return err;
    struct mcap_metadata *kept = &c->metadata[r->info.metadata_count];
    struct mcap_text map = text_keep(
        r, (struct mcap_text){ (const char *)metadata.map.at, (uint32_t)metadata.map.size });
    kept->map = (struct mcap_bytes){ (const uint8_t *)map.at, map.size };
    kept->name = text_keep(r, metadata.name);
    r->info.metadata_count++;
    return kept->name.at != NULL && map.at != NULL ? 0 : r->error.code;
}

static void chunk_add(struct mcap_reader *r, struct mcap_text compression, uint64_t size,
                      uint64_t uncompressed_size)
{
    struct mcap_info *info = &r->info;
    enum compression kind = compression_of(compression);
    info->chunk_count++;
    info->chunk_bytes += size;
    info->chunk_bytes_uncompressed += uncompressed_size;
    info->uses_lz4 |= kind == COMPRESSION_LZ4;
    info->uses_zstd |= kind == COMPRESSION_ZSTD;
}

static void message_add(struct mcap_reader *r, const struct mcap_message *message)
{
    struct mcap_info *info = &r->info;
    if (info->message_count++ == 0 || message->log_time < info->start_time)
        info->start_time = message->log_time;
    if (message->log_time > info->end_time)
        info->end_time = message->log_time;
    channel_at(r, message->channel_id)->message_count++;
}

/* --- from the summary --- */

/* A Metadata record whose index is in the summary; the index may lie about the place. */
static int metadata_fetch(struct mcap_reader *r, struct collection *c,
                          const struct mcap_metadata_index *index)
{
    const uint8_t *at = NULL;
    int64_t got = window_get(r, index->offset, MCAP_PREFIX_SIZE, &at);
    if (got < 0)
        return (int)got;
    if (got < (int64_t)MCAP_PREFIX_SIZE || at[0] != MCAP_METADATA ||
        get_le64(at + 1) > bytes_left(r, index->offset + MCAP_PREFIX_SIZE))
        return reader_fail(r, -EBADMSG, index->offset,
                           "the index says a Metadata record is here, and there is none");
    struct found found = { MCAP_METADATA, index->offset, index->offset + MCAP_PREFIX_SIZE,
                           get_le64(at + 1) };
    struct mcap_bytes body;
    int err = body_load(r, &found, &body);
    if (err == -ENODATA)
        return reader_fail(r, -EBADMSG, index->offset, "a Metadata record that is cut");
    return err ? err : metadata_add(r, c, body, index->offset);
}

static int counts_take(struct mcap_reader *r, const struct mcap_record *record)
{
    struct mcap_statistics statistics;
    uint16_t id;
    uint64_t count;
    if (mcap_parse_statistics(record->body, &statistics))
        return 0; /* checked when the file was opened */
    while (mcap_count_next(&statistics.message_counts, &id, &count)) {
        if (channel_at(r, id) != NULL)
            channel_at(r, id)->message_count = count;
    }
    return 0;
}

static int info_visit(struct mcap_reader *r, void *context, const struct mcap_record *record,
                      uint64_t offset)
{
    struct mcap_attachment_index attachment;
    struct mcap_chunk_index chunk;
    switch (record->opcode) {
    case MCAP_STATISTICS:
        return counts_take(r, record);
    case MCAP_CHUNK_INDEX:
        if (mcap_parse_chunk_index(record->body, &chunk) == 0)
            chunk_add(r, chunk.compression, chunk.compressed_size, chunk.uncompressed_size);
        return 0;
    case MCAP_ATTACHMENT_INDEX:
        if (mcap_parse_attachment_index(record->body, &attachment))
            return reader_fail(r, -EBADMSG, offset, "a malformed AttachmentIndex record");
        return attachment_add(r, context, &attachment);
    default:
        return 0;
    }
}

struct metadata_at {
    size_t wanted, seen;
    struct mcap_metadata_index index;
};

static int metadata_visit(struct mcap_reader *r, void *context, const struct mcap_record *record,
                          uint64_t offset)
{
    struct metadata_at *m = context;
    if (record->opcode != MCAP_METADATA_INDEX || m->seen++ != m->wanted)
        return 0;
    if (mcap_parse_metadata_index(record->body, &m->index))
        return reader_fail(r, -EBADMSG, offset, "a malformed MetadataIndex record");
    return 1;
}

/* One walk for each: fetching one moves the window away from the summary. There are few. */
static int metadata_from_summary(struct mcap_reader *r, struct collection *c)
{
    for (size_t i = 0; i < r->summary.metadata_count; i++) {
        struct metadata_at m = { .wanted = i };
        int result = summary_walk(r, metadata_visit, &m);
        if (result == 1)
            result = metadata_fetch(r, c, &m.index);
        if (result)
            return result;
    }
    return 0;
}

static int info_from_summary(struct mcap_reader *r, struct collection *c)
{
    const struct mcap_statistics *statistics = &r->summary.statistics;
    r->info.message_count = statistics->message_count;
    r->info.start_time = statistics->start_time;
    r->info.end_time = statistics->end_time;
    int err = summary_walk(r, info_visit, c);
    return err ? err : metadata_from_summary(r, c);
}

/* --- by reading everything --- */

static int chunk_info(struct mcap_reader *r, const struct found *found)
{
    struct chunk_slot *slot = &r->info_slot;
    struct mcap_message message;
    struct mcap_chunk chunk;
    size_t offset;
    int err = chunk_load(r, slot, found, false);
    if (err)
        return err;
    mcap_parse_chunk((struct mcap_bytes){ slot->raw.at, found->body_size }, &chunk);
    chunk_add(r, chunk.compression, chunk.records.size, chunk.uncompressed_size);
    while (chunk_take(slot, &message, &offset))
        message_add(r, &message);
    return 0;
}

static int attachment_info(struct mcap_reader *r, struct collection *c, const struct found *found)
{
    const uint8_t *at = NULL;
    struct mcap_attachment attachment;
    size_t head_size;
    int64_t got =
        window_get(r, found->body_offset,
                   found->body_size < WINDOW_SIZE ? (size_t)found->body_size : WINDOW_SIZE, &at);
    if (got < 0)
        return (int)got;
    if (mcap_parse_attachment_head((struct mcap_bytes){ at, (uint64_t)got }, found->body_size,
                                   &attachment, &head_size))
        return reader_fail(r, -EBADMSG, found->offset, "a malformed Attachment record");
    return attachment_add(r, c,
                          &(struct mcap_attachment_index){
                              .offset = found->offset,
                              .size = found->body_size + MCAP_PREFIX_SIZE,
                              .log_time = attachment.log_time,
                              .create_time = attachment.create_time,
                              .data_size = attachment.data.size,
                              .name = attachment.name,
                              .media_type = attachment.media_type,
                          });
}

static int record_info(struct mcap_reader *r, struct collection *c, const struct found *found)
{
    struct mcap_bytes body;
    struct mcap_message message;
    if (found->opcode == MCAP_CHUNK)
        return chunk_info(r, found);
    if (found->opcode == MCAP_ATTACHMENT)
        return attachment_info(r, c, found);
    if (found->opcode != MCAP_SCHEMA && found->opcode != MCAP_CHANNEL &&
        found->opcode != MCAP_MESSAGE && found->opcode != MCAP_METADATA)
        return 0;
    int err = body_load(r, found, &body);
    if (err)
        return err == -ENODATA ? reader_fail(r, -EBADMSG, found->offset, "the file is cut") : err;
    if (found->opcode == MCAP_SCHEMA)
        return define_schema(r, body, found->offset);
    if (found->opcode == MCAP_CHANNEL)
        return define_channel(r, body, found->offset);
    if (found->opcode == MCAP_METADATA)
        return metadata_add(r, c, body, found->offset);
    if (mcap_parse_message(body, &message) || channel_at(r, message.channel_id) == NULL)
        return reader_fail(r, -EBADMSG, found->offset,
                           "a malformed Message record, or one without a channel");
    message_add(r, &message);
    return 0;
}

/* Damage is left out here, as recovery would: the reading itself will report it. */
static int info_from_data(struct mcap_reader *r, struct collection *c)
{
    struct scan scan = { MCAP_MAGIC_SIZE };
    struct found found;
    int result;
    while ((result = scan_next(r, &scan, &found)) > 0) {
        int err = record_info(r, c, &found);
        if (err && err != -EBADMSG)
            return err;
    }
    return result == -EBADMSG ? 0 : result;
}

static bool summary_suffices(const struct summary *s)
{
    return s->valid && s->channels_complete && s->chunk_count == s->statistics.chunk_count &&
           s->attachment_count == s->statistics.attachment_count &&
           s->metadata_count == s->statistics.metadata_count;
}

int info_make(struct mcap_reader *r)
{
    if (r->info_ready)
        return 0;
    if (r->input.size == INPUT_SIZE_UNKNOWN)
        return reader_fail(r, -ESPIPE, 0,
                           "a pipe says what it holds only by being read; give a file");
    struct collection c = { 0 };
    info_free(r);
    r->info = (struct mcap_info){
        .profile = r->profile,
        .library = r->library,
        .complete = r->complete,
        .has_summary = r->summary.valid,
        .has_index = r->summary.valid && r->summary.chunk_count > 0,
        .file_size = r->input.size,
    };
    bool suffices = summary_suffices(&r->summary);
    struct mcap_error before = r->error;
    int err = suffices ? info_from_summary(r, &c) : info_from_data(r, &c);
    if (err)
        return err;
    r->error = before;
    r->info.schema_count = r->schema_count;
    r->info.channel_count = r->channel_count;
    r->info_ready = true;
    return 0;
}

void info_free(struct mcap_reader *r)
{
    for (size_t i = 0; i < r->info.attachment_count; i++) {
        free((void *)(uintptr_t)r->info.attachment[i].name.at);
        free((void *)(uintptr_t)r->info.attachment[i].media_type.at);
    }
    for (size_t i = 0; i < r->info.metadata_count; i++) {
        free((void *)(uintptr_t)r->info.metadata[i].name.at);
        free((void *)(uintptr_t)r->info.metadata[i].map.at);
    }
    free((void *)(uintptr_t)r->info.attachment);
    free((void *)(uintptr_t)r->info.metadata);
    r->info = (struct mcap_info){ .complete = false };
}
