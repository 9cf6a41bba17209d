/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* LEB128 numbers with sign out of 600 bytes. */
#include "workload.h"

RUN
{
    const uint8_t *in = (const uint8_t *)memory.in;
    uint64_t sum = 0, value = 0;
    uint32_t shift = 0, numbers = 0;
    for (uint32_t i = 0; i < 600; i++) {
        uint8_t c = in[i];
        value |= (uint64_t)(c & 0x7f) << (shift & 63);
        shift += 7;
        if ((c & 0x80) == 0 || shift >= 35) {
            if ((c & 0x40) && shift < 64)
                value |= ~0ull << shift;
            sum += value;
            numbers++;
            value = 0;
            shift = 0;
        }
    }
    return (int)(sum ^ numbers);
}
