/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The running Linux as the judge: the same random operations on its maps and on ours give the same
 * errors and values, and leave the same contents; and both refuse the same definitions. (LRU maps only
 * below their limit: what is forgotten first is each kernel's own business. A bloom filter only as far
 * as both must agree.) */
#include "host_env.h"
#include "linux_maps.h"
#include "shapes.h"
#include <axiom/errno.h>

#include <stdio.h>
#include <string.h>
#include <tests/check_main.h>

static struct shape judged(int index)
{
    struct shape shape = shapes[index];
    bool lru = shape.type == BPF_MAP_TYPE_LRU_HASH || shape.type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
    if (shape.cpu_count > 1)
        shape.cpu_count = linux_cpu_count();
    if (lru)
        shape.max_entries = 4096;
    return shape;
}

START_TEST(linux_and_we_give_the_same)
{
    const struct shape shape = judged(_i);
    static struct host_env host;
    if (shape_value_size(&shape) > SHAPE_VALUE_MAX)
        return;
    for (uint64_t round = 0; round < 3; round++) {
        struct linux_backend linux_map;
        struct our_backend ours;
        struct bpf_map_spec spec = shape_spec(&shape);
        struct bpf_map *map;
        ck_assert_int_eq(linux_backend_open(&linux_map, &shape), 0);
        host_env_init(&host);
        host.env.cpu_count = shape.cpu_count;
        ck_assert_int_eq(bpf_map_create(&host.env, &spec, &map, NULL), 0);
        our_backend_init(&ours, map);
        bool in_order = shape.type == BPF_MAP_TYPE_LPM_TRIE || shape.type == BPF_MAP_TYPE_ARRAY ||
                        shape.type == BPF_MAP_TYPE_PERCPU_ARRAY;
        struct comparison comparison = { .shape = &shape,
                                         .a = &ours.backend,
                                         .b = &linux_map.backend,
                                         .with_freeze = round == 2,
                                         .exact_order = in_order };
        struct byte_source source = { .random = (round + 7) * 0x9e3779b97f4a7c15u };
        bool agree = comparison_run(&comparison, &source, 3000);
        ck_assert_msg(agree, "shape %d: %s", _i, comparison.why);
        bpf_map_put(map);
        linux_backend_close(&linux_map);
    }
}
END_TEST

/* {type, key, value, entries, flags, extra, CPUs, keys} */
// clang-format off
static const struct shape definitions[] = {
    { BPF_MAP_TYPE_ARRAY, 8, 8, 1, 0, 0, 1, 0 },
    { BPF_MAP_TYPE_ARRAY, 4, 0, 1, 0, 0, 1, 0 },
    { BPF_MAP_TYPE_ARRAY, 4, 8, 0, 0, 0, 1, 0 },
    { BPF_MAP_TYPE_ARRAY, 4, 8, 1, BPF_F_NO_PREALLOC, 0, 1, 0 },
    { BPF_MAP_TYPE_ARRAY, 4, 8, 1, BPF_F_MMAPABLE | BPF_F_INNER_MAP, 0, 1, 0 },
    { BPF_MAP_TYPE_ARRAY, 4, 8, 1, BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG, 0, 1, 0 },
    { BPF_MAP_TYPE_ARRAY, 4, 8, 1, BPF_F_RDONLY | BPF_F_WRONLY, 0, 1, 0 },
    { BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0, 3, 1, 0 },
    { BPF_MAP_TYPE_ARRAY, 4, UINT32_MAX, 1, 0, 0, 1, 0 },
    { BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 1, BPF_F_MMAPABLE, 0, 1, 0 },
    { BPF_MAP_TYPE_PERCPU_ARRAY, 4, 40000, 1, 0, 0, 1, 0 },
    { BPF_MAP_TYPE_HASH, 0, 8, 1, 0, 0, 1, 0 },
    { BPF_MAP_TYPE_HASH, 4, 0, 1, 0, 0, 1, 0 },
    { BPF_MAP_TYPE_HASH, 4, 8, 0, 0, 0, 1, 0 },
    { BPF_MAP_TYPE_HASH, 4, 8, 1, BPF_F_NO_PREALLOC | BPF_F_ZERO_SEED, 0, 1, 0 },
    { BPF_MAP_TYPE_HASH, 4, 8, 1, BPF_F_NO_COMMON_LRU, 0, 1, 0 },
    { BPF_MAP_TYPE_HASH, 4, 8, 1, BPF_F_MMAPABLE, 0, 1, 0 },
    { BPF_MAP_TYPE_PERCPU_HASH, 4, 40000, 1, 0, 0, 1, 0 },
    { BPF_MAP_TYPE_LRU_HASH, 4, 8, 100, BPF_F_NO_PREALLOC, 0, 1, 0 },
    { BPF_MAP_TYPE_LRU_HASH, 4, 8, 100, BPF_F_NO_COMMON_LRU, 0, 1, 0 },
    { BPF_MAP_TYPE_LPM_TRIE, 8, 8, 1, 0, 0, 1, 0 },
    { BPF_MAP_TYPE_LPM_TRIE, 4, 8, 1, BPF_F_NO_PREALLOC, 0, 1, 0 },
    { BPF_MAP_TYPE_LPM_TRIE, 261, 8, 1, BPF_F_NO_PREALLOC, 0, 1, 0 },
    { BPF_MAP_TYPE_LPM_TRIE, 260, 8, 1, BPF_F_NO_PREALLOC, 0, 1, 0 },
    { BPF_MAP_TYPE_QUEUE, 4, 8, 1, 0, 0, 1, 0 },
    { BPF_MAP_TYPE_QUEUE, 0, 0, 1, 0, 0, 1, 0 },
    { BPF_MAP_TYPE_STACK, 0, 8, 1, BPF_F_NO_PREALLOC, 0, 1, 0 },
    { BPF_MAP_TYPE_BLOOM_FILTER, 4, 8, 1, 0, 0, 1, 0 },
    { BPF_MAP_TYPE_BLOOM_FILTER, 0, 8, 1, 0, 15, 1, 0 },
    { BPF_MAP_TYPE_BLOOM_FILTER, 0, 8, 1, 0, 16, 1, 0 },
    { BPF_MAP_TYPE_RINGBUF, 4, 0, 4096, 0, 0, 1, 0 },
    { BPF_MAP_TYPE_RINGBUF, 0, 0, 5000, 0, 0, 1, 0 },
    { BPF_MAP_TYPE_RINGBUF, 0, 0, 8192, BPF_F_RDONLY_PROG, 0, 1, 0 },
    { BPF_MAP_TYPE_RINGBUF, 0, 0, 8192, 0, 0, 1, 0 },
    { BPF_MAP_TYPE_PROG_ARRAY, 4, 8, 1, 0, 0, 1, 0 },
    { BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0, 0, 1, 0 },
    { BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, BPF_F_RDONLY_PROG, 0, 1, 0 },
    { BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 8, 1, 0, 0, 1, 0 },
    { BPF_MAP_TYPE_STRUCT_OPS, 4, 64, 2, 0, 0, 1, 0 },
    { 99, 4, 8, 1, 0, 0, 1, 0 },
};
// clang-format on

START_TEST(linux_and_we_refuse_the_same_definitions)
{
    const struct shape *shape = &definitions[_i];
    static struct host_env host;
    struct linux_backend linux_map = { .fd = -1 };
    const struct bpf_map_spec spec = shape_spec(shape);
    struct bpf_map *map = NULL;
    int theirs = linux_backend_open(&linux_map, shape);
    host_env_init(&host);
    int our = bpf_map_create(&host.env, &spec, &map, NULL);
    ck_assert_msg(our == theirs, "definition %d: Linux gives %d, we %d", _i, theirs, our);
    bpf_map_put(map);
    if (theirs == 0)
        linux_backend_close(&linux_map);
}
END_TEST

int main(void)
{
    struct linux_backend probe;
    const struct shape any = { BPF_MAP_TYPE_HASH, 4, 8, 1, 0, 0, 1, 1 };
    int err = linux_backend_open(&probe, &any);
    if (err != 0) {
        printf("skipped: this Linux does not let us make maps by bpf(2) (%s)\n", strerror(-err));
        return 77;
    }
    linux_backend_close(&probe);
    Suite *suite = suite_create("bpf maps against Linux's");
    TCase *tcase = tcase_create("linux");
    tcase_add_loop_test(tcase, linux_and_we_give_the_same, 0, (int)SHAPE_COUNT);
    tcase_add_loop_test(tcase, linux_and_we_refuse_the_same_definitions, 0,
                        (int)(sizeof definitions / sizeof definitions[0]));
    tcase_set_timeout(tcase, 120);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
