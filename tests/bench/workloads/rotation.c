/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Quaternions of an attitude, 64 rotations multiplied in fixed point (14 fraction bits). */
#include "workload.h"

#define PART(a, b) ((int64_t)(a) * (b))

RUN
{
    int32_t w = 1 << 14, x = 0, y = 0, z = 0;
    for (uint32_t i = 0; i < 64; i++) {
        int32_t rw = 16000, rx = (int32_t)(memory.in[i] & 0x7ff) - 0x400,
                ry = (int32_t)(memory.in[i] >> 11 & 0x7ff) - 0x400,
                rz = (int32_t)(memory.in[i] >> 21) - 0x400;
        int32_t nw = (int32_t)((PART(w, rw) - PART(x, rx) - PART(y, ry) - PART(z, rz)) >> 14);
        int32_t nx = (int32_t)((PART(w, rx) + PART(x, rw) + PART(y, rz) - PART(z, ry)) >> 14);
        int32_t ny = (int32_t)((PART(w, ry) - PART(x, rz) + PART(y, rw) + PART(z, rx)) >> 14);
        int32_t nz = (int32_t)((PART(w, rz) + PART(x, ry) - PART(y, rx) + PART(z, rw)) >> 14);
        w = nw, x = nx, y = ny, z = nz;
    }
    return w ^ x << 8 ^ y << 16 ^ z << 20;
}
