/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Edit distance of two words of 24 letters. */
#include "workload.h"

RUN
{
    const uint8_t *a = (const uint8_t *)memory.in, *b = a + 64;
    uint32_t *row = memory.work;
    for (uint32_t j = 0; j <= 24; j++)
        row[j] = j;
    for (uint32_t i = 0; i < 24; i++) {
        uint32_t diag = row[0], c = a[i] & 7;
        row[0] = i + 1;
        for (uint32_t j = 0; j < 24; j++) {
            uint32_t cost = diag + (c != (b[j] & 7)), up = row[j + 1] + 1, left = row[j] + 1;
            diag = row[j + 1];
            uint32_t m = cost < up ? cost : up;
            row[j + 1] = m < left ? m : left;
        }
    }
    return (int)row[24];
}
