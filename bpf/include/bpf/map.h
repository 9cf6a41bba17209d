/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Maps: memory that programs share with each other and with the outside.
 *
 * Each type is one table of functions (bpf/map/TYPE.c), listed in bpf_map_types. All memory is
 * allocated at creation, so nothing fails later for want of it. Contents, and the order in which
 * they are walked, depend only on what was put in: never on addresses, host time or the order of
 * insertion. Errors are Linux's.
 *
 * Every function here may be called on all CPUs at once, from programs and outside of them:
 *
 *   array, per-CPU array      no lock; a value of up to 8 bytes is replaced at once, a larger one
 *                             word by word (of a per-CPU one, only its own CPU's)
 *   hash, per-CPU hash        lookup without a lock; update and delete lock the key's bucket
 *   LRU                       the same, and one more lock around inserting and deleting
 *   LPM trie                  lookup without a lock; one lock for update and delete
 *   queue, stack, ring buffer, time series    one lock (reading a time series takes none)
 *   bloom filter, prog array, maps of maps    programs take no lock
 *
 * Locks are held for some tens of instructions, with interrupts masked where the env can
 * (map_lock.h). A value that a program holds a pointer to may be changed by others meanwhile, and
 * after a delete may become the value of another key, as with Linux's pre-allocated maps; it never
 * becomes other memory. Walks (bpf_map_next) go on from the key they were given, whether or not it
 * is still there: what is in the map all the time is seen once, whatever is added or deleted.
 *
 * bpf_map_generation() grows whenever the contents may have changed, also when a program was handed
 * a pointer through which it may write: who hashes contents needs to look again only when it has
 * moved. */
#pragma once
#include <axiom/types.h>
#include <bpf/env.h>
#include <bpf/error.h>

struct bpf_context_layout;
struct bpf_map_batch;
struct bpf_prog;

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
    BPF_SPECIAL_LIST_NODE, /* in objects of the program's own only */
    BPF_SPECIAL_RB_NODE,
};

struct bpf_special_field {
    uint32_t kind; /* enum bpf_special_kind */
    uint32_t offset, size;
    uint32_t btf_id; /* of what it points to or holds; 0: none */
    uint32_t
        flavour; /* for the verifier: of a list or tree, where the node lies in what it holds */
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
    uint32_t key_size; /* 0 where entries have no key */
    const void *value; /* may point to `word` in here */
    uint32_t value_size;
    uint32_t value_count; /* per-CPU maps: so many values, value_stride bytes apart; else 1 */
    uint64_t value_stride;
    uint32_t index;
    uint64_t word;
};

/* Keys and values are key_size and value_size bytes, of any alignment. What a type leaves out gives
 * the errno of Linux's. */
struct bpf_map_ops {
    uint32_t type; /* enum bpf_map_type */
    const char *name;
    uint32_t bit;       /* BPF_MAP_BIT_* of helper.h */
    uint32_t flags;     /* BPF_F_* that it may be created with */
    bool is_per_cpu;    /* a value for each CPU */
    bool holds_objects; /* values are maps or programs: bpf_map_set_object() */

    /* Refuses a spec that this type cannot have, and says the memory (with struct bpf_map) that it
     * takes for `cpu_count` CPUs. */
    int (*check)(const struct bpf_map_spec *spec, uint32_t cpu_count, uint64_t *size_bytes,
                 struct bpf_error *error);
    /* Sets up zeroed memory of that size, whose struct bpf_map is filled in already. Cannot fail.
     */
    void (*init)(struct bpf_map *map, const struct bpf_map_spec *spec);
    /* Gives back what the map holds, before its memory goes. */
    void (*destroy)(struct bpf_map *map);

    /* --- From programs --- */
    void *(*lookup)(struct bpf_map *map, const void *key);
    void *(*lookup_cpu)(struct bpf_map *map, const void *key, uint32_t cpu);
    int (*update)(struct bpf_map *map, const void *key, const void *value, uint64_t flags);
    int (*delete)(struct bpf_map *map, const void *key);
    int (*push)(struct bpf_map *map, const void *value, uint64_t flags);
    int (*pop)(struct bpf_map *map, void *value);
    int (*peek)(struct bpf_map *map, void *value);

    /* --- From outside: values of all CPUs, see bpf_map_outer_value_size(). NULL: as from programs
     * --- */
    int (*copy)(struct bpf_map *map, const void *key, void *value);
    int (*update_all)(struct bpf_map *map, const void *key, const void *value, uint64_t flags);
    int (*lookup_and_delete)(struct bpf_map *map, const void *key, void *value);
    /* Whole buckets, as many as fit; positions are bucket numbers (4 bytes). */
    int (*bucket_batch)(struct bpf_map *map, struct bpf_map_batch *batch, bool remove);
    int (*set_object)(struct bpf_map *map, const void *key, void *object, uint64_t flags);

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
    /* ops->lookup, or one made for this map's size of keys. */
    void *(*lookup)(struct bpf_map *map, const void *key);
    const struct bpf_env *env;
    uint32_t key_size, value_size, max_entries, flags;
    uint32_t cpu_count;
    uint32_t changed; /* see bpf_map_touch() */
    uint64_t generation;
    uint64_t size_bytes; /* of this allocation */
    uint64_t map_extra;
    uint32_t reference_count;
    uint32_t frozen;  /* nobody outside writes any more */
    uint32_t writers; /* calls from outside that are writing */
    uint32_t btf_key_type_id, btf_value_type_id, btf_vmlinux_value_type_id;
    const struct bpf_map *inner; /* map-in-map: what every inner map looks like; has no contents */
    uint32_t special_field_count;
    struct bpf_special_field special_fields[BPF_SPECIAL_FIELD_MAX];
    char name[BPF_NAME_MAX];
};

/* NULL-terminated. */
extern const struct bpf_map_ops *const bpf_map_types[];

/* Caller owns a reference; release with bpf_map_put(). -EINVAL/-E2BIG/-ENOTSUPP for a spec that
 * cannot be, -ENOMEM. */
int bpf_map_create(const struct bpf_env *env, const struct bpf_map_spec *spec, struct bpf_map **out,
                   struct bpf_error *error);
struct bpf_map *bpf_map_get(struct bpf_map *map);
void bpf_map_put(struct bpf_map *map);

/* --- From programs: as the helpers of these names. Any context. --- */

/* -EOPNOTSUPP / NULL where a type has none; Linux refuses such programs when it loads them. */
void *bpf_map_lookup(struct bpf_map *map, const void *key);
/* The value of another CPU; NULL for one that is not there. */
void *bpf_map_lookup_cpu(struct bpf_map *map, const void *key, uint32_t cpu);
int bpf_map_update(struct bpf_map *map, const void *key, const void *value, uint64_t flags);
int bpf_map_delete(struct bpf_map *map, const void *key);
/* Queue, stack and (not pop) bloom filter. What is not found leaves `value` zeroed by pop and peek
 * of a queue or stack. */
int bpf_map_push(struct bpf_map *map, const void *value, uint64_t flags);
int bpf_map_pop(struct bpf_map *map, void *value);
int bpf_map_peek(struct bpf_map *map, void *value);
int bpf_map_next(struct bpf_map *map, const void *key, void *next_key);
/* What tail_call goes to: NULL where nothing is, or in maps of other types. */
const struct bpf_prog *bpf_map_program(const struct bpf_map *map, uint32_t index);

/* --- From outside: as the commands of bpf(2). Not in programs. ---
 * Flags BPF_F_RDONLY, BPF_F_WRONLY and freezing count here: -EPERM. */

/* Bytes of a value here: for per-CPU maps, value_size rounded up to 8 for each CPU. */
uint64_t bpf_map_outer_value_size(const struct bpf_map *map);
/* BPF_MAP_LOOKUP_ELEM: a copy that no update was in the middle of (an array's: word by word).
 * -ENOENT. */
int bpf_map_outer_lookup(struct bpf_map *map, const void *key, void *value, uint64_t flags);
int bpf_map_outer_update(struct bpf_map *map, const void *key, const void *value, uint64_t flags);
int bpf_map_outer_delete(struct bpf_map *map, const void *key);
int bpf_map_outer_next(struct bpf_map *map, const void *key, void *next_key);
int bpf_map_outer_lookup_and_delete(struct bpf_map *map, const void *key, void *value,
                                    uint64_t flags);
/* From here on nobody outside writes: -EBUSY when someone is writing now, -EPERM when it is frozen
 * already. */
int bpf_map_freeze(struct bpf_map *map);
/* Whether nobody will ever write its values again: a verifier may take them as constants. */
bool bpf_map_is_constant(const struct bpf_map *map);

/* `count` elements one after another. The number that was done comes back in `count`, also with an
 * error. `position` is key_size bytes (at least 4): where lookups went on to. */
struct bpf_map_batch {
    const void *in_position; /* lookups: NULL at the start */
    void *out_position;
    void *keys, *values; /* read or written, as the command is */
    uint32_t count;
    uint64_t element_flags;
};
/* -ENOENT: that was the end (with `count` of the last ones). */
int bpf_map_lookup_batch(struct bpf_map *map, struct bpf_map_batch *batch);
int bpf_map_lookup_and_delete_batch(struct bpf_map *map, struct bpf_map_batch *batch);
int bpf_map_update_batch(struct bpf_map *map, struct bpf_map_batch *batch);
int bpf_map_delete_batch(struct bpf_map *map, struct bpf_map_batch *batch);

/* Maps that hold maps or programs: `object` is a struct bpf_map or a struct bpf_prog, of which a
 * reference is taken; NULL: none. -EINVAL when it does not fit (see bpf_map_fits_inner(); a program
 * of another kind than those that are in). */
int bpf_map_set_object(struct bpf_map *map, const void *key, void *object, uint64_t flags);
/* Whether `map` may be an inner map of `outer`: everything that programs were verified against is
 * the same. */
bool bpf_map_fits_inner(const struct bpf_map *outer, const struct bpf_map *map);
/* Takes everything out of a map that holds maps or programs. A program array or struct_ops and the
 * programs in it may hold each other: whoever gives back the last reference from outside calls this
 * first, when nothing calls the struct_ops any more. */
void bpf_map_clear_objects(struct bpf_map *map);
/* Whether programs of this context may be in a program array, or tail-call through it. The first
 * asked for decides. */
bool bpf_prog_array_accepts(struct bpf_map *map, const struct bpf_context_layout *context);

/* --- Contents --- */

bool bpf_map_iterate(const struct bpf_map *map, uint64_t *cursor, struct bpf_map_entry *out);
/* Bytes of the entry's value as it is recorded and hashed: of per-CPU maps all CPUs' values, each
 * rounded up to 8, up to the last one that is not all zeros. */
uint64_t bpf_map_entry_size(const struct bpf_map_entry *entry);
void bpf_map_entry_copy(const struct bpf_map_entry *entry, void *to);

/* A 64-bit digest of the contents; equal contents give equal digests on every port. */
uint64_t bpf_map_digest(const struct bpf_map *map);

/* Values that programs may only read: BPF_F_RDONLY_PROG, and every time series. */
bool bpf_map_values_read_only(const struct bpf_map *map);
/* The bytes that LDDW's "map value" form may point into, 0 for types without it. */
uint64_t bpf_map_direct_size(const struct bpf_map *map);

/* Where an array's values lie, for a JIT that does lookups by itself: index < max_entries gives
 * values + index * stride + bpf_env_cpu_index(map->env) * cpu_stride. */
struct bpf_map_layout {
    uint8_t *values;
    uint32_t stride;
    uint64_t cpu_stride; /* 0: no matter on which CPU */
};
/* False for types that are no arrays. Such code also does what bpf_map_touch() does, unless
 * bpf_map_values_read_only(). */
bool bpf_map_array_layout(const struct bpf_map *map, struct bpf_map_layout *layout);

/* The spin lock of a value (BPF_SPECIAL_SPIN_LOCK): 0 is free. */
void bpf_value_lock(uint32_t *lock);
void bpf_value_unlock(uint32_t *lock);

/* Says that the contents may have changed. Written only when it is not said yet, so that CPUs that
 * look things up all the time do not fight for the line. */
static inline void bpf_map_touch(struct bpf_map *map)
{
    if (__atomic_load_n(&map->changed, __ATOMIC_RELAXED) == 0)
        __atomic_store_n(&map->changed, 1, __ATOMIC_RELAXED);
}

/* One more than before if the contents may have changed since the last call. */
static inline uint64_t bpf_map_generation(struct bpf_map *map)
{
    if (__atomic_load_n(&map->changed, __ATOMIC_RELAXED) != 0) {
        __atomic_store_n(&map->changed, 0, __ATOMIC_SEQ_CST);
        __atomic_fetch_add(&map->generation, 1, __ATOMIC_RELAXED);
    }
    return __atomic_load_n(&map->generation, __ATOMIC_RELAXED);
}

/* --- Ring buffer: records in order of reservation, read once --- */

/* Memory for a record of `size_bytes`, or NULL when it does not fit. */
void *bpf_ringbuf_reserve(struct bpf_map *map, uint64_t size_bytes);
void bpf_ringbuf_submit(void *record, uint64_t flags);
void bpf_ringbuf_discard(void *record, uint64_t flags);
int bpf_ringbuf_output(struct bpf_map *map, const void *data, uint64_t size_bytes, uint64_t flags);
uint64_t bpf_ringbuf_query(const struct bpf_map *map, uint64_t flags);
/* The one reader's side: the oldest committed record, discarded ones skipped; false when there is
 * none or it is still being written. bpf_ringbuf_consume() gives its space back. */
bool bpf_ringbuf_peek(struct bpf_map *map, const void **data, uint32_t *size_bytes);
void bpf_ringbuf_consume(struct bpf_map *map);

/* What a reader in another address space maps (Linux: kernel/bpf/ringbuf.c): a page that begins with
 * the consumer's position, a page that begins with the producer's, then the data, and the data once
 * more right behind, so that a record that crosses the end reads on. False where the env could not
 * give such memory (alloc_ring) or the ring is smaller than a page: then no record crosses the end;
 * one that would is preceded by a discarded one that fills the rest, and reading needs no second
 * mapping. */
struct bpf_ringbuf_pages {
    void *consumer, *producer, *data;
    uint64_t data_size;
};
bool bpf_ringbuf_pages(const struct bpf_map *map, struct bpf_ringbuf_pages *out);

/* --- Time series: the newest max_entries samples --- */
int bpf_timeseries_push(struct bpf_map *map, uint64_t time_ns, int64_t value);
/* Copies up to `count` samples, newest first; how many. */
uint32_t bpf_timeseries_last(const struct bpf_map *map, struct axiom_sample *to, uint32_t count);
void bpf_timeseries_window(const struct bpf_map *map, uint64_t since_ns, struct axiom_window *out);

/* --- struct_ops: a table of programs that the outside calls by --- */

/* The program for the member at `offset` (a multiple of 8 in the value), before the map is updated.
 * -EBUSY after. A reference is taken. */
int bpf_struct_ops_set_prog(struct bpf_map *map, uint32_t offset, struct bpf_prog *prog);
struct bpf_prog *bpf_struct_ops_prog(const struct bpf_map *map, uint32_t offset);
