/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The inputs of a round: numbers of all sizes, the same on both sides. */
#pragma once
#include <stdint.h>

static inline uint64_t c_input(uint32_t round, uint32_t index)
{
    uint64_t z = (round * 8 + index + 1) * UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return (round & 1) != 0 ? z : (uint64_t)((int64_t)z >> (z & 63));
}
