/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Finding the next change in a logic capture. Captures are long and lines are slow: nearly every
 * sample equals the one before, so equal words are skipped 32 bytes at a time. */
#pragma once
#include <axiom/types.h>

/* Little-endian word of `unit_size` (1..8) bytes. */
static inline uint64_t sr_word(const uint8_t *at, uint32_t unit_size)
{
    uint64_t word = 0;
    for (uint32_t i = 0; i < unit_size; i++)
        word |= (uint64_t)at[i] << (8 * i);
    return word;
}

/* Offset in bytes of the first whole sample in at[0..size) that differs from `word`, or `size`.
 * `size` is a multiple of unit_size. */
size_t sr_scan(const uint8_t *at, size_t size, uint64_t word, uint32_t unit_size);
