/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Bloom filter: says of a value that it was never pushed, or that it may have been (Linux:
 * kernel/bpf/bloom_filter.c; sizes as there, another hash).
 *
 * map_extra is how many bits a value sets; 7/5 of that times max_entries, rounded up to a power of
 * two, is how many bits there are. No locks: bits are only ever set. */
#include <bpf_internal/map.h>

#define HASH_COUNT_DEFAULT 5u

struct bloom_map {
    struct bpf_map map;
    uint32_t hash_count;
    uint32_t bit_mask;
    uint64_t bits[];
};

static struct bloom_map *bloom_of(const struct bpf_map *map)
{
    return CONTAINER_OF(map, struct bloom_map, map);
}

static uint32_t hash_count(uint64_t map_extra)
{
    return map_extra == 0 ? HASH_COUNT_DEFAULT : (uint32_t)map_extra;
}

static uint32_t bit_mask(uint32_t max_entries, uint64_t map_extra)
{
    uint64_t wanted = (uint64_t)max_entries * hash_count(map_extra);
    wanted = wanted > UINT32_MAX ? UINT64_MAX : wanted / 5 * 7;
    uint64_t bits = 64;
    while (bits < wanted && bits < (UINT64_C(1) << 32))
        bits *= 2;
    return (uint32_t)(bits - 1);
}

static int bloom_check(const struct bpf_map_spec *spec, uint32_t cpu_count, uint64_t *size_bytes,
                       struct bpf_error *error)
{
    (void)cpu_count;
    if (spec->key_size != 0)
        return map_refuse(spec, error, "a bloom filter has no keys (key_size 0)");
    if (spec->value_size == 0)
        return map_refuse(spec, error, "value_size must be 1 or more");
    if (spec->map_extra > 15)
        return map_refuse(spec, error, "map_extra is a number of hashes, 1 to 15, not %llu",
                          (unsigned long long)spec->map_extra);
    *size_bytes =
        sizeof(struct bloom_map) + ((uint64_t)bit_mask(spec->max_entries, spec->map_extra) + 1) / 8;
    return 0;
}

static void bloom_init(struct bpf_map *map, const struct bpf_map_spec *spec)
{
    struct bloom_map *bloom = bloom_of(map);
    bloom->hash_count = hash_count(spec->map_extra);
    bloom->bit_mask = bit_mask(spec->max_entries, spec->map_extra);
}

static uint64_t *word_of(const struct bloom_map *bloom, const void *value, uint32_t number,
                         uint64_t *bit)
{
    uint32_t index =
        (uint32_t)(bpf_hash_bytes(value, bloom->map.value_size, number) >> 16) & bloom->bit_mask;
    *bit = UINT64_C(1) << (index % 64);
    return (uint64_t *)(uintptr_t)&bloom->bits[index / 64];
}

static int bloom_push(struct bpf_map *map, const void *value, uint64_t flags)
{
    struct bloom_map *bloom = bloom_of(map);
    uint64_t bit;
    if (flags != BPF_ANY)
        return -EINVAL;
    for (uint32_t i = 0; i < bloom->hash_count; i++) {
        uint64_t *word = word_of(bloom, value, i, &bit);
        __atomic_fetch_or(word, bit, __ATOMIC_RELAXED);
    }
    return 0;
}

static int bloom_peek(struct bpf_map *map, void *value)
{
    const struct bloom_map *bloom = bloom_of(map);
    uint64_t bit;
    for (uint32_t i = 0; i < bloom->hash_count; i++) {
        const uint64_t *word = word_of(bloom, value, i, &bit);
        if ((map_get64(word) & bit) == 0)
            return -ENOENT;
    }
    return 0;
}

static int no_update(struct bpf_map *map, const void *key, const void *value, uint64_t flags)
{
    (void)map;
    (void)key;
    (void)value;
    (void)flags;
    return -EINVAL;
}

/* One entry: the bits. */
static bool bloom_iterate(const struct bpf_map *map, uint64_t *cursor, struct bpf_map_entry *out)
{
    const struct bloom_map *bloom = bloom_of(map);
    if ((*cursor)++ != 0)
        return false;
    *out = (struct bpf_map_entry){ .value = bloom->bits,
                                   .value_size = bloom->bit_mask / 8 + 1,
                                   .value_count = 1 };
    return true;
}

static bool bloom_holds(const struct bpf_map *map, uint64_t offset, uint64_t size_bytes)
{
    (void)map;
    (void)offset;
    (void)size_bytes;
    return false;
}

const struct bpf_map_ops bpf_bloom_filter_ops = {
    .type = BPF_MAP_TYPE_BLOOM_FILTER,
    .name = "bloom_filter",
    .bit = BPF_MAP_BIT_BLOOM_FILTER,
    .flags = BPF_F_NUMA_NODE | BPF_F_ZERO_SEED | BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_RDONLY_PROG |
             BPF_F_WRONLY_PROG,
    .check = bloom_check,
    .init = bloom_init,
    .update = no_update,
    .push = bloom_push,
    .peek = bloom_peek,
    .iterate = bloom_iterate,
    .holds = bloom_holds,
};
