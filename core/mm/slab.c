/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Slabs (Bonwick 1994): a few pages cut into objects of one size.
 *
 * The header at a slab's start has, for each object, the index of the next free one, or SLOT_LIVE.
 * So free objects hold nothing of ours and may stay poisoned, and a double or stray free is seen in
 * one look. A slab without free objects is on no list; it comes back with its first free. */
#include <arch/mmu.h>
#include <axiom/bits.h>
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <axiom/string.h>
#include <internal/mm.h>

#define SLOT_LIVE        0xffffu
#define SLOT_NONE        0xfffeu
#define SLAB_ORDER_MAX   3u
#define SLAB_OBJECTS_MIN 8u /* more pages rather than fewer objects */

struct slab {
    struct list_head link; /* in cache->partial, or alone */
    struct slab_cache *cache;
    uint16_t free_count;
    uint16_t first_free;
    uint16_t next[];
};

/* Sets first_offset and object_count for slabs of `order`. */
static void slab_layout(struct slab_cache *cache, uint32_t order, size_t alignment)
{
    size_t bytes = (size_t)PAGE_SIZE << order;
    uint32_t count = (uint32_t)(bytes / cache->stride);
    size_t offset = 0;
    for (; count != 0; count--) {
        offset = align_up64(offsetof(struct slab, next) + count * sizeof(uint16_t), alignment);
        if (offset + (size_t)count * cache->stride <= bytes)
            break;
    }
    cache->order = order;
    cache->object_count = count;
    cache->first_offset = (uint32_t)offset;
}

int slab_cache_setup(struct slab_cache *cache, const char *name, size_t size_bytes,
                     size_t alignment)
{
    if (size_bytes == 0 || size_bytes > PAGE_SIZE || !is_power_of_two(alignment) ||
        alignment > PAGE_SIZE)
        return -EINVAL;
    *cache = (struct slab_cache){
        .name = name,
        .object_size = (uint32_t)size_bytes,
        .stride = (uint32_t)align_up64(size_bytes, alignment),
    };
    for (uint32_t order = 0; order <= SLAB_ORDER_MAX; order++) {
        slab_layout(cache, order, alignment);
        if (cache->object_count >= SLAB_OBJECTS_MIN)
            break;
    }
    spin_lock_init(&cache->lock);
    list_init(&cache->partial);
    return 0;
}

static void *object_at(struct slab *slab, uint32_t index)
{
    const struct slab_cache *cache = slab->cache;
    return (char *)slab + cache->first_offset + (size_t)index * cache->stride;
}

static struct slab *slab_create(struct slab_cache *cache)
{
    struct slab *slab = page_alloc_raw(cache->order);
    if (slab == NULL)
        return NULL;
    list_init(&slab->link);
    slab->cache = cache;
    slab->free_count = (uint16_t)cache->object_count;
    slab->first_free = 0;
    for (uint32_t i = 0; i < cache->object_count; i++)
        slab->next[i] = (uint16_t)(i + 1 < cache->object_count ? i + 1 : SLOT_NONE);
    struct page *page = page_of(slab);
    for (uint32_t i = 0; i < (1u << cache->order); i++) {
        page[i].state = PAGE_SLAB;
        page[i].back = (uint16_t)i;
    }
    arch_poison((char *)slab + cache->first_offset,
                ((size_t)PAGE_SIZE << cache->order) - cache->first_offset);
    return slab;
}

static void slab_destroy(struct slab *slab)
{
    uint32_t order = slab->cache->order;
    struct page *page = page_of(slab);
    for (uint32_t i = 1; i < (1u << order); i++)
        page[i].state = PAGE_INNER;
    page->state = PAGE_USED;
    page_free_raw(slab, order);
}

/* The slab's first free object becomes live. */
static void *slab_pop(struct slab *slab)
{
    uint32_t index = slab->first_free;
    slab->first_free = slab->next[index];
    slab->next[index] = SLOT_LIVE;
    slab->free_count--;
    if (slab->free_count == 0)
        list_del(&slab->link);
    slab->cache->live_count++;
    return object_at(slab, index);
}

void *slab_take(struct slab_cache *cache, size_t size_bytes)
{
    struct irq_state state = spin_lock_irqsave(&cache->lock);
    void *object = NULL;
    if (list_empty(&cache->partial)) {
        struct slab *slab = slab_create(cache);
        if (slab != NULL)
            list_add(&slab->link, &cache->partial);
    }
    if (!list_empty(&cache->partial))
        object = slab_pop(list_first_entry(&cache->partial, struct slab, link));
    spin_unlock_irqrestore(&cache->lock, state);
    if (object != NULL)
        arch_unpoison(object, size_bytes);
    return object;
}

/* Which object `at` is; panics unless it is a live one. */
static uint32_t live_index(const struct slab *slab, const void *at)
{
    const struct slab_cache *cache = slab->cache;
    size_t offset = (size_t)((const char *)at - (const char *)slab);
    size_t index = (offset - cache->first_offset) / cache->stride;
    if (offset < cache->first_offset || (offset - cache->first_offset) % cache->stride != 0 ||
        index >= cache->object_count)
        panic("slab %s: freed what is no object", cache->name);
    if (slab->next[index] != SLOT_LIVE)
        panic("slab %s: object freed twice", cache->name);
    return (uint32_t)index;
}

/* An empty slab goes back unless it is the only one with room. */
static bool slab_is_surplus(const struct slab *slab)
{
    const struct slab_cache *cache = slab->cache;
    return slab->free_count == cache->object_count && cache->partial.next != cache->partial.prev;
}

void slab_give(struct page *page, const struct slab_cache *expected, const void *object)
{
    struct slab *slab = page_address(page - page->back);
    struct slab_cache *cache = slab->cache;
    BUG_ON(expected != NULL && expected != cache);
    struct irq_state state = spin_lock_irqsave(&cache->lock);
    uint32_t index = live_index(slab, object);
    arch_poison(object, cache->stride);
    slab->next[index] = slab->first_free;
    slab->first_free = (uint16_t)index;
    if (slab->free_count++ == 0)
        list_add(&slab->link, &cache->partial);
    cache->live_count--;
    if (slab_is_surplus(slab)) {
        list_del(&slab->link);
        slab_destroy(slab);
    }
    spin_unlock_irqrestore(&cache->lock, state);
}

bool slab_cache_drain(struct slab_cache *cache)
{
    if (cache->live_count != 0) {
        log_err("slab %s: %llu objects are still in use", cache->name,
                (unsigned long long)cache->live_count);
        return false;
    }
    while (!list_empty(&cache->partial)) {
        struct slab *slab = list_first_entry(&cache->partial, struct slab, link);
        list_del(&slab->link);
        slab_destroy(slab);
    }
    return true;
}

int slab_cache_create(const char *name, size_t size_bytes, size_t alignment,
                      struct slab_cache **out)
{
    struct slab_cache *cache = kzalloc(sizeof *cache);
    if (cache == NULL)
        return -ENOMEM;
    int err = slab_cache_setup(cache, name, size_bytes, alignment);
    if (err) {
        kfree(cache);
        return err;
    }
    *out = cache;
    return 0;
}

void slab_cache_destroy(struct slab_cache *cache)
{
    if (!slab_cache_drain(cache))
        panic("slab %s: destroyed with live objects", cache->name);
    kfree(cache);
}

void *slab_alloc(struct slab_cache *cache)
{
    if (mm_allocation_refused())
        return NULL;
    void *object = slab_take(cache, cache->object_size);
    if (object == NULL)
        mm_count_failure();
    else
        mm_count_objects(1);
    return object;
}

void slab_free(struct slab_cache *cache, void *object)
{
    struct page *page = page_of(object);
    BUG_ON(page == NULL);
    BUG_ON(page->state != PAGE_SLAB);
    slab_give(page, cache, object);
    mm_count_objects(-1);
}
