/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Code made at run time.
 *
 * Pages come out of a pool that only this file maps: writable from allocation to sealing, executable
 * afterwards, and unmapped before they are used again, so that W^X holds for every alias. */
#include <arch/exec_mem.h>
#include <axiom/bits.h>
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/string.h>
#include <port/exec_pool.h>
#include <port/kmap.h>
#include <port/lock.h>
#include <port/port.h>

#define POOL_MIN (UINT64_C(512) << 10)
#define POOL_MAX (UINT64_C(16) << 20)

static struct port_lock lock;
/* lock protects: */
static bool used[POOL_MAX / PAGE_SIZE];
/* Written once: */
static uint64_t pool;
static uint32_t page_count;

void exec_pool_init(struct memmap *map, uint64_t limit)
{
    uint64_t size = align_up64(memmap_total(map) / 128, PAGE_SIZE);
    size = size < POOL_MIN ? POOL_MIN : size > POOL_MAX ? POOL_MAX : size;
    lock = (struct port_lock){ 0 };
    memset(used, 0, sizeof used);
    pool = memmap_take(map, size, limit);
    page_count = pool != 0 ? (uint32_t)(size >> PAGE_SHIFT) : 0;
}

static uint32_t pages_of(size_t size)
{
    return (uint32_t)((size + PAGE_SIZE - 1) >> PAGE_SHIFT);
}

static void mark_locked(uint32_t first, uint32_t count, bool taken)
{
    for (uint32_t i = first; i < first + count; i++) {
        BUG_ON(used[i] == taken);
        used[i] = taken;
    }
}

static uint32_t take(uint32_t count)
{
    struct arch_irqflags state = port_lock(&lock);
    uint32_t run = 0, found = page_count;
    for (uint32_t i = 0; i < page_count && found == page_count; i++) {
        run = used[i] ? 0 : run + 1;
        if (run == count)
            found = i + 1 - count;
    }
    if (found != page_count)
        mark_locked(found, count, true);
    port_unlock(&lock, state);
    return found;
}

static void give(uint32_t first, uint32_t count)
{
    struct arch_irqflags state = port_lock(&lock);
    mark_locked(first, count, false);
    port_unlock(&lock, state);
}

int arch_exec_alloc(size_t size, void **out)
{
    if (size == 0)
        return -EINVAL;
    if (size > POOL_MAX)
        return -ENOMEM;
    uint32_t count = pages_of(size);
    uint32_t first = take(count);
    if (first == page_count)
        return -ENOMEM;
    void *at = kmap_map((struct phys_addr){ pool + ((uint64_t)first << PAGE_SHIFT) },
                        (size_t)count << PAGE_SHIFT, MMU_READ | MMU_WRITE);
    if (at == NULL) {
        give(first, count);
        return -ENOMEM;
    }
    *out = at;
    return 0;
}

int arch_exec_seal(void *at, size_t size)
{
    kmap_protect(at, (size_t)pages_of(size) << PAGE_SHIFT, MMU_READ | MMU_EXEC);
    port_icache_sync(at, size);
    return 0;
}

void arch_exec_free(void *at, size_t size)
{
    struct phys_addr page;
    uint32_t flags;
    int err = kmap_query((uint64_t)at, &page, &flags);
    BUG_ON(err != 0);
    BUG_ON(page.value < pool || page.value - pool >= (uint64_t)page_count << PAGE_SHIFT);
    kmap_unmap(at, (size_t)pages_of(size) << PAGE_SHIFT);
    give((uint32_t)((page.value - pool) >> PAGE_SHIFT), pages_of(size));
}
