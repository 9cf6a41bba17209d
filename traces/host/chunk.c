/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One chunk in memory. A chunk is taken whole or not at all: before the first message of it is
 * given out, it was decompressed, held against its CRC, and walked from end to end. */
#include "reader_internal.h"

#include <axiom/crc32.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool message_wanted(const struct mcap_reader *r, uint64_t log_time)
{
    return log_time >= r->options.start_time &&
           (r->options.end_time == 0 || log_time <= r->options.end_time);
}

static int records_get(struct mcap_reader *r, struct chunk_slot *slot,
                       const struct mcap_chunk *chunk)
{
    enum compression compression = compression_of(chunk->compression);
    if (compression == COMPRESSION_UNKNOWN)
        return reader_fail(r, -EOPNOTSUPP, slot->offset,
                           "a chunk compressed with \"%.*s\"; convert it with `mcap compress`",
                           (int)(chunk->compression.size < 40 ? chunk->compression.size : 40),
                           chunk->compression.at);
    if (compression == COMPRESSION_NONE) {
        if (chunk->uncompressed_size != chunk->records.size)
            return reader_fail(r, -EBADMSG, slot->offset,
                               "an uncompressed chunk with two different sizes");
        slot->records = chunk->records.at;
        slot->size = (size_t)chunk->records.size;
        return 0;
    }
    if (chunk->uncompressed_size > SIZE_MAX / 2)
        return reader_fail(r, -EFBIG, slot->offset, "a chunk of %" PRIu64 " bytes",
                           chunk->uncompressed_size);
    int err = buffer_need(r, &slot->data, (size_t)chunk->uncompressed_size, slot->offset);
    if (err)
        return err;
    slot->records = slot->data.at;
    slot->size = (size_t)chunk->uncompressed_size;
    err = decompress(&r->decompressor, compression, chunk->records, slot->data.at, slot->size);
    if (err == -EOPNOTSUPP)
        return reader_fail(r, err, slot->offset,
                           "this build cannot read %s chunks; install its library and build again",
                           compression == COMPRESSION_LZ4 ? "lz4" : "zstd");
    return err ? reader_fail(r, err, slot->offset, "a chunk whose compressed data is corrupt") : 0;
}

static int place_add(struct mcap_reader *r, struct chunk_slot *slot, uint64_t log_time,
                     size_t offset)
{
    size_t need = (slot->place_count + 1) * sizeof(struct message_place);
    if (need > slot->places.size) {
        int err = buffer_need(r, &slot->places, need * 2, slot->offset);
        if (err)
            return err;
    }
    ((struct message_place *)(void *)slot->places.at)[slot->place_count++] =
        (struct message_place){ log_time, offset };
    return 0;
}

static int place_compare(const void *a, const void *b)
{
    const struct message_place *x = a, *y = b;
    if (x->log_time != y->log_time)
        return x->log_time < y->log_time ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Lists the messages in order of time. */
static int places_make(struct mcap_reader *r, struct chunk_slot *slot)
{
    struct mcap_cursor cursor = { slot->records, slot->size, 0 };
    struct mcap_record record;
    struct mcap_message message;
    for (size_t offset = 0; mcap_record_next(&cursor, &record) == 0; offset = cursor.offset) {
        if (record.opcode != MCAP_MESSAGE)
            continue;
        mcap_parse_message(record.body, &message);
        int err = place_add(r, slot, message.log_time, offset);
        if (err)
            return err;
    }
    qsort(slot->places.at, slot->place_count, sizeof(struct message_place), place_compare);
    return 0;
}

/* Takes the definitions, and checks everything else. */
static int records_check(struct mcap_reader *r, struct chunk_slot *slot, bool *sorted)
{
    struct mcap_cursor cursor = { slot->records, slot->size, 0 };
    struct mcap_record record;
    struct mcap_message message;
    uint64_t last = 0;
    int err;
    *sorted = true;
    while ((err = mcap_record_next(&cursor, &record)) == 0) {
        if (record.opcode == MCAP_MESSAGE) {
            if (mcap_parse_message(record.body, &message))
                return reader_fail(r, -EBADMSG, slot->offset,
                                   "a malformed Message record in a chunk");
            if (channel_at(r, message.channel_id) == NULL)
                return reader_fail(r, -EBADMSG, slot->offset,
                                   "a message on channel %u, which is not defined",
                                   message.channel_id);
            *sorted &= message.log_time >= last;
            last = message.log_time;
        } else if (record.opcode == MCAP_SCHEMA) {
            err = define_schema(r, record.body, slot->offset);
        } else if (record.opcode == MCAP_CHANNEL) {
            err = define_channel(r, record.body, slot->offset);
        }
        if (err)
            return err;
    }
    if (err != -ENODATA)
        return reader_fail(r, -EBADMSG, slot->offset, "a chunk whose records do not fill it");
    return 0;
}

int chunk_load(struct mcap_reader *r, struct chunk_slot *slot, const struct found *found,
               bool in_order_of_time)
{
    slot->active = false;
    slot->offset = found->offset;
    slot->place_count = 0;
    slot->next = 0;
    struct mcap_chunk chunk;
    int err = buffer_read(r, &slot->raw, found->body_offset, found->body_size);
    if (err == -ENODATA)
        return reader_fail(r, -EBADMSG, found->offset, "the file is cut in a chunk");
    if (err)
        return err;
    if (mcap_parse_chunk((struct mcap_bytes){ slot->raw.at, found->body_size }, &chunk))
        return reader_fail(r, -EBADMSG, found->offset, "a malformed Chunk record");
    err = records_get(r, slot, &chunk);
    if (err)
        return err;
    if (chunk.uncompressed_crc != 0 && !r->options.ignore_crc &&
        crc32_update(0, slot->records, slot->size) != chunk.uncompressed_crc)
        return reader_fail(r, -EBADMSG, found->offset,
                           "a chunk whose content does not have its CRC");
    bool sorted;
    err = records_check(r, slot, &sorted);
    if (!err && in_order_of_time && !sorted)
        err = places_make(r, slot);
    slot->active = err == 0;
    return err;
}

int chunk_take(struct chunk_slot *slot, struct mcap_message *message, size_t *offset)
{
    struct mcap_cursor cursor = { slot->records, slot->size, slot->next };
    struct mcap_record record;
    if (slot->place_count > 0) {
        if (slot->next == slot->place_count)
            return 0;
        cursor.offset =
            ((const struct message_place *)(const void *)slot->places.at)[slot->next++].offset;
        *offset = cursor.offset;
        mcap_record_next(&cursor, &record);
        mcap_parse_message(record.body, message);
        return 1;
    }
    for (;;) {
        *offset = cursor.offset;
        if (mcap_record_next(&cursor, &record) != 0)
            return 0;
        slot->next = cursor.offset;
        if (record.opcode == MCAP_MESSAGE) {
            mcap_parse_message(record.body, message);
            return 1;
        }
    }
}
