/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A histogram by powers of two of 1,000 latencies, as tracing programs make it, then its mean class. */
#include "workload.h"

static inline __attribute__((always_inline)) uint32_t log2_of(uint32_t v)
{
    uint32_t r = (v > 0xffff) << 4, shift;
    v >>= r;
    shift = (v > 0xff) << 3;
    v >>= shift;
    r |= shift;
    shift = (v > 0xf) << 2;
    v >>= shift;
    r |= shift;
    shift = (v > 0x3) << 1;
    v >>= shift;
    return r | shift | v >> 1;
}

RUN
{
    for (uint32_t i = 0; i < 32; i++)
        memory.work[i] = 0;
    for (uint32_t i = 0; i < 1000; i++)
        memory.work[log2_of(memory.in[i] >> (memory.in[i] & 15)) & 31]++;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 32; i++)
        sum += i * memory.work[i];
    return (int)sum;
}
