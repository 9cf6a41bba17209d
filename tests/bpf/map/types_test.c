/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What is special to a type: maps and programs in maps, struct_ops, a ring whose memory is mapped twice, locks in
 * values, constants, per-CPU contents; and that contents alone decide digests and walks. */
#define _GNU_SOURCE
#include "host_env.h"
#include "prog_builder.h"
#include "shapes.h"
#include <axiom/errno.h>
#include <bpf/interp.h>
#include <bpf_unverified/unverified.h>

#include <string.h>
#include <sys/mman.h>
#include <tests/check_main.h>
#include <unistd.h>

static struct host_env host;
static uint32_t waited;

static void count_wait(void *user)
{
    (void)user;
    waited++;
}

static void setup(void)
{
    host_env_init(&host);
    host.env.synchronize = count_wait;
    waited = 0;
}

static void teardown(void)
{
    ck_assert_int_eq(host.live_bytes, 0);
}

static struct bpf_map *make_spec(const struct bpf_map_spec *spec)
{
    struct bpf_map *map;
    struct bpf_error error;
    ck_assert_msg(bpf_map_create(&host.env, spec, &map, &error) == 0, "%s", error.text);
    return map;
}

static struct bpf_map *make(uint32_t type, uint32_t key, uint32_t value, uint32_t entries)
{
    const struct bpf_map_spec spec = MAP_SPEC("map", type, key, value, entries, 0);
    return make_spec(&spec);
}

static void maps_in_maps(uint32_t type)
{
    const struct bpf_map_spec inner = MAP_SPEC("inner", BPF_MAP_TYPE_ARRAY, 4, 8, 3, 0);
    struct bpf_map_spec spec = MAP_SPEC("outer", type, 4, 4, 2, 0);
    struct bpf_map *none = NULL;
    waited = 0;
    ck_assert_int_eq(bpf_map_create(&host.env, &spec, &none, NULL), -EINVAL); /* of what? */
    spec.inner = &spec;
    ck_assert_int_eq(bpf_map_create(&host.env, &spec, &none, NULL), -EINVAL); /* one level only */
    spec.inner = &inner;
    struct bpf_map *outer = make_spec(&spec), *a = make_spec(&inner), *b = make_spec(&inner);
    struct bpf_map *wrong = make(BPF_MAP_TYPE_ARRAY, 4, 8, 4);
    uint32_t key = 1, next;
    ck_assert_ptr_null(bpf_map_lookup(outer, &key));
    ck_assert_int_eq(bpf_map_set_object(outer, &key, wrong, 0), -EINVAL);
    ck_assert_int_eq(bpf_map_set_object(outer, &key, a, 0), 0);
    ck_assert_ptr_eq(bpf_map_lookup(outer, &key), a);
    ck_assert_uint_eq(a->reference_count, 2);
    uint64_t before = bpf_map_digest(outer), value = 9;
    bpf_map_update(a, &key, &value, 0);
    ck_assert_uint_ne(bpf_map_digest(outer), before); /* by the inner map's contents */
    ck_assert_int_eq(bpf_map_set_object(outer, &key, b, 0), 0);
    ck_assert_uint_eq(waited, 1);
    ck_assert_uint_eq(a->reference_count, 1);
    ck_assert_int_eq(bpf_map_next(outer, NULL, &next), 0);
    ck_assert_int_eq(bpf_map_update(outer, &key, &value, 0), -EOPNOTSUPP);
    ck_assert_int_eq(bpf_map_outer_update(outer, &key, &value, 0), -ENOTSUPP);
    ck_assert_int_eq(bpf_map_delete(outer, &key), 0);
    ck_assert_int_eq(bpf_map_delete(outer, &key), -ENOENT);
    ck_assert_int_eq(bpf_map_set_object(outer, &key, a, 0), 0);
    ck_assert_int_eq(bpf_map_freeze(outer), 0);
    ck_assert_int_eq(bpf_map_set_object(outer, &key, b, 0), -EPERM);
    bpf_map_put(a);
    bpf_map_put(b);
    bpf_map_put(wrong);
    ck_assert_ptr_nonnull(bpf_map_lookup(outer, &key));
    bpf_map_put(outer); /* and the one in it */
}

START_TEST(maps_hold_maps)
{
    maps_in_maps(BPF_MAP_TYPE_ARRAY_OF_MAPS);
    maps_in_maps(BPF_MAP_TYPE_HASH_OF_MAPS);
}
END_TEST

START_TEST(inner_arrays_may_differ_in_size_if_they_say_so)
{
    const struct bpf_map_spec inner =
        MAP_SPEC("inner", BPF_MAP_TYPE_ARRAY, 4, 8, 3, BPF_F_INNER_MAP);
    struct bpf_map_spec larger = inner,
                        outer = MAP_SPEC("o", BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 1, 0);
    larger.max_entries = 300;
    outer.inner = &inner;
    struct bpf_map *map = make_spec(&outer), *in = make_spec(&larger);
    struct bpf_map_layout layout;
    ck_assert(bpf_map_fits_inner(map, in));
    ck_assert(!bpf_map_array_layout(map->inner, &layout));
    ck_assert(bpf_map_array_layout(in, &layout));
    ck_assert_ptr_eq(bpf_map_lookup(in, &(uint32_t){ 7 }), layout.values + 7 * layout.stride);
    bpf_map_put(in);
    bpf_map_put(map);
}
END_TEST

static struct bpf_prog *make_prog(const struct bpf_context_layout *context, int32_t result,
                                  struct bpf_map **map)
{
    const struct bpf_insn insns[] = { MOV_K(0, result), EXIT() };
    const struct bpf_verify_request request = { .env = &host.env,
                                                .name = "prog",
                                                .insns = insns,
                                                .insn_count = ARRAY_SIZE(insns),
                                                .context = context,
                                                .maps = map,
                                                .map_count = map != NULL };
    struct bpf_prog *prog;
    ck_assert_int_eq(bpf_prog_create_unverified(&request, &prog, NULL), 0);
    return prog;
}

START_TEST(programs_in_arrays_are_of_one_kind)
{
    const struct bpf_context_layout *timer = bpf_context_by_section("timer/1hz");
    struct bpf_map *map = make(BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4);
    struct bpf_prog *one = make_prog(timer, 1, &map);
    struct bpf_prog *other = make_prog(bpf_context_by_section("guard/gpio"), 2, NULL);
    uint32_t key = 2, beyond = 4;
    ck_assert_int_eq(bpf_map_set_object(map, &key, one, 0), 0);
    ck_assert_ptr_eq(bpf_map_program(map, 2), one);
    ck_assert_ptr_null(bpf_map_program(map, 3));
    ck_assert_ptr_null(bpf_map_program(map, 400));
    ck_assert_int_eq(bpf_map_set_object(map, &key, other, 0), -EINVAL);
    ck_assert_int_eq(bpf_map_set_object(map, &beyond, one, 0), -E2BIG);
    ck_assert_int_eq(bpf_map_set_object(map, &key, one, BPF_NOEXIST), -EINVAL);
    ck_assert(bpf_prog_array_accepts(map, timer));
    ck_assert_ptr_null(bpf_map_lookup(map, &key));
    bpf_prog_destroy(one);
    ck_assert_ptr_eq(bpf_map_program(map, 2), one); /* the map's own reference */
    bpf_map_clear_objects(map);                     /* each held the other */
    ck_assert_ptr_null(bpf_map_program(map, 2));
    bpf_prog_destroy(other);
    bpf_map_put(map);
}
END_TEST

static int registered, refuse_with;

static int do_register(void *user, struct bpf_map *map)
{
    (void)user, (void)map;
    registered += refuse_with == 0;
    return refuse_with;
}

static void do_unregister(void *user, struct bpf_map *map)
{
    (void)user, (void)map;
    registered--;
}

START_TEST(struct_ops_go_live_once)
{
    struct bpf_map_spec spec = MAP_SPEC("ops", BPF_MAP_TYPE_STRUCT_OPS, 4, 40, 1, 0);
    spec.btf_vmlinux_value_type_id = 5;
    struct bpf_map *map = make_spec(&spec);
    struct bpf_prog *prog = make_prog(NULL, 0, NULL);
    uint32_t key = 0;
    uint8_t value[40] = { 1, 2, 3 }, got[40];
    registered = 0, refuse_with = 0;
    ck_assert_int_eq(bpf_map_outer_update(map, &key, value, 0), -EOPNOTSUPP);
    host.env.struct_ops_register = do_register;
    host.env.struct_ops_unregister = do_unregister;
    ck_assert_int_eq(bpf_struct_ops_set_prog(map, 16, prog), 0);
    ck_assert_int_eq(bpf_struct_ops_set_prog(map, 12, prog), -EINVAL);
    ck_assert_int_eq(bpf_struct_ops_set_prog(map, 40, prog), -EINVAL);
    ck_assert_int_eq(bpf_map_outer_delete(map, &key), -ENOENT);
    ck_assert_int_eq(bpf_map_outer_lookup(map, &key, got, 0), 0);
    ck_assert_uint_eq(got[1], 0); /* not filled yet */
    refuse_with = -EBUSY;
    ck_assert_int_eq(bpf_map_outer_update(map, &key, value, 0), -EBUSY);
    refuse_with = 0;
    ck_assert_int_eq(bpf_map_outer_update(map, &key, value, 0), 0);
    ck_assert_int_eq(registered, 1);
    ck_assert_int_eq(bpf_map_outer_update(map, &key, value, 0), -EBUSY);
    ck_assert_int_eq(bpf_struct_ops_set_prog(map, 8, prog), -EBUSY);
    ck_assert_ptr_eq(bpf_struct_ops_prog(map, 16), prog);
    ck_assert_int_eq(bpf_map_outer_lookup(map, &key, got, 0), 0);
    ck_assert_mem_eq(got, value, 40);
    ck_assert_int_eq(bpf_map_outer_delete(map, &key), 0);
    ck_assert_int_eq(registered, 0);
    ck_assert_int_eq(bpf_map_outer_delete(map, &key), -EINPROGRESS);
    ck_assert_int_eq(bpf_map_freeze(map), -ENOTSUPP);
    bpf_prog_destroy(prog);
    bpf_map_put(map);
}
END_TEST

/* --- A ring mapped twice, as Linux's is --- */

static void *take_ring(void *user, size_t head, size_t ring)
{
    (void)user;
    int fd = memfd_create("ring", 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, (off_t)(head + ring)), 0);
    uint8_t *at = mmap(NULL, head + 2 * ring, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const int both = PROT_READ | PROT_WRITE;
    mmap(at, head + ring, both, MAP_SHARED | MAP_FIXED, fd, 0);
    mmap(at + head + ring, ring, both, MAP_SHARED | MAP_FIXED, fd, (off_t)head);
    close(fd);
    return at;
}

static void give_ring(void *user, void *at, size_t head, size_t ring)
{
    (void)user;
    munmap(at, head + 2 * ring);
}

START_TEST(a_ring_mapped_twice_is_laid_out_as_linux_does)
{
    host.env.alloc_ring = take_ring;
    host.env.free_ring = give_ring;
    struct bpf_map *map = make(BPF_MAP_TYPE_RINGBUF, 0, 0, 4096);
    struct bpf_ringbuf_pages pages;
    ck_assert(bpf_ringbuf_pages(map, &pages));
    ck_assert_ptr_eq((uint8_t *)pages.data, (uint8_t *)pages.producer + 4096);
    ck_assert_ptr_eq((uint8_t *)pages.producer, (uint8_t *)pages.consumer + 4096);
    uint64_t position = 0, expected = 0;
    uint8_t bytes[1000];
    for (uint32_t round = 0; round < 50; round++) {
        uint32_t size = 300 + round * 13;
        memset(bytes, (int)round, size);
        ck_assert_int_eq(bpf_ringbuf_output(map, bytes, size, 0), 0);
        /* A reader that knows nothing but Linux's layout; records cross the end. */
        position = *(uint64_t *)pages.consumer;
        const uint8_t *record = (const uint8_t *)pages.data + position % 4096;
        uint32_t length;
        memcpy(&length, record, 4);
        ck_assert_uint_eq(length, size); /* neither busy nor discarded: nothing fills the end */
        ck_assert_mem_eq(record + 8, bytes, size);
        expected += (size + 8 + 7) / 8 * 8;
        ck_assert_uint_eq(*(uint64_t *)pages.producer, expected);
        *(uint64_t *)pages.consumer = expected;
    }
    /* A consumer that lies does not get at records that are being written. */
    void *busy = bpf_ringbuf_reserve(map, 2000);
    ck_assert_ptr_nonnull(busy);
    *(uint64_t *)pages.consumer = *(uint64_t *)pages.producer;
    ck_assert_ptr_null(bpf_ringbuf_reserve(map, 3000));
    bpf_ringbuf_discard(busy, 0);
    ck_assert_ptr_nonnull(busy = bpf_ringbuf_reserve(map, 3000));
    bpf_ringbuf_submit(busy, 0);
    bpf_map_put(map);
    struct bpf_map *small = make(BPF_MAP_TYPE_RINGBUF, 0, 0, 1024);
    ck_assert(!bpf_ringbuf_pages(small, &pages));
    bpf_map_put(small);
}
END_TEST

START_TEST(locks_in_values_are_not_copied)
{
    const struct bpf_special_field lock = { BPF_SPECIAL_SPIN_LOCK, 4, 4, 0, 0 };
    static const uint32_t types[] = { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_HASH };
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        struct bpf_map_spec spec = MAP_SPEC("locked", types[i], 4, 20, 2, 0);
        spec.special_field_count = 1;
        spec.special_fields = &lock;
        struct bpf_map *map = make_spec(&spec);
        uint32_t key = 1, value[5] = { 1, 77, 3, 4, 5 }, got[5];
        ck_assert_int_eq(bpf_map_outer_update(map, &key, value, BPF_ANY), 0);
        ck_assert_int_eq(bpf_map_outer_update(map, &key, value, BPF_F_LOCK), 0);
        uint32_t *inside = bpf_map_lookup(map, &key);
        ck_assert_uint_eq(inside[1], 0);
        inside[1] = 1; /* held */
        ck_assert_int_eq(bpf_map_outer_update(map, &key, value, BPF_ANY), 0);
        ck_assert_uint_eq(inside[1], 1);
        inside[1] = 0;
        ck_assert_int_eq(bpf_map_outer_lookup(map, &key, got, BPF_F_LOCK), 0);
        ck_assert_uint_eq(got[1], 0);
        ck_assert_uint_eq(got[4], 5);
        ck_assert_int_eq(bpf_map_freeze(map), -ENOTSUPP);
        bpf_map_put(map);
    }
    struct bpf_map_spec bad = MAP_SPEC("bad", BPF_MAP_TYPE_ARRAY, 4, 6, 2, 0);
    bad.special_field_count = 1;
    bad.special_fields = &lock;
    struct bpf_map *map;
    ck_assert_int_eq(bpf_map_create(&host.env, &bad, &map, NULL), -EINVAL);
}
END_TEST

START_TEST(frozen_read_only_values_are_constants)
{
    const struct bpf_map_spec spec =
        MAP_SPEC("rodata", BPF_MAP_TYPE_ARRAY, 4, 8, 1, BPF_F_RDONLY_PROG);
    struct bpf_map *map = make_spec(&spec);
    uint32_t key = 0;
    uint64_t value = 3;
    ck_assert(!bpf_map_is_constant(map));
    ck_assert_int_eq(bpf_map_outer_update(map, &key, &value, 0), 0);
    ck_assert_int_eq(bpf_map_freeze(map), 0);
    ck_assert(bpf_map_is_constant(map));
    ck_assert_int_eq(bpf_map_outer_update(map, &key, &value, 0), -EPERM);
    ck_assert_int_eq(bpf_map_outer_lookup(map, &key, &value, 0), 0);
    bpf_map_put(map);
}
END_TEST

START_TEST(cpus_that_wrote_nothing_do_not_show)
{
    host.env.cpu_count = 1;
    struct bpf_map *one = make(BPF_MAP_TYPE_PERCPU_HASH, 4, 12, 4);
    host.env.cpu_count = 6; /* host_env's CPU is number 3 */
    struct bpf_map *six = make(BPF_MAP_TYPE_PERCPU_HASH, 4, 12, 4);
    uint32_t key = 5;
    uint8_t values[6 * 16] = "hello world";
    ck_assert_int_eq(bpf_map_outer_update(one, &key, values, 0), 0);
    ck_assert_int_eq(bpf_map_outer_update(six, &key, values, 0), 0);
    ck_assert_uint_eq(bpf_map_digest(one), bpf_map_digest(six));
    ck_assert_int_eq(bpf_map_update(six, &key, "a new value!", 0), 0);
    ck_assert_uint_ne(bpf_map_digest(one), bpf_map_digest(six));
    struct bpf_map_entry entry;
    uint64_t cursor = 0;
    uint8_t copy[6 * 16];
    ck_assert(bpf_map_iterate(six, &cursor, &entry));
    ck_assert_uint_eq(bpf_map_entry_size(&entry), 4 * 16);
    bpf_map_entry_copy(&entry, copy);
    ck_assert_mem_eq(copy, "hello world", 12);
    ck_assert_mem_eq(copy + 48, "a new value!\0\0\0", 16);
    bpf_map_put(one);
    bpf_map_put(six);
}
END_TEST

/* The same keys in, in another order and with detours: the same digest, the same walk. */
START_TEST(contents_alone_decide)
{
    const struct shape *shape = &shapes[_i];
    if (shape->key_size < 4 || shape->max_entries < 20 || shape->cpu_count > 1)
        return;
    const struct bpf_map_spec spec = shape_spec(shape);
    struct bpf_map *a = make_spec(&spec), *b = make_spec(&spec);
    uint8_t key[64], value[64] = { 0 }, next_a[64], next_b[64];
    for (uint32_t i = 0; i < 40; i++) {
        uint32_t n = i < 20 ? i : i - 20;
        memset(key, 0, sizeof key);
        key[shape->key_size - 1] = (uint8_t)(n * 11);
        memcpy(key,
               &(uint32_t){ shape->type == BPF_MAP_TYPE_LPM_TRIE ? shape->key_size * 8 - 32 : n },
               4);
        value[0] = (uint8_t)n;
        ck_assert_int_eq(bpf_map_update(a, key, value, 0), 0);
        memcpy(next_a, key, 64);
        uint32_t m = i < 20 ? 19 - i : n; /* backwards, then once more */
        key[shape->key_size - 1] = (uint8_t)(m * 11);
        memcpy(key,
               &(uint32_t){ shape->type == BPF_MAP_TYPE_LPM_TRIE ? shape->key_size * 8 - 32 : m },
               4);
        value[0] = (uint8_t)m;
        ck_assert_int_eq(bpf_map_update(b, key, value, 0), 0);
        if (i % 3 == 0 && i < 20)
            bpf_map_delete(b, key);
    }
    ck_assert_uint_eq(bpf_map_digest(a), bpf_map_digest(b));
    int err = bpf_map_next(a, NULL, next_a);
    ck_assert_int_eq(bpf_map_next(b, NULL, next_b), err);
    while (err == 0) {
        ck_assert_mem_eq(next_a, next_b, shape->key_size);
        memcpy(key, next_a, 64);
        err = bpf_map_next(a, key, next_a);
        ck_assert_int_eq(bpf_map_next(b, key, next_b), err);
    }
    bpf_map_put(a);
    bpf_map_put(b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf map types");
    TCase *tcase = tcase_create("types");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, maps_hold_maps);
    tcase_add_test(tcase, inner_arrays_may_differ_in_size_if_they_say_so);
    tcase_add_test(tcase, programs_in_arrays_are_of_one_kind);
    tcase_add_test(tcase, struct_ops_go_live_once);
    tcase_add_test(tcase, a_ring_mapped_twice_is_laid_out_as_linux_does);
    tcase_add_test(tcase, locks_in_values_are_not_copied);
    tcase_add_test(tcase, frozen_read_only_values_are_constants);
    tcase_add_test(tcase, cpus_that_wrote_nothing_do_not_show);
    tcase_add_loop_test(tcase, contents_alone_decide, 0, (int)SHAPE_COUNT);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
