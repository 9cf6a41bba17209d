/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What is the same for every type of map: creation, references, and what programs call. (What
 * system calls do: outer.c.) */
#include <bpf_internal/map.h>

const struct bpf_map_ops *const bpf_map_types[] = {
    &bpf_hash_ops,
    &bpf_array_ops,
    &bpf_prog_array_ops,
    &bpf_percpu_hash_ops,
    &bpf_percpu_array_ops,
    &bpf_lru_hash_ops,
    &bpf_lru_percpu_hash_ops,
    &bpf_lpm_trie_ops,
    &bpf_array_of_maps_ops,
    &bpf_hash_of_maps_ops,
    &bpf_queue_ops,
    &bpf_stack_ops,
    &bpf_struct_ops_ops,
    &bpf_ringbuf_ops,
    &bpf_bloom_filter_ops,
    &bpf_timeseries_ops,
    NULL,
};

const struct bpf_map_ops *map_type_of(uint32_t type)
{
    for (const struct bpf_map_ops *const *at = bpf_map_types; *at != NULL; at++) {
        if ((*at)->type == type)
            return *at;
    }
    return NULL;
}

/* Names go to logs, files and messages: letters, digits, and the _ . - of C and of sections. */
static bool name_is_plain(const char *name)
{
    for (; *name != '\0'; name++) {
        char c = *name;
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '_' || c == '.' || c == '-';
        if (!plain)
            return false;
    }
    return true;
}

static int check_flags(const struct bpf_map_spec *spec, const struct bpf_map_ops *ops,
                       struct bpf_error *error)
{
    const uint32_t both_outer = BPF_F_RDONLY | BPF_F_WRONLY;
    const uint32_t both_inner = BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG;
    if ((spec->flags & ~ops->flags) != 0)
        return map_refuse(spec, error, "flags 0x%x are not for a map of type %s",
                          spec->flags & ~ops->flags, ops->name);
    if ((spec->flags & both_outer) == both_outer || (spec->flags & both_inner) == both_inner)
        return map_refuse(spec, error, "it cannot be read-only and write-only at once");
    if ((spec->flags & BPF_F_NUMA_NODE) != 0 && spec->numa_node != 0)
        return map_refuse(spec, error, "there is no NUMA node %u", spec->numa_node);
    if (spec->map_extra != 0 && ops != &bpf_bloom_filter_ops)
        return map_refuse(spec, error, "map_extra is for bloom filters");
    if (spec->btf_vmlinux_value_type_id != 0 &&
        (ops != &bpf_struct_ops_ops || spec->btf_key_type_id != 0 || spec->btf_value_type_id != 0))
        return map_refuse(spec, error, "a type of the kernel's BTF is for struct_ops");
    return 0;
}

static int check_special_fields(const struct bpf_map_spec *spec, const struct bpf_map_ops *ops,
                                struct bpf_error *error)
{
    uint32_t end = 0;
    if (spec->special_field_count > BPF_SPECIAL_FIELD_MAX)
        return map_refuse_with(-E2BIG, spec, error, "a value has at most %u special fields",
                               BPF_SPECIAL_FIELD_MAX);
    if (spec->special_field_count != 0 && (ops->lookup == NULL || ops->set_object != NULL))
        return map_refuse_with(-EOPNOTSUPP, spec, error,
                               "the values of a %s cannot have locks or timers", ops->name);
    for (uint32_t i = 0; i < spec->special_field_count; i++) {
        const struct bpf_special_field *field = &spec->special_fields[i];
        if (field->offset < end || field->offset % 4 != 0 || field->size % 4 != 0 ||
            field->size == 0 || field->offset > spec->value_size ||
            field->size > spec->value_size - field->offset)
            return map_refuse(spec, error, "special field %u of the value lies badly", i);
        end = field->offset + field->size;
    }
    return 0;
}

static int check_spec(const struct bpf_env *env, const struct bpf_map_spec *spec,
                      const struct bpf_map_ops **ops, uint64_t *size_bytes, struct bpf_error *error)
{
    if (strnlen(spec->name, BPF_NAME_MAX) == BPF_NAME_MAX || !name_is_plain(spec->name))
        return bpf_error_set(error, -EINVAL, BPF_ERROR_NO_OFFSET,
                             "a map's name has at most %d letters, digits, '_', '.' or '-'",
                             BPF_NAME_MAX - 1);
    *ops = map_type_of(spec->type);
    if (*ops == NULL)
        return map_refuse(spec, error, "type %u is not one that this library has", spec->type);
    int err = check_flags(spec, *ops, error);
    if (err == 0)
        err = check_special_fields(spec, *ops, error);
    if (err != 0)
        return err;
    if (spec->max_entries == 0)
        return map_refuse(spec, error, "max_entries must be 1 or more");
    if (spec->key_size > BPF_MAP_KEY_SIZE_MAX || spec->value_size > BPF_MAP_VALUE_SIZE_MAX)
        return map_refuse_with(
            -E2BIG, spec, error, "keys have at most %u bytes, values %u; these %u and %u",
            BPF_MAP_KEY_SIZE_MAX, BPF_MAP_VALUE_SIZE_MAX, spec->key_size, spec->value_size);
    err = (*ops)->check(spec, bpf_env_cpu_count(env), size_bytes, error);
    if (err == 0 && *size_bytes > BPF_MAP_MEMORY_MAX)
        return map_refuse_with(-E2BIG, spec, error, "takes %llu bytes, the limit is %llu",
                               (unsigned long long)*size_bytes,
                               (unsigned long long)BPF_MAP_MEMORY_MAX);
    return err;
}

void map_fill(struct bpf_map *map, const struct bpf_env *env, const struct bpf_map_ops *ops,
              const struct bpf_map_spec *spec, uint64_t size_bytes)
{
    map->ops = ops;
    map->lookup = ops->lookup;
    map->env = env;
    map->key_size = spec->key_size;
    map->value_size = spec->value_size;
    map->max_entries = spec->max_entries;
    map->flags = spec->flags;
    map->cpu_count = bpf_env_cpu_count(env);
    map->size_bytes = size_bytes;
    map->map_extra = spec->map_extra;
    map->reference_count = 1;
    map->btf_key_type_id = spec->btf_key_type_id;
    map->btf_value_type_id = spec->btf_value_type_id;
    map->btf_vmlinux_value_type_id = spec->btf_vmlinux_value_type_id;
    map->special_field_count = spec->special_field_count;
    for (uint32_t i = 0; i < spec->special_field_count; i++)
        map->special_fields[i] = spec->special_fields[i];
    memcpy(map->name, spec->name, sizeof map->name);
}

int bpf_map_create(const struct bpf_env *env, const struct bpf_map_spec *spec, struct bpf_map **out,
                   struct bpf_error *error)
{
    const struct bpf_map_ops *ops = NULL;
    uint64_t size_bytes = 0;
    int err = check_spec(env, spec, &ops, &size_bytes, error);
    if (err)
        return err;
    struct bpf_map *map = NULL;
    if (ops == &bpf_ringbuf_ops)
        map = bpf_ringbuf_alloc(env, spec, &size_bytes);
    if (map == NULL)
        map = bpf_env_alloc(env, size_bytes);
    if (map == NULL)
        return map_refuse_with(-ENOMEM, spec, error, "no memory for %llu bytes",
                               (unsigned long long)size_bytes);
    map_fill(map, env, ops, spec, size_bytes);
    ops->init(map, spec);
    *out = map;
    return 0;
}

struct bpf_map *bpf_map_get(struct bpf_map *map)
{
    __atomic_fetch_add(&map->reference_count, 1, __ATOMIC_RELAXED);
    return map;
}

void bpf_map_put(struct bpf_map *map)
{
    if (map == NULL || __atomic_sub_fetch(&map->reference_count, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    if (map->ops->destroy != NULL)
        map->ops->destroy(map);
    if (map->ops != &bpf_ringbuf_ops || !bpf_ringbuf_free(map))
        bpf_env_free(map->env, map, map->size_bytes);
}

/* --- From programs --- */

void *bpf_map_lookup(struct bpf_map *map, const void *key)
{
    return map->lookup == NULL ? NULL : map->lookup(map, key);
}

void *bpf_map_lookup_cpu(struct bpf_map *map, const void *key, uint32_t cpu)
{
    if (map->ops->lookup_cpu == NULL || cpu >= map->cpu_count)
        return NULL;
    return map->ops->lookup_cpu(map, key, cpu);
}

/* What a call that may have changed something gives. */
static int touched(struct bpf_map *map, int err)
{
    if (err == 0)
        bpf_map_touch(map);
    return err;
}

int bpf_map_update(struct bpf_map *map, const void *key, const void *value, uint64_t flags)
{
    if (map->ops->update == NULL)
        return -EOPNOTSUPP;
    return touched(map, map->ops->update(map, key, value, flags));
}

int bpf_map_delete(struct bpf_map *map, const void *key)
{
    if (map->ops->delete == NULL)
        return -EOPNOTSUPP;
    return touched(map, map->ops->delete (map, key));
}

int bpf_map_push(struct bpf_map *map, const void *value, uint64_t flags)
{
    if (map->ops->push == NULL)
        return -EOPNOTSUPP;
    return touched(map, map->ops->push(map, value, flags));
}

int bpf_map_pop(struct bpf_map *map, void *value)
{
    if (map->ops->pop == NULL)
        return -EOPNOTSUPP;
    return touched(map, map->ops->pop(map, value));
}

int bpf_map_peek(struct bpf_map *map, void *value)
{
    return map->ops->peek == NULL ? -EOPNOTSUPP : map->ops->peek(map, value);
}

int bpf_map_next(struct bpf_map *map, const void *key, void *next_key)
{
    return map->ops->next == NULL ? -EOPNOTSUPP : map->ops->next(map, key, next_key);
}

/* --- Contents --- */

bool bpf_map_iterate(const struct bpf_map *map, uint64_t *cursor, struct bpf_map_entry *out)
{
    return map->ops->iterate(map, cursor, out);
}

bool bpf_map_values_read_only(const struct bpf_map *map)
{
    return (map->flags & BPF_F_RDONLY_PROG) != 0 || map->ops == &bpf_timeseries_ops;
}

uint64_t bpf_map_direct_size(const struct bpf_map *map)
{
    /* Linux too allows it only for arrays of one value: between two values there may be padding. */
    bool has_it = map->ops->direct_value != NULL && map->max_entries == 1;
    return has_it ? map->value_size : 0;
}

const struct bpf_prog *bpf_map_program(const struct bpf_map *map, uint32_t index)
{
    return map->ops->program == NULL ? NULL : map->ops->program(map, index);
}
