/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A 64-bit mixer: multiply, shift, xor, rotate. */
#include "workload.h"

RUN
{
    uint64_t a = memory.in[0] | 1, b = memory.in[1];
    for (uint32_t i = 0; i < 2000; i++) {
        a ^= a >> 12;
        a ^= a << 25;
        a ^= a >> 27;
        b = (b << 7 | b >> 57) + a * UINT64_C(0x2545f4914f6cdd1d);
    }
    return (int)(b >> 32 ^ b);
}
