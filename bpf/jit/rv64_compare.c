/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Comparisons on RISC-V 64: no flags, each branch compares two registers.
 *
 * 32-bit operands are sign-extended before unless that cannot change the answer: sign extension
 * keeps the unsigned order of 32-bit numbers too, and what is zero-extended on both sides compares
 * as it stands, signed conditions aside. */
#include "rv64_encoder.h"

static bool is_signed(uint32_t cond)
{
    return cond >= IR_LTS && cond <= IR_GTS;
}

static uint32_t sign_extended(struct rv *r, uint32_t reg, uint32_t scratch)
{
    if (reg == RV_ZERO)
        return reg;
    rv_put(r, rv_i(RV_ADDIW, scratch, reg, 0));
    return scratch;
}

/* S0 = a & b, extended so that 0 means none of the bits that count. */
static uint32_t tested_bits(struct rv *r)
{
    const struct ir_insn *insn = r->insn;
    struct rv_operand a = rv_source(r, insn->a, RV_SCRATCH0), b;
    int64_t imm = rv_immediate(insn);
    if (insn->b == IR_NONE && !rv_is_blinded(r) && rv_fits_signed(imm, 12)) {
        rv_put(r, rv_i(RV_ANDI, RV_SCRATCH0, a.reg, imm));
        b.zero_upper = imm >= 0;
    } else {
        b = rv_source_b(r, RV_SCRATCH1);
        rv_put(r, rv_r(RV_AND, RV_SCRATCH0, a.reg, b.reg));
    }
    if (!rv_wide(insn) && !a.zero_upper && !b.zero_upper)
        return sign_extended(r, RV_SCRATCH0, RV_SCRATCH0);
    return RV_SCRATCH0;
}

struct rv_condition rv_compare(struct rv *r)
{
    static const struct {
        uint32_t base;
        bool swaps;
    } branches[] = {
        [IR_EQ] = { RV_BEQ, false },   [IR_NE] = { RV_BNE, false },
        [IR_LTU] = { RV_BLTU, false }, [IR_GEU] = { RV_BGEU, false },
        [IR_LEU] = { RV_BGEU, true },  [IR_GTU] = { RV_BLTU, true },
        [IR_LTS] = { RV_BLT, false },  [IR_GES] = { RV_BGE, false },
        [IR_LES] = { RV_BGE, true },   [IR_GTS] = { RV_BLT, true },
        [IR_TEST] = { RV_BNE, false }, [IR_NOT_TEST] = { RV_BEQ, false },
    };
    const struct ir_insn *insn = r->insn;
    uint32_t cond = insn->cond, base = branches[cond].base;
    if (cond == IR_TEST || cond == IR_NOT_TEST)
        return (struct rv_condition){ base, tested_bits(r), RV_ZERO };
    struct rv_operand a = rv_source(r, insn->a, RV_SCRATCH0), b;
    bool constant = insn->b == IR_NONE, narrow = !rv_wide(insn);
    if (constant && narrow && a.zero_upper && !is_signed(cond) && rv_immediate(insn) != 0) {
        rv_load_immediate(r, RV_SCRATCH1, (uint32_t)insn->imm);
        b = (struct rv_operand){ RV_SCRATCH1, true };
    } else {
        b = rv_source_b(r, RV_SCRATCH1);
    }
    if (narrow && (is_signed(cond) || !a.zero_upper || !b.zero_upper)) {
        a.reg = sign_extended(r, a.reg, RV_SCRATCH0);
        if (!constant)
            b.reg = sign_extended(r, b.reg, RV_SCRATCH1);
    }
    return branches[cond].swaps ? (struct rv_condition){ base, b.reg, a.reg }
                                : (struct rv_condition){ base, a.reg, b.reg };
}

/* rd = the condition as 1 or 0. */
static void truth(struct rv *r, uint32_t rd, struct rv_condition c)
{
    bool inverted = (c.base & RV_F(1, 12)) != 0; /* BNE, BGE, BGEU */
    if (c.base == RV_BEQ || c.base == RV_BNE) {
        uint32_t difference = c.rs1;
        if (c.rs2 != RV_ZERO) {
            rv_put(r, rv_r(RV_XOR, RV_SCRATCH0, c.rs1, c.rs2));
            difference = RV_SCRATCH0;
        }
        rv_put(r, inverted ? rv_r(RV_SLTU, rd, RV_ZERO, difference)
                           : rv_i(RV_SLTIU, rd, difference, 1));
        return;
    }
    bool is_unsigned = c.base == RV_BLTU || c.base == RV_BGEU;
    rv_put(r, rv_r(is_unsigned ? RV_SLTU : RV_SLT, rd, c.rs1, c.rs2));
    if (inverted)
        rv_put(r, rv_i(RV_XORI, rd, rd, 1));
}

void rv_set(struct rv *r)
{
    uint32_t rd = rv_target(r);
    truth(r, rd, rv_compare(r));
    rv_finish(r, rd, true);
}

/* All 64 bits of c and d are moved, also after a 32-bit comparison. */
static uint32_t whole(struct rv *r, ir_place place, uint32_t scratch)
{
    if (!IR_IS_SLOT(place))
        return place;
    rv_move(r, scratch, place);
    return scratch;
}

static bool upper_is_zero(const struct rv *r, ir_place place)
{
    return !IR_IS_SLOT(place) && (r->zero_upper >> place & 1) != 0;
}

/* Without Zicond: a branch over a move. */
static void select_by_branch(struct rv *r, struct rv_condition c, uint32_t rd, uint32_t yes,
                             uint32_t no)
{
    if (rd == no) {
        rv_put(r, rv_branch(rv_invert(c.base), c.rs1, c.rs2, 8));
        rv_put(r, rv_mv(rd, yes));
        return;
    }
    if (rd != yes && (rd == c.rs1 || rd == c.rs2)) { /* the comparison still needs it */
        rv_put(r, rv_branch(c.base, c.rs1, c.rs2, 12));
        rv_put(r, rv_mv(rd, no));
        rv_put(r, rv_jal(RV_ZERO, 8));
        rv_put(r, rv_mv(rd, yes));
        return;
    }
    if (rd != yes)
        rv_put(r, rv_mv(rd, yes));
    rv_put(r, rv_branch(c.base, c.rs1, c.rs2, 8));
    rv_put(r, rv_mv(rd, no));
}

void rv_select(struct rv *r)
{
    const struct ir_insn *insn = r->insn;
    bool zero_upper = upper_is_zero(r, insn->c) && upper_is_zero(r, insn->d);
    struct rv_condition c = rv_compare(r);
    uint32_t yes = whole(r, insn->c, RV_SCRATCH2), no = whole(r, insn->d, RV_SCRATCH3),
             rd = rv_target(r);
    if (rv_has(r, IR_CPU_ZICOND)) {
        truth(r, RV_SCRATCH0, c);
        rv_put(r, rv_r(RV_CZERO_EQZ, RV_SCRATCH2, yes, RV_SCRATCH0));
        rv_put(r, rv_r(RV_CZERO_NEZ, RV_SCRATCH3, no, RV_SCRATCH0));
        rv_put(r, rv_r(RV_OR, rd, RV_SCRATCH2, RV_SCRATCH3));
    } else {
        select_by_branch(r, c, rd, yes, no);
    }
    rv_finish(r, rd, zero_upper);
}
