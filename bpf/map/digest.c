/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Hashes of bytes and of contents, the same on every port and in every run. */
#include <bpf_internal/map.h>

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

static const uint8_t *value_of_cpu(const struct bpf_map_entry *entry, uint32_t cpu)
{
    return (const uint8_t *)entry->value + cpu * entry->value_stride;
}

static bool is_zero(const uint8_t *at, uint32_t size_bytes)
{
    uint8_t any = 0;
    for (uint32_t i = 0; i < size_bytes; i++)
        any |= at[i];
    return any == 0;
}

/* CPUs after the last one that ever wrote something do not count: what ran on one CPU of four is
 * the same as what ran on the only one. */
static uint32_t counted_cpus(const struct bpf_map_entry *entry)
{
    uint32_t count = entry->value_count;
    while (count > 1 && is_zero(value_of_cpu(entry, count - 1), entry->value_size))
        count--;
    return count;
}

uint64_t bpf_map_entry_size(const struct bpf_map_entry *entry)
{
    if (entry->value_count <= 1)
        return entry->value_size;
    return counted_cpus(entry) * align_up64(entry->value_size, 8);
}

void bpf_map_entry_copy(const struct bpf_map_entry *entry, void *to)
{
    uint64_t size = bpf_map_entry_size(entry), stride = align_up64(entry->value_size, 8);
    memset(to, 0, size);
    if (entry->value_count <= 1) {
        memcpy(to, entry->value, size);
        return;
    }
    for (uint32_t cpu = 0; cpu < size / stride; cpu++)
        memcpy((uint8_t *)to + cpu * stride, value_of_cpu(entry, cpu), entry->value_size);
}

uint64_t bpf_map_digest(const struct bpf_map *map)
{
    uint64_t digest = bpf_hash_bytes(map->name, strlen(map->name), map->ops->type), cursor = 0;
    struct bpf_map_entry entry;
    while (map->ops->iterate(map, &cursor, &entry)) {
        digest = bpf_hash_bytes(entry.key, entry.key_size, digest);
        for (uint32_t cpu = 0; cpu < counted_cpus(&entry); cpu++)
            digest = bpf_hash_bytes(value_of_cpu(&entry, cpu), entry.value_size, digest);
    }
    return digest;
}
