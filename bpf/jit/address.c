/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Addresses: additions and shifts that the target's addressing does by itself. */
#include "simplify.h"

static bool has(const struct simplifier *s, uint32_t feature)
{
    return (s->f->target->features & feature) != 0;
}

static bool disp_fits(const struct simplifier *s, const struct ir_insn *insn, int64_t disp)
{
    if (insn->b != IR_NONE && disp != 0 && !has(s, IR_INDEX_DISP))
        return false;
    return disp >= s->f->target->disp_min && disp <= s->f->target->disp_max;
}

static bool scale_fits(const struct simplifier *s, const struct ir_insn *insn, uint32_t scale)
{
    if (insn->op == IR_LEA)
        return has(s, IR_HAS_LEA_SHIFT) && scale <= 3;
    return scale == 0 || (has(s, IR_INDEX_ANY) && scale <= 3) ||
           (has(s, IR_INDEX_SIZE) && (1u << scale) == insn->size);
}

/* [x + imm] */
static bool fold_constant(const struct simplifier *s, struct ir_insn *insn)
{
    const struct ir_insn *add = made_by(s, insn->a, IR_ADD, 8);
    if (add == NULL || add->b != IR_NONE || add->imm > INT32_MAX || add->imm < INT32_MIN ||
        !disp_fits(s, insn, insn->disp + add->imm))
        return false;
    insn->disp += (int32_t)add->imm;
    insn->a = add->a;
    return true;
}

/* [x + y], [x + (y << n) + disp] */
static bool fold_sum(const struct simplifier *s, struct ir_insn *insn)
{
    if (insn->b != IR_NONE || !has(s, IR_INDEX))
        return false;
    const struct ir_insn *sum = made_by(s, insn->a, IR_ADD, 8);
    if (sum == NULL)
        sum = made_by(s, insn->a, IR_LEA, 8);
    if (sum == NULL || sum->b == IR_NONE || !still_holds(s, sum, sum->b))
        return false;
    struct ir_insn folded = *insn;
    folded.a = sum->a;
    folded.b = sum->b;
    folded.scale = sum->op == IR_LEA ? sum->scale : 0;
    int64_t disp = (int64_t)insn->disp + (sum->op == IR_LEA ? sum->disp : 0);
    if (!disp_fits(s, &folded, disp) || !scale_fits(s, &folded, folded.scale))
        return false;
    folded.disp = (int32_t)disp;
    *insn = folded;
    return true;
}

/* The index is y << n, or y + imm */
static bool fold_index(const struct simplifier *s, struct ir_insn *insn)
{
    if (insn->b == IR_NONE)
        return false;
    const struct ir_insn *shift = made_by(s, insn->b, IR_SHL, 8);
    if (shift != NULL && shift->b == IR_NONE &&
        scale_fits(s, insn, insn->scale + ((uint32_t)shift->imm & 63))) {
        insn->b = shift->a;
        insn->scale = (uint8_t)(insn->scale + (shift->imm & 63));
        return true;
    }
    const struct ir_insn *add = made_by(s, insn->b, IR_ADD, 8);
    if (add != NULL && add->b == IR_NONE && add->imm <= INT32_MAX / 8 &&
        add->imm >= INT32_MIN / 8 &&
        disp_fits(s, insn, insn->disp + add->imm * (INT64_C(1) << insn->scale))) {
        insn->disp += (int32_t)(add->imm * (INT64_C(1) << insn->scale));
        insn->b = add->a;
        return true;
    }
    if (insn->scale != 0)
        return false;
    const struct ir_insn *base = made_by(s, insn->a, IR_SHL, 8);
    if (base == NULL || base->b != IR_NONE || !scale_fits(s, insn, (uint32_t)base->imm & 63))
        return false;
    insn->a = insn->b;
    insn->b = base->a;
    insn->scale = (uint8_t)(base->imm & 63);
    return true;
}

void simplify_address(struct simplifier *s, struct ir_insn *insn)
{
    for (uint32_t step = 0; step < 6; step++) {
        if (!fold_constant(s, insn) && !fold_sum(s, insn) && !fold_index(s, insn))
            return;
    }
}
