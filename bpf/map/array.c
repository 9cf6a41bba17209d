/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Array: max_entries values that are always there, zero at first, by a 32-bit index. Each begins at
 * a multiple of 8. */
#include <bpf_internal/map.h>

struct array_map {
    struct bpf_map map;
    uint32_t stride;
    uint8_t values[] __attribute__((aligned(16)));
};

static struct array_map *array_of(const struct bpf_map *map)
{
    return CONTAINER_OF(map, struct array_map, map);
}

static uint32_t stride_of(uint32_t value_size)
{
    return (value_size + 7u) & ~7u;
}

static int array_check(const struct bpf_map_spec *spec, uint64_t *size_bytes,
                       struct bpf_error *error)
{
    if (spec->key_size != 4)
        return map_refuse(spec, error, "an array's key is a 4-byte index, not %u bytes",
                          spec->key_size);
    if (spec->value_size == 0)
        return map_refuse(spec, error, "value_size must be 1 or more");
    *size_bytes =
        sizeof(struct array_map) + (uint64_t)spec->max_entries * stride_of(spec->value_size);
    return 0;
}

static void array_init(struct bpf_map *map)
{
    array_of(map)->stride = stride_of(map->value_size);
}

static uint32_t index_of(const void *key)
{
    return get_le32(key);
}

static void *value_at(const struct bpf_map *map, uint32_t index)
{
    struct array_map *array = array_of(map);
    return array->values + (size_t)index * array->stride;
}

static void *array_lookup(struct bpf_map *map, const void *key)
{
    uint32_t index = index_of(key);
    return index < map->max_entries ? value_at(map, index) : NULL;
}

static int array_update(struct bpf_map *map, const void *key, const void *value, uint64_t flags)
{
    uint32_t index = index_of(key);
    if (index >= map->max_entries)
        return -E2BIG;
    if (flags == BPF_NOEXIST)
        return -EEXIST;
    memmove(value_at(map, index), value, map->value_size);
    return 0;
}

static int array_next(struct bpf_map *map, const void *key, void *next_key)
{
    uint32_t index = key == NULL ? 0 : index_of(key) + 1;
    if (key != NULL && index_of(key) >= map->max_entries)
        index = 0;
    if (index >= map->max_entries)
        return -ENOENT;
    put_le32(next_key, index);
    return 0;
}

static bool array_iterate(const struct bpf_map *map, uint64_t *cursor, struct bpf_map_entry *out)
{
    if (*cursor >= map->max_entries)
        return false;
    uint32_t index = (uint32_t)(*cursor)++;
    *out = (struct bpf_map_entry){ .key = &out->index,
                                   .key_size = 4,
                                   .value = value_at(map, index),
                                   .value_size = map->value_size,
                                   .index = index };
    return true;
}

static bool array_holds(const struct bpf_map *map, uint64_t offset, uint64_t size_bytes)
{
    const struct array_map *array = array_of(map);
    if (offset < sizeof *array)
        return false;
    offset -= sizeof *array;
    return offset / array->stride < map->max_entries && size_bytes <= map->value_size &&
           offset % array->stride <= map->value_size - size_bytes;
}

static void *array_direct_value(struct bpf_map *map, uint32_t offset)
{
    return (uint8_t *)value_at(map, 0) + offset;
}

const struct bpf_map_ops bpf_array_ops = {
    .type = BPF_MAP_TYPE_ARRAY,
    .name = "array",
    .bit = BPF_MAP_BIT_ARRAY,
    .check = array_check,
    .init = array_init,
    .lookup = array_lookup,
    .update = array_update,
    .next = array_next,
    .iterate = array_iterate,
    .holds = array_holds,
    .direct_value = array_direct_value,
};
