/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Free pieces are a list in the pieces themselves, sorted by address; neighbours become one. Pieces are
 * multiples of 16 bytes, which is what a list entry takes. */
#include <axiom/bits.h>
#include <axiom/string.h>
#include <bpf/pool.h>
#include <bpf_internal/map_lock.h>

struct bpf_pool_block {
    struct bpf_pool_block *next;
    size_t size;
};

#define UNIT sizeof(struct bpf_pool_block)
_Static_assert(UNIT == 16, "an entry of the list fits into the smallest piece");

static void lock(struct bpf_pool *pool)
{
    map_spin(&pool->lock);
}

static void unlock(struct bpf_pool *pool)
{
    __atomic_store_n(&pool->lock, 0, __ATOMIC_RELEASE);
}

void bpf_pool_init(struct bpf_pool *pool, void *memory, size_t size_bytes)
{
    *pool = (struct bpf_pool){ 0 };
    size_bytes -= size_bytes % UNIT;
    if (size_bytes == 0)
        return;
    pool->free = memory;
    *pool->free = (struct bpf_pool_block){ NULL, size_bytes };
}

/* Takes `size` bytes off the beginning of the block that *link leads to. */
static void *cut_locked(struct bpf_pool_block **link, size_t size)
{
    struct bpf_pool_block *block = *link, *rest = block->next;
    if (block->size > size) {
        rest = (struct bpf_pool_block *)(void *)((uint8_t *)block + size);
        *rest = (struct bpf_pool_block){ block->next, block->size - size };
    }
    *link = rest;
    return block;
}

void *bpf_pool_alloc(struct bpf_pool *pool, size_t size_bytes)
{
    if (size_bytes == 0 || size_bytes > SIZE_MAX - UNIT)
        return NULL;
    size_t size = (size_t)align_up64(size_bytes, UNIT);
    void *at = NULL;
    lock(pool);
    struct bpf_pool_block **link = &pool->free;
    while (*link != NULL && (*link)->size < size)
        link = &(*link)->next;
    if (*link != NULL) {
        at = cut_locked(link, size);
        pool->used_bytes += size;
        if (pool->used_bytes > pool->peak_bytes)
            pool->peak_bytes = pool->used_bytes;
    }
    unlock(pool);
    return at == NULL ? NULL : memset(at, 0, size);
}

static bool touches(const struct bpf_pool_block *block, const struct bpf_pool_block *next)
{
    return (uintptr_t)block + block->size == (uintptr_t)next;
}

/* The block and the one behind it, if nothing lies between, become one. */
static void join_locked(struct bpf_pool_block *block)
{
    const struct bpf_pool_block *next = block->next;
    if (next == NULL || !touches(block, next))
        return;
    block->size += next->size;
    block->next = next->next;
}

void bpf_pool_free(struct bpf_pool *pool, void *at, size_t size_bytes)
{
    if (at == NULL || size_bytes == 0)
        return;
    size_t size = (size_t)align_up64(size_bytes, UNIT);
    struct bpf_pool_block *block = at, *before = NULL;
    lock(pool);
    for (struct bpf_pool_block *b = pool->free; b != NULL && b < block; b = b->next)
        before = b;
    *block = (struct bpf_pool_block){ before == NULL ? pool->free : before->next, size };
    if (before == NULL)
        pool->free = block;
    else
        before->next = block;
    join_locked(block);
    if (before != NULL)
        join_locked(before);
    pool->used_bytes -= size;
    unlock(pool);
}
