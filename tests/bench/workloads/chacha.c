/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* ChaCha20's block function (RFC 8439 §2.3), four blocks. */
#include "workload.h"

#define ROTATE(x, n) ((x) << (n) | (x) >> (32 - (n)))
#define QUARTER(a, b, c, d)                \
    do {                                   \
        a += b, d ^= a, d = ROTATE(d, 16); \
        c += d, b ^= c, b = ROTATE(b, 12); \
        a += b, d ^= a, d = ROTATE(d, 8);  \
        c += d, b ^= c, b = ROTATE(b, 7);  \
    } while (0)

RUN
{
    uint32_t digest = 0;
    for (uint32_t block = 0; block < 4; block++) {
        uint32_t x[16];
        for (uint32_t i = 0; i < 16; i++)
            x[i] = memory.in[i];
        x[12] = block;
        for (uint32_t round = 0; round < 10; round++) {
            QUARTER(x[0], x[4], x[8], x[12]);
            QUARTER(x[1], x[5], x[9], x[13]);
            QUARTER(x[2], x[6], x[10], x[14]);
            QUARTER(x[3], x[7], x[11], x[15]);
            QUARTER(x[0], x[5], x[10], x[15]);
            QUARTER(x[1], x[6], x[11], x[12]);
            QUARTER(x[2], x[7], x[8], x[13]);
            QUARTER(x[3], x[4], x[9], x[14]);
        }
        for (uint32_t i = 0; i < 16; i++)
            digest += x[i] ^ memory.in[i];
    }
    return (int)digest;
}
