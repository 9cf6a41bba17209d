/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Arrays: max_entries values that are always there, zero at first, by a 32-bit index. Each begins
 * at a multiple of 8. A per-CPU array has all of them once for each CPU, in one stretch a CPU.
 *
 * Nothing is locked: values never move, and their words are replaced one by one. */
#include <bpf_internal/map.h>

struct array_map {
    struct bpf_map map;
    uint8_t *values;
    uint32_t stride;
    uint64_t cpu_stride; /* from one CPU's values to the next one's */
};

static struct array_map *array_of(const struct bpf_map *map)
{
    return CONTAINER_OF(map, struct array_map, map);
}

static uint32_t stride_of(uint32_t value_size)
{
    return (value_size + 7u) & ~7u;
}

static int check_sizes(const struct bpf_map_spec *spec, struct bpf_error *error)
{
    if (spec->key_size != 4)
        return map_refuse(spec, error, "an array's key is a 4-byte index, not %u bytes",
                          spec->key_size);
    if (spec->value_size == 0)
        return map_refuse(spec, error, "value_size must be 1 or more");
    return 0;
}

static int array_check(const struct bpf_map_spec *spec, uint32_t cpu_count, uint64_t *size_bytes,
                       struct bpf_error *error)
{
    (void)cpu_count;
    int err = check_sizes(spec, error);
    uint64_t values = (uint64_t)spec->max_entries * stride_of(spec->value_size);
    /* Memory is aligned to 16 bytes: a page to move to, and the last one whole. */
    if ((spec->flags & BPF_F_MMAPABLE) != 0)
        values = align_up64(values, BPF_PAGE_SIZE) + BPF_PAGE_SIZE;
    *size_bytes = align_up64(sizeof(struct array_map), 16) + values;
    return err;
}

static int percpu_array_check(const struct bpf_map_spec *spec, uint32_t cpu_count,
                              uint64_t *size_bytes, struct bpf_error *error)
{
    int err = check_sizes(spec, error);
    if (err == 0 && stride_of(spec->value_size) > MAP_CPU_VALUE_SIZE_MAX)
        return map_refuse_with(-E2BIG, spec, error, "a per-CPU value has at most %u bytes",
                               MAP_CPU_VALUE_SIZE_MAX);
    *size_bytes = align_up64(sizeof(struct array_map), 16) + MAP_CPU_ALIGN +
                  cpu_count * align_up64((uint64_t)spec->max_entries * stride_of(spec->value_size),
                                         MAP_CPU_ALIGN);
    return err;
}

static void array_init(struct bpf_map *map, const struct bpf_map_spec *spec)
{
    (void)spec;
    struct array_map *array = array_of(map);
    uint64_t align = map->ops->is_per_cpu                 ? MAP_CPU_ALIGN
                     : (map->flags & BPF_F_MMAPABLE) != 0 ? BPF_PAGE_SIZE
                                                          : 16;
    uint64_t values = align_up64((uintptr_t)(array + 1), align);
    array->values = (uint8_t *)(uintptr_t)values;
    array->stride = stride_of(map->value_size);
    array->cpu_stride = align_up64((uint64_t)map->max_entries * array->stride, MAP_CPU_ALIGN);
}

static uint8_t *value_at(const struct bpf_map *map, uint32_t index)
{
    struct array_map *array = array_of(map);
    return array->values + (size_t)index * array->stride;
}

static uint8_t *value_of_cpu(const struct bpf_map *map, uint32_t index, uint32_t cpu)
{
    return value_at(map, index) + cpu * array_of(map)->cpu_stride;
}

static void *array_lookup(struct bpf_map *map, const void *key)
{
    uint32_t index = get_le32(key);
    return index < map->max_entries ? value_at(map, index) : NULL;
}

static void *percpu_array_lookup_cpu(struct bpf_map *map, const void *key, uint32_t cpu)
{
    uint32_t index = get_le32(key);
    return index < map->max_entries ? value_of_cpu(map, index, cpu) : NULL;
}

static void *percpu_array_lookup(struct bpf_map *map, const void *key)
{
    return percpu_array_lookup_cpu(map, key, bpf_env_cpu_index(map->env));
}

/* In Linux's order of checks, which decides what a call with two mistakes is told. */
static int check_update(const struct bpf_map *map, uint32_t index, uint64_t flags)
{
    if ((flags & ~(uint64_t)BPF_F_LOCK) > BPF_EXIST)
        return -EINVAL;
    if (index >= map->max_entries)
        return -E2BIG;
    if ((flags & BPF_NOEXIST) != 0)
        return -EEXIST;
    return map_check_update_flags(map, flags);
}

static int array_update(struct bpf_map *map, const void *key, const void *value, uint64_t flags)
{
    uint32_t index = get_le32(key);
    int err = check_update(map, index, flags);
    if (err == 0)
        map_value_store(map, value_at(map, index), value, (flags & BPF_F_LOCK) != 0);
    return err;
}

static int percpu_array_update(struct bpf_map *map, const void *key, const void *value,
                               uint64_t flags)
{
    uint32_t index = get_le32(key);
    int err = check_update(map, index, flags);
    if (err == 0)
        map_value_store(map, value_of_cpu(map, index, bpf_env_cpu_index(map->env)), value, false);
    return err;
}

static int percpu_array_update_all(struct bpf_map *map, const void *key, const void *value,
                                   uint64_t flags)
{
    uint32_t index = get_le32(key);
    int err = flags > BPF_EXIST ? -EINVAL : check_update(map, index, flags);
    for (uint32_t cpu = 0; err == 0 && cpu < map->cpu_count; cpu++)
        map_value_store(map, value_of_cpu(map, index, cpu),
                        (const uint8_t *)value + cpu * stride_of(map->value_size), false);
    return err;
}

static int percpu_array_copy(struct bpf_map *map, const void *key, void *value)
{
    uint32_t index = get_le32(key), stride = stride_of(map->value_size);
    if (index >= map->max_entries)
        return -ENOENT;
    memset(value, 0, (size_t)stride * map->cpu_count);
    for (uint32_t cpu = 0; cpu < map->cpu_count; cpu++)
        map_value_load(map, (uint8_t *)value + cpu * stride, value_of_cpu(map, index, cpu), false);
    return 0;
}

static int array_delete(struct bpf_map *map, const void *key)
{
    (void)map;
    (void)key;
    return -EINVAL;
}

static int array_next(struct bpf_map *map, const void *key, void *next_key)
{
    uint32_t index = key == NULL ? 0 : get_le32(key) + 1;
    if (key != NULL && get_le32(key) >= map->max_entries)
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
                                   .value_count = map->ops->is_per_cpu ? map->cpu_count : 1,
                                   .value_stride = array_of(map)->cpu_stride,
                                   .index = index };
    return true;
}

static bool array_holds(const struct bpf_map *map, uint64_t offset, uint64_t size_bytes)
{
    const struct array_map *array = array_of(map);
    uint64_t start = (uintptr_t)array->values - (uintptr_t)map;
    if (offset < start)
        return false;
    offset -= start;
    if (map->ops->is_per_cpu) {
        if (offset / array->cpu_stride >= map->cpu_count)
            return false;
        offset %= array->cpu_stride;
    }
    return offset / array->stride < map->max_entries && size_bytes <= map->value_size &&
           offset % array->stride <= map->value_size - size_bytes;
}

static void *array_direct_value(struct bpf_map *map, uint32_t offset)
{
    return value_at(map, 0) + offset;
}

#define ARRAY_FLAGS \
    (BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG)

const struct bpf_map_ops bpf_array_ops = {
    .type = BPF_MAP_TYPE_ARRAY,
    .name = "array",
    .bit = BPF_MAP_BIT_ARRAY,
    .flags = ARRAY_FLAGS | BPF_F_MMAPABLE | BPF_F_INNER_MAP,
    .check = array_check,
    .init = array_init,
    .lookup = array_lookup,
    .update = array_update,
    .delete = array_delete,
    .next = array_next,
    .iterate = array_iterate,
    .holds = array_holds,
    .direct_value = array_direct_value,
};

const struct bpf_map_ops bpf_percpu_array_ops = {
    .type = BPF_MAP_TYPE_PERCPU_ARRAY,
    .name = "percpu_array",
    .bit = BPF_MAP_BIT_PERCPU_ARRAY,
    .flags = ARRAY_FLAGS & ~BPF_F_NUMA_NODE,
    .is_per_cpu = true,
    .check = percpu_array_check,
    .init = array_init,
    .lookup = percpu_array_lookup,
    .lookup_cpu = percpu_array_lookup_cpu,
    .update = percpu_array_update,
    .update_all = percpu_array_update_all,
    .copy = percpu_array_copy,
    .delete = array_delete,
    .next = array_next,
    .iterate = array_iterate,
    .holds = array_holds,
};

bool bpf_map_array_layout(const struct bpf_map *map, struct bpf_map_layout *layout)
{
    bool per_cpu = map->ops == &bpf_percpu_array_ops;
    if ((map->ops != &bpf_array_ops && !per_cpu) ||
        map->reference_count == 0) /* a template has no values */
        return false;
    const struct array_map *array = array_of(map);
    *layout = (struct bpf_map_layout){ .values = array->values,
                                       .stride = array->stride,
                                       .cpu_stride =
                                           per_cpu && map->cpu_count > 1 ? array->cpu_stride : 0 };
    return true;
}
