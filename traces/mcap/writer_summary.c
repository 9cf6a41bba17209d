/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The writer's other end: the chunk index while it grows, and DataEnd, summary, summary offsets and
 * Footer.
 *
 * The tail goes out through the chunk buffer, which is free by then, in pieces of its size; space
 * for it was reserved before each chunk (writer_tail_size()). Groups come in the order schemas,
 * channels, statistics, chunk indexes, attachment indexes, metadata indexes: Channels before
 * Statistics, as the format asks. */
#include "writer_internal.h"

#include <axiom/bits.h>
#include <axiom/crc32.h>
#include <axiom/errno.h>
#include <axiom/string.h>

enum {
    CHUNK_INDEX_BASE = MCAP_PREFIX_SIZE + 4 * 8 + 4 + 8 + 4 + 2 * 8, /* without its map */
    COUNT_ENTRY_SIZE = 2 + 8,
    STATISTICS_BASE = MCAP_PREFIX_SIZE + 8 + 2 + 4 * 4 + 2 * 8 + 4, /* without its map */
    SUMMARY_OFFSET_SIZE = MCAP_PREFIX_SIZE + 1 + 2 * 8,
    GROUP_COUNT = 6,
};

/* --- the chunk index --- */

uint64_t writer_tail_size(const struct mcap_writer *w)
{
    uint64_t per_channel = (uint64_t)COUNT_ENTRY_SIZE * w->channel_count;
    /* One more ChunkIndex than there are: that of the chunk which is being asked about. */
    uint64_t index =
        w->index_dropped ? 0 : w->index_spilled + w->index_used + CHUNK_INDEX_BASE + per_channel;
    return MCAP_DATA_END_SIZE + w->summary_used + STATISTICS_BASE + per_channel + index +
           GROUP_COUNT * SUMMARY_OFFSET_SIZE + MCAP_FOOTER_SIZE + MCAP_MAGIC_SIZE +
           w->config.tail_reserve;
}

static void index_drop(struct mcap_writer *w)
{
    w->index_dropped = true;
    w->index_used = 0;
}

static uint32_t chunk_channel_count(const struct mcap_writer *w)
{
    uint32_t count = 0;
    for (uint16_t i = 0; i < w->channel_count; i++)
        count += w->config.channel[i].chunk_count > 0;
    return count;
}

int writer_index_prepare(struct mcap_writer *w)
{
    if (w->index_dropped)
        return 0;
    size_t need = CHUNK_INDEX_BASE + (size_t)chunk_channel_count(w) * COUNT_ENTRY_SIZE;
    if (need <= w->config.index_size - w->index_used)
        return 0;
    if (w->config.sink.spill == NULL || need > w->config.index_size) {
        index_drop(w);
        return 0;
    }
    int err = w->config.sink.spill(w->config.sink.context, w->config.index, w->index_used);
    if (err) {
        writer_stop(w, err);
        return err;
    }
    w->index_spilled += w->index_used;
    w->index_used = 0;
    return 0;
}

/* The chunk has just been written: its record ends the file, and each channel's cursor is behind
 * its entries, counted from the record's start. */
void writer_index_commit(struct mcap_writer *w, uint64_t records_size)
{
    if (w->index_dropped)
        return;
    uint64_t chunk_size = MCAP_CHUNK_HEAD_SIZE + records_size;
    uint64_t index_size = w->index_need;
    uint64_t start = w->file_size - index_size - chunk_size;
    uint32_t map_size = chunk_channel_count(w) * COUNT_ENTRY_SIZE;
    uint8_t *at = w->config.index + w->index_used;
    at[0] = MCAP_CHUNK_INDEX;
    put_le64(at + 1, CHUNK_INDEX_BASE - MCAP_PREFIX_SIZE + map_size);
    put_le64(at + 9, w->chunk_start);
    put_le64(at + 17, w->chunk_end);
    put_le64(at + 25, start);
    put_le64(at + 33, chunk_size);
    put_le32(at + 41, map_size);
    at += 45;
    for (uint16_t i = 0; i < w->channel_count; i++) {
        const struct mcap_writer_channel *c = &w->config.channel[i];
        if (c->chunk_count == 0)
            continue;
        put_le16(at, (uint16_t)(i + 1));
        put_le64(at + 2, start + c->cursor - 16u * (uint64_t)c->chunk_count - 15);
        at += COUNT_ENTRY_SIZE;
    }
    put_le64(at, index_size);
    put_le32(at + 8, 0); /* no compression */
    put_le64(at + 12, records_size);
    put_le64(at + 20, records_size);
    w->index_used += CHUNK_INDEX_BASE + map_size;
}

/* --- the tail --- */

struct tail {
    struct mcap_writer *w;
    size_t staged; /* bytes in the chunk buffer */
    uint64_t offset;
    uint32_t crc;
    int error;
};

static void tail_flush(struct tail *t)
{
    if (!t->error && t->staged > 0)
        t->error = writer_emit(t->w, t->w->config.chunk, t->staged);
    t->staged = 0;
}

static void tail_put(struct tail *t, const void *data, size_t size)
{
    t->crc = crc32_update(t->crc, data, size);
    t->offset += size;
    const uint8_t *from = data;
    while (size > 0) {
        size_t room = t->w->config.chunk_size - t->staged;
        size_t take = size < room ? size : room;
        memcpy(t->w->config.chunk + t->staged, from, take);
        t->staged += take;
        from += take;
        size -= take;
        if (t->staged == t->w->config.chunk_size)
            tail_flush(t);
    }
}

/* A definition is repeated only if its own record got into the file. */
static bool definition_in_file(const struct mcap_writer *w, const struct mcap_record *record)
{
    uint16_t id = get_le16(record->body.at);
    if (record->opcode == MCAP_CHANNEL)
        return w->config.channel[id - 1].in_file;
    if (record->opcode == MCAP_SCHEMA)
        return w->schema_in_file[(id - 1u) / 64] >> ((id - 1u) % 64) & 1;
    return true;
}

static void put_definitions(struct tail *t, enum mcap_opcode opcode)
{
    struct mcap_cursor cursor = { t->w->config.summary, t->w->summary_used, 0 };
    struct mcap_record record;
    while (mcap_record_next(&cursor, &record) == 0) {
        if (record.opcode == opcode && definition_in_file(t->w, &record))
            tail_put(t, record.body.at - MCAP_PREFIX_SIZE,
                     MCAP_PREFIX_SIZE + (size_t)record.body.size);
    }
}

static void put_statistics(struct tail *t)
{
    const struct mcap_writer *w = t->w;
    struct mcap_statistics statistics = {
        .message_count = w->message_count,
        .schema_count = w->schema_written,
        .channel_count = w->channel_written,
        .attachment_count = w->attachment_count,
        .metadata_count = w->metadata_count,
        .chunk_count = w->chunk_count,
        .start_time = w->message_count > 0 ? w->start_time : 0,
        .end_time = w->end_time,
        .message_counts = { NULL, 0 },
    };
    uint8_t base[STATISTICS_BASE];
    struct mcap_out out = { base, sizeof base, 0 };
    mcap_put_statistics(&out, &statistics);
    /* The map does not have to exist in one piece: its length goes in here, its entries follow one
     * by one. */
    uint32_t map_size = (uint32_t)w->channel_written * COUNT_ENTRY_SIZE;
    put_le64(base + 1, STATISTICS_BASE - MCAP_PREFIX_SIZE + map_size);
    put_le32(base + STATISTICS_BASE - 4, map_size);
    tail_put(t, base, sizeof base);
    for (uint16_t i = 0; i < w->channel_count; i++) {
        if (!w->config.channel[i].in_file)
            continue;
        uint8_t entry[COUNT_ENTRY_SIZE];
        put_le16(entry, (uint16_t)(i + 1));
        put_le64(entry + 2, w->config.channel[i].message_count);
        tail_put(t, entry, sizeof entry);
    }
}

static void put_chunk_indexes(struct tail *t)
{
    struct mcap_writer *w = t->w;
    for (uint64_t offset = 0; offset < w->index_spilled && !t->error;) {
        /* Read back through what is free of the chunk buffer. */
        size_t room = w->config.chunk_size - t->staged;
        uint64_t left = w->index_spilled - offset;
        size_t take = left < room ? (size_t)left : room;
        uint8_t *at = w->config.chunk + t->staged;
        t->error = w->config.sink.unspill(w->config.sink.context, offset, at, take);
        if (t->error)
            return;
        t->crc = crc32_update(t->crc, at, take);
        t->offset += take;
        t->staged += take;
        offset += take;
        if (t->staged == w->config.chunk_size)
            tail_flush(t);
    }
    tail_put(t, w->config.index, w->index_used);
}

static void put_group(struct tail *t, enum mcap_opcode opcode)
{
    if (opcode == MCAP_STATISTICS)
        put_statistics(t);
    else if (opcode == MCAP_CHUNK_INDEX)
        put_chunk_indexes(t);
    else
        put_definitions(t, opcode);
}

/* Summary and summary offsets; says in the footer where they are. */
static void put_summary(struct tail *t, struct mcap_footer *footer)
{
    static const enum mcap_opcode group[GROUP_COUNT] = {
        MCAP_SCHEMA,      MCAP_CHANNEL,          MCAP_STATISTICS,
        MCAP_CHUNK_INDEX, MCAP_ATTACHMENT_INDEX, MCAP_METADATA_INDEX,
    };
    uint64_t start[GROUP_COUNT + 1];
    footer->summary_start = t->offset;
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        start[i] = t->offset;
        put_group(t, group[i]);
    }
    start[GROUP_COUNT] = t->offset;
    footer->summary_offset_start = t->offset;
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        if (start[i + 1] == start[i])
            continue;
        uint8_t bytes[SUMMARY_OFFSET_SIZE];
        struct mcap_out out = { bytes, sizeof bytes, 0 };
        mcap_put_summary_offset(&out, &(struct mcap_summary_offset){ (uint8_t)group[i], start[i],
                                                                     start[i + 1] - start[i] });
        tail_put(t, bytes, sizeof bytes);
    }
}

static void put_footer(struct tail *t, struct mcap_footer *footer)
{
    uint8_t bytes[MCAP_FOOTER_SIZE];
    struct mcap_out out = { bytes, sizeof bytes, 0 };
    mcap_put_footer(&out, footer);
    tail_put(t, bytes, MCAP_FOOTER_SIZE - 4); /* the summary's CRC covers this much of it */
    put_le32(bytes + MCAP_FOOTER_SIZE - 4, t->crc);
    tail_put(t, bytes + MCAP_FOOTER_SIZE - 4, 4);
    tail_put(t, mcap_magic, MCAP_MAGIC_SIZE);
}

int mcap_writer_finish(struct mcap_writer *w)
{
    int err = mcap_writer_flush(w);
    if (err && w->state != MCAP_FULL)
        return err;
    bool full = w->state == MCAP_FULL;
    struct tail t = { .w = w, .offset = w->file_size };
    uint8_t data_end[MCAP_DATA_END_SIZE];
    struct mcap_out out = { data_end, sizeof data_end, 0 };
    mcap_put_data_end(&out, &(struct mcap_data_end){ w->config.no_data_crc ? 0 : w->data_crc });
    tail_put(&t, data_end, sizeof data_end);
    t.crc = 0;
    struct mcap_footer footer = { 0 };
    if (!w->index_dropped)
        put_summary(&t, &footer);
    put_footer(&t, &footer);
    tail_flush(&t);
    if (t.error) {
        w->state = MCAP_FAILED;
        w->error = t.error;
        return t.error;
    }
    w->state = MCAP_FINISHED;
    return full ? -ENOSPC : 0;
}
