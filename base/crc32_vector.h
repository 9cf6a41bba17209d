/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Between crc32.c and crc32_vector.c. */
#pragma once
#include <axiom/types.h>

bool crc32_vector_present(void);

/* Reduces the first multiple of 16 bytes of `data` (size at least 64), begun with CRC register
 * `state`, to 16 bytes that leave the same remainder from register 0. Returns how many bytes were
 * taken. */
size_t crc32_vector_fold(uint32_t state, const uint8_t *data, size_t size, uint8_t rest[16]);
