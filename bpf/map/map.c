/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What is the same for every type of map: creation, references, digest. */
#include <bpf_internal/map.h>

const struct bpf_map_ops *const bpf_map_types[] = {
    &bpf_hash_ops, &bpf_array_ops, &bpf_ringbuf_ops, &bpf_timeseries_ops, NULL,
};

static const struct bpf_map_ops *find_type(uint32_t type)
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

static int check_spec(const struct bpf_map_spec *spec, const struct bpf_map_ops **ops,
                      uint64_t *size_bytes, struct bpf_error *error)
{
    if (strnlen(spec->name, BPF_NAME_MAX) == BPF_NAME_MAX || !name_is_plain(spec->name))
        return bpf_error_set(error, -EINVAL, BPF_ERROR_NO_OFFSET,
                             "a map's name has at most %d letters, digits, '_', '.' or '-'",
                             BPF_NAME_MAX - 1);
    *ops = find_type(spec->type);
    if (*ops == NULL)
        return map_refuse(
            spec, error,
            "type %u is not one that this library has (array, hash, ringbuf, timeseries)",
            spec->type);
    if ((spec->flags & ~(uint32_t)(BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG)) != 0)
        return map_refuse(spec, error, "flags 0x%x are not known", spec->flags);
    if (spec->max_entries == 0)
        return map_refuse(spec, error, "max_entries must be 1 or more");
    if (spec->key_size > BPF_MAP_KEY_SIZE_MAX || spec->value_size > BPF_MAP_VALUE_SIZE_MAX)
        return map_refuse(spec, error, "keys have at most %u bytes, values %u; these %u and %u",
                          BPF_MAP_KEY_SIZE_MAX, BPF_MAP_VALUE_SIZE_MAX, spec->key_size,
                          spec->value_size);
    int err = (*ops)->check(spec, size_bytes, error);
    if (err == 0 && *size_bytes > BPF_MAP_MEMORY_MAX)
        return bpf_error_set(
            error, -E2BIG, BPF_ERROR_NO_OFFSET, "map %s: takes %llu bytes, the limit is %llu",
            spec->name, (unsigned long long)*size_bytes, (unsigned long long)BPF_MAP_MEMORY_MAX);
    return err;
}

int bpf_map_create(const struct bpf_env *env, const struct bpf_map_spec *spec, struct bpf_map **out,
                   struct bpf_error *error)
{
    const struct bpf_map_ops *ops = NULL;
    uint64_t size_bytes = 0;
    int err = check_spec(spec, &ops, &size_bytes, error);
    if (err)
        return err;
    struct bpf_map *map = bpf_env_alloc(env, size_bytes);
    if (map == NULL)
        return bpf_error_set(error, -ENOMEM, BPF_ERROR_NO_OFFSET,
                             "map %s: no memory for %llu bytes", spec->name,
                             (unsigned long long)size_bytes);
    map->ops = ops;
    map->env = env;
    map->key_size = spec->key_size;
    map->value_size = spec->value_size;
    map->max_entries = spec->max_entries;
    map->flags = spec->flags;
    map->size_bytes = size_bytes;
    map->reference_count = 1;
    memcpy(map->name, spec->name, sizeof map->name);
    ops->init(map);
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
    if (map != NULL && __atomic_sub_fetch(&map->reference_count, 1, __ATOMIC_ACQ_REL) == 0)
        bpf_env_free(map->env, map, map->size_bytes);
}

void *bpf_map_lookup(struct bpf_map *map, const void *key)
{
    return map->ops->lookup == NULL ? NULL : map->ops->lookup(map, key);
}

int bpf_map_update(struct bpf_map *map, const void *key, const void *value, uint64_t flags)
{
    if (map->ops->update == NULL)
        return -EOPNOTSUPP;
    if (flags > BPF_EXIST)
        return -EINVAL;
    int err = map->ops->update(map, key, value, flags);
    if (err == 0)
        bpf_map_touch(map);
    return err;
}

int bpf_map_delete(struct bpf_map *map, const void *key)
{
    if (map->ops->delete == NULL)
        return -EOPNOTSUPP;
    int err = map->ops->delete (map, key);
    if (err == 0)
        bpf_map_touch(map);
    return err;
}

int bpf_map_next(struct bpf_map *map, const void *key, void *next_key)
{
    return map->ops->next == NULL ? -EOPNOTSUPP : map->ops->next(map, key, next_key);
}

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

/* Multiply and fold, eight bytes at a time: the constant is 2^64 / golden ratio (Knuth, TAOCP 3,
 * §6.4). */
#define HASH_FACTOR UINT64_C(0x9e3779b97f4a7c15)

static uint64_t hash_word(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * HASH_FACTOR;
    return hash ^ hash >> 32;
}

uint64_t bpf_hash_bytes(const void *data, size_t size_bytes, uint64_t seed)
{
    const uint8_t *at = data;
    uint64_t hash = hash_word(seed, size_bytes);
    for (; size_bytes >= 8; size_bytes -= 8, at += 8)
        hash = hash_word(hash, get_le64(at));
    uint64_t tail = 0;
    for (size_t i = 0; i < size_bytes; i++)
        tail |= (uint64_t)at[i] << 8 * i;
    return hash_word(hash, tail);
}

uint64_t bpf_map_digest(const struct bpf_map *map)
{
    uint64_t digest = bpf_hash_bytes(map->name, strlen(map->name), map->ops->type), cursor = 0;
    struct bpf_map_entry entry;
    while (map->ops->iterate(map, &cursor, &entry)) {
        digest = bpf_hash_bytes(entry.key, entry.key_size, digest);
        digest = bpf_hash_bytes(entry.value, entry.value_size, digest);
    }
    return digest;
}

const struct bpf_prog *bpf_map_program(const struct bpf_map *map, uint32_t index)
{
    return map->ops->program == NULL ? NULL : map->ops->program(map, index);
}
