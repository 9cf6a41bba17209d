/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Exact conversion between virtual nanoseconds and a counter's ticks, without drift or 128 bits. */
#pragma once
#include <axiom/types.h>

/* floor(value * numerator / denominator), saturating at TIME_NEVER. Exact while both factors are
 * below 2^32, which every clock rate and NSEC_PER_SEC are. */
static inline uint64_t scale_floor(uint64_t value, uint64_t numerator, uint64_t denominator)
{
    uint64_t whole = value / denominator, rest = value % denominator;
    if (whole != 0 && numerator > TIME_NEVER / whole)
        return TIME_NEVER;
    uint64_t product = whole * numerator, add = rest * numerator / denominator;
    return product > TIME_NEVER - add ? TIME_NEVER : product + add;
}

/* The same, rounded up. */
static inline uint64_t scale_ceil(uint64_t value, uint64_t numerator, uint64_t denominator)
{
    uint64_t floor = scale_floor(value, numerator, denominator);
    bool exact = (value % denominator) * numerator % denominator == 0;
    return floor == TIME_NEVER || exact ? floor : floor + 1;
}
