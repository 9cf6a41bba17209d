/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Arithmetic of the gantry: integers only, so that the bytes are the same on every machine and with
 * every compiler.
 *
 * Lengths are in picometres, times in nanoseconds, accelerations of the IMU in nano m/s^2. A
 * millimetre is 1e9 pm and a step 12,500,000 pm, both without a remainder. */
#pragma once
#include <axiom/types.h>

#define PM_PER_MM    INT64_C(1000000000)
#define STEPS_PER_MM 80
#define PM_PER_STEP  (PM_PER_MM / STEPS_PER_MM)

typedef unsigned __int128 fixed_u128;

/* Floor of the square root. */
static inline uint64_t fixed_sqrt(fixed_u128 value)
{
    fixed_u128 root = 0, bit = (fixed_u128)1 << 126;
    while (bit > value)
        bit >>= 2;
    for (; bit != 0; bit >>= 2) {
        if (value >= root + bit) {
            value -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return (uint64_t)root;
}

static inline uint64_t fixed_muldiv(uint64_t a, uint64_t b, uint64_t divisor)
{
    return (uint64_t)((fixed_u128)a * b / divisor);
}

/* Sine of a turn's fraction phase / 65536, in 1 / 2^30. */
int32_t fixed_sin(uint16_t phase);

/* The generator: splitmix64 (Steele, Lea, Flood, OOPSLA 2014). */
struct fixed_random {
    uint64_t state;
};

uint64_t fixed_random_next(struct fixed_random *random);
/* Uniform in least..most, both included; the bias of the modulus is below 1e-9 for the ranges used
 * here. */
int64_t fixed_random_range(struct fixed_random *random, int64_t least, int64_t most);
/* Bell-shaped around 0: the sum of four uniform numbers, at most 4 * width. */
int64_t fixed_random_noise(struct fixed_random *random, int64_t width);
