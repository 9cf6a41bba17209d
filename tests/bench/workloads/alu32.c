/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* 32-bit arithmetic as in Jenkins' one-at-a-time and lookup hashes: adds, shifts, rotates. */
#include "workload.h"

static inline uint32_t rotate(uint32_t x, uint32_t by)
{
    return x << by | x >> (32 - by);
}

RUN
{
    uint32_t a = memory.in[0], b = memory.in[1], c = memory.in[2];
    for (uint32_t i = 0; i < 1500; i++) {
        a -= c, a ^= rotate(c, 4), c += b;
        b -= a, b ^= rotate(a, 6), a += c;
        c -= b, c ^= rotate(b, 8), b += a;
    }
    return (int)(a ^ b ^ c);
}
