/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* How many low bits of each register may be set: the least fixed point over all that write it, from
 * "none" upwards. */
#include <axiom/errno.h>

#include "simplify.h"

static uint32_t bit_length(uint64_t value)
{
    return value == 0 ? 0 : 64u - (uint32_t)__builtin_clzll(value);
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t width_a(const struct simplifier *s, const struct ir_insn *insn)
{
    return smaller(s->width[insn->a], lower_bits(insn));
}

static uint32_t width_b(const struct simplifier *s, const struct ir_insn *insn)
{
    if (insn->b != IR_NONE)
        return smaller(s->width[insn->b], lower_bits(insn));
    return bit_length(insn->size == 4 ? (uint32_t)insn->imm : (uint64_t)insn->imm);
}

static uint32_t width_of_shift(const struct simplifier *s, const struct ir_insn *insn)
{
    uint32_t bits = lower_bits(insn), width = width_a(s, insn);
    if (insn->b != IR_NONE)
        return insn->op == IR_SHR ? width : bits;
    uint32_t count = (uint32_t)insn->imm & (bits - 1);
    if (insn->op == IR_SHR)
        return width > count ? width - count : 0;
    return smaller(width + count, bits);
}

uint32_t width_of_result(const struct simplifier *s, const struct ir_insn *insn)
{
    uint32_t bits = lower_bits(insn);
    switch ((enum ir_op)insn->op) {
    case IR_MOV:
        return insn->a == IR_NONE ? bit_length((uint64_t)insn->imm) : width_a(s, insn);
    case IR_AND:
        return smaller(width_a(s, insn), width_b(s, insn));
    case IR_OR:
    case IR_XOR: {
        uint32_t a = width_a(s, insn), b = width_b(s, insn);
        return a > b ? a : b;
    }
    case IR_SHL:
    case IR_SHR:
        return width_of_shift(s, insn);
    case IR_DIV:
    case IR_MOD:
        return width_a(s, insn);
    case IR_ADD:
    case IR_SUB:
    case IR_MUL:
    case IR_SAR:
    case IR_ROL:
    case IR_RSUB:
    case IR_SDIV:
    case IR_SMOD:
    case IR_NEG:
    case IR_SEXT:
        return bits;
    case IR_ZEXT:
        return IR_FROM(insn) * 8u;
    case IR_BSWAP:
    case IR_LOAD_ACQUIRE:
        return bits;
    case IR_LOAD:
        return (insn->flags & IR_SIGNED) != 0 ? 64 : bits;
    case IR_SET:
        return 1;
    case IR_SELECT:
        return s->width[insn->c] > s->width[insn->d] ? s->width[insn->c] : s->width[insn->d];
    case IR_ATOMIC_ADD:
    case IR_ATOMIC_AND:
    case IR_ATOMIC_OR:
    case IR_ATOMIC_XOR:
    case IR_ATOMIC_XCHG:
    case IR_ATOMIC_CMPXCHG:
        return bits;
    default:
        return 64;
    }
}

/* Each block can be reached by a way that only goes forward in the list: so what comes before it on
 * every way stands before it. 1, 0; -ENOMEM. */
static int is_in_order(const struct lower *f)
{
    uint8_t *reached = f->block_count == 1 ? NULL : lower_alloc(f->pass, f->block_count, 1);
    if (f->block_count == 1 || reached == NULL)
        return f->block_count == 1 ? 1 : -ENOMEM;
    for (uint32_t block = 0; block < f->block_count; block++) {
        uint32_t to[2];
        uint32_t count = lower_successors(f, block, to);
        if (block != 0 && reached[block] == 0)
            return 0;
        for (uint32_t i = 0; i < count; i++)
            reached[to[i]] |= to[i] > block;
    }
    return 1;
}

int find_widths(struct simplifier *s)
{
    enum { ROUNDS = 40 };
    const struct lower *f = s->f;
    int in_order = is_in_order(f);
    if (in_order < 0)
        return in_order;
    for (uint32_t i = 0; i < IR_ARG_COUNT; i++) {
        if (f->params[i] != IR_NONE)
            s->width[f->params[i]] = 64;
    }
    bool changed = true;
    for (uint32_t round = 0; changed && round < ROUNDS; round++) {
        changed = false;
        for (uint32_t i = 0; i < f->insn_count; i++) {
            const struct ir_insn *insn = &f->insns[i];
            if (insn->dst == IR_NONE)
                continue;
            uint32_t width = width_of_result(s, insn);
            if (width > s->width[insn->dst]) {
                if (round >= 3) /* around a loop: in large steps */
                    width = width <= 8 ? 8 : width <= 16 ? 16 : width <= 32 ? 32 : 64;
                s->width[insn->dst] = (uint8_t)width;
                /* The only definition comes before all uses (webs.c): nobody has read less. */
                changed |= in_order == 0 || s->def_count[insn->dst] != 1;
            }
        }
    }
    if (changed) { /* shifts around in circles: nothing is known then */
        for (ir_place p = 0; p < f->place_count; p++)
            s->width[p] = 64;
    }
    return 0;
}
