/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The allocators, from all CPUs. */
#include "ktest.h"
#include "threads.h"

#include <arch/mmu.h>
#include <axiom/string.h>
#include <core/mm.h>
#include <core/thread.h>

static void pages_are_apart(void)
{
    unsigned char *pages[32];
    for (uint32_t i = 0; i < 32; i++) {
        pages[i] = page_alloc(i % 3);
        KTEST(pages[i] != NULL);
        memset(pages[i], (int)i, (size_t)PAGE_SIZE << i % 3);
    }
    for (uint32_t i = 0; i < 32; i++) {
        KTEST(pages[i][0] == i && pages[i][((size_t)PAGE_SIZE << i % 3) - 1] == i);
        page_free(pages[i], i % 3);
    }
}

static void large_blocks_are_contiguous(void)
{
    unsigned char *block = page_alloc(PAGE_ORDER_MAX - 2);
    KTEST(block != NULL);
    size_t size = (size_t)PAGE_SIZE << (PAGE_ORDER_MAX - 2);
    uint64_t first = arch_virt_to_phys(block).value;
    for (size_t at = 0; at < size; at += PAGE_SIZE) {
        block[at] = 1;
        KTEST(arch_virt_to_phys(block + at).value == first + at);
    }
    page_free(block, PAGE_ORDER_MAX - 2);
}

static void objects_are_zeroed_and_counted(void)
{
    struct mm_stats before, after;
    mm_stats(&before);
    for (size_t size = 1; size < 20000; size = size * 3 / 2 + 1) {
        unsigned char *object = kzalloc(size);
        KTEST(object != NULL && (uintptr_t)object % 16 == 0);
        for (size_t i = 0; i < size; i++)
            KTEST(object[i] == 0);
        memset(object, 0xa5, size);
        kfree(object);
    }
    mm_stats(&after);
    KTEST(before.objects_used == after.objects_used);
}

/* Each thread fills its objects with its own pattern; another's would show. */
static int churn(void *argument)
{
    uint32_t me = *(const uint32_t *)argument;
    uint32_t *objects[16] = { NULL };
    uint32_t seed = me * 2654435761u + 1;
    for (uint32_t round = 0; round < 2000; round++) {
        seed = seed * 1664525u + 1013904223u;
        uint32_t slot = seed >> 28;
        if (objects[slot] != NULL) {
            for (uint32_t i = 1; i < objects[slot][0]; i++) {
                if (objects[slot][i] != me)
                    return 1;
            }
            kfree(objects[slot]);
        }
        uint32_t words = 2 + (seed >> 16 & 0xff);
        objects[slot] = kmalloc(words * sizeof(uint32_t));
        if (objects[slot] == NULL)
            return 2;
        objects[slot][0] = words;
        for (uint32_t i = 1; i < words; i++)
            objects[slot][i] = me;
    }
    for (uint32_t i = 0; i < ARRAY_SIZE(objects); i++)
        kfree(objects[i]);
    return 0;
}

static void all_cpus_allocate_at_once(void)
{
    KTEST(threads_run_on_all(churn) == 0);
}

const struct ktest ktest_memory[] = {
    { "memory_pages_are_apart", pages_are_apart, 1 },
    { "memory_large_blocks_are_contiguous", large_blocks_are_contiguous, 1 },
    { "memory_objects_are_zeroed_and_counted", objects_are_zeroed_and_counted, 1 },
    { "memory_all_cpus_allocate_at_once", all_cpus_allocate_at_once, 1 },
    { NULL, NULL, 0 },
};
