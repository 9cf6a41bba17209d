/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Page tables of 512 entries, 9 bits a level, pages of 4 KiB: x86-64, AArch64 with its 4 KiB granule
 * and RISC-V's Sv39 differ only in depth and in the bits of an entry (arch_impl/pte.h). */
#pragma once
#include <arch/mmu.h>
#include <axiom/types.h>

struct pt {
    uint64_t *root;
    struct mmu_pages pages; /* alloc gives zeroed pages in the direct map */
};

/* Maps [at, at + size) to [base, ...), with large pages where `large` and alignment allow. -ENOMEM;
 * -EEXIST: some page is mapped already (what was mapped before it stays). */
int pt_map(struct pt *table, uint64_t at, uint64_t base, uint64_t size, uint32_t flags, bool large);
/* Makes the tables for a range, so that pt_map() of small pages cannot fail there. -ENOMEM. */
int pt_reserve(struct pt *table, uint64_t at, uint64_t size);
/* The leaf entry for `at`, and how much it maps; NULL: none. */
uint64_t *pt_find(const struct pt *table, uint64_t at, uint64_t *span);
/* Small pages only; each must be mapped. The caller flushes. */
void pt_unmap(struct pt *table, uint64_t at, uint64_t size);
void pt_protect(struct pt *table, uint64_t at, uint64_t size, uint32_t flags);
/* Frees the tables (not the pages) below the root's entries first..last, and clears these. */
void pt_free(struct pt *table, uint32_t first, uint32_t last);
/* Calls `each` for every leaf below the root's entries first..last. */
void pt_walk(const struct pt *table, uint32_t first, uint32_t last,
             void (*each)(void *context, uint64_t at, uint64_t span, uint64_t entry),
             void *context);
