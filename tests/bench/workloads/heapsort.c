/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Heap sort of 64 numbers. */
#include "workload.h"

static __attribute__((always_inline)) inline void sift(uint32_t *h, uint32_t root, uint32_t n)
{
    for (uint32_t k = 0; k < 7; k++) {
        uint32_t child = 2 * root + 1;
        if (child >= n)
            break;
        if (child + 1 < n && h[child & 127] < h[(child + 1) & 127])
            child++;
        if (h[root & 127] >= h[child & 127])
            break;
        uint32_t t = h[root & 127];
        h[root & 127] = h[child & 127];
        h[child & 127] = t;
        root = child;
    }
}
RUN
{
    uint32_t *h = memory.work;
    for (uint32_t i = 0; i < 64; i++)
        h[i] = memory.in[i];
    for (uint32_t i = 32; i-- != 0;)
        sift(h, i, 64);
    for (uint32_t n = 63; n > 0; n--) {
        uint32_t t = h[0];
        h[0] = h[n & 127];
        h[n & 127] = t;
        sift(h, 0, n);
    }
    return (int)(h[0] ^ h[31] * 3 ^ h[63]);
}
