/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* 300 pixels of 5, 6 and 5 bits mixed by a weight each. */
#include "workload.h"

RUN
{
    const uint16_t *px = (const uint16_t *)memory.in;
    uint16_t *to = (uint16_t *)memory.work;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 300; i++) {
        uint32_t a = px[i], b = px[i + 300], w = px[i + 600] & 31;
        uint32_t r = ((a >> 11) * w + (b >> 11) * (32 - w)) >> 5;
        uint32_t g = ((a >> 5 & 63) * w + (b >> 5 & 63) * (32 - w)) >> 5;
        uint32_t l = ((a & 31) * w + (b & 31) * (32 - w)) >> 5;
        uint16_t c = (uint16_t)(r << 11 | g << 5 | l);
        to[i] = c;
        sum += c;
    }
    return (int)sum;
}
