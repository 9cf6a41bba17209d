/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One walker for three formats. Level 0 is the last; a leaf at level n maps 4 KiB << 9n. */
#include <arch_impl/pte.h>
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <port/pt.h>

#define ENTRIES 512u

static uint64_t span_of(uint32_t level)
{
    return UINT64_C(1) << (PAGE_SHIFT + 9 * level);
}

static uint32_t index_at(uint64_t at, uint32_t level)
{
    return (uint32_t)(at >> (PAGE_SHIFT + 9 * level)) & (ENTRIES - 1);
}

static uint64_t *table_of(uint64_t entry)
{
    return arch_phys_to_virt((struct phys_addr){ pte_address(entry) });
}

/* The entry for `at` at `level`, with the tables above it made. NULL: no memory, or a large page is
 * in the way (*blocked). */
static uint64_t *entry_make(struct pt *table, uint64_t at, uint32_t level, bool *blocked)
{
    uint64_t *entries = table->root;
    *blocked = false;
    for (uint32_t i = PTE_LEVELS - 1; i > level; i--) {
        uint64_t *entry = &entries[index_at(at, i)];
        if (!pte_is_present(*entry)) {
            void *page = table->pages.alloc(table->pages.context);
            if (page == NULL)
                return NULL;
            __atomic_store_n(entry, pte_table(arch_virt_to_phys(page).value), __ATOMIC_RELEASE);
        } else if (pte_is_leaf(*entry, i)) {
            *blocked = true;
            return NULL;
        }
        entries = table_of(*entry);
    }
    return &entries[index_at(at, level)];
}

static uint32_t level_for(uint64_t at, uint64_t base, uint64_t size, bool large)
{
    uint32_t level = 0;
    while (large && level < PTE_LARGEST && (at | base) % span_of(level + 1) == 0 &&
           size >= span_of(level + 1))
        level++;
    return level;
}

static int map(struct pt *table, uint64_t at, uint64_t base, uint64_t size, uint32_t flags,
               bool large)
{
    while (size != 0) {
        uint32_t level = level_for(at, base, size, large);
        bool blocked;
        uint64_t *entry = entry_make(table, at, level, &blocked);
        if (entry == NULL)
            return blocked ? -EEXIST : -ENOMEM;
        if (pte_is_present(*entry))
            return -EEXIST;
        __atomic_store_n(entry, pte_leaf(base, flags, level), __ATOMIC_RELEASE);
        at += span_of(level);
        base += span_of(level);
        size -= span_of(level);
    }
    return 0;
}

int pt_map(struct pt *table, uint64_t at, uint64_t base, uint64_t size, uint32_t flags, bool large)
{
    int err = map(table, at, base, size, flags, large);
    pte_sync();
    return err;
}

int pt_reserve(struct pt *table, uint64_t at, uint64_t size)
{
    uint64_t end = at + size;
    for (at &= ~(span_of(1) - 1); at < end; at += span_of(1)) {
        bool blocked;
        if (entry_make(table, at, 0, &blocked) == NULL)
            return -ENOMEM;
    }
    return 0;
}

uint64_t *pt_find(const struct pt *table, uint64_t at, uint64_t *span)
{
    uint64_t *entries = table->root;
    for (uint32_t level = PTE_LEVELS - 1;; level--) {
        uint64_t *entry = &entries[index_at(at, level)];
        if (!pte_is_present(*entry))
            return NULL;
        if (pte_is_leaf(*entry, level)) {
            *span = span_of(level);
            return entry;
        }
        entries = table_of(*entry);
    }
}

static uint64_t *small_page(const struct pt *table, uint64_t at)
{
    uint64_t span = 0;
    uint64_t *entry = pt_find(table, at, &span);
    BUG_ON(entry == NULL);
    BUG_ON(span != PAGE_SIZE);
    return entry;
}

void pt_unmap(struct pt *table, uint64_t at, uint64_t size)
{
    for (uint64_t end = at + size; at < end; at += PAGE_SIZE)
        __atomic_store_n(small_page(table, at), 0, __ATOMIC_RELEASE);
}

void pt_protect(struct pt *table, uint64_t at, uint64_t size, uint32_t flags)
{
    for (uint64_t end = at + size; at < end; at += PAGE_SIZE) {
        uint64_t *entry = small_page(table, at);
        __atomic_store_n(entry, pte_leaf(pte_address(*entry), flags, 0), __ATOMIC_RELEASE);
    }
}

static void free_below(struct pt *table, uint64_t entry, uint32_t level)
{
    if (!pte_is_present(entry) || pte_is_leaf(entry, level))
        return;
    uint64_t *entries = table_of(entry);
    for (uint32_t i = 0; i < ENTRIES && level > 1; i++)
        free_below(table, entries[i], level - 1);
    table->pages.free(table->pages.context, entries);
}

void pt_free(struct pt *table, uint32_t first, uint32_t last)
{
    for (uint32_t i = first; i <= last; i++) {
        free_below(table, table->root[i], PTE_LEVELS - 1);
        table->root[i] = 0;
    }
}

/* Bits above the highest level's repeat its top bit where addresses are sign-extended. */
static uint64_t canonical(uint64_t at)
{
    return PTE_SIGN_EXTENDS && index_at(at, PTE_LEVELS - 1) >= ENTRIES / 2
               ? at | ~(span_of(PTE_LEVELS) - 1)
               : at;
}

static void walk_below(const uint64_t *entries, uint32_t level, uint32_t first, uint32_t last,
                       uint64_t at,
                       void (*each)(void *context, uint64_t at, uint64_t span, uint64_t entry),
                       void *context)
{
    for (uint32_t i = first; i <= last; i++) {
        uint64_t entry = entries[i];
        uint64_t here = at + i * span_of(level);
        if (!pte_is_present(entry))
            continue;
        if (pte_is_leaf(entry, level))
            each(context, canonical(here), span_of(level), entry);
        else
            walk_below(table_of(entry), level - 1, 0, ENTRIES - 1, here, each, context);
    }
}

void pt_walk(const struct pt *table, uint32_t first, uint32_t last,
             void (*each)(void *context, uint64_t at, uint64_t span, uint64_t entry), void *context)
{
    walk_below(table->root, PTE_LEVELS - 1, first, last, 0, each, context);
}
