/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Constant blinding for encoders that do not do it themselves: before places are allotted, each
 * constant of the program becomes a value of its own, made of two that are XORed. */
#include <axiom/errno.h>
#include <axiom/string.h>

#include "blind.h"
#include "lower.h"

/* Where the instruction's immediate is an operand, the place that can hold it instead; NULL for
 * those whose immediate is none (counts of shifts have six bits, nobody can write code with them). */
static ir_place *operand_of(struct ir_insn *insn)
{
    switch (insn->op) {
    case IR_MOV:
    case IR_RETURN:
    case IR_RSUB:
        return &insn->a;
    case IR_STORE:
        return &insn->c;
    case IR_SHL:
    case IR_SHR:
    case IR_SAR:
    case IR_ROL:
        return NULL;
    case IR_ADD:
    case IR_SUB:
    case IR_MUL:
    case IR_AND:
    case IR_OR:
    case IR_XOR:
    case IR_DIV:
    case IR_MOD:
    case IR_SDIV:
    case IR_SMOD:
    case IR_SET:
    case IR_SELECT:
    case IR_BRANCH:
        return &insn->b;
    default:
        return NULL;
    }
}

static bool is_wanted(struct ir_insn *insn)
{
    ir_place *operand = operand_of(insn);
    return (insn->flags & IR_BLIND) != 0 && insn->imm != 0 && operand != NULL &&
           (insn->op == IR_RSUB || *operand == IR_NONE);
}

/* Three instructions for one: the two that make the constant, and what uses it. */
static void blind(struct lower *f, const struct ir_insn *insn, uint64_t place, struct ir_insn *to)
{
    uint64_t value =
        insn->size == 8 || insn->op == IR_RETURN ? (uint64_t)insn->imm : (uint32_t)insn->imm;
    uint64_t mask = blind_mask(f->options->blinding_seed, place, value);
    ir_place made = f->place_count++;
    to[0] = (struct ir_insn){ .op = IR_MOV,
                              .size = 8,
                              .dst = made,
                              .a = IR_NONE,
                              .b = IR_NONE,
                              .c = IR_NONE,
                              .d = IR_NONE,
                              .imm = (int64_t)(value ^ mask) };
    to[1] = to[0];
    to[1].op = IR_XOR;
    to[1].a = made;
    to[1].imm = (int64_t)mask;
    to[2] = *insn;
    to[2].flags &= ~(uint32_t)IR_BLIND;
    if (insn->op == IR_RSUB) { /* imm - a */
        to[2].op = IR_SUB;
        to[2].b = insn->a;
    }
    *(insn->op == IR_RSUB ? &to[2].a : operand_of(&to[2])) = made;
    if (insn->op >= IR_DIV && insn->op <= IR_SMOD)
        to[2].flags |= IR_NOT_ZERO;
    if (insn->op != IR_BRANCH)
        to[2].imm = 0;
}

int lower_blind(struct lower *f)
{
    if (f->options->blinding_seed == 0 || (f->target->features & IR_BLINDS) != 0)
        return 0;
    uint32_t count = f->insn_count, next = 0;
    for (uint32_t i = 0; i < f->insn_count; i++)
        count += is_wanted(&f->insns[i]) ? 2 : 0;
    struct ir_insn *insns = lower_alloc(f->scratch, count + 1, sizeof *insns);
    if (insns == NULL)
        return -ENOMEM;
    for (uint32_t b = 0; b < f->block_count; b++) {
        struct ir_block *block = &f->blocks[b];
        uint32_t first = next;
        for (uint32_t i = block->first; i < block->end; i++) {
            if (is_wanted(&f->insns[i])) {
                blind(f, &f->insns[i], (uint64_t)f->entry << 32 | i, &insns[next]);
                next += 3;
            } else {
                insns[next++] = f->insns[i];
            }
        }
        block->first = first;
        block->end = next;
    }
    f->insns = insns;
    f->insn_count = next;
    f->insn_capacity = count + 1;
    return 0;
}
