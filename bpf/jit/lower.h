/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the passes of the lowering share. In order:
 *
 *   build.c     instructions of one BPF function to blocks over variables (R0 to R10, the run, the
 *               count of instructions, promoted stack slots) and temporaries
 *   flow.c      branches that only choose values go (convert.c), those decided before (thread.c);
 *               what only ways out of loops need is done there (sink.c); short loops get several
 *               rounds in a row (unroll.c); blocks are put in order (order.c); what is counted is
 *               counted seldom (counts.c)
 *   webs.c      each variable's separate lives become separate virtual registers
 *   simplify.c  copies, constants, strength, fused addresses, rotates: forward, block by block
 *   live.c      what is live where; instructions whose result nobody reads go
 *   pair.c      loads stand before what takes operands from memory
 *   hoist.c     constants out of loops
 *   allocate.c  virtual registers to places of the host
 *
 * Every pass is linear in the function's size times the number of values alive at once. */
#pragma once
#include <bpf_internal/prog.h>

#include "ir.h"

/* Variables: places below LOWER_TEMP_FIRST before webs.c has run. */
enum {
    VAR_FP = BPF_REG_FP,
    VAR_RUN = BPF_REG_COUNT,
    VAR_COUNT,
    VAR_PASSES,     /* that may_goto has left in this call of the function */
    VAR_SLOT_FIRST, /* promoted stack slots */
    LOWER_VAR_MAX = 64,
    LOWER_SLOT_MAX = LOWER_VAR_MAX - VAR_SLOT_FIRST,
    LOWER_TEMP_FIRST = LOWER_VAR_MAX
};

/* Memory that is given back all at once. */
struct lower_chunk {
    struct lower_chunk *next;
    size_t size_bytes, used;
    size_t dirty; /* bytes that are not 0 any more, from the start */
    size_t usual; /* the size unless more is wanted */
    _Alignas(16) uint8_t data[];
};
struct lower_memory {
    const struct bpf_env *env;
    struct lower_chunk *chunks, *spare; /* in use, the newest first; to be used again */
};
/* Zeroed, aligned to 16; NULL when there is none. */
void *lower_alloc(struct lower_memory *memory, size_t count, size_t size_bytes);
/* Not zeroed: the caller writes all that it reads. */
void *lower_alloc_raw(struct lower_memory *memory, size_t count, size_t size_bytes);
/* All of it may be used again: fresh memory is dear. */
void lower_reuse(struct lower_memory *memory);
void lower_free_all(struct lower_memory *memory);

/* A place on the stack that lives in a register. */
struct lower_slot {
    int16_t offset; /* from R10 */
    uint8_t size;
};

/* What callers know of a function that was lowered before them. */
struct lower_summary {
    bool is_done;
    bool needs_frame;   /* engine.frame must be its R10 */
    uint32_t arguments; /* bit per IR_ARG_*: it reads that */
    /* Small enough to be inlined: all of it, over `place_count` registers of its own; else NULL. */
    struct ir_insn *insns;
    struct ir_block *blocks;
    uint32_t insn_count, block_count, place_count;
    ir_place params[IR_ARG_COUNT];
};

/* One function while it is lowered. */
struct lower {
    const struct bpf_prog *prog;
    const struct bpf_jit_target *target;
    const struct bpf_jit_options *options;
    struct bpf_error *error;
    struct lower_memory *keep;    /* of the form */
    struct lower_memory *scratch; /* of this function's lowering */
    struct lower_memory *pass;    /* of the pass that runs */
    bool is_main;
    bool is_verified;
    bool clears; /* the program has calls that clear R1-R5: decode.c */
    bool has_local_calls;
    bool has_helper_calls;
    uint32_t entry;                  /* code index */
    uint32_t number;                 /* among the form's functions */
    struct lower_memory *tables;     /* until all functions are lowered */
    struct lower_summary *summaries; /* of all functions */
    uint32_t inlined_count;          /* instructions that came from others */

    struct ir_insn *insns;
    uint32_t insn_count, insn_capacity;
    struct ir_insn *old_insns; /* the list before this one; the next one is written over it */
    uint32_t old_capacity;
    struct ir_block *blocks;
    uint32_t block_count, block_capacity;
    struct ir_call *calls;
    uint32_t call_count, call_capacity;
    uint32_t place_count; /* temporaries, later virtual registers */
    ir_place params[IR_ARG_COUNT];

    /* build.c */
    uint32_t low, high;  /* code indexes of the function: low..high-1 */
    uint8_t *marks;      /* of every instruction of the program: enum lower_mark */
    uint32_t *block_of;  /* of every instruction that begins a block */
    uint32_t *functions; /* of every instruction: function number + 1 where one begins */
    bool uses_fp;        /* some instruction names R10 */
    struct lower_slot slots[LOWER_SLOT_MAX];
    uint32_t slot_count;

    /* live.c: for each block the virtual registers that are live out of it */
    struct lower_live **live_out;

    uint32_t spill_count; /* allocate.c */
    uint64_t saved;
};

struct lower_live {
    struct lower_live *next;
    ir_place place;
};

/* A new list with room for so many instructions. The one before stays as it is until the next. */
int lower_expect(struct lower *f, uint32_t count);
/* Room for one more at least; false without memory. */
bool lower_grow(struct lower *f);
/* The insn appended at the end, with whatever is in it: the caller writes all of it. NULL without
 * memory. */
static inline struct ir_insn *lower_append_raw(struct lower *f)
{
    if (f->insn_count == f->insn_capacity && !lower_grow(f))
        return NULL;
    return &f->insns[f->insn_count++];
}
/* Likewise, of 8 bytes and without operands. */
static inline struct ir_insn *lower_append(struct lower *f)
{
    struct ir_insn *insn = lower_append_raw(f);
    if (insn != NULL)
        *insn = (struct ir_insn){
            .size = 8, .dst = IR_NONE, .a = IR_NONE, .b = IR_NONE, .c = IR_NONE, .d = IR_NONE
        };
    return insn;
}
struct ir_block *lower_append_block(struct lower *f);
struct ir_call *lower_append_call(struct lower *f);

int lower_build(struct lower *f);
int lower_flow(struct lower *f);
int lower_webs(struct lower *f);
int lower_simplify(struct lower *f);
int lower_blind(struct lower *f);
int lower_live(struct lower *f);
int lower_summarise(struct lower *f);
int lower_pair(struct lower *f);
int lower_hoist(struct lower *f);
int lower_allocate(struct lower *f);

/* --- What instructions do, for every pass --- */

/* Whether it may be removed when nobody reads its result. */
bool lower_is_pure(const struct ir_insn *insn);
/* Whether the next block can follow. */
static inline bool lower_falls_through(const struct ir_insn *last)
{
    return last == NULL || (last->op != IR_JUMP && last->op != IR_RETURN);
}
/* The block's last instruction; NULL: it is empty. */
static inline struct ir_insn *lower_last(const struct lower *f, uint32_t block)
{
    const struct ir_block *b = &f->blocks[block];
    return b->first == b->end ? NULL : &f->insns[b->end - 1];
}
/* Blocks that may follow: how many, at most 2. */
uint32_t lower_successors(const struct lower *f, uint32_t block, uint32_t to[2]);

/* Addresses of the places that an instruction reads (with the call's, at most 4 + 8); how many. */
#define LOWER_SOURCE_MAX 12
uint32_t lower_call_sources(struct lower *f, struct ir_insn *insn, ir_place *to[LOWER_SOURCE_MAX],
                            uint32_t count);
static inline uint32_t lower_sources(struct lower *f, struct ir_insn *insn,
                                     ir_place *to[LOWER_SOURCE_MAX])
{
    uint32_t count = 0;
    to[count] = &insn->a;
    count += insn->a != IR_NONE;
    to[count] = &insn->b;
    count += insn->b != IR_NONE;
    to[count] = &insn->c;
    count += insn->c != IR_NONE;
    to[count] = &insn->d;
    count += insn->d != IR_NONE && insn->op != IR_BRANCH;
    return insn->op == IR_CALL ? lower_call_sources(f, insn, to, count) : count;
}

/* Becomes nothing. */
static inline void lower_erase(struct ir_insn *insn)
{
    *insn = (struct ir_insn){
        .op = IR_NOP, .dst = IR_NONE, .a = IR_NONE, .b = IR_NONE, .c = IR_NONE, .d = IR_NONE
    };
}

static inline uint32_t lower_bits(const struct ir_insn *insn)
{
    return insn->size * 8u;
}
