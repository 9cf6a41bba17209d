/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* CRC-32 as zlib and MCAP use it (polynomial 0xedb88320 reflected, initial and final XOR 0xffffffff). */
#pragma once
#include <axiom/types.h>

/* The CRC of bytes whose beginning has the CRC `crc` (0 for none) followed by `data`: as zlib's crc32(). */
uint32_t crc32_update(uint32_t crc, const void *data, size_t size);

/* The CRC of two pieces in a row, out of their CRCs and the second one's size, without looking at them again. */
uint32_t crc32_combine(uint32_t crc_first, uint32_t crc_second, uint64_t second_size);

/* Takes over the first multiple of 16 bytes of `data` (size at least 64), begun with CRC register `state`: reduces them
 * to 16 bytes that leave the same remainder from register 0, and returns how many it took. NULL: by table, as at first.
 * A host program sets one that uses the CPU's vector unit (<axiom_host/crc32_vector.h>). */
typedef size_t crc32_fold(uint32_t state, const uint8_t *data, size_t size, uint8_t rest[16]);
void crc32_set_fold(crc32_fold *fold);
