/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* SHA3-256 (FIPS 202): Keccak-f[1600] over blocks of 136 bytes. The round constants, rotations and
 * lane order are computed as the standard defines them, not listed, except the constants. */
#include <axiom/bits.h>
#include <axiom/string.h>
#include <bpf/sign.h>

#define RATE 136u

static uint64_t rotate(uint64_t value, uint32_t by)
{
    return by == 0 ? value : value << by | value >> (64 - by);
}

/* FIPS 202 §3.2.1: sums of columns. */
static void theta(uint64_t a[25])
{
    uint64_t column[5];
    for (uint32_t x = 0; x < 5; x++)
        column[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
    for (uint32_t x = 0; x < 5; x++) {
        uint64_t mix = column[(x + 4) % 5] ^ rotate(column[(x + 1) % 5], 1);
        for (uint32_t y = 0; y < 25; y += 5)
            a[y + x] ^= mix;
    }
}

/* §3.2.2 and §3.2.3: each lane turned, then moved, along one path over all lanes but the first. */
static void rho_pi(uint64_t a[25])
{
    uint32_t x = 1, y = 0;
    uint64_t moving = a[1];
    for (uint32_t t = 0; t < 24; t++) {
        uint32_t next = (2 * x + 3 * y) % 5;
        x = y;
        y = next;
        uint64_t stayed = a[5 * y + x];
        a[5 * y + x] = rotate(moving, (t + 1) * (t + 2) / 2 % 64);
        moving = stayed;
    }
}

/* §3.2.4 */
static void chi(uint64_t a[25])
{
    for (uint32_t y = 0; y < 25; y += 5) {
        uint64_t row[5];
        memcpy(row, a + y, sizeof row);
        for (uint32_t x = 0; x < 5; x++)
            a[y + x] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]);
    }
}

/* §3.2.5: one bit of a shift register for each power of two. */
static uint64_t round_constant(uint8_t *lfsr)
{
    uint64_t constant = 0;
    for (uint32_t j = 0; j < 7; j++) {
        if (*lfsr & 1)
            constant |= UINT64_C(1) << ((1u << j) - 1);
        *lfsr = (uint8_t)(*lfsr << 1 ^ (*lfsr >> 7) * 0x71);
    }
    return constant;
}

static void keccak_f(uint64_t a[25])
{
    uint8_t lfsr = 1;
    for (uint32_t round = 0; round < 24; round++) {
        theta(a);
        rho_pi(a);
        chi(a);
        a[0] ^= round_constant(&lfsr);
    }
}

static void absorb(uint64_t a[25], const uint8_t *block)
{
    for (uint32_t i = 0; i < RATE / 8; i++)
        a[i] ^= get_le64(block + 8 * i);
    keccak_f(a);
}

void bpf_sha3_256(const void *data, size_t size_bytes, uint8_t digest[BPF_SHA3_SIZE])
{
    uint64_t a[25] = { 0 };
    const uint8_t *at = data;
    for (; size_bytes >= RATE; size_bytes -= RATE, at += RATE)
        absorb(a, at);
    uint8_t last[RATE] = { 0 };
    if (size_bytes > 0)
        memcpy(last, at, size_bytes);
    last[size_bytes] = 0x06; /* §6.1: the bits 01, then the padding 10*1 */
    last[RATE - 1] |= 0x80;
    absorb(a, last);
    for (uint32_t i = 0; i < BPF_SHA3_SIZE / 8; i++)
        put_le64(digest + 8 * i, a[i]);
}
