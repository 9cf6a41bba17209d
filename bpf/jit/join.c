/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Loads of neighbouring pieces that are put together become one load: what a C compiler leaves of a
 * field that may lie at any address, since BPF's loads are aligned.
 *
 * x | y << 8 n of n bytes each, y from behind x, is the 2 n bytes there; the other way round the same
 * with bytes swapped. Pieces of two become pieces of four and eight as they come. The wide load stands
 * where the pieces are put together: both must have been loaded in the same block, with nothing
 * between that writes memory. */
#include "simplify.h"

/* Bytes of memory in a register, zero-extended. */
struct piece {
    const struct ir_insn *load;
    uint32_t size;
    bool swapped; /* one byte is both */
};

static bool piece_of(const struct simplifier *s, ir_place place, struct piece *piece)
{
    const struct ir_insn *def = value_of(s, place);
    piece->swapped = def != NULL && def->op == IR_BSWAP;
    if (piece->swapped) {
        uint32_t size = def->size;
        if (!still_holds(s, def, def->a))
            return false;
        def = value_of(s, def->a);
        if (def == NULL || def->op != IR_LOAD || def->size != size)
            return false;
    }
    if (def == NULL || def->op != IR_LOAD || (def->flags & IR_SIGNED) != 0 ||
        (uint32_t)(def - s->f->insns) < s->memory_since || !still_holds(s, def, def->a) ||
        (def->b != IR_NONE && !still_holds(s, def, def->b)))
        return false;
    piece->load = def;
    piece->size = def->size;
    return true;
}

static bool same_place(const struct ir_insn *x, const struct ir_insn *y)
{
    return x->a == y->a && x->b == y->b && (x->b == IR_NONE || x->scale == y->scale);
}

/* `high` is shifted by as many bits as `low` has: one load that ends in insn->dst; false: none. */
static bool join(struct simplifier *s, struct ir_insn *insn, const struct piece *low,
                 const struct piece *high)
{
    uint32_t size = low->size;
    if (high->size != size || size > 4 || size * 2 > insn->size ||
        !same_place(low->load, high->load) || (size > 1 && low->swapped != high->swapped))
        return false;
    int64_t step = (int64_t)high->load->disp - low->load->disp;
    bool in_order = step == (int64_t)size && !(size > 1 && low->swapped);
    bool swapped = step == -(int64_t)size && (size == 1 || low->swapped);
    if (!in_order && !swapped)
        return false;
    struct ir_insn load = in_order ? *low->load : *high->load;
    load.size = (uint8_t)(size * 2);
    if (in_order) {
        load.dst = insn->dst;
        *insn = load;
        return true;
    }
    load.dst = simplify_new(s, size * 16);
    simplify_emit(s, &load);
    *insn = (struct ir_insn){ .op = IR_BSWAP,
                              .size = load.size,
                              .dst = insn->dst,
                              .a = load.dst,
                              .b = IR_NONE,
                              .c = IR_NONE,
                              .d = IR_NONE };
    return true;
}

bool simplify_join(struct simplifier *s, struct ir_insn *insn)
{
    if ((s->f->target->features & IR_UNALIGNED) == 0 || insn->b == IR_NONE)
        return false;
    for (uint32_t turn = 0; turn < 2; turn++) {
        ir_place lower = turn == 0 ? insn->a : insn->b, upper = turn == 0 ? insn->b : insn->a;
        const struct ir_insn *shift = value_of(s, upper);
        struct piece low, high;
        if (shift == NULL || shift->op != IR_SHL || shift->b != IR_NONE ||
            !still_holds(s, shift, shift->a) || !piece_of(s, lower, &low) ||
            !piece_of(s, shift->a, &high))
            continue;
        uint64_t count = (uint64_t)shift->imm & (lower_bits(shift) - 1);
        if (count == low.size * 8u && low.size * 2 <= shift->size && join(s, insn, &low, &high))
            return true;
    }
    return false;
}
