/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Bit fields of frames: extract, sign-extend, swap bytes, count ones. */
#include "workload.h"

RUN
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < 500; i++) {
        uint64_t frame = (uint64_t)memory.in[i] << 32 | memory.in[i + 1];
        uint32_t id = (uint32_t)(frame >> 53) & 0x7ff;
        int32_t angle = (int32_t)(frame << 11 >> 32) >> 18;
        uint32_t swapped = __builtin_bswap32((uint32_t)frame);
        uint64_t ones = frame - (frame >> 1 & UINT64_C(0x5555555555555555));
        ones = (ones & UINT64_C(0x3333333333333333)) + (ones >> 2 & UINT64_C(0x3333333333333333));
        ones = (ones + (ones >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
        ones = ones * UINT64_C(0x0101010101010101) >> 56;
        sum += id + swapped + ones + (uint64_t)(int64_t)angle;
    }
    return (int)(sum ^ sum >> 32);
}
