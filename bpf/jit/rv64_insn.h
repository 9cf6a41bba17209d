/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* RV64 instructions as words: one pure function for each, named by the manual's mnemonic.
 *
 * Encodings: The RISC-V Instruction Set Manual, Volume I (20240411): formats in section 2.3,
 * immediates 2.3.1, listings in chapter 34 ("RV32/64G Instruction Set Listings"); extension "B"
 * (Zba, Zbb) in chapter 28, Zicond in chapter 12. Operands that do not fit their field are an error
 * of the encoder above: BUG_ON. tests/bpf/jit/rv64_insn_test.c has an independent assembler judge
 * every function. */
#pragma once
#include <axiom/bug.h>
#include <axiom/types.h>

/* By their names in the calling convention (RISC-V ABIs Specification, section 1.1). */
// clang-format off
enum rv_reg {
    RV_ZERO, RV_RA, RV_SP, RV_GP, RV_TP, RV_T0, RV_T1, RV_T2, RV_S0, RV_S1, RV_A0, RV_A1, RV_A2,
    RV_A3, RV_A4, RV_A5, RV_A6, RV_A7, RV_S2, RV_S3, RV_S4, RV_S5, RV_S6, RV_S7, RV_S8, RV_S9,
    RV_S10, RV_S11, RV_T3, RV_T4, RV_T5, RV_T6
};
// clang-format on

static inline bool rv_fits_signed(int64_t value, unsigned bits)
{
    return value >= -(INT64_C(1) << (bits - 1)) && value < INT64_C(1) << (bits - 1);
}

/* --- Formats (2.3) --- */

#define RV_F(value, at) ((uint32_t)(value) << (at))

static inline uint32_t rv_r(uint32_t base, uint32_t rd, uint32_t rs1, uint32_t rs2)
{
    return base | RV_F(rs2, 20) | RV_F(rs1, 15) | RV_F(rd, 7);
}

static inline uint32_t rv_i(uint32_t base, uint32_t rd, uint32_t rs1, int64_t imm)
{
    BUG_ON(!rv_fits_signed(imm, 12));
    return base | ((uint32_t)imm & 0xfff) << 20 | RV_F(rs1, 15) | RV_F(rd, 7);
}

static inline uint32_t rv_s(uint32_t base, uint32_t rs1, uint32_t rs2, int64_t imm)
{
    BUG_ON(!rv_fits_signed(imm, 12));
    uint32_t bits = (uint32_t)imm & 0xfff;
    return base | (bits >> 5) << 25 | RV_F(rs2, 20) | RV_F(rs1, 15) | (bits & 0x1f) << 7;
}

/* --- Operations with a register: funct7, funct3 and opcode in one word --- */
// clang-format off
#define RV_ADD    0x00000033u
#define RV_SUB    0x40000033u
#define RV_SLL    0x00001033u
#define RV_SLT    0x00002033u
#define RV_SLTU   0x00003033u
#define RV_XOR    0x00004033u
#define RV_SRL    0x00005033u
#define RV_SRA    0x40005033u
#define RV_OR     0x00006033u
#define RV_AND    0x00007033u
#define RV_ADDW   0x0000003bu
#define RV_SUBW   0x4000003bu
#define RV_SLLW   0x0000103bu
#define RV_SRLW   0x0000503bu
#define RV_SRAW   0x4000503bu
/* M */
#define RV_MUL    0x02000033u
#define RV_MULH   0x02001033u
#define RV_MULHU  0x02003033u
#define RV_DIV    0x02004033u
#define RV_DIVU   0x02005033u
#define RV_REM    0x02006033u
#define RV_REMU   0x02007033u
#define RV_MULW   0x0200003bu
#define RV_DIVW   0x0200403bu
#define RV_DIVUW  0x0200503bu
#define RV_REMW   0x0200603bu
#define RV_REMUW  0x0200703bu
/* Zba: rd = (rs1 << 1, 2, 3) + rs2; add.uw: rs1's low 32 bits + rs2 */
#define RV_SH1ADD 0x20002033u
#define RV_SH2ADD 0x20004033u
#define RV_SH3ADD 0x20006033u
#define RV_ADD_UW 0x0800003bu
#define RV_SH1ADD_UW 0x2000203bu
#define RV_SH2ADD_UW 0x2000403bu
#define RV_SH3ADD_UW 0x2000603bu
/* Zbb */
#define RV_ANDN   0x40007033u
#define RV_ORN    0x40006033u
#define RV_XNOR   0x40004033u
#define RV_ROL    0x60001033u
#define RV_ROR    0x60005033u
#define RV_ROLW   0x6000103bu
#define RV_RORW   0x6000503bu
/* Zicond: rd = rs2 == 0 (nez: != 0) ? 0 : rs1 */
#define RV_CZERO_EQZ 0x0e005033u
#define RV_CZERO_NEZ 0x0e007033u
/* With a 12-bit immediate: rv_i() */
#define RV_ADDI   0x00000013u
#define RV_SLTI   0x00002013u
#define RV_SLTIU  0x00003013u
#define RV_XORI   0x00004013u
#define RV_ORI    0x00006013u
#define RV_ANDI   0x00007013u
#define RV_ADDIW  0x0000001bu
#define RV_JALR   0x00000067u
/* Loads: rv_i(base, rd, rs1, offset); stores: rv_s(base, rs1, rs2, offset) */
#define RV_LB     0x00000003u
#define RV_LH     0x00001003u
#define RV_LW     0x00002003u
#define RV_LD     0x00003003u
#define RV_LBU    0x00004003u
#define RV_LHU    0x00005003u
#define RV_LWU    0x00006003u
#define RV_SB     0x00000023u
#define RV_SH     0x00001023u
#define RV_SW     0x00002023u
#define RV_SD     0x00003023u
/* Branches: rv_branch(base, rs1, rs2, distance) */
#define RV_BEQ    0x00000063u
#define RV_BNE    0x00001063u
#define RV_BLT    0x00004063u
#define RV_BGE    0x00005063u
#define RV_BLTU   0x00006063u
#define RV_BGEU   0x00007063u
/* Shifts by an immediate: rv_shift(base, rd, rs1, amount) */
#define RV_SLLI   0x00001013u
#define RV_SRLI   0x00005013u
#define RV_SRAI   0x40005013u
#define RV_RORI   0x60005013u /* Zbb */
#define RV_SLLI_UW 0x0800101bu /* Zba: of the low 32 bits */
#define RV_SLLIW  0x0000101bu
#define RV_SRLIW  0x0000501bu
#define RV_SRAIW  0x4000501bu
#define RV_RORIW  0x6000501bu /* Zbb */
// clang-format on

/* The opposite condition: funct3's low bit. */
static inline uint32_t rv_invert(uint32_t branch)
{
    return branch ^ 0x1000u;
}

/* The W forms have opcode bit 3 set, and shift by less than 32; slli.uw shifts by less than 64. */
static inline uint32_t rv_shift(uint32_t base, uint32_t rd, uint32_t rs1, uint32_t amount)
{
    BUG_ON(amount >= ((base & 8) != 0 && base != RV_SLLI_UW ? 32u : 64u));
    return base | amount << 20 | RV_F(rs1, 15) | RV_F(rd, 7);
}

/* Zbb, one operand. */
#define RV_REV8   0x6b805013u
#define RV_SEXT_B 0x60401013u
#define RV_SEXT_H 0x60501013u
#define RV_ZEXT_H 0x0800403bu
static inline uint32_t rv_unary(uint32_t base, uint32_t rd, uint32_t rs1)
{
    return base | RV_F(rs1, 15) | RV_F(rd, 7);
}

static inline uint32_t rv_mv(uint32_t rd, uint32_t rs1)
{
    return rv_i(RV_ADDI, rd, rs1, 0);
}

/* rd = imm20 << 12, sign-extended from 32 bits; auipc adds the instruction's own address. */
static inline uint32_t rv_lui(uint32_t rd, int32_t imm20)
{
    BUG_ON(!rv_fits_signed(imm20, 20));
    return 0x37 | ((uint32_t)imm20 & 0xfffff) << 12 | RV_F(rd, 7);
}

static inline uint32_t rv_auipc(uint32_t rd, int32_t imm20)
{
    BUG_ON(!rv_fits_signed(imm20, 20));
    return 0x17 | ((uint32_t)imm20 & 0xfffff) << 12 | RV_F(rd, 7);
}

/* Distances in bytes from this instruction: conditional within 4 KiB, jal within 1 MiB. */
static inline uint32_t rv_branch(uint32_t base, uint32_t rs1, uint32_t rs2, int64_t distance)
{
    BUG_ON((distance & 1) != 0 || !rv_fits_signed(distance, 13));
    uint32_t imm = (uint32_t)distance;
    return base | (imm >> 12 & 1) << 31 | (imm >> 5 & 0x3f) << 25 | RV_F(rs2, 20) | RV_F(rs1, 15) |
           (imm >> 1 & 0xf) << 8 | (imm >> 11 & 1) << 7;
}

static inline uint32_t rv_jal(uint32_t rd, int64_t distance)
{
    BUG_ON((distance & 1) != 0 || !rv_fits_signed(distance, 21));
    uint32_t imm = (uint32_t)distance;
    return 0x6f | (imm >> 20 & 1) << 31 | (imm >> 1 & 0x3ff) << 21 | (imm >> 11 & 1) << 20 |
           (imm >> 12 & 0xff) << 12 | RV_F(rd, 7);
}

/* --- A: atomics, naturally aligned (chapter 13) --- */

#define RV_LR      0x1000202fu
#define RV_SC      0x1800202fu
#define RV_AMOSWAP 0x0800202fu
#define RV_AMOADD  0x0000202fu
#define RV_AMOXOR  0x2000202fu
#define RV_AMOAND  0x6000202fu
#define RV_AMOOR   0x4000202fu
/* rd = old value (sc: 0 if it stored), memory at rs1; `wide`: 64 bits. LR has rs2 = 0. */
static inline uint32_t rv_amo(uint32_t base, bool wide, bool acquire, bool release, uint32_t rd,
                              uint32_t rs1, uint32_t rs2)
{
    return rv_r(base | (wide ? 0x1000u : 0) | (acquire ? 1u << 26 : 0) | (release ? 1u << 25 : 0),
                rd, rs1, rs2);
}

/* Memory ordering (2.7): bits of what comes before and after; reads 2, writes 1. */
static inline uint32_t rv_fence(uint32_t before, uint32_t after)
{
    return 0x0000000f | before << 24 | after << 20;
}
#define RV_FENCE_R  2u
#define RV_FENCE_W  1u
#define RV_FENCE_RW 3u

#define RV_NOP    0x00000013u
#define RV_EBREAK 0x00100073u
