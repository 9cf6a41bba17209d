/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* kmalloc: slabs for small sizes, whole page blocks above, and the counters of all of them. */
#include <arch/mmu.h>
#include <arch/work.h>
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <axiom/string.h>
#include <internal/boot.h>
#include <internal/mm.h>

/* Sizes whose slabs waste little; each is aligned to its largest power of two. */
static const struct {
    const char *name;
    uint16_t size;
} kmalloc_sizes[] = {
    { "kmalloc-16", 16 },     { "kmalloc-32", 32 },     { "kmalloc-48", 48 },
    { "kmalloc-64", 64 },     { "kmalloc-96", 96 },     { "kmalloc-128", 128 },
    { "kmalloc-192", 192 },   { "kmalloc-256", 256 },   { "kmalloc-384", 384 },
    { "kmalloc-512", 512 },   { "kmalloc-768", 768 },   { "kmalloc-1024", 1024 },
    { "kmalloc-1536", 1536 }, { "kmalloc-2048", 2048 },
};
#define KMALLOC_SLAB_MAX 2048u

static struct slab_cache caches[ARRAY_SIZE(kmalloc_sizes)];

/* Atomics: counted outside of any lock. */
static uint64_t allocation_count, failure_count;
static int64_t objects_used;

bool mm_allocation_refused(void)
{
    __atomic_add_fetch(&allocation_count, 1, __ATOMIC_RELAXED);
    if (!arch_allocation_fails())
        return false;
    mm_count_failure();
    return true;
}

void mm_count_failure(void)
{
    __atomic_add_fetch(&failure_count, 1, __ATOMIC_RELAXED);
}

void mm_count_objects(int change)
{
    __atomic_add_fetch(&objects_used, change, __ATOMIC_RELAXED);
}

static struct slab_cache *cache_for(size_t size_bytes)
{
    uint32_t low = 0, high = ARRAY_SIZE(caches) - 1;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (kmalloc_sizes[middle].size >= size_bytes)
            high = middle;
        else
            low = middle + 1;
    }
    return &caches[low];
}

static void *large_alloc(size_t size_bytes)
{
    uint32_t order = page_order(size_bytes);
    char *at = page_alloc_raw(order);
    if (at != NULL)
        arch_poison(at + size_bytes, ((size_t)PAGE_SIZE << order) - size_bytes);
    return at;
}

void *kmalloc(size_t size_bytes)
{
    if (size_bytes == 0 || size_bytes > KMALLOC_MAX || mm_allocation_refused())
        return NULL;
    void *at = size_bytes <= KMALLOC_SLAB_MAX ? slab_take(cache_for(size_bytes), size_bytes)
                                              : large_alloc(size_bytes);
    if (at == NULL)
        mm_count_failure();
    else
        mm_count_objects(1);
    return at;
}

void *kzalloc(size_t size_bytes)
{
    void *at = kmalloc(size_bytes);
    if (at != NULL)
        memset(at, 0, size_bytes);
    return at;
}

void *kcalloc(size_t count, size_t size_bytes)
{
    size_t total;
    if (__builtin_mul_overflow(count, size_bytes, &total))
        return NULL;
    return kzalloc(total);
}

void kfree(const void *at)
{
    if (at == NULL)
        return;
    struct page *page = page_of(at);
    BUG_ON(page == NULL);
    if (page->state == PAGE_SLAB)
        slab_give(page, NULL, at);
    else
        page_free_raw((void *)(uintptr_t)at, page->order);
    mm_count_objects(-1);
}

char *kstrdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = kmalloc(size);
    if (copy != NULL)
        memcpy(copy, text, size);
    return copy;
}

void mm_stats(struct mm_stats *out)
{
    *out = (struct mm_stats){
        .objects_used = (uint64_t)__atomic_load_n(&objects_used, __ATOMIC_RELAXED),
        .allocation_count = __atomic_load_n(&allocation_count, __ATOMIC_RELAXED),
        .failure_count = __atomic_load_n(&failure_count, __ATOMIC_RELAXED),
    };
    page_stats(&out->pages_total, &out->pages_used, &out->pages_used_peak);
}

int mm_init(void)
{
    allocation_count = failure_count = 0;
    objects_used = 0;
    int err = page_init();
    if (err)
        return err;
    for (uint32_t i = 0; i < ARRAY_SIZE(caches); i++) {
        uint32_t size = kmalloc_sizes[i].size;
        err = slab_cache_setup(&caches[i], kmalloc_sizes[i].name, size, size & -size);
        BUG_ON(err);
    }
    return 0;
}

void mm_exit(void)
{
    bool clean = true;
    for (uint32_t i = 0; i < ARRAY_SIZE(caches); i++)
        clean &= slab_cache_drain(&caches[i]);
    if (!clean)
        panic("memory is still in use at the kernel's end");
    page_exit();
}
