/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Angles of 64 vectors by CORDIC, 16 steps each, 16 fraction bits. */
#include "workload.h"

RUN
{
    int32_t sum = 0, *angles = (int32_t *)memory.work;
    angles[0] = 51472, angles[1] = 30386, angles[2] = 16055, angles[3] = 8150;
    for (uint32_t k = 4; k < 16; k++)
        angles[k] = (int32_t)((uint32_t)angles[k - 1] / 2);
    for (uint32_t i = 0; i < 64; i++) {
        int32_t x = (int32_t)(memory.in[i] & 0xffff),
                y = (int32_t)(memory.in[i + 64] & 0x1ffff) - 65536, z = 0;
        for (uint32_t k = 0; k < 16; k++) {
            int32_t dx = y >> k, dy = x >> k, a = angles[k];
            if (y > 0) {
                x += dx;
                y -= dy;
                z += a;
            } else {
                x -= dx;
                y += dy;
                z -= a;
            }
        }
        sum += z;
    }
    return sum;
}
