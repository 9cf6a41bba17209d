/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The file's end: footer and summary. The summary is walked through the window, never loaded: a
 * long recording has one ChunkIndex for each chunk in it. */
#include "reader_internal.h"

#include <axiom/bits.h>
#include <axiom/crc32.h>
#include <inttypes.h>
#include <string.h>

int summary_walk(struct mcap_reader *r, summary_visit *visit, void *context)
{
    uint64_t offset = r->summary.start;
    while (offset < r->summary.end) {
        const uint8_t *at = NULL;
        int64_t got = window_get(r, offset, MCAP_PREFIX_SIZE, &at);
        if (got < 0)
            return (int)got;
        uint64_t left = r->summary.end - offset;
        if (got < (int64_t)MCAP_PREFIX_SIZE || left < MCAP_PREFIX_SIZE || at[0] == 0 ||
            get_le64(at + 1) > left - MCAP_PREFIX_SIZE)
            return reader_fail(r, -EBADMSG, offset,
                               "the summary is damaged; recovery reads the file without it");
        struct found found = { at[0], offset, offset + MCAP_PREFIX_SIZE, get_le64(at + 1) };
        struct mcap_record record = { found.opcode, { NULL, 0 } };
        int err = body_load(r, &found, &record.body);
        if (err)
            return err == -ENODATA ? reader_fail(r, -EBADMSG, offset, "the summary is cut") : err;
        err = visit(r, context, &record, offset);
        if (err)
            return err;
        offset = found.body_offset + found.body_size;
    }
    return 0;
}

struct overview {
    uint32_t channels;
    uint64_t last_chunk_offset, last_end_time;
};

static int chunk_index_note(struct mcap_reader *r, struct overview *o,
                            const struct mcap_record *record, uint64_t offset)
{
    struct mcap_chunk_index index;
    if (mcap_parse_chunk_index(record->body, &index))
        return reader_fail(r, -EBADMSG, offset,
                           "a malformed ChunkIndex record; recovery reads the file without it");
    if (index.chunk_size < MCAP_PREFIX_SIZE || index.chunk_size > bytes_left(r, index.chunk_offset))
        return reader_fail(r, -EBADMSG, offset,
                           "a ChunkIndex that points outside the file; recovery goes without it");
    if (index.chunk_offset < o->last_chunk_offset || index.start_time < o->last_end_time)
        r->summary.chunks_in_order = false;
    o->last_chunk_offset = index.chunk_offset;
    o->last_end_time = index.end_time;
    r->summary.chunk_count++;
    return 0;
}

/* A summary may repeat channels without their schemas; those are then learned from the data. */
static int summary_channel(struct mcap_reader *r, struct overview *o, struct mcap_bytes body,
                           uint64_t offset)
{
    struct mcap_channel channel;
    if (mcap_parse_channel(body, &channel) == 0 && channel.schema_id != 0 &&
        schema_at(r, channel.schema_id) == NULL)
        return 0;
    o->channels++;
    return define_channel(r, body, offset);
}

static int overview_visit(struct mcap_reader *r, void *context, const struct mcap_record *record,
                          uint64_t offset)
{
    struct overview *o = context;
    switch (record->opcode) {
    case MCAP_SCHEMA:
        return define_schema(r, record->body, offset);
    case MCAP_CHANNEL:
        return summary_channel(r, o, record->body, offset);
    case MCAP_STATISTICS:
        if (mcap_parse_statistics(record->body, &r->summary.statistics))
            return reader_fail(r, -EBADMSG, offset,
                               "a malformed Statistics record; recovery reads the file without it");
        r->summary.statistics.message_counts = (struct mcap_bytes){ NULL, 0 };
        r->summary.has_statistics = true;
        return 0;
    case MCAP_CHUNK_INDEX:
        return chunk_index_note(r, o, record, offset);
    case MCAP_ATTACHMENT_INDEX:
        r->summary.attachment_count++;
        return 0;
    case MCAP_METADATA_INDEX:
        r->summary.metadata_count++;
        return 0;
    default:
        return 0;
    }
}

static int summary_check_crc(struct mcap_reader *r, uint64_t footer_offset, uint32_t expected)
{
    uint64_t end = footer_offset + MCAP_FOOTER_SIZE - 4;
    uint32_t crc = 0;
    for (uint64_t offset = r->summary.start; offset < end;) {
        const uint8_t *at = NULL;
        uint64_t want = end - offset < WINDOW_SIZE ? end - offset : WINDOW_SIZE;
        int64_t got = window_get(r, offset, (size_t)want, &at);
        if (got <= 0)
            return got < 0 ? (int)got : reader_fail(r, -EBADMSG, offset, "the summary is cut");
        crc = crc32_update(crc, at, (size_t)got);
        offset += (uint64_t)got;
    }
    if (crc != expected)
        return reader_fail(r, -EBADMSG, r->summary.start,
                           "the summary does not have its CRC; recovery reads the file without it");
    return 0;
}

/* The footer's offset; 0 if the file does not end in one. */
static int footer_find(struct mcap_reader *r, struct mcap_footer *footer, uint64_t *offset)
{
    const uint8_t *at = NULL;
    *offset = 0;
    if (r->input.size == INPUT_SIZE_UNKNOWN || r->input.size < MCAP_MAGIC_SIZE + MCAP_TAIL_SIZE)
        return 0;
    uint64_t tail = r->input.size - MCAP_TAIL_SIZE;
    int64_t got = window_get(r, tail, MCAP_TAIL_SIZE, &at);
    if (got < 0)
        return (int)got;
    if (got < (int64_t)MCAP_TAIL_SIZE ||
        memcmp(at + MCAP_FOOTER_SIZE, mcap_magic, MCAP_MAGIC_SIZE) != 0)
        return 0;
    struct mcap_bytes body = { at + MCAP_PREFIX_SIZE, MCAP_FOOTER_SIZE - MCAP_PREFIX_SIZE };
    if (at[0] != MCAP_FOOTER || get_le64(at + 1) != body.size || mcap_parse_footer(body, footer))
        return 0;
    *offset = tail;
    return 0;
}

static int summary_load(struct mcap_reader *r, const struct mcap_footer *footer,
                        uint64_t footer_offset)
{
    struct summary *s = &r->summary;
    uint64_t end = footer->summary_offset_start != 0 ? footer->summary_offset_start : footer_offset;
    if (footer->summary_start < MCAP_MAGIC_SIZE || footer->summary_start > end ||
        end > footer_offset)
        return reader_fail(r, -EBADMSG, footer_offset,
                           "a footer that points outside the file; recovery goes without it");
    s->start = footer->summary_start;
    s->end = end;
    s->chunks_in_order = true;
    int err = 0;
    if (footer->summary_crc != 0 && !r->options.ignore_crc)
        err = summary_check_crc(r, footer_offset, footer->summary_crc);
    struct overview o = { 0, 0, 0 };
    if (!err)
        err = summary_walk(r, overview_visit, &o);
    if (err)
        return err;
    s->channels_complete = s->has_statistics && o.channels == s->statistics.channel_count;
    s->valid = true;
    return 0;
}

int summary_open(struct mcap_reader *r)
{
    struct mcap_footer footer;
    uint64_t footer_offset;
    int err = footer_find(r, &footer, &footer_offset);
    if (err || footer_offset == 0)
        return err;
    r->complete = true;
    if (footer.summary_start == 0)
        return 0;
    err = summary_load(r, &footer, footer_offset);
    if (err) {
        r->summary = (struct summary){ .valid = false };
        return loss_take(r, footer.summary_start, 0, false) ? 0 : err;
    }
    return 0;
}
