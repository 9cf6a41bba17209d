/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* LRU: a hash that forgets the key not used for longest when it is full.
 *
 * Keys stand in a ring in the order in which they came. A program's lookup, or an update of a key
 * that is there, marks it; when room is needed, the oldest is looked at: if it is marked, the mark
 * goes and it becomes the newest (a second chance), else it is forgotten. So a lookup costs one
 * store at most, and what is forgotten depends on the sequence of operations alone, which is the
 * same each run. After SPARE_MAX second chances the oldest goes, marked or not: inserting is
 * bounded work.
 *
 * lru_lock is taken before a bucket's lock. All changes of which keys there are happen under it, so
 * the chains stand still for its holder. */
#include <bpf_internal/hash.h>

#define SPARE_MAX 128u

void hash_lru_init(struct hash_map *hash)
{
    hash->links[0] = (struct lru_link){ 0, 0, 1, 0 };
}

/* As the newest. */
static void link_locked(struct hash_map *hash, uint32_t number)
{
    struct lru_link *links = hash->links;
    uint32_t newest = links[0].older;
    links[number].older = newest;
    links[number].newer = 0;
    links[number].is_linked = 1;
    map_set32(&links[number].referenced, 0);
    links[newest].newer = number;
    links[0].older = number;
}

void hash_lru_unlink_locked(struct hash_map *hash, uint32_t number)
{
    struct lru_link *links = hash->links;
    if (links[number].is_linked == 0)
        return;
    links[links[number].older].newer = links[number].newer;
    links[links[number].newer].older = links[number].older;
    links[number].is_linked = 0;
}

/* The node to forget; taken out of the ring. */
static uint32_t choose_victim_locked(struct hash_map *hash)
{
    struct lru_link *links = hash->links;
    for (uint32_t spared = 0;; spared++) {
        uint32_t oldest = links[0].newer;
        bool is_used = map_get32(&links[oldest].referenced) != 0;
        hash_lru_unlink_locked(hash, oldest);
        if (!is_used || spared == SPARE_MAX)
            return oldest;
        link_locked(hash, oldest);
    }
}

static uint32_t evict_locked(struct hash_map *hash)
{
    uint32_t number = choose_victim_locked(hash);
    const struct hash_node *node = hash_node_at(hash, number);
    struct hash_bucket *bucket = hash_bucket_of(hash, node->hash);
    uint64_t state = map_write_begin(hash->map.env, &bucket->sequence);
    hash_remove_locked(hash, hash_place_of_locked(hash, node->hash, node->key));
    map_write_end(hash->map.env, &bucket->sequence, state);
    return number;
}

/* A key that is there: its value changes in place. -ENOENT if it is not. */
static int update_present(struct hash_map *hash, const void *key, uint32_t hash_value,
                          const void *value, uint64_t flags, bool all_cpus)
{
    struct hash_bucket *bucket = hash_bucket_of(hash, hash_value);
    uint64_t state = map_write_begin(hash->map.env, &bucket->sequence);
    uint32_t number = hash_place_of_locked(hash, hash_value, key).number;
    int err = number == NO_NODE ? -ENOENT : flags == BPF_NOEXIST ? -EEXIST : 0;
    if (err == 0) {
        hash_store_values(hash, number, value, flags, all_cpus, false);
        map_set32(&hash->links[number].referenced, 1);
    }
    map_write_end(hash->map.env, &bucket->sequence, state);
    return err;
}

static void insert_locked(struct hash_map *hash, const void *key, uint32_t hash_value,
                          const void *value, bool all_cpus)
{
    uint32_t number = hash_node_alloc(hash);
    if (number == NO_NODE)
        number = evict_locked(hash);
    struct hash_bucket *bucket = hash_bucket_of(hash, hash_value);
    uint64_t state = map_write_begin(hash->map.env, &bucket->sequence);
    struct hash_place place = hash_place_of_locked(hash, hash_value, key);
    hash_insert_locked(hash, place, number, hash_value, key, value, all_cpus);
    map_write_end(hash->map.env, &bucket->sequence, state);
    link_locked(hash, number);
}

int hash_lru_update(struct bpf_map *map, const void *key, const void *value, uint64_t flags,
                    bool all_cpus)
{
    struct hash_map *hash = hash_of(map);
    if (flags > BPF_EXIST)
        return -EINVAL;
    uint32_t hash_value = hash_of_key(key, map->key_size);
    int err = update_present(hash, key, hash_value, value, flags, all_cpus);
    if (err != -ENOENT || flags == BPF_EXIST)
        return err;
    uint64_t state = map_lock(map->env, &hash->lru_lock);
    err = update_present(hash, key, hash_value, value, flags, all_cpus);
    if (err == -ENOENT) {
        insert_locked(hash, key, hash_value, value, all_cpus);
        err = 0;
    }
    map_unlock(map->env, &hash->lru_lock, state);
    return err;
}
