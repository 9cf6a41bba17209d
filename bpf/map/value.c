/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Values: copied in and out around the fields that are not plain bytes (spin locks, timers, ...),
 * as Linux's copy_map_value(). */
#include <bpf_internal/map.h>

void bpf_value_lock(uint32_t *lock)
{
    map_spin(lock);
}

void bpf_value_unlock(uint32_t *lock)
{
    __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

static uint32_t *lock_of(const struct bpf_map *map, const void *value)
{
    return (uint32_t *)((uintptr_t)value + map->special_fields[0].offset);
}

/* The stretch of plain bytes from *at on, up to the next special field; *at goes behind that. */
static uint32_t next_stretch(const struct bpf_map *map, uint32_t field, uint32_t *at)
{
    uint32_t start = *at, end = map->value_size;
    if (field < map->special_field_count) {
        end = map->special_fields[field].offset;
        *at = end + map->special_fields[field].size;
    }
    return end - start;
}

static void store_around(const struct bpf_map *map, uint8_t *to, const uint8_t *from)
{
    uint32_t at = 0;
    for (uint32_t field = 0; field <= map->special_field_count; field++) {
        uint32_t start = at, size = next_stretch(map, field, &at);
        map_store(to + start, from + start, size);
    }
}

static void load_around(const struct bpf_map *map, uint8_t *to, const uint8_t *from)
{
    uint32_t at = 0;
    memset(to, 0, map->value_size);
    for (uint32_t field = 0; field <= map->special_field_count; field++) {
        uint32_t start = at, size = next_stretch(map, field, &at);
        map_load(to + start, from + start, size);
    }
}

void map_value_store(const struct bpf_map *map, void *to, const void *from, bool locked)
{
    if (__builtin_expect(map->special_field_count == 0, 1)) {
        map_store(to, from, map->value_size);
        return;
    }
    uint64_t state = 0;
    if (locked)
        state = map_lock(map->env, lock_of(map, to));
    store_around(map, to, from);
    if (locked)
        map_unlock(map->env, lock_of(map, to), state);
}

void map_value_load(const struct bpf_map *map, void *to, const void *from, bool locked)
{
    if (__builtin_expect(map->special_field_count == 0, 1)) {
        map_load(to, from, map->value_size);
        return;
    }
    uint64_t state = 0;
    if (locked)
        state = map_lock(map->env, lock_of(map, from));
    load_around(map, to, from);
    if (locked)
        map_unlock(map->env, lock_of(map, from), state);
}
