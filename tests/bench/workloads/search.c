/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Binary search: 64 keys in a sorted table of 256. */
#include "workload.h"

RUN
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < 256; i++)
        memory.work[i] = i * 16777216u / 3 * 3 + (i & 7);
    for (uint32_t k = 0; k < 64; k++) {
        uint32_t key = memory.in[k], low = 0, high = 256;
        for (uint32_t step = 0; step < 9; step++) {
            if (low >= high)
                break;
            uint32_t middle = (low + high) >> 1;
            if (memory.work[middle & 255] < key)
                low = middle + 1;
            else
                high = middle;
        }
        found += low;
    }
    return (int)found;
}
