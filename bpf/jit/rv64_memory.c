/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Memory on RISC-V 64. Addresses are a register and 12 bits; the rest is added before. Ordering is
 * that of the manual's table A.6 ("Mappings from C/C++ primitives to RISC-V primitives"). */
#include "rv64_encoder.h"

struct address {
    uint32_t base;
    int64_t offset;
};

/* rd = base + (index << scale) */
static void add_index(struct rv *r, uint32_t rd, uint32_t base, uint32_t index, uint32_t scale)
{
    static const uint32_t with_zba[] = { RV_ADD, RV_SH1ADD, RV_SH2ADD, RV_SH3ADD };
    if (scale == 0 || (scale <= 3 && rv_has(r, IR_CPU_ZBA))) {
        rv_put(r, rv_r(with_zba[scale], rd, index, base));
        return;
    }
    rv_put(r, rv_shift(RV_SLLI, RV_SCRATCH1, index, scale));
    rv_put(r, rv_r(RV_ADD, rd, base, RV_SCRATCH1));
}

/* An address is 64 bits, whatever is accessed there. */
static uint32_t whole(struct rv *r, ir_place place, uint32_t scratch)
{
    if (!IR_IS_SLOT(place))
        return place;
    rv_move(r, scratch, place);
    return scratch;
}

/* Uses S0, S1, S4. */
static struct address address_of(struct rv *r)
{
    const struct ir_insn *insn = r->insn;
    struct address at = { whole(r, insn->a, RV_SCRATCH0), insn->disp };
    if (insn->b != IR_NONE) {
        add_index(r, RV_SCRATCH0, at.base, whole(r, insn->b, RV_SCRATCH1), insn->scale);
        at.base = RV_SCRATCH0;
    }
    if (rv_fits_signed(at.offset, 12))
        return at;
    int64_t low = (int64_t)((uint64_t)at.offset << 52) >> 52, high = (at.offset - low) >> 12;
    if (rv_fits_signed(high, 20)) {
        rv_put(r, rv_lui(RV_SCRATCH4, (int32_t)high));
        rv_put(r, rv_r(RV_ADD, RV_SCRATCH0, at.base, RV_SCRATCH4));
        return (struct address){ RV_SCRATCH0, low };
    }
    rv_add_constant(r, RV_SCRATCH0, at.base, at.offset);
    return (struct address){ RV_SCRATCH0, 0 };
}

static void load(struct rv *r)
{
    const struct ir_insn *insn = r->insn;
    static const uint32_t zero_extends[] = { 0, RV_LBU, RV_LHU, 0, RV_LWU, 0, 0, 0, RV_LD };
    static const uint32_t sign_extends[] = { 0, RV_LB, RV_LH, 0, RV_LW, 0, 0, 0, RV_LD };
    bool extends = (insn->flags & IR_SIGNED) != 0;
    uint32_t rd = rv_target(r);
    struct address at = address_of(r);
    rv_put(r, rv_i((extends ? sign_extends : zero_extends)[insn->size], rd, at.base, at.offset));
    rv_finish(r, rd, !extends && insn->size < 8);
}

/* c, or the immediate, of which only the low `size` bytes count. */
static uint32_t stored_value(struct rv *r, uint32_t scratch)
{
    const struct ir_insn *insn = r->insn;
    if (insn->c != IR_NONE)
        return whole(r, insn->c, scratch);
    uint32_t unused = 64 - insn->size * 8u;
    int64_t value = (int64_t)((uint64_t)insn->imm << unused) >> unused;
    if (value == 0)
        return RV_ZERO;
    rv_load_immediate(r, scratch, (uint64_t)value);
    return scratch;
}

static void store(struct rv *r)
{
    static const uint32_t bases[] = { 0, RV_SB, RV_SH, 0, RV_SW, 0, 0, 0, RV_SD };
    struct address at = address_of(r);
    rv_put(r, rv_s(bases[r->insn->size], at.base, stored_value(r, RV_SCRATCH2), at.offset));
}

static void add_to_memory(struct rv *r)
{
    const struct ir_insn *insn = r->insn;
    bool wide = rv_wide(insn);
    struct address at = address_of(r);
    rv_put(r, rv_i(wide ? RV_LD : RV_LW, RV_SCRATCH2, at.base, at.offset));
    rv_add_constant(r, RV_SCRATCH2, RV_SCRATCH2, insn->imm);
    rv_put(r, rv_s(wide ? RV_SD : RV_SW, at.base, RV_SCRATCH2, at.offset));
}

static void effective_address(struct rv *r)
{
    const struct ir_insn *insn = r->insn;
    uint32_t rd = rv_target(r), base = whole(r, insn->a, RV_SCRATCH0);
    if (insn->b != IR_NONE) {
        add_index(r, rd, base, whole(r, insn->b, RV_SCRATCH1), insn->scale);
        base = rd;
    }
    if (insn->disp != 0 || base != rd)
        rv_add_constant(r, rd, base, insn->disp);
    rv_finish(r, rd, false);
}

/* --- Atomics --- */

/* a + disp as one register. */
static uint32_t plain_address(struct rv *r)
{
    uint32_t base = whole(r, r->insn->a, RV_SCRATCH0);
    if (r->insn->disp == 0)
        return base;
    rv_add_constant(r, RV_SCRATCH0, base, r->insn->disp);
    return RV_SCRATCH0;
}

/* The old value in S2: the W forms sign-extend it. */
static void finish_old(struct rv *r)
{
    if (r->insn->dst == IR_NONE)
        return;
    if (!rv_wide(r->insn))
        rv_zero_extend(r, RV_SCRATCH2, RV_SCRATCH2);
    rv_finish(r, RV_SCRATCH2, !rv_wide(r->insn));
}

/* LR.W gives its word sign-extended; so must be what it is compared with. */
static void compare_exchange(struct rv *r)
{
    const struct ir_insn *insn = r->insn;
    bool wide = rv_wide(insn);
    uint32_t at = plain_address(r), expected = whole(r, insn->b, RV_SCRATCH1);
    if (!wide) {
        rv_put(r, rv_i(RV_ADDIW, RV_SCRATCH1, expected, 0));
        expected = RV_SCRATCH1;
    }
    uint32_t value = whole(r, insn->c, RV_SCRATCH3);
    rv_put(r, rv_amo(RV_LR, wide, true, true, RV_SCRATCH2, at, 0));
    rv_put(r, rv_branch(RV_BNE, RV_SCRATCH2, expected, 12));
    rv_put(r, rv_amo(RV_SC, wide, false, true, RV_SCRATCH4, at, value));
    rv_put(r, rv_branch(RV_BNE, RV_SCRATCH4, RV_ZERO, -12));
    finish_old(r);
}

static void atomic(struct rv *r)
{
    static const uint32_t bases[] = { RV_AMOADD, RV_AMOAND, RV_AMOOR, RV_AMOXOR, RV_AMOSWAP };
    uint32_t at = plain_address(r), operand = stored_value(r, RV_SCRATCH1);
    uint32_t old = r->insn->dst == IR_NONE ? (uint32_t)RV_ZERO : RV_SCRATCH2;
    rv_put(r, rv_amo(bases[r->insn->op - (uint32_t)IR_ATOMIC_ADD], rv_wide(r->insn), true, true,
                     old, at, operand));
    finish_old(r);
}

void rv_memory(struct rv *r)
{
    switch (r->insn->op) {
    case IR_LEA:
        return effective_address(r);
    case IR_LOAD:
        return load(r);
    case IR_STORE:
        return store(r);
    case IR_ADD_MEMORY:
        return add_to_memory(r);
    case IR_ATOMIC_CMPXCHG:
        return compare_exchange(r);
    case IR_LOAD_ACQUIRE:
        load(r);
        rv_put(r, rv_fence(RV_FENCE_R, RV_FENCE_RW));
        return;
    case IR_STORE_RELEASE:
        rv_put(r, rv_fence(RV_FENCE_RW, RV_FENCE_W));
        return store(r);
    default:
        return atomic(r);
    }
}
