/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Bodies of helpers for maps beyond lookup, update and delete. */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf/interp.h>
#include <bpf/map.h>
#include <bpf_internal/helper_body.h>
#include <bpf_internal/helpers.h>

HELPER_BODY(bpf_helper_map_push_elem)
{
    if ((map_of(r1)->flags & BPF_F_RDONLY_PROG) != 0)
        return RESULT(-EACCES);
    return RESULT(bpf_map_push(map_of(r1), memory_of(r2), r3));
}

/* The verifier counts the value as written, also on failure. */
static uint64_t filled(struct bpf_map *map, void *value, int err)
{
    if (err != 0 && map->ops->type != BPF_MAP_TYPE_BLOOM_FILTER)
        memset(value, 0, map->value_size);
    return RESULT(err);
}

HELPER_BODY(bpf_helper_map_pop_elem)
{
    return filled(map_of(r1), memory_of(r2), bpf_map_pop(map_of(r1), memory_of(r2)));
}

HELPER_BODY(bpf_helper_map_peek_elem)
{
    return filled(map_of(r1), memory_of(r2), bpf_map_peek(map_of(r1), memory_of(r2)));
}

HELPER_BODY(bpf_helper_map_lookup_percpu_elem)
{
    struct bpf_map *map = map_of(r1);
    void *value = bpf_map_lookup_cpu(map, memory_of(r2), U32(r3));
    if (value != NULL && !bpf_map_values_read_only(map))
        bpf_map_touch(map);
    return (uint64_t)(uintptr_t)value;
}

/* Calls the function for one entry; true: go on. */
static bool visit(struct bpf_run *run, struct bpf_map *map, const void *key, uint64_t function,
                  uint64_t context)
{
    void *value = bpf_map_lookup(map, key);
    const struct bpf_lent_memory lent = { run->engine.lent, key, map->key_size };
    if (value == NULL)
        return true; /* it went away meanwhile */
    const uint64_t arguments[5] = { (uint64_t)(uintptr_t)map, (uint64_t)(uintptr_t)key,
                                    (uint64_t)(uintptr_t)value, context };
    run->engine.lent = &lent;
    uint64_t stop = bpf_call_function(run, function, arguments);
    run->engine.lent = lent.outer;
    return stop == 0 && run->error == 0;
}

/* The function may delete and add entries: the walk goes on from a copy of the key. Bounded by
 * max_entries, which the worst case counts with, also where entries come as fast as it walks. */
HELPER_BODY(bpf_helper_for_each_map_elem)
{
    struct bpf_map *map = map_of(r1);
    _Alignas(8) uint8_t keys[2][BPF_MAP_KEY_SIZE_MAX];
    uint32_t count = 0;
    if (r4 != 0)
        return RESULT(-EINVAL);
    if (!bpf_map_values_read_only(map))
        bpf_map_touch(map);
    int err = bpf_map_next(map, NULL, keys[0]);
    while (err == 0 && count < map->max_entries) {
        count++;
        if (!visit(run, map, keys[(count - 1) % 2], r2, r3))
            break;
        err = bpf_map_next(map, keys[(count - 1) % 2], keys[count % 2]);
    }
    return count;
}

HELPER_BODY(bpf_helper_spin_lock)
{
    bpf_value_lock(memory_of(r1));
    return 0;
}

HELPER_BODY(bpf_helper_spin_unlock)
{
    bpf_value_unlock(memory_of(r1));
    return 0;
}
