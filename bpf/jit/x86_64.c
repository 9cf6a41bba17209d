/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The encoder for x86-64, System V ABI: a function's instructions one after the other, jumps, calls,
 * and the frame. Registers: x86_encoder.h. */
#include <axiom/errno.h>

#include "x86_encoder.h"

/* --- The way --- */

static void jump_to(const struct x86 *x, uint32_t block, uint32_t short_opcode,
                    uint32_t near_opcode)
{
    struct emit *e = x->e;
    int64_t distance = emit_distance(e, x->function, block) - 2;
    if (emit_reaches(e, distance, -128, 127)) {
        emit8(e, short_opcode);
        emit8(e, (uint32_t)distance);
        return;
    }
    if ((near_opcode & 0xff00) != 0)
        emit8(e, 0x0f);
    emit8(e, near_opcode & 0xff);
    int64_t far_distance = emit_distance(e, x->function, block) - 4;
    emit32(e, (uint32_t)far_distance);
}

static void encode_branch(struct x86 *x, const struct ir_insn *insn)
{
    x86_compare(x, insn);
    uint32_t code = x86_condition(insn->cond);
    jump_to(x, insn->d, 0x70 | code, 0x0f80 | code);
}

static void epilogue(const struct x86 *x)
{
    struct emit *e = x->e;
    if (x->frame_size != 0)
        x86_alu_imm(e, X86_ADD, 8, x86_reg_rm(RSP), (int32_t)x->frame_size);
    for (uint32_t reg = 16; reg-- != 0;) {
        if ((x->function->saved >> reg & 1) != 0)
            x86_pop(e, reg);
    }
    emit8(e, 0xc3);
}

static void encode_return(const struct x86 *x, const struct ir_insn *insn)
{
    if (insn->a == IR_NONE)
        x86_mov_imm(x->e, RAX, (uint64_t)insn->imm);
    else
        x86_load_place(x, 8, RAX, insn->a);
    epilogue(x);
}

static void do_moves(const struct x86 *x, const struct ir_move *moves, uint32_t count)
{
    struct ir_move ordered[2 * IR_ARG_COUNT];
    count = bpf_jit_moves(moves, count, RAX, ordered);
    for (uint32_t i = 0; i < count; i++) {
        if (IR_IS_SLOT(ordered[i].to))
            x86_store(x->e, 8, x86_place(x, ordered[i].to), x86_source(x, ordered[i].from, RAX));
        else
            x86_mov(x->e, 8, ordered[i].to, x86_place(x, ordered[i].from));
    }
}

static void encode_call(struct x86 *x, const struct ir_insn *insn)
{
    struct emit *e = x->e;
    const struct ir_call *call = &x->function->calls[insn->target];
    if (call->callee == IR_CALL_PLACE) { /* twice: the stack stays aligned */
        for (uint32_t i = 0; i < 2; i++) {
            x86_op(e, 0xff, 4, 6, x86_place(x, call->pointer));
            x->stack_shift += 8;
        }
    }
    struct ir_move moves[IR_ARG_COUNT];
    uint32_t count = 0;
    for (uint32_t i = 0; i < IR_ARG_COUNT; i++) {
        if (call->args[i] != IR_NONE)
            moves[count++] = (struct ir_move){ x->form->target->args[i], call->args[i] };
    }
    do_moves(x, moves, count);
    if (call->callee == IR_CALL_FUNCTION) {
        emit8(e, 0xe8);
        emit32(e, (uint32_t)(emit_distance_function(e, call->function) - 4));
    } else if (call->callee == IR_CALL_ADDRESS) {
        x86_mov_imm(e, RAX, call->address);
        x86_op(e, 0xff, 4, 2, x86_reg_rm(RAX));
    } else {
        x86_op(e, 0xff, 4, 2, x86_memory(RSP, 0));
        x86_alu_imm(e, X86_ADD, 8, x86_reg_rm(RSP), 16);
        x->stack_shift -= 16;
    }
    if (insn->dst != IR_NONE)
        x86_finish(x, insn->dst, RAX);
}

/* --- The function --- */

static void encode_insn(struct x86 *x, const struct ir_insn *insn, uint32_t block)
{
    switch ((enum ir_op)insn->op) {
    case IR_NOP:
    case IR_OP_COUNT:
    case IR_BITS: /* the target has no IR_HAS_BITS */
        return;
    case IR_MOV:
        x86_encode_mov(x, insn);
        return;
    case IR_ADD:
    case IR_SUB:
    case IR_AND:
    case IR_OR:
    case IR_XOR:
        x86_encode_alu(x, *insn);
        return;
    case IR_MUL:
        x86_encode_mul(x, *insn);
        return;
    case IR_SHL:
    case IR_SHR:
    case IR_SAR:
    case IR_ROL:
        x86_encode_shift(x, insn);
        return;
    case IR_NEG:
    case IR_RSUB:
        x86_encode_neg(x, insn);
        return;
    case IR_MULHI:
    case IR_SMULHI:
        x86_encode_mulhi(x, insn);
        return;
    case IR_DIV:
    case IR_MOD:
    case IR_SDIV:
    case IR_SMOD:
        x86_encode_divide(x, insn);
        return;
    case IR_SEXT:
    case IR_ZEXT:
        x86_encode_extend(x, insn);
        return;
    case IR_BSWAP:
        x86_encode_bswap(x, insn);
        return;
    case IR_LEA:
        x86_encode_lea(x, insn);
        return;
    case IR_LOAD:
    case IR_LOAD_ACQUIRE: /* every load is one, every store a release (SDM volume 3, 8.2.2) */
        x86_encode_load(x, insn);
        return;
    case IR_STORE:
    case IR_STORE_RELEASE:
        x86_encode_store(x, insn);
        return;
    case IR_ADD_MEMORY:
        x86_encode_add_memory(x, insn);
        return;
    case IR_ATOMIC_ADD:
    case IR_ATOMIC_AND:
    case IR_ATOMIC_OR:
    case IR_ATOMIC_XOR:
    case IR_ATOMIC_XCHG:
    case IR_ATOMIC_CMPXCHG:
        x86_encode_atomic(x, insn);
        return;
    case IR_SET:
        x86_encode_set(x, insn);
        return;
    case IR_SELECT:
        x86_encode_select(x, insn);
        return;
    case IR_BRANCH:
        encode_branch(x, insn);
        return;
    case IR_JUMP:
        if (insn->target != block + 1)
            jump_to(x, (uint32_t)insn->target, 0xeb, 0xe9);
        return;
    case IR_CALL:
        encode_call(x, insn);
        return;
    case IR_RETURN:
        encode_return(x, insn);
        return;
    }
}

static void prologue(struct x86 *x)
{
    const struct ir_function *function = x->function;
    uint32_t pushed = 0;
    for (uint32_t reg = 0; reg < 16; reg++) {
        if ((function->saved >> reg & 1) != 0) {
            x86_push(x->e, reg);
            pushed++;
        }
    }
    x->frame_size = function->slot_count * 8;
    /* At entry rsp is 8 off a multiple of 16; calls want it on one. */
    if (function->has_calls && (8 + pushed * 8 + x->frame_size) % 16 != 0)
        x->frame_size += 8;
    if (x->frame_size != 0)
        x86_alu_imm(x->e, X86_SUB, 8, x86_reg_rm(RSP), (int32_t)x->frame_size);
    struct ir_move moves[IR_ARG_COUNT];
    uint32_t count = 0;
    for (uint32_t i = 0; i < IR_ARG_COUNT; i++) {
        if (function->params[i] != IR_NONE)
            moves[count++] = (struct ir_move){ function->params[i], x->form->target->args[i] };
    }
    do_moves(x, moves, count);
}

static int encode(const struct ir_form *form, uint32_t number, struct emit *e)
{
    struct x86 x = { .e = e, .form = form, .function = &form->functions[number], .number = number };
    if (e->relax && number != 0)
        x86_nops(e, (uint32_t)(-e->size & 15));
    emit_function_label(e, number);
    prologue(&x);
    for (uint32_t block = 0; block < x.function->block_count; block++) {
        const struct ir_block *b = &x.function->blocks[block];
        if (b->loop_head && e->relax)
            x86_nops(e, (uint32_t)(-e->size & 15));
        emit_label(e, x.function, block);
        if (!b->only_falls)
            x.flags = X86_FLAGS_NOTHING;
        for (uint32_t i = b->first; i < b->end; i++) {
            const struct ir_insn *insn = &x.function->insns[i];
            if (i + 1 < b->end && x86_is_operand(insn, insn + 1)) {
                x86_follow_flags(&x, insn);
                x.operand = insn++;
                i++;
            }
            encode_insn(&x, insn, block);
            x.operand = NULL;
            x86_follow_flags(&x, insn);
        }
    }
    return e->size > INT32_MAX ? -E2BIG : 0;
}

#define X86_64_TARGET(name_, cpu_)                                                                \
    .name = name_, .cpu = cpu_,                                                                   \
    .features = IR_HAS_SELECT | IR_HAS_ROTATE | IR_INDEX | IR_INDEX_SIZE | IR_INDEX_ANY |         \
                IR_INDEX_DISP | IR_HAS_LEA_SHIFT | IR_HAS_LEA32 | IR_FREE_IMM32 | IR_UNALIGNED |  \
                IR_MEMORY_OPERANDS,                                                               \
    .caller_saved = { RDI, RSI, RDX, R8, R9, R10, R11 }, .caller_saved_count = 7,                 \
    .callee_saved = { RBX, RBP, R12, R13, R14, R15 }, .callee_saved_count = 6,                    \
    .args = { RDI, RSI, RDX, RCX, R8, R9 }, .result = RAX, .divide_clobbers = UINT64_C(1) << RDX, \
    .disp_min = INT32_MIN, .disp_max = INT32_MAX, .encode = encode

const struct bpf_jit_target bpf_jit_x86_64 = { X86_64_TARGET("x86_64", 0) };
const struct bpf_jit_target bpf_jit_x86_64_bmi2 = { X86_64_TARGET("x86_64+bmi2", IR_CPU_BMI2) };
