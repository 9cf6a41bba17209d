/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Between the page allocator (mm/page.c) and the slabs on top (mm/slab.c, mm/kmalloc.c).
 *
 * Every page of RAM has a struct page. The first page of a block says what the block is:
 *
 *   RESERVED   the table itself, or a hole between regions of RAM; never moves
 *   FREE       first page of a free block of `order`, on that order's list
 *   USED       first page of a block from page_alloc() or a large kmalloc()
 *   SLAB       a page of a slab: `back` pages after the slab's first
 *   INNER      any other page of a free or used block */
#pragma once
#include <axiom/list.h>
#include <axiom/types.h>
#include <core/mm.h>
#include <core/spinlock.h>

enum page_state {
    PAGE_RESERVED,
    PAGE_FREE,
    PAGE_USED,
    PAGE_SLAB,
    PAGE_INNER,
};

struct page {
    struct list_head link; /* FREE: the order's list */
    uint8_t state;         /* enum page_state */
    uint8_t order;         /* FREE, USED */
    uint16_t back;         /* SLAB */
};

/* As page_alloc() and page_free(), without the fault point: for the slabs, whose callers were asked
 * already. */
void *page_alloc_raw(uint32_t order);
void page_free_raw(void *at, uint32_t order);
/* The page of an address in the direct map; NULL: not RAM of the kernel's. */
struct page *page_of(const void *at);
void *page_address(const struct page *page);

int page_init(void);
/* Panics if pages are in use. */
void page_exit(void);
void page_stats(uint64_t *total, uint64_t *used, uint64_t *peak);

/* Objects of one size. The kmalloc sizes' caches are static, others come from slab_cache_create().
 */
struct slab_cache {
    /* Written once: */
    const char *name;
    uint32_t object_size;  /* bytes that a user may touch */
    uint32_t stride;       /* bytes from object to object */
    uint32_t first_offset; /* of object 0 in the slab; the header is before it */
    uint32_t order;        /* of a slab's pages */
    uint32_t object_count; /* in a slab */

    struct spinlock lock;
    /* lock protects: */
    struct list_head partial; /* slabs with a free object */
    uint64_t live_count;
};

/* -EINVAL as slab_cache_create(). */
int slab_cache_setup(struct slab_cache *cache, const char *name, size_t size_bytes,
                     size_t alignment);
/* Gives the slabs back; false, after a log line, if objects are live. */
bool slab_cache_drain(struct slab_cache *cache);
/* An object unpoisoned to `size_bytes`; NULL: no page. */
void *slab_take(struct slab_cache *cache, size_t size_bytes);
/* `object` lies in `page`, a slab's. Panics if that is not a live object's address, or not of
 * `cache` (NULL: any). */
void slab_give(struct page *page, const struct slab_cache *cache, const void *object);

/* Asks the fault point, counts; true: the caller answers NULL. */
bool mm_allocation_refused(void);
void mm_count_failure(void);
void mm_count_objects(int change);
