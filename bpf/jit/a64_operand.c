/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Constants and places on AArch64. */
#include "a64_encoder.h"
#include "blind.h"

/* 16-bit pieces of the low `bits` that are not `filler`. */
static uint32_t pieces_other_than(uint64_t value, uint32_t bits, uint16_t filler)
{
    uint32_t count = 0;
    for (uint32_t at = 0; at < bits; at += 16)
        count += (uint16_t)(value >> at) != filler;
    return count;
}

/* MOVZ or MOVN of the first piece that differs from the filler, MOVK of the others (C6.2, the alias
 * MOV). */
static void move_pieces(struct a64 *a, bool wide, uint32_t rd, uint64_t value, bool inverted)
{
    uint16_t filler = inverted ? 0xffff : 0;
    bool first = true;
    for (uint32_t part = 0; part < (wide ? 4u : 2u); part++) {
        uint16_t piece = (uint16_t)(value >> part * 16);
        if (piece == filler)
            continue;
        if (!first)
            a64_put(a, a64_movk(wide, rd, piece, part));
        else if (inverted)
            a64_put(a, a64_movn(wide, rd, (uint16_t)~piece, part));
        else
            a64_put(a, a64_movz(wide, rd, piece, part));
        first = false;
    }
    if (first)
        a64_put(a, inverted ? a64_movn(wide, rd, 0, 0) : a64_movz(wide, rd, 0, 0));
}

void a64_constant(struct a64 *a, uint32_t rd, uint64_t value)
{
    bool wide = value >> 32 != 0;
    uint32_t bits = wide ? 64 : 32, field;
    uint32_t plain = pieces_other_than(value, bits, 0);
    uint32_t inverted = pieces_other_than(value, bits, 0xffff);
    if (plain > 1 && inverted > 1 && a64_bitmask(wide, value, &field))
        a64_put(a, a64_orr_imm(wide, rd, A64_ZR, value));
    else
        move_pieces(a, wide, rd, value, inverted < plain);
}

uint64_t a64_immediate(const struct ir_insn *insn)
{
    return insn->size == 8 ? (uint64_t)insn->imm : (uint32_t)insn->imm;
}

bool a64_is_blinded(const struct a64 *a)
{
    return blind_wanted(a->form, a->insn);
}

void a64_load_immediate(struct a64 *a, uint32_t rd)
{
    uint64_t value = a64_immediate(a->insn);
    if (!a64_is_blinded(a)) {
        a64_constant(a, rd, value);
        return;
    }
    uint64_t mask = blind_mask_of(a->form, a->function, a->function_number, a->insn, value);
    a64_constant(a, rd, value ^ mask);
    a64_constant(a, A64_S4, mask);
    a64_put(a, a64_reg3(A64_EOR, true, rd, rd, A64_S4));
}

static void access_slot(struct a64 *a, enum a64_load load, ir_place slot, uint32_t reg)
{
    int64_t offset = (int64_t)IR_SLOT_NUMBER(slot) * 8;
    if (a64_is_scaled(3, offset)) {
        a64_put(a, a64_access_scaled(3, load, reg, A64_SP, offset));
        return;
    }
    a64_constant(a, A64_S4, (uint64_t)offset);
    a64_put(a, a64_access_register(3, load, reg, A64_SP, A64_S4, A64_UXTX, false));
}

uint32_t a64_source(struct a64 *a, ir_place place, uint32_t scratch)
{
    if (!IR_IS_SLOT(place))
        return place;
    access_slot(a, A64_LOAD, place, scratch);
    return scratch;
}

uint32_t a64_source_b(struct a64 *a, uint32_t scratch)
{
    if (a->insn->b != IR_NONE)
        return a64_source(a, a->insn->b, scratch);
    a64_load_immediate(a, scratch);
    return scratch;
}

uint32_t a64_target(const struct a64 *a)
{
    return IR_IS_SLOT(a->insn->dst) || a->insn->dst == IR_NONE ? A64_S0 : a->insn->dst;
}

void a64_finish(struct a64 *a, uint32_t rd)
{
    ir_place dst = a->insn->dst;
    if (IR_IS_SLOT(dst))
        access_slot(a, A64_STORE, dst, rd);
    else if (dst != IR_NONE && dst != rd)
        a64_put(a, a64_mov(true, dst, rd));
}

void a64_move(struct a64 *a, ir_place to, ir_place from)
{
    if (to == from)
        return;
    if (IR_IS_SLOT(to))
        access_slot(a, A64_STORE, to, a64_source(a, from, A64_S0));
    else if (IR_IS_SLOT(from))
        access_slot(a, A64_LOAD, from, to);
    else
        a64_put(a, a64_mov(true, to, from));
}

void a64_add_constant(struct a64 *a, bool wide, uint32_t rd, uint32_t rn, int64_t distance)
{
    uint64_t size = distance < 0 ? 0 - (uint64_t)distance : (uint64_t)distance;
    if (size >= 0x1000000) {
        a64_constant(a, A64_S1, wide ? (uint64_t)distance : (uint32_t)distance);
        a64_put(a, a64_reg3(A64_ADD, wide, rd, rn, A64_S1));
        return;
    }
    uint64_t low = a64_is_add_imm(size) ? size : size & 0xfff, high = size - low;
    if (high != 0) {
        a64_put(a,
                distance < 0 ? a64_sub_imm(wide, rd, rn, high) : a64_add_imm(wide, rd, rn, high));
        rn = rd;
    }
    a64_put(a, distance < 0 ? a64_sub_imm(wide, rd, rn, low) : a64_add_imm(wide, rd, rn, low));
}
