/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* See sr_scan.h. Unit sizes that divide 8 are compared eight bytes at a time against the repeated
 * word; the rest, which few devices write, sample by sample. */
#include "sr_scan.h"

#include <string.h>

static uint64_t load64(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static uint64_t repeat(uint64_t word, uint32_t unit_size)
{
    for (uint32_t bits = 8 * unit_size; bits < 64; bits *= 2)
        word |= word << bits;
    return word;
}

static size_t scan_samples(const uint8_t *at, size_t from, size_t size, uint64_t word,
                           uint32_t unit_size)
{
    size_t i = from;
    while (i < size && sr_word(at + i, unit_size) == word)
        i += unit_size;
    return i;
}

size_t sr_scan(const uint8_t *at, size_t size, uint64_t word, uint32_t unit_size)
{
    size_t i = 0;
    if (unit_size == 1 || unit_size == 2 || unit_size == 4 || unit_size == 8) {
        uint8_t bytes[8];
        uint64_t repeated = repeat(word, unit_size);
        for (uint32_t b = 0; b < 8;
             b++) /* the samples are little endian, whatever this machine is */
            bytes[b] = (uint8_t)(repeated >> (8 * b));
        uint64_t pattern = load64(bytes);
        while (size - i >= 32 &&
               ((load64(at + i) ^ pattern) | (load64(at + i + 8) ^ pattern) |
                (load64(at + i + 16) ^ pattern) | (load64(at + i + 24) ^ pattern)) == 0)
            i += 32;
        while (size - i >= 8 && load64(at + i) == pattern)
            i += 8;
    }
    return scan_samples(at, i, size, word, unit_size);
}
