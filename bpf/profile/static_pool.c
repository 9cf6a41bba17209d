/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* First fit in one array, blocks in a row, each with its size before it; neighbours that are free
 * become one when memory is looked for. A few dozen blocks: nothing cleverer pays. */
#include <axiom/bits.h>
#include <axiom/string.h>
#include <bpf/profile.h>
#include <bpf/static_pool.h>

#define UNIT 16u

struct block {
    size_t size; /* with this header; a multiple of UNIT */
    size_t is_used;
} __attribute__((aligned(16)));
_Static_assert(sizeof(struct block) == UNIT, "what follows a header is aligned to 16 bytes");

static _Alignas(16) uint8_t pool[BPF_PROFILE_POOL_SIZE];

static struct block *first(void)
{
    return (struct block *)pool;
}

/* NULL at the end. */
static struct block *after(struct block *block)
{
    uint8_t *next = (uint8_t *)block + block->size;
    return next < pool + sizeof pool ? (struct block *)next : NULL;
}

void bpf_static_pool_init(void)
{
    *first() = (struct block){ .size = sizeof pool };
}

static void join_free(struct block *block)
{
    struct block *next = after(block);
    while (!block->is_used && next != NULL && !next->is_used) {
        block->size += next->size;
        next = after(block);
    }
}

static void take(struct block *block, size_t size)
{
    if (block->size - size > UNIT) {
        struct block *rest = (struct block *)((uint8_t *)block + size);
        *rest = (struct block){ .size = block->size - size };
        block->size = size;
    }
    block->is_used = 1;
}

void *bpf_static_pool_alloc(void *user, size_t size_bytes)
{
    (void)user;
    if (size_bytes > sizeof pool)
        return NULL;
    size_t size = (size_t)align_up64(size_bytes, UNIT) + UNIT;
    for (struct block *block = first(); block != NULL; block = after(block)) {
        join_free(block);
        if (block->is_used || block->size < size)
            continue;
        take(block, size);
        memset(block + 1, 0, block->size - UNIT);
        return block + 1;
    }
    return NULL;
}

void bpf_static_pool_free(void *user, void *at, size_t size_bytes)
{
    (void)user;
    (void)size_bytes;
    ((struct block *)at - 1)->is_used = 0;
}

size_t bpf_static_pool_used(void)
{
    size_t used = 0;
    for (struct block *block = first(); block != NULL; block = after(block))
        used += block->is_used ? block->size : 0;
    return used;
}
