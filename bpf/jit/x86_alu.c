/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* x86-64 arithmetic: dst = a op b from a machine that has dst op= b. */
#include "x86_encoder.h"

static bool commutes(const struct ir_insn *insn)
{
    return insn->op != IR_SUB;
}

/* dst = a op b where the machine has dst op= b. `d`: in which register. */
static uint32_t start_two_operand(const struct x86 *x, struct ir_insn *insn)
{
    uint32_t d = x86_target(insn->dst);
    if (insn->b == d && insn->a != d) {
        if (commutes(insn)) {
            insn->b = insn->a;
            insn->a = d;
        } else {
            d = RAX;
        }
    }
    if (insn->a != d)
        x86_mov(x->e, insn->size, d, x86_place(x, insn->a));
    return d;
}

void x86_encode_alu(struct x86 *x, struct ir_insn insn)
{
    static const uint8_t ops[] = { [IR_ADD] = X86_ADD,
                                   [IR_SUB] = X86_SUB,
                                   [IR_AND] = X86_AND,
                                   [IR_OR] = X86_OR,
                                   [IR_XOR] = X86_XOR };
    enum x86_alu op = ops[insn.op];
    if (insn.op == IR_AND && insn.b == IR_NONE && insn.size == 8 &&
        (uint64_t)insn.imm <= UINT32_MAX)
        insn.size = 4;
    bool by_imm = insn.b == IR_NONE && x86_imm_fits(&insn);
    if (insn.op == IR_SUB && by_imm && (int32_t)insn.imm != INT32_MIN) {
        op = X86_ADD;
        insn.op = IR_ADD;
        insn.imm = -(int64_t)(int32_t)insn.imm;
    }
    struct x86_rm b = x86_reg_rm(RCX);
    if (!by_imm && insn.b == IR_NONE) {
        b = x86_operand_b(x, &insn);
        insn.b = RCX;
    }
    bool a_is_reg = !IR_IS_SLOT(insn.a), dst_is_reg = !IR_IS_SLOT(insn.dst);
    if (insn.op == IR_ADD && a_is_reg && dst_is_reg && insn.a != insn.dst &&
        (by_imm || (!IR_IS_SLOT(insn.b) && insn.b != insn.dst && insn.b != RSP))) {
        struct x86_rm sum = x86_memory(insn.a, by_imm ? (int32_t)insn.imm : 0);
        if (!by_imm)
            sum.index = (uint8_t)insn.b;
        x86_op(x->e, 0x8d, insn.size, insn.dst, sum);
        x86_set_flags(x, &insn, X86_FLAGS_NOTHING, 0);
        return;
    }
    x86_set_flags(x, &insn,
                  insn.op == IR_ADD || insn.op == IR_SUB ? X86_FLAGS_ZERO : X86_FLAGS_LOGIC,
                  insn.size);
    if (by_imm && insn.dst == insn.a && insn.size == 8 && !dst_is_reg) {
        x86_alu_imm(x->e, op, 8, x86_place(x, insn.dst), (int32_t)insn.imm);
        return;
    }
    uint32_t d = start_two_operand(x, &insn);
    b = by_imm ? b : x86_place(x, insn.b);
    if (by_imm)
        x86_alu_imm(x->e, op, insn.size, x86_reg_rm(d), (int32_t)insn.imm);
    else
        x86_alu_reg(x->e, op, insn.size, d, b);
    x86_finish(x, insn.dst, d);
}

void x86_encode_mul(const struct x86 *x, struct ir_insn insn)
{
    uint32_t d = x86_target(insn.dst);
    if (insn.b == IR_NONE && x86_imm_fits(&insn)) {
        bool small = x86_fits8((int32_t)insn.imm);
        x86_op(x->e, small ? 0x6b : 0x69, insn.size, d, x86_place(x, insn.a));
        if (small)
            emit8(x->e, (uint32_t)insn.imm);
        else
            emit32(x->e, (uint32_t)insn.imm);
    } else {
        if (insn.b == IR_NONE) {
            x86_operand_b(x, &insn);
            insn.b = RCX;
        }
        d = start_two_operand(x, &insn);
        x86_op(x->e, 0x0faf, insn.size, d, x86_place(x, insn.b));
    }
    x86_finish(x, insn.dst, d);
}

/* With BMI2: the count in any register, the result in any other. false: as ever. */
static bool shift_by_three(const struct x86 *x, const struct ir_insn *insn)
{
    static const uint8_t ops[] = { [IR_SHL] = X86_SHLX, [IR_SHR] = X86_SHRX, [IR_SAR] = X86_SARX };
    uint32_t d = x86_target(insn->dst);
    if ((x->form->target->cpu & IR_CPU_BMI2) == 0)
        return false;
    if (insn->op == IR_ROL) {
        uint32_t count = (uint32_t)insn->imm & (insn->size * 8u - 1);
        if (insn->b != IR_NONE || insn->a == d || count == 0)
            return false;
        x86_rorx(x->e, insn->size, d, x86_place(x, insn->a), insn->size * 8u - count);
    } else {
        if (insn->b == IR_NONE)
            return false;
        uint32_t count = x86_source(x, insn->b, RCX);
        x86_shift_by(x->e, ops[insn->op], insn->size, d, x86_place(x, insn->a), count);
    }
    x86_finish(x, insn->dst, d);
    return true;
}

void x86_encode_shift(const struct x86 *x, const struct ir_insn *insn)
{
    if (shift_by_three(x, insn))
        return;
    static const uint8_t digits[] = { [IR_SHL] = 4, [IR_SHR] = 5, [IR_SAR] = 7, [IR_ROL] = 0 };
    uint32_t digit = digits[insn->op], d = x86_target(insn->dst);
    if (insn->b != IR_NONE)
        x86_mov(x->e, 4, RCX, x86_place(x, insn->b));
    x86_load_place(x, insn->size == 4 && insn->a == d ? 0 : insn->size, d, insn->a);
    if (insn->b != IR_NONE) {
        x86_op(x->e, 0xd3, insn->size, digit, x86_reg_rm(d));
    } else {
        uint32_t count = (uint32_t)insn->imm & (insn->size * 8u - 1);
        if (count == 0) { /* a 32-bit move still clears the upper half */
            if (insn->size == 4)
                x86_mov(x->e, 4, d, x86_reg_rm(d));
        } else if (count == 1) {
            x86_op(x->e, 0xd1, insn->size, digit, x86_reg_rm(d));
        } else {
            x86_op(x->e, 0xc1, insn->size, digit, x86_reg_rm(d));
            emit8(x->e, count);
        }
    }
    x86_finish(x, insn->dst, d);
}

void x86_encode_neg(const struct x86 *x, const struct ir_insn *insn)
{
    uint32_t d = x86_target(insn->dst);
    if (insn->a != d)
        x86_mov(x->e, insn->size, d, x86_place(x, insn->a));
    x86_op(x->e, 0xf7, insn->size, 3, x86_reg_rm(d));
    if (insn->op == IR_RSUB && insn->imm != 0) {
        if (x86_imm_fits(insn)) {
            x86_alu_imm(x->e, X86_ADD, insn->size, x86_reg_rm(d), (int32_t)insn->imm);
        } else {
            x86_mov_imm(x->e, RCX, (uint64_t)insn->imm);
            x86_alu_reg(x->e, X86_ADD, insn->size, d, x86_reg_rm(RCX));
        }
    }
    x86_finish(x, insn->dst, d);
}

void x86_encode_extend(const struct x86 *x, const struct ir_insn *insn)
{
    uint32_t d = x86_target(insn->dst), from = IR_FROM(insn), opcode;
    struct x86_rm source = x86_place(x, insn->a);
    if (from == 4)
        opcode = 0x63;
    else if (insn->op == IR_SEXT)
        opcode = from == 1 ? 0x0fbe : 0x0fbf;
    else
        opcode = from == 1 ? 0x0fb6 : 0x0fb7;
    if (from == 1 && !source.is_memory && source.reg >= RSP)
        opcode |= X86_FORCE_REX;
    x86_op(x->e, opcode, insn->op == IR_SEXT && insn->size == 8 ? 8 : 4, d, source);
    x86_finish(x, insn->dst, d);
}

void x86_encode_bswap(const struct x86 *x, const struct ir_insn *insn)
{
    uint32_t d = x86_target(insn->dst);
    if (insn->a != d)
        x86_mov(x->e, insn->size == 8 ? 8 : 4, d, x86_place(x, insn->a));
    if (insn->size == 8 || d >= R8)
        emit8(x->e, 0x40 | (insn->size == 8 ? 8u : 0) | (d >= R8));
    emit8(x->e, 0x0f);
    emit8(x->e, 0xc8 | (d & 7));
    if (insn->size == 2) { /* two bytes swapped are the upper ones of four: shr 16 */
        x86_op(x->e, 0xc1, 4, 5, x86_reg_rm(d));
        emit8(x->e, 16);
    }
    x86_finish(x, insn->dst, d);
}

void x86_encode_mov(const struct x86 *x, const struct ir_insn *insn)
{
    if (insn->a == IR_NONE) {
        int64_t value = insn->size == 4 ? (int64_t)(uint32_t)insn->imm : insn->imm;
        if (IR_IS_SLOT(insn->dst) && x86_fits32(value)) {
            x86_store_imm(x->e, 8, x86_place(x, insn->dst), (int32_t)value);
            return;
        }
        uint32_t d = x86_target(insn->dst);
        x86_mov_imm(x->e, d, (uint64_t)value);
        x86_finish(x, insn->dst, d);
        return;
    }
    if (insn->size == 8 && IR_IS_SLOT(insn->dst) && !IR_IS_SLOT(insn->a)) {
        x86_store(x->e, 8, x86_place(x, insn->dst), insn->a);
        return;
    }
    uint32_t d = x86_target(insn->dst);
    x86_load_place(x, insn->size, d, insn->a);
    x86_finish(x, insn->dst, d);
}

/* --- Multiplication and division with rdx:rax --- */

void x86_encode_mulhi(const struct x86 *x, const struct ir_insn *insn)
{
    x86_load_place(x, 8, RAX, insn->a);
    x86_op(x->e, 0xf7, 8, insn->op == IR_MULHI ? 4 : 5, x86_place(x, insn->b));
    x86_finish(x, insn->dst, RDX);
}

/* RFC 9669 §4.1; the processor's own answers to 0 and -1 would be exceptions. */
void x86_encode_divide(const struct x86 *x, const struct ir_insn *insn)
{
    struct emit *e = x->e;
    bool is_signed = insn->op == IR_SDIV || insn->op == IR_SMOD;
    bool wants_rest = insn->op == IR_MOD || insn->op == IR_SMOD;
    uint32_t size = insn->size, b = RCX;
    if (insn->b == IR_NONE)
        x86_mov_imm(e, RCX, size == 4 ? (uint32_t)insn->imm : (uint64_t)insn->imm);
    else if (IR_IS_SLOT(insn->b) || insn->b == RDX)
        x86_mov(e, size, RCX, x86_place(x, insn->b));
    else
        b = insn->b;
    x86_mov(e, size, RAX, x86_place(x, insn->a));
    int64_t divisor = size == 4 ? (int32_t)insn->imm : insn->imm;
    bool tests_zero = (insn->flags & IR_NOT_ZERO) == 0 && (insn->b != IR_NONE || divisor == 0);
    bool tests_minus = is_signed && (insn->b != IR_NONE || divisor == -1);
    size_t to_divide = 0, from_zero = 0, not_minus = 0, from_minus = 0;
    if (tests_zero) {
        x86_op(e, 0x85, size, b, x86_reg_rm(b));
        to_divide = x86_short_jump(e, 0x75);
        if (wants_rest)
            x86_mov(e, size, RDX, x86_reg_rm(RAX));
        else
            x86_mov_imm(e, RAX, 0);
        from_zero = x86_short_jump(e, 0xeb);
        x86_short_land(e, to_divide);
    }
    if (tests_minus) {
        x86_alu_imm(e, X86_CMP, size, x86_reg_rm(b), -1);
        not_minus = x86_short_jump(e, 0x75);
        if (wants_rest)
            x86_mov_imm(e, RDX, 0);
        else
            x86_op(e, 0xf7, size, 3, x86_reg_rm(RAX));
        from_minus = x86_short_jump(e, 0xeb);
        x86_short_land(e, not_minus);
    }
    if (is_signed) {
        if (size == 8)
            emit8(e, 0x48);
        emit8(e, 0x99); /* cdq, cqo */
    } else {
        x86_mov_imm(e, RDX, 0);
    }
    x86_op(e, 0xf7, size, is_signed ? 7 : 6, x86_reg_rm(b));
    if (tests_minus)
        x86_short_land(e, from_minus);
    if (tests_zero)
        x86_short_land(e, from_zero);
    x86_finish(x, insn->dst, wants_rest ? RDX : RAX);
}
