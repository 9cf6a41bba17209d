/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Quotients and remainders, by numbers that are known and by others. */
#include "workload.h"

RUN
{
    uint64_t sum = 0;
    uint32_t small = 7;
    for (uint32_t i = 0; i < 300; i++) {
        uint32_t x = memory.in[i], y = (memory.in[i + 1] & 0xfff) + 1;
        sum += x / y + x % y;
        sum += (sum + x) / 1000 % 10;
        small = (small * 31 + x) % 8191;
        sum += ((uint64_t)x << 16) / y;
        sum ^= small;
    }
    return (int)(sum ^ sum >> 32);
}
