/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Numbers to decimal digits and back: divisions by constants. */
#include "workload.h"

RUN
{
    uint8_t *text = (uint8_t *)memory.work;
    uint32_t digest = 0;
    for (uint32_t i = 0; i < 64; i++) {
        uint32_t value = memory.in[i];
        for (uint32_t d = 0; d < 10; d++) {
            text[d] = (uint8_t)('0' + value % 10);
            value /= 10;
        }
        uint32_t back = 0;
        for (uint32_t d = 0; d < 10; d++)
            back = back * 10 + (text[9 - d] - '0');
        digest += back / 1000 % 7 + (back ^ memory.in[i]);
        digest ^= back % 60 << 5;
    }
    return (int)digest;
}
