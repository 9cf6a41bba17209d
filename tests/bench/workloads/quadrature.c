/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Two phases of an encoder, sample by sample: position, and how many impossible changes there were. */
#include "workload.h"

RUN
{
    int32_t position = 0;
    uint32_t errors = 0, before = 0;
    for (uint32_t i = 0; i < 800; i++) {
        uint32_t now = memory.in[i] & 3;
        uint32_t change = before ^ now;
        if (change == 3)
            errors++;
        else if (change != 0)
            position += (((before >> 1) ^ now) & 1) ? 1 : -1;
        before = now;
    }
    memory.out[0] = errors;
    return position + (int)(errors << 16);
}
