/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The static pool of the embedded profile: 64 KiB, and whatever asks for more is told -ENOMEM, gives
 * everything back, and nothing breaks. */
#include "host_env.h"
#include "shapes.h"
#include <axiom/errno.h>
#include <bpf/elf.h>
#include <bpf/pool.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/check_main.h>

#define POOL_SIZE (64u << 10)

static _Alignas(16) uint8_t memory[POOL_SIZE];
static struct bpf_pool pool;
static struct host_env host;

static void *pool_take(void *user, size_t size)
{
    (void)user;
    return bpf_pool_alloc(&pool, size);
}

static void pool_give(void *user, void *at, size_t size)
{
    (void)user;
    bpf_pool_free(&pool, at, size);
}

static void setup(void)
{
    memset(memory, 0xa5, sizeof memory);
    bpf_pool_init(&pool, memory, sizeof memory);
    host_env_init(&host);
    host.env.alloc = pool_take;
    host.env.free = pool_give;
    host.env.cpu_count = 2;
    srand(5);
}

/* Everything is there again, in one piece. */
static void expect_whole(size_t size)
{
    ck_assert_uint_eq(pool.used_bytes, 0);
    void *all = bpf_pool_alloc(&pool, size);
    ck_assert_ptr_eq(all, memory);
    ck_assert_ptr_null(bpf_pool_alloc(&pool, 1));
    bpf_pool_free(&pool, all, size);
}

static bool is_filled(const uint8_t *at, size_t size, uint8_t byte)
{
    while (size > 0 && *at == byte)
        at++, size--;
    return size == 0;
}

START_TEST(pieces_are_zeroed_aligned_and_apart)
{
    struct {
        uint8_t *at;
        size_t size;
    } pieces[64] = { { 0 } };
    for (int step = 0; step < 6000; step++) {
        uint32_t i = (uint32_t)rand() % 64;
        if (pieces[i].at != NULL) {
            ck_assert(is_filled(pieces[i].at, pieces[i].size, (uint8_t)(i + 1)));
            bpf_pool_free(&pool, pieces[i].at, pieces[i].size);
            pieces[i].at = NULL;
            continue;
        }
        pieces[i].size = (size_t)rand() % 3000 + 1;
        pieces[i].at = bpf_pool_alloc(&pool, pieces[i].size);
        if (pieces[i].at == NULL)
            continue;
        ck_assert_uint_eq((uintptr_t)pieces[i].at % 16, 0);
        ck_assert(is_filled(pieces[i].at, pieces[i].size, 0));
        memset(pieces[i].at, (int)i + 1, pieces[i].size);
    }
    for (uint32_t i = 0; i < 64; i++)
        bpf_pool_free(&pool, pieces[i].at, pieces[i].size);
    expect_whole(POOL_SIZE);
    ck_assert_uint_gt(pool.peak_bytes, POOL_SIZE / 2);
    ck_assert_ptr_null(bpf_pool_alloc(&pool, 0));
    ck_assert_ptr_null(bpf_pool_alloc(&pool, SIZE_MAX));
    ck_assert_ptr_null(bpf_pool_alloc(&pool, POOL_SIZE + 1));
}
END_TEST

START_TEST(maps_until_the_pool_is_used_up)
{
    struct bpf_map *maps[256];
    uint32_t count = 0, refused = 0;
    while (refused < 40 && count < 256) {
        struct bpf_map_spec spec = shape_spec(&shapes[(uint32_t)rand() % SHAPE_COUNT]);
        struct bpf_error error = { .text = "" };
        int err = bpf_map_create(&host.env, &spec, &maps[count], &error);
        if (err == 0) {
            count++;
            continue;
        }
        ck_assert_int_eq(err, -ENOMEM);
        ck_assert_ptr_nonnull(strstr(error.text, "no memory"));
        refused++;
    }
    ck_assert_uint_gt(count, 8);
    ck_assert_uint_eq(refused, 40);
    /* Maps that there was room for work to the brim: they are allocated whole. */
    for (uint32_t i = 0; i < count; i++) {
        uint8_t value[SHAPE_VALUE_MAX] = { 0 };
        if (maps[i]->ops == bpf_map_types[0]) { /* hash */
            for (uint32_t n = 0; n < maps[i]->max_entries; n++) {
                uint8_t key[64] = { 0 };
                key[0] = (uint8_t)n;
                ck_assert_int_eq(bpf_map_update(maps[i], key, value, BPF_NOEXIST), 0);
            }
        }
        bpf_map_put(maps[i]);
    }
    expect_whole(POOL_SIZE);
}
END_TEST

static size_t read_object(uint8_t *bytes, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/tests/bpf/features.bpf.o", AXIOM_BINARY_DIR);
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s", path);
    size_t length = fread(bytes, 1, size, file);
    fclose(file);
    return length;
}

/* An object opened, its maps made, its programs verified, in pools of all sizes. */
static bool load_in(size_t pool_size, const uint8_t *bytes, size_t size)
{
    struct bpf_object *object = NULL;
    struct bpf_error error = { .text = "" };
    bpf_pool_init(&pool, memory, pool_size);
    int err = bpf_object_open(&host.env, bytes, size, &object, &error);
    if (err == 0)
        err = bpf_object_create_maps(object, &error);
    static struct bpf_verify_result result;
    for (uint32_t i = 0; err == 0 && i < bpf_object_program_count(object); i++) {
        err = bpf_object_verify(object, i, &result);
        if (err == 0)
            bpf_prog_destroy(result.prog);
    }
    ck_assert_msg(err == 0 || err == -ENOMEM, "%zu bytes: error %d: %s %s", pool_size, err,
                  error.text, result.text);
    bpf_object_close(object);
    ck_assert_uint_eq(pool.used_bytes, 0);
    return err == 0;
}

START_TEST(objects_load_or_are_told_that_memory_is_short)
{
    static uint8_t bytes[POOL_SIZE];
    size_t size = read_object(bytes, sizeof bytes);
    for (size_t pool_size = 0; pool_size <= POOL_SIZE; pool_size += 496)
        load_in(pool_size, bytes, size);
    expect_whole(POOL_SIZE - POOL_SIZE % 496);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf pool");
    TCase *tcase = tcase_create("pool");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, pieces_are_zeroed_aligned_and_apart);
    tcase_add_test(tcase, maps_until_the_pool_is_used_up);
    tcase_add_test(tcase, objects_load_or_are_told_that_memory_is_short);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
