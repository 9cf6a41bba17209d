/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A growing list of instructions, for complexity*.c. */
#pragma once
#include "prog_builder.h"

#include <stdbool.h>
#include <stdlib.h>

struct builder {
    struct bpf_insn *insns;
    uint32_t count, capacity;
    uint64_t state;
};

static inline void put(struct builder *b, struct bpf_insn insn)
{
    if (b->count == b->capacity) {
        b->capacity = b->capacity != 0 ? b->capacity * 2 : 256;
        b->insns = realloc(b->insns, b->capacity * sizeof *b->insns);
        if (b->insns == NULL)
            abort();
    }
    b->insns[b->count++] = insn;
}

#define PUT(b, ...)                                                \
    do {                                                           \
        const struct bpf_insn put_[] = { __VA_ARGS__ };            \
        for (size_t i_ = 0; i_ < sizeof put_ / sizeof *put_; i_++) \
            put(b, put_[i_]);                                      \
    } while (0)

/* The jump at `from` goes to the next instruction. */
static inline void land(struct builder *b, uint32_t from)
{
    b->insns[from].offset = (int16_t)(b->count - from - 1);
}

static inline void jump_back(struct builder *b, struct bpf_insn jump, uint32_t to)
{
    jump.offset = (int16_t)((int32_t)to - (int32_t)b->count - 1);
    put(b, jump);
}

/* complexity_hard.c: programs made to cost a verifier as much as they can. */
void complexity_spills(struct builder *b, uint32_t size);
void complexity_kinds(struct builder *b, uint32_t size);
void complexity_copies(struct builder *b, uint32_t size);
void complexity_states(struct builder *b, uint32_t size);
void complexity_tree(struct builder *b, uint32_t size);
void complexity_deep(struct builder *b, uint32_t size);
void complexity_unbounded(struct builder *b, uint32_t size);
void complexity_counted(struct builder *b, uint32_t size);
void complexity_ladder(struct builder *b, uint32_t size);
void complexity_wide(struct builder *b, uint32_t size);
void complexity_doubling(struct builder *b, uint32_t size);
void complexity_collatz(struct builder *b, uint32_t size);
