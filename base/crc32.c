/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* CRC-32, sixteen bytes a step: each of the sixteen tables holds the CRC of a byte followed by
 * 0..15 zero bytes, so one step is sixteen independent look-ups (the "slicing" method of Kounavis
 * and Berry, 2005). The tables are computed at first use; whoever computes them twice writes the
 * same values. */
#include <axiom/bits.h>
#include <axiom/crc32.h>

#define POLYNOMIAL UINT32_C(0xedb88320)

enum { SLICES = 16 };

static crc32_fold *fold_whole_blocks;

static uint32_t table[SLICES][256];
static bool table_ready;

static void table_fill(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ ((crc & 1) ? POLYNOMIAL : 0);
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

static uint32_t update_by_table(uint32_t state, const uint8_t *at, size_t size)
{
    for (; size >= SLICES; at += SLICES, size -= SLICES) {
        state = slice4(get_le32(at) ^ state, 15) ^ slice4(get_le32(at + 4), 11) ^
                slice4(get_le32(at + 8), 7) ^ slice4(get_le32(at + 12), 3);
    }
    for (; size > 0; at++, size--)
        state = (state >> 8) ^ table[0][(state ^ *at) & 0xff];
    return state;
}

uint32_t crc32_update(uint32_t crc, const void *data, size_t size)
{
    if (!__atomic_load_n(&table_ready, __ATOMIC_ACQUIRE))
        table_fill();
    const uint8_t *at = data;
    uint32_t state = ~crc;
    if (fold_whole_blocks != NULL && size >= 64) {
        /* What is left of the whole blocks is 16 bytes that have the same remainder. */
        uint8_t rest[16];
        size_t taken = fold_whole_blocks(state, at, size, rest);
        state = update_by_table(0, rest, sizeof rest);
        at += taken;
        size -= taken;
    }
    return ~update_by_table(state, at, size);
}

void crc32_set_fold(crc32_fold *fold)
{
    fold_whole_blocks = fold;
}

/* Product of two polynomials modulo the CRC's; bit 31 is x^0. */
static uint32_t multiply(uint32_t a, uint32_t b)
{
    uint32_t product = 0;
    for (uint32_t bit = UINT32_C(1) << 31; bit != 0; bit >>= 1) {
        if (a & bit)
            product ^= b;
        b = (b >> 1) ^ ((b & 1) ? POLYNOMIAL : 0);
    }
    return product;
}

uint32_t crc32_combine(uint32_t crc_first, uint32_t crc_second, uint64_t second_size)
{
    /* Appending n bytes multiplies by x^8n; both inversions cancel out. */
    uint32_t factor = UINT32_C(1) << 31;       /* 1 */
    uint32_t square = UINT32_C(1) << (31 - 8); /* x^8 */
    for (; second_size != 0; second_size >>= 1) {
        if (second_size & 1)
            factor = multiply(factor, square);
        square = multiply(square, square);
    }
    return multiply(crc_first, factor) ^ crc_second;
}
