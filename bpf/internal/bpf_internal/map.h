/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What map types share. */
#pragma once
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf/helper.h>
#include <bpf/map.h>
#include <bpf_internal/map_lock.h>

extern const struct bpf_map_ops bpf_array_ops, bpf_percpu_array_ops, bpf_hash_ops,
    bpf_percpu_hash_ops, bpf_lru_hash_ops, bpf_lru_percpu_hash_ops, bpf_lpm_trie_ops, bpf_queue_ops,
    bpf_stack_ops, bpf_bloom_filter_ops, bpf_ringbuf_ops, bpf_prog_array_ops, bpf_array_of_maps_ops,
    bpf_hash_of_maps_ops, bpf_struct_ops_ops, bpf_timeseries_ops;

/* Gives back the programs of a struct_ops. */
void struct_ops_drop(struct bpf_map *map);

/* A hash of bytes that is the same on every port and in every run: no seed, no addresses. Not for
 * adversaries. */
uint64_t bpf_hash_bytes(const void *data, size_t size_bytes, uint64_t seed);

/* "map NAME: ..." into `error`; gives `code`. */
#define map_refuse_with(code, spec, error, format, ...) \
    bpf_error_set(error, code, BPF_ERROR_NO_OFFSET, "map %s: " format, (spec)->name, ##__VA_ARGS__)
#define map_refuse(spec, error, format, ...) \
    map_refuse_with(-EINVAL, spec, error, format, ##__VA_ARGS__)

/* NULL: no such type. */
const struct bpf_map_ops *map_type_of(uint32_t type);
/* Everything of a map that its spec says; one reference. */
void map_fill(struct bpf_map *map, const struct bpf_env *env, const struct bpf_map_ops *ops,
              const struct bpf_map_spec *spec, uint64_t size_bytes);

/* The update flags that a map with a value of these may be given: -EINVAL. */
static inline int map_check_update_flags(const struct bpf_map *map, uint64_t flags)
{
    if (__builtin_expect(flags <= BPF_EXIST, 1))
        return 0;
    if ((flags & ~(uint64_t)BPF_F_LOCK) > BPF_EXIST || map->special_field_count == 0)
        return -EINVAL;
    return map->special_fields[0].kind == BPF_SPECIAL_SPIN_LOCK ? 0 : -EINVAL;
}

/* Copies a value into the map, or out of it. Special fields are left alone, and read as zeros; with
 * `locked` it is done under the value's spin lock. `to` is aligned to 8, `from` likewise. */
void map_value_store(const struct bpf_map *map, void *to, const void *from, bool locked);
void map_value_load(const struct bpf_map *map, void *to, const void *from, bool locked);

/* One CPU's value and the next one's: rounded up so that two CPUs share no cache line. */
#define MAP_CPU_ALIGN 64u
/* Linux: PCPU_MIN_UNIT_SIZE. */
#define MAP_CPU_VALUE_SIZE_MAX (32u << 10)

/* hash.c, for maps of maps: a hash whose values are 8 bytes. */
struct bpf_map_spec bpf_hash_spec_of_pointers(const struct bpf_map_spec *spec);

/* ringbuf.c: memory that is mapped twice, or NULL where that cannot be; and whether it was. */
struct bpf_map *bpf_ringbuf_alloc(const struct bpf_env *env, const struct bpf_map_spec *spec,
                                  uint64_t *size_bytes);
bool bpf_ringbuf_free(struct bpf_map *map);
