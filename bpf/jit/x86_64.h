/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* x86-64 instructions as bytes (Intel SDM volume 2): prefixes, opcode, ModRM, SIB, displacement,
 * immediate. Only forms that the encoder uses. */
#pragma once
#include "emit.h"

enum x86_reg {
    RAX,
    RCX,
    RDX,
    RBX,
    RSP,
    RBP,
    RSI,
    RDI,
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15,
    X86_NO_REG = 255
};

/* A register or memory operand: base + (index << scale) + disp. */
struct x86_rm {
    bool is_memory;
    uint8_t reg;   /* or base */
    uint8_t index; /* X86_NO_REG: none */
    uint8_t scale;
    int32_t disp;
};

static inline struct x86_rm x86_reg_rm(uint32_t reg)
{
    return (struct x86_rm){ .reg = (uint8_t)reg, .index = X86_NO_REG };
}

static inline struct x86_rm x86_memory(uint32_t base, int32_t disp)
{
    return (struct x86_rm){
        .is_memory = true, .reg = (uint8_t)base, .index = X86_NO_REG, .disp = disp
    };
}

static inline bool x86_fits8(int64_t value)
{
    return value >= -128 && value <= 127;
}

static inline bool x86_fits32(int64_t value)
{
    return value >= INT32_MIN && value <= INT32_MAX;
}

/* Opcodes of more than a byte: 0x0f.. are written as 0x0fXX. */
#define X86_FORCE_REX (1u << 16) /* sil, dil, ... instead of dh, bh: byte operands */

/* [66] REX opcode ModRM for `reg` and `rm`; `size` 8 sets REX.W, 2 the operand size prefix. */
void x86_op(struct emit *e, uint32_t opcode, uint32_t size, uint32_t reg, struct x86_rm rm);

/* shlx, shrx, sarx: reg = rm shifted by the register `count`; rorx: rotated right by `imm`. Flags stay.
 * Only CPUs with BMI2 have them. */
enum x86_shift { X86_SHLX = 1, X86_SARX = 2, X86_SHRX = 3 };
void x86_shift_by(struct emit *e, enum x86_shift op, uint32_t size, uint32_t reg, struct x86_rm rm,
                  uint32_t count);
void x86_rorx(struct emit *e, uint32_t size, uint32_t reg, struct x86_rm rm, uint32_t imm);

/* add, or, adc, sbb, and, sub, xor, cmp: the digit of the immediate form, and 8 * digit + 3 is the
 * opcode. */
enum x86_alu { X86_ADD, X86_OR, X86_ADC, X86_SBB, X86_AND, X86_SUB, X86_XOR, X86_CMP };
void x86_alu_reg(struct emit *e, enum x86_alu op, uint32_t size, uint32_t dst, struct x86_rm src);
void x86_alu_imm(struct emit *e, enum x86_alu op, uint32_t size, struct x86_rm dst, int32_t imm);

void x86_mov(struct emit *e, uint32_t size, uint32_t dst, struct x86_rm src); /* 4 or 8 bytes */
void x86_mov_imm(struct emit *e, uint32_t dst, uint64_t value); /* may change the flags */
void x86_clear_keeping_flags(struct emit *e, uint32_t dst);
void x86_store(struct emit *e, uint32_t size, struct x86_rm to, uint32_t src);
void x86_store_imm(struct emit *e, uint32_t size, struct x86_rm to, int32_t imm);
void x86_push(struct emit *e, uint32_t reg);
void x86_pop(struct emit *e, uint32_t reg);
/* Bytes that do nothing, in as few instructions as there can be. */
void x86_nops(struct emit *e, uint32_t count);

/* A short jump whose end comes soon: fills in the distance. */
static inline size_t x86_short_jump(struct emit *e, uint32_t opcode)
{
    emit8(e, opcode);
    emit8(e, 0);
    return e->size;
}

static inline void x86_short_land(struct emit *e, size_t from)
{
    if (e->at != NULL && from <= e->capacity)
        e->at[from - 1] = (uint8_t)(e->size - from);
}
