/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A PID controller against a first-order plant, with clamped integral and output; gains are quotients. */
#include "workload.h"

static inline int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* Rounded towards zero, as C does; BPF v3 has no signed division. */
static inline int64_t quotient(int64_t value, uint64_t by)
{
    return value < 0 ? -(int64_t)(-(uint64_t)value / by) : (int64_t)((uint64_t)value / by);
}

RUN
{
    int64_t integral = 0, last = 0, measured = 0;
    int64_t setpoint = (int64_t)(memory.in[0] & 0xffff), total = 0;
    for (uint32_t i = 0; i < 600; i++) {
        int64_t error = setpoint - measured;
        integral = clamp(integral + error, -1000000, 1000000);
        int64_t output =
            clamp(error + (error >> 2) + quotient(integral, 50) + quotient((error - last) * 3, 7),
                  -20000, 20000);
        last = error;
        measured += (output - measured) >> 4;
        total += error < 0 ? -error : error;
    }
    return (int)(total ^ measured);
}
