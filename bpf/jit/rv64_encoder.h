/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The inside of the RISC-V 64 encoder: what its files hand each other while one function is encoded.
 *
 * Registers (RISC-V ABIs Specification 1.1): a0-a7, t0, t1 and s0-s11 belong to the allocator; S0 to
 * S4 below are the encoder's scratch, of which S4 is never live across a call of another file.
 *
 * The upper half of 32-bit results: W instructions sign-extend, BPF wants zeros. `zero_upper` has a
 * bit for each register whose upper half is known to be zero at this point of the block; what is
 * computed of such registers mostly needs no extension, and 32-bit comparisons can look at all 64
 * bits.
 *
 * Frame, from the stack pointer up: spill slots, then what is saved. */
#pragma once
#include "emit.h"
#include "rv64_insn.h"

#define RV_SCRATCH0 ((uint32_t)RV_T3)
#define RV_SCRATCH1 ((uint32_t)RV_T4)
#define RV_SCRATCH2 ((uint32_t)RV_T5)
#define RV_SCRATCH3 ((uint32_t)RV_T6)
#define RV_SCRATCH4 ((uint32_t)RV_T2)

struct rv_frame {
    uint8_t saved[14];
    uint32_t saved_count;
    uint32_t saved_size, slots_size; /* bytes, multiples of 16 */
};

struct rv {
    struct emit *e;
    const struct ir_form *form;
    const struct ir_function *function;
    uint32_t function_number, block;
    const struct ir_insn *insn; /* the one that is encoded */
    struct rv_frame frame;
    uint32_t zero_upper;
    int error; /* -E2BIG: a jump is further than 2 GiB */
};

/* A source in a register. */
struct rv_operand {
    uint32_t reg;
    bool zero_upper;
};

static inline void rv_put(struct rv *r, uint32_t word)
{
    emit32(r->e, word);
}

static inline bool rv_wide(const struct ir_insn *insn)
{
    return insn->size == 8;
}

static inline bool rv_has(const struct rv *r, uint32_t cpu)
{
    return (r->form->target->cpu & cpu) != 0;
}

/* --- Operands (rv64_operand.c) --- */

/* rd = value. */
void rv_constant(struct rv *r, uint32_t rd, uint64_t value);
bool rv_is_blinded(const struct rv *r);
/* The immediate, sign-extended as its size wants it. */
int64_t rv_immediate(const struct ir_insn *insn);
/* rd = `value`, which is the instruction's immediate in some form: blinded if need be (S4). */
void rv_load_immediate(struct rv *r, uint32_t rd, uint64_t value);
/* The place in a register: slots go to `scratch`, for 32-bit instructions zero-extended. */
struct rv_operand rv_source(struct rv *r, ir_place place, uint32_t scratch);
/* b, or the immediate, sign-extended (0 is the register zero). */
struct rv_operand rv_source_b(struct rv *r, uint32_t scratch);
/* Where to compute the result: dst, or S0 for a slot; rv_finish() brings it there and notes
 * whether its upper half is zero. */
uint32_t rv_target(const struct rv *r);
void rv_finish(struct rv *r, uint32_t rd, bool zero_upper);
/* rd = low 32 bits of rs, zero-extended. */
void rv_zero_extend(struct rv *r, uint32_t rd, uint32_t rs);
/* to = from, 64 bits. Slot to slot goes through S0. */
void rv_move(struct rv *r, ir_place to, ir_place from);
/* rd = rs + distance, any; S4 may be destroyed. */
void rv_add_constant(struct rv *r, uint32_t rd, uint32_t rs, int64_t distance);

/* --- Kinds of instructions --- */

/* A comparison as a branch instruction would make it: base is BEQ to BGEU. Uses S0, S1. */
struct rv_condition {
    uint32_t base, rs1, rs2;
};
struct rv_condition rv_compare(struct rv *r);
void rv_set(struct rv *r); /* rv64_compare.c */
void rv_select(struct rv *r);
void rv_alu(struct rv *r);    /* MOV to BITS; rv64_alu.c */
void rv_memory(struct rv *r); /* LEA to STORE_RELEASE; rv64_memory.c */
int rv64_encode(const struct ir_form *form, uint32_t function, struct emit *e); /* riscv64.c */
