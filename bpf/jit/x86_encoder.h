/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The inside of the x86-64 encoder: what its files hand each other while one function is encoded.
 *
 * rax and rcx are its own scratch: rax for results, returned values and moves, rcx for shift counts,
 * divisors and constants that do not fit. Everything else but rsp is the allocator's. Spill slots
 * are at rsp + 8 n. A 32-bit operation zero-extends by itself, so "size 4" costs nothing. */
#pragma once
#include "x86_64.h"

struct x86 {
    struct emit *e;
    const struct ir_form *form;
    const struct ir_function *function;
    uint32_t number;
    uint32_t frame_size;  /* bytes below the saved registers */
    uint32_t stack_shift; /* pushed since the prologue */
    /* What the flags say: of a result that is in a register still; or of an earlier comparison. */
    enum { X86_FLAGS_NOTHING, X86_FLAGS_ZERO, X86_FLAGS_LOGIC, X86_FLAGS_COMPARED } flags;
    ir_place flags_place;          /* the result */
    const struct ir_insn *operand; /* a load that this instruction reads its operand by; NULL */
    uint32_t flags_size;           /* its bytes */
    struct ir_insn compared;       /* cond: whether it was a test */
};

/* --- Places --- */

/* The load is an operand of what comes next (x86_memory.c). */
bool x86_is_operand(const struct ir_insn *load, const struct ir_insn *next);

static inline struct x86_rm x86_place(const struct x86 *x, ir_place place)
{
    if (x->operand != NULL && place == x->operand->dst) {
        struct x86_rm at = x86_memory(x->operand->a, x->operand->disp);
        if (x->operand->b != IR_NONE) {
            at.index = (uint8_t)x->operand->b;
            at.scale = x->operand->scale;
        }
        return at;
    }
    if (IR_IS_SLOT(place))
        return x86_memory(RSP, (int32_t)(IR_SLOT_NUMBER(place) * 8 + x->stack_shift));
    return x86_reg_rm(place);
}

/* The place's register; of a slot, `scratch` after loading it. */
static inline uint32_t x86_source(const struct x86 *x, ir_place place, uint32_t scratch)
{
    if (!IR_IS_SLOT(place))
        return place;
    x86_mov(x->e, 8, scratch, x86_place(x, place));
    return scratch;
}

/* The register to compute `dst` in; x86_finish() brings it where it belongs. */
static inline uint32_t x86_target(ir_place dst)
{
    return IR_IS_SLOT(dst) ? RAX : dst;
}

static inline void x86_finish(const struct x86 *x, ir_place dst, uint32_t reg)
{
    if (IR_IS_SLOT(dst))
        x86_store(x->e, 8, x86_place(x, dst), reg);
    else if (dst != reg)
        x86_mov(x->e, 8, dst, x86_reg_rm(reg));
}

static inline void x86_load_place(const struct x86 *x, uint32_t size, uint32_t dst, ir_place from)
{
    if (dst != from || size == 4)
        x86_mov(x->e, size, dst, x86_place(x, from));
}

/* An immediate that the instruction can hold, or the register (rcx) that holds it. */
static inline bool x86_imm_fits(const struct ir_insn *insn)
{
    return insn->size != 8 || x86_fits32(insn->imm);
}

/* The second operand, in a register or slot; a constant that does not fit goes to rcx. */
static inline struct x86_rm x86_operand_b(const struct x86 *x, const struct ir_insn *insn)
{
    if (insn->b != IR_NONE)
        return x86_place(x, insn->b);
    x86_mov_imm(x->e, RCX, (uint64_t)insn->imm);
    return x86_reg_rm(RCX);
}

/* --- Flags (x86_flags.c) --- */

/* The condition's number in jcc, setcc, cmovcc. */
uint32_t x86_condition(uint32_t cond);
/* The flags are as comparing a with b sets them: after this, if they were not before. */
void x86_compare(struct x86 *x, const struct ir_insn *insn);
/* After an instruction other than comparisons: what it says of the flags. `size` is how many bytes
 * the arithmetic was done on, 0: the flags are as before. */
void x86_set_flags(struct x86 *x, const struct ir_insn *insn, uint32_t flags, uint32_t size);
/* Follows the flags over an instruction that does not say so itself. */
void x86_follow_flags(struct x86 *x, const struct ir_insn *insn);
void x86_encode_set(struct x86 *x, const struct ir_insn *insn);
void x86_encode_select(struct x86 *x, const struct ir_insn *insn);

/* --- Arithmetic (x86_alu.c) --- */

void x86_encode_mov(const struct x86 *x, const struct ir_insn *insn);
void x86_encode_alu(struct x86 *x, struct ir_insn insn);
void x86_encode_mul(const struct x86 *x, struct ir_insn insn);
void x86_encode_shift(const struct x86 *x, const struct ir_insn *insn);
void x86_encode_neg(const struct x86 *x, const struct ir_insn *insn);
void x86_encode_extend(const struct x86 *x, const struct ir_insn *insn);
void x86_encode_bswap(const struct x86 *x, const struct ir_insn *insn);
void x86_encode_mulhi(const struct x86 *x, const struct ir_insn *insn);
void x86_encode_divide(const struct x86 *x, const struct ir_insn *insn);

/* --- Memory (x86_memory.c) --- */

void x86_encode_load(const struct x86 *x, const struct ir_insn *insn);
void x86_encode_store(const struct x86 *x, const struct ir_insn *insn);
void x86_encode_lea(const struct x86 *x, const struct ir_insn *insn);
void x86_encode_add_memory(const struct x86 *x, const struct ir_insn *insn);
void x86_encode_atomic(struct x86 *x, const struct ir_insn *insn);
