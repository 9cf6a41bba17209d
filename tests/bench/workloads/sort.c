/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Bubble sort of 32 numbers. */
#include "workload.h"

#define COUNT 32u

RUN
{
    for (uint32_t i = 0; i < COUNT; i++)
        memory.work[i] = memory.in[i];
    for (uint32_t round = 0; round < COUNT - 1; round++)
        for (uint32_t i = 0; i < COUNT - 1; i++) {
            uint32_t a = memory.work[i], b = memory.work[i + 1];
            if (a > b) {
                memory.work[i] = b;
                memory.work[i + 1] = a;
            }
        }
    return (int)(memory.work[0] ^ memory.work[COUNT / 2] ^ memory.work[COUNT - 1]);
}
