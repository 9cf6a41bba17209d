/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One decoded instruction into operations on variables: as it stands, the passes after this make it
 * good. */
#include <axiom/errno.h>
#include <bpf/helper.h>

#include "build.h"

/* The four forms of an ALU operation or condition, in the order of op.h. */
#define FORM_IS_IMM(op) (((op)&1u) != 0)
#define FORM_SIZE(op)   (((op)&2u) != 0 ? 4 : 8)
_Static_assert(BPF_OP_ADD64_X == 0 && BPF_OP_ADD64_K == 1 && BPF_OP_ADD32_X == 2, "op.h");
_Static_assert((BPF_OP_JEQ64_X & 3) == 0, "op.h");

static void alu(struct builder *b, const struct bpf_code *code, uint32_t op, enum ir_op operation)
{
    struct ir_insn *insn = build_insn(b, operation, code->dst);
    insn->size = FORM_SIZE(op);
    insn->a = code->dst;
    if (FORM_IS_IMM(op)) {
        insn->imm = code->imm;
        insn->flags |= IR_BLIND;
    } else {
        insn->b = code->src;
    }
}

static void mov(struct builder *b, const struct bpf_code *code, uint32_t op)
{
    struct ir_insn *insn = build_insn(b, IR_MOV, code->dst);
    insn->size = FORM_SIZE(op);
    if (FORM_IS_IMM(op)) {
        insn->imm = insn->size == 4 ? (int64_t)(uint32_t)code->imm : code->imm;
        insn->flags |= IR_BLIND;
    } else {
        insn->a = code->src;
    }
}

static void divide(struct builder *b, uint32_t index, uint32_t op, enum ir_op operation)
{
    const struct bpf_code *code = &b->f->prog->code[index];
    alu(b, code, op, operation);
    uint32_t facts = build_fact(b->f, index)->flags;
    struct ir_insn *insn = &b->f->insns[b->f->insn_count - 1];
    if (b->failed)
        return;
    if ((facts & BPF_FACT_DIVISOR_NOT_ZERO) != 0 || (FORM_IS_IMM(op) && code->imm != 0))
        insn->flags |= IR_NOT_ZERO;
    if ((facts & BPF_FACT_OPERANDS_32) != 0 && (operation == IR_DIV || operation == IR_MOD))
        insn->size = 4;
}

static bool translate_alu(struct builder *b, uint32_t index, uint32_t op)
{
    static const uint8_t operations[] = {
        IR_ADD, IR_SUB, IR_MUL, IR_DIV,  IR_SDIV, IR_OR,  IR_AND,
        IR_SHL, IR_SHR, IR_MOD, IR_SMOD, IR_XOR,  IR_MOV, IR_SAR
    };
    if (op >= BPF_OP_JEQ64_X)
        return false;
    const struct bpf_code *code = &b->f->prog->code[index];
    enum ir_op operation = operations[op / 4];
    if (operation == IR_MOV)
        mov(b, code, op);
    else if (operation >= IR_DIV && operation <= IR_SMOD)
        divide(b, index, op, operation);
    else
        alu(b, code, op, operation);
    return true;
}

static bool translate_condition(struct builder *b, uint32_t index, uint32_t op)
{
    static const uint8_t conditions[] = { IR_EQ,  IR_GTU, IR_GEU, IR_TEST, IR_NE, IR_GTS,
                                          IR_GES, IR_LTU, IR_LEU, IR_LTS,  IR_LES };
    if (op < BPF_OP_JEQ64_X || op > BPF_OP_JSLE32_K)
        return false;
    const struct bpf_code *code = &b->f->prog->code[index];
    enum jump_kind kind = build_jump_kind(b->f, index);
    if (kind == JUMP_NO)
        return true;
    if (kind == JUMP_ALWAYS) {
        build_insn(b, IR_JUMP, IR_NONE)->target = build_jump_target(b->f, index);
        return true;
    }
    struct ir_insn *insn = build_insn(b, IR_BRANCH, IR_NONE);
    insn->size = FORM_SIZE(op);
    insn->cond = conditions[(op - BPF_OP_JEQ64_X) / 4];
    insn->a = code->dst;
    insn->d = build_jump_target(b->f, index);
    if (FORM_IS_IMM(op)) {
        insn->imm = code->small_imm;
        insn->flags |= IR_BLIND;
    } else {
        insn->b = code->src;
    }
    return true;
}

static void unary(struct builder *b, enum ir_op operation, ir_place dst, ir_place a, uint32_t size,
                  uint32_t from)
{
    struct ir_insn *insn = build_insn(b, operation, dst);
    insn->a = a;
    insn->size = (uint8_t)size;
    insn->cond = (uint8_t)from;
}

static bool translate_unary(struct builder *b, const struct bpf_code *code, uint32_t op)
{
    ir_place dst = code->dst, src = code->src;
    switch (op) {
    case BPF_OP_NEG64:
        unary(b, IR_NEG, dst, dst, 8, 0);
        return true;
    case BPF_OP_NEG32:
        unary(b, IR_NEG, dst, dst, 4, 0);
        return true;
    case BPF_OP_MOVSX8_64:
        unary(b, IR_SEXT, dst, src, 8, 1);
        return true;
    case BPF_OP_MOVSX16_64:
        unary(b, IR_SEXT, dst, src, 8, 2);
        return true;
    case BPF_OP_MOVSX32_64:
        unary(b, IR_SEXT, dst, src, 8, 4);
        return true;
    case BPF_OP_MOVSX8_32:
        unary(b, IR_SEXT, dst, src, 4, 1);
        return true;
    case BPF_OP_MOVSX16_32:
        unary(b, IR_SEXT, dst, src, 4, 2);
        return true;
    case BPF_OP_LE16:
        unary(b, IR_ZEXT, dst, dst, 8, 2);
        return true;
    case BPF_OP_LE32:
        unary(b, IR_MOV, dst, dst, 4, 0);
        return true;
    case BPF_OP_LE64:
        return true;
    case BPF_OP_BE16:
    case BPF_OP_BSWAP16:
        unary(b, IR_BSWAP, dst, dst, 2, 0);
        return true;
    case BPF_OP_BE32:
    case BPF_OP_BSWAP32:
        unary(b, IR_BSWAP, dst, dst, 4, 0);
        return true;
    case BPF_OP_BE64:
    case BPF_OP_BSWAP64:
        unary(b, IR_BSWAP, dst, dst, 8, 0);
        return true;
    case BPF_OP_LD_IMM64:
    case BPF_OP_LD_MAP:
    case BPF_OP_LD_MAP_VALUE:
    case BPF_OP_LD_FUNC:
        build_mov_imm(b, dst, code->imm);
        b->f->insns[b->f->insn_count - 1].flags |= op == BPF_OP_LD_IMM64 ? IR_BLIND : 0u;
        return true;
    default:
        return false;
    }
}

/* --- Memory --- */

static void load(struct builder *b, uint32_t index, uint32_t size, bool is_signed)
{
    const struct bpf_code *code = &b->f->prog->code[index];
    ir_place slot = build_slot_of(b->f, index);
    if (slot == IR_NONE) {
        build_load(b, code->dst, code->src, 0, size);
        struct ir_insn *insn = &b->f->insns[b->f->insn_count - 1];
        insn->disp = code->offset;
        insn->flags |= is_signed ? IR_SIGNED : 0u;
        return;
    }
    if (is_signed)
        unary(b, IR_SEXT, code->dst, slot, 8, size);
    else
        unary(b, IR_MOV, code->dst, slot, 8, 0);
}

static void store(struct builder *b, uint32_t index, uint32_t size, bool is_imm)
{
    const struct bpf_code *code = &b->f->prog->code[index];
    ir_place slot = build_slot_of(b->f, index);
    if (slot == IR_NONE) {
        build_store(b, code->dst, 0, size, is_imm ? IR_NONE : code->src, is_imm ? code->imm : 0);
        struct ir_insn *insn = &b->f->insns[b->f->insn_count - 1];
        insn->disp = code->offset;
        insn->flags |= is_imm ? IR_BLIND : 0u;
        return;
    }
    if (is_imm) {
        uint64_t mask = size == 8 ? UINT64_MAX : (UINT64_C(1) << size * 8) - 1;
        build_mov_imm(b, slot, (int64_t)((uint64_t)code->imm & mask));
        b->f->insns[b->f->insn_count - 1].flags |= IR_BLIND;
        return;
    }
    if (size < 4)
        unary(b, IR_ZEXT, slot, code->src, 8, size);
    else
        unary(b, IR_MOV, slot, code->src, size, 0);
}

static bool translate_memory(struct builder *b, uint32_t index, uint32_t op)
{
    if (op >= BPF_OP_LDX8 && op <= BPF_OP_LDX64)
        load(b, index, 1u << (op - BPF_OP_LDX8), false);
    else if (op >= BPF_OP_LDSX8 && op <= BPF_OP_LDSX32)
        load(b, index, 1u << (op - BPF_OP_LDSX8), true);
    else if (op >= BPF_OP_ST8 && op <= BPF_OP_ST64)
        store(b, index, 1u << (op - BPF_OP_ST8), true);
    else if (op >= BPF_OP_STX8 && op <= BPF_OP_STX64)
        store(b, index, 1u << (op - BPF_OP_STX8), false);
    else
        return false;
    return true;
}

static bool translate_atomic(struct builder *b, const struct bpf_code *code, uint32_t op)
{
    static const uint8_t operations[] = { IR_ATOMIC_ADD,    IR_ATOMIC_OR,  IR_ATOMIC_AND,
                                          IR_ATOMIC_XOR,    IR_ATOMIC_ADD, IR_ATOMIC_OR,
                                          IR_ATOMIC_AND,    IR_ATOMIC_XOR, IR_ATOMIC_XCHG,
                                          IR_ATOMIC_CMPXCHG };
    if (op < BPF_OP_ATOMIC_ADD32 || op > BPF_OP_ATOMIC_CMPXCHG64)
        return false;
    uint32_t size = op >= BPF_OP_ATOMIC_ADD64 ? 8 : 4;
    uint32_t number = op - (size == 8 ? BPF_OP_ATOMIC_ADD64 : BPF_OP_ATOMIC_ADD32);
    bool fetches = number >= 4;
    struct ir_insn *insn =
        build_insn(b, operations[number], fetches ? (ir_place)code->src : IR_NONE);
    insn->size = (uint8_t)size;
    insn->a = code->dst;
    insn->c = code->src;
    insn->disp = code->offset;
    if (insn->op == IR_ATOMIC_CMPXCHG) {
        insn->b = 0;
        insn->dst = 0;
    }
    return true;
}

static bool translate_ordered(struct builder *b, const struct bpf_code *code, uint32_t op)
{
    bool loads = op >= BPF_OP_LOAD_ACQUIRE8 && op <= BPF_OP_LOAD_ACQUIRE64;
    if (!loads && (op < BPF_OP_STORE_RELEASE8 || op > BPF_OP_STORE_RELEASE64))
        return false;
    struct ir_insn *insn = build_insn(b, loads ? IR_LOAD_ACQUIRE : IR_STORE_RELEASE,
                                      loads ? (ir_place)code->dst : IR_NONE);
    insn->a = loads ? code->src : code->dst;
    insn->c = loads ? IR_NONE : (ir_place)code->src;
    insn->disp = code->offset;
    insn->size = (uint8_t)(1u << (op - (loads ? BPF_OP_LOAD_ACQUIRE8 : BPF_OP_STORE_RELEASE8)));
    return true;
}

/* --- Calls --- */

static void clear_arguments(struct builder *b)
{
    for (uint32_t r = 1; r <= BPF_CALL_ARG_COUNT; r++)
        build_mov_imm(b, r, 0);
}

static void count_helper(struct builder *b, const struct bpf_helper *helper)
{
    if (helper->cost_ns == 0)
        return;
    struct ir_insn *add = build_insn(b, IR_ADD_MEMORY, IR_NONE);
    add->a = VAR_RUN;
    add->disp = offsetof(struct bpf_run, helper_ns);
    add->imm = helper->cost_ns;
}

/* Where the callee's R10 is: a helper that calls back, or a function, begins its frame there. */
static void enter_frame(struct builder *b, uint32_t index)
{
    ir_place frame = build_temp(b);
    build_add_imm(b, frame, VAR_FP, (int64_t)b->f->prog->frame_size);
    if (!b->f->is_verified) {
        ir_place max = build_temp(b);
        build_load(b, max, VAR_RUN, offsetof(struct bpf_run, engine.frame_max), 8);
        struct ir_insn *check = build_insn(b, IR_BRANCH, IR_NONE);
        check->cond = IR_GTU;
        check->a = frame;
        check->b = max;
        check->d = build_end(b, -ELOOP, index);
        build_cut(b);
    }
    build_store(b, VAR_RUN, offsetof(struct bpf_run, engine.frame), 8, frame, 0);
}

static void call_helper(struct builder *b, uint32_t index, uint32_t op)
{
    const struct bpf_helper *helper =
        (const struct bpf_helper *)(uintptr_t)b->f->prog->code[index].imm;
    count_helper(b, helper);
    if (op != BPF_OP_CALL_HELPER_UNWIND && build_inline_helper(b, index, helper)) {
        if (op == BPF_OP_CALL_HELPER_CLEAR)
            clear_arguments(b);
        return;
    }
    struct ir_call *call = build_call(b, 0, IR_CALL_ADDRESS);
    call->address = (uint64_t)(uintptr_t)helper->body;
    call->args[IR_ARG_RUN] = VAR_RUN;
    bool passes_all = !b->f->is_verified || (helper->flags & BPF_HELPER_VARIADIC) != 0;
    for (uint32_t i = 0; i < BPF_CALL_ARG_COUNT; i++) {
        if (passes_all || helper->args[i] != BPF_ARG_NONE)
            call->args[IR_ARG_R1 + i] = 1 + i;
    }
    b->f->has_helper_calls = true;
    if (op == BPF_OP_CALL_HELPER_CLEAR)
        clear_arguments(b);
    if (op == BPF_OP_CALL_HELPER_UNWIND) {
        struct ir_insn *check = build_insn(b, IR_BRANCH, IR_NONE);
        check->cond = IR_EQ;
        check->a = 0;
        check->d = build_end(b, 0, index);
        build_cut(b);
    }
}

static void pass_arguments(struct ir_call *call)
{
    call->args[IR_ARG_RUN] = VAR_RUN;
    for (uint32_t i = 0; i < BPF_CALL_ARG_COUNT; i++)
        call->args[IR_ARG_R1 + i] = 1 + i;
}

/* Unverified programs may have ended inside of the call; then this function returns, too. Its count is
 * in the run already. */
static void check_ended(struct builder *b)
{
    if (b->f->is_verified)
        return;
    ir_place ended = build_temp(b);
    build_load(b, ended, VAR_RUN, offsetof(struct bpf_run, engine.ended), 4);
    struct ir_insn *check = build_insn(b, IR_BRANCH, IR_NONE);
    check->cond = IR_NE;
    check->a = ended;
    check->d = build_return_at_once(b);
    build_cut(b);
}

static void call_local(struct builder *b, uint32_t index)
{
    struct lower *f = b->f;
    uint32_t function = f->functions[build_jump_target(f, index)] - 1;
    const struct lower_summary *callee = &f->summaries[function];
    if (build_inline_function(b, function))
        return;
    if (!callee->is_done || callee->needs_frame)
        enter_frame(b, index);
    build_flush_count(b);
    struct ir_call *call = build_call(b, 0, IR_CALL_FUNCTION);
    call->function = function;
    pass_arguments(call);
    for (uint32_t i = 0; i < IR_ARG_COUNT; i++) {
        if (callee->is_done && (callee->arguments >> i & 1) == 0)
            call->args[i] = IR_NONE;
    }
    f->has_local_calls = true;
    clear_arguments(b);
    check_ended(b);
}

/* The address is asked for at run time: bpf_jit_resolve() knows functions and helpers. */
static void call_register(struct builder *b, uint32_t index)
{
    const struct bpf_code *code = &b->f->prog->code[index];
    ir_place address = build_temp(b);
    struct ir_call *resolve = build_call(b, address, IR_CALL_ADDRESS);
    resolve->address = (uint64_t)(uintptr_t)bpf_jit_resolve;
    resolve->args[IR_ARG_RUN] = VAR_RUN;
    resolve->args[IR_ARG_R1] = code->dst;
    struct ir_insn *check = build_insn(b, IR_BRANCH, IR_NONE);
    check->cond = IR_EQ;
    check->a = address;
    check->d = build_end(b, -EFAULT, index);
    build_cut(b);
    enter_frame(b, index);
    build_flush_count(b);
    struct ir_call *call = build_call(b, 0, IR_CALL_PLACE);
    call->pointer = address;
    pass_arguments(call);
    b->f->has_local_calls = true;
    clear_arguments(b);
    check_ended(b);
}

/* The helper runs functions of this program in frames above this one (bpf_call_function()). */
static void call_back(struct builder *b, uint32_t index)
{
    build_store(b, VAR_RUN, offsetof(struct bpf_run, engine.frame), 8, VAR_FP, 0);
    build_flush_count(b);
    call_helper(b, index, BPF_OP_CALL_HELPER_CLEAR);
    check_ended(b);
}

/* The other program runs inside of bpf_jit_tail_call(); when it is over, so is this function. */
static void tail_call(struct builder *b, uint32_t index)
{
    const struct bpf_helper *helper =
        (const struct bpf_helper *)(uintptr_t)b->f->prog->code[index].imm;
    count_helper(b, helper);
    build_store(b, VAR_RUN, offsetof(struct bpf_run, engine.frame), 8, VAR_FP, 0);
    build_flush_count(b);
    ir_place taken = build_temp(b);
    struct ir_call *call = build_call(b, taken, IR_CALL_ADDRESS);
    call->address = (uint64_t)(uintptr_t)bpf_jit_tail_call;
    pass_arguments(call);
    b->f->has_helper_calls = true;
    build_load(b, 0, VAR_RUN, offsetof(struct bpf_run, engine.tail_result), 8);
    clear_arguments(b);
    struct ir_insn *check = build_insn(b, IR_BRANCH, IR_NONE);
    check->cond = IR_NE;
    check->a = taken;
    check->d = build_return_at_once(b);
    build_cut(b);
}

/* Classic BPF: R6 is the context; outside of the packet the function returns 0. */
static void packet_load(struct builder *b, uint32_t index)
{
    const struct bpf_code *code = &b->f->prog->code[index];
    ir_place at = build_temp(b), outside = build_temp(b);
    build_mov_imm(b, at, code->imm);
    if (code->src < BPF_REG_COUNT) {
        struct ir_insn *add = build_insn(b, IR_ADD, at);
        add->a = at;
        add->b = code->src;
        add->size = 4;
    }
    ir_place size = build_temp(b);
    build_mov_imm(b, size, code->offset);
    struct ir_call *call = build_call(b, 0, IR_CALL_ADDRESS);
    call->address = (uint64_t)(uintptr_t)bpf_jit_packet_load;
    call->args[IR_ARG_RUN] = VAR_RUN;
    call->args[IR_ARG_R1] = 6;
    call->args[IR_ARG_R1 + 1] = at;
    call->args[IR_ARG_R1 + 2] = size;
    b->f->has_helper_calls = true;
    unary(b, IR_MOV, outside, 0, 8, 0);
    unary(b, IR_MOV, 0, 0, 4, 0);
    clear_arguments(b);
    struct ir_insn *check = build_insn(b, IR_BRANCH, IR_NONE);
    check->cond = IR_LTS;
    check->a = outside;
    check->d = build_leave(b, index);
    build_cut(b);
}

static void may_goto(struct builder *b, uint32_t index)
{
    struct ir_insn *check = build_insn(b, IR_BRANCH, IR_NONE);
    check->cond = IR_EQ;
    check->a = VAR_PASSES;
    check->d = build_jump_target(b->f, index);
    build_cut(b);
    build_add_imm(b, VAR_PASSES, VAR_PASSES, -1);
}

static void fail(struct builder *b, int error, uint32_t index)
{
    build_insn(b, IR_JUMP, IR_NONE)->target = build_end(b, error, index);
}

static bool translate_way(struct builder *b, uint32_t index, uint32_t op)
{
    switch (op) {
    case BPF_OP_JA:
        build_insn(b, IR_JUMP, IR_NONE)->target = build_jump_target(b->f, index);
        return true;
    case BPF_OP_CALL_HELPER:
    case BPF_OP_CALL_HELPER_CLEAR:
    case BPF_OP_CALL_HELPER_UNWIND:
        call_helper(b, index, op);
        return true;
    case BPF_OP_CALL_LOCAL:
        call_local(b, index);
        return true;
    case BPF_OP_CALL_HELPER_BACK:
        call_back(b, index);
        return true;
    case BPF_OP_TAIL_CALL:
        tail_call(b, index);
        return true;
    case BPF_OP_LEGACY_PACKET:
        packet_load(b, index);
        return true;
    case BPF_OP_MAY_GOTO:
        may_goto(b, index);
        return true;
    case BPF_OP_CALLX:
        call_register(b, index);
        return true;
    case BPF_OP_EXIT:
        build_flush_count(b);
        build_insn(b, IR_RETURN, IR_NONE)->a = 0;
        return true;
    case BPF_OP_FALL_OFF:
        fail(b, -EFAULT, index);
        return true;
    default:
        return false;
    }
}

int build_translate(struct builder *b, uint32_t index)
{
    uint32_t op = b->f->prog->origins[index].op;
    const struct bpf_code *code = &b->f->prog->code[index];
    if (translate_alu(b, index, op) || translate_condition(b, index, op) ||
        translate_unary(b, code, op) || translate_memory(b, index, op) ||
        translate_atomic(b, code, op) || translate_ordered(b, code, op) ||
        translate_way(b, index, op))
        return 0;
    return bpf_error_set(b->f->error, -EOPNOTSUPP,
                         (uint64_t)b->f->prog->origins[index].slot * sizeof(struct bpf_insn),
                         "an instruction that is not compiled (%u)", op);
}
