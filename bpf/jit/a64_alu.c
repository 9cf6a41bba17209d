/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Arithmetic on AArch64. 32-bit forms zero the upper half by themselves (DDI 0487 C1.2.5), UDIV and
 * SDIV give 0 for division by 0 and do not trap on overflow (C3.4.8), variable shifts take the count
 * modulo the width: BPF's own rules, so that little is added here. */
#include "a64_encoder.h"

static void add_or_subtract(struct a64 *a, bool subtract)
{
    const struct ir_insn *insn = a->insn;
    bool wide = a64_wide(insn);
    uint32_t rd = a64_target(a), ra = a64_source(a, insn->a, A64_S0);
    if (insn->b == IR_NONE && !a64_is_blinded(a)) {
        int64_t imm = wide ? insn->imm : (int32_t)insn->imm;
        if (imm != INT64_MIN && imm > -0x1000000 && imm < 0x1000000) {
            a64_add_constant(a, wide, rd, ra, subtract ? -imm : imm);
            return a64_finish(a, rd);
        }
    }
    uint32_t rb = a64_source_b(a, A64_S1);
    a64_put(a, a64_reg3(subtract ? A64_SUB : A64_ADD, wide, rd, ra, rb));
    a64_finish(a, rd);
}

static void logical(struct a64 *a)
{
    const struct ir_insn *insn = a->insn;
    bool wide = a64_wide(insn);
    uint32_t rd = a64_target(a), ra = a64_source(a, insn->a, A64_S0), field;
    uint64_t imm = a64_immediate(insn);
    if (insn->b == IR_NONE && !a64_is_blinded(a) && a64_bitmask(wide, imm, &field)) {
        a64_put(a, insn->op == IR_AND  ? a64_and_imm(wide, rd, ra, imm)
                   : insn->op == IR_OR ? a64_orr_imm(wide, rd, ra, imm)
                                       : a64_eor_imm(wide, rd, ra, imm));
        return a64_finish(a, rd);
    }
    uint32_t rb = a64_source_b(a, A64_S1);
    uint32_t base = insn->op == IR_AND ? A64_AND : insn->op == IR_OR ? A64_ORR : A64_EOR;
    a64_put(a, a64_reg3(base, wide, rd, ra, rb));
    a64_finish(a, rd);
}

/* n where value = 1 << n; 64 for other numbers. */
static uint32_t exponent_of(uint64_t value)
{
    uint32_t n = 0;
    while (n < 64 && value != UINT64_C(1) << n)
        n++;
    return n;
}

static void multiply(struct a64 *a)
{
    const struct ir_insn *insn = a->insn;
    bool wide = a64_wide(insn);
    uint32_t rd = a64_target(a), ra = a64_source(a, insn->a, A64_S0);
    if (insn->b == IR_NONE && !a64_is_blinded(a)) {
        uint64_t imm = a64_immediate(insn);
        uint32_t n = exponent_of(imm), odd = exponent_of(imm - 1);
        if (n < (wide ? 64u : 32u)) {
            a64_put(a, a64_lsl_imm(wide, rd, ra, n));
            return a64_finish(a, rd);
        }
        if (odd < (wide ? 64u : 32u)) {
            a64_put(a, a64_shifted(A64_ADD, wide, rd, ra, ra, A64_LSL, odd));
            return a64_finish(a, rd);
        }
    }
    a64_put(a, a64_madd(wide, rd, ra, a64_source_b(a, A64_S1), A64_ZR));
    a64_finish(a, rd);
}

/* x - (x / y) * y, which is x for y = 0 and 0 for the most negative by -1. */
static void divide(struct a64 *a)
{
    const struct ir_insn *insn = a->insn;
    bool wide = a64_wide(insn), is_signed = insn->op == IR_SDIV || insn->op == IR_SMOD;
    uint32_t rd = a64_target(a), ra = a64_source(a, insn->a, A64_S0);
    uint32_t rb = a64_source_b(a, A64_S1), base = is_signed ? A64_SDIV : A64_UDIV;
    if (insn->op == IR_DIV || insn->op == IR_SDIV) {
        a64_put(a, a64_two_source(base, wide, rd, ra, rb));
    } else {
        a64_put(a, a64_two_source(base, wide, A64_S2, ra, rb));
        a64_put(a, a64_msub(wide, rd, A64_S2, rb, ra));
    }
    a64_finish(a, rd);
}

static void shift(struct a64 *a)
{
    const struct ir_insn *insn = a->insn;
    bool wide = a64_wide(insn);
    uint32_t bits = wide ? 64 : 32, count = (uint32_t)insn->imm & (bits - 1);
    uint32_t rd = a64_target(a), ra = a64_source(a, insn->a, A64_S0);
    if (insn->b == IR_NONE) {
        a64_put(a, insn->op == IR_SHL   ? a64_lsl_imm(wide, rd, ra, count)
                   : insn->op == IR_SHR ? a64_lsr_imm(wide, rd, ra, count)
                   : insn->op == IR_SAR ? a64_asr_imm(wide, rd, ra, count)
                                        : a64_ror_imm(wide, rd, ra, (bits - count) % bits));
        return a64_finish(a, rd);
    }
    uint32_t rb = a64_source(a, insn->b, A64_S1);
    if (insn->op == IR_ROL) { /* right by what is missing to a whole turn */
        a64_put(a, a64_reg3(A64_SUB, wide, A64_S1, A64_ZR, rb));
        rb = A64_S1;
    }
    uint32_t base = insn->op == IR_SHL   ? A64_LSLV
                    : insn->op == IR_SHR ? A64_LSRV
                    : insn->op == IR_SAR ? A64_ASRV
                                         : A64_RORV;
    a64_put(a, a64_two_source(base, wide, rd, ra, rb));
    a64_finish(a, rd);
}

static void move(struct a64 *a)
{
    const struct ir_insn *insn = a->insn;
    if (insn->a == IR_NONE) {
        uint32_t rd = a64_target(a);
        a64_load_immediate(a, rd);
        a64_finish(a, rd);
    } else if (a64_wide(insn)) {
        a64_move(a, insn->dst, insn->a);
    } else {
        uint32_t rd = a64_target(a);
        a64_put(a, a64_mov(false, rd, a64_source(a, insn->a, A64_S0)));
        a64_finish(a, rd);
    }
}

static void byte_swap(struct a64 *a, uint32_t rd, uint32_t ra)
{
    uint32_t size = a->insn->size;
    a64_put(a, a64_rev(size == 8, rd, ra));
    if (size == 2)
        a64_put(a, a64_lsr_imm(false, rd, rd, 16));
}

static void bit_field(struct a64 *a, uint32_t rd, uint32_t ra)
{
    const struct ir_insn *insn = a->insn;
    uint32_t bits = a64_wide(insn) ? 64 : 32, low = (uint32_t)insn->imm & (bits - 1);
    uint32_t width = (uint32_t)insn->disp;
    a64_put(a, a64_ubfx(a64_wide(insn), rd, ra, low, width < bits - low ? width : bits - low));
}

static void unary(struct a64 *a)
{
    const struct ir_insn *insn = a->insn;
    bool wide = a64_wide(insn);
    uint32_t rd = a64_target(a), ra = a64_source(a, insn->a, A64_S0);
    switch (insn->op) {
    case IR_NEG:
        a64_put(a, a64_reg3(A64_SUB, wide, rd, A64_ZR, ra));
        break;
    case IR_RSUB:
        a64_load_immediate(a, A64_S1);
        a64_put(a, a64_reg3(A64_SUB, wide, rd, A64_S1, ra));
        break;
    case IR_SEXT:
        a64_put(a, a64_sbfx(wide, rd, ra, 0, IR_FROM(insn) * 8u));
        break;
    case IR_ZEXT:
        a64_put(a, a64_ubfx(false, rd, ra, 0, IR_FROM(insn) * 8u));
        break;
    case IR_BSWAP:
        byte_swap(a, rd, ra);
        break;
    default:
        bit_field(a, rd, ra);
        break;
    }
    a64_finish(a, rd);
}

static void multiply_high(struct a64 *a)
{
    uint32_t rd = a64_target(a), ra = a64_source(a, a->insn->a, A64_S0);
    uint32_t rb = a64_source_b(a, A64_S1);
    a64_put(a, a->insn->op == IR_MULHI ? a64_umulh(rd, ra, rb) : a64_smulh(rd, ra, rb));
    a64_finish(a, rd);
}

void a64_alu(struct a64 *a)
{
    switch (a->insn->op) {
    case IR_MOV:
        return move(a);
    case IR_ADD:
    case IR_SUB:
        return add_or_subtract(a, a->insn->op == IR_SUB);
    case IR_MUL:
        return multiply(a);
    case IR_AND:
    case IR_OR:
    case IR_XOR:
        return logical(a);
    case IR_SHL:
    case IR_SHR:
    case IR_SAR:
    case IR_ROL:
        return shift(a);
    case IR_MULHI:
    case IR_SMULHI:
        return multiply_high(a);
    case IR_DIV:
    case IR_MOD:
    case IR_SDIV:
    case IR_SMOD:
        return divide(a);
    default:
        return unary(a);
    }
}

static const uint8_t conds[] = {
    [IR_EQ] = A64_EQ,  [IR_NE] = A64_NE,  [IR_LTU] = A64_LO,  [IR_GEU] = A64_HS,
    [IR_LEU] = A64_LS, [IR_GTU] = A64_HI, [IR_LTS] = A64_LT,  [IR_GES] = A64_GE,
    [IR_LES] = A64_LE, [IR_GTS] = A64_GT, [IR_TEST] = A64_NE, [IR_NOT_TEST] = A64_EQ,
};

/* CMP and CMN with an immediate set the same flags for y and -y, except for 0, which CMP takes. */
enum a64_cond a64_compare(struct a64 *a)
{
    const struct ir_insn *insn = a->insn;
    bool wide = a64_wide(insn), tests = insn->cond == IR_TEST || insn->cond == IR_NOT_TEST;
    enum a64_cond cond = (enum a64_cond)conds[insn->cond];
    uint32_t ra = a64_source(a, insn->a, A64_S0), field;
    if (insn->b == IR_NONE && !a64_is_blinded(a)) {
        uint64_t imm = a64_immediate(insn), minus = wide ? 0 - imm : (uint32_t)(0 - imm);
        uint32_t word = 0;
        if (tests && a64_bitmask(wide, imm, &field))
            word = a64_ands_imm(wide, A64_ZR, ra, imm);
        else if (!tests && a64_is_add_imm(imm))
            word = a64_subs_imm(wide, A64_ZR, ra, imm);
        else if (!tests && a64_is_add_imm(minus))
            word = a64_adds_imm(wide, A64_ZR, ra, minus);
        if (word != 0) {
            a64_put(a, word);
            return cond;
        }
    }
    uint32_t rb = a64_source_b(a, A64_S1);
    a64_put(a, a64_reg3(tests ? A64_ANDS : A64_SUBS, wide, A64_ZR, ra, rb));
    return cond;
}
