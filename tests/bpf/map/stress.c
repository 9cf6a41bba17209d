/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Maps used by several threads at once, under ThreadSanitizer: no data race, and what must hold whatever
 * the interleaving holds: keys put in less keys taken out are the keys that are there; a copied value is
 * one that somebody put in whole, under its own key; each record of a ring buffer is read once, in order;
 * a queue gives out what went in.
 *
 * Not a Check test: ThreadSanitizer wants a process of its own. Built from the sources of bpf/map by its
 * own compiler call. usage: stress [ROUNDS] */
#include <axiom/errno.h>
#include <bpf/helper.h>
#include <bpf/map.h>
#include <bpf/prog.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 4u
#define KEYS    64u

/* Programs are not part of this. */
struct bpf_prog *bpf_prog_get(struct bpf_prog *prog)
{
    return prog;
}

void bpf_prog_put(struct bpf_prog *prog)
{
    (void)prog;
}

const char *bpf_prog_name(const struct bpf_prog *prog)
{
    (void)prog;
    return "";
}

const struct bpf_context_layout *bpf_prog_context(const struct bpf_prog *prog)
{
    (void)prog;
    return NULL;
}

/* --- The env: each thread is a CPU --- */

static __thread uint32_t this_cpu;
static pthread_rwlock_t runs = PTHREAD_RWLOCK_INITIALIZER; /* readers are program runs */

static void *take_memory(void *user, size_t size)
{
    (void)user;
    void *at = aligned_alloc(64, (size + 63) / 64 * 64);
    return at == NULL ? NULL : memset(at, 0, size);
}

static void give_memory(void *user, void *at, size_t size)
{
    (void)user, (void)size;
    free(at);
}

static uint32_t cpu_index(void *user)
{
    (void)user;
    return this_cpu;
}

static void synchronize(void *user)
{
    (void)user;
    pthread_rwlock_wrlock(&runs);
    pthread_rwlock_unlock(&runs);
}

static const struct bpf_platform_ops platform = { .cpu_index = cpu_index };
static const struct bpf_env env = { .alloc = take_memory,
                                    .free = give_memory,
                                    .platform = &platform,
                                    .cpu_count = THREADS,
                                    .synchronize = synchronize };

static int failures;

#define EXPECT(condition)                                                   \
    do {                                                                    \
        if (!(condition)) {                                                 \
            __atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED);             \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
        }                                                                   \
    } while (0)

static uint32_t rounds = 20000;
static struct bpf_map *map;
static int64_t balance; /* keys in less keys out, records in less records read, ... */

static struct bpf_map *make(uint32_t type, uint32_t key, uint32_t value, uint32_t entries,
                            uint32_t flags)
{
    const struct bpf_map_spec inner = { .name = "inner",
                                        .type = BPF_MAP_TYPE_ARRAY,
                                        .key_size = 4,
                                        .value_size = 8,
                                        .max_entries = 1 };
    const struct bpf_map_spec spec = { .name = "stress",
                                       .type = type,
                                       .key_size = key,
                                       .value_size = value,
                                       .max_entries = entries,
                                       .flags = flags,
                                       .inner = &inner };
    struct bpf_map *made = NULL;
    struct bpf_error error;
    if (bpf_map_create(&env, type == 0 ? &inner : &spec, &made, &error) != 0) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
    return made;
}

struct thread {
    pthread_t id;
    uint32_t cpu;
    uint32_t random;
    void (*work)(struct thread *thread);
};

static uint32_t roll(struct thread *thread)
{
    thread->random ^= thread->random << 13;
    thread->random ^= thread->random >> 17;
    thread->random ^= thread->random << 5;
    return thread->random;
}

static void *start(void *argument)
{
    struct thread *thread = argument;
    this_cpu = thread->cpu;
    thread->work(thread);
    return NULL;
}

static void run_all(void (*work)(struct thread *thread))
{
    struct thread threads[THREADS];
    for (uint32_t i = 0; i < THREADS; i++) {
        threads[i] = (struct thread){ .cpu = i, .random = 12345 + i * 977, .work = work };
        pthread_create(&threads[i].id, NULL, start, &threads[i]);
    }
    for (uint32_t i = 0; i < THREADS; i++)
        pthread_join(threads[i].id, NULL);
}

/* --- Hashes, LRU, LPM: values say their key, and are whole --- */

struct value {
    uint64_t key, data, check, again;
};

static struct value make_value(uint64_t key, uint64_t data)
{
    return (struct value){ key, data, key ^ data, data };
}

static bool is_whole(const struct value *value, uint64_t key)
{
    return value->key == key && value->check == (value->key ^ value->data) &&
           value->again == value->data;
}

/* Keys are 8 bytes; of an LPM trie the first four are the length of the whole key. */
static uint64_t make_key(uint32_t number)
{
    return map->ops->type == BPF_MAP_TYPE_LPM_TRIE ? 32 | (uint64_t)number << 56 : number;
}

static void change_keys(struct thread *thread)
{
    static uint8_t nowhere[THREADS][THREADS * sizeof(struct value)];
    for (uint32_t i = 0; i < rounds; i++) {
        uint32_t number = roll(thread) % KEYS, what = roll(thread) % 8;
        uint64_t key = make_key(number), next;
        struct value value = make_value(key, roll(thread));
        if (what < 2 && bpf_map_update(map, &key, &value, BPF_NOEXIST) == 0)
            __atomic_fetch_add(&balance, 1, __ATOMIC_RELAXED);
        else if (what == 2 && bpf_map_delete(map, &key) == 0)
            __atomic_fetch_sub(&balance, 1, __ATOMIC_RELAXED);
        else if (what == 3)
            bpf_map_update(map, &key, &value, BPF_EXIST);
        else if (what == 4 && map->ops->lookup_and_delete != NULL &&
                 bpf_map_outer_lookup_and_delete(map, &key, nowhere[thread->cpu], 0) == 0)
            __atomic_fetch_sub(&balance, 1, __ATOMIC_RELAXED);
        else if (what == 5)
            bpf_map_next(map, &key, &next);
        else if (what == 6)
            bpf_map_lookup(map, &key);
        else if (!map->ops->is_per_cpu && bpf_map_outer_lookup(map, &key, &value, 0) == 0)
            EXPECT(is_whole(&value, key));
        else if (map->ops->is_per_cpu)
            bpf_map_outer_lookup(map, &key, nowhere[thread->cpu], 0);
    }
}

static uint32_t count_keys(void)
{
    uint64_t key, next;
    uint32_t count = 0;
    for (int err = bpf_map_next(map, NULL, &key); err == 0; key = next, count++)
        err = bpf_map_next(map, &key, &next);
    return count;
}

static void stress_keys(uint32_t type, uint32_t entries, uint32_t flags)
{
    balance = 0;
    map = make(type, 8, sizeof(struct value), entries, flags);
    run_all(change_keys);
    bool forgets = map->ops->bit & (BPF_MAP_BIT_LRU_HASH | BPF_MAP_BIT_LRU_PERCPU_HASH);
    EXPECT(forgets ? count_keys() <= entries : count_keys() == balance);
    /* Every node is where it belongs: the map can be emptied and filled to the brim. */
    for (uint32_t number = 0; number < KEYS; number++)
        bpf_map_delete(map, &(uint64_t){ make_key(number) });
    EXPECT(count_keys() == 0);
    struct value value = { 0 };
    for (uint32_t number = 0; number < entries; number++)
        EXPECT(bpf_map_update(map, &(uint64_t){ make_key(number) }, &value, BPF_NOEXIST) == 0);
    bpf_map_put(map);
}

/* --- Arrays: each value is one word, changed at once --- */

static void change_array(struct thread *thread)
{
    for (uint32_t i = 0; i < rounds; i++) {
        uint32_t index = roll(thread) % 8;
        uint64_t value = roll(thread), got[THREADS];
        value |= value << 32;
        bpf_map_update(map, &index, &value, BPF_ANY);
        EXPECT(bpf_map_outer_lookup(map, &index, got, 0) == 0);
        uint64_t one = map->ops->is_per_cpu ? got[thread->cpu] : got[0];
        EXPECT((uint32_t)one == one >> 32);
        bpf_map_generation(map);
    }
}

static void stress_arrays(void)
{
    map = make(BPF_MAP_TYPE_ARRAY, 4, 8, 8, 0);
    run_all(change_array);
    bpf_map_put(map);
    map = make(BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 8, 0);
    run_all(change_array);
    bpf_map_put(map);
}

/* --- Queue and bloom filter --- */

static void push_and_pop(struct thread *thread)
{
    for (uint32_t i = 0; i < rounds; i++) {
        uint64_t value = roll(thread);
        if (roll(thread) % 2 == 0) {
            if (bpf_map_push(map, &value, 0) == 0)
                __atomic_fetch_add(&balance, (int64_t)value, __ATOMIC_RELAXED);
        } else if (bpf_map_pop(map, &value) == 0) {
            __atomic_fetch_sub(&balance, (int64_t)value, __ATOMIC_RELAXED);
        }
    }
}

static void stress_queue(uint32_t type)
{
    uint64_t value;
    balance = 0;
    map = make(type, 0, 8, 16, 0);
    run_all(push_and_pop);
    while (bpf_map_pop(map, &value) == 0)
        balance -= (int64_t)value;
    EXPECT(balance == 0);
    bpf_map_put(map);
}

static void push_and_ask(struct thread *thread)
{
    for (uint32_t i = 0; i < rounds; i++) {
        uint64_t value = roll(thread) % 512;
        EXPECT(bpf_map_push(map, &value, 0) == 0);
        EXPECT(bpf_map_peek(map, &value) == 0);
    }
}

/* --- Ring buffer: thread 0 reads, the others write --- */

struct record {
    uint32_t cpu, number;
    uint8_t rest[40];
};

static void write_records(struct thread *thread)
{
    for (uint32_t number = 0; number < rounds;) {
        uint32_t size = (uint32_t)sizeof(struct record) - roll(thread) % 40;
        struct record *record = bpf_ringbuf_reserve(map, size);
        if (record == NULL)
            continue; /* full: the reader is at it */
        record->cpu = thread->cpu;
        record->number = number;
        if (roll(thread) % 4 == 0) {
            bpf_ringbuf_discard(record, 0);
        } else {
            bpf_ringbuf_submit(record, 0);
            number++;
        }
    }
    __atomic_fetch_add(&balance, 1, __ATOMIC_RELEASE);
}

static void read_records(void)
{
    uint32_t next[THREADS] = { 0 }, size;
    const void *data;
    for (;;) {
        bool ended = __atomic_load_n(&balance, __ATOMIC_ACQUIRE) == THREADS - 1;
        while (bpf_ringbuf_peek(map, &data, &size)) {
            const struct record *record = data;
            EXPECT(record->cpu < THREADS && record->number == next[record->cpu % THREADS]++);
            bpf_ringbuf_consume(map);
        }
        if (ended)
            break;
    }
    for (uint32_t cpu = 1; cpu < THREADS; cpu++)
        EXPECT(next[cpu] == rounds);
}

static void use_ring(struct thread *thread)
{
    if (thread->cpu == 0)
        read_records();
    else
        write_records(thread);
}

/* --- Time series --- */

static void use_series(struct thread *thread)
{
    static uint64_t now;
    struct axiom_sample last[8];
    struct axiom_window window;
    for (uint32_t i = 0; i < rounds; i++) {
        if (thread->cpu < 2) {
            uint64_t time = __atomic_add_fetch(&now, 1, __ATOMIC_RELAXED);
            bpf_timeseries_push(map, time, (int64_t)time); /* may come too late */
            continue;
        }
        uint32_t count = bpf_timeseries_last(map, last, 8);
        for (uint32_t age = 1; age < count; age++)
            EXPECT(last[age].time_ns < last[age - 1].time_ns);
        bpf_timeseries_window(map, 0, &window);
        EXPECT(window.count == 0 ||
               (window.min == (int64_t)window.first_ns && window.max == (int64_t)window.last_ns));
    }
}

/* --- Maps of maps: CPU 0 exchanges inner maps, the others write into them as programs do --- */

static void use_inner(struct thread *thread)
{
    for (uint32_t i = 0; i < rounds; i++) {
        uint32_t key = 0;
        if (thread->cpu == 0 && i % 16 == 0) {
            struct bpf_map *inner = make(0, 0, 0, 0, 0);
            EXPECT(bpf_map_set_object(map, &key, inner, BPF_ANY) == 0);
            bpf_map_put(inner);
        } else if (thread->cpu != 0) {
            pthread_rwlock_rdlock(&runs);
            struct bpf_map *inner = bpf_map_lookup(map, &key);
            uint64_t value = i;
            if (inner != NULL)
                EXPECT(bpf_map_update(inner, &key, &value, BPF_ANY) == 0);
            pthread_rwlock_unlock(&runs);
        }
    }
}

static void stress(uint32_t type, uint32_t key, uint32_t value, uint32_t entries,
                   void (*work)(struct thread *thread))
{
    balance = 0;
    map = make(type, key, value, entries, 0);
    run_all(work);
    bpf_map_put(map);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        rounds = (uint32_t)strtoul(argv[1], NULL, 0);
    stress_keys(BPF_MAP_TYPE_HASH, KEYS / 2, 0);
    stress_keys(BPF_MAP_TYPE_PERCPU_HASH, KEYS / 2, 0);
    stress_keys(BPF_MAP_TYPE_LRU_HASH, KEYS / 2, 0);
    stress_keys(BPF_MAP_TYPE_LRU_PERCPU_HASH, KEYS / 2, 0);
    stress_keys(BPF_MAP_TYPE_LPM_TRIE, KEYS / 2, BPF_F_NO_PREALLOC);
    stress_arrays();
    stress_queue(BPF_MAP_TYPE_QUEUE);
    stress_queue(BPF_MAP_TYPE_STACK);
    stress(BPF_MAP_TYPE_BLOOM_FILTER, 0, 8, 1000, push_and_ask);
    stress(BPF_MAP_TYPE_RINGBUF, 0, 0, 1024, use_ring);
    stress(AXIOM_MAP_TYPE_TIMESERIES, 4, 16, 32, use_series);
    stress(BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 1, use_inner);
    stress(BPF_MAP_TYPE_HASH_OF_MAPS, 4, 4, 1, use_inner);
    if (failures == 0)
        printf("map stress: %u rounds on each of %u threads, nothing amiss\n", rounds, THREADS);
    return failures == 0 ? 0 : 1;
}
