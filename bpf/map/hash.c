/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Hash: values by keys of any bytes, all nodes allocated beforehand.
 *
 * Each bucket's chain is sorted by hash, then by key. So the walk over a map depends on its
 * contents alone, not on the order in which they came, and it can go on from a key that was deleted
 * meanwhile. Buckets are at least as many as entries, so chains are short.
 *
 * Lookups take no lock: each bucket has a sequence number that is odd while someone changes it, and
 * a lookup that met a change begins again. Free nodes are a list that is popped and pushed by
 * compare-and-swap of (number, count of changes).
 *
 * A node freed by delete may be handed out again in the same run while the program still has a
 * pointer to its value: it then sees the new value, as in Linux's preallocated maps. It never sees
 * other memory. An update of a key that is there changes its value in place. */
#include <bpf_internal/hash.h>

/* --- Creation --- */

static uint32_t bucket_count(uint32_t max_entries)
{
    uint32_t count = 1;
    while (count < max_entries)
        count *= 2;
    return count;
}

static bool is_lru(const struct bpf_map_ops *ops)
{
    return ops == &bpf_lru_hash_ops || ops == &bpf_lru_percpu_hash_ops;
}

static uint32_t value_offset(uint32_t key_size)
{
    return (uint32_t)align_up64(sizeof(struct hash_node) + key_size, 8);
}

static uint32_t node_stride(const struct bpf_map_spec *spec, bool per_cpu)
{
    uint32_t value_size = per_cpu ? 0 : spec->value_size;
    return (uint32_t)align_up64(value_offset(spec->key_size) + value_size, 8);
}

/* Offsets of the parts in the allocation. */
struct layout {
    uint64_t buckets, nodes, links, cpu_values, size;
    uint64_t cpu_stride;
};

static struct layout layout_of(const struct bpf_map_spec *spec, bool lru, bool per_cpu,
                               uint32_t cpu_count)
{
    struct layout l = { .buckets = align_up64(sizeof(struct hash_map), 16) };
    l.nodes =
        align_up64(l.buckets + bucket_count(spec->max_entries) * sizeof(struct hash_bucket), 16);
    l.links = align_up64(l.nodes + (uint64_t)spec->max_entries * node_stride(spec, per_cpu), 16);
    l.cpu_values = l.links;
    if (lru)
        l.cpu_values += ((uint64_t)spec->max_entries + 1) * sizeof(struct lru_link);
    l.size = l.cpu_values;
    if (!per_cpu)
        return l;
    l.cpu_stride = align_up64(spec->max_entries * align_up64(spec->value_size, 8), MAP_CPU_ALIGN);
    l.size += MAP_CPU_ALIGN + cpu_count * l.cpu_stride;
    return l;
}

static int check(const struct bpf_map_spec *spec, bool lru, bool per_cpu, uint32_t cpu_count,
                 uint64_t *size_bytes, struct bpf_error *error)
{
    if (!lru && (spec->flags & BPF_F_NO_COMMON_LRU) != 0)
        return map_refuse(spec, error, "BPF_F_NO_COMMON_LRU is for LRU maps");
    if (lru && (spec->flags & BPF_F_NO_PREALLOC) != 0)
        return map_refuse_with(-ENOTSUPP, spec, error, "an LRU map is always preallocated");
    if ((spec->flags & BPF_F_NUMA_NODE) != 0 &&
        (per_cpu || (spec->flags & BPF_F_NO_COMMON_LRU) != 0))
        return map_refuse(spec, error, "a per-CPU map has no NUMA node of its own");
    if (spec->key_size == 0 || spec->value_size == 0)
        return map_refuse(spec, error, "key_size and value_size must be 1 or more");
    if (per_cpu && align_up64(spec->value_size, 8) > MAP_CPU_VALUE_SIZE_MAX)
        return map_refuse_with(-E2BIG, spec, error, "a per-CPU value has at most %u bytes",
                               MAP_CPU_VALUE_SIZE_MAX);
    if (spec->max_entries > BPF_MAP_MEMORY_MAX / sizeof(struct hash_node))
        return map_refuse_with(-E2BIG, spec, error, "%u entries are too many", spec->max_entries);
    *size_bytes = layout_of(spec, lru, per_cpu, cpu_count).size;
    return 0;
}

#define CHECK(name, lru, per_cpu)                                                              \
    static int name(const struct bpf_map_spec *spec, uint32_t cpu_count, uint64_t *size_bytes, \
                    struct bpf_error *error)                                                   \
    {                                                                                          \
        return check(spec, lru, per_cpu, cpu_count, size_bytes, error);                        \
    }
CHECK(hash_check, false, false)
CHECK(percpu_hash_check, false, true)
CHECK(lru_hash_check, true, false)
CHECK(lru_percpu_hash_check, true, true)

struct bpf_map_spec bpf_hash_spec_of_pointers(const struct bpf_map_spec *spec)
{
    struct bpf_map_spec stored = *spec;
    stored.value_size = sizeof(uint64_t);
    return stored;
}

static void *hash_lookup(struct bpf_map *map, const void *key);
static void *hash_lookup_4(struct bpf_map *map, const void *key);
static void *hash_lookup_8(struct bpf_map *map, const void *key);
static void *hash_lookup_16(struct bpf_map *map, const void *key);

static void init(struct bpf_map *map, const struct bpf_map_spec *spec)
{
    struct hash_map *hash = hash_of(map);
    bool per_cpu = map->ops->is_per_cpu, lru = is_lru(map->ops);
    struct layout l = layout_of(spec, lru, per_cpu, map->cpu_count);
    hash->buckets = (struct hash_bucket *)((uintptr_t)map + l.buckets);
    hash->nodes = (uint8_t *)map + l.nodes;
    hash->bucket_mask = bucket_count(map->max_entries) - 1;
    hash->value_offset = value_offset(map->key_size);
    hash->stride = node_stride(spec, per_cpu);
    if (per_cpu) {
        uint64_t values = align_up64((uintptr_t)map + l.cpu_values, MAP_CPU_ALIGN);
        hash->cpu_values = (uint8_t *)(uintptr_t)values;
        hash->cpu_stride = l.cpu_stride;
        hash->value_stride = (uint32_t)align_up64(map->value_size, 8);
    }
    for (uint32_t number = 1; number < map->max_entries; number++)
        hash_node_at(hash, number)->next = number + 1;
    hash->free_list = 1;
    if (lru) {
        hash->links = (struct lru_link *)((uintptr_t)map + l.links);
        hash_lru_init(hash);
    } else if (!per_cpu && map->key_size == 4) {
        map->lookup = hash_lookup_4;
    } else if (!per_cpu && map->key_size == 8) {
        map->lookup = hash_lookup_8;
    } else if (!per_cpu && map->key_size == 16) {
        map->lookup = hash_lookup_16;
    }
}

static void hash_init(struct bpf_map *map, const struct bpf_map_spec *spec)
{
    init(map, spec);
}

/* --- Nodes --- */

uint32_t hash_node_alloc(struct hash_map *hash)
{
    uint64_t head = __atomic_load_n(&hash->free_list, __ATOMIC_ACQUIRE);
    for (;;) {
        uint32_t number = (uint32_t)head;
        if (number == NO_NODE)
            return NO_NODE;
        /* If someone else pops it first, `next` is of no use, and the count has moved. */
        uint32_t next = map_get32(&hash_node_at(hash, number)->next);
        uint64_t after = ((head >> 32) + 1) << 32 | next;
        if (__atomic_compare_exchange_n(&hash->free_list, &head, after, true, __ATOMIC_ACQUIRE,
                                        __ATOMIC_ACQUIRE))
            return number;
    }
}

void hash_node_free(struct hash_map *hash, uint32_t number)
{
    uint64_t head = map_get64(&hash->free_list), after;
    do {
        map_set32(&hash_node_at(hash, number)->next, (uint32_t)head);
        after = ((head >> 32) + 1) << 32 | number;
    } while (!__atomic_compare_exchange_n(&hash->free_list, &head, after, true, __ATOMIC_RELEASE,
                                          __ATOMIC_RELAXED));
}

static int key_compare(const struct hash_map *hash, const struct hash_node *node, const void *key)
{
    return hash_key_is(node, key, hash->map.key_size) ? 0
                                                      : memcmp(node->key, key, hash->map.key_size);
}

struct hash_place hash_place_of_locked(struct hash_map *hash, uint32_t hash_value, const void *key)
{
    uint32_t *link = &hash_bucket_of(hash, hash_value)->first;
    for (; *link != NO_NODE; link = &hash_node_at(hash, *link)->next) {
        struct hash_node *node = hash_node_at(hash, *link);
        if (node->hash < hash_value)
            continue;
        int order = node->hash > hash_value ? 1 : key_compare(hash, node, key);
        if (order >= 0)
            return (struct hash_place){ link, order == 0 ? *link : NO_NODE };
    }
    return (struct hash_place){ link, NO_NODE };
}

void hash_store_values(struct hash_map *hash, uint32_t number, const void *value, uint64_t flags,
                       bool all_cpus, bool is_new)
{
    const struct bpf_map *map = &hash->map;
    if (hash->cpu_values == NULL) {
        uint8_t *to = hash_value_at(hash, number, 0);
        for (uint32_t i = 0; is_new && i < map->special_field_count; i++)
            memset(to + map->special_fields[i].offset, 0, map->special_fields[i].size);
        map_value_store(map, to, value, (flags & BPF_F_LOCK) != 0 && !is_new);
        return;
    }
    uint32_t own = bpf_env_cpu_index(map->env);
    for (uint32_t cpu = 0; cpu < map->cpu_count; cpu++) {
        uint64_t *to = hash_value_at(hash, number, cpu);
        if (all_cpus)
            map_value_store(map, to, (const uint8_t *)value + cpu * hash->value_stride, false);
        else if (cpu == own)
            map_value_store(map, to, value, false);
        for (uint32_t i = 0; is_new && !all_cpus && cpu != own && i < hash->value_stride / 8; i++)
            map_set64(&to[i], 0);
    }
}

/* A program may hand in as key or value the value of the very node that it freed: hence the key
 * first, and forward copies. */
static void store_key(struct hash_node *node, const uint8_t *key, uint32_t key_size)
{
    uint32_t i = 0;
    for (; key_size >= 8; key_size -= 8, key += 8)
        map_set64(&node->key[i++], get_le64(key));
    uint64_t tail = 0;
    if (key_size == 0)
        return;
    memcpy(&tail, key, key_size);
    map_set64(&node->key[i], tail);
}

void hash_insert_locked(struct hash_map *hash, struct hash_place place, uint32_t number,
                        uint32_t hash_value, const void *key, const void *value, bool all_cpus)
{
    struct hash_node *node = hash_node_at(hash, number);
    map_set32(&node->hash, hash_value);
    store_key(node, key, hash->map.key_size);
    hash_store_values(hash, number, value, 0, all_cpus, true);
    map_set32(&node->next, *place.link);
    map_set32(place.link, number);
}

void hash_remove_locked(struct hash_map *hash, struct hash_place place)
{
    map_set32(place.link, hash_node_at(hash, place.number)->next);
}

/* --- Lookup --- */

static void *hash_lookup(struct bpf_map *map, const void *key)
{
    const struct hash_map *hash = hash_of(map);
    uint32_t number = hash_find(hash, key, map->key_size, hash_of_key(key, map->key_size), NULL);
    return number == NO_NODE ? NULL : hash_value_at(hash, number, 0);
}

/* The same with the size known, for values that are in their node. */
static inline __attribute__((always_inline)) void *lookup_sized(struct bpf_map *map,
                                                                const void *key, uint32_t size)
{
    const struct hash_map *hash = hash_of(map);
    uint32_t number = hash_find(hash, key, size, hash_of_key(key, size), NULL);
    return number == NO_NODE ? NULL
                             : (uint8_t *)hash_node_at(hash, number) + sizeof(struct hash_node) +
                                   align_up64(size, 8);
}

static void *hash_lookup_4(struct bpf_map *map, const void *key)
{
    return lookup_sized(map, key, 4);
}

static void *hash_lookup_8(struct bpf_map *map, const void *key)
{
    return lookup_sized(map, key, 8);
}

static void *hash_lookup_16(struct bpf_map *map, const void *key)
{
    return lookup_sized(map, key, 16);
}

static void *lookup_of_cpu(struct bpf_map *map, const void *key, uint32_t cpu)
{
    const struct hash_map *hash = hash_of(map);
    uint32_t number = hash_find(hash, key, map->key_size, hash_of_key(key, map->key_size), NULL);
    if (number == NO_NODE)
        return NULL;
    if (hash->links != NULL && map_get32(&hash->links[number].referenced) == 0)
        map_set32(&hash->links[number].referenced, 1);
    return hash_value_at(hash, number, cpu);
}

static void *lru_lookup(struct bpf_map *map, const void *key)
{
    return lookup_of_cpu(map, key, 0);
}

static void *percpu_lookup(struct bpf_map *map, const void *key)
{
    return lookup_of_cpu(map, key, bpf_env_cpu_index(map->env));
}

static void load_values(const struct hash_map *hash, uint32_t number, void *value)
{
    const struct bpf_map *map = &hash->map;
    if (hash->cpu_values == NULL) {
        map_value_load(map, value, hash_value_at(hash, number, 0), false);
        return;
    }
    memset(value, 0, (size_t)hash->value_stride * map->cpu_count);
    for (uint32_t cpu = 0; cpu < map->cpu_count; cpu++)
        map_value_load(map, (uint8_t *)value + cpu * hash->value_stride,
                       hash_value_at(hash, number, cpu), false);
}

/* Looks at no LRU mark: reading from outside does not keep a key. */
static int hash_copy(struct bpf_map *map, const void *key, void *value)
{
    const struct hash_map *hash = hash_of(map);
    uint32_t hash_value = hash_of_key(key, map->key_size), begun;
    for (;;) {
        uint32_t number = hash_find(hash, key, map->key_size, hash_value, &begun);
        if (number == NO_NODE)
            return -ENOENT;
        load_values(hash, number, value);
        if (!map_read_retry(&hash_bucket_of(hash, hash_value)->sequence, begun))
            return 0;
    }
}

/* --- Update and delete --- */

static int update(struct bpf_map *map, const void *key, const void *value, uint64_t flags,
                  bool all_cpus)
{
    struct hash_map *hash = hash_of(map);
    int err = map_check_update_flags(map, flags);
    if (err != 0)
        return err;
    uint32_t hash_value = hash_of_key(key, map->key_size), number;
    struct hash_bucket *bucket = hash_bucket_of(hash, hash_value);
    uint64_t state = map_write_begin(map->env, &bucket->sequence);
    struct hash_place place = hash_place_of_locked(hash, hash_value, key);
    if (place.number != NO_NODE) {
        if ((flags & BPF_NOEXIST) != 0)
            err = -EEXIST;
        else
            hash_store_values(hash, place.number, value, flags, all_cpus, false);
    } else if ((flags & BPF_EXIST) != 0) {
        err = -ENOENT;
    } else if ((number = hash_node_alloc(hash)) == NO_NODE) {
        err = -E2BIG;
    } else {
        hash_insert_locked(hash, place, number, hash_value, key, value, all_cpus);
    }
    map_write_end(map->env, &bucket->sequence, state);
    return err;
}

static int hash_update(struct bpf_map *map, const void *key, const void *value, uint64_t flags)
{
    return update(map, key, value, flags, false);
}

static int percpu_update_all(struct bpf_map *map, const void *key, const void *value,
                             uint64_t flags)
{
    return update(map, key, value, flags, true);
}

static int lru_update(struct bpf_map *map, const void *key, const void *value, uint64_t flags)
{
    return hash_lru_update(map, key, value, flags, false);
}

static int lru_update_all(struct bpf_map *map, const void *key, const void *value, uint64_t flags)
{
    return hash_lru_update(map, key, value, flags, true);
}

/* Takes the key out, into *value if that is wanted. */
static int take(struct bpf_map *map, const void *key, void *value)
{
    struct hash_map *hash = hash_of(map);
    uint32_t hash_value = hash_of_key(key, map->key_size);
    struct hash_bucket *bucket = hash_bucket_of(hash, hash_value);
    uint64_t lru_state = hash->links == NULL ? 0 : map_lock(map->env, &hash->lru_lock);
    uint64_t state = map_write_begin(map->env, &bucket->sequence);
    struct hash_place place = hash_place_of_locked(hash, hash_value, key);
    if (place.number != NO_NODE) {
        if (value != NULL)
            load_values(hash, place.number, value);
        hash_remove_locked(hash, place);
    }
    map_write_end(map->env, &bucket->sequence, state);
    if (place.number != NO_NODE) {
        if (hash->links != NULL)
            hash_lru_unlink_locked(hash, place.number);
        hash_node_free(hash, place.number);
    }
    if (hash->links != NULL)
        map_unlock(map->env, &hash->lru_lock, lru_state);
    return place.number == NO_NODE ? -ENOENT : 0;
}

static int hash_delete(struct bpf_map *map, const void *key)
{
    return take(map, key, NULL);
}

static int hash_lookup_and_delete(struct bpf_map *map, const void *key, void *value)
{
    return take(map, key, value);
}

/* --- Batches: a bucket comes whole or not at all, so that a position is a bucket --- */

static uint32_t chain_length(const struct hash_map *hash, const struct hash_bucket *bucket)
{
    uint32_t count = 0;
    for (uint32_t number = bucket->first; number != NO_NODE;
         number = hash_node_at(hash, number)->next)
        count++;
    return count;
}

static void copy_chain(const struct hash_map *hash, const struct hash_bucket *bucket,
                       const struct bpf_map_batch *batch, uint32_t done)
{
    const struct bpf_map *map = &hash->map;
    uint64_t value_size = bpf_map_outer_value_size(map);
    for (uint32_t number = bucket->first; number != NO_NODE;
         number = hash_node_at(hash, number)->next, done++) {
        memcpy((uint8_t *)batch->keys + (uint64_t)done * map->key_size,
               hash_node_at(hash, number)->key, map->key_size);
        load_values(hash, number, (uint8_t *)batch->values + done * value_size);
    }
}

/* Gives the chain's nodes back; lru_lock is held if there is one. */
static void free_chain(struct hash_map *hash, uint32_t number)
{
    while (number != NO_NODE) {
        uint32_t next = hash_node_at(hash, number)->next;
        if (hash->links != NULL)
            hash_lru_unlink_locked(hash, number);
        hash_node_free(hash, number);
        number = next;
    }
}

/* How many entries the bucket had; more than `room`: it was left as it is. */
static uint32_t take_bucket(struct hash_map *hash, struct hash_bucket *bucket,
                            const struct bpf_map_batch *batch, uint32_t done, bool remove)
{
    const struct bpf_env *env = hash->map.env;
    uint64_t lru_state = hash->links == NULL ? 0 : map_lock(env, &hash->lru_lock);
    uint64_t state = map_write_begin(env, &bucket->sequence);
    uint32_t count = chain_length(hash, bucket), removed = NO_NODE;
    if (count <= batch->count - done) {
        copy_chain(hash, bucket, batch, done);
        if (remove) {
            removed = bucket->first;
            map_set32(&bucket->first, NO_NODE);
        }
    }
    map_write_end(env, &bucket->sequence, state);
    free_chain(hash, removed);
    if (hash->links != NULL)
        map_unlock(env, &hash->lru_lock, lru_state);
    return count;
}

static int hash_bucket_batch(struct bpf_map *map, struct bpf_map_batch *batch, bool remove)
{
    struct hash_map *hash = hash_of(map);
    uint32_t at = batch->in_position == NULL ? 0 : get_le32(batch->in_position), done = 0;
    int err = 0;
    for (; at <= hash->bucket_mask; at++) {
        struct hash_bucket *bucket = &hash->buckets[at];
        if (map_get32(&bucket->first) == NO_NODE)
            continue;
        uint32_t count = take_bucket(hash, bucket, batch, done, remove);
        if (count > batch->count - done)
            break;
        done += count;
    }
    if (at > hash->bucket_mask)
        err = -ENOENT;
    else if (done == 0)
        err = -ENOSPC;
    batch->count = done;
    put_le32(batch->out_position, at);
    return err;
}

/* --- Walks --- */

/* The first node of the first chain from `bucket` on, its key copied: nodes may go away meanwhile. */
static int first_key_from(const struct hash_map *hash, uint64_t bucket, void *key)
{
    while (bucket <= hash->bucket_mask) {
        const struct hash_bucket *at = &hash->buckets[bucket];
        uint32_t begun = map_read_begin(&at->sequence), number = map_get32(&at->first);
        if (number != NO_NODE)
            map_load(key, hash_node_at(hash, number)->key, hash->map.key_size);
        if (map_read_retry(&at->sequence, begun))
            continue;
        if (number != NO_NODE)
            return 0;
        bucket++;
    }
    return -ENOENT;
}

/* The key in the chain that is next after (hash_value, key); a lock because of the comparing. */
static bool next_in_chain(struct hash_map *hash, uint32_t hash_value, const void *key,
                          void *next_key)
{
    struct hash_bucket *bucket = hash_bucket_of(hash, hash_value);
    uint64_t state = map_write_begin(hash->map.env, &bucket->sequence);
    struct hash_place place = hash_place_of_locked(hash, hash_value, key);
    uint32_t number =
        place.number != NO_NODE ? hash_node_at(hash, place.number)->next : *place.link;
    if (number != NO_NODE)
        memcpy(next_key, hash_node_at(hash, number)->key, hash->map.key_size);
    map_write_end(hash->map.env, &bucket->sequence, state);
    return number != NO_NODE;
}

static int hash_next(struct bpf_map *map, const void *key, void *next_key)
{
    struct hash_map *hash = hash_of(map);
    if (key == NULL)
        return first_key_from(hash, 0, next_key);
    uint32_t hash_value = hash_of_key(key, map->key_size);
    if (next_in_chain(hash, hash_value, key, next_key))
        return 0;
    return first_key_from(hash, (uint64_t)(hash_value & hash->bucket_mask) + 1, next_key);
}

static uint32_t first_from_bucket(const struct hash_map *hash, uint64_t bucket)
{
    for (; bucket <= hash->bucket_mask; bucket++) {
        if (hash->buckets[bucket].first != NO_NODE)
            return hash->buckets[bucket].first;
    }
    return NO_NODE;
}

/* The cursor is the number of the next node; 0 at the start, all ones at the end. */
static bool hash_iterate(const struct bpf_map *map, uint64_t *cursor, struct bpf_map_entry *out)
{
    const struct hash_map *hash = hash_of(map);
    uint32_t number = *cursor == 0 ? first_from_bucket(hash, 0) : (uint32_t)*cursor;
    if (number == NO_NODE || *cursor == UINT64_MAX)
        return false;
    struct hash_node *node = hash_node_at(hash, number);
    *out = (struct bpf_map_entry){ .key = node->key,
                                   .key_size = map->key_size,
                                   .value = hash_value_at(hash, number, 0),
                                   .value_size = map->value_size,
                                   .value_count = map->ops->is_per_cpu ? map->cpu_count : 1,
                                   .value_stride = hash->cpu_stride };
    uint32_t next = node->next;
    if (next == NO_NODE)
        next = first_from_bucket(hash, (uint64_t)(node->hash & hash->bucket_mask) + 1);
    *cursor = next == NO_NODE ? UINT64_MAX : next;
    return true;
}

/* Values of free nodes count as held: a pointer from before the delete may still be used (see
 * above). */
static bool hash_holds(const struct bpf_map *map, uint64_t offset, uint64_t size_bytes)
{
    const struct hash_map *hash = hash_of(map);
    uint64_t start, stride, first;
    if (hash->cpu_values != NULL) {
        start = (uintptr_t)hash->cpu_values - (uintptr_t)map;
        if (offset < start || (offset - start) / hash->cpu_stride >= map->cpu_count)
            return false;
        offset = start + (offset - start) % hash->cpu_stride;
        stride = hash->value_stride;
        first = 0;
    } else {
        start = (uintptr_t)hash->nodes - (uintptr_t)map;
        stride = hash->stride;
        first = hash->value_offset;
    }
    if (offset < start || (offset - start) / stride >= map->max_entries)
        return false;
    uint64_t at = (offset - start) % stride;
    return at >= first && size_bytes <= map->value_size &&
           at - first <= map->value_size - size_bytes;
}

#define HASH_FLAGS                                                                                \
    (BPF_F_NO_PREALLOC | BPF_F_NO_COMMON_LRU | BPF_F_NUMA_NODE | BPF_F_ZERO_SEED | BPF_F_RDONLY | \
     BPF_F_WRONLY | BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG)
#define HASH_COMMON                                                                   \
    .flags = HASH_FLAGS, .init = hash_init, .delete = hash_delete, .copy = hash_copy, \
    .lookup_and_delete = hash_lookup_and_delete, .bucket_batch = hash_bucket_batch,   \
    .next = hash_next, .iterate = hash_iterate, .holds = hash_holds

// clang-format off
const struct bpf_map_ops bpf_hash_ops = {
    .type = BPF_MAP_TYPE_HASH, .name = "hash", .bit = BPF_MAP_BIT_HASH, HASH_COMMON,
    .check = hash_check, .lookup = hash_lookup, .update = hash_update,
};

const struct bpf_map_ops bpf_percpu_hash_ops = {
    .type = BPF_MAP_TYPE_PERCPU_HASH, .name = "percpu_hash", .bit = BPF_MAP_BIT_PERCPU_HASH, HASH_COMMON,
    .is_per_cpu = true, .check = percpu_hash_check, .lookup = percpu_lookup, .lookup_cpu = lookup_of_cpu,
    .update = hash_update, .update_all = percpu_update_all,
};

const struct bpf_map_ops bpf_lru_hash_ops = {
    .type = BPF_MAP_TYPE_LRU_HASH, .name = "lru_hash", .bit = BPF_MAP_BIT_LRU_HASH, HASH_COMMON,
    .check = lru_hash_check, .lookup = lru_lookup, .update = lru_update,
};

const struct bpf_map_ops bpf_lru_percpu_hash_ops = {
    .type = BPF_MAP_TYPE_LRU_PERCPU_HASH, .name = "lru_percpu_hash", .bit = BPF_MAP_BIT_LRU_PERCPU_HASH,
    HASH_COMMON, .is_per_cpu = true, .check = lru_percpu_hash_check, .lookup = percpu_lookup,
    .lookup_cpu = lookup_of_cpu, .update = lru_update, .update_all = lru_update_all,
};
// clang-format on
