/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Functions that are not inlined, two deep. */
#include "workload.h"

NOINLINE uint32_t inner(uint32_t x, uint32_t y)
{
    return (x ^ y) * 2654435761u + (x >> 15);
}

NOINLINE uint32_t outer(uint32_t x, uint32_t round)
{
    return inner(x, round) + inner(x + 1, round ^ 5);
}

RUN
{
    uint32_t value = memory.in[0];
    for (uint32_t i = 0; i < 500; i++)
        value = outer(value, i);
    return (int)value;
}
