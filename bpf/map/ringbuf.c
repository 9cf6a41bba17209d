/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Ring buffer: records of any size, read once, in order of reservation (Linux:
 * kernel/bpf/ringbuf.c, whose record header and positions these are: consumer and producer count
 * bytes and never wrap, records are busy until committed).
 *
 * Linux maps the ring twice so that a record may cross its end. We have one mapping: a record that
 * would cross it is preceded by a discarded one that fills the rest. Readers skip discarded records
 * anyway.
 *
 * The second word of a header is its distance from struct bpf_map in units of 8 bytes (Linux: in
 * pages), so that a record leads to its map. */
#include <bpf_internal/map.h>

struct ringbuf_header {
    uint32_t length_flags;
    uint32_t map_distance;
};
_Static_assert(sizeof(struct ringbuf_header) == BPF_RINGBUF_HDR_SZ, "Linux's layout");

struct ringbuf_map {
    struct bpf_map map;
    uint64_t consumer, producer;
    uint64_t mask;
    uint8_t ring[] __attribute__((aligned(16)));
};

#define LENGTH_MASK     (~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT))
#define RECORD_SIZE_MAX (LENGTH_MASK / 4)

static struct ringbuf_map *ringbuf_of(const struct bpf_map *map)
{
    return CONTAINER_OF(map, struct ringbuf_map, map);
}

static int ringbuf_check(const struct bpf_map_spec *spec, uint64_t *size_bytes,
                         struct bpf_error *error)
{
    if (spec->key_size != 0 || spec->value_size != 0)
        return map_refuse(spec, error, "a ring buffer has no key and no value");
    if (!is_power_of_two(spec->max_entries) || spec->max_entries < 64)
        return map_refuse(
            spec, error,
            "max_entries is the ring's size in bytes: a power of two, at least 64, not %u",
            spec->max_entries);
    *size_bytes = sizeof(struct ringbuf_map) + (uint64_t)spec->max_entries;
    return 0;
}

static void ringbuf_init(struct bpf_map *map)
{
    ringbuf_of(map)->mask = map->max_entries - 1;
}

static struct ringbuf_header *header_at(const struct ringbuf_map *ringbuf, uint64_t position)
{
    return (struct ringbuf_header *)((uintptr_t)ringbuf->ring + (position & ringbuf->mask));
}

static uint64_t total_size(uint64_t data_size)
{
    return align_up64(data_size + BPF_RINGBUF_HDR_SZ, 8);
}

static struct ringbuf_header *append(struct ringbuf_map *ringbuf, uint64_t total,
                                     uint32_t length_flags)
{
    struct ringbuf_header *header = header_at(ringbuf, ringbuf->producer);
    header->length_flags = length_flags;
    header->map_distance = (uint32_t)(((uintptr_t)header - (uintptr_t)&ringbuf->map) / 8);
    ringbuf->producer += total;
    return header;
}

void *bpf_ringbuf_reserve(struct bpf_map *map, uint64_t size_bytes)
{
    struct ringbuf_map *ringbuf = ringbuf_of(map);
    if (map->ops != &bpf_ringbuf_ops || size_bytes > RECORD_SIZE_MAX)
        return NULL;
    uint64_t total = total_size(size_bytes);
    uint64_t to_end = map->max_entries - (ringbuf->producer & ringbuf->mask);
    uint64_t filler = total > to_end ? to_end : 0;
    /* Linux keeps one byte free, in effect eight, so that full and empty differ. */
    if (total > ringbuf->mask ||
        ringbuf->producer + filler + total - ringbuf->consumer > ringbuf->mask)
        return NULL;
    if (filler != 0)
        append(ringbuf, filler, (uint32_t)(filler - BPF_RINGBUF_HDR_SZ) | BPF_RINGBUF_DISCARD_BIT);
    bpf_map_touch(map);
    return append(ringbuf, total, (uint32_t)size_bytes | BPF_RINGBUF_BUSY_BIT) + 1;
}

/* Wakes the reader if it has read everything before this record: otherwise it is awake, or was told
 * already. */
static void commit(void *record, uint64_t flags, uint32_t set)
{
    struct ringbuf_header *header = (struct ringbuf_header *)record - 1;
    struct bpf_map *map =
        (struct bpf_map *)((uintptr_t)header - (uintptr_t)header->map_distance * 8);
    struct ringbuf_map *ringbuf = ringbuf_of(map);
    header->length_flags = (header->length_flags & ~BPF_RINGBUF_BUSY_BIT) | set;
    bpf_map_touch(map);
    bool caught_up = header_at(ringbuf, ringbuf->consumer) == header;
    bool wake =
        (flags & BPF_RB_FORCE_WAKEUP) != 0 || (caught_up && (flags & BPF_RB_NO_WAKEUP) == 0);
    const struct bpf_env *env = map->env;
    if (wake && env->platform != NULL && env->platform->ringbuf_notify != NULL)
        env->platform->ringbuf_notify(env->user, map);
}

void bpf_ringbuf_submit(void *record, uint64_t flags)
{
    commit(record, flags, 0);
}

void bpf_ringbuf_discard(void *record, uint64_t flags)
{
    commit(record, flags, BPF_RINGBUF_DISCARD_BIT);
}

int bpf_ringbuf_output(struct bpf_map *map, const void *data, uint64_t size_bytes, uint64_t flags)
{
    if ((flags & ~(uint64_t)(BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP)) != 0)
        return -EINVAL;
    void *record = bpf_ringbuf_reserve(map, size_bytes);
    if (record == NULL)
        return -EAGAIN;
    memcpy(record, data, size_bytes);
    bpf_ringbuf_submit(record, flags);
    return 0;
}

uint64_t bpf_ringbuf_query(const struct bpf_map *map, uint64_t flags)
{
    const struct ringbuf_map *ringbuf = ringbuf_of(map);
    if (map->ops != &bpf_ringbuf_ops)
        return 0;
    switch (flags) {
    case BPF_RB_AVAIL_DATA:
        return ringbuf->producer - ringbuf->consumer;
    case BPF_RB_RING_SIZE:
        return map->max_entries;
    case BPF_RB_CONS_POS:
        return ringbuf->consumer;
    case BPF_RB_PROD_POS:
        return ringbuf->producer;
    default:
        return 0;
    }
}

/* The first record at or after *position that is not discarded; false at the end or at one still
 * busy. */
static bool skip_discarded(const struct ringbuf_map *ringbuf, uint64_t *position,
                           uint32_t *size_bytes)
{
    while (*position < ringbuf->producer) {
        uint32_t length_flags = header_at(ringbuf, *position)->length_flags;
        *size_bytes = length_flags & LENGTH_MASK;
        if ((length_flags & BPF_RINGBUF_BUSY_BIT) != 0)
            return false;
        if ((length_flags & BPF_RINGBUF_DISCARD_BIT) == 0)
            return true;
        *position += total_size(*size_bytes);
    }
    return false;
}

bool bpf_ringbuf_peek(struct bpf_map *map, const void **data, uint32_t *size_bytes)
{
    struct ringbuf_map *ringbuf = ringbuf_of(map);
    uint64_t before = ringbuf->consumer;
    bool found = skip_discarded(ringbuf, &ringbuf->consumer, size_bytes);
    if (ringbuf->consumer != before)
        bpf_map_touch(map);
    if (found)
        *data = header_at(ringbuf, ringbuf->consumer) + 1;
    return found;
}

void bpf_ringbuf_consume(struct bpf_map *map)
{
    struct ringbuf_map *ringbuf = ringbuf_of(map);
    uint32_t size_bytes;
    if (!skip_discarded(ringbuf, &ringbuf->consumer, &size_bytes))
        return;
    ringbuf->consumer += total_size(size_bytes);
    bpf_map_touch(map);
}

/* The cursor is how far after the consumer's position the next record is. */
static bool ringbuf_iterate(const struct bpf_map *map, uint64_t *cursor, struct bpf_map_entry *out)
{
    const struct ringbuf_map *ringbuf = ringbuf_of(map);
    uint64_t position = ringbuf->consumer + *cursor;
    uint32_t size_bytes;
    if (!skip_discarded(ringbuf, &position, &size_bytes))
        return false;
    *out = (struct bpf_map_entry){ .value = header_at(ringbuf, position) + 1,
                                   .value_size = size_bytes };
    *cursor = position + total_size(size_bytes) - ringbuf->consumer;
    return true;
}

static bool ringbuf_holds(const struct bpf_map *map, uint64_t offset, uint64_t size_bytes)
{
    const struct ringbuf_map *ringbuf = ringbuf_of(map);
    uint64_t position = ringbuf->consumer;
    while (position < ringbuf->producer) {
        const struct ringbuf_header *header = header_at(ringbuf, position);
        uint64_t start = (uintptr_t)(header + 1) - (uintptr_t)map,
                 length = header->length_flags & LENGTH_MASK;
        if ((header->length_flags & BPF_RINGBUF_BUSY_BIT) != 0 && offset >= start &&
            size_bytes <= length && offset - start <= length - size_bytes)
            return true;
        position += total_size(length);
    }
    return false;
}

const struct bpf_map_ops bpf_ringbuf_ops = {
    .type = BPF_MAP_TYPE_RINGBUF,
    .name = "ringbuf",
    .bit = BPF_MAP_BIT_RINGBUF,
    .check = ringbuf_check,
    .init = ringbuf_init,
    .iterate = ringbuf_iterate,
    .holds = ringbuf_holds,
};
