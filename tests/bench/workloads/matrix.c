/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* 4x4 matrices of 32-bit numbers: 16 products. */
#include "workload.h"

RUN
{
    uint32_t trace = 0;
    for (uint32_t m = 0; m < 16; m++) {
        const uint32_t *a = &memory.in[m * 32], *b = &memory.in[m * 32 + 16];
        uint32_t *c = &memory.work[m * 16];
        for (uint32_t row = 0; row < 4; row++)
            for (uint32_t column = 0; column < 4; column++) {
                uint32_t sum = 0;
                for (uint32_t k = 0; k < 4; k++)
                    sum += a[row * 4 + k] * b[k * 4 + column];
                c[row * 4 + column] = sum;
            }
        trace += c[0] + c[5] + c[10] + c[15];
    }
    return (int)trace;
}
