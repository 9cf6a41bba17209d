/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The RISC-V 64 encoder: a function's frame, its control flow, and the targets' rows.
 *
 * Base is RV64IMA. A conditional branch reaches 4 KiB, beyond that it is inverted over a JAL of
 * 1 MiB, beyond that over AUIPC and JALR of 2 GiB. */
#include "rv64_encoder.h"
#include <axiom/errno.h>

/* --- Frame --- */

static void frame_of(const struct ir_form *form, uint32_t number, struct rv_frame *frame)
{
    static const uint8_t callee_saved[] = { RV_S0, RV_S1, RV_S2, RV_S3, RV_S4,  RV_S5,
                                            RV_S6, RV_S7, RV_S8, RV_S9, RV_S10, RV_S11 };
    const struct ir_function *function = &form->functions[number];
    frame->saved_count = 0;
    frame->slots_size = (function->slot_count * 8 + 15) & ~15u;
    if (function->has_calls)
        frame->saved[frame->saved_count++] = RV_RA;
    for (uint32_t i = 0; i < sizeof callee_saved; i++) {
        if ((function->saved >> callee_saved[i] & 1) != 0)
            frame->saved[frame->saved_count++] = callee_saved[i];
    }
    frame->saved_size = (frame->saved_count * 8 + 15) & ~15u;
}

static void move_stack_pointer(struct rv *r, int64_t distance)
{
    if (distance != 0)
        rv_add_constant(r, RV_SP, RV_SP, distance);
}

/* One step down where all of the frame is reached from its bottom. */
static bool is_small(const struct rv_frame *f)
{
    return f->saved_size + f->slots_size < 2048;
}

static void access_saved(struct rv *r, const struct rv_frame *f, bool load)
{
    uint32_t at = is_small(f) ? f->slots_size : 0;
    for (uint32_t i = 0; i < f->saved_count; i++)
        rv_put(r, load ? rv_i(RV_LD, f->saved[i], RV_SP, at + 8 * i)
                       : rv_s(RV_SD, RV_SP, f->saved[i], at + 8 * i));
}

static void prologue(struct rv *r)
{
    const struct rv_frame *f = &r->frame;
    move_stack_pointer(r, -(int64_t)f->saved_size - (is_small(f) ? f->slots_size : 0));
    access_saved(r, f, false);
    if (!is_small(f))
        move_stack_pointer(r, -(int64_t)f->slots_size);
}

/* Up to, but without, the return. Leaves the result alone; S4 may be destroyed. */
static void epilogue(struct rv *r)
{
    const struct rv_frame *f = &r->frame;
    if (!is_small(f))
        move_stack_pointer(r, f->slots_size);
    access_saved(r, f, true);
    move_stack_pointer(r, (int64_t)f->saved_size + (is_small(f) ? f->slots_size : 0));
}

static void return_to_caller(struct rv *r)
{
    rv_put(r, rv_i(RV_JALR, RV_ZERO, RV_RA, 0));
}

/* --- Jumps --- */

/* AUIPC and JALR through `by`; link is RA or ZERO. */
static void jump_far(struct rv *r, uint32_t link, uint32_t by, int64_t distance)
{
    int64_t low = (int64_t)((uint64_t)distance << 52) >> 52, high = (distance - low) >> 12;
    if (!rv_fits_signed(high, 20)) {
        if (r->e->at != NULL)
            r->error = -E2BIG;
        high = 0;
    }
    rv_put(r, rv_auipc(by, (int32_t)high));
    rv_put(r, rv_i(RV_JALR, link, by, low));
}

#define JAL_MIN (-(INT64_C(1) << 20))
#define JAL_MAX ((INT64_C(1) << 20) - 2)

static void jump(struct rv *r, uint32_t block)
{
    int64_t distance = emit_distance(r->e, r->function, block);
    if (emit_reaches(r->e, distance, JAL_MIN, JAL_MAX))
        rv_put(r, rv_jal(RV_ZERO, distance));
    else
        jump_far(r, RV_ZERO, RV_SCRATCH4, distance);
}

static void branch(struct rv *r)
{
    struct rv_condition c = rv_compare(r);
    uint32_t block = IR_TARGET(r->insn);
    int64_t distance = emit_distance(r->e, r->function, block);
    if (emit_reaches(r->e, distance, -4096, 4094)) {
        rv_put(r, rv_branch(c.base, c.rs1, c.rs2, distance));
        return;
    }
    bool near = emit_reaches(r->e, distance - 4, JAL_MIN, JAL_MAX);
    rv_put(r, rv_branch(rv_invert(c.base), c.rs1, c.rs2, near ? 8 : 12));
    jump(r, block);
}

/* --- Calls and returns --- */

static void move_all(struct rv *r, const struct ir_move *moves, uint32_t count)
{
    struct ir_move ordered[2 * IR_ARG_COUNT + 2];
    uint32_t total = bpf_jit_moves(moves, count, RV_SCRATCH0, ordered);
    for (uint32_t i = 0; i < total; i++)
        rv_move(r, ordered[i].to, ordered[i].from);
}

static void pass_arguments(struct rv *r, const ir_place *args)
{
    struct ir_move moves[IR_ARG_COUNT];
    uint32_t count = 0;
    for (uint32_t i = 0; i < IR_ARG_COUNT; i++) {
        if (args[i] != IR_NONE)
            moves[count++] = (struct ir_move){ r->form->target->args[i], args[i] };
    }
    move_all(r, moves, count);
}

static void take_parameters(struct rv *r)
{
    struct ir_move moves[IR_ARG_COUNT];
    uint32_t count = 0;
    for (uint32_t i = 0; i < IR_ARG_COUNT; i++) {
        if (r->function->params[i] != IR_NONE)
            moves[count++] = (struct ir_move){ r->function->params[i], r->form->target->args[i] };
    }
    move_all(r, moves, count);
}

static void call(struct rv *r)
{
    const struct ir_call *c = &r->function->calls[r->insn->target];
    if (c->callee == IR_CALL_PLACE)
        rv_move(r, RV_SCRATCH1, c->pointer);
    pass_arguments(r, c->args);
    if (c->callee == IR_CALL_FUNCTION) {
        int64_t distance = emit_distance_function(r->e, c->function);
        if (emit_reaches(r->e, distance, JAL_MIN, JAL_MAX))
            rv_put(r, rv_jal(RV_RA, distance));
        else
            jump_far(r, RV_RA, RV_RA, distance);
    } else {
        if (c->callee == IR_CALL_ADDRESS)
            rv_constant(r, RV_SCRATCH1, c->address);
        rv_put(r, rv_i(RV_JALR, RV_RA, RV_SCRATCH1, 0));
    }
    r->zero_upper = 0;
    if (r->insn->dst != IR_NONE)
        rv_move(r, r->insn->dst, r->form->target->result);
}

static void leave(struct rv *r)
{
    uint32_t result = r->form->target->result;
    if (r->insn->a == IR_NONE)
        rv_load_immediate(r, result,
                          rv_wide(r->insn) ? (uint64_t)r->insn->imm : (uint32_t)r->insn->imm);
    else
        rv_move(r, result, r->insn->a);
    epilogue(r);
    return_to_caller(r);
}

/* --- A function --- */

static void instruction(struct rv *r)
{
    switch (r->insn->op) {
    case IR_NOP:
        return;
    case IR_SET:
        return rv_set(r);
    case IR_SELECT:
        return rv_select(r);
    case IR_BRANCH:
        return branch(r);
    case IR_JUMP:
        if (IR_TARGET(r->insn) != r->block + 1)
            jump(r, IR_TARGET(r->insn));
        return;
    case IR_CALL:
        return call(r);
    case IR_RETURN:
        return leave(r);
    default:
        return r->insn->op < IR_LEA ? rv_alu(r) : rv_memory(r);
    }
}

int rv64_encode(const struct ir_form *form, uint32_t number, struct emit *e)
{
    struct rv r = {
        .e = e, .form = form, .function = &form->functions[number], .function_number = number
    };
    frame_of(form, number, &r.frame);
    emit_function_label(e, number);
    prologue(&r);
    take_parameters(&r);
    for (r.block = 0; r.block < r.function->block_count; r.block++) {
        const struct ir_block *block = &r.function->blocks[r.block];
        emit_label(e, r.function, r.block);
        r.zero_upper = 0; /* whoever comes here */
        for (uint32_t i = block->first; i < block->end; i++) {
            r.insn = &r.function->insns[i];
            instruction(&r);
        }
    }
    return r.error;
}

// clang-format off
#define RISCV64_TARGET(NAME, FEATURES, CPU)                                                        \
    .name = NAME, .cpu = CPU, .features = IR_BLINDS | IR_HAS_SELECT | IR_HAS_BITS | FEATURES,                  \
    /* What is not an argument first: it need not move for calls. */                               \
    .caller_saved = { RV_A7, RV_A6, RV_T0, RV_T1, RV_A5, RV_A4, RV_A3, RV_A2, RV_A1, RV_A0 },      \
    .caller_saved_count = 10,                                                                      \
    .callee_saved = { 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27 }, .callee_saved_count = 12,    \
    .args = { RV_A0, RV_A1, RV_A2, RV_A3, RV_A4, RV_A5 }, .result = RV_A0,                         \
    .disp_min = -2048, .disp_max = 2047, .encode = rv64_encode
// clang-format on

const struct bpf_jit_target bpf_jit_riscv64 = { RISCV64_TARGET("riscv64", 0, 0) };
const struct bpf_jit_target bpf_jit_riscv64_zb = { RISCV64_TARGET(
    "riscv64+zba+zbb", IR_HAS_ROTATE | IR_HAS_LEA_SHIFT, IR_CPU_ZBA | IR_CPU_ZBB) };
const struct bpf_jit_target bpf_jit_riscv64_zicond = { RISCV64_TARGET(
    "riscv64+zba+zbb+zicond", IR_HAS_ROTATE | IR_HAS_LEA_SHIFT,
    IR_CPU_ZBA | IR_CPU_ZBB | IR_CPU_ZICOND) };
