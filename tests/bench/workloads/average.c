/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A moving average and variance: divisions by a constant and by a number. */
#include "workload.h"

RUN
{
    uint64_t sum = 0, squares = 0, digest = 0;
    for (uint32_t i = 0; i < 500; i++) {
        uint64_t x = memory.in[i] & 0xffff;
        sum += x, squares += x * x;
        uint64_t mean = sum / (i + 1);
        uint64_t variance = squares / (i + 1) - mean * mean;
        digest = digest * 31 + mean / 10 + variance % 1000;
    }
    return (int)(digest ^ digest >> 32);
}
