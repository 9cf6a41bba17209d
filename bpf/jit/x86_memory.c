/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* x86-64 loads, stores and atomics: addresses are operands, whatever of them is in slots comes
 * through rax and rcx. */
#include "x86_encoder.h"

/* The address as an operand; slots come through rax and rcx. */
static struct x86_rm address(const struct x86 *x, const struct ir_insn *insn)
{
    struct x86_rm at = x86_memory(x86_source(x, insn->a, RAX), insn->disp);
    if (insn->b != IR_NONE && insn->op != IR_ATOMIC_CMPXCHG) {
        at.index = (uint8_t)x86_source(x, insn->b, RCX);
        at.scale = insn->scale;
    }
    return at;
}

/* Whether it compares the loaded value as it is with a constant: of less than four bytes, the upper ones are 0. */
static bool compares_constant(const struct ir_insn *load, const struct ir_insn *next)
{
    bool has_sign = next->cond >= IR_LTS && next->cond <= IR_GTS;
    return next->a == load->dst && next->b == IR_NONE && !has_sign &&
           (load->flags & IR_SIGNED) == 0 && next->imm >= 0 && next->imm <= 127;
}

bool x86_is_operand(const struct ir_insn *load, const struct ir_insn *next)
{
    if (load->op != IR_LOAD || (load->flags & IR_ONE_READER) == 0 || IR_IS_SLOT(load->dst) ||
        IR_IS_SLOT(load->a) || (load->b != IR_NONE && IR_IS_SLOT(load->b)))
        return false;
    switch ((enum ir_op)next->op) {
    case IR_SET:
    case IR_SELECT:
    case IR_BRANCH:
        if (next->op == IR_SELECT && (next->c == load->dst || next->d == load->dst))
            return false;
        if (next->a != load->dst && next->b != load->dst)
            return false;
        if (load->size < 4)
            return compares_constant(load, next);
        return load->size >= next->size && (next->b != IR_NONE || x86_imm_fits(next)) &&
               (next->a == load->dst || !IR_IS_SLOT(next->a)) &&
               (next->b == IR_NONE || next->b == load->dst || !IR_IS_SLOT(next->b));
    case IR_ADD:
    case IR_MUL:
    case IR_AND:
    case IR_OR:
    case IR_XOR:
        if (next->a == load->dst && next->b == next->dst && next->dst != load->dst)
            return load->size >= next->size && !IR_IS_SLOT(next->dst);
        /* FALLTHROUGH */
    case IR_SUB:
        return next->b == load->dst && next->a == next->dst && next->dst != load->dst &&
               load->size >= next->size && !IR_IS_SLOT(next->dst);
    default:
        return false;
    }
}

void x86_encode_load(const struct x86 *x, const struct ir_insn *insn)
{
    static const uint32_t plain[] = { [1] = 0x0fb6, [2] = 0x0fb7, [4] = 0x8b, [8] = 0x8b };
    static const uint32_t with_sign[] = { [1] = 0x0fbe, [2] = 0x0fbf, [4] = 0x63, [8] = 0x8b };
    bool is_signed = (insn->flags & IR_SIGNED) != 0;
    uint32_t d = x86_target(insn->dst);
    uint32_t opcode = is_signed ? with_sign[insn->size] : plain[insn->size];
    x86_op(x->e, opcode, is_signed || insn->size == 8 ? 8 : 4, d, address(x, insn));
    x86_finish(x, insn->dst, d);
}

/* rcx is free again afterwards. */
static struct x86_rm address_without_rcx(const struct x86 *x, const struct ir_insn *insn)
{
    struct x86_rm at = address(x, insn);
    if (at.index != RCX)
        return at;
    x86_op(x->e, 0x8d, 8, RAX, at);
    return x86_memory(RAX, 0);
}

void x86_encode_store(const struct x86 *x, const struct ir_insn *insn)
{
    bool by_imm = insn->c == IR_NONE && (insn->size != 8 || x86_fits32(insn->imm));
    if (by_imm) {
        x86_store_imm(x->e, insn->size, address(x, insn), (int32_t)insn->imm);
        return;
    }
    if (insn->c != IR_NONE && !IR_IS_SLOT(insn->c)) {
        x86_store(x->e, insn->size, address(x, insn), insn->c);
        return;
    }
    struct x86_rm at = address_without_rcx(x, insn);
    if (insn->c == IR_NONE)
        x86_mov_imm(x->e, RCX, (uint64_t)insn->imm);
    else
        x86_source(x, insn->c, RCX);
    x86_store(x->e, insn->size, at, RCX);
}

void x86_encode_lea(const struct x86 *x, const struct ir_insn *insn)
{
    uint32_t d = x86_target(insn->dst);
    x86_op(x->e, 0x8d, insn->size, d, address(x, insn));
    x86_finish(x, insn->dst, d);
}

void x86_encode_add_memory(const struct x86 *x, const struct ir_insn *insn)
{
    struct x86_rm at = address(x, insn);
    if (x86_fits32(insn->imm)) {
        x86_alu_imm(x->e, X86_ADD, insn->size, at, (int32_t)insn->imm);
        return;
    }
    x86_mov_imm(x->e, RCX, (uint64_t)insn->imm);
    x86_op(x->e, 0x01, insn->size, RCX, at);
}

/* --- Atomics --- */

static enum x86_alu atomic_alu(uint32_t op)
{
    switch (op) {
    case IR_ATOMIC_AND:
        return X86_AND;
    case IR_ATOMIC_OR:
        return X86_OR;
    case IR_ATOMIC_XOR:
        return X86_XOR;
    default:
        return X86_ADD;
    }
}

/* With rax and rcx both taken, an address in a slot needs a third register: rdx or rbx, whichever
 * is not an operand, pushed meanwhile. */
struct borrowed {
    struct x86_rm at;
    uint32_t reg; /* X86_NO_REG: none */
};

static struct borrowed borrow_address(struct x86 *x, const struct ir_insn *insn)
{
    if (!IR_IS_SLOT(insn->a))
        return (struct borrowed){ x86_memory(insn->a, insn->disp), X86_NO_REG };
    uint32_t reg = RDX;
    while (reg == insn->b || reg == insn->c || reg == RCX)
        reg++;
    x86_push(x->e, reg);
    x->stack_shift += 8;
    x86_mov(x->e, 8, reg, x86_place(x, insn->a));
    return (struct borrowed){ x86_memory(reg, insn->disp), reg };
}

static void give_back(struct x86 *x, const struct borrowed *borrowed)
{
    if (borrowed->reg == X86_NO_REG)
        return;
    x86_pop(x->e, borrowed->reg);
    x->stack_shift -= 8;
}

/* and, or, xor with the old value wanted: tried until nobody came between. */
static void encode_atomic_loop(struct x86 *x, const struct ir_insn *insn)
{
    struct emit *e = x->e;
    struct borrowed borrowed = borrow_address(x, insn);
    x86_mov(e, insn->size, RAX, borrowed.at);
    size_t again = e->size;
    x86_mov(e, insn->size, RCX, x86_reg_rm(RAX));
    x86_alu_reg(e, atomic_alu(insn->op), insn->size, RCX, x86_place(x, insn->c));
    emit8(e, 0xf0);
    x86_op(e, 0x0fb1, insn->size, RCX, borrowed.at);
    emit8(e, 0x75);
    emit8(e, (uint32_t)(again - (e->size + 1)));
    give_back(x, &borrowed);
    x86_finish(x, insn->dst, RAX);
}

static void encode_cmpxchg(struct x86 *x, const struct ir_insn *insn)
{
    struct borrowed borrowed = borrow_address(x, insn);
    uint32_t operand = x86_source(x, insn->c, RCX);
    x86_mov(x->e, insn->size, RAX, x86_place(x, insn->b));
    emit8(x->e, 0xf0);
    x86_op(x->e, 0x0fb1, insn->size, operand, borrowed.at);
    give_back(x, &borrowed);
    /* Equal: the processor leaves eax alone, whose upper half the move above cleared. */
    if (insn->dst != IR_NONE)
        x86_finish(x, insn->dst, RAX);
}

void x86_encode_atomic(struct x86 *x, const struct ir_insn *insn)
{
    struct emit *e = x->e;
    if (insn->op == IR_ATOMIC_CMPXCHG) {
        encode_cmpxchg(x, insn);
        return;
    }
    if (insn->dst == IR_NONE && insn->op != IR_ATOMIC_XCHG) {
        uint32_t operand = x86_source(x, insn->c, RCX);
        struct x86_rm at = x86_memory(x86_source(x, insn->a, RAX), insn->disp);
        emit8(e, 0xf0);
        x86_op(e, (uint32_t)atomic_alu(insn->op) * 8 + 1, insn->size, operand, at);
        return;
    }
    if (insn->op != IR_ATOMIC_ADD && insn->op != IR_ATOMIC_XCHG) {
        encode_atomic_loop(x, insn);
        return;
    }
    struct x86_rm at = x86_memory(x86_source(x, insn->a, RCX), insn->disp);
    x86_mov(e, insn->size, RAX, x86_place(x, insn->c));
    if (insn->op == IR_ATOMIC_XCHG) {
        x86_op(e, 0x87, insn->size, RAX, at); /* locks by itself */
    } else {
        emit8(e, 0xf0);
        x86_op(e, 0x0fc1, insn->size, RAX, at);
    }
    if (insn->dst != IR_NONE)
        x86_finish(x, insn->dst, RAX);
}
