/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The table is two arrays in one order, by address: offsets from the image's start, and offsets of
 * the names in one long text. */
#include <port/layout.h>
#include <port/symbols.h>

/* Made by cmake/symbols.awk; empty in the link's first pass. */
extern const uint32_t symbol_count;
extern const uint32_t symbol_offsets[];
extern const uint32_t symbol_names[];
extern const char symbol_text[];

bool text_contains(uint64_t address)
{
    return address >= (uint64_t)image_text_start && address < (uint64_t)image_text_end;
}

const char *symbol_find(uint64_t address, uint64_t *offset)
{
    if (!text_contains(address) || symbol_count == 0)
        return NULL;
    uint64_t wanted = address - (uint64_t)image_start;
    uint32_t low = 0, high = symbol_count; /* symbol_offsets[low] <= wanted, if any is */
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (symbol_offsets[middle] <= wanted)
            low = middle;
        else
            high = middle;
    }
    if (symbol_offsets[low] > wanted)
        return NULL;
    *offset = wanted - symbol_offsets[low];
    return symbol_text + symbol_names[low];
}
