/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A second-order low pass in fixed point (Q14), direct form 1. */
#include "workload.h"

RUN
{
    int64_t x1 = 0, x2 = 0, y1 = 0, y2 = 0;
    for (uint32_t i = 0; i < 800; i++) {
        int64_t x = (int32_t)memory.in[i] >> 12;
        int64_t y = (1105 * x + 2210 * x1 + 1105 * x2 + 18727 * y1 - 6763 * y2) >> 14;
        x2 = x1, x1 = x, y2 = y1, y1 = y;
        memory.work[i] = (uint32_t)y;
    }
    return (int)(y1 ^ y2);
}
