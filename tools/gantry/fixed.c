/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* See fixed.h. */
#include "fixed.h"

#define ONE (INT64_C(1) << 30)

/* sin(pi / 2 * x) for x in 0..1 (in 1 / 2^30): the odd polynomial of degree 5 with the exact value
 * and slope at both ends; its error is below 2e-4, far below the noise that it is mixed with. */
static int64_t quarter(int64_t x)
{
    /* a = pi / 2, b = 5 / 2 - pi, c = (pi - 3) / 2 */
    const int64_t a = INT64_C(1686629713), b = INT64_C(-688904866), c = INT64_C(76016977);
    int64_t square = x * x >> 30;
    int64_t inner = b + (c * square >> 30);
    int64_t sum = a + (inner * square >> 30);
    return sum * x >> 30;
}

int32_t fixed_sin(uint16_t phase)
{
    int64_t within = (int64_t)(phase & 0x3fff) << 16; /* of the quarter, in 1 / 2^30 */
    bool falling = phase & 0x4000, negative = phase & 0x8000;
    int64_t value = quarter(falling ? ONE - within : within);
    return (int32_t)(negative ? -value : value);
}

uint64_t fixed_random_next(struct fixed_random *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

int64_t fixed_random_range(struct fixed_random *random, int64_t least, int64_t most)
{
    uint64_t span = (uint64_t)(most - least) + 1;
    return least + (int64_t)(fixed_random_next(random) % span);
}

int64_t fixed_random_noise(struct fixed_random *random, int64_t width)
{
    int64_t sum = 0;
    for (int i = 0; i < 4; i++)
        sum += fixed_random_range(random, -width, width);
    return sum;
}
