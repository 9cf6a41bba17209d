/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A64 instructions as words: one pure function for each, named by the Arm ARM's mnemonic.
 *
 * Encodings: Arm Architecture Reference Manual for A-profile, DDI 0487, chapter C6.2 (base
 * instructions, by mnemonic) and section C4.1 (the encoding index, whose group is named above each
 * block here). `wide` is the field sf: 64 bits if true, 32 if not. Operands that do not fit their
 * field are an error of the encoder above, so they are BUG_ONs: nothing is silently cut off.
 * tests/bpf/jit/a64_insn_test.c has an independent assembler judge every function. */
#pragma once
#include <axiom/bug.h>
#include <axiom/types.h>

// clang-format off
enum a64_reg {
    A64_X0, A64_X1, A64_X2, A64_X3, A64_X4, A64_X5, A64_X6, A64_X7, A64_X8, A64_X9, A64_X10,
    A64_X11, A64_X12, A64_X13, A64_X14, A64_X15, A64_X16, A64_X17, A64_X18, A64_X19, A64_X20,
    A64_X21, A64_X22, A64_X23, A64_X24, A64_X25, A64_X26, A64_X27, A64_X28, A64_FP, A64_LR,
    A64_ZR, /* in most places; SP in bases and in add/sub immediate */
    A64_SP = A64_ZR
};
// clang-format on

/* C1.2.4 */
// clang-format off
enum a64_cond {
    A64_EQ, A64_NE, A64_HS, A64_LO, A64_MI, A64_PL, A64_VS, A64_VC, A64_HI, A64_LS, A64_GE, A64_LT,
    A64_GT, A64_LE, A64_AL
};
// clang-format on

static inline enum a64_cond a64_invert(enum a64_cond cond)
{
    return (enum a64_cond)((unsigned)cond ^ 1u);
}

static inline bool a64_fits_signed(int64_t value, unsigned bits)
{
    return value >= -(INT64_C(1) << (bits - 1)) && value < INT64_C(1) << (bits - 1);
}

#define A64_R(reg, at) ((uint32_t)(reg) << (at))
#define A64_SF(wide)   ((wide) ? UINT32_C(1) << 31 : 0)

/* --- Data processing, immediate (C4.1.92) --- */

/* Add/subtract (immediate). imm is 12 bits, or 12 bits shifted left by 12. */
static inline bool a64_is_add_imm(uint64_t imm)
{
    return imm < 0x1000 || ((imm & 0xfff) == 0 && imm < 0x1000000);
}

static inline uint32_t a64_add_sub_imm(uint32_t base, bool wide, uint32_t rd, uint32_t rn,
                                       uint64_t imm)
{
    BUG_ON(!a64_is_add_imm(imm));
    uint32_t field = imm < 0x1000 ? (uint32_t)imm << 10 : 1u << 22 | (uint32_t)(imm >> 12) << 10;
    return base | A64_SF(wide) | field | A64_R(rn, 5) | A64_R(rd, 0);
}

static inline uint32_t a64_add_imm(bool wide, uint32_t rd, uint32_t rn, uint64_t imm)
{
    return a64_add_sub_imm(0x11000000, wide, rd, rn, imm);
}

static inline uint32_t a64_sub_imm(bool wide, uint32_t rd, uint32_t rn, uint64_t imm)
{
    return a64_add_sub_imm(0x51000000, wide, rd, rn, imm);
}

static inline uint32_t a64_adds_imm(bool wide, uint32_t rd, uint32_t rn, uint64_t imm)
{
    return a64_add_sub_imm(0x31000000, wide, rd, rn, imm);
}

static inline uint32_t a64_subs_imm(bool wide, uint32_t rd, uint32_t rn, uint64_t imm)
{
    return a64_add_sub_imm(0x71000000, wide, rd, rn, imm);
}

/* Logical (immediate). A bit mask is a run of ones, rotated, in an element of 2 to 64 bits that is
 * repeated over the register (DecodeBitMasks, Arm ARM appendix J1). `value` of 32-bit operations
 * has zeros above. False for what cannot be encoded: also 0 and all ones. */
bool a64_bitmask(bool wide, uint64_t value, uint32_t *field);

static inline uint32_t a64_logical_imm(uint32_t base, bool wide, uint32_t rd, uint32_t rn,
                                       uint64_t value)
{
    uint32_t field = 0;
    BUG_ON(!a64_bitmask(wide, value, &field));
    return base | A64_SF(wide) | field << 10 | A64_R(rn, 5) | A64_R(rd, 0);
}

static inline uint32_t a64_and_imm(bool wide, uint32_t rd, uint32_t rn, uint64_t value)
{
    return a64_logical_imm(0x12000000, wide, rd, rn, value);
}

static inline uint32_t a64_orr_imm(bool wide, uint32_t rd, uint32_t rn, uint64_t value)
{
    return a64_logical_imm(0x32000000, wide, rd, rn, value);
}

static inline uint32_t a64_eor_imm(bool wide, uint32_t rd, uint32_t rn, uint64_t value)
{
    return a64_logical_imm(0x52000000, wide, rd, rn, value);
}

static inline uint32_t a64_ands_imm(bool wide, uint32_t rd, uint32_t rn, uint64_t value)
{
    return a64_logical_imm(0x72000000, wide, rd, rn, value);
}

/* Move wide (immediate): `part` counts 16-bit pieces from the low end. */
static inline uint32_t a64_move_wide(uint32_t base, bool wide, uint32_t rd, uint16_t imm,
                                     uint32_t part)
{
    BUG_ON(part >= (wide ? 4u : 2u));
    return base | A64_SF(wide) | part << 21 | (uint32_t)imm << 5 | A64_R(rd, 0);
}

static inline uint32_t a64_movn(bool wide, uint32_t rd, uint16_t imm, uint32_t part)
{
    return a64_move_wide(0x12800000, wide, rd, imm, part);
}

static inline uint32_t a64_movz(bool wide, uint32_t rd, uint16_t imm, uint32_t part)
{
    return a64_move_wide(0x52800000, wide, rd, imm, part);
}

static inline uint32_t a64_movk(bool wide, uint32_t rd, uint16_t imm, uint32_t part)
{
    return a64_move_wide(0x72800000, wide, rd, imm, part);
}

/* Bitfield: N is the same as sf. */
static inline uint32_t a64_bitfield(uint32_t base, bool wide, uint32_t rd, uint32_t rn,
                                    uint32_t immr, uint32_t imms)
{
    BUG_ON(immr >= (wide ? 64u : 32u) || imms >= (wide ? 64u : 32u));
    return base | A64_SF(wide) | (wide ? 1u << 22 : 0) | immr << 16 | imms << 10 | A64_R(rn, 5) |
           A64_R(rd, 0);
}

/* The `width` bits from `low` on, zero-extended. */
static inline uint32_t a64_ubfx(bool wide, uint32_t rd, uint32_t rn, uint32_t low, uint32_t width)
{
    return a64_bitfield(0x53000000, wide, rd, rn, low, low + width - 1);
}

static inline uint32_t a64_sbfx(bool wide, uint32_t rd, uint32_t rn, uint32_t low, uint32_t width)
{
    return a64_bitfield(0x13000000, wide, rd, rn, low, low + width - 1);
}

/* The low `width` bits of rn, zero-extended, at bit `low` of rd. */
static inline uint32_t a64_ubfiz(bool wide, uint32_t rd, uint32_t rn, uint32_t low, uint32_t width)
{
    uint32_t bits = wide ? 64 : 32;
    return a64_bitfield(0x53000000, wide, rd, rn, (bits - low) % bits, width - 1);
}

static inline uint32_t a64_lsl_imm(bool wide, uint32_t rd, uint32_t rn, uint32_t shift)
{
    return a64_ubfiz(wide, rd, rn, shift, (wide ? 64 : 32) - shift);
}

static inline uint32_t a64_lsr_imm(bool wide, uint32_t rd, uint32_t rn, uint32_t shift)
{
    return a64_ubfx(wide, rd, rn, shift, (wide ? 64 : 32) - shift);
}

static inline uint32_t a64_asr_imm(bool wide, uint32_t rd, uint32_t rn, uint32_t shift)
{
    return a64_sbfx(wide, rd, rn, shift, (wide ? 64 : 32) - shift);
}

/* Extract: bits from `low` on of the pair rn:rm. */
static inline uint32_t a64_extr(bool wide, uint32_t rd, uint32_t rn, uint32_t rm, uint32_t low)
{
    BUG_ON(low >= (wide ? 64u : 32u));
    return 0x13800000 | A64_SF(wide) | (wide ? 1u << 22 : 0) | A64_R(rm, 16) | low << 10 |
           A64_R(rn, 5) | A64_R(rd, 0);
}

static inline uint32_t a64_ror_imm(bool wide, uint32_t rd, uint32_t rn, uint32_t shift)
{
    return a64_extr(wide, rd, rn, rn, shift);
}

/* PC-relative addressing: `distance` in bytes from this instruction, within 1 MiB. */
static inline uint32_t a64_adr(uint32_t rd, int64_t distance)
{
    BUG_ON(!a64_fits_signed(distance, 21));
    uint32_t imm = (uint32_t)distance & 0x1fffff;
    return 0x10000000 | (imm & 3) << 29 | (imm >> 2) << 5 | A64_R(rd, 0);
}

/* --- Data processing, register (C4.1.95) --- */

enum a64_shift { A64_LSL, A64_LSR, A64_ASR, A64_ROR /* logical operations only */ };

static inline uint32_t a64_shifted(uint32_t base, bool wide, uint32_t rd, uint32_t rn, uint32_t rm,
                                   enum a64_shift shift, uint32_t amount)
{
    BUG_ON(amount >= (wide ? 64u : 32u));
    return base | A64_SF(wide) | (uint32_t)shift << 22 | A64_R(rm, 16) | amount << 10 |
           A64_R(rn, 5) | A64_R(rd, 0);
}

#define A64_ADD  0x0b000000u
#define A64_ADDS 0x2b000000u
#define A64_SUB  0x4b000000u
#define A64_SUBS 0x6b000000u
#define A64_AND  0x0a000000u
#define A64_BIC  0x0a200000u
#define A64_ORR  0x2a000000u
#define A64_ORN  0x2a200000u
#define A64_EOR  0x4a000000u
#define A64_EON  0x4a200000u
#define A64_ANDS 0x6a000000u

/* One of the eleven above, without a shift. */
static inline uint32_t a64_reg3(uint32_t base, bool wide, uint32_t rd, uint32_t rn, uint32_t rm)
{
    return a64_shifted(base, wide, rd, rn, rm, A64_LSL, 0);
}

static inline uint32_t a64_mov(bool wide, uint32_t rd, uint32_t rm)
{
    return a64_reg3(A64_ORR, wide, rd, A64_ZR, rm);
}

/* Add/subtract (extended register): the option of rm, then a shift of 0 to 4. */
enum a64_extend { A64_UXTB, A64_UXTH, A64_UXTW, A64_UXTX, A64_SXTB, A64_SXTH, A64_SXTW, A64_SXTX };

static inline uint32_t a64_add_extended(uint32_t rd, uint32_t rn, uint32_t rm,
                                        enum a64_extend extend, uint32_t shift)
{
    BUG_ON(shift > 4);
    return 0x8b200000 | A64_R(rm, 16) | (uint32_t)extend << 13 | shift << 10 | A64_R(rn, 5) |
           A64_R(rd, 0);
}

/* Data-processing (2 source). */
#define A64_UDIV 0x1ac00800u
#define A64_SDIV 0x1ac00c00u
#define A64_LSLV 0x1ac02000u
#define A64_LSRV 0x1ac02400u
#define A64_ASRV 0x1ac02800u
#define A64_RORV 0x1ac02c00u
static inline uint32_t a64_two_source(uint32_t base, bool wide, uint32_t rd, uint32_t rn,
                                      uint32_t rm)
{
    return base | A64_SF(wide) | A64_R(rm, 16) | A64_R(rn, 5) | A64_R(rd, 0);
}

/* Data-processing (1 source). */
static inline uint32_t a64_rev(bool wide, uint32_t rd, uint32_t rn)
{
    return (wide ? 0xdac00c00 : 0x5ac00800) | A64_R(rn, 5) | A64_R(rd, 0);
}

static inline uint32_t a64_rev16(bool wide, uint32_t rd, uint32_t rn)
{
    return 0x5ac00400 | A64_SF(wide) | A64_R(rn, 5) | A64_R(rd, 0);
}

static inline uint32_t a64_clz(bool wide, uint32_t rd, uint32_t rn)
{
    return 0x5ac01000 | A64_SF(wide) | A64_R(rn, 5) | A64_R(rd, 0);
}

static inline uint32_t a64_rbit(bool wide, uint32_t rd, uint32_t rn)
{
    return 0x5ac00000 | A64_SF(wide) | A64_R(rn, 5) | A64_R(rd, 0);
}

/* Data-processing (3 source): rd = ra + rn * rm, or ra - rn * rm. */
static inline uint32_t a64_madd(bool wide, uint32_t rd, uint32_t rn, uint32_t rm, uint32_t ra)
{
    return 0x1b000000 | A64_SF(wide) | A64_R(rm, 16) | A64_R(ra, 10) | A64_R(rn, 5) | A64_R(rd, 0);
}

static inline uint32_t a64_msub(bool wide, uint32_t rd, uint32_t rn, uint32_t rm, uint32_t ra)
{
    return 0x8000 | a64_madd(wide, rd, rn, rm, ra);
}

/* High 64 bits of the product; 64-bit product of 32-bit numbers. */
static inline uint32_t a64_umulh(uint32_t rd, uint32_t rn, uint32_t rm)
{
    return 0x9bc07c00 | A64_R(rm, 16) | A64_R(rn, 5) | A64_R(rd, 0);
}

static inline uint32_t a64_smulh(uint32_t rd, uint32_t rn, uint32_t rm)
{
    return 0x9b407c00 | A64_R(rm, 16) | A64_R(rn, 5) | A64_R(rd, 0);
}

static inline uint32_t a64_umull(uint32_t rd, uint32_t rn, uint32_t rm)
{
    return 0x9ba07c00 | A64_R(rm, 16) | A64_R(rn, 5) | A64_R(rd, 0);
}

static inline uint32_t a64_smull(uint32_t rd, uint32_t rn, uint32_t rm)
{
    return 0x9b207c00 | A64_R(rm, 16) | A64_R(rn, 5) | A64_R(rd, 0);
}

/* Conditional select: rd = cond ? rn : (rm, rm + 1, ~rm, -rm). */
#define A64_CSEL  0x1a800000u
#define A64_CSINC 0x1a800400u
#define A64_CSINV 0x5a800000u
#define A64_CSNEG 0x5a800400u
static inline uint32_t a64_select(uint32_t base, bool wide, uint32_t rd, uint32_t rn, uint32_t rm,
                                  enum a64_cond cond)
{
    return base | A64_SF(wide) | A64_R(rm, 16) | (uint32_t)cond << 12 | A64_R(rn, 5) | A64_R(rd, 0);
}

static inline uint32_t a64_cset(bool wide, uint32_t rd, enum a64_cond cond)
{
    return a64_select(A64_CSINC, wide, rd, A64_ZR, A64_ZR, a64_invert(cond));
}

/* --- Branches (C4.1.93): distances in bytes from this instruction --- */

static inline uint32_t a64_branch_field(int64_t distance, unsigned bits)
{
    BUG_ON((distance & 3) != 0);
    BUG_ON(!a64_fits_signed(distance >> 2, bits));
    return (uint32_t)(distance >> 2) & ((1u << bits) - 1);
}

static inline uint32_t a64_b(int64_t distance)
{
    return 0x14000000 | a64_branch_field(distance, 26);
}

static inline uint32_t a64_bl(int64_t distance)
{
    return 0x94000000 | a64_branch_field(distance, 26);
}

static inline uint32_t a64_b_cond(enum a64_cond cond, int64_t distance)
{
    return 0x54000000 | a64_branch_field(distance, 19) << 5 | (uint32_t)cond;
}

static inline uint32_t a64_cbz(bool wide, uint32_t rt, int64_t distance)
{
    return 0x34000000 | A64_SF(wide) | a64_branch_field(distance, 19) << 5 | A64_R(rt, 0);
}

static inline uint32_t a64_cbnz(bool wide, uint32_t rt, int64_t distance)
{
    return 0x01000000 | a64_cbz(wide, rt, distance);
}

static inline uint32_t a64_tbz(uint32_t rt, uint32_t bit, int64_t distance)
{
    BUG_ON(bit >= 64);
    return 0x36000000 | (bit >> 5) << 31 | (bit & 31) << 19 | a64_branch_field(distance, 14) << 5 |
           A64_R(rt, 0);
}

static inline uint32_t a64_tbnz(uint32_t rt, uint32_t bit, int64_t distance)
{
    return 0x01000000 | a64_tbz(rt, bit, distance);
}

static inline uint32_t a64_br(uint32_t rn)
{
    return 0xd61f0000 | A64_R(rn, 5);
}

static inline uint32_t a64_blr(uint32_t rn)
{
    return 0xd63f0000 | A64_R(rn, 5);
}

static inline uint32_t a64_ret(uint32_t rn)
{
    return 0xd65f0000 | A64_R(rn, 5);
}

#define A64_NOP     0xd503201fu
#define A64_DMB_ISH 0xd5033bbfu
/* A debugger's stop, and what fills code that must never run. */
static inline uint32_t a64_brk(uint16_t imm)
{
    return 0xd4200000 | (uint32_t)imm << 5;
}
