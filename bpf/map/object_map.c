/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Maps that hold maps: the template that every inner map must look like, since programs were
 * verified against it; and hash-of-maps, which is a hash whose values are pointers. (Arrays of maps
 * and of programs: object_array.c.) */
#include <bpf_internal/map.h>
#include <bpf_internal/object_map.h>

int object_map_check_inner(const struct bpf_map_spec *spec, uint32_t cpu_count,
                           struct bpf_error *error)
{
    uint64_t size_bytes;
    if (spec->inner == NULL)
        return map_refuse(spec, error, "it does not say what its inner maps are");
    const struct bpf_map_ops *ops = map_type_of(spec->inner->type);
    if (ops == NULL || ops->set_object != NULL)
        return map_refuse(spec, error, "its inner maps cannot hold maps or programs themselves");
    if (ops == &bpf_struct_ops_ops)
        return map_refuse_with(-ENOTSUPP, spec, error, "its inner maps cannot be struct_ops");
    return ops->check(spec->inner, cpu_count, &size_bytes, error);
}

void object_map_make_inner(struct bpf_map *map, struct bpf_map *inner,
                           const struct bpf_map_spec *spec)
{
    map_fill(inner, map->env, map_type_of(spec->inner->type), spec->inner, 0);
    inner->reference_count = 0;
    map->inner = inner;
}

static bool same_special_fields(const struct bpf_map *a, const struct bpf_map *b)
{
    return a->special_field_count == b->special_field_count &&
           memcmp(a->special_fields, b->special_fields,
                  a->special_field_count * sizeof a->special_fields[0]) == 0;
}

bool bpf_map_fits_inner(const struct bpf_map *outer, const struct bpf_map *map)
{
    const struct bpf_map *inner = outer->inner;
    if (inner == NULL || map->ops != inner->ops || map->key_size != inner->key_size ||
        map->value_size != inner->value_size || map->flags != inner->flags ||
        !same_special_fields(map, inner))
        return false;
    /* Code for lookups in an array knows its size; Linux asks for the same. */
    return map->ops != &bpf_array_ops || (inner->flags & BPF_F_INNER_MAP) != 0 ||
           map->max_entries == inner->max_entries;
}

void object_map_wait(const struct bpf_map *map)
{
    if (map->env->synchronize != NULL)
        map->env->synchronize(map->env->user);
}

int object_map_no_update(struct bpf_map *map, const void *key, const void *value, uint64_t flags)
{
    (void)map;
    (void)key;
    (void)value;
    (void)flags;
    return -EOPNOTSUPP;
}

bool object_map_holds(const struct bpf_map *map, uint64_t offset, uint64_t size_bytes)
{
    (void)map;
    (void)offset;
    (void)size_bytes;
    return false;
}

/* --- Hash of maps --- */

struct hash_of_maps {
    struct bpf_map map;
    struct bpf_map inner;
    uint32_t lock;         /* over changes; programs read without it */
    struct bpf_map *table; /* a hash behind this struct: key to pointer */
};

#define TABLE_OFFSET align_up64(sizeof(struct hash_of_maps), 16)

static struct hash_of_maps *outer_of(const struct bpf_map *map)
{
    return CONTAINER_OF(map, struct hash_of_maps, map);
}

static int hash_of_maps_check(const struct bpf_map_spec *spec, uint32_t cpu_count,
                              uint64_t *size_bytes, struct bpf_error *error)
{
    if (spec->value_size != 4)
        return map_refuse(spec, error, "its value is a 4-byte handle, not %u bytes",
                          spec->value_size);
    const struct bpf_map_spec table = bpf_hash_spec_of_pointers(spec);
    int err = bpf_hash_ops.check(&table, cpu_count, size_bytes, error);
    *size_bytes += TABLE_OFFSET;
    return err != 0 ? err : object_map_check_inner(spec, cpu_count, error);
}

static void hash_of_maps_init(struct bpf_map *map, const struct bpf_map_spec *spec)
{
    struct hash_of_maps *outer = outer_of(map);
    const struct bpf_map_spec table = bpf_hash_spec_of_pointers(spec);
    outer->table = (struct bpf_map *)(void *)((uint8_t *)map + TABLE_OFFSET);
    map_fill(outer->table, map->env, &bpf_hash_ops, &table, map->size_bytes - TABLE_OFFSET);
    outer->table->ops->init(outer->table, &table);
    object_map_make_inner(map, &outer->inner, spec);
}

static struct bpf_map *map_in(const void *value)
{
    return (struct bpf_map *)(uintptr_t)map_get64(value);
}

static void hash_of_maps_destroy(struct bpf_map *map)
{
    struct bpf_map_entry entry;
    uint64_t cursor = 0;
    while (bpf_hash_ops.iterate(outer_of(map)->table, &cursor, &entry))
        bpf_map_put(map_in(entry.value));
}

static void *hash_of_maps_lookup(struct bpf_map *map, const void *key)
{
    struct bpf_map *table = outer_of(map)->table;
    uint64_t pointer;
    return bpf_hash_ops.copy(table, key, &pointer) == 0 ? (void *)(uintptr_t)pointer : NULL;
}

/* Gives what was there before, which has to be given back. */
static int change(struct bpf_map *map, const void *key, struct bpf_map *object, uint64_t flags,
                  struct bpf_map **old)
{
    struct hash_of_maps *outer = outer_of(map);
    uint64_t pointer = (uintptr_t)object;
    uint64_t state = map_lock(map->env, &outer->lock);
    *old = hash_of_maps_lookup(map, key);
    int err = object == NULL ? bpf_hash_ops.delete(outer->table, key)
                             : bpf_hash_ops.update(outer->table, key, &pointer, flags);
    map_unlock(map->env, &outer->lock, state);
    return err;
}

static int hash_of_maps_set(struct bpf_map *map, const void *key, void *object, uint64_t flags)
{
    struct bpf_map *old;
    if (flags > BPF_EXIST || (object != NULL && !bpf_map_fits_inner(map, object)))
        return -EINVAL;
    if (object != NULL)
        bpf_map_get(object);
    int err = change(map, key, object, flags, &old);
    if (err != 0)
        old = object;
    if (old != NULL) {
        object_map_wait(map);
        bpf_map_put(old);
    }
    return err;
}

static int hash_of_maps_delete(struct bpf_map *map, const void *key)
{
    return hash_of_maps_set(map, key, NULL, BPF_ANY);
}

static int hash_of_maps_next(struct bpf_map *map, const void *key, void *next_key)
{
    return bpf_hash_ops.next(outer_of(map)->table, key, next_key);
}

/* What a map holds is a digest of it: an address would differ from run to run. */
static bool hash_of_maps_iterate(const struct bpf_map *map, uint64_t *cursor,
                                 struct bpf_map_entry *out)
{
    if (!bpf_hash_ops.iterate(outer_of(map)->table, cursor, out))
        return false;
    out->word = bpf_map_digest(map_in(out->value));
    out->value = &out->word;
    return true;
}

const struct bpf_map_ops bpf_hash_of_maps_ops = {
    .type = BPF_MAP_TYPE_HASH_OF_MAPS,
    .name = "hash_of_maps",
    .bit = BPF_MAP_BIT_HASH_OF_MAPS,
    .flags = BPF_F_NO_PREALLOC | BPF_F_NUMA_NODE | BPF_F_ZERO_SEED | BPF_F_RDONLY | BPF_F_WRONLY,
    .holds_objects = true,
    .check = hash_of_maps_check,
    .init = hash_of_maps_init,
    .destroy = hash_of_maps_destroy,
    .lookup = hash_of_maps_lookup,
    .update = object_map_no_update,
    .delete = hash_of_maps_delete,
    .set_object = hash_of_maps_set,
    .next = hash_of_maps_next,
    .iterate = hash_of_maps_iterate,
    .holds = object_map_holds,
};
