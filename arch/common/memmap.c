/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A sorted table of disjoint regions; small enough that inserting by moving is the simplest. */
#include <arch/mmu.h>
#include <axiom/bits.h>
#include <axiom/string.h>
#include <port/memmap.h>

#define ADDRESS_END (UINT64_C(1) << 52) /* the most that any of our CPUs can address */

static uint64_t end_of(const struct boot_memory *region)
{
    return region->base.value + region->size;
}

void memmap_init(struct memmap *map)
{
    memset(map, 0, sizeof *map);
}

static void take_out(struct memmap *map, uint32_t index)
{
    map->count--;
    memmove(&map->regions[index], &map->regions[index + 1],
            (map->count - index) * sizeof map->regions[0]);
}

static void put_in(struct memmap *map, uint32_t index, uint64_t base, uint64_t end)
{
    if (map->count == MEMMAP_REGIONS_MAX) {
        map->lost += end - base;
        return;
    }
    memmove(&map->regions[index + 1], &map->regions[index],
            (map->count - index) * sizeof map->regions[0]);
    map->count++;
    map->regions[index] = (struct boot_memory){ { base }, end - base };
}

/* Clamps to what can be addressed; false: nothing is left. */
static bool range_of(uint64_t base, uint64_t size, uint64_t *end)
{
    if (base >= ADDRESS_END || size == 0)
        return false;
    *end = size > ADDRESS_END - base ? ADDRESS_END : base + size;
    return true;
}

void memmap_add(struct memmap *map, uint64_t base, uint64_t size)
{
    uint64_t end;
    if (!range_of(base, size, &end))
        return;
    base = align_up64(base, PAGE_SIZE);
    end &= ~(uint64_t)(PAGE_SIZE - 1);
    if (base >= end)
        return;
    /* What it touches becomes part of it. */
    uint32_t at = 0;
    while (at < map->count) {
        struct boot_memory *region = &map->regions[at];
        if (end_of(region) < base) {
            at++;
            continue;
        }
        if (region->base.value > end)
            break;
        if (region->base.value < base)
            base = region->base.value;
        if (end_of(region) > end)
            end = end_of(region);
        take_out(map, at);
    }
    put_in(map, at, base, end);
}

void memmap_remove(struct memmap *map, uint64_t base, uint64_t size)
{
    uint64_t end;
    if (!range_of(base, size, &end))
        return;
    base &= ~(uint64_t)(PAGE_SIZE - 1);
    end = align_up64(end, PAGE_SIZE);
    for (uint32_t i = 0; i < map->count; i++) {
        struct boot_memory region = map->regions[i];
        uint64_t region_end = end_of(&region);
        if (region_end <= base || region.base.value >= end)
            continue;
        take_out(map, i);
        uint32_t at = i--;
        if (region.base.value < base) {
            put_in(map, at++, region.base.value, base);
            i++;
        }
        if (region_end > end) {
            put_in(map, at, end, region_end);
            i++;
        }
    }
}

uint64_t memmap_take(struct memmap *map, uint64_t size, uint64_t limit)
{
    size = align_up64(size, PAGE_SIZE);
    for (uint32_t i = map->count; i-- > 0;) {
        const struct boot_memory *region = &map->regions[i];
        uint64_t end = end_of(region) < limit ? end_of(region) : limit & ~(uint64_t)(PAGE_SIZE - 1);
        if (end <= region->base.value || end - region->base.value < size)
            continue;
        memmap_remove(map, end - size, size);
        return end - size;
    }
    return 0;
}

uint64_t memmap_total(const struct memmap *map)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < map->count; i++)
        total += map->regions[i].size;
    return total;
}
