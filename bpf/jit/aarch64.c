/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The AArch64 encoder: a function's frame, its control flow, and the target's row.
 *
 * Every instruction has four bytes, so only jumps change with distance: 1 MiB for conditions, 32 KiB
 * for bit tests, beyond that inverted over a B of 128 MiB. Further is refused with -E2BIG. */
#include "a64_encoder.h"
#include <axiom/errno.h>

/* --- Frame --- */

static void frame_of(const struct ir_form *form, uint32_t number, struct a64_frame *frame)
{
    const struct ir_function *function = &form->functions[number];
    frame->links = function->has_calls;
    frame->saved_count = 0;
    frame->slots_size = (function->slot_count * 8 + 15) & ~15u;
    if (frame->links) {
        frame->saved[frame->saved_count++] = A64_FP;
        frame->saved[frame->saved_count++] = A64_LR;
    }
    for (uint8_t reg = A64_X19; reg <= A64_X28; reg++) {
        if ((function->saved >> reg & 1) != 0)
            frame->saved[frame->saved_count++] = reg;
    }
    if (frame->saved_count % 2 != 0)
        frame->saved[frame->saved_count++] = A64_ZR;
}

static void move_stack_pointer(struct a64 *a, uint32_t size, bool down)
{
    uint32_t low = size & 0xfff, high = size - low;
    if (high != 0)
        a64_put(a, down ? a64_sub_imm(true, A64_SP, A64_SP, high)
                        : a64_add_imm(true, A64_SP, A64_SP, high));
    if (low != 0)
        a64_put(a, down ? a64_sub_imm(true, A64_SP, A64_SP, low)
                        : a64_add_imm(true, A64_SP, A64_SP, low));
}

static void prologue(struct a64 *a)
{
    const struct a64_frame *f = &a->frame;
    for (uint32_t i = 0; i < f->saved_count; i += 2)
        a64_put(a, a64_pair(i == 0 ? A64_PAIR_PRE : A64_PAIR_OFFSET, false, f->saved[i],
                            f->saved[i + 1], A64_SP,
                            i == 0 ? -8 * (int64_t)f->saved_count : 8 * (int64_t)i));
    if (f->links)
        a64_put(a, a64_add_imm(true, A64_FP, A64_SP, 0));
    move_stack_pointer(a, f->slots_size, true);
}

/* Up to, but without, the return. Leaves the result alone. */
static void epilogue(struct a64 *a)
{
    const struct a64_frame *f = &a->frame;
    move_stack_pointer(a, f->slots_size, false);
    for (uint32_t i = f->saved_count; i > 0; i -= 2)
        a64_put(a, a64_pair(i == 2 ? A64_PAIR_POST : A64_PAIR_OFFSET, true, f->saved[i - 2],
                            f->saved[i - 1], A64_SP,
                            i == 2 ? 8 * (int64_t)f->saved_count : 8 * (int64_t)(i - 2)));
}

/* --- Jumps --- */

static int64_t distance_or_zero(struct a64 *a, int64_t distance)
{
    if (a64_fits_signed(distance, 28))
        return distance;
    if (a->e->at != NULL)
        a->error = -E2BIG;
    return 0;
}

static void jump(struct a64 *a, uint32_t block)
{
    a64_put(a, a64_b(distance_or_zero(a, emit_distance(a->e, a->function, block))));
}

/* `word` is a conditional branch with distance 0, whose opposite differs by `flip`; its distance
 * has `bits` bits at bit 5. */
static void jump_if(struct a64 *a, uint32_t block, uint32_t word, uint32_t flip, uint32_t bits)
{
    int64_t distance = emit_distance(a->e, a->function, block);
    int64_t reach = INT64_C(4) << (bits - 1);
    if (emit_reaches(a->e, distance, -reach, reach - 4)) {
        a64_put(a, word | a64_branch_field(distance, bits) << 5);
        return;
    }
    a64_put(a, (word ^ flip) | a64_branch_field(8, bits) << 5);
    jump(a, block);
}

static bool is_power_of_two(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

static uint32_t bit_of(uint64_t value)
{
    uint32_t n = 0;
    while (value >> n != 1)
        n++;
    return n;
}

#define FLIP_COND UINT32_C(1)         /* B.cond: C6.2.26 */
#define FLIP_ZERO (UINT32_C(1) << 24) /* CBZ and CBNZ, TBZ and TBNZ */

static void branch(struct a64 *a)
{
    const struct ir_insn *insn = a->insn;
    uint32_t block = IR_TARGET(insn);
    bool wide = a64_wide(insn), constant = insn->b == IR_NONE;
    uint64_t imm = a64_immediate(insn);
    if (constant && imm == 0 && (insn->cond == IR_EQ || insn->cond == IR_NE)) {
        uint32_t ra = a64_source(a, insn->a, A64_S0);
        jump_if(a, block, insn->cond == IR_EQ ? a64_cbz(wide, ra, 0) : a64_cbnz(wide, ra, 0),
                FLIP_ZERO, 19);
    } else if (constant && imm == 0 && (insn->cond == IR_LTS || insn->cond == IR_GES)) {
        uint32_t ra = a64_source(a, insn->a, A64_S0), bit = wide ? 63 : 31;
        jump_if(a, block, insn->cond == IR_GES ? a64_tbz(ra, bit, 0) : a64_tbnz(ra, bit, 0),
                FLIP_ZERO, 14);
    } else if (constant && is_power_of_two(imm) &&
               (insn->cond == IR_TEST || insn->cond == IR_NOT_TEST)) {
        uint32_t ra = a64_source(a, insn->a, A64_S0), bit = bit_of(imm);
        jump_if(a, block, insn->cond == IR_TEST ? a64_tbnz(ra, bit, 0) : a64_tbz(ra, bit, 0),
                FLIP_ZERO, 14);
    } else {
        enum a64_cond cond = a64_compare(a);
        jump_if(a, block, a64_b_cond(cond, 0), FLIP_COND, 19);
    }
}

static void set_or_select(struct a64 *a)
{
    const struct ir_insn *insn = a->insn;
    enum a64_cond cond = a64_compare(a);
    uint32_t rd = a64_target(a);
    if (insn->op == IR_SET) {
        a64_put(a, a64_cset(true, rd, cond));
    } else {
        uint32_t rc = a64_source(a, insn->c, A64_S0), re = a64_source(a, insn->d, A64_S1);
        a64_put(a, a64_select(A64_CSEL, true, rd, rc, re, cond));
    }
    a64_finish(a, rd);
}

/* --- Calls and returns --- */

static void pass_arguments(struct a64 *a, const ir_place *args)
{
    struct ir_move moves[IR_ARG_COUNT], ordered[2 * IR_ARG_COUNT + 2];
    uint32_t move_count = 0;
    for (uint32_t i = 0; i < IR_ARG_COUNT; i++) {
        if (args[i] != IR_NONE)
            moves[move_count++] = (struct ir_move){ a->form->target->args[i], args[i] };
    }
    uint32_t total = bpf_jit_moves(moves, move_count, A64_S0, ordered);
    for (uint32_t i = 0; i < total; i++)
        a64_move(a, ordered[i].to, ordered[i].from);
}

static void take_parameters(struct a64 *a)
{
    struct ir_move moves[IR_ARG_COUNT], ordered[2 * IR_ARG_COUNT + 2];
    uint32_t move_count = 0;
    for (uint32_t i = 0; i < IR_ARG_COUNT; i++) {
        if (a->function->params[i] != IR_NONE)
            moves[move_count++] =
                (struct ir_move){ a->function->params[i], a->form->target->args[i] };
    }
    uint32_t total = bpf_jit_moves(moves, move_count, A64_S0, ordered);
    for (uint32_t i = 0; i < total; i++)
        a64_move(a, ordered[i].to, ordered[i].from);
}

static void call(struct a64 *a)
{
    const struct ir_call *c = &a->function->calls[a->insn->target];
    switch (c->callee) {
    case IR_CALL_ADDRESS:
        pass_arguments(a, c->args);
        a64_constant(a, A64_S1, c->address);
        a64_put(a, a64_blr(A64_S1));
        break;
    case IR_CALL_FUNCTION:
        pass_arguments(a, c->args);
        a64_put(a, a64_bl(distance_or_zero(a, emit_distance_function(a->e, c->function))));
        break;
    default: {
        uint32_t pointer = a64_source(a, c->pointer, A64_S1);
        if (pointer != A64_S1)
            a64_put(a, a64_mov(true, A64_S1, pointer));
        pass_arguments(a, c->args);
        a64_put(a, a64_blr(A64_S1));
        break;
    }
    }
    if (a->insn->dst != IR_NONE)
        a64_move(a, a->insn->dst, a->form->target->result);
}

static void leave(struct a64 *a)
{
    uint32_t result = a->form->target->result;
    if (a->insn->a == IR_NONE)
        a64_load_immediate(a, result);
    else
        a64_move(a, result, a->insn->a);
    epilogue(a);
    a64_put(a, a64_ret(A64_LR));
}

/* --- A function --- */

static void instruction(struct a64 *a)
{
    switch (a->insn->op) {
    case IR_NOP:
        return;
    case IR_SET:
    case IR_SELECT:
        return set_or_select(a);
    case IR_BRANCH:
        return branch(a);
    case IR_JUMP:
        if (IR_TARGET(a->insn) != a->block + 1)
            jump(a, IR_TARGET(a->insn));
        return;
    case IR_CALL:
        return call(a);
    case IR_RETURN:
        return leave(a);
    default:
        return a->insn->op < IR_LEA ? a64_alu(a) : a64_memory(a);
    }
}

int a64_encode(const struct ir_form *form, uint32_t number, struct emit *e)
{
    struct a64 a = {
        .e = e, .form = form, .function = &form->functions[number], .function_number = number
    };
    frame_of(form, number, &a.frame);
    emit_function_label(e, number);
    prologue(&a);
    take_parameters(&a);
    for (a.block = 0; a.block < a.function->block_count; a.block++) {
        const struct ir_block *block = &a.function->blocks[a.block];
        emit_label(e, a.function, a.block);
        for (uint32_t i = block->first; i < block->end; i++) {
            a.insn = &a.function->insns[i];
            instruction(&a);
        }
    }
    return a.error;
}

// clang-format off
#define AARCH64_TARGET(NAME, CPU)                                                                  \
    .name = NAME, .cpu = CPU,                                                                      \
    .features = IR_BLINDS | IR_HAS_SELECT | IR_HAS_BITS | IR_HAS_ROTATE | IR_INDEX | IR_INDEX_SIZE |           \
                IR_HAS_LEA_SHIFT | IR_HAS_LEA32 | IR_UNALIGNED,                                                   \
    /* What is not an argument first: it need not move for calls. */                               \
    .caller_saved = { 8, 9, 10, 11, 12, 7, 6, 5, 4, 3, 2, 1, 0 }, .caller_saved_count = 13,        \
    .callee_saved = { 19, 20, 21, 22, 23, 24, 25, 26, 27, 28 }, .callee_saved_count = 10,          \
    .args = { 0, 1, 2, 3, 4, 5 }, .result = 0,                                                  \
    .disp_min = -256, .disp_max = 4095, .encode = a64_encode
// clang-format on

const struct bpf_jit_target bpf_jit_aarch64 = { AARCH64_TARGET("aarch64", 0) };
const struct bpf_jit_target bpf_jit_aarch64_lse = { AARCH64_TARGET("aarch64+lse", IR_CPU_LSE) };
