/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Primes below 1024. */
#include "workload.h"

#define LIMIT 1024u

RUN
{
    uint8_t *composite = (uint8_t *)memory.work;
    for (uint32_t i = 0; i < LIMIT / 4; i++)
        memory.work[i] = 0;
    for (uint32_t i = 2; i < 32; i++) {
        if (composite[i])
            continue;
        for (uint32_t j = i * i; j < LIMIT; j += i)
            composite[j & (LIMIT - 1)] = 1;
    }
    uint32_t count = 0;
    for (uint32_t i = 2; i < LIMIT; i++)
        count += !composite[i];
    return (int)count;
}
