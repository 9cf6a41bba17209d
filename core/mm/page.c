/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The buddy allocator (Knuth, TAOCP 1, 2.5, algorithms R and S): blocks of 2^order pages, aligned
 * to their size in physical memory. A block that comes back joins its buddy, the block whose frame
 * number differs in bit `order` only, as long as that is free and whole.
 *
 * The table of struct page takes the first pages of RAM. Invariant: no two free buddies of one
 * order are ever both free; every page belongs to exactly one block. */
#include <arch/mmu.h>
#include <axiom/bits.h>
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <axiom/string.h>
#include <core/spinlock.h>
#include <internal/boot.h>
#include <internal/mm.h>

#define PAGES_MIN 64u /* less than this is no machine */
#define PAGES_MAX (UINT64_C(1) << 30)

/* Written once at boot: */
static struct page *pages;
static uint64_t first_frame;
static uint64_t page_count;
static uint64_t reserved_count;

static struct spinlock pages_lock;
/* pages_lock protects the pages' fields and: */
static struct list_head free_lists[PAGE_ORDER_MAX + 1];
static uint64_t used_count, used_peak;

static uint64_t frame_of(const struct page *page)
{
    return first_frame + (uint64_t)(page - pages);
}

void *page_address(const struct page *page)
{
    return arch_phys_to_virt((struct phys_addr){ frame_of(page) << PAGE_SHIFT });
}

struct page *page_of(const void *at)
{
    uint64_t frame = arch_virt_to_phys(at).value >> PAGE_SHIFT;
    if (frame < first_frame || frame - first_frame >= page_count)
        return NULL;
    return &pages[frame - first_frame];
}

static void block_set_free(struct page *page, uint32_t order)
{
    page->state = PAGE_FREE;
    page->order = (uint8_t)order;
    list_add(&page->link, &free_lists[order]);
}

/* The whole and free buddy of a block; NULL: it has none. */
static struct page *buddy_of(const struct page *page, uint32_t order)
{
    uint64_t frame = frame_of(page) ^ (UINT64_C(1) << order);
    if (frame < first_frame || frame - first_frame + (UINT64_C(1) << order) > page_count)
        return NULL;
    struct page *buddy = &pages[frame - first_frame];
    return buddy->state == PAGE_FREE && buddy->order == order ? buddy : NULL;
}

static void block_join(struct page *page, uint32_t order)
{
    while (order < PAGE_ORDER_MAX) {
        struct page *buddy = buddy_of(page, order);
        if (buddy == NULL)
            break;
        list_del(&buddy->link);
        if (buddy < page) {
            page->state = PAGE_INNER;
            page = buddy;
        } else {
            buddy->state = PAGE_INNER;
        }
        order++;
    }
    block_set_free(page, order);
}

/* Halves a free block until it has `order`; the upper halves stay free. */
static struct page *block_split(uint32_t order)
{
    uint32_t from = order;
    while (from <= PAGE_ORDER_MAX && list_empty(&free_lists[from]))
        from++;
    if (from > PAGE_ORDER_MAX)
        return NULL;
    struct page *page = list_first_entry(&free_lists[from], struct page, link);
    list_del(&page->link);
    while (from > order) {
        from--;
        block_set_free(page + (UINT64_C(1) << from), from);
    }
    page->state = PAGE_USED;
    page->order = (uint8_t)order;
    return page;
}

void *page_alloc_raw(uint32_t order)
{
    if (order > PAGE_ORDER_MAX)
        return NULL;
    struct irq_state state = spin_lock_irqsave(&pages_lock);
    struct page *page = block_split(order);
    if (page != NULL) {
        used_count += UINT64_C(1) << order;
        if (used_count > used_peak)
            used_peak = used_count;
    }
    spin_unlock_irqrestore(&pages_lock, state);
    if (page == NULL)
        return NULL;
    void *at = page_address(page);
    arch_unpoison(at, (size_t)PAGE_SIZE << order);
    return at;
}

void page_free_raw(void *at, uint32_t order)
{
    struct page *page = page_of(at);
    BUG_ON(page == NULL);
    BUG_ON(((uintptr_t)at & (PAGE_SIZE - 1)) != 0);
    struct irq_state state = spin_lock_irqsave(&pages_lock);
    if (page->state != PAGE_USED)
        panic("page_free: the block at frame %llu is not allocated (freed twice?)",
              (unsigned long long)frame_of(page));
    BUG_ON(page->order != order);
    arch_poison(at, (size_t)PAGE_SIZE << order);
    used_count -= UINT64_C(1) << order;
    block_join(page, order);
    spin_unlock_irqrestore(&pages_lock, state);
}

void *page_alloc(uint32_t order)
{
    if (mm_allocation_refused())
        return NULL;
    void *at = page_alloc_raw(order);
    if (at == NULL)
        mm_count_failure();
    return at;
}

void page_free(void *at, uint32_t order)
{
    page_free_raw(at, order);
}

uint32_t page_order(size_t size_bytes)
{
    uint32_t order = 0;
    while (((size_t)PAGE_SIZE << order) < size_bytes && order <= PAGE_ORDER_MAX)
        order++;
    return order;
}

void page_stats(uint64_t *total, uint64_t *used, uint64_t *peak)
{
    *total = page_count - reserved_count;
    *used = used_count;
    *peak = used_peak;
}

static bool region_is_sound(const struct boot_memory *region, uint64_t previous_end)
{
    uint64_t base = region->base.value;
    return (base & (PAGE_SIZE - 1)) == 0 && base >= previous_end && base + region->size > base &&
           region->size >> PAGE_SHIFT <= PAGES_MAX;
}

static int memory_check(const struct boot_info *info)
{
    uint64_t end = 0;
    uint64_t count = 0;
    for (uint32_t i = 0; i < info->memory_count; i++) {
        const struct boot_memory *region = &info->memory[i];
        if (!region_is_sound(region, end)) {
            log_err("mm: RAM at 0x%llx, %llu bytes: not aligned to pages, out of order, or absurd",
                    (unsigned long long)region->base.value, (unsigned long long)region->size);
            return -EINVAL;
        }
        end = region->base.value + region->size;
        count += region->size >> PAGE_SHIFT;
    }
    if (count < PAGES_MIN || (end - info->memory[0].base.value) >> PAGE_SHIFT > PAGES_MAX) {
        log_err("mm: %llu pages of RAM: too few, or absurdly far apart", (unsigned long long)count);
        return -EINVAL;
    }
    return 0;
}

/* Free blocks as large as alignment and what is left allow. */
static void free_range(uint64_t from, uint64_t to)
{
    while (from < to) {
        uint64_t frame = first_frame + from;
        uint32_t order = frame == 0 ? PAGE_ORDER_MAX : (uint32_t)__builtin_ctzll(frame);
        if (order > PAGE_ORDER_MAX)
            order = PAGE_ORDER_MAX;
        while (from + (UINT64_C(1) << order) > to)
            order--;
        list_init(&pages[from].link);
        block_set_free(&pages[from], order);
        from += UINT64_C(1) << order;
    }
}

/* The table covers the holes between regions too: no block ever contains such a page, because none
 * is ever freed into one. */
static int table_make(const struct boot_info *info)
{
    uint64_t table_bytes = align_up64(page_count * sizeof(struct page), PAGE_SIZE);
    const struct boot_memory *home = NULL;
    uint64_t total = 0;
    for (uint32_t i = 0; i < info->memory_count; i++) {
        total += info->memory[i].size >> PAGE_SHIFT;
        if (home == NULL && info->memory[i].size > table_bytes)
            home = &info->memory[i];
    }
    if (home == NULL) {
        log_err("mm: no region of RAM holds a page table of %llu bytes",
                (unsigned long long)table_bytes);
        page_count = 0;
        return -ENOMEM;
    }
    pages = arch_phys_to_virt(home->base);
    reserved_count = page_count - total + (table_bytes >> PAGE_SHIFT);
    arch_unpoison(pages, table_bytes);
    memset(pages, 0, table_bytes); /* all RESERVED */
    for (uint32_t i = 0; i < info->memory_count; i++) {
        const struct boot_memory *region = &info->memory[i];
        uint64_t skip = region == home ? table_bytes : 0;
        uint64_t from = (region->base.value + skip) >> PAGE_SHIFT;
        uint64_t to = (region->base.value + region->size) >> PAGE_SHIFT;
        for (uint64_t frame = from; frame < to; frame++)
            pages[frame - first_frame].state = PAGE_INNER;
        free_range(from - first_frame, to - first_frame);
        arch_poison((char *)arch_phys_to_virt(region->base) + skip, region->size - skip);
    }
    return 0;
}

int page_init(void)
{
    const struct boot_info *info = boot_info();
    spin_lock_init(&pages_lock);
    used_count = used_peak = page_count = reserved_count = 0;
    for (uint32_t order = 0; order <= PAGE_ORDER_MAX; order++)
        list_init(&free_lists[order]);
    int err = memory_check(info);
    if (err)
        return err;

    const struct boot_memory *last = &info->memory[info->memory_count - 1];
    first_frame = info->memory[0].base.value >> PAGE_SHIFT;
    page_count = ((last->base.value + last->size) >> PAGE_SHIFT) - first_frame;
    return table_make(info);
}

void page_exit(void)
{
    if (used_count != 0)
        panic("%llu pages are still in use at the kernel's end", (unsigned long long)used_count);
    /* The memory is the machine's again, to do with as it likes. */
    const struct boot_info *info = boot_info();
    for (uint32_t i = 0; i < info->memory_count; i++)
        arch_unpoison(arch_phys_to_virt(info->memory[i].base), info->memory[i].size);
}
