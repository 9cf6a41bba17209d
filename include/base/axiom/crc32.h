/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* CRC-32 as zlib and MCAP use it (polynomial 0xedb88320 reflected, initial and final XOR 0xffffffff). */
#pragma once
#include <axiom/types.h>

/* The CRC of bytes whose beginning has the CRC `crc` (0 for none) followed by `data`: as zlib's crc32(). */
uint32_t crc32_update(uint32_t crc, const void *data, size_t size);
