/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Ring buffer: records of any size, read once, in order of reservation (Linux:
 * kernel/bpf/ringbuf.c, whose record header, positions and pages these are: consumer and producer
 * count bytes and never wrap, records are busy until committed).
 *
 * Where the env can map memory twice (alloc_ring) the layout is Linux's: struct bpf_map and what
 * the kernel keeps to itself, the consumer's page, the producer's page, the ring, the ring again; a
 * record may cross the end. Otherwise, and for rings smaller than a page, there is one ring right
 * behind struct bpf_map, and a record that would cross its end is preceded by a discarded one that
 * fills the rest. Readers skip discarded records anyway.
 *
 * The second word of a header leads to the map: its distance in pages, as in Linux, or, marked by
 * the highest bit, in units of 8 bytes.
 *
 * Reserving takes a lock; committing is one exchange. The consumer's page may be written by someone
 * who means harm, so room is also counted from the oldest record that is still busy. */
#include <bpf_internal/map.h>

struct ringbuf_header {
    uint32_t length_flags;
    uint32_t map_distance;
};
_Static_assert(sizeof(struct ringbuf_header) == BPF_RINGBUF_HDR_SZ, "Linux's layout");

struct ringbuf_map {
    struct bpf_map map;
    uint64_t mask;
    uint8_t *ring;
    uint64_t *consumer, *producer;
    bool is_twice; /* the ring is mapped a second time right behind */
    uint32_t lock;
    /* lock protects the producer's position, and: */
    uint64_t pending; /* no record before it is busy */
    uint64_t own_positions[2];
    uint8_t own_ring[] __attribute__((aligned(16)));
};

#define LENGTH_MASK     (~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT))
#define RECORD_SIZE_MAX (LENGTH_MASK / 4)
#define IN_WORDS        (1u << 31) /* of map_distance */

/* Consumer's and producer's page behind the kernel's own. */
#define RING_HEAD_SIZE (align_up64(sizeof(struct ringbuf_map), BPF_PAGE_SIZE) + 2 * BPF_PAGE_SIZE)

static struct ringbuf_map *ringbuf_of(const struct bpf_map *map)
{
    return CONTAINER_OF(map, struct ringbuf_map, map);
}

static int ringbuf_check(const struct bpf_map_spec *spec, uint32_t cpu_count, uint64_t *size_bytes,
                         struct bpf_error *error)
{
    (void)cpu_count;
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

struct bpf_map *bpf_ringbuf_alloc(const struct bpf_env *env, const struct bpf_map_spec *spec,
                                  uint64_t *size_bytes)
{
    if (env->alloc_ring == NULL || spec->max_entries % BPF_PAGE_SIZE != 0)
        return NULL;
    struct bpf_map *map = env->alloc_ring(env->user, RING_HEAD_SIZE, spec->max_entries);
    if (map != NULL)
        *size_bytes = RING_HEAD_SIZE + 2 * (uint64_t)spec->max_entries;
    return map;
}

bool bpf_ringbuf_free(struct bpf_map *map)
{
    if (!ringbuf_of(map)->is_twice)
        return false;
    map->env->free_ring(map->env->user, map, RING_HEAD_SIZE, map->max_entries);
    return true;
}

static void ringbuf_init(struct bpf_map *map, const struct bpf_map_spec *spec)
{
    struct ringbuf_map *ringbuf = ringbuf_of(map);
    ringbuf->mask = spec->max_entries - 1;
    ringbuf->is_twice = map->size_bytes > sizeof *ringbuf + spec->max_entries;
    if (!ringbuf->is_twice) {
        ringbuf->ring = ringbuf->own_ring;
        ringbuf->consumer = &ringbuf->own_positions[0];
        ringbuf->producer = &ringbuf->own_positions[1];
        return;
    }
    ringbuf->ring = (uint8_t *)map + RING_HEAD_SIZE;
    ringbuf->consumer = (uint64_t *)(void *)(ringbuf->ring - 2 * BPF_PAGE_SIZE);
    ringbuf->producer = (uint64_t *)(void *)(ringbuf->ring - BPF_PAGE_SIZE);
}

bool bpf_ringbuf_pages(const struct bpf_map *map, struct bpf_ringbuf_pages *out)
{
    const struct ringbuf_map *ringbuf = ringbuf_of(map);
    if (map->ops != &bpf_ringbuf_ops || !ringbuf->is_twice)
        return false;
    *out = (struct bpf_ringbuf_pages){ ringbuf->consumer, ringbuf->producer, ringbuf->ring,
                                       map->max_entries };
    return true;
}

static struct ringbuf_header *header_at(const struct ringbuf_map *ringbuf, uint64_t position)
{
    return (struct ringbuf_header *)((uintptr_t)ringbuf->ring + (position & ringbuf->mask));
}

static uint64_t consumer_of(const struct ringbuf_map *ringbuf)
{
    return __atomic_load_n(ringbuf->consumer, __ATOMIC_ACQUIRE);
}

static uint64_t producer_of(const struct ringbuf_map *ringbuf)
{
    return __atomic_load_n(ringbuf->producer, __ATOMIC_ACQUIRE);
}

static uint32_t length_flags_of(const struct ringbuf_header *header)
{
    return __atomic_load_n(&header->length_flags, __ATOMIC_ACQUIRE);
}

static uint32_t distance_of(const struct ringbuf_map *ringbuf, const struct ringbuf_header *header)
{
    uintptr_t distance = (uintptr_t)header - (uintptr_t)&ringbuf->map;
    return ringbuf->is_twice ? (uint32_t)(distance / BPF_PAGE_SIZE)
                             : (uint32_t)(distance / 8) | IN_WORDS;
}

static struct bpf_map *map_of(const struct ringbuf_header *header)
{
    uintptr_t at = (uintptr_t)header;
    if ((header->map_distance & IN_WORDS) != 0)
        return (struct bpf_map *)(at - (uintptr_t)(header->map_distance & ~IN_WORDS) * 8);
    at -= at % BPF_PAGE_SIZE;
    return (struct bpf_map *)(at - (uintptr_t)header->map_distance * BPF_PAGE_SIZE);
}

static uint64_t total_size(uint64_t data_size)
{
    return align_up64(data_size + BPF_RINGBUF_HDR_SZ, 8);
}

/* The producer's position comes last: who sees it sees the header. */
static struct ringbuf_header *append_locked(struct ringbuf_map *ringbuf, uint64_t total,
                                            uint32_t length_flags)
{
    uint64_t position = *ringbuf->producer;
    struct ringbuf_header *header = header_at(ringbuf, position);
    __atomic_store_n(&header->length_flags, length_flags, __ATOMIC_RELAXED);
    header->map_distance = distance_of(ringbuf, header);
    __atomic_store_n(ringbuf->producer, position + total, __ATOMIC_RELEASE);
    return header;
}

static void move_pending_locked(struct ringbuf_map *ringbuf)
{
    uint64_t end = *ringbuf->producer;
    while (ringbuf->pending < end) {
        uint32_t length_flags = length_flags_of(header_at(ringbuf, ringbuf->pending));
        if ((length_flags & BPF_RINGBUF_BUSY_BIT) != 0)
            return;
        ringbuf->pending += total_size(length_flags & LENGTH_MASK);
    }
}

/* Linux keeps one byte free, in effect eight, so that full and empty differ. */
static bool has_room_locked(struct ringbuf_map *ringbuf, uint64_t size)
{
    uint64_t end = *ringbuf->producer + size;
    if (end - consumer_of(ringbuf) > ringbuf->mask)
        return false;
    if (!ringbuf->is_twice)
        return true;
    move_pending_locked(ringbuf);
    return end - ringbuf->pending <= ringbuf->mask;
}

static struct ringbuf_header *reserve_locked(struct ringbuf_map *ringbuf, uint64_t size_bytes)
{
    uint64_t total = total_size(size_bytes), filler = 0;
    uint64_t to_end = ringbuf->map.max_entries - (*ringbuf->producer & ringbuf->mask);
    if (!ringbuf->is_twice && total > to_end)
        filler = to_end;
    if (total > ringbuf->mask || !has_room_locked(ringbuf, filler + total))
        return NULL;
    if (filler != 0)
        append_locked(ringbuf, filler,
                      (uint32_t)(filler - BPF_RINGBUF_HDR_SZ) | BPF_RINGBUF_DISCARD_BIT);
    return append_locked(ringbuf, total, (uint32_t)size_bytes | BPF_RINGBUF_BUSY_BIT);
}

void *bpf_ringbuf_reserve(struct bpf_map *map, uint64_t size_bytes)
{
    struct ringbuf_map *ringbuf = ringbuf_of(map);
    if (map->ops != &bpf_ringbuf_ops || size_bytes > RECORD_SIZE_MAX)
        return NULL;
    uint64_t state = map_lock(map->env, &ringbuf->lock);
    struct ringbuf_header *header = reserve_locked(ringbuf, size_bytes);
    map_unlock(map->env, &ringbuf->lock, state);
    if (header == NULL)
        return NULL;
    bpf_map_touch(map);
    return header + 1;
}

/* Wakes the reader if it has read everything before this record: otherwise it is awake, or was told
 * already. The exchange stands between our word and the look at its position. */
static void commit(void *record, uint64_t flags, uint32_t set)
{
    struct ringbuf_header *header = (struct ringbuf_header *)record - 1;
    struct bpf_map *map = map_of(header);
    struct ringbuf_map *ringbuf = ringbuf_of(map);
    uint32_t length = header->length_flags & ~BPF_RINGBUF_BUSY_BIT;
    __atomic_exchange_n(&header->length_flags, length | set, __ATOMIC_SEQ_CST);
    bpf_map_touch(map);
    bool caught_up = header_at(ringbuf, consumer_of(ringbuf)) == header;
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
        return producer_of(ringbuf) - consumer_of(ringbuf);
    case BPF_RB_RING_SIZE:
        return map->max_entries;
    case BPF_RB_CONS_POS:
        return consumer_of(ringbuf);
    case BPF_RB_PROD_POS:
        return producer_of(ringbuf);
    default:
        return 0;
    }
}

/* The first record at or after *position that is not discarded; false at the end or at one still
 * busy. */
static bool skip_discarded(const struct ringbuf_map *ringbuf, uint64_t *position,
                           uint32_t *size_bytes)
{
    while (*position < producer_of(ringbuf)) {
        uint32_t length_flags = length_flags_of(header_at(ringbuf, *position));
        *size_bytes = length_flags & LENGTH_MASK;
        if ((length_flags & BPF_RINGBUF_BUSY_BIT) != 0)
            return false;
        if ((length_flags & BPF_RINGBUF_DISCARD_BIT) == 0)
            return true;
        *position += total_size(*size_bytes);
    }
    return false;
}

static void consume_to(struct bpf_map *map, uint64_t position)
{
    struct ringbuf_map *ringbuf = ringbuf_of(map);
    if (position == consumer_of(ringbuf))
        return;
    __atomic_store_n(ringbuf->consumer, position, __ATOMIC_RELEASE);
    bpf_map_touch(map);
}

bool bpf_ringbuf_peek(struct bpf_map *map, const void **data, uint32_t *size_bytes)
{
    struct ringbuf_map *ringbuf = ringbuf_of(map);
    uint64_t position = consumer_of(ringbuf);
    bool found = skip_discarded(ringbuf, &position, size_bytes);
    consume_to(map, position);
    if (found)
        *data = header_at(ringbuf, position) + 1;
    return found;
}

void bpf_ringbuf_consume(struct bpf_map *map)
{
    struct ringbuf_map *ringbuf = ringbuf_of(map);
    uint64_t position = consumer_of(ringbuf);
    uint32_t size_bytes;
    if (skip_discarded(ringbuf, &position, &size_bytes))
        consume_to(map, position + total_size(size_bytes));
}

/* The cursor is how far after the consumer's position the next record is. */
static bool ringbuf_iterate(const struct bpf_map *map, uint64_t *cursor, struct bpf_map_entry *out)
{
    const struct ringbuf_map *ringbuf = ringbuf_of(map);
    uint64_t position = consumer_of(ringbuf) + *cursor;
    uint32_t size_bytes;
    if (!skip_discarded(ringbuf, &position, &size_bytes))
        return false;
    *out = (struct bpf_map_entry){ .value = header_at(ringbuf, position) + 1,
                                   .value_size = size_bytes,
                                   .value_count = 1 };
    *cursor = position + total_size(size_bytes) - consumer_of(ringbuf);
    return true;
}

static bool ringbuf_holds(const struct bpf_map *map, uint64_t offset, uint64_t size_bytes)
{
    const struct ringbuf_map *ringbuf = ringbuf_of(map);
    uint64_t position = consumer_of(ringbuf);
    while (position < producer_of(ringbuf)) {
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

static int no_update(struct bpf_map *map, const void *key, const void *value, uint64_t flags)
{
    (void)map;
    (void)key;
    (void)value;
    (void)flags;
    return -ENOTSUPP;
}

static int no_copy(struct bpf_map *map, const void *key, void *value)
{
    return no_update(map, key, value, 0);
}

static int no_delete(struct bpf_map *map, const void *key)
{
    return no_update(map, key, NULL, 0);
}

const struct bpf_map_ops bpf_ringbuf_ops = {
    .type = BPF_MAP_TYPE_RINGBUF,
    .name = "ringbuf",
    .bit = BPF_MAP_BIT_RINGBUF,
    .flags = BPF_F_NUMA_NODE,
    .check = ringbuf_check,
    .init = ringbuf_init,
    .update = no_update,
    .delete = no_delete,
    .copy = no_copy,
    .next = no_copy,
    .iterate = ringbuf_iterate,
    .holds = ringbuf_holds,
};
