/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "operations.h"

#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/string.h>

#include <stdio.h>
#include <stdlib.h>

/* --- Ours --- */

static struct bpf_map *map_of(struct backend *backend)
{
    return ((struct our_backend *)(void *)backend)->map;
}

static int our_lookup(struct backend *backend, const void *key, void *value, uint64_t flags)
{
    return bpf_map_outer_lookup(map_of(backend), key, value, flags);
}

static int our_update(struct backend *backend, const void *key, const void *value, uint64_t flags)
{
    return bpf_map_outer_update(map_of(backend), key, value, flags);
}

static int our_delete(struct backend *backend, const void *key)
{
    return bpf_map_outer_delete(map_of(backend), key);
}

static int our_next(struct backend *backend, const void *key, void *next_key)
{
    return bpf_map_outer_next(map_of(backend), key, next_key);
}

static int our_lookup_and_delete(struct backend *backend, const void *key, void *value,
                                 uint64_t flags)
{
    return bpf_map_outer_lookup_and_delete(map_of(backend), key, value, flags);
}

static int our_freeze(struct backend *backend)
{
    return bpf_map_freeze(map_of(backend));
}

static int our_lookup_batch(struct backend *backend, struct bpf_map_batch *batch)
{
    return bpf_map_lookup_batch(map_of(backend), batch);
}

static int our_update_batch(struct backend *backend, struct bpf_map_batch *batch)
{
    return bpf_map_update_batch(map_of(backend), batch);
}

static int our_delete_batch(struct backend *backend, struct bpf_map_batch *batch)
{
    return bpf_map_delete_batch(map_of(backend), batch);
}

void our_backend_init(struct our_backend *ours, struct bpf_map *map)
{
    *ours = (struct our_backend){
        .backend = { .name = "axiom",
                     .lookup = our_lookup,
                     .update = our_update,
                     .delete = our_delete,
                     .next = our_next,
                     .lookup_and_delete = our_lookup_and_delete,
                     .freeze = our_freeze,
                     .lookup_batch = our_lookup_batch,
                     .update_batch = our_update_batch,
                     .delete_batch = our_delete_batch },
        .map = map,
    };
}

/* --- Shapes --- */

static bool is_per_cpu(const struct shape *shape)
{
    return shape->type == BPF_MAP_TYPE_PERCPU_ARRAY || shape->type == BPF_MAP_TYPE_PERCPU_HASH ||
           shape->type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static bool is_array(const struct shape *shape)
{
    return shape->type == BPF_MAP_TYPE_ARRAY || shape->type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

uint64_t shape_value_size(const struct shape *shape)
{
    if (!is_per_cpu(shape))
        return shape->value_size;
    return align_up64(shape->value_size, 8) * shape->cpu_count;
}

struct bpf_map_spec shape_spec(const struct shape *shape)
{
    return (struct bpf_map_spec){ .name = "shape",
                                  .type = shape->type,
                                  .key_size = shape->key_size,
                                  .value_size = shape->value_size,
                                  .max_entries = shape->max_entries,
                                  .flags = shape->flags,
                                  .map_extra = shape->map_extra };
}

/* --- Bytes --- */

uint8_t byte_take(struct byte_source *source)
{
    if (source->bytes != NULL)
        return source->at < source->size ? source->bytes[source->at++] : 0;
    source->random ^= source->random << 13;
    source->random ^= source->random >> 7;
    source->random ^= source->random << 17;
    return (uint8_t)(source->random >> 24);
}

static bool is_empty(const struct byte_source *source)
{
    return source->bytes != NULL && source->at >= source->size;
}

/* Few keys, so that operations meet. LPM: prefixes of a few bit strings, sometimes too long. */
static void make_key(const struct shape *shape, struct byte_source *source, uint8_t *key)
{
    uint32_t number = byte_take(source) % shape->key_count;
    memset(key, 0x5a, shape->key_size);
    if (is_array(shape)) {
        put_le32(key, number);
    } else if (shape->type == BPF_MAP_TYPE_LPM_TRIE) {
        uint32_t bits = (shape->key_size - 4) * 8;
        put_le32(key, byte_take(source) % (bits + 2));
        for (uint32_t i = 4; i < shape->key_size; i++)
            key[i] = (uint8_t)(number * (i % 3 + 1) * 37);
    } else if (shape->key_size != 0) {
        key[shape->key_size - 1] = (uint8_t)number;
        key[0] ^= (uint8_t)(shape->key_size > 1 ? number * 7 : 0);
    }
}

static void make_value(const struct shape *shape, struct byte_source *source, uint8_t *value)
{
    uint64_t stride = is_per_cpu(shape) ? align_up64(shape->value_size, 8) : shape->value_size;
    uint8_t first = byte_take(source), second = byte_take(source);
    memset(value, 0, SHAPE_VALUE_MAX);
    for (uint64_t i = 0; i < shape_value_size(shape); i++)
        value[i] = i % stride < shape->value_size ? (uint8_t)(first + i * second) : 0;
}

/* --- Comparing --- */

static bool differ(struct comparison *c, const char *what, int a, int b)
{
    snprintf(c->why, sizeof c->why, "type %u, step %u, %s: %s gives %d, %s gives %d",
             c->shape->type, c->step, what, c->a->name, a, c->b->name, b);
    return false;
}

static bool same(struct comparison *c, const char *what, int a, int b)
{
    return a == b || differ(c, what, a, b);
}

static bool same_value(struct comparison *c, const char *what, const uint8_t *a, const uint8_t *b)
{
    int order = memcmp(a, b, shape_value_size(c->shape));
    return order == 0 || differ(c, what, a[0], b[0]);
}

static bool compare_lookup(struct comparison *c, const uint8_t *key, uint64_t flags)
{
    uint8_t a[SHAPE_VALUE_MAX] = { 0 }, b[SHAPE_VALUE_MAX] = { 0 };
    int err_a = c->a->lookup(c->a, key, a, flags), err_b = c->b->lookup(c->b, key, b, flags);
    return same(c, "lookup", err_a, err_b) && (err_a != 0 || same_value(c, "lookup", a, b));
}

/* A bloom filter is asked about a value. It may err only on one side; two of them with different
 * hashes err differently. */
static bool compare_bloom(struct comparison *c, uint8_t *value)
{
    int a = c->a->lookup(c->a, NULL, value, 0), b = c->b->lookup(c->b, NULL, value, 0);
    bool plausible = (a == 0 || a == -ENOENT) && (b == 0 || b == -ENOENT);
    return plausible || same(c, "peek", a, b);
}

static bool compare_lookup_and_delete(struct comparison *c, const uint8_t *key, uint64_t flags)
{
    uint8_t a[SHAPE_VALUE_MAX] = { 0 }, b[SHAPE_VALUE_MAX] = { 0 };
    int err_a = c->a->lookup_and_delete(c->a, key, a, flags);
    int err_b = c->b->lookup_and_delete(c->b, key, b, flags);
    return same(c, "lookup_and_delete", err_a, err_b) &&
           (err_a != 0 || same_value(c, "lookup_and_delete", a, b));
}

#define WALK_MAX 512u

struct walked {
    uint32_t count;
    int err; /* why it ended */
    uint8_t keys[WALK_MAX][SHAPE_KEY_MAX];
};

static uint32_t sorted_key_size;

static int key_order(const void *a, const void *b)
{
    return memcmp(a, b, sorted_key_size);
}

static void walk(struct backend *backend, const struct shape *shape, bool sort, struct walked *out)
{
    uint8_t key[SHAPE_KEY_MAX], next[SHAPE_KEY_MAX];
    out->count = 0;
    out->err = backend->next(backend, NULL, key);
    while (out->err == 0 && out->count < WALK_MAX) {
        memset(out->keys[out->count], 0, SHAPE_KEY_MAX);
        memcpy(out->keys[out->count++], key, shape->key_size);
        out->err = backend->next(backend, key, next);
        memcpy(key, next, shape->key_size);
    }
    sorted_key_size = shape->key_size;
    if (sort)
        qsort(out->keys, out->count, SHAPE_KEY_MAX, key_order);
}

static bool compare_walk(struct comparison *c)
{
    static struct walked a, b;
    walk(c->a, c->shape, !c->exact_order, &a);
    walk(c->b, c->shape, !c->exact_order, &b);
    if (!same(c, "count of keys", (int)a.count, (int)b.count) ||
        !same(c, "end of the walk", a.err, b.err))
        return false;
    for (uint32_t i = 0; i < a.count; i++) {
        if (memcmp(a.keys[i], b.keys[i], c->shape->key_size) != 0)
            return differ(c, "key of the walk", a.keys[i][0], b.keys[i][0]);
        if (!compare_lookup(c, a.keys[i], 0))
            return false;
    }
    return true;
}

#define BATCH_MAX 8u

static bool compare_batches(struct comparison *c, struct byte_source *source, bool remove)
{
    static uint8_t keys[BATCH_MAX][SHAPE_KEY_MAX], values[BATCH_MAX * SHAPE_VALUE_MAX];
    static uint8_t packed[BATCH_MAX * SHAPE_KEY_MAX];
    uint32_t count = byte_take(source) % BATCH_MAX;
    for (uint32_t i = 0; i < count; i++) {
        make_key(c->shape, source, keys[i]);
        memcpy(packed + i * c->shape->key_size, keys[i], c->shape->key_size);
        uint8_t value[SHAPE_VALUE_MAX];
        make_value(c->shape, source, value);
        memcpy(values + i * shape_value_size(c->shape), value, shape_value_size(c->shape));
    }
    struct bpf_map_batch a = { .keys = packed, .values = values, .count = count }, b = a;
    int err_a = remove ? c->a->delete_batch(c->a, &a) : c->a->update_batch(c->a, &a);
    int err_b = remove ? c->b->delete_batch(c->b, &b) : c->b->update_batch(c->b, &b);
    return same(c, "batch", err_a, err_b) &&
           same(c, "count of a batch", (int)a.count, (int)b.count);
}

/* Everything read by batches of five: the same number of entries as walking finds. */
static bool batch_reads_all(struct comparison *c, struct backend *backend)
{
    static struct walked walked;
    static uint8_t keys[WALK_MAX * SHAPE_KEY_MAX], values[64 * SHAPE_VALUE_MAX];
    uint8_t position[SHAPE_KEY_MAX];
    uint32_t total = 0, size = 5;
    bool first = true;
    walk(backend, c->shape, false, &walked);
    for (int rounds = 0; rounds < 1000; rounds++) {
        struct bpf_map_batch batch = { .in_position = first ? NULL : position,
                                       .out_position = position,
                                       .keys = keys,
                                       .values = values,
                                       .count = size };
        int err = backend->lookup_batch(backend, &batch);
        if (err == -ENOSPC && size < 64) { /* a bucket has more */
            size *= 2;
            continue;
        }
        if (err != 0 && err != -ENOENT)
            return differ(c, "lookup_batch", err, 0);
        total += batch.count;
        first = false;
        if (err == -ENOENT)
            return same(c, "entries of all batches", (int)total, (int)walked.count);
    }
    return differ(c, "lookup_batch does not end", 0, 0);
}

static bool has_batches(const struct shape *shape)
{
    return shape->key_size != 0;
}

static bool is_keyless(const struct shape *shape)
{
    return shape->key_size == 0;
}

/* Most flags are good ones. */
static uint64_t make_flags(struct byte_source *source)
{
    static const uint64_t flags[] = { 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 3, 4, 5, 1u << 20 };
    return flags[byte_take(source) % 16];
}

static bool step(struct comparison *c, struct byte_source *source)
{
    uint8_t kind = byte_take(source), key[SHAPE_KEY_MAX] = { 0 }, value[SHAPE_VALUE_MAX];
    uint64_t flags = make_flags(source);
    make_key(c->shape, source, key);
    if (kind < 110) {
        make_value(c->shape, source, value);
        return same(c, "update", c->a->update(c->a, key, value, flags),
                    c->b->update(c->b, key, value, flags));
    }
    if (kind < 165 && c->shape->type == BPF_MAP_TYPE_BLOOM_FILTER) {
        make_value(c->shape, source, value);
        return compare_bloom(c, value);
    }
    if (kind < 165)
        return compare_lookup(c, key, flags < 4 ? 0 : flags);
    if (kind < 200)
        return same(c, "delete", c->a->delete (c->a, key), c->b->delete (c->b, key));
    if (kind < 220)
        return compare_lookup_and_delete(c, key, flags < 4 ? 0 : flags);
    if (kind < 225)
        return is_keyless(c->shape) || compare_walk(c);
    if (kind < 245 && has_batches(c->shape))
        return compare_batches(c, source, kind < 233);
    if (kind < 248 && has_batches(c->shape))
        return batch_reads_all(c, c->a) && batch_reads_all(c, c->b);
    if (kind < 249 && c->with_freeze)
        return same(c, "freeze", c->a->freeze(c->a), c->b->freeze(c->b));
    return same(c, "lookup of flags", c->a->lookup(c->a, key, value, 64),
                c->b->lookup(c->b, key, value, 64));
}

bool comparison_run(struct comparison *c, struct byte_source *source, uint32_t steps)
{
    for (c->step = 0; c->step < steps && !is_empty(source); c->step++) {
        if (!step(c, source))
            return false;
    }
    return is_keyless(c->shape) || compare_walk(c);
}
