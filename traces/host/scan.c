/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Reading records one after the other, and going on after damage.
 *
 * What is wrong is one of three: a record that is damaged inside a whole frame (a chunk's CRC),
 * which recovery steps over; a frame that makes no sense, after which only an index can say where
 * the next chunk is; or the file's end where there should be more. */
#include "reader_internal.h"

#include <axiom/bits.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int cut(struct mcap_reader *r, uint64_t offset, const char *where)
{
    return reader_fail(r, -EBADMSG, offset,
                       "the file is cut %s: it was not finished, or not copied whole; what is "
                       "before can be recovered",
                       where);
}

int scan_next(struct mcap_reader *r, struct scan *scan, struct found *found)
{
    const uint8_t *at = NULL;
    int64_t got = window_get(r, scan->offset, MCAP_PREFIX_SIZE, &at);
    if (got < 0)
        return (int)got;
    if (got == 0)
        return cut(r, scan->offset, "before its footer");
    if (at[0] == 0)
        return reader_fail(r, -EBADMSG, scan->offset,
                           "no record begins here, zeros do; what is before can be recovered");
    if (got < (int64_t)MCAP_PREFIX_SIZE)
        return cut(r, scan->offset, "within a record");
    *found =
        (struct found){ at[0], scan->offset, scan->offset + MCAP_PREFIX_SIZE, get_le64(at + 1) };
    if (found->body_size > bytes_left(r, found->body_offset))
        return reader_fail(r, -EBADMSG, scan->offset,
                           "a %s record of %" PRIu64 " bytes where the file has %" PRIu64
                           ": it is cut or damaged; what is before can be recovered",
                           mcap_opcode_name(found->opcode), found->body_size,
                           bytes_left(r, found->body_offset));
    scan->offset = found->body_offset + found->body_size;
    return found->opcode == MCAP_DATA_END || found->opcode == MCAP_FOOTER ? 0 : 1;
}

/* Widens the lost time by what a chunk's head says, if that is there. */
static void loss_time(struct mcap_reader *r, uint64_t offset)
{
    const uint8_t *at = NULL;
    struct mcap_chunk chunk;
    size_t head_size;
    int64_t got = window_get(r, offset, MCAP_PREFIX_SIZE + 128, &at);
    if (got < (int64_t)MCAP_PREFIX_SIZE || at[0] != MCAP_CHUNK)
        return;
    struct mcap_bytes head = { at + MCAP_PREFIX_SIZE, (uint64_t)got - MCAP_PREFIX_SIZE };
    if (mcap_parse_chunk_head(head, get_le64(at + 1), &chunk, &head_size))
        return;
    if (chunk.start_time < r->loss.start_time)
        r->loss.start_time = chunk.start_time;
    if (chunk.end_time > r->loss.end_time)
        r->loss.end_time = chunk.end_time;
}

bool loss_take(struct mcap_reader *r, uint64_t offset, uint64_t size, bool chunk)
{
    if (!r->options.recover || r->error.code != -EBADMSG)
        return false;
    if (r->loss.text[0] == '\0') {
        snprintf(r->loss.text, sizeof r->loss.text, "%.*s", (int)sizeof r->loss.text - 1,
                 r->error.text);
        r->loss.first_offset = offset;
    }
    r->error = (struct mcap_error){ .code = 0 };
    r->loss.byte_count += size;
    r->loss.chunk_count += chunk;
    loss_time(r, offset);
    return true;
}

struct next_chunk {
    uint64_t after;
    uint64_t offset;
};

static int next_chunk_visit(struct mcap_reader *r, void *context, const struct mcap_record *record,
                            uint64_t offset)
{
    (void)r;
    (void)offset;
    struct next_chunk *next = context;
    struct mcap_chunk_index index;
    if (record->opcode == MCAP_CHUNK_INDEX && mcap_parse_chunk_index(record->body, &index) == 0 &&
        index.chunk_offset > next->after && index.chunk_offset < next->offset)
        next->offset = index.chunk_offset;
    return 0;
}

/* After a frame that makes no sense: to the next chunk that the index knows, or the end. */
static int resume(struct mcap_reader *r, struct scan *scan)
{
    uint64_t bad = scan->offset;
    const uint8_t *at = NULL;
    bool chunk = window_get(r, bad, 1, &at) == 1 && at[0] == MCAP_CHUNK;
    struct next_chunk next = { bad, UINT64_MAX };
    struct mcap_error error = r->error;
    if (r->summary.valid)
        summary_walk(r, next_chunk_visit, &next);
    r->error = error;
    uint64_t end = r->summary.valid ? r->summary.start : r->input.size;
    if (r->input.size == INPUT_SIZE_UNKNOWN)
        end = bad;
    uint64_t to = next.offset != UINT64_MAX ? next.offset : end;
    if (to < bad)
        to = bad;
    bool cut_at_end = to == bad; /* nothing is missing but the footer */
    if (!loss_take(r, bad, to - bad, chunk && !cut_at_end))
        return r->error.code;
    scan->offset = to;
    return next.offset != UINT64_MAX;
}

/* True if the chunk cannot have a wanted message, and nothing else in it is needed. */
static bool chunk_skippable(struct mcap_reader *r, const struct found *found)
{
    const uint8_t *at = NULL;
    struct mcap_chunk chunk;
    size_t head_size;
    if (!r->summary.channels_complete || (r->options.start_time == 0 && r->options.end_time == 0))
        return false;
    int64_t got = window_get(r, found->body_offset, 128, &at);
    if (got <= 0)
        return false;
    if (mcap_parse_chunk_head((struct mcap_bytes){ at, (uint64_t)got }, found->body_size, &chunk,
                              &head_size))
        return false;
    return chunk.end_time < r->options.start_time ||
           (r->options.end_time != 0 && chunk.start_time > r->options.end_time);
}

/* One record of the data section: 1 if it is a message that is wanted. */
static int record_take(struct mcap_reader *r, const struct found *found, struct mcap_item *item)
{
    struct mcap_bytes body;
    if (found->opcode == MCAP_CHUNK)
        return chunk_skippable(r, found)
                   ? 0
                   : chunk_load(r, &r->slot, found, r->order == MCAP_ORDER_TIME);
    if (found->opcode != MCAP_SCHEMA && found->opcode != MCAP_CHANNEL &&
        found->opcode != MCAP_MESSAGE)
        return 0;
    int err = body_load(r, found, &body);
    if (err == -ENODATA)
        return cut(r, found->offset, "within a record");
    if (err)
        return err;
    if (found->opcode == MCAP_SCHEMA)
        return define_schema(r, body, found->offset);
    if (found->opcode == MCAP_CHANNEL)
        return define_channel(r, body, found->offset);
    if (mcap_parse_message(body, &item->message))
        return reader_fail(r, -EBADMSG, found->offset, "a malformed Message record");
    item->channel = channel_at(r, item->message.channel_id);
    if (item->channel == NULL)
        return reader_fail(r, -EBADMSG, found->offset,
                           "a message on channel %u, which is not defined",
                           item->message.channel_id);
    item->offset = found->offset;
    return message_wanted(r, item->message.log_time);
}

static int chunk_next_message(struct mcap_reader *r, struct mcap_item *item)
{
    size_t offset;
    while (chunk_take(&r->slot, &item->message, &offset)) {
        if (!message_wanted(r, item->message.log_time))
            continue;
        item->channel = channel_at(r, item->message.channel_id);
        item->offset = r->slot.offset;
        return 1;
    }
    r->slot.active = false;
    return 0;
}

int scan_next_message(struct mcap_reader *r, struct mcap_item *item)
{
    for (;;) {
        if (r->slot.active && chunk_next_message(r, item))
            return 1;
        struct found found;
        int result = scan_next(r, &r->scan, &found);
        if (result == 0)
            return 0;
        if (result < 0) {
            result = resume(r, &r->scan);
            if (result <= 0)
                return result;
            continue;
        }
        result = record_take(r, &found, item);
        if (result > 0)
            return 1;
        if (result < 0 &&
            !loss_take(r, found.offset, r->scan.offset - found.offset, found.opcode == MCAP_CHUNK))
            return result;
    }
}
