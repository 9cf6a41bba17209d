/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Maps, each against a simple model of itself: array, hash, ring buffer, time series. */
#include "host_env.h"
#include <axiom/errno.h>
#include <bpf/map.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/check_main.h>

static struct host_env host;

static void setup(void)
{
    host_env_init(&host);
    srand(3);
}

static void teardown(void)
{
    ck_assert_int_eq(host.live_bytes, 0);
}

static struct bpf_map *make(uint32_t type, uint32_t key_size, uint32_t value_size,
                            uint32_t max_entries)
{
    const struct bpf_map_spec spec = { .name = "map",
                                       .type = type,
                                       .key_size = key_size,
                                       .value_size = value_size,
                                       .max_entries = max_entries };
    struct bpf_map *map;
    struct bpf_error error;
    int err = bpf_map_create(&host.env, &spec, &map, &error);
    ck_assert_msg(err == 0, "%s", error.text);
    return map;
}

START_TEST(specs_that_cannot_be_are_refused_with_a_reason)
{
    static const struct {
        struct bpf_map_spec spec;
        int error;
        const char *words;
    } bad[] = {
        { { .name = "a", .type = 77, .max_entries = 1 }, -EINVAL, "type 77" },
        { { .name = "a b", .type = BPF_MAP_TYPE_ARRAY }, -EINVAL, "name" },
        { { .name = "a", .type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4 },
          -EINVAL,
          "max_entries" },
        { MAP_SPEC("a", BPF_MAP_TYPE_ARRAY, 8, 4, 1, 0), -EINVAL, "4-byte index" },
        { MAP_SPEC("a", BPF_MAP_TYPE_ARRAY, 4, 0, 1, 0), -EINVAL, "value_size" },
        { MAP_SPEC("a", BPF_MAP_TYPE_ARRAY, 4, 4, 1, 1 << 20), -EINVAL, "flags" },
        { MAP_SPEC("a", BPF_MAP_TYPE_ARRAY, 4, 1 << 20, UINT32_MAX, 0), -E2BIG, "bytes" },
        { MAP_SPEC("a", BPF_MAP_TYPE_ARRAY, 4, UINT32_MAX, 1, 0), -E2BIG, "values" },
        { MAP_SPEC("a", BPF_MAP_TYPE_HASH, 0, 4, 1, 0), -EINVAL, "key_size" },
        { MAP_SPEC("a", BPF_MAP_TYPE_HASH, 513, 4, 1, 0), -E2BIG, "keys" },
        { MAP_SPEC("a", BPF_MAP_TYPE_HASH, 4, 4, UINT32_MAX, 0), -E2BIG, "too many" },
        { MAP_SPEC("a", BPF_MAP_TYPE_RINGBUF, 0, 0, 100, 0), -EINVAL, "power of two" },
        { MAP_SPEC("a", BPF_MAP_TYPE_RINGBUF, 4, 0, 128, 0), -EINVAL, "no key" },
        { MAP_SPEC("a", AXIOM_MAP_TYPE_TIMESERIES, 4, 8, 8, 0), -EINVAL, "axiom_sample" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct bpf_map *map = NULL;
        struct bpf_error error = { .text = "" };
        ck_assert_int_eq(bpf_map_create(&host.env, &bad[i].spec, &map, &error), bad[i].error);
        ck_assert_msg(strstr(error.text, bad[i].words) != NULL, "%zu: %s", i, error.text);
        ck_assert_ptr_null(map);
    }
    host.fail_at = 1;
    struct bpf_map *map = NULL;
    const struct bpf_map_spec good = MAP_SPEC("a", BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0);
    ck_assert_int_eq(bpf_map_create(&host.env, &good, &map, NULL), -ENOMEM);
}
END_TEST

START_TEST(array_keeps_values_by_index)
{
    struct bpf_map *map = make(BPF_MAP_TYPE_ARRAY, 4, 5, 3);
    uint32_t key = 2, next;
    ck_assert_mem_eq(bpf_map_lookup(map, &key), "\0\0\0\0\0", 5);
    ck_assert_int_eq(bpf_map_update(map, &key, "hello", BPF_ANY), 0);
    ck_assert_uint_eq(bpf_map_generation(map), 1);
    ck_assert_mem_eq(bpf_map_lookup(map, &key), "hello", 5);
    ck_assert_int_eq(bpf_map_update(map, &key, "hello", BPF_NOEXIST), -EEXIST);
    ck_assert_int_eq(bpf_map_update(map, &key, "hello", 7), -EINVAL);
    ck_assert_int_eq(bpf_map_delete(map, &key), -EINVAL);
    key = 3;
    ck_assert_ptr_null(bpf_map_lookup(map, &key));
    ck_assert_int_eq(bpf_map_update(map, &key, "hello", BPF_ANY), -E2BIG);
    ck_assert_uint_eq(bpf_map_generation(map), 1);
    ck_assert_int_eq(bpf_map_next(map, NULL, &next), 0);
    ck_assert_uint_eq(next, 0);
    key = 2;
    ck_assert_int_eq(bpf_map_next(map, &key, &next), -ENOENT);
    struct bpf_map_entry entry;
    uint64_t cursor = 0;
    uint32_t count = 0;
    while (bpf_map_iterate(map, &cursor, &entry))
        ck_assert_uint_eq(*(const uint32_t *)entry.key, count++);
    ck_assert_uint_eq(count, 3);
    bpf_map_put(map);
}
END_TEST

/* Keys 0..KEYS-1 of the given size; the model says which are there with what value. */
#define KEYS 64

static void make_key(uint8_t *key, uint32_t size, uint32_t number)
{
    memset(key, 0x5a, size);
    key[size - 1] = (uint8_t)number;
}

static void compare_with_model(struct bpf_map *map, const int64_t *model)
{
    uint32_t expected = 0, by_next = 0, by_cursor = 0;
    uint8_t key[64], next[64];
    for (uint32_t number = 0; number < KEYS; number++) {
        make_key(key, map->key_size, number);
        const int64_t *value = bpf_map_lookup(map, key);
        ck_assert_int_eq(value != NULL, model[number] >= 0);
        if (value != NULL)
            ck_assert_int_eq(*value, model[number]);
        expected += value != NULL;
    }
    for (int err = bpf_map_next(map, NULL, next); err == 0; err = bpf_map_next(map, key, next)) {
        by_next++;
        memcpy(key, next, map->key_size);
    }
    uint64_t cursor = 0;
    struct bpf_map_entry entry;
    while (bpf_map_iterate(map, &cursor, &entry))
        by_cursor++;
    ck_assert_uint_eq(by_next, expected);
    ck_assert_uint_eq(by_cursor, expected);
}

static void hash_against_model(uint32_t key_size)
{
    struct bpf_map *map = make(BPF_MAP_TYPE_HASH, key_size, 8, KEYS / 2);
    int64_t model[KEYS];
    memset(model, -1, sizeof model);
    uint32_t count = 0;
    for (int step = 0; step < 4000; step++) {
        uint32_t number = (uint32_t)rand() % KEYS;
        uint8_t key[64];
        make_key(key, key_size, number);
        int64_t value = rand();
        bool there = model[number] >= 0;
        if (rand() % 3 == 0) {
            ck_assert_int_eq(bpf_map_delete(map, key), there ? 0 : -ENOENT);
            count -= there;
            model[number] = -1;
        } else {
            uint64_t flags = (uint64_t)rand() % 3;
            int expected = there && flags == BPF_NOEXIST         ? -EEXIST
                           : !there && flags == BPF_EXIST        ? -ENOENT
                           : !there && count == map->max_entries ? -E2BIG
                                                                 : 0;
            ck_assert_int_eq(bpf_map_update(map, key, &value, flags), expected);
            if (expected == 0) {
                count += !there;
                model[number] = value;
            }
        }
        if (step % 50 == 0)
            compare_with_model(map, model);
    }
    bpf_map_put(map);
}

START_TEST(hash_agrees_with_a_model)
{
    hash_against_model(1);
    hash_against_model(4);
    hash_against_model(8);
    hash_against_model(13);
    hash_against_model(64);
}
END_TEST

START_TEST(hash_order_depends_on_contents_alone)
{
    struct bpf_map *a = make(BPF_MAP_TYPE_HASH, 4, 4, 32), *b = make(BPF_MAP_TYPE_HASH, 4, 4, 32);
    for (uint32_t i = 0; i < 32; i++)
        bpf_map_update(a, &i, &i, BPF_ANY);
    for (uint32_t i = 0; i < 32; i += 2)
        bpf_map_delete(a, &i);
    for (uint32_t i = 31; i < 32; i -= 2)
        bpf_map_update(b, &i, &i, BPF_ANY);
    ck_assert_uint_eq(bpf_map_digest(a), bpf_map_digest(b));
    uint64_t at_a = 0, at_b = 0;
    struct bpf_map_entry entry_a, entry_b;
    uint32_t count = 0;
    while (bpf_map_iterate(a, &at_a, &entry_a)) {
        ck_assert(bpf_map_iterate(b, &at_b, &entry_b));
        ck_assert_mem_eq(entry_a.key, entry_b.key, 4);
        count++;
    }
    ck_assert_uint_eq(count, 16);
    uint32_t key = 1, value = 77;
    bpf_map_update(a, &key, &value, BPF_ANY);
    ck_assert_uint_ne(bpf_map_digest(a), bpf_map_digest(b));
    bpf_map_put(a);
    bpf_map_put(b);
}
END_TEST

START_TEST(hash_walk_goes_on_from_a_deleted_key)
{
    struct bpf_map *map = make(BPF_MAP_TYPE_HASH, 4, 4, 100);
    for (uint32_t i = 0; i < 100; i++)
        bpf_map_update(map, &i, &i, BPF_ANY);
    uint32_t key, next, seen = 0;
    for (int err = bpf_map_next(map, NULL, &key); err == 0;
         err = bpf_map_next(map, &key, &next), key = next) {
        ck_assert_int_eq(bpf_map_delete(map, &key), 0);
        seen++;
    }
    ck_assert_uint_eq(seen, 100);
    bpf_map_put(map);
}
END_TEST

START_TEST(hash_takes_its_key_from_a_freed_value)
{
    struct bpf_map *map = make(BPF_MAP_TYPE_HASH, 4, 4, 1);
    uint32_t key = 1, value = 2;
    bpf_map_update(map, &key, &value, BPF_ANY);
    uint32_t *inside = bpf_map_lookup(map, &key);
    bpf_map_delete(map, &key);
    value = 3;
    ck_assert_int_eq(bpf_map_update(map, inside, &value, BPF_ANY), 0); /* the key is 2 */
    key = 2;
    ck_assert_ptr_eq(bpf_map_lookup(map, &key), inside);
    ck_assert_uint_eq(*inside, 3);
    bpf_map_put(map);
}
END_TEST

START_TEST(hash_is_known_to_be_the_same_everywhere)
{
    /* A change of the hash changes recorded state hashes: this value must not move by accident. */
    struct bpf_map *map = make(BPF_MAP_TYPE_HASH, 6, 3, 8);
    bpf_map_update(map, "abcdef", "xyz", BPF_ANY);
    bpf_map_update(map, "ghijkl", "uvw", BPF_ANY);
    ck_assert_uint_eq(bpf_map_digest(map), UINT64_C(4330385575559679262));
    bpf_map_put(map);
}
END_TEST

START_TEST(ring_gives_records_in_order)
{
    struct bpf_map *map = make(BPF_MAP_TYPE_RINGBUF, 0, 0, 256);
    /* The model: a queue of lengths and first bytes. */
    uint32_t lengths[64], written = 0, read = 0;
    for (int step = 0; step < 20000; step++) {
        const void *data;
        uint32_t size;
        if (rand() % 2 == 0) {
            uint32_t length = (uint32_t)rand() % 90;
            uint8_t bytes[90];
            memset(bytes, (int)written, sizeof bytes);
            uint64_t used = bpf_ringbuf_query(map, BPF_RB_AVAIL_DATA);
            int err = bpf_ringbuf_output(map, bytes, length, 0);
            if (err == 0)
                lengths[written++ % 64] = length;
            else
                ck_assert_uint_gt(used, 256 - 2 * (length + 16));
        } else if (bpf_ringbuf_peek(map, &data, &size)) {
            ck_assert_uint_lt(read, written);
            ck_assert_uint_eq(size, lengths[read % 64]);
            for (uint32_t i = 0; i < size; i++)
                ck_assert_uint_eq(((const uint8_t *)data)[i], (uint8_t)read);
            ck_assert_uint_eq((uintptr_t)data % 8, 0);
            bpf_ringbuf_consume(map);
            read++;
        } else {
            ck_assert_uint_eq(read, written);
        }
    }
    ck_assert_uint_gt(read, 5000);
    bpf_map_put(map);
}
END_TEST

START_TEST(ring_hides_busy_and_discarded_records)
{
    struct bpf_map *map = make(BPF_MAP_TYPE_RINGBUF, 0, 0, 256);
    uint64_t *first = bpf_ringbuf_reserve(map, 8), *second = bpf_ringbuf_reserve(map, 8);
    const uint64_t *header = first - 1;
    ck_assert_uint_eq(*(const uint32_t *)header, 8 | BPF_RINGBUF_BUSY_BIT); /* Linux's layout */
    const void *data;
    uint32_t size;
    *second = 22;
    bpf_ringbuf_submit(second, 0);
    ck_assert(!bpf_ringbuf_peek(map, &data, &size)); /* the first is still being written */
    ck_assert_uint_eq(host.notify_count, 0);
    bpf_ringbuf_discard(first, 0);
    ck_assert_uint_eq(host.notify_count, 1);
    ck_assert(bpf_ringbuf_peek(map, &data, &size));
    ck_assert_uint_eq(*(const uint64_t *)data, 22);
    ck_assert_ptr_null(bpf_ringbuf_reserve(map, 1 << 20));
    ck_assert_ptr_null(bpf_ringbuf_reserve(map, UINT64_MAX - 3));
    ck_assert_int_eq(bpf_ringbuf_output(map, "x", 1, 64), -EINVAL);
    struct bpf_map_entry entry;
    uint64_t cursor = 0;
    ck_assert(bpf_map_iterate(map, &cursor, &entry));
    ck_assert_uint_eq(entry.value_size, 8);
    ck_assert(!bpf_map_iterate(map, &cursor, &entry));
    bpf_map_put(map);
}
END_TEST

START_TEST(series_agrees_with_a_model)
{
    struct bpf_map *map = make(AXIOM_MAP_TYPE_TIMESERIES, 4, 16, 10);
    struct axiom_sample all[500];
    uint64_t time_ns = 0;
    for (uint32_t n = 0; n < 500; n++) {
        time_ns += (uint64_t)rand() % 5;
        all[n] = (struct axiom_sample){ time_ns, (int64_t)rand() * (rand() % 2 ? 1 : -1) };
        ck_assert_int_eq(bpf_timeseries_push(map, all[n].time_ns, all[n].value), 0);
        uint32_t have = n + 1 < 10 ? n + 1 : 10;
        struct axiom_sample last[12];
        ck_assert_uint_eq(bpf_timeseries_last(map, last, 12), have);
        for (uint32_t age = 0; age < have; age++) {
            ck_assert_mem_eq(&last[age], &all[n - age], sizeof last[0]);
            ck_assert_mem_eq(bpf_map_lookup(map, &age), &all[n - age], sizeof last[0]);
        }
        ck_assert_ptr_null(bpf_map_lookup(map, &have));

        uint64_t since = time_ns - (uint64_t)rand() % 30;
        since = since > time_ns ? 0 : since;
        struct axiom_window window, model = { 0 };
        bpf_timeseries_window(map, since, &window);
        __int128 sum = 0;
        for (uint32_t age = 0; age < have && all[n - age].time_ns >= since; age++) {
            const struct axiom_sample *sample = &all[n - age];
            model.min = model.count == 0 || sample->value < model.min ? sample->value : model.min;
            model.max = model.count == 0 || sample->value > model.max ? sample->value : model.max;
            model.last_ns = model.count == 0 ? sample->time_ns : model.last_ns;
            model.first_ns = sample->time_ns;
            model.count++;
            sum += sample->value;
        }
        if (model.count != 0)
            model.mean = (int64_t)(sum / (__int128)model.count);
        ck_assert_mem_eq(&window, &model, sizeof window);
    }
    ck_assert_int_eq(bpf_timeseries_push(map, time_ns - 1, 0), -EINVAL);
    ck_assert(bpf_map_values_read_only(map));
    ck_assert_int_eq(bpf_map_update(map, &(uint32_t){ 0 }, &all[0], 0), -EOPNOTSUPP);
    bpf_map_put(map);
}
END_TEST

START_TEST(mean_does_not_overflow)
{
    struct bpf_map *map = make(AXIOM_MAP_TYPE_TIMESERIES, 4, 16, 7);
    struct axiom_window window;
    for (uint32_t i = 0; i < 7; i++)
        bpf_timeseries_push(map, i, INT64_MIN);
    bpf_timeseries_window(map, 0, &window);
    ck_assert_int_eq(window.mean, INT64_MIN);
    for (uint32_t i = 0; i < 7; i++)
        bpf_timeseries_push(map, 10 + i, INT64_MAX - (int64_t)i);
    bpf_timeseries_window(map, 0, &window);
    ck_assert_int_eq(window.mean, INT64_MAX - 3);
    bpf_map_put(map);
}
END_TEST

START_TEST(references_keep_a_map)
{
    struct bpf_map *map = make(BPF_MAP_TYPE_ARRAY, 4, 4, 1);
    ck_assert_ptr_eq(bpf_map_get(map), map);
    bpf_map_put(map);
    ck_assert_int_gt(host.live_bytes, 0);
    bpf_map_put(map);
    bpf_map_put(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf maps");
    TCase *tcase = tcase_create("map");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, specs_that_cannot_be_are_refused_with_a_reason);
    tcase_add_test(tcase, array_keeps_values_by_index);
    tcase_add_test(tcase, hash_agrees_with_a_model);
    tcase_add_test(tcase, hash_order_depends_on_contents_alone);
    tcase_add_test(tcase, hash_walk_goes_on_from_a_deleted_key);
    tcase_add_test(tcase, hash_takes_its_key_from_a_freed_value);
    tcase_add_test(tcase, hash_is_known_to_be_the_same_everywhere);
    tcase_add_test(tcase, ring_gives_records_in_order);
    tcase_add_test(tcase, ring_hides_busy_and_discarded_records);
    tcase_add_test(tcase, series_agrees_with_a_model);
    tcase_add_test(tcase, mean_does_not_overflow);
    tcase_add_test(tcase, references_keep_a_map);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
