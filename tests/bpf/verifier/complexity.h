/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Programs that are hard on a verifier, made by rule: for the test and for the benchmark. */
#pragma once
#include <bpf/insn.h>

#include <stdint.h>

enum complexity_kind {
    COMPLEXITY_NEST,     /* loops of `size` and 100 rounds */
    COMPLEXITY_NEST_3,   /* 100 x 100 x `size` */
    COMPLEXITY_CRC,      /* a bitwise CRC-32 over `size` bytes of map value 2 */
    COMPLEXITY_ROUNDS,   /* one loop of `size` rounds */
    COMPLEXITY_DIAMONDS, /* `size` of them: a sum of different amounts, used as an index */
    COMPLEXITY_BRANCHES, /* `size` early exits in a row */
    COMPLEXITY_IFS,      /* `size` ifs that each change one of three variables */
    COMPLEXITY_LOOKUPS,  /* `size` map lookups with NULL checks and a count */
    COMPLEXITY_STRAIGHT, /* `size` ALU instructions */
    COMPLEXITY_ORDINARY, /* up to `size` instructions of everything, as programs have it */
    COMPLEXITY_CALLS,    /* `size` calls of a function with a branch and a loop */
    COMPLEXITY_COUNT
};

/* Maps of the programs, by index. */
enum complexity_map {
    COMPLEXITY_MAP_ARRAY, /* key 4, value 8 */
    COMPLEXITY_MAP_HASH,  /* key 8, value 16 */
    COMPLEXITY_MAP_BYTES, /* key 4, value COMPLEXITY_BYTES: reached by LDDW */
    COMPLEXITY_MAP_COUNT
};
#define COMPLEXITY_BYTES 65536u

/* The instructions are the caller's to free. `seed` varies COMPLEXITY_ORDINARY. */
struct bpf_insn *complexity_program(enum complexity_kind kind, uint32_t size, uint64_t seed,
                                    uint32_t *insn_count);
