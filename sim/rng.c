/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The machine's only source of chance: splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom
 * Number Generators, OOPSLA 2014), 64 bits of state, integers only, the same on every host. */
#include <axiom/state_hash.h>

#include "internal.h"

#define GOLDEN_GAMMA UINT64_C(0x9e3779b97f4a7c15)

void rng_init(struct rng *rng, uint64_t seed, enum rng_stream stream)
{
    rng->state = state_hash_mix(seed + (uint64_t)stream * GOLDEN_GAMMA);
}

uint64_t rng_next(struct rng *rng)
{
    rng->state += GOLDEN_GAMMA;
    return state_hash_mix(rng->state);
}

uint32_t rng_below(struct rng *rng, uint32_t bound)
{
    /* Lemire's multiplication; its bias is below 2^-32 for our small bounds. */
    return (uint32_t)(((rng_next(rng) >> 32) * bound) >> 32);
}
