/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* memchr() and memcmp() by bytes: 24 searches of up to 64, 24 comparisons of up to 32. */
#include "workload.h"

RUN
{
    const uint8_t *p = (const uint8_t *)memory.in, *q = p + 2048;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 24; i++) {
        uint32_t at = 0;
        for (; at < 64; at++)
            if (p[i * 64 + at] == (uint8_t)i)
                break;
        sum += at;
    }
    for (uint32_t i = 0; i < 24; i++) {
        uint32_t at = 0;
        for (; at < 32; at++)
            if ((p[i * 32 + at] & 0x3) > (q[i * 32 + at] | 2))
                break;
        sum = sum * 5 + at;
    }
    return (int)sum;
}
