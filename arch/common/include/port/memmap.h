/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The physical memory of a board while it boots: what the firmware says is RAM, less what is taken.
 *
 * The boot loader's word is not trusted: ranges may overlap, wrap or be absurd. Regions are kept
 * sorted, disjoint and in whole pages; what does not fit the table is lost RAM, never RAM twice.
 * Boot only, one CPU. */
#pragma once
#include <arch/entry.h>
#include <axiom/types.h>

#define MEMMAP_REGIONS_MAX 64u

struct memmap {
    struct boot_memory regions[MEMMAP_REGIONS_MAX]; /* ascending, disjoint, whole pages */
    uint32_t count;
    uint64_t lost; /* bytes for which the table had no room */
};

void memmap_init(struct memmap *map);
/* RAM from base on; partial pages at either end are left out. */
void memmap_add(struct memmap *map, uint64_t base, uint64_t size);
/* Not for the kernel's allocator: every page that the range touches. */
void memmap_remove(struct memmap *map, uint64_t base, uint64_t size);
/* Takes whole pages below `limit` out of the map, as high as possible; 0: there is no such block. */
uint64_t memmap_take(struct memmap *map, uint64_t size, uint64_t limit);
uint64_t memmap_total(const struct memmap *map);
