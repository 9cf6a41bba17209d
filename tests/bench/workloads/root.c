/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Square roots of 80 numbers, bit by bit. */
#include "workload.h"

RUN
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 80; i++) {
        uint32_t x = memory.in[i], root = 0, bit = 1u << 30;
        for (uint32_t k = 0; k < 16; k++) {
            if (x >= root + bit) {
                x -= root + bit;
                root = (root >> 1) + bit;
            } else
                root >>= 1;
            bit >>= 2;
        }
        sum += root;
    }
    return (int)sum;
}
