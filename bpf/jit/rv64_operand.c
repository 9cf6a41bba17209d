/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Constants and places on RISC-V 64. */
#include "blind.h"
#include "rv64_encoder.h"

/* --- Constants ---
 * 32 bits are LUI and ADDIW. More: the upper part, made the same way, shifted, and 12 bits added.
 * Zeros or ones on top can instead come from a right shift of something cheaper. rd == RV_ZERO only
 * counts. */

static int64_t low12(uint64_t value)
{
    return (int64_t)(value << 52) >> 52;
}

static uint32_t signed_constant(struct rv *r, uint32_t rd, int64_t value)
{
    bool emits = rd != RV_ZERO;
    if (rv_fits_signed(value, 12)) {
        if (emits)
            rv_put(r, rv_i(RV_ADDI, rd, RV_ZERO, value));
        return 1;
    }
    int64_t low = low12((uint64_t)value);
    if (value == (int32_t)value) {
        /* LUI of what overflows to the negative side is mended by ADDIW, which wraps. */
        int32_t high = (int32_t)((uint32_t)(value - low)) >> 12;
        if (emits) {
            rv_put(r, rv_lui(rd, high));
            if (low != 0)
                rv_put(r, rv_i(RV_ADDIW, rd, rd, low));
        }
        return low != 0 ? 2 : 1;
    }
    int64_t rest = (int64_t)((uint64_t)value - (uint64_t)low) >> 12;
    uint32_t shift = 12;
    while ((rest & 1) == 0) {
        rest >>= 1;
        shift++;
    }
    uint32_t count = signed_constant(r, rd, rest) + 1;
    if (emits) {
        rv_put(r, rv_shift(RV_SLLI, rd, rd, shift));
        if (low != 0)
            rv_put(r, rv_i(RV_ADDI, rd, rd, low));
    }
    return count + (low != 0);
}

static uint32_t leading_zeros(uint64_t value)
{
    uint32_t count = 0;
    while (count < 64 && (value >> (63 - count) & 1) == 0)
        count++;
    return count;
}

void rv_constant(struct rv *r, uint32_t rd, uint64_t value)
{
    uint32_t zeros = leading_zeros(value), best = signed_constant(r, RV_ZERO, (int64_t)value);
    if (zeros == 0 || zeros == 64 || best <= 2) {
        signed_constant(r, rd, (int64_t)value);
        return;
    }
    uint64_t shifted = value << zeros, filled = shifted | ((UINT64_C(1) << zeros) - 1);
    uint64_t source =
        signed_constant(r, RV_ZERO, (int64_t)shifted) < signed_constant(r, RV_ZERO, (int64_t)filled)
            ? shifted
            : filled;
    if (signed_constant(r, RV_ZERO, (int64_t)source) + 1 < best) {
        signed_constant(r, rd, (int64_t)source);
        rv_put(r, rv_shift(RV_SRLI, rd, rd, zeros));
    } else {
        signed_constant(r, rd, (int64_t)value);
    }
}

bool rv_is_blinded(const struct rv *r)
{
    return blind_wanted(r->form, r->insn);
}

int64_t rv_immediate(const struct ir_insn *insn)
{
    return insn->size == 8 ? insn->imm : (int32_t)insn->imm;
}

void rv_load_immediate(struct rv *r, uint32_t rd, uint64_t value)
{
    if (!rv_is_blinded(r)) {
        rv_constant(r, rd, value);
        return;
    }
    uint64_t mask = blind_mask_of(r->form, r->function, r->function_number, r->insn, value);
    rv_constant(r, rd, value ^ mask);
    rv_constant(r, RV_SCRATCH4, mask);
    rv_put(r, rv_r(RV_XOR, rd, rd, RV_SCRATCH4));
}

/* --- Places --- */

/* A load or store of a slot; rv_i() bases are loads. */
static void access_slot(struct rv *r, uint32_t base, ir_place slot, uint32_t reg)
{
    int64_t offset = (int64_t)IR_SLOT_NUMBER(slot) * 8;
    uint32_t at = RV_SP;
    if (!rv_fits_signed(offset, 12)) {
        rv_constant(r, RV_SCRATCH4, (uint64_t)offset);
        rv_put(r, rv_r(RV_ADD, RV_SCRATCH4, RV_SCRATCH4, RV_SP));
        at = RV_SCRATCH4;
        offset = 0;
    }
    rv_put(r, base == RV_SD ? rv_s(base, at, reg, offset) : rv_i(base, reg, at, offset));
}

struct rv_operand rv_source(struct rv *r, ir_place place, uint32_t scratch)
{
    if (!IR_IS_SLOT(place))
        return (struct rv_operand){ place, (r->zero_upper >> place & 1) != 0 };
    bool narrow = r->insn->size == 4;
    access_slot(r, narrow ? RV_LWU : RV_LD, place, scratch);
    return (struct rv_operand){ scratch, narrow };
}

struct rv_operand rv_source_b(struct rv *r, uint32_t scratch)
{
    if (r->insn->b != IR_NONE)
        return rv_source(r, r->insn->b, scratch);
    int64_t imm = rv_immediate(r->insn);
    if (imm == 0)
        return (struct rv_operand){ RV_ZERO, true };
    rv_load_immediate(r, scratch, (uint64_t)imm);
    return (struct rv_operand){ scratch, imm > 0 && imm <= UINT32_MAX };
}

uint32_t rv_target(const struct rv *r)
{
    return IR_IS_SLOT(r->insn->dst) || r->insn->dst == IR_NONE ? RV_SCRATCH0 : r->insn->dst;
}

static void note(struct rv *r, uint32_t reg, bool zero_upper)
{
    r->zero_upper = (r->zero_upper & ~(1u << reg)) | (zero_upper ? 1u << reg : 0);
}

void rv_finish(struct rv *r, uint32_t rd, bool zero_upper)
{
    ir_place dst = r->insn->dst;
    if (dst == IR_NONE)
        return;
    if (IR_IS_SLOT(dst)) {
        access_slot(r, RV_SD, dst, rd);
        return;
    }
    if (dst != rd)
        rv_put(r, rv_mv(dst, rd));
    note(r, dst, zero_upper);
}

void rv_zero_extend(struct rv *r, uint32_t rd, uint32_t rs)
{
    if (rv_has(r, IR_CPU_ZBA)) {
        rv_put(r, rv_r(RV_ADD_UW, rd, rs, RV_ZERO));
        return;
    }
    rv_put(r, rv_shift(RV_SLLI, rd, rs, 32));
    rv_put(r, rv_shift(RV_SRLI, rd, rd, 32));
}

void rv_move(struct rv *r, ir_place to, ir_place from)
{
    if (to == from)
        return;
    if (IR_IS_SLOT(to)) {
        if (IR_IS_SLOT(from)) {
            access_slot(r, RV_LD, from, RV_SCRATCH0);
            from = RV_SCRATCH0;
        }
        access_slot(r, RV_SD, to, from);
    } else if (IR_IS_SLOT(from)) {
        access_slot(r, RV_LD, from, to);
        note(r, to, false);
    } else {
        rv_put(r, rv_mv(to, from));
        note(r, to, (r->zero_upper >> from & 1) != 0);
    }
}

void rv_add_constant(struct rv *r, uint32_t rd, uint32_t rs, int64_t distance)
{
    if (rv_fits_signed(distance, 12)) {
        rv_put(r, rv_i(RV_ADDI, rd, rs, distance));
        return;
    }
    rv_constant(r, RV_SCRATCH4, (uint64_t)distance);
    rv_put(r, rv_r(RV_ADD, rd, rs, RV_SCRATCH4));
}
