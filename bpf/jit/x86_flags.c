/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* x86-64 comparisons, and what the flags say between them: a comparison whose answer an instruction
 * before has left in the flags is not made again. */
#include "x86_encoder.h"

uint32_t x86_condition(uint32_t cond)
{
    static const uint8_t codes[] = {
        [IR_EQ] = 4,   [IR_NE] = 5,   [IR_LTU] = 2,  [IR_GEU] = 3,  [IR_LEU] = 6,  [IR_GTU] = 7,
        [IR_LTS] = 12, [IR_GES] = 13, [IR_LES] = 14, [IR_GTS] = 15, [IR_TEST] = 5, [IR_NOT_TEST] = 4
    };
    return codes[cond];
}

static bool is_test(uint32_t cond)
{
    return cond == IR_TEST || cond == IR_NOT_TEST;
}

/* The flags are already as the comparison would set them. */
static bool is_compared(const struct x86 *x, const struct ir_insn *insn)
{
    if (x->flags == X86_FLAGS_COMPARED)
        return x->compared.a == insn->a && x->compared.b == insn->b &&
               x->compared.size == insn->size && is_test(x->compared.cond) == is_test(insn->cond) &&
               (insn->b != IR_NONE || x->compared.imm == insn->imm);
    if (x->flags == X86_FLAGS_NOTHING || x->flags_place != insn->a || insn->b != IR_NONE ||
        insn->imm != 0 || is_test(insn->cond))
        return false;
    if (insn->cond == IR_EQ || insn->cond == IR_NE) /* upper halves are zero */
        return insn->size >= x->flags_size;
    return x->flags == X86_FLAGS_LOGIC && insn->size == x->flags_size;
}

static void write_compare(const struct x86 *x, const struct ir_insn *insn);

void x86_compare(struct x86 *x, const struct ir_insn *insn)
{
    if (is_compared(x, insn))
        return;
    write_compare(x, insn);
    x->flags = X86_FLAGS_COMPARED;
    x->compared = *insn;
}

void x86_set_flags(struct x86 *x, const struct ir_insn *insn, uint32_t flags, uint32_t size)
{
    if (insn->dst == IR_NONE)
        return;
    if (size != 0) {
        x->flags = flags;
        x->flags_place = insn->dst;
        x->flags_size = size;
        if (IR_IS_SLOT(insn->dst))
            x->flags = X86_FLAGS_NOTHING;
    } else if (x->flags == X86_FLAGS_COMPARED) {
        if (insn->dst == x->compared.a || insn->dst == x->compared.b)
            x->flags = X86_FLAGS_NOTHING;
    } else if (insn->dst == x->flags_place) {
        x->flags = X86_FLAGS_NOTHING;
    }
}

/* Follows the flags over the instructions that leave or set them in a known way. */
void x86_follow_flags(struct x86 *x, const struct ir_insn *insn)
{
    switch ((enum ir_op)insn->op) {
    case IR_ADD: /* these said it themselves */
    case IR_SUB:
    case IR_AND:
    case IR_OR:
    case IR_XOR:
    case IR_SET:
    case IR_BRANCH:
        return;
    case IR_MOV:
        if (insn->a == IR_NONE && insn->imm == 0) /* xor */
            break;
        x86_set_flags(x, insn, X86_FLAGS_NOTHING, 0);
        return;
    case IR_LOAD:
    case IR_LEA:
    case IR_SEXT:
    case IR_ZEXT:
    case IR_SELECT:
        x86_set_flags(x, insn, X86_FLAGS_NOTHING, 0);
        return;
    case IR_STORE:
        if (insn->c == IR_NONE && insn->size == 8 && !x86_fits32(insn->imm))
            break;
        x86_set_flags(x, insn, X86_FLAGS_NOTHING, 0);
        return;
    default:
        break;
    }
    x->flags = X86_FLAGS_NOTHING;
}

static void write_compare(const struct x86 *x, const struct ir_insn *insn)
{
    struct emit *e = x->e;
    bool tests = is_test(insn->cond);
    uint32_t size = insn->size;
    struct x86_rm a = x86_place(x, insn->a);
    if (insn->b == IR_NONE && x86_imm_fits(insn)) {
        int32_t imm = (int32_t)insn->imm;
        if (tests) {
            if (imm >= 0)
                size = 4;
            bool in_byte = imm >= 0 && imm <= 127;
            uint32_t force = !a.is_memory && a.reg >= RSP ? X86_FORCE_REX : 0;
            x86_op(e, in_byte ? 0xf6 | force : 0xf7, in_byte ? 4 : size, 0, a);
            if (in_byte)
                emit8(e, (uint32_t)imm);
            else
                emit32(e, (uint32_t)imm);
        } else if (x->operand != NULL && x->operand->size < 4) {
            x86_op(e, x->operand->size == 1 ? 0x80 : 0x83, x->operand->size, X86_CMP, a);
            emit8(e, (uint32_t)imm);
        } else if (imm == 0 && !a.is_memory) {
            x86_op(e, 0x85, size, a.reg, a);
        } else {
            x86_alu_imm(e, X86_CMP, size, a, imm);
        }
        return;
    }
    struct x86_rm b = x86_operand_b(x, insn);
    if (tests && b.is_memory) { /* test has no form with the register first */
        struct x86_rm swap = a;
        a = b;
        b = swap;
    }
    if (tests) {
        if (b.is_memory) {
            x86_mov(e, size, RCX, b);
            b = x86_reg_rm(RCX);
        }
        x86_op(e, 0x85, size, b.reg, a);
        return;
    }
    if (a.is_memory && b.is_memory) {
        x86_mov(e, size, RAX, a);
        a = x86_reg_rm(RAX);
    }
    if (a.is_memory)
        x86_op(e, 0x39, size, b.reg, a);
    else
        x86_alu_reg(e, X86_CMP, size, a.reg, b);
}

/* The whole register is cleared first, never a byte moved into another: an instruction that writes a
 * byte waits for what the rest of the register was. */
void x86_encode_set(struct x86 *x, const struct ir_insn *insn)
{
    uint32_t d = x86_target(insn->dst);
    bool clears_before =
        d != RAX && d != insn->a && d != insn->b && x->operand == NULL && !is_compared(x, insn);
    if (clears_before)
        x86_mov_imm(x->e, d, 0);
    x86_compare(x, insn);
    if (!clears_before)
        x86_clear_keeping_flags(x->e, d);
    x86_op(x->e, 0x0f90 | x86_condition(insn->cond) | (d >= RSP ? X86_FORCE_REX : 0), 4, 0,
           x86_reg_rm(d));
    x86_finish(x, insn->dst, d);
    x86_set_flags(x, insn, X86_FLAGS_NOTHING, 0);
}

/* Moves do not change the flags, so the comparison comes first and the result may be any operand. */
void x86_encode_select(struct x86 *x, const struct ir_insn *insn)
{
    uint32_t code = x86_condition(insn->cond);
    uint32_t d = x86_target(insn->dst);
    ir_place other = insn->c;
    x86_compare(x, insn);
    if (insn->c == d && insn->d != d) {
        other = insn->d;
        code ^= 1;
    } else if (insn->d != d) {
        x86_mov(x->e, 8, d, x86_place(x, insn->d));
    }
    x86_op(x->e, 0x0f40 | code, 8, d, x86_place(x, other));
    x86_finish(x, insn->dst, d);
}
