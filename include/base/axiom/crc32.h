/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* CRC-32 as zlib and MCAP use it (polynomial 0xedb88320 reflected, initial and final XOR 0xffffffff). */
#pragma once
#include <axiom/types.h>

/* The CRC of bytes whose beginning has the CRC `crc` (0 for none) followed by `data`: as zlib's crc32(). */
uint32_t crc32_update(uint32_t crc, const void *data, size_t size);

/* The CRC of two pieces in a row, out of their CRCs and the second one's size, without looking at them again. */
uint32_t crc32_combine(uint32_t crc_first, uint32_t crc_second, uint64_t second_size);

/* From now on crc32_update() uses the CPU's carry-less multiplication if it has one (several times as fast, the same
 * results); true if so. That takes vector registers: for host processes, not for a kernel on its own. */
bool crc32_use_vector(void);
