/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* CRC-32, sixteen bytes a step: each of the sixteen tables holds the CRC of a byte followed by 0..15 zero bytes, so one
 * step is sixteen independent look-ups (the "slicing" method of Kounavis and Berry, 2005). The tables are computed at
 * first use; whoever computes them twice writes the same values. */
#include <axiom/bits.h>
#include <axiom/crc32.h>

enum { SLICES = 16 };

static uint32_t table[SLICES][256];
static bool table_ready;

static void table_fill(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ ((crc & 1) ? UINT32_C(0xedb88320) : 0);
        table[0][byte] = crc;
    }
    for (int slice = 1; slice < SLICES; slice++) {
        for (uint32_t byte = 0; byte < 256; byte++) {
            uint32_t before = table[slice - 1][byte];
            table[slice][byte] = (before >> 8) ^ table[0][before & 0xff];
        }
    }
    __atomic_store_n(&table_ready, true, __ATOMIC_RELEASE);
}

static uint32_t slice4(uint32_t word, int highest)
{
    return table[highest][word & 0xff] ^ table[highest - 1][(word >> 8) & 0xff] ^
           table[highest - 2][(word >> 16) & 0xff] ^ table[highest - 3][word >> 24];
}

uint32_t crc32_update(uint32_t crc, const void *data, size_t size)
{
    if (!__atomic_load_n(&table_ready, __ATOMIC_ACQUIRE))
        table_fill();
    const uint8_t *at = data;
    crc = ~crc;
    for (; size >= SLICES; at += SLICES, size -= SLICES) {
        crc = slice4(get_le32(at) ^ crc, 15) ^ slice4(get_le32(at + 4), 11) ^ slice4(get_le32(at + 8), 7) ^
              slice4(get_le32(at + 12), 3);
    }
    for (; size > 0; at++, size--)
        crc = (crc >> 8) ^ table[0][(crc ^ *at) & 0xff];
    return ~crc;
}
