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
    /* Made to explode: whatever the verdict, it must come soon. */
    COMPLEXITY_HARD,
    COMPLEXITY_SPILLS =
        COMPLEXITY_HARD, /* `size` ifs, each for another of 60 slots, all used as indexes */
    COMPLEXITY_KINDS,  /* `size` ifs that put pointers of different kinds into one of 4 registers */
    COMPLEXITY_COPIES, /* `size` ifs over copies of copies, which are all the same number */
    COMPLEXITY_STATES, /* a state machine of `size` states, run for 10,000 steps */
    COMPLEXITY_TREE,   /* functions that call the next twice, 7 deep, with `size` ifs each */
    COMPLEXITY_DEEP,   /* loops in loops, `size` deep, with breaks out of two at once */
    COMPLEXITY_UNBOUNDED, /* `size` loops in a row that only data ends */
    COMPLEXITY_COUNTED,   /* a loop of `size` rounds that keeps its history in 60 slots */
    COMPLEXITY_LADDER,    /* `size` jumps back into each other's bodies */
    COMPLEXITY_WIDE,      /* a loop over `size` instructions with a way out at each */
    COMPLEXITY_DOUBLING,  /* `size` ifs that double a number or not, before its use as an index */
    COMPLEXITY_COLLATZ,   /* 3 n + 1 from `size` on, in a loop of at most 100,000 rounds */
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
