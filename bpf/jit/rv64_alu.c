/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Arithmetic on RISC-V 64. Division does not trap (section 12.2 of the manual, table 11): REM by 0
 * gives the dividend and the most negative number by -1 gives what BPF wants, but DIV by 0 gives all
 * ones where BPF wants 0. */
#include "rv64_encoder.h"

/* rs is a result of which the low 32 bits count. */
static void finish_narrow(struct rv *r, uint32_t rd, uint32_t rs)
{
    rv_zero_extend(r, rd, rs);
    rv_finish(r, rd, true);
}

static void add_or_subtract(struct rv *r)
{
    const struct ir_insn *insn = r->insn;
    bool wide = rv_wide(insn), subtracts = insn->op == IR_SUB;
    uint32_t rd = rv_target(r), ra = rv_source(r, insn->a, RV_SCRATCH0).reg;
    int64_t imm = rv_immediate(insn), addend = subtracts ? (int64_t)(0 - (uint64_t)imm) : imm;
    if (insn->b == IR_NONE && !rv_is_blinded(r) && rv_fits_signed(addend, 12)) {
        rv_put(r, rv_i(wide ? RV_ADDI : RV_ADDIW, rd, ra, addend));
    } else {
        uint32_t rb = rv_source_b(r, RV_SCRATCH1).reg;
        rv_put(r, rv_r(wide ? (subtracts ? RV_SUB : RV_ADD) : (subtracts ? RV_SUBW : RV_ADDW), rd,
                       ra, rb));
    }
    if (wide)
        rv_finish(r, rd, false);
    else
        finish_narrow(r, rd, rd);
}

static void logical(struct rv *r)
{
    const struct ir_insn *insn = r->insn;
    static const uint32_t by_register[] = { RV_AND, RV_OR, RV_XOR };
    static const uint32_t by_immediate[] = { RV_ANDI, RV_ORI, RV_XORI };
    uint32_t op = insn->op - (uint32_t)IR_AND, rd = rv_target(r);
    struct rv_operand a = rv_source(r, insn->a, RV_SCRATCH0), b;
    int64_t imm = rv_immediate(insn);
    if (insn->b == IR_NONE && !rv_is_blinded(r) && rv_fits_signed(imm, 12)) {
        rv_put(r, rv_i(by_immediate[op], rd, a.reg, imm));
        b.zero_upper = imm >= 0;
    } else {
        b = rv_source_b(r, RV_SCRATCH1);
        rv_put(r, rv_r(by_register[op], rd, a.reg, b.reg));
    }
    bool zero_upper =
        insn->op == IR_AND ? a.zero_upper || b.zero_upper : a.zero_upper && b.zero_upper;
    if (rv_wide(insn) || zero_upper)
        rv_finish(r, rd, zero_upper);
    else
        finish_narrow(r, rd, rd);
}

/* n where value = 1 << n; 64 for other numbers. */
static uint32_t exponent_of(uint64_t value)
{
    uint32_t n = 0;
    while (n < 64 && value != UINT64_C(1) << n)
        n++;
    return n;
}

static void shift_left(struct rv *r, uint32_t rd, uint32_t ra, uint32_t count)
{
    if (rv_wide(r->insn)) {
        rv_put(r, rv_shift(RV_SLLI, rd, ra, count));
        rv_finish(r, rd, false);
        return;
    }
    /* Up to the top and back down clears the upper half on the way. */
    rv_put(r, rv_shift(RV_SLLI, rd, ra, 32 + count));
    rv_put(r, rv_shift(RV_SRLI, rd, rd, 32));
    rv_finish(r, rd, true);
}

static void multiply(struct rv *r)
{
    const struct ir_insn *insn = r->insn;
    bool wide = rv_wide(insn);
    uint32_t rd = rv_target(r), ra = rv_source(r, insn->a, RV_SCRATCH0).reg;
    if (insn->b == IR_NONE && !rv_is_blinded(r)) {
        uint32_t n = exponent_of(wide ? (uint64_t)insn->imm : (uint32_t)insn->imm);
        if (n < (wide ? 64u : 32u))
            return shift_left(r, rd, ra, n);
    }
    rv_put(r, rv_r(wide ? RV_MUL : RV_MULW, rd, ra, rv_source_b(r, RV_SCRATCH1).reg));
    if (wide)
        rv_finish(r, rd, false);
    else
        finish_narrow(r, rd, rd);
}

static uint32_t division(const struct ir_insn *insn, bool wide)
{
    switch (insn->op) {
    case IR_DIV:
        return wide ? RV_DIVU : RV_DIVUW;
    case IR_MOD:
        return wide ? RV_REMU : RV_REMUW;
    case IR_SDIV:
        return wide ? RV_DIV : RV_DIVW;
    default:
        return wide ? RV_REM : RV_REMW;
    }
}

/* S2 = the quotient, or 0 where rb is 0: AND with 0 - (rb != 0). */
static void zero_if_divisor_is(struct rv *r, uint32_t rb)
{
    if (rv_has(r, IR_CPU_ZICOND)) {
        rv_put(r, rv_r(RV_CZERO_EQZ, RV_SCRATCH2, RV_SCRATCH2, rb));
        return;
    }
    rv_put(r, rv_r(RV_SLTU, RV_SCRATCH3, RV_ZERO, rb));
    rv_put(r, rv_r(RV_SUB, RV_SCRATCH3, RV_ZERO, RV_SCRATCH3));
    rv_put(r, rv_r(RV_AND, RV_SCRATCH2, RV_SCRATCH2, RV_SCRATCH3));
}

static void divide(struct rv *r)
{
    const struct ir_insn *insn = r->insn;
    bool is_signed = insn->op == IR_SDIV || insn->op == IR_SMOD;
    bool quotient = insn->op == IR_DIV || insn->op == IR_SDIV;
    uint32_t rd = rv_target(r);
    struct rv_operand a = rv_source(r, insn->a, RV_SCRATCH0), b = rv_source_b(r, RV_SCRATCH1);
    /* 64-bit division of zero-extended numbers has a zero-extended result. */
    bool extended = !is_signed && a.zero_upper && b.zero_upper;
    bool wide = rv_wide(insn) || extended;
    bool checks = quotient && (insn->flags & IR_NOT_ZERO) == 0 &&
                  (insn->b != IR_NONE || rv_immediate(insn) == 0);
    uint32_t result = checks ? RV_SCRATCH2 : rd;
    rv_put(r, rv_r(division(insn, wide), result, a.reg, b.reg));
    if (checks) {
        uint32_t tested = b.reg;
        if (!wide && !b.zero_upper) {
            rv_put(r, rv_i(RV_ADDIW, RV_SCRATCH1, b.reg, 0));
            tested = RV_SCRATCH1;
        }
        zero_if_divisor_is(r, tested);
    }
    if (wide)
        rv_finish(r, result, extended);
    else
        finish_narrow(r, rd, result);
}

/* A count in bits 5:0 or 4:0 of rb; higher bits are ignored by the machine as by BPF. */
static void shift_by_register(struct rv *r, uint32_t rd, struct rv_operand a, uint32_t rb)
{
    bool wide = rv_wide(r->insn);
    uint32_t op = r->insn->op;
    if (op == IR_SHR && !wide && a.zero_upper) {
        rv_put(r, rv_i(RV_ANDI, RV_SCRATCH1, rb, 31));
        rv_put(r, rv_r(RV_SRL, rd, a.reg, RV_SCRATCH1));
        rv_finish(r, rd, true);
        return;
    }
    rv_put(r, rv_r(op == IR_SHL   ? (wide ? RV_SLL : RV_SLLW)
                   : op == IR_SHR ? (wide ? RV_SRL : RV_SRLW)
                                  : (wide ? RV_SRA : RV_SRAW),
                   rd, a.reg, rb));
    if (wide)
        rv_finish(r, rd, false);
    else
        finish_narrow(r, rd, rd);
}

static void shift_right(struct rv *r, uint32_t rd, struct rv_operand a, uint32_t count)
{
    bool wide = rv_wide(r->insn), arithmetic = r->insn->op == IR_SAR;
    if (wide) {
        rv_put(r, rv_shift(arithmetic ? RV_SRAI : RV_SRLI, rd, a.reg, count));
        rv_finish(r, rd, !arithmetic && (a.zero_upper || count >= 32));
    } else if (!arithmetic && (count > 0 || a.zero_upper)) {
        rv_put(r, rv_shift(count > 0 ? RV_SRLIW : RV_SRLI, rd, a.reg, count));
        rv_finish(r, rd, true);
    } else {
        rv_put(r, rv_shift(RV_SRAIW, rd, a.reg, count));
        finish_narrow(r, rd, rd);
    }
}

static void shift(struct rv *r)
{
    const struct ir_insn *insn = r->insn;
    uint32_t rd = rv_target(r);
    struct rv_operand a = rv_source(r, insn->a, RV_SCRATCH0);
    if (insn->b != IR_NONE)
        return shift_by_register(r, rd, a, rv_source(r, insn->b, RV_SCRATCH1).reg);
    uint32_t count = (uint32_t)insn->imm & (rv_wide(insn) ? 63 : 31);
    if (insn->op == IR_SHL)
        shift_left(r, rd, a.reg, count);
    else
        shift_right(r, rd, a, count);
}

/* With Zbb one instruction; without, two shifts and OR. */
static void rotate(struct rv *r)
{
    const struct ir_insn *insn = r->insn;
    bool wide = rv_wide(insn), by_register = insn->b != IR_NONE, zbb = rv_has(r, IR_CPU_ZBB);
    uint32_t bits = wide ? 64 : 32, count = (uint32_t)insn->imm & (bits - 1);
    uint32_t rd = rv_target(r), back = (bits - count) % bits;
    uint32_t ra = rv_source(r, insn->a, RV_SCRATCH0).reg;
    if (by_register) {
        uint32_t rb = rv_source(r, insn->b, RV_SCRATCH1).reg;
        if (zbb) {
            rv_put(r, rv_r(wide ? RV_ROL : RV_ROLW, rd, ra, rb));
        } else {
            rv_put(r, rv_r(wide ? RV_SLL : RV_SLLW, RV_SCRATCH2, ra, rb));
            rv_put(r, rv_r(RV_SUB, RV_SCRATCH3, RV_ZERO, rb));
            rv_put(r, rv_r(wide ? RV_SRL : RV_SRLW, RV_SCRATCH3, ra, RV_SCRATCH3));
            rv_put(r, rv_r(RV_OR, rd, RV_SCRATCH2, RV_SCRATCH3));
        }
    } else if (zbb) {
        rv_put(r, rv_shift(wide ? RV_RORI : RV_RORIW, rd, ra, back));
    } else {
        rv_put(r, rv_shift(wide ? RV_SLLI : RV_SLLIW, RV_SCRATCH2, ra, count));
        rv_put(r, rv_shift(wide ? RV_SRLI : RV_SRLIW, RV_SCRATCH3, ra, back));
        rv_put(r, rv_r(RV_OR, rd, RV_SCRATCH2, RV_SCRATCH3));
    }
    if (wide)
        rv_finish(r, rd, false);
    else
        finish_narrow(r, rd, rd);
}

static void move(struct rv *r)
{
    const struct ir_insn *insn = r->insn;
    uint32_t rd = rv_target(r);
    if (insn->a == IR_NONE) {
        uint64_t value = rv_wide(insn) ? (uint64_t)insn->imm : (uint32_t)insn->imm;
        rv_load_immediate(r, rd, value);
        rv_finish(r, rd, value >> 32 == 0);
        return;
    }
    if (rv_wide(insn)) {
        rv_move(r, insn->dst, insn->a);
        return;
    }
    struct rv_operand a = rv_source(r, insn->a, rd);
    if (a.zero_upper)
        rv_finish(r, a.reg, true);
    else
        finish_narrow(r, rd, a.reg);
}

/* rd = the low `bytes` of ra with sign or zeros above, up to the instruction's size, then zeros. */
static void extend(struct rv *r, uint32_t rd, uint32_t ra, uint32_t bytes, bool is_signed)
{
    uint32_t up = 64 - bytes * 8;
    bool wide = rv_wide(r->insn);
    if (!is_signed && bytes == 1) {
        rv_put(r, rv_i(RV_ANDI, rd, ra, 0xff));
    } else if (!is_signed) {
        rv_put(r, rv_shift(RV_SLLI, rd, ra, up));
        rv_put(r, rv_shift(RV_SRLI, rd, rd, up));
    } else if (wide && bytes == 4) {
        rv_put(r, rv_i(RV_ADDIW, rd, ra, 0));
    } else if (wide && rv_has(r, IR_CPU_ZBB)) {
        rv_put(r, rv_unary(bytes == 1 ? RV_SEXT_B : RV_SEXT_H, rd, ra));
    } else if (wide) {
        rv_put(r, rv_shift(RV_SLLI, rd, ra, up));
        rv_put(r, rv_shift(RV_SRAI, rd, rd, up));
    } else { /* the sign to bit 63, down to the upper half, zeros in */
        rv_put(r, rv_shift(RV_SLLI, rd, ra, up));
        rv_put(r, rv_shift(RV_SRAI, rd, rd, up - 32));
        rv_put(r, rv_shift(RV_SRLI, rd, rd, 32));
    }
    rv_finish(r, rd, !is_signed || !wide);
}

/* reg = (reg & mask) << shift | (reg >> shift & mask): neighbours of `shift` bits change places. Uses
 * S1, S2. */
static void swap_neighbours(struct rv *r, uint32_t reg, uint32_t shift, uint64_t mask)
{
    rv_constant(r, RV_SCRATCH1, mask);
    rv_put(r, rv_shift(RV_SRLI, RV_SCRATCH2, reg, shift));
    rv_put(r, rv_r(RV_AND, RV_SCRATCH2, RV_SCRATCH2, RV_SCRATCH1));
    rv_put(r, rv_r(RV_AND, reg, reg, RV_SCRATCH1));
    rv_put(r, rv_shift(RV_SLLI, reg, reg, shift));
    rv_put(r, rv_r(RV_OR, reg, reg, RV_SCRATCH2));
}

static void byte_swap(struct rv *r, uint32_t ra)
{
    uint32_t size = r->insn->size, up = 64 - size * 8;
    if (rv_has(r, IR_CPU_ZBB)) {
        rv_put(r, rv_unary(RV_REV8, RV_SCRATCH3, ra));
        if (up != 0)
            rv_put(r, rv_shift(RV_SRLI, RV_SCRATCH3, RV_SCRATCH3, up));
    } else if (size == 2) {
        rv_put(r, rv_shift(RV_SLLI, RV_SCRATCH1, ra, 56));
        rv_put(r, rv_shift(RV_SRLI, RV_SCRATCH1, RV_SCRATCH1, 48));
        rv_put(r, rv_shift(RV_SLLI, RV_SCRATCH2, ra, 48));
        rv_put(r, rv_shift(RV_SRLI, RV_SCRATCH2, RV_SCRATCH2, 56));
        rv_put(r, rv_r(RV_OR, RV_SCRATCH3, RV_SCRATCH1, RV_SCRATCH2));
    } else {
        rv_put(r, rv_mv(RV_SCRATCH3, ra));
        swap_neighbours(r, RV_SCRATCH3, 8, size == 8 ? UINT64_C(0x00ff00ff00ff00ff) : 0x00ff00ff);
        if (size == 8)
            swap_neighbours(r, RV_SCRATCH3, 16, UINT64_C(0x0000ffff0000ffff));
        uint32_t half = size * 4; /* the halves change places, and nothing stays above */
        rv_put(r, rv_shift(RV_SRLI, RV_SCRATCH2, RV_SCRATCH3, half));
        rv_put(r, rv_shift(RV_SLLI, RV_SCRATCH3, RV_SCRATCH3, size == 8 ? half : 48));
        if (size == 4)
            rv_put(r, rv_shift(RV_SRLI, RV_SCRATCH3, RV_SCRATCH3, 32));
        rv_put(r, rv_r(RV_OR, RV_SCRATCH3, RV_SCRATCH3, RV_SCRATCH2));
    }
    rv_finish(r, RV_SCRATCH3, size < 8);
}

static void bit_field(struct rv *r, uint32_t rd, uint32_t ra)
{
    const struct ir_insn *insn = r->insn;
    uint32_t bits = rv_wide(insn) ? 64 : 32, low = (uint32_t)insn->imm & (bits - 1);
    uint32_t width = (uint32_t)insn->disp < bits - low ? (uint32_t)insn->disp : bits - low;
    if (low == 0 && width < 12) {
        rv_put(r, rv_i(RV_ANDI, rd, ra, (1 << width) - 1));
    } else {
        rv_put(r, rv_shift(RV_SLLI, rd, ra, 64 - low - width));
        rv_put(r, rv_shift(RV_SRLI, rd, rd, 64 - width));
    }
    rv_finish(r, rd, width <= 32);
}

static void negate(struct rv *r, uint32_t rd, uint32_t from, uint32_t ra)
{
    bool wide = rv_wide(r->insn);
    rv_put(r, rv_r(wide ? RV_SUB : RV_SUBW, rd, from, ra));
    if (wide)
        rv_finish(r, rd, false);
    else
        finish_narrow(r, rd, rd);
}

static void unary(struct rv *r)
{
    const struct ir_insn *insn = r->insn;
    uint32_t rd = rv_target(r), ra = rv_source(r, insn->a, RV_SCRATCH0).reg;
    switch (insn->op) {
    case IR_NEG:
        return negate(r, rd, RV_ZERO, ra);
    case IR_RSUB:
        rv_load_immediate(r, RV_SCRATCH1, (uint64_t)rv_immediate(insn));
        return negate(r, rd, RV_SCRATCH1, ra);
    case IR_SEXT:
    case IR_ZEXT:
        if (IR_FROM(insn) == 4 && insn->size == 4)
            return finish_narrow(r, rd, ra);
        return extend(r, rd, ra, IR_FROM(insn), insn->op == IR_SEXT);
    case IR_BSWAP:
        return byte_swap(r, ra);
    default:
        return bit_field(r, rd, ra);
    }
}

void rv_alu(struct rv *r)
{
    switch (r->insn->op) {
    case IR_MOV:
        return move(r);
    case IR_ADD:
    case IR_SUB:
        return add_or_subtract(r);
    case IR_MUL:
        return multiply(r);
    case IR_AND:
    case IR_OR:
    case IR_XOR:
        return logical(r);
    case IR_SHL:
    case IR_SHR:
    case IR_SAR:
        return shift(r);
    case IR_ROL:
        return rotate(r);
    case IR_MULHI:
    case IR_SMULHI: {
        uint32_t rd = rv_target(r), ra = rv_source(r, r->insn->a, RV_SCRATCH0).reg;
        uint32_t base = r->insn->op == IR_MULHI ? RV_MULHU : RV_MULH;
        rv_put(r, rv_r(base, rd, ra, rv_source_b(r, RV_SCRATCH1).reg));
        return rv_finish(r, rd, false);
    }
    case IR_DIV:
    case IR_MOD:
    case IR_SDIV:
    case IR_SMOD:
        return divide(r);
    default:
        return unary(r);
    }
}
