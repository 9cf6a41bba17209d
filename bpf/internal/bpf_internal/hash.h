/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The hash table under hash, per-CPU hash, LRU and hash-of-maps: nodes, buckets, the way to a key.
 *
 * One allocation: struct hash_map, buckets, nodes, LRU links, per-CPU values. Nodes are counted
 * from 1; 0 is none. A bucket's chain is sorted by hash, then by key. */
#pragma once
#include <bpf_internal/map.h>

#define NO_NODE 0u

struct hash_node {
    uint32_t next;
    uint32_t hash;
    uint64_t key[]; /* padded with zeros to 8; then the value, unless it is per CPU */
};

struct hash_bucket {
    uint32_t sequence; /* sequence lock over the chain and the values in it */
    uint32_t first;
};

/* The LRU's ring of nodes, oldest to newest; number 0 is its head. */
struct lru_link {
    uint32_t older, newer;
    uint32_t is_linked;
    uint32_t referenced; /* looked up by a program since it was linked or spared */
};

struct hash_map {
    struct bpf_map map;
    struct hash_bucket *buckets;
    uint8_t *nodes;
    uint8_t *cpu_values;
    uint64_t cpu_stride; /* from one CPU's values to the next one's */
    uint32_t bucket_mask;
    uint32_t value_offset; /* in a node */
    uint32_t stride;       /* of nodes */
    uint32_t value_stride; /* of per-CPU values */
    uint64_t free_list;    /* number of the first free node, and above it a count of changes */
    /* LRU only: */
    struct lru_link *links;
    uint32_t lru_lock; /* over links, and every change of which keys there are */
};

static inline struct hash_map *hash_of(const struct bpf_map *map)
{
    return CONTAINER_OF(map, struct hash_map, map);
}

static inline struct hash_node *hash_node_at(const struct hash_map *hash, uint32_t number)
{
    return (struct hash_node *)(hash->nodes + (size_t)(number - 1) * hash->stride);
}

static inline struct hash_bucket *hash_bucket_of(const struct hash_map *hash, uint32_t hash_value)
{
    return &hash->buckets[hash_value & hash->bucket_mask];
}

static inline void *hash_value_at(const struct hash_map *hash, uint32_t number, uint32_t cpu)
{
    if (hash->cpu_values == NULL)
        return (uint8_t *)hash_node_at(hash, number) + hash->value_offset;
    return hash->cpu_values + cpu * hash->cpu_stride + (size_t)(number - 1) * hash->value_stride;
}

/* Keys of 4 and 8 bytes, which most are, need no loop. */
static inline __attribute__((always_inline)) uint32_t hash_of_key(const void *key,
                                                                  uint32_t key_size)
{
    uint64_t word;
    if (key_size == 4)
        word = get_le32(key);
    else if (key_size == 8)
        word = get_le64(key);
    else
        return (uint32_t)bpf_hash_bytes(key, key_size, 0);
    word *= UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(word >> 32);
}

static inline __attribute__((always_inline)) bool hash_key_is(const struct hash_node *node,
                                                              const void *key, uint32_t key_size)
{
    if (key_size == 4)
        return map_get32((const uint32_t *)(const void *)node->key) == get_le32(key);
    const uint8_t *at = key;
    uint32_t i = 0;
    for (; key_size >= 8; key_size -= 8, at += 8) {
        if (map_get64(&node->key[i++]) != get_le64(at))
            return false;
    }
    uint64_t tail = 0;
    if (key_size == 0)
        return true;
    memcpy(&tail, at, key_size);
    return map_get64(&node->key[i]) == tail;
}

/* The node of the key, found without a lock; NO_NODE. If `begun` is given, it is the bucket's
 * sequence that the answer belongs to. */
static inline __attribute__((always_inline)) uint32_t hash_find(const struct hash_map *hash,
                                                                const void *key, uint32_t key_size,
                                                                uint32_t hash_value,
                                                                uint32_t *begun)
{
    const struct hash_bucket *bucket = hash_bucket_of(hash, hash_value);
    for (;;) {
        uint32_t sequence = map_read_begin(&bucket->sequence), number = map_get32(&bucket->first);
        /* A chain that changes meanwhile may lead anywhere among the nodes, but not for ever. */
        for (uint32_t steps = 0; number != NO_NODE && steps <= hash->map.max_entries; steps++) {
            const struct hash_node *node = hash_node_at(hash, number);
            uint32_t other = map_get32(&node->hash);
            if (other == hash_value && hash_key_is(node, key, key_size))
                break;
            if (other > hash_value) {
                number = NO_NODE;
                break;
            }
            number = map_get32(&node->next);
        }
        if (!map_read_retry(&bucket->sequence, sequence)) {
            if (begun != NULL)
                *begun = sequence;
            return number;
        }
    }
}

/* Where a key is, or would be; the bucket's lock is held. */
struct hash_place {
    uint32_t *link;  /* what leads to `number`, or would lead to the key */
    uint32_t number; /* the key's node, NO_NODE if it is not there */
};

struct hash_place hash_place_of_locked(struct hash_map *hash, uint32_t hash_value, const void *key);

/* --- lru.c --- */
void hash_lru_init(struct hash_map *hash);
int hash_lru_update(struct bpf_map *map, const void *key, const void *value, uint64_t flags,
                    bool all_cpus);
/* With lru_lock held: forgets a node that was taken out of its bucket. */
void hash_lru_unlink_locked(struct hash_map *hash, uint32_t number);

/* --- hash.c, for lru.c --- */
uint32_t hash_node_alloc(struct hash_map *hash);
void hash_node_free(struct hash_map *hash, uint32_t number);
void hash_store_values(struct hash_map *hash, uint32_t number, const void *value, uint64_t flags,
                       bool all_cpus, bool is_new);
/* Fills the node and links it at its place. */
void hash_insert_locked(struct hash_map *hash, struct hash_place place, uint32_t number,
                        uint32_t hash_value, const void *key, const void *value, bool all_cpus);
void hash_remove_locked(struct hash_map *hash, struct hash_place place);
