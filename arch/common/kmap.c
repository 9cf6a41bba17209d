/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The window is given out by pages, first fit from where the last search ended, with a free page on
 * both sides of each mapping: an access beyond an end faults. */
#include <arch_impl/pte.h>
#include <axiom/bits.h>
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/string.h>
#include <port/kmap.h>
#include <port/layout.h>
#include <port/lock.h>
#include <port/port.h>
#include <port/pt.h>

/* A 16th of RAM can be shown a second time; the tables for that cost 1/512 of it. */
#define WINDOW_MIN (UINT64_C(32) << 20)
#define WINDOW_MAX (UINT64_C(512) << 20)

static struct pt kernel; /* root NULL: the boot tables are still in use */
static struct port_lock lock;
/* lock protects: */
static uint64_t used[WINDOW_MAX / PAGE_SIZE / 64]; /* a bit a page; guards are free for ever */
static uint32_t next_page;
/* Written once: */
static uint32_t page_count; /* of the window */

/* --- boot: tables from the memory map --- */

struct boot_pages {
    struct memmap *map;
    uint64_t limit;
};

static void *boot_page(void *context)
{
    struct boot_pages *from = context;
    uint64_t page = memmap_take(from->map, PAGE_SIZE, from->limit);
    if (page == 0)
        return NULL;
    void *at = arch_phys_to_virt((struct phys_addr){ page });
    memset(at, 0, PAGE_SIZE);
    return at;
}

static int map_image(struct phys_addr base)
{
    const struct {
        const char *start, *end;
        uint32_t flags;
    } parts[] = {
        { image_text_start, image_text_end, MMU_READ | MMU_EXEC },
        { image_rodata_start, image_rodata_end, MMU_READ },
        { image_data_start, image_data_end, MMU_READ | MMU_WRITE },
    };
    for (uint32_t i = 0; i < ARRAY_SIZE(parts); i++) {
        uint64_t at = (uint64_t)parts[i].start;
        uint64_t size = (uint64_t)parts[i].end - at;
        int err = pt_map(&kernel, at, base.value + (at - (uint64_t)image_start), size,
                         parts[i].flags, true);
        if (err)
            return err;
    }
    return 0;
}

static int map_direct(const struct boot_memory *regions, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t base = regions[i].base.value & ~(uint64_t)(PAGE_SIZE - 1);
        uint64_t end = align_up64(regions[i].base.value + regions[i].size, PAGE_SIZE);
        for (; base < end; base += PAGE_SIZE) { /* extra ranges may overlap each other, or RAM */
            uint64_t span;
            uint64_t at = (uint64_t)arch_phys_to_virt((struct phys_addr){ base });
            if (pt_find(&kernel, at, &span) == NULL)
                break;
        }
        if (base == end)
            continue;
        int err = pt_map(&kernel, (uint64_t)arch_phys_to_virt((struct phys_addr){ base }), base,
                         end - base, MMU_READ | MMU_WRITE, true);
        if (err && err != -EEXIST)
            return err;
    }
    return 0;
}

static uint64_t window_size(uint64_t ram)
{
    uint64_t size = align_up64(ram / 4, UINT64_C(2) << 20);
    return size < WINDOW_MIN ? WINDOW_MIN : size > WINDOW_MAX ? WINDOW_MAX : size;
}

int kmap_init(struct memmap *map, uint64_t limit, const struct kmap_config *config,
              struct phys_addr *root)
{
    struct memmap ram = *map; /* before tables are taken out: they lie in the direct map too */
    struct boot_pages from = { map, limit };
    kernel.pages = (struct mmu_pages){ .alloc = boot_page, .context = &from };
    memset(used, 0, sizeof used);
    next_page = 0;
    uint64_t size = window_size(memmap_total(map));
    uint64_t *new_root = boot_page(&from);
    if (new_root == NULL)
        return -ENOMEM;
    struct pt built = { .root = new_root, .pages = kernel.pages };
    kernel = built;
    int err = map_image(config->image);
    if (err == 0)
        err = map_direct(ram.regions, ram.count);
    if (err == 0)
        err = map_direct(config->extra, config->extra_count);
    if (err == 0)
        err = pt_reserve(&kernel, ARCH_WINDOW_BASE, size);
    if (err)
        return err;
    page_count = (uint32_t)(size >> PAGE_SHIFT);
    kernel.pages = (struct mmu_pages){ 0 };
    *root = arch_virt_to_phys(new_root);
    return 0;
}

/* --- the window --- */

static bool page_used(uint32_t page)
{
    return (used[page / 64] >> (page % 64) & 1) != 0;
}

static void mark_locked(uint32_t first, uint32_t count, bool taken)
{
    for (uint32_t page = first; page < first + count; page++) {
        uint64_t bit = UINT64_C(1) << (page % 64);
        BUG_ON(page_used(page) == taken);
        used[page / 64] ^= bit;
    }
}

/* A run of `count` free pages from `from` on, before `to`; page_count: none. */
static uint32_t search_locked(uint32_t from, uint32_t to, uint32_t count)
{
    uint32_t run = 0;
    for (uint32_t page = from; page < to; page++) {
        run = page_used(page) ? 0 : run + 1;
        if (run == count)
            return page + 1 - count;
    }
    return page_count;
}

void *kmap_map(struct phys_addr base, size_t size, uint32_t flags)
{
    BUG_ON(base.value % PAGE_SIZE != 0 || size == 0 || size % PAGE_SIZE != 0);
    uint64_t wanted = (size >> PAGE_SHIFT) + 2; /* with its guards */
    if (wanted > page_count)
        return NULL;
    uint32_t count = (uint32_t)wanted;
    struct arch_irqflags state = port_lock(&lock);
    uint32_t first = search_locked(next_page, page_count, count);
    if (first == page_count)
        first = search_locked(0, page_count, count);
    void *at = NULL;
    if (first != page_count) {
        mark_locked(first + 1, count - 2, true);
        next_page = first + count - 1;
        at = (void *)(ARCH_WINDOW_BASE + ((uint64_t)(first + 1) << PAGE_SHIFT));
        int err = pt_map(&kernel, (uint64_t)at, base.value, size, flags, false);
        BUG_ON(err != 0); /* the tables are there, the pages were free */
    }
    port_unlock(&lock, state);
    return at;
}

void kmap_unmap(void *at, size_t size)
{
    uint64_t start = (uint64_t)at;
    BUG_ON(start <= ARCH_WINDOW_BASE);
    struct arch_irqflags state = port_lock(&lock);
    pt_unmap(&kernel, start, size);
    port_tlb_flush(start, size);
    mark_locked((uint32_t)((start - ARCH_WINDOW_BASE) >> PAGE_SHIFT),
                (uint32_t)(size >> PAGE_SHIFT), false);
    port_unlock(&lock, state);
}

void kmap_protect(void *at, size_t size, uint32_t flags)
{
    struct arch_irqflags state = port_lock(&lock);
    pt_protect(&kernel, (uint64_t)at, size, flags);
    port_tlb_flush((uint64_t)at, size);
    port_unlock(&lock, state);
}

/* --- asking --- */

bool kmap_readable(uint64_t address, size_t size)
{
    if (kernel.root == NULL) /* the image is all that we are sure of */
        return address >= (uint64_t)image_start && size <= (uint64_t)image_end - address;
    if (address + size < address || address < ARCH_KERNEL_BASE)
        return false;
    for (uint64_t at = address & ~(uint64_t)(PAGE_SIZE - 1); at < address + size; at += PAGE_SIZE) {
        uint64_t span;
        const uint64_t *entry = pt_find(&kernel, at, &span);
        if (entry == NULL || (pte_flags(*entry) & MMU_READ) == 0)
            return false;
    }
    return true;
}

int kmap_query(uint64_t at, struct phys_addr *page, uint32_t *flags)
{
    uint64_t span;
    const uint64_t *entry = pt_find(&kernel, at, &span);
    if (entry == NULL)
        return -ENOENT;
    page->value = pte_address(*entry) + ((at & (span - 1)) & ~(uint64_t)(PAGE_SIZE - 1));
    *flags = pte_flags(*entry);
    return 0;
}

const char *kmap_fault_reason(uint64_t at)
{
    struct phys_addr page;
    uint32_t flags;
    if (kernel.root != NULL && kmap_query(at, &page, &flags) == 0)
        return "not allowed there";
    return at < PAGE_SIZE ? "a NULL pointer"
           : at - ARCH_WINDOW_BASE < (uint64_t)page_count << PAGE_SHIFT
               ? "a guard page, or given back"
               : "nothing is mapped there";
}

struct wx_walk {
    uint64_t code, code_size; /* the code page under test; 0: looking for such pages */
    uint64_t count;
};

static void see_alias(void *context, uint64_t at, uint64_t span, uint64_t entry)
{
    struct wx_walk *walk = context;
    uint64_t base = pte_address(entry);
    (void)at;
    if ((pte_flags(entry) & MMU_WRITE) != 0 && base < walk->code + walk->code_size &&
        walk->code < base + span)
        walk->count++;
}

static void see_code(void *context, uint64_t at, uint64_t span, uint64_t entry)
{
    struct wx_walk *walk = context;
    (void)at;
    if ((pte_flags(entry) & MMU_EXEC) == 0)
        return;
    struct wx_walk alias = { pte_address(entry), span, 0 };
    pt_walk(&kernel, PTE_KERNEL_FIRST, PTE_KERNEL_LAST, see_alias, &alias);
    walk->count += alias.count;
}

uint64_t kmap_count_wx(void)
{
    struct wx_walk walk = { 0 };
    pt_walk(&kernel, PTE_KERNEL_FIRST, PTE_KERNEL_LAST, see_code, &walk);
    return walk.count;
}

void kmap_share(uint64_t *root)
{
    for (uint32_t i = PTE_KERNEL_FIRST; i <= PTE_KERNEL_LAST; i++)
        root[i] = kernel.root[i];
}
