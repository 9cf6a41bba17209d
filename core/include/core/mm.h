/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Memory of the kernel: pages from a buddy allocator, objects from slabs on top.
 *
 * What is free is poisoned (arch_poison), what is handed out is unpoisoned to its exact size, so
 * that a sanitizer sees the first byte too far. Freeing twice, or what was never allocated, is a
 * panic. All may be called in any context; nothing sleeps, NULL means out of memory now. Each call
 * that allocates asks arch_allocation_fails() once: the nth to fail is a test's or fault script's.
 */
#pragma once
#include <axiom/types.h>

#define PAGE_ORDER_MAX 10u /* 4 MiB */

/* 2^order contiguous pages in the direct map, aligned to their size; contents undefined. */
void *page_alloc(uint32_t order);
/* `order` as allocated. */
void page_free(void *at, uint32_t order);
/* The smallest order that holds `size_bytes`. */
uint32_t page_order(size_t size_bytes);

/* Aligned to 16 bytes at least (to their size for powers of two up to a page). kmalloc(0) is NULL.
 * Above KMALLOC_MAX always NULL. */
#define KMALLOC_MAX ((size_t)4096 << PAGE_ORDER_MAX)
void *kmalloc(size_t size_bytes) __attribute__((malloc));
void *kzalloc(size_t size_bytes) __attribute__((malloc)); /* zeroed */
/* count * size_bytes zeroed; NULL if that overflows. */
void *kcalloc(size_t count, size_t size_bytes) __attribute__((malloc));
void kfree(const void *at); /* NULL is fine */
/* A copy of `text`; the caller owns it. */
char *kstrdup(const char *text);

/* A cache of objects of one size, for what is made and freed often. `name` must live as long. */
struct slab_cache;
/* -EINVAL: size 0, above a page, or alignment no power of two; -ENOMEM. */
int slab_cache_create(const char *name, size_t size_bytes, size_t alignment,
                      struct slab_cache **out);
/* All its objects are free. */
void slab_cache_destroy(struct slab_cache *cache);
void *slab_alloc(struct slab_cache *cache); /* contents undefined */
void slab_free(struct slab_cache *cache, void *object);

struct mm_stats {
    uint64_t pages_total; /* given by the machine, without the allocator's own table */
    uint64_t pages_used;  /* handed out now, or holding a slab */
    uint64_t pages_used_peak;
    uint64_t objects_used;     /* live objects of all caches and sizes */
    uint64_t allocation_count; /* calls since boot */
    uint64_t failure_count;    /* of them answered NULL */
};
/* Of this boot; after kernel_main() returned, of the last one: pages_used and objects_used are 0.
 */
void mm_stats(struct mm_stats *out);
