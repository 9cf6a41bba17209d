/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Programs made at run time, of any size, for benchmarks that are about the size: put together instruction by
 * instruction, and the shapes that several of them measure. */
#pragma once
#include "../bpf/prog_builder.h"
#include <string.h>

#define SHAPE_VALUE_SIZE 4096u /* of the one map, an array of one entry */

struct shape_program {
    struct bpf_insn *insns; /* with room for all */
    uint32_t count;
};

static inline void shape_put(struct shape_program *p, const struct bpf_insn *insns, uint32_t count)
{
    memcpy(p->insns + p->count, insns, count * sizeof *insns);
    p->count += count;
}

#define PUT(p, ...)                                       \
    do {                                                  \
        const struct bpf_insn put_[] = { __VA_ARGS__ };   \
        shape_put(p, put_, sizeof put_ / sizeof put_[0]); \
    } while (0)

/* A number that the verifier does not know: the first word of the context. */
#define UNKNOWN(reg) LDX(BPF_W, reg, 1, 0)

/* About `size` instructions without a branch. */
static inline void shape_straight(struct shape_program *p, uint32_t size)
{
    PUT(p, UNKNOWN(0), UNKNOWN(2));
    for (uint32_t i = 0; i < size / 4; i++)
        PUT(p, ALU_X(BPF_ADD, 0, 2), ALU_K(BPF_XOR, 2, 77), ALU_X(BPF_MUL, 2, 0),
            ALU_K(BPF_RSH, 2, 3));
    PUT(p, EXIT());
}

/* `count` branches on data, each with one more sum in r0 (at most 7 each); without an end. */
static inline void shape_diamonds(struct shape_program *p, uint32_t count)
{
    PUT(p, UNKNOWN(2), MOV_K(0, 0));
    for (uint32_t i = 0; i < count; i++)
        PUT(p, MOV_X(3, 2), ALU_K(BPF_RSH, 3, (int32_t)(i % 32)), ALU_K(BPF_AND, 3, 1),
            JUMP_K(BPF_JEQ, 3, 0, 1), ALU_K(BPF_ADD, 0, (int32_t)(i % 7 + 1)));
}

/* `count` lookups in the map, each with a test and a change of the value. */
static inline void shape_lookups(struct shape_program *p, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        PUT(p, ST(BPF_W, 10, -4, 0), MOV_X(2, 10), ALU_K(BPF_ADD, 2, -4), LDDW_MAP(1, 0), CALL(1),
            JUMP_K(BPF_JEQ, 0, 0, 3), LDX(BPF_DW, 1, 0, 8), ALU_K(BPF_ADD, 1, 1),
            STX(BPF_DW, 0, 8, 1));
    PUT(p, MOV_K(0, 0), EXIT());
}
