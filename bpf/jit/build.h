/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What build.c (blocks), translate.c (instructions), slots.c (the stack) and inline.c (helpers)
 * share. */
#pragma once
#include "lower.h"

enum lower_mark {
    MARK_REACHED = 1u << 0,
    MARK_LEADER = 1u << 1, /* a block begins here */
    MARK_KIND_SHIFT = 2,   /* of one that is reached: enum jump_kind, two bits */
};

/* In place of a jump's target instruction: the n-th early end; the block number n. */
#define END_TARGET   UINT32_C(0x80000000)
#define BLOCK_TARGET UINT32_C(0x40000000)

struct early_end {
    enum { END_RUN, END_RETURN, END_LEAVE } kind;
    int error; /* END_RUN; 0: the program just ends */
    uint32_t index;
    uint32_t block_total, ran; /* instructions of the block, and how many of them count */
};

struct builder {
    struct lower *f;
    bool failed; /* memory is out; what is built is thrown away */
    struct ir_insn nowhere;
    struct ir_call call_nowhere;
    uint32_t block_first, block_total;
    struct early_end *ends;
    uint32_t end_count, end_capacity;
};

enum jump_kind { JUMP_NO, JUMP_IF, JUMP_ALWAYS, JUMP_ENDS };
/* Of an instruction that is reached. */
static inline enum jump_kind build_jump_kind(const struct lower *f, uint32_t index)
{
    return (enum jump_kind)(f->marks[index] >> MARK_KIND_SHIFT & 3);
}
uint32_t build_jump_target(const struct lower *f, uint32_t index);
const struct bpf_insn_fact *build_fact(const struct lower *f, uint32_t index);

struct ir_insn *build_insn(struct builder *b, enum ir_op op, ir_place dst);
ir_place build_temp(struct builder *b);
void build_mov_imm(struct builder *b, ir_place dst, int64_t value);
void build_add_imm(struct builder *b, ir_place dst, ir_place a, int64_t imm);
void build_load(struct builder *b, ir_place dst, ir_place base, size_t offset, uint32_t size);
/* `value` IR_NONE: imm is stored. */
void build_store(struct builder *b, ir_place base, size_t offset, uint32_t size, ir_place value,
                 int64_t imm);
struct ir_call *build_call(struct builder *b, ir_place dst, enum ir_callee callee);
void build_cut(struct builder *b);
void build_flush_count(struct builder *b);
uint32_t build_end(struct builder *b, int error, uint32_t index);
/* Where a branch goes that returns R0, without counting. */
uint32_t build_return_at_once(struct builder *b);
/* Where a branch goes that exits from the function with 0. */
uint32_t build_leave(struct builder *b, uint32_t index);

/* jit.c: what a CALLX goes to; 0: nothing. */
uint64_t bpf_jit_resolve(struct bpf_run *run, uint64_t target);
/* Runs the program at `index` of the map in its stead; its result or the error is in
 * engine.tail_result. 1: it ran. */
uint64_t bpf_jit_tail_call(struct bpf_run *run, uint64_t context, uint64_t map, uint64_t index,
                           uint64_t r4, uint64_t r5);
/* 32 bits of the packet; negative: outside. */
uint64_t bpf_jit_packet_load(struct bpf_run *run, uint64_t context, uint64_t offset, uint64_t size,
                             uint64_t r4, uint64_t r5);

/* translate.c: the instruction at `index`, into the open block. */
int build_translate(struct builder *b, uint32_t index);

/* inline.c: does what the helper does, in place of the call; false: it does not know how. */
bool build_inline_helper(struct builder *b, uint32_t index, const struct bpf_helper *helper);
/* The function's own instructions in place of the call, R0 to R5 as a call has them; false: it is not
 * small, or not known yet. */
bool build_inline_function(struct builder *b, uint32_t function);

/* slots.c: finds what of the stack can live in registers. */
void build_find_slots(struct lower *f);
/* The variable of the stack slot that this load or store goes to; IR_NONE. */
ir_place build_slot_of(const struct lower *f, uint32_t index);
