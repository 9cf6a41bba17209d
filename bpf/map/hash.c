/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Hash: values by keys of any bytes, all nodes allocated beforehand.
 *
 * Each bucket's chain is sorted by hash, then by key. So the walk over a map depends on its
 * contents alone, not on the order in which they came, and it can go on from a key that was deleted
 * meanwhile. Buckets are at least as many as entries, so chains are short.
 *
 * A node freed by delete may be handed out again in the same run while the program still has a
 * pointer to its value: it then sees the new value, as in Linux's preallocated maps. It never sees
 * other memory. */
#include <bpf_internal/map.h>

#define NO_NODE 0u /* nodes are counted from 1 */

struct hash_node {
    uint32_t next;
    uint32_t hash;
    uint8_t key[]; /* padded to 8, then the value, padded to 8 */
};

struct hash_map {
    struct bpf_map map;
    uint32_t bucket_mask;
    uint32_t value_offset; /* in a node */
    uint32_t stride;
    uint32_t free_node;
    uint8_t *nodes;
    uint32_t buckets[]; /* first node of each */
};

static struct hash_map *hash_of(const struct bpf_map *map)
{
    return CONTAINER_OF(map, struct hash_map, map);
}

static uint32_t bucket_count(uint32_t max_entries)
{
    uint32_t count = 1;
    while (count < max_entries)
        count *= 2;
    return count;
}

static uint32_t value_offset(const uint32_t key_size)
{
    return (uint32_t)align_up64(sizeof(struct hash_node) + key_size, 8);
}

static uint32_t node_stride(uint32_t key_size, uint32_t value_size)
{
    return (uint32_t)align_up64(value_offset(key_size) + value_size, 8);
}

static uint64_t nodes_offset(uint32_t max_entries)
{
    return align_up64(sizeof(struct hash_map) + bucket_count(max_entries) * UINT64_C(4), 16);
}

static int hash_check(const struct bpf_map_spec *spec, uint64_t *size_bytes,
                      struct bpf_error *error)
{
    if (spec->key_size == 0 || spec->value_size == 0)
        return map_refuse(spec, error, "key_size and value_size must be 1 or more");
    if (spec->max_entries > BPF_MAP_MEMORY_MAX / sizeof(struct hash_node))
        return map_refuse(spec, error, "%u entries are too many", spec->max_entries);
    *size_bytes = nodes_offset(spec->max_entries) +
                  (uint64_t)spec->max_entries * node_stride(spec->key_size, spec->value_size);
    return 0;
}

static struct hash_node *node_at(const struct hash_map *hash, uint32_t number)
{
    return (struct hash_node *)(hash->nodes + (size_t)(number - 1) * hash->stride);
}

static void hash_init(struct bpf_map *map)
{
    struct hash_map *hash = hash_of(map);
    hash->bucket_mask = bucket_count(map->max_entries) - 1;
    hash->value_offset = value_offset(map->key_size);
    hash->stride = node_stride(map->key_size, map->value_size);
    hash->nodes = (uint8_t *)map + nodes_offset(map->max_entries);
    for (uint32_t number = 1; number < map->max_entries; number++)
        node_at(hash, number)->next = number + 1;
    hash->free_node = 1;
}

/* Keys of 4 and 8 bytes, which most are, need no loop. */
static uint32_t key_hash(const struct bpf_map *map, const void *key)
{
    uint64_t word;
    if (map->key_size == 4)
        word = get_le32(key);
    else if (map->key_size == 8)
        word = get_le64(key);
    else
        return (uint32_t)bpf_hash_bytes(key, map->key_size, 0);
    word *= UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(word >> 32);
}

static int key_compare(const struct bpf_map *map, const void *a, const void *b)
{
    if (map->key_size == 4)
        return get_le32(a) == get_le32(b) ? 0 : memcmp(a, b, 4);
    if (map->key_size == 8)
        return get_le64(a) == get_le64(b) ? 0 : memcmp(a, b, 8);
    return memcmp(a, b, map->key_size);
}

/* The link to the first node of the bucket that is not before (hash, key); *equal tells whether it
 * is the key's own. */
static uint32_t *find_link(struct hash_map *hash, uint32_t hash_value, const void *key, bool *equal)
{
    uint32_t *link = &hash->buckets[hash_value & hash->bucket_mask];
    *equal = false;
    for (; *link != NO_NODE; link = &node_at(hash, *link)->next) {
        struct hash_node *node = node_at(hash, *link);
        if (node->hash < hash_value)
            continue;
        int order = node->hash > hash_value ? 1 : key_compare(&hash->map, node->key, key);
        if (order < 0)
            continue;
        *equal = order == 0;
        break;
    }
    return link;
}

static void *node_value(const struct hash_map *hash, struct hash_node *node)
{
    return (uint8_t *)node + hash->value_offset;
}

static void *hash_lookup(struct bpf_map *map, const void *key)
{
    struct hash_map *hash = hash_of(map);
    bool equal;
    const uint32_t *link = find_link(hash, key_hash(map, key), key, &equal);
    return equal ? node_value(hash, node_at(hash, *link)) : NULL;
}

static int hash_update(struct bpf_map *map, const void *key, const void *value, uint64_t flags)
{
    struct hash_map *hash = hash_of(map);
    uint32_t hash_value = key_hash(map, key);
    bool equal;
    uint32_t *link = find_link(hash, hash_value, key, &equal);
    if (equal && flags == BPF_NOEXIST)
        return -EEXIST;
    if (!equal && flags == BPF_EXIST)
        return -ENOENT;
    if (!equal && hash->free_node == NO_NODE)
        return -E2BIG;
    if (equal) {
        memmove(node_value(hash, node_at(hash, *link)), value, map->value_size);
        return 0;
    }
    uint32_t number = hash->free_node;
    struct hash_node *node = node_at(hash, number);
    hash->free_node = node->next;
    node->hash = hash_value;
    /* A program may hand in as key or value the value of the very node that it freed: hence memmove,
     * and the key first. */
    memmove(node->key, key, map->key_size);
    memmove(node_value(hash, node), value, map->value_size);
    node->next = *link;
    *link = number;
    return 0;
}

static int hash_delete(struct bpf_map *map, const void *key)
{
    struct hash_map *hash = hash_of(map);
    bool equal;
    uint32_t *link = find_link(hash, key_hash(map, key), key, &equal);
    if (!equal)
        return -ENOENT;
    uint32_t number = *link;
    struct hash_node *node = node_at(hash, number);
    *link = node->next;
    node->next = hash->free_node;
    hash->free_node = number;
    return 0;
}

static uint32_t first_from_bucket(const struct hash_map *hash, uint64_t bucket)
{
    for (; bucket <= hash->bucket_mask; bucket++) {
        if (hash->buckets[bucket] != NO_NODE)
            return hash->buckets[bucket];
    }
    return NO_NODE;
}

static int hash_next(struct bpf_map *map, const void *key, void *next_key)
{
    struct hash_map *hash = hash_of(map);
    uint32_t number = NO_NODE;
    if (key == NULL) {
        number = first_from_bucket(hash, 0);
    } else {
        bool equal;
        uint32_t hash_value = key_hash(map, key);
        number = *find_link(hash, hash_value, key, &equal);
        if (equal)
            number = node_at(hash, number)->next;
        if (number == NO_NODE)
            number = first_from_bucket(hash, (uint64_t)(hash_value & hash->bucket_mask) + 1);
    }
    if (number == NO_NODE)
        return -ENOENT;
    memcpy(next_key, node_at(hash, number)->key, map->key_size);
    return 0;
}

/* The cursor is the number of the next node; 0 at the start, all ones at the end. */
static bool hash_iterate(const struct bpf_map *map, uint64_t *cursor, struct bpf_map_entry *out)
{
    const struct hash_map *hash = hash_of(map);
    uint32_t number = *cursor == 0 ? first_from_bucket(hash, 0) : (uint32_t)*cursor;
    if (number == NO_NODE || *cursor == UINT64_MAX)
        return false;
    struct hash_node *node = node_at(hash, number);
    *out = (struct bpf_map_entry){ .key = node->key,
                                   .key_size = map->key_size,
                                   .value = node_value(hash, node),
                                   .value_size = map->value_size };
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
    uint64_t start = nodes_offset(map->max_entries);
    if (offset < start || (offset - start) / hash->stride >= map->max_entries)
        return false;
    uint64_t in_node = (offset - start) % hash->stride;
    return in_node >= hash->value_offset && size_bytes <= map->value_size &&
           in_node - hash->value_offset <= map->value_size - size_bytes;
}

const struct bpf_map_ops bpf_hash_ops = {
    .type = BPF_MAP_TYPE_HASH,
    .name = "hash",
    .bit = BPF_MAP_BIT_HASH,
    .check = hash_check,
    .init = hash_init,
    .lookup = hash_lookup,
    .update = hash_update,
    .delete = hash_delete,
    .next = hash_next,
    .iterate = hash_iterate,
    .holds = hash_holds,
};
