/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The inside of the AArch64 encoder: what its files hand each other while one function is encoded.
 *
 * Registers (AAPCS64, IHI 0055, section 6.1.1): x0-x12 and x19-x28 belong to the allocator; x13-x17
 * are the encoder's scratch, S0 to S4 below; x18 is the platform's; x29 and x30 link frames.
 *
 * Frame, from the stack pointer up: spill slots; then what is saved, x29 and x30 lowest where the
 * function calls others, so that x29 chains through all frames. */
#pragma once
#include "a64_insn_mem.h"
#include "emit.h"

#define A64_S0 16u
#define A64_S1 17u
#define A64_S2 15u
#define A64_S3 14u
#define A64_S4 13u

struct a64_frame {
    uint8_t saved[14]; /* an even number, padded with ZR */
    uint32_t saved_count;
    uint32_t slots_size; /* bytes, a multiple of 16 */
    bool links;
};

struct a64 {
    struct emit *e;
    const struct ir_form *form;
    const struct ir_function *function;
    uint32_t function_number, block;
    const struct ir_insn *insn; /* the one that is encoded */
    struct a64_frame frame;
    int error; /* -E2BIG: a jump is further than 128 MiB */
};

static inline void a64_put(struct a64 *a, uint32_t word)
{
    emit32(a->e, word);
}

static inline bool a64_wide(const struct ir_insn *insn)
{
    return insn->size == 8;
}

/* --- Operands (a64_operand.c) --- */

/* rd = value, in the fewest instructions (at most four). */
void a64_constant(struct a64 *a, uint32_t rd, uint64_t value);
/* The instruction's immediate, as its size wants it: 32 bits without sign, or 64. */
uint64_t a64_immediate(const struct ir_insn *insn);
/* Whether it must not stand in the code as it is. */
bool a64_is_blinded(const struct a64 *a);
/* rd = the instruction's immediate, blinded if need be (then x13 is destroyed). */
void a64_load_immediate(struct a64 *a, uint32_t rd);
/* The register that holds the place; a slot is loaded into `scratch`. */
uint32_t a64_source(struct a64 *a, ir_place place, uint32_t scratch);
/* The same for b, where IR_NONE means the immediate. */
uint32_t a64_source_b(struct a64 *a, uint32_t scratch);
/* Where to compute the result: dst, or S0 for a slot; a64_finish() brings it there. */
uint32_t a64_target(const struct a64 *a);
void a64_finish(struct a64 *a, uint32_t rd);
/* to = from, 64 bits. Slot to slot goes through S0. */
void a64_move(struct a64 *a, ir_place to, ir_place from);
/* rd = rn + distance, any; S1 may be destroyed. */
void a64_add_constant(struct a64 *a, bool wide, uint32_t rd, uint32_t rn, int64_t distance);

/* --- Kinds of instructions --- */

void a64_alu(struct a64 *a);              /* MOV to BITS; a64_alu.c */
enum a64_cond a64_compare(struct a64 *a); /* sets the flags by a, b, cond */
void a64_memory(struct a64 *a);           /* LEA to STORE_RELEASE; a64_memory.c */
int a64_encode(const struct ir_form *form, uint32_t function, struct emit *e); /* aarch64.c */
