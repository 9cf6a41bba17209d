/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Page tables without an MMU: a radix tree of four levels of 512 entries in physical memory, shaped
 * like AArch64's with 4 KiB pages (DDI 0487, D8.2), walked by arch_copy_*_user(). An entry is the
 * physical page with MMU_ flags in its low bits; a leaf of no access is still mapped (VALID). */
#include <arch/mmu.h>
#include <axiom/errno.h>
#include <axiom/string.h>

#include "page_table.h"
#include "sim_port.h"

#define LEVELS     4u
#define LEVEL_BITS 9u
#define ENTRIES    (1u << LEVEL_BITS)
#define USER_END   (UINT64_C(1) << 47)
#define VALID      UINT64_C(0x800)
#define FLAGS      UINT64_C(0xf)
#define PAGE_MASK  (~(uint64_t)(PAGE_SIZE - 1))

struct arch_page_table { /* a page of its own, besides the tree's */
    struct mmu_pages pages;
    uint64_t *root;
};

static uint64_t *table_of(uint64_t entry)
{
    return arch_phys_to_virt((struct phys_addr){ entry & PAGE_MASK });
}

static uint32_t index_at(uint64_t address, uint32_t level)
{
    return (uint32_t)(address >> (PAGE_SHIFT + level * LEVEL_BITS)) & (ENTRIES - 1);
}

int arch_mmu_create(const struct mmu_pages *pages, struct arch_page_table **out)
{
    struct arch_page_table *table = pages->alloc(pages->context);
    if (table == NULL)
        return -ENOMEM;
    uint64_t *root = pages->alloc(pages->context);
    if (root == NULL) {
        pages->free(pages->context, table);
        return -ENOMEM;
    }
    table->pages = *pages;
    table->root = root;
    *out = table;
    return 0;
}

static void free_level(const struct mmu_pages *pages, uint64_t *entries, uint32_t level)
{
    for (uint32_t i = 0; level > 0 && i < ENTRIES; i++) {
        if (entries[i] & VALID)
            free_level(pages, table_of(entries[i]), level - 1);
    }
    pages->free(pages->context, entries);
}

void arch_mmu_destroy(struct arch_page_table *table)
{
    struct mmu_pages pages = table->pages;
    free_level(&pages, table->root, LEVELS - 1);
    pages.free(pages.context, table);
}

/* The leaf entry of an address; NULL: no table there (and, if `make`, no page for one). */
static uint64_t *leaf(struct arch_page_table *table, uint64_t address, bool make)
{
    uint64_t *entries = table->root;
    for (uint32_t level = LEVELS - 1; level > 0; level--) {
        uint64_t *entry = &entries[index_at(address, level)];
        if ((*entry & VALID) == 0) {
            void *below = make ? table->pages.alloc(table->pages.context) : NULL;
            if (below == NULL)
                return NULL;
            *entry = arch_virt_to_phys(below).value | VALID;
        }
        entries = table_of(*entry);
    }
    return &entries[index_at(address, 0)];
}

static bool is_user_page(uint64_t address)
{
    return address % PAGE_SIZE == 0 && address < USER_END;
}

int arch_mmu_map(struct arch_page_table *table, struct virt_addr at, struct phys_addr page,
                 uint32_t flags)
{
    if (!is_user_page(at.value) || page.value % PAGE_SIZE != 0 || (flags & ~FLAGS) != 0)
        return -EINVAL;
    uint64_t *entry = leaf(table, at.value, true);
    if (entry == NULL)
        return -ENOMEM;
    if (*entry & VALID)
        return -EEXIST;
    *entry = page.value | VALID | flags;
    return 0;
}

static uint64_t *mapped_leaf(struct arch_page_table *table, uint64_t address)
{
    if (address >= USER_END)
        return NULL;
    uint64_t *entry = leaf(table, address, false);
    return entry != NULL && (*entry & VALID) != 0 ? entry : NULL;
}

int arch_mmu_unmap(struct arch_page_table *table, struct virt_addr at)
{
    uint64_t *entry = mapped_leaf(table, at.value);
    if (entry == NULL)
        return -ENOENT;
    *entry = 0;
    return 0;
}

int arch_mmu_protect(struct arch_page_table *table, struct virt_addr at, uint32_t flags)
{
    if ((flags & ~FLAGS) != 0)
        return -EINVAL;
    uint64_t *entry = mapped_leaf(table, at.value);
    if (entry == NULL)
        return -ENOENT;
    *entry = (*entry & PAGE_MASK) | VALID | flags;
    return 0;
}

int arch_mmu_query(struct arch_page_table *table, struct virt_addr at, struct phys_addr *page,
                   uint32_t *flags)
{
    const uint64_t *entry = mapped_leaf(table, at.value);
    if (entry == NULL)
        return -ENOENT;
    page->value = *entry & PAGE_MASK;
    *flags = (uint32_t)(*entry & FLAGS);
    return 0;
}

char *page_table_access(struct arch_page_table *table, uint64_t address, uint32_t need)
{
    const uint64_t *entry = mapped_leaf(table, address);
    if (entry == NULL || (*entry & need) != need || !memory_contains(*entry & PAGE_MASK, PAGE_SIZE))
        return NULL;
    return (char *)table_of(*entry) + address % PAGE_SIZE;
}
