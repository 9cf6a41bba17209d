/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The same operations on two maps: ours and a model of it, or ours and the running Linux's. What they
 * give, and what they then hold, must be the same. Operations come from bytes: of a seeded generator,
 * or of a fuzzer. */
#pragma once
#include <bpf/map.h>
#include <stddef.h>

/* What kind of map. */
struct shape {
    uint32_t type, key_size, value_size, max_entries, flags;
    uint64_t map_extra;
    uint32_t cpu_count;
    uint32_t key_count; /* keys that operations use */
};

#define SHAPE_KEY_MAX   64u
#define SHAPE_VALUE_MAX 1024u /* of all CPUs */

/* A map under test. Results: 0 or a negative errno; as bpf_map_outer_*(). */
struct backend {
    const char *name;
    int (*lookup)(struct backend *backend, const void *key, void *value, uint64_t flags);
    int (*update)(struct backend *backend, const void *key, const void *value, uint64_t flags);
    int (*delete)(struct backend *backend, const void *key);
    int (*next)(struct backend *backend, const void *key, void *next_key);
    int (*lookup_and_delete)(struct backend *backend, const void *key, void *value, uint64_t flags);
    int (*freeze)(struct backend *backend);
    int (*lookup_batch)(struct backend *backend, struct bpf_map_batch *batch);
    int (*update_batch)(struct backend *backend, struct bpf_map_batch *batch);
    int (*delete_batch)(struct backend *backend, struct bpf_map_batch *batch);
};

/* Ours, by the functions for system calls. */
struct our_backend {
    struct backend backend;
    struct bpf_map *map;
};
void our_backend_init(struct our_backend *ours, struct bpf_map *map);

uint64_t shape_value_size(const struct shape *shape);
struct bpf_map_spec shape_spec(const struct shape *shape);

/* Bytes; 0 when there are none left and `done` says so. */
struct byte_source {
    const uint8_t *bytes;
    size_t size, at;
    uint64_t random; /* the generator's state, when `bytes` is NULL */
};
uint8_t byte_take(struct byte_source *source);

struct comparison {
    const struct shape *shape;
    struct backend *a, *b;
    uint32_t step;
    bool with_freeze; /* freezes once in a while (and then nothing changes any more) */
    bool exact_order; /* both walk in the same order */
    char why[300];    /* where they differed */
};

/* Runs `steps` operations (or until the bytes end), then compares contents; false when they differ. */
bool comparison_run(struct comparison *comparison, struct byte_source *source, uint32_t steps);
