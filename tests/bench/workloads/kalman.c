/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A scalar Kalman filter in fixed point (16 fraction bits): position and speed of a noisy sensor. */
#include "workload.h"

RUN
{
    uint64_t position = 0, speed = 1 << 12, variance = 1 << 20;
    for (uint32_t i = 0; i < 200; i++) {
        uint64_t measured = (uint64_t)(memory.in[i] & 0xffff) << 8;
        position += speed >> 4;
        variance += 1 << 10;
        uint64_t gain = (variance << 16) / (variance + (1 << 18));
        if (measured >= position)
            position += gain * (measured - position) >> 16;
        else
            position -= gain * (position - measured) >> 16;
        variance = ((1 << 16) - gain) * variance >> 16;
        speed = (speed * 15 + (gain & 0xfff)) >> 4;
    }
    return (int)(position ^ speed);
}
