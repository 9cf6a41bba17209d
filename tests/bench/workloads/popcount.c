/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A table of bit counts, and 128 words by its bytes. */
#include "workload.h"

RUN
{
    uint8_t *table = (uint8_t *)memory.work;
    table[0] = 0;
    for (uint32_t i = 1; i < 256; i++)
        table[i] = (uint8_t)((i & 1) + table[i >> 1]);
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 128; i++) {
        uint32_t x = memory.in[i];
        sum += table[x & 255] + table[x >> 8 & 255] + table[x >> 16 & 255] + table[x >> 24];
        sum ^= table[(x * 2654435761u) >> 24] << (i & 15);
    }
    return (int)sum;
}
