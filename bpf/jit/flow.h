/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What flow.c (blocks and their order), convert.c (branches to SELECT), thread.c (branches that were
 * decided before), sink.c (ways out of loops) and unroll.c share: a function as a graph whose blocks are lists, so that blocks can be
 * joined, copied and put into another order. */
#pragma once
#include "lower.h"

#define FLOW_NONE UINT32_MAX

/* Instructions, without what ends the block: `branch` is a BRANCH or FLOW_NONE. With a branch: `yes`
 * where it goes when the condition holds, `no` otherwise; without: `no` is the only one that
 * follows, FLOW_NONE after a RETURN. */
struct flow_block {
    uint32_t head, tail; /* instructions; FLOW_NONE: empty */
    uint32_t branch;
    uint32_t yes, no;
    uint32_t before_count; /* edges that come here; blocks without go */
    uint32_t kept_by; /* the block whose branch stays a branch and meets again here; FLOW_NONE */
    uint8_t loop_depth;
    bool starts_loop;
};

struct flow {
    struct lower *f;
    struct flow_block *blocks;
    uint32_t block_count, block_capacity;
    const struct ir_insn *insns; /* order.c: while f->insns is being made anew */
    uint32_t *next, *previous;   /* of each instruction in its block's list */
    uint32_t insn_capacity;      /* of these two */
    bool failed;                 /* memory is out */
};

/* A copy of the instruction at the block's end. */
struct ir_insn *flow_append(struct flow *w, uint32_t block, const struct ir_insn *insn);
/* Out of the block's list. */
void flow_unlink(struct flow *w, uint32_t block, uint32_t insn);
/* A new empty block, not yet reached from anywhere; FLOW_NONE without memory. */
uint32_t flow_new_block(struct flow *w);
/* Changes where `block` goes to next: counts of edges follow. */
void flow_go(struct flow *w, uint32_t block, uint32_t branch, uint32_t yes, uint32_t no);

/* If the block is not reached any more it stops reaching others. */
void flow_close(struct flow *w, uint32_t block);

/* Where a short block between `block` and what follows only chooses values, they are chosen by
 * SELECT: true if something changed. */
bool flow_convert(struct flow *w, uint32_t block);
/* The block ends with a branch that its predecessors decided already: they get copies that go on to
 * where it leads. */
bool flow_thread(struct flow *w, uint32_t block);

/* counts.c: instructions are counted in few places, those that run seldom. */
int flow_count(struct flow *w);
/* loops.c: loop_depth and starts_loop of every block. */
int flow_find_loops(struct flow *w);
/* unroll.c: short loops whose rounds are known get several in a row. */
int flow_unroll(struct flow *w);
/* sink.c: what only the way out of a loop needs is done there. */
int flow_sink(struct flow *w);
/* order.c: the function's list again. */
int flow_write_back(struct flow *w);

/* Compare the same, whatever follows from it. */
static inline bool flow_same_operands(const struct ir_insn *x, const struct ir_insn *y)
{
    return x->a == y->a && x->b == y->b && x->size == y->size &&
           (x->b != IR_NONE || x->imm == y->imm);
}

static inline bool flow_is_reached(const struct flow *w, uint32_t block)
{
    return block == 0 || w->blocks[block].before_count != 0;
}
