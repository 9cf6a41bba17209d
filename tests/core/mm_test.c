/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Pages and objects: nothing overlaps, nothing is lost, misuse is a panic. */
#include "port.h"

#include <arch/entry.h>
#include <axiom/errno.h>
#include <hw/device.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <tests/check_main.h>

extern const struct driver port_board_driver;
const struct driver *const driver_table[] = { &port_board_driver, NULL };

static uint32_t random_state;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % limit;
}

static struct mm_stats stats_now(void)
{
    struct mm_stats stats;
    mm_stats(&stats);
    return stats;
}

static void run(void (*body)(void *))
{
    ck_assert_int_eq(port_run(NULL, body, NULL), 0);
    ck_assert_uint_eq(port_mm_stats().pages_used, 0);
    ck_assert_uint_eq(port_mm_stats().objects_used, 0);
}

/* --- buddy --- */

static void blocks_body(void *argument)
{
    (void)argument;
    for (uint32_t order = 0; order <= 6; order++) {
        char *block = page_alloc(order);
        ck_assert_ptr_nonnull(block);
        memset(block, 0xa5, (size_t)4096 << order);
        page_free(block, order);
    }
    ck_assert_ptr_null(page_alloc(PAGE_ORDER_MAX + 1));
}

START_TEST(every_order_gives_its_size)
{
    run(blocks_body);
}
END_TEST

/* All of memory in single pages, each written whole; then every second one back; then the rest. */
static void exhaustion_body(void *argument)
{
    (void)argument;
    static void *pages[2048];
    struct mm_stats before = stats_now();
    uint32_t count = 0;
    while ((pages[count] = page_alloc(0)) != NULL) {
        memset(pages[count], (int)count, 4096);
        *(uint32_t *)pages[count] = count;
        count++;
    }
    struct mm_stats full = stats_now();
    ck_assert_uint_eq(full.pages_used, full.pages_total);
    ck_assert_uint_eq(count, full.pages_total - before.pages_used);
    ck_assert_ptr_null(kmalloc(8192));
    ck_assert_uint_ge(stats_now().failure_count, 2);
    for (uint32_t i = 0; i < count; i++)
        ck_assert_uint_eq(*(uint32_t *)pages[i], i);
    for (uint32_t i = 0; i < count; i += 2)
        page_free(pages[i], 0);
    /* Half is free, and yet no two pages of it touch. */
    ck_assert_ptr_null(page_alloc(1));
    for (uint32_t i = 1; i < count; i += 2)
        page_free(pages[i], 0);
    ck_assert_uint_eq(stats_now().pages_used, before.pages_used);
    /* All joined up again: a block larger than any that fragmentation would have left. */
    void *large = page_alloc(8);
    ck_assert_ptr_nonnull(large);
    page_free(large, 8);
}

START_TEST(exhausted_and_fragmented_memory_comes_back_whole)
{
    run(exhaustion_body);
}
END_TEST

#define LIVE_MAX 200

/* Thousands of random allocations of all sizes, each filled with its own byte and checked before it
 * is freed: nothing overlaps. */
static void random_body(void *argument)
{
    (void)argument;
    static struct {
        uint8_t *at;
        size_t size;
        uint8_t byte;
    } live[LIVE_MAX];
    memset(live, 0, sizeof live);
    struct mm_stats before = stats_now();
    random_state = 1;
    for (uint32_t round = 0; round < 20000; round++) {
        uint32_t i = random_below(LIVE_MAX);
        if (live[i].at != NULL) {
            for (size_t b = 0; b < live[i].size; b += 1 + live[i].size / 64)
                ck_assert_uint_eq(live[i].at[b], live[i].byte);
            kfree(live[i].at);
            live[i].at = NULL;
            continue;
        }
        live[i].size = 1 + random_below(random_below(20) == 0 ? 20000 : 600);
        live[i].byte = (uint8_t)round;
        live[i].at = kmalloc(live[i].size);
        if (live[i].at != NULL) {
            ck_assert_uint_eq((uintptr_t)live[i].at % 16, 0);
            memset(live[i].at, live[i].byte, live[i].size);
        }
    }
    for (uint32_t i = 0; i < LIVE_MAX; i++)
        kfree(live[i].at);
    ck_assert_uint_eq(stats_now().objects_used, before.objects_used);
}

START_TEST(random_objects_do_not_overlap)
{
    run(random_body);
}
END_TEST

static void odd_sizes_body(void *argument)
{
    (void)argument;
    ck_assert_ptr_null(kmalloc(0));
    ck_assert_ptr_null(kmalloc(KMALLOC_MAX + 1));
    ck_assert_ptr_null(kcalloc(SIZE_MAX / 2, 4));
    kfree(NULL);
    for (size_t size = 16; size <= 4096; size *= 2) {
        uint8_t *at = kzalloc(size);
        ck_assert_uint_eq((uintptr_t)at % size, 0);
        for (size_t i = 0; i < size; i++)
            ck_assert_uint_eq(at[i], 0);
        kfree(at);
    }
    char *copy = kstrdup("gpio@d0000");
    ck_assert_str_eq(copy, "gpio@d0000");
    kfree(copy);
}

START_TEST(odd_sizes_and_alignment)
{
    run(odd_sizes_body);
}
END_TEST

static void cache_body(void *argument)
{
    (void)argument;
    struct slab_cache *cache;
    ck_assert_int_eq(slab_cache_create("odd", 0, 8, &cache), -EINVAL);
    ck_assert_int_eq(slab_cache_create("odd", 8, 3, &cache), -EINVAL);
    ck_assert_int_eq(slab_cache_create("things", 200, 64, &cache), 0);
    void *objects[100];
    for (uint32_t i = 0; i < 100; i++) {
        objects[i] = slab_alloc(cache);
        ck_assert_uint_eq((uintptr_t)objects[i] % 64, 0);
        memset(objects[i], (int)i, 200);
    }
    for (uint32_t i = 0; i < 100; i++) {
        ck_assert_uint_eq(*(uint8_t *)objects[i], i);
        slab_free(cache, objects[i]);
    }
    slab_cache_destroy(cache);
}

START_TEST(caches_align_and_give_back)
{
    run(cache_body);
}
END_TEST

/* --- misuse --- */

static void double_free_body(void *argument)
{
    (void)argument;
    void *at = kmalloc(40);
    void *other = kmalloc(40);
    kfree(at);
    kfree(at);
    kfree(other);
}

static void inner_free_body(void *argument)
{
    (void)argument;
    char *at = kmalloc(40);
    kfree(at + 8);
}

static void page_double_free_body(void *argument)
{
    (void)argument;
    void *at = page_alloc(2);
    page_free(at, 2);
    page_free(at, 2);
}

static void wrong_order_body(void *argument)
{
    (void)argument;
    page_free(page_alloc(2), 1);
}

static void leak_body(void *argument)
{
    (void)argument;
    ck_assert_ptr_nonnull(kmalloc(40));
}

static void (*const misuses[])(void *) = { double_free_body, inner_free_body, page_double_free_body,
                                           wrong_order_body, leak_body };

START_TEST(misuse_is_a_panic)
{
    port_run(NULL, misuses[_i], NULL);
}
END_TEST

/* --- boot with failing allocations --- */

static void nothing_body(void *argument)
{
    (void)argument;
}

START_TEST(every_failing_allocation_of_a_boot_is_an_error_and_leaks_nothing)
{
    ck_assert_int_eq(port_run(NULL, nothing_body, NULL), 0);
    uint64_t count = port_allocations();
    ck_assert_uint_ge(count, 10);
    for (uint64_t n = 1; n <= count; n++) {
        struct port_options options = { .fail_allocation = n };
        ck_assert_int_eq(port_run(&options, nothing_body, NULL), -ENOMEM);
        ck_assert_uint_eq(port_mm_stats().pages_used, 0);
        ck_assert_uint_eq(port_mm_stats().failure_count, 1);
        ck_assert_int_eq(port_run(NULL, nothing_body, NULL), 0);
        ck_assert_uint_eq(port_allocations(), count); /* as if the failed boot had not been */
    }
}
END_TEST

START_TEST(too_little_memory_is_an_error)
{
    for (uint64_t pages = 1; pages < 100; pages += 7) {
        struct port_options options = { .memory_size = pages * 4096 };
        int err = port_run(&options, nothing_body, NULL);
        ck_assert(err == 0 || err == -ENOMEM || err == -EINVAL);
    }
    ck_assert_int_eq(port_run(NULL, nothing_body, NULL), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mm");
    TCase *tcase = tcase_create("mm");
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, every_order_gives_its_size);
    tcase_add_test(tcase, exhausted_and_fragmented_memory_comes_back_whole);
    tcase_add_test(tcase, random_objects_do_not_overlap);
    tcase_add_test(tcase, odd_sizes_and_alignment);
    tcase_add_test(tcase, caches_align_and_give_back);
    tcase_add_test(tcase, every_failing_allocation_of_a_boot_is_an_error_and_leaks_nothing);
    tcase_add_test(tcase, too_little_memory_is_an_error);
    TCase *panics = tcase_create("panics");
    suite_add_tcase(suite, panics);
    tcase_add_loop_test_raise_signal(panics, misuse_is_a_panic, SIGABRT, 0,
                                     (int)(sizeof misuses / sizeof misuses[0]));
    return check_main(suite);
}
