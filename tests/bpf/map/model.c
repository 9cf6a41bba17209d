/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Written from Linux's documentation of maps and bpf/include/bpf/map.h; shares no code with the maps. */
#include "model.h"

#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/string.h>

static struct model *model_of(struct backend *backend)
{
    return (struct model *)(void *)backend;
}

static bool is(const struct model *m, uint32_t type)
{
    return m->shape->type == type;
}

static bool is_array(const struct model *m)
{
    return is(m, BPF_MAP_TYPE_ARRAY) || is(m, BPF_MAP_TYPE_PERCPU_ARRAY);
}

static bool is_lru(const struct model *m)
{
    return is(m, BPF_MAP_TYPE_LRU_HASH) || is(m, BPF_MAP_TYPE_LRU_PERCPU_HASH);
}

static bool is_queue(const struct model *m)
{
    return is(m, BPF_MAP_TYPE_QUEUE) || is(m, BPF_MAP_TYPE_STACK);
}

static bool is_bloom(const struct model *m)
{
    return is(m, BPF_MAP_TYPE_BLOOM_FILTER);
}

static bool is_lpm(const struct model *m)
{
    return is(m, BPF_MAP_TYPE_LPM_TRIE);
}

/* --- LPM --- */

static uint32_t length_of(const uint8_t *key)
{
    return get_le32(key);
}

static uint32_t bit_of(const uint8_t *key, uint32_t bit)
{
    return (uint32_t)key[4 + bit / 8] >> (7 - bit % 8) & 1;
}

static uint32_t common_bits(const uint8_t *a, const uint8_t *b)
{
    uint32_t limit = length_of(a) < length_of(b) ? length_of(a) : length_of(b), bits = 0;
    while (bits < limit && bit_of(a, bits) == bit_of(b, bits))
        bits++;
    return bits;
}

static bool covers(const uint8_t *prefix, const uint8_t *key)
{
    return length_of(prefix) <= length_of(key) && common_bits(prefix, key) == length_of(prefix);
}

static bool lpm_key_is_bad(const struct model *m, const uint8_t *key)
{
    return is_lpm(m) && length_of(key) > (m->shape->key_size - 4) * 8;
}

/* Before: more specific, or at the first different bit 0. */
static bool lpm_before(const uint8_t *a, const uint8_t *b)
{
    if (covers(b, a))
        return length_of(a) > length_of(b);
    return !covers(a, b) && bit_of(a, common_bits(a, b)) == 0;
}

/* --- Entries --- */

static bool same_key(const struct model *m, const uint8_t *a, const uint8_t *b)
{
    if (is_lpm(m))
        return length_of(a) == length_of(b) && covers(a, b);
    return memcmp(a, b, m->shape->key_size) == 0;
}

static struct model_entry *find(struct model *m, const uint8_t *key)
{
    for (uint32_t i = 0; i < m->count; i++) {
        if (same_key(m, m->entries[i].key, key))
            return &m->entries[i];
    }
    return NULL;
}

static struct model_entry *find_for_lookup(struct model *m, const uint8_t *key)
{
    struct model_entry *best = NULL;
    if (!is_lpm(m))
        return find(m, key);
    for (uint32_t i = 0; i < m->count; i++) {
        struct model_entry *entry = &m->entries[i];
        if (covers(entry->key, key) &&
            (best == NULL || length_of(entry->key) > length_of(best->key)))
            best = entry;
    }
    return best;
}

static void drop(struct model *m, uint32_t index)
{
    memmove(&m->entries[index], &m->entries[index + 1],
            (m->count - index - 1) * sizeof m->entries[0]);
    m->count--;
}

static void append(struct model *m, const void *key, const void *value)
{
    struct model_entry *entry = &m->entries[m->count++];
    *entry = (struct model_entry){ 0 };
    memcpy(entry->key, key, m->shape->key_size);
    memcpy(entry->value, value, shape_value_size(m->shape));
}

/* The second chance of lru.c's opening comment, by moving entries in a list. */
static void lru_make_room(struct model *m)
{
    for (uint32_t spared = 0; m->entries[0].marked && spared < 128; spared++) {
        struct model_entry first = m->entries[0];
        drop(m, 0);
        first.marked = false;
        m->entries[m->count++] = first;
    }
    drop(m, 0);
}

/* --- Operations --- */

static int model_lookup(struct backend *backend, const void *key, void *value, uint64_t flags)
{
    struct model *m = model_of(backend);
    if (flags != 0)
        return -EINVAL;
    if (is_bloom(m)) {
        for (uint32_t i = 0; i < m->count; i++) {
            if (memcmp(m->entries[i].value, value, m->shape->value_size) == 0)
                return 0;
        }
        return -ENOENT;
    }
    if (is_queue(m)) {
        if (m->count == 0)
            return -ENOENT;
        uint32_t index = is(m, BPF_MAP_TYPE_STACK) ? m->count - 1 : 0;
        memcpy(value, m->entries[index].value, m->shape->value_size);
        return 0;
    }
    const struct model_entry *entry = lpm_key_is_bad(m, key) ? NULL : find_for_lookup(m, key);
    if (entry == NULL)
        return -ENOENT;
    memcpy(value, entry->value, shape_value_size(m->shape));
    return 0;
}

static int push(struct model *m, const void *value, uint64_t flags)
{
    if (flags == 1 || flags > 2 || (is_bloom(m) && flags != 0))
        return -EINVAL;
    if (is_bloom(m) && m->count == MODEL_ENTRY_MAX)
        return 0; /* the model forgets; it is never asked for more than "may be" */
    if (!is_bloom(m) && m->count == m->shape->max_entries) {
        if (flags != 2)
            return -E2BIG;
        drop(m, 0);
    }
    append(m, "", value);
    return 0;
}

static int replace(struct model *m, struct model_entry *entry, const void *key, const void *value)
{
    memcpy(entry->key, key, m->shape->key_size);
    memcpy(entry->value, value, shape_value_size(m->shape));
    entry->marked = true;
    return 0;
}

static int model_update(struct backend *backend, const void *key, const void *value, uint64_t flags)
{
    struct model *m = model_of(backend);
    if (m->frozen)
        return -EPERM;
    if ((flags & BPF_F_LOCK) != 0)
        return -EINVAL; /* no shape has a spin lock */
    if (is_queue(m) || is_bloom(m))
        return push(m, value, flags);
    if (flags > BPF_EXIST || lpm_key_is_bad(m, key))
        return -EINVAL;
    struct model_entry *entry = find(m, key);
    if (is_array(m) && entry == NULL)
        return -E2BIG;
    if (entry != NULL)
        return flags == BPF_NOEXIST ? -EEXIST : replace(m, entry, key, value);
    if (flags == BPF_EXIST)
        return -ENOENT;
    if (m->count == m->shape->max_entries) {
        if (!is_lru(m))
            return is_lpm(m) ? -ENOSPC : -E2BIG;
        lru_make_room(m);
    }
    append(m, key, value);
    return 0;
}

static int model_delete(struct backend *backend, const void *key)
{
    struct model *m = model_of(backend);
    if (m->frozen)
        return -EPERM;
    if (is_bloom(m))
        return -EOPNOTSUPP;
    if (is_queue(m) || is_array(m) || lpm_key_is_bad(m, key))
        return -EINVAL;
    const struct model_entry *entry = find(m, key);
    if (entry == NULL)
        return -ENOENT;
    drop(m, (uint32_t)(entry - m->entries));
    return 0;
}

static int model_lookup_and_delete(struct backend *backend, const void *key, void *value,
                                   uint64_t flags)
{
    struct model *m = model_of(backend);
    if ((flags & ~(uint64_t)BPF_F_LOCK) != 0)
        return -EINVAL;
    if (m->frozen)
        return -EPERM;
    if (flags != 0)
        return -EINVAL;
    if (is_bloom(m) || is_array(m) || is_lpm(m))
        return -ENOTSUPP;
    int err = model_lookup(backend, key, value, 0);
    if (err == 0 && is_queue(m))
        drop(m, is(m, BPF_MAP_TYPE_STACK) ? m->count - 1 : 0);
    else if (err == 0)
        err = model_delete(backend, key);
    return err;
}

/* Any order: by position in the list, which the caller sorts; LPM by its own order. */
static int model_next(struct backend *backend, const void *key, void *next_key)
{
    struct model *m = model_of(backend);
    const struct model_entry *next = NULL;
    if (is_lpm(m)) {
        for (uint32_t i = 0; i < m->count; i++) {
            const uint8_t *k = m->entries[i].key;
            if ((key == NULL || lpm_before(key, k)) && (next == NULL || lpm_before(k, next->key)))
                next = &m->entries[i];
        }
    } else {
        const struct model_entry *entry = key == NULL ? NULL : find(m, key);
        uint32_t index = entry == NULL ? 0 : (uint32_t)(entry - m->entries) + 1;
        next = index < m->count ? &m->entries[index] : NULL;
    }
    if (next == NULL)
        return -ENOENT;
    memcpy(next_key, next->key, m->shape->key_size);
    return 0;
}

static int model_freeze(struct backend *backend)
{
    struct model *m = model_of(backend);
    if (m->frozen)
        return -EPERM;
    m->frozen = true;
    return 0;
}

/* All at once: batches of any size are right for a model. */
static int model_lookup_batch(struct backend *backend, struct bpf_map_batch *batch)
{
    batch->count = model_of(backend)->count;
    return -ENOENT;
}

static uint8_t *nth(void *items, uint32_t n, uint64_t size)
{
    return (uint8_t *)items + n * size;
}

static int model_batch(struct backend *backend, struct bpf_map_batch *batch, bool remove)
{
    struct model *m = model_of(backend);
    uint32_t wanted = batch->count, done = 0;
    int err = 0;
    if (m->frozen)
        return -EPERM;
    if (remove && is_array(m))
        return -ENOTSUPP;
    for (; done < wanted && err == 0; done += err == 0) {
        const uint8_t *key = nth(batch->keys, done, m->shape->key_size);
        err = remove ? model_delete(backend, key)
                     : model_update(backend, key,
                                    nth(batch->values, done, shape_value_size(m->shape)), 0);
    }
    if (wanted != 0)
        batch->count = done;
    return err;
}

static int model_update_batch(struct backend *backend, struct bpf_map_batch *batch)
{
    return model_batch(backend, batch, false);
}

static int model_delete_batch(struct backend *backend, struct bpf_map_batch *batch)
{
    return model_batch(backend, batch, true);
}

void model_init(struct model *m, const struct shape *shape)
{
    static const uint8_t zeros[SHAPE_VALUE_MAX];
    *m = (struct model){
        .backend = { .name = "model",
                     .lookup = model_lookup,
                     .update = model_update,
                     .delete = model_delete,
                     .next = model_next,
                     .lookup_and_delete = model_lookup_and_delete,
                     .freeze = model_freeze,
                     .lookup_batch = model_lookup_batch,
                     .update_batch = model_update_batch,
                     .delete_batch = model_delete_batch },
        .shape = shape,
    };
    for (uint32_t i = 0; is_array(m) && i < shape->max_entries; i++) {
        uint8_t key[4];
        put_le32(key, i);
        append(m, key, zeros);
    }
}
