/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A median of five over samples: compare and select. */
#include "workload.h"

static inline void order(int32_t *a, int32_t *b)
{
    int32_t low = *a < *b ? *a : *b, high = *a < *b ? *b : *a;
    *a = low, *b = high;
}

RUN
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < 400; i++) {
        int32_t a = (int32_t)memory.in[i], b = (int32_t)memory.in[i + 1],
                c = (int32_t)memory.in[i + 2], d = (int32_t)memory.in[i + 3],
                e = (int32_t)memory.in[i + 4];
        order(&a, &b), order(&d, &e), order(&a, &c), order(&b, &c);
        order(&a, &d), order(&c, &d), order(&b, &e), order(&b, &c);
        sum += c;
    }
    return (int)(sum ^ sum >> 32);
}
