/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Messages in order of time where chunks overlap: a merge of the chunks that are open at one time.
 *
 * Chunks are opened in order of their start time, and not before the messages of others reach it.
 * The least message of all open ones is the next; those of one time come in file order: by chunk,
 * then by place within. Memory is that of the chunks which overlap, so a file in which all overlap
 * meets the memory limit, and a message that says so. A file whose chunks do not overlap is read
 * front to back and needs none of this. */
#include "reader_internal.h"

#include <axiom/bits.h>
#include <stdlib.h>
#include <string.h>

static int place_compare(const void *a, const void *b)
{
    const struct chunk_place *x = a, *y = b;
    if (x->start_time != y->start_time)
        return x->start_time < y->start_time ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static int place_visit(struct mcap_reader *r, void *context, const struct mcap_record *record,
                       uint64_t offset)
{
    (void)context;
    struct mcap_chunk_index index;
    if (record->opcode != MCAP_CHUNK_INDEX || mcap_parse_chunk_index(record->body, &index))
        return 0;
    if (r->place_count == r->summary.chunk_count) /* another program changed the file */
        return reader_fail(r, -EBADMSG, offset, "the summary changed while it was read");
    r->place[r->place_count++] = (struct chunk_place){ index.start_time, index.end_time,
                                                       index.chunk_offset, index.chunk_size };
    return 0;
}

static int places_load(struct mcap_reader *r)
{
    r->merging = true;
    r->place = reader_allocate(r, (size_t)r->summary.chunk_count * sizeof *r->place);
    if (r->place == NULL)
        return r->error.code;
    int err = summary_walk(r, place_visit, NULL);
    if (err)
        return err;
    qsort(r->place, r->place_count, sizeof *r->place, place_compare);
    return 0;
}

int order_prepare(struct mcap_reader *r)
{
    r->order = MCAP_ORDER_FILE;
    if (r->options.order == MCAP_ORDER_FILE || !r->summary.valid || r->summary.chunk_count == 0)
        return 0;
    r->order = MCAP_ORDER_TIME;
    if (r->summary.chunks_in_order)
        return 0;
    int err = places_load(r);
    /* Chunks will be opened out of file order: every channel must be known before. */
    if (!err && !r->summary.channels_complete)
        err = info_make(r);
    return err;
}

static void slot_retire(struct mcap_reader *r, struct chunk_slot *slot)
{
    slot->active = false;
    slot->next_free = r->free_slots;
    r->free_slots = slot;
}

void order_rewind(struct mcap_reader *r)
{
    while (r->heap_count > 0)
        slot_retire(r, r->heap[--r->heap_count]);
    r->place_next = 0;
    r->head_delivered = false;
}

void order_close(struct mcap_reader *r)
{
    order_rewind(r);
    while (r->free_slots != NULL) {
        struct chunk_slot *slot = r->free_slots;
        r->free_slots = slot->next_free;
        buffer_free(r, &slot->raw);
        buffer_free(r, &slot->data);
        buffer_free(r, &slot->places);
        free(slot);
    }
    free(r->heap);
    free(r->place);
}

/* --- the heap --- */

static bool slot_before(const struct chunk_slot *a, const struct chunk_slot *b)
{
    if (a->head.log_time != b->head.log_time)
        return a->head.log_time < b->head.log_time;
    return a->offset < b->offset;
}

static void heap_down(struct mcap_reader *r, size_t at)
{
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < r->heap_count; child++) {
            if (slot_before(r->heap[child], r->heap[least]))
                least = child;
        }
        if (least == at)
            return;
        struct chunk_slot *slot = r->heap[at];
        r->heap[at] = r->heap[least];
        r->heap[least] = slot;
        at = least;
    }
}

static int heap_push(struct mcap_reader *r, struct chunk_slot *slot)
{
    if (r->heap_count == r->heap_capacity) {
        size_t capacity = r->heap_capacity == 0 ? 16 : 2 * r->heap_capacity;
        struct chunk_slot **heap = realloc(r->heap, capacity * sizeof *heap);
        if (heap == NULL)
            return reader_fail(r, -ENOMEM, slot->offset, "no memory for %zu open chunks", capacity);
        r->heap = heap;
        r->heap_capacity = capacity;
    }
    size_t at = r->heap_count++;
    for (; at > 0 && slot_before(slot, r->heap[(at - 1) / 2]); at = (at - 1) / 2)
        r->heap[at] = r->heap[(at - 1) / 2];
    r->heap[at] = slot;
    return 0;
}

/* --- chunks --- */

/* To the chunk's next wanted message; false if it has none left. */
static bool slot_advance(const struct mcap_reader *r, struct chunk_slot *slot)
{
    while (chunk_take(slot, &slot->head, &slot->head_offset)) {
        if (message_wanted(r, slot->head.log_time))
            return true;
    }
    return false;
}

/* A slot gives its buffers back only when another needs more than the limit allows. */
static struct chunk_slot *slot_new(struct mcap_reader *r)
{
    struct chunk_slot *slot = r->free_slots;
    if (slot != NULL) {
        r->free_slots = slot->next_free;
        return slot;
    }
    slot = calloc(1, sizeof *slot);
    if (slot == NULL)
        reader_fail(r, -ENOMEM, r->scan.offset, "no memory for a chunk");
    return slot;
}

static int place_check(struct mcap_reader *r, const struct chunk_place *place, struct found *found)
{
    const uint8_t *at = NULL;
    int64_t got = window_get(r, place->offset, MCAP_PREFIX_SIZE, &at);
    if (got < 0)
        return (int)got;
    if (got < (int64_t)MCAP_PREFIX_SIZE || at[0] != MCAP_CHUNK ||
        get_le64(at + 1) != place->size - MCAP_PREFIX_SIZE)
        return reader_fail(
            r, -EBADMSG, place->offset,
            "the chunk index points here, where no such chunk is; reading in file order may help");
    *found = (struct found){ MCAP_CHUNK, place->offset, place->offset + MCAP_PREFIX_SIZE,
                             get_le64(at + 1) };
    return 0;
}

static int chunk_open(struct mcap_reader *r, const struct chunk_place *place)
{
    struct found found;
    struct chunk_slot *slot = slot_new(r);
    if (slot == NULL)
        return r->error.code;
    int err = place_check(r, place, &found);
    if (!err)
        err = chunk_load(r, slot, &found, true);
    if (!err && slot_advance(r, slot))
        err = heap_push(r, slot);
    else
        slot_retire(r, slot);
    if (err)
        return loss_take(r, place->offset, place->size, true) ? 0 : err;
    return 0;
}

static bool place_wanted(const struct mcap_reader *r, const struct chunk_place *place)
{
    return place->end_time >= r->options.start_time &&
           (r->options.end_time == 0 || place->start_time <= r->options.end_time);
}

int order_next_message(struct mcap_reader *r, struct mcap_item *item)
{
    if (r->head_delivered) {
        r->head_delivered = false;
        struct chunk_slot *slot = r->heap[0];
        if (!slot_advance(r, slot)) {
            r->heap[0] = r->heap[--r->heap_count];
            slot_retire(r, slot);
        }
        heap_down(r, 0);
    }
    while (r->place_next < r->place_count) {
        const struct chunk_place *place = &r->place[r->place_next];
        if (r->heap_count > 0 && place->start_time > r->heap[0]->head.log_time)
            break;
        r->place_next++;
        int err = place_wanted(r, place) ? chunk_open(r, place) : 0;
        if (err)
            return err;
    }
    if (r->heap_count == 0)
        return 0;
    const struct chunk_slot *least = r->heap[0];
    item->message = least->head;
    item->channel = channel_at(r, least->head.channel_id);
    item->offset = least->offset;
    r->head_delivered = true;
    return 1;
}

/* --- seeking where chunks are in order --- */

static int first_visit(struct mcap_reader *r, void *context, const struct mcap_record *record,
                       uint64_t offset)
{
    (void)offset;
    uint64_t *first = context;
    struct mcap_chunk_index index;
    if (record->opcode != MCAP_CHUNK_INDEX || mcap_parse_chunk_index(record->body, &index))
        return 0;
    if (index.end_time < r->options.start_time)
        return 0;
    *first = index.chunk_offset;
    return 1;
}

int order_first_offset(struct mcap_reader *r, uint64_t *offset)
{
    *offset = MCAP_MAGIC_SIZE;
    bool known = r->summary.valid && r->summary.chunks_in_order && r->summary.channels_complete;
    if (!known || r->summary.chunk_count == 0 || r->options.start_time == 0)
        return 0;
    uint64_t first = r->summary.start; /* nothing is wanted: the summary is no data, and the end */
    int err = summary_walk(r, first_visit, &first);
    if (err < 0)
        return err;
    *offset = first;
    return 0;
}
