/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Maps: memory that programs share with each other and with the outside.
 *
 * Each type is one table of functions (bpf/map/TYPE.c), listed in bpf_map_types. All memory is
 * allocated at creation, so nothing fails later for want of it. Contents, and the order in which
 * they are walked, depend only on what was put in: never on addresses, host time or the order of
 * insertion.
 *
 * `generation` grows whenever the contents may have changed, also when a program was handed a
 * pointer through which it may write: who hashes contents needs to look again only when it has
 * moved. Maps have no lock: the caller serialises programs and map calls on one map (the kernel
 * runs programs with interrupts off on one CPU at a time). */
#pragma once
#include <axiom/types.h>
#include <bpf/env.h>
#include <bpf/error.h>

#define BPF_NAME_MAX 64 /* with the final 0 */

/* Limits that keep sizes far from overflow. */
#define BPF_MAP_KEY_SIZE_MAX   512u
#define BPF_MAP_VALUE_SIZE_MAX (16u << 20)
#define BPF_MAP_MEMORY_MAX     (UINT64_C(1) << 30)

struct bpf_prog;

/* What a value has besides plain bytes: found by its BTF, never copied by updates. */
enum bpf_special_kind {
    BPF_SPECIAL_SPIN_LOCK = 1, /* struct bpf_spin_lock: 4 bytes, 0 is free */
    BPF_SPECIAL_TIMER,
    BPF_SPECIAL_KPTR, /* `flavour` says which */
    BPF_SPECIAL_LIST_HEAD,
    BPF_SPECIAL_RB_ROOT,
    BPF_SPECIAL_REFCOUNT,
    BPF_SPECIAL_WORKQUEUE,
};

struct bpf_special_field {
    uint32_t kind; /* enum bpf_special_kind */
    uint32_t offset, size;
    uint32_t btf_id;  /* of what it points to or holds; 0: none */
    uint32_t flavour; /* for the verifier; the maps do not look at it */
};

#define BPF_SPECIAL_FIELD_MAX 11u /* Linux: BTF_FIELDS_MAX */

/* Everything that is not said is 0. */
struct bpf_map_spec {
    char name[BPF_NAME_MAX];
    uint32_t type; /* enum bpf_map_type */
    uint32_t key_size;
    uint32_t value_size;
    uint32_t max_entries;
    uint32_t flags;
    uint32_t numa_node;                          /* counts with BPF_F_NUMA_NODE */
    uint64_t map_extra;                          /* bloom filter: number of hashes, 0 for 5 */
    const struct bpf_map_spec *inner;            /* map-in-map: what an inner map must look like */
    uint32_t btf_key_type_id, btf_value_type_id; /* in the BTF of whoever made the map; 0: none */
    uint32_t btf_vmlinux_value_type_id;          /* struct_ops: in the kernel's BTF */
    uint32_t special_field_count;
    const struct bpf_special_field *special_fields; /* sorted by offset; copied */
};

struct bpf_map_entry {
    const void *key;   /* may point to `index` in here */
    uint32_t key_size; /* 0 where entries have no key (ring buffer) */
    const void *value;
    uint32_t value_size;
    uint32_t index;
};

/* Keys and values are key_size and value_size bytes, of any alignment. */
struct bpf_map_ops {
    uint32_t type; /* enum bpf_map_type */
    const char *name;
    uint32_t bit; /* BPF_MAP_BIT_* of helper.h */

    /* Refuses a spec that this type cannot have, and says the memory (with struct bpf_map) that it
     * takes. */
    int (*check)(const struct bpf_map_spec *spec, uint64_t *size_bytes, struct bpf_error *error);
    /* Sets up zeroed memory of that size, whose struct bpf_map is filled in already. Cannot fail.
     */
    void (*init)(struct bpf_map *map);

    void *(*lookup)(struct bpf_map *map, const void *key);
    int (*update)(struct bpf_map *map, const void *key, const void *value, uint64_t flags);
    int (*delete)(struct bpf_map *map, const void *key);
    /* The key after `key` in the map's own order, whether or not `key` is still there; the first
     * when it is NULL; or -ENOENT at the end. */
    int (*next)(struct bpf_map *map, const void *key, void *next_key);
    /* One entry after another: *cursor is 0 at the start; false at the end. Valid while the map is
     * not changed. */
    bool (*iterate)(const struct bpf_map *map, uint64_t *cursor, struct bpf_map_entry *out);
    /* Whether `size_bytes` bytes at `offset` from the start of struct bpf_map are inside one value
     * that exists (a ring buffer: one reserved record). What a checked run asks. */
    bool (*holds)(const struct bpf_map *map, uint64_t offset, uint64_t size_bytes);
    /* The program at `index`, which stays while the map is not changed, or NULL; NULL for types
     * without programs. */
    const struct bpf_prog *(*program)(const struct bpf_map *map, uint32_t index);
    /* Where LDDW's "map value" form points to: all values of an array in a row; NULL for types
     * without it. */
    void *(*direct_value)(struct bpf_map *map, uint32_t offset);
};

/* Read freely; written by bpf/ only. */
struct bpf_map {
    const struct bpf_map_ops *ops;
    const struct bpf_env *env;
    uint32_t key_size, value_size, max_entries, flags;
    uint64_t generation;
    uint64_t size_bytes; /* of this allocation */
    uint32_t reference_count;
    char name[BPF_NAME_MAX];
};

/* NULL-terminated. */
extern const struct bpf_map_ops *const bpf_map_types[];

/* Caller owns a reference; release with bpf_map_put(). -EINVAL/-E2BIG for a spec that cannot be,
 * -ENOMEM. */
int bpf_map_create(const struct bpf_env *env, const struct bpf_map_spec *spec, struct bpf_map **out,
                   struct bpf_error *error);
struct bpf_map *bpf_map_get(struct bpf_map *map);
void bpf_map_put(struct bpf_map *map);

/* As the helpers and the bpf() calls of the same names; -EOPNOTSUPP / NULL where a type has none.
 */
void *bpf_map_lookup(struct bpf_map *map, const void *key);
int bpf_map_update(struct bpf_map *map, const void *key, const void *value, uint64_t flags);
int bpf_map_delete(struct bpf_map *map, const void *key);
int bpf_map_next(struct bpf_map *map, const void *key, void *next_key);
/* What tail_call goes to: NULL where nothing is, or in maps of other types. */
const struct bpf_prog *bpf_map_program(const struct bpf_map *map, uint32_t index);
bool bpf_map_iterate(const struct bpf_map *map, uint64_t *cursor, struct bpf_map_entry *out);

/* A 64-bit digest of the contents; equal contents give equal digests on every port. */
uint64_t bpf_map_digest(const struct bpf_map *map);

/* Values that programs may only read: BPF_F_RDONLY_PROG, and every time series. */
bool bpf_map_values_read_only(const struct bpf_map *map);
/* The bytes that LDDW's "map value" form may point into, 0 for types without it. */
uint64_t bpf_map_direct_size(const struct bpf_map *map);

/* Says that the contents may have changed. */
static inline void bpf_map_touch(struct bpf_map *map)
{
    map->generation++;
}

/* --- Ring buffer: records in order of reservation, read once --- */

/* Memory for a record of `size_bytes`, or NULL when it does not fit. */
void *bpf_ringbuf_reserve(struct bpf_map *map, uint64_t size_bytes);
void bpf_ringbuf_submit(void *record, uint64_t flags);
void bpf_ringbuf_discard(void *record, uint64_t flags);
int bpf_ringbuf_output(struct bpf_map *map, const void *data, uint64_t size_bytes, uint64_t flags);
uint64_t bpf_ringbuf_query(const struct bpf_map *map, uint64_t flags);
/* The reader's side: the oldest committed record, discarded ones skipped; false when there is none
 * or it is still being written. bpf_ringbuf_consume() gives its space back. */
bool bpf_ringbuf_peek(struct bpf_map *map, const void **data, uint32_t *size_bytes);
void bpf_ringbuf_consume(struct bpf_map *map);

/* --- Time series: the newest max_entries samples --- */
int bpf_timeseries_push(struct bpf_map *map, uint64_t time_ns, int64_t value);
/* Copies up to `count` samples, newest first; how many. */
uint32_t bpf_timeseries_last(const struct bpf_map *map, struct axiom_sample *to, uint32_t count);
void bpf_timeseries_window(const struct bpf_map *map, uint64_t since_ns, struct axiom_window *out);
