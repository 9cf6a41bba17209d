/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* From decoded instructions to blocks over variables.
 *
 * A function is what can be reached from its first instruction without a call. Its blocks keep the
 * order of the instructions; before them stands one that makes what is there at entry, after them
 * those that end a run early. Instructions that a fact of the verifier excludes are left out.
 *
 * Where a BPF program could see the difference, the interpreter (interp_loop.h) is what is meant:
 * registers after calls, counts of instructions, what ends a run. */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf/helper.h>

#include "build.h"

static int no_memory(struct lower *f)
{
    return bpf_error_set(f->error, -ENOMEM, BPF_ERROR_NO_OFFSET, "no memory for compiling");
}

const struct bpf_insn_fact *build_fact(const struct lower *f, uint32_t index)
{
    static const struct bpf_insn_fact nothing = { .flags = 0 };
    return f->prog->facts == NULL ? &nothing : &f->prog->facts[f->prog->origins[index].slot];
}

/* --- Which instructions --- */

static enum jump_kind kind_of(const struct lower *f, uint32_t index)
{
    uint32_t op = f->prog->origins[index].op;
    if (op == BPF_OP_JA)
        return JUMP_ALWAYS;
    if (op == BPF_OP_EXIT || op == BPF_OP_FALL_OFF)
        return JUMP_ENDS;
    if (op == BPF_OP_MAY_GOTO)
        return JUMP_IF;
    if (op < BPF_OP_JEQ64_X || op > BPF_OP_JSLE32_K)
        return JUMP_NO;
    uint32_t flags = build_fact(f, index)->flags;
    if ((flags & BPF_FACT_ALWAYS_JUMPS) != 0)
        return JUMP_ALWAYS;
    return (flags & BPF_FACT_NEVER_JUMPS) != 0 ? JUMP_NO : JUMP_IF;
}

uint32_t build_jump_target(const struct lower *f, uint32_t index)
{
    return (uint32_t)((int64_t)index + 1 + f->prog->code[index].distance);
}

/* Calls of functions: what ran until there must be in the run's count, and no more. */
static bool build_ends_count(const struct lower *f, uint32_t index)
{
    uint32_t op = f->prog->origins[index].op;
    return f->options->count_insns && (op == BPF_OP_CALL_LOCAL || op == BPF_OP_CALLX ||
                                       op == BPF_OP_CALL_HELPER_BACK || op == BPF_OP_TAIL_CALL);
}

/* Marks what is reached from `index` on until something was marked before; pushes what is jumped
 * to. */
static uint32_t mark_run(struct lower *f, uint32_t index, uint32_t *stack, uint32_t depth)
{
    for (;; index++) {
        if ((f->marks[index] & MARK_REACHED) != 0)
            return depth;
        enum jump_kind kind = kind_of(f, index);
        f->marks[index] |= (uint8_t)(MARK_REACHED | kind << MARK_KIND_SHIFT);
        f->low = index < f->low ? index : f->low;
        f->high = index >= f->high ? index + 1 : f->high;
        const struct bpf_code *code = &f->prog->code[index];
        f->uses_fp |= code->dst == BPF_REG_FP || code->src == BPF_REG_FP;
        if (kind == JUMP_ENDS)
            return depth;
        if (build_ends_count(f, index))
            f->marks[index + 1] |= MARK_LEADER;
        if (kind == JUMP_NO)
            continue;
        uint32_t target = build_jump_target(f, index);
        if ((f->marks[target] & MARK_LEADER) == 0) {
            f->marks[target] |= MARK_LEADER;
            stack[depth++] = target;
        }
        if (kind == JUMP_ALWAYS)
            return depth;
        f->marks[index + 1] |= MARK_LEADER;
    }
}

static int find_function(struct lower *f)
{
    /* Each instruction is pushed once at most: when it becomes a leader. */
    uint32_t *stack = lower_alloc_raw(f->pass, f->prog->code_count + 1, sizeof *stack);
    if (stack == NULL)
        return no_memory(f);
    f->low = f->entry;
    f->high = f->entry;
    f->marks[f->entry] |= MARK_LEADER;
    stack[0] = f->entry;
    uint32_t depth = 1;
    while (depth != 0) {
        uint32_t index = stack[--depth];
        depth = mark_run(f, index, stack, depth);
    }
    return 0;
}

/* --- Small pieces --- */

/* A new instruction on variables; f->failed without memory, and then what it gives is thrown away.
 */
struct ir_insn *build_insn(struct builder *b, enum ir_op op, ir_place dst)
{
    struct ir_insn *insn = lower_append(b->f);
    if (insn == NULL) {
        b->failed = true;
        return &b->nowhere;
    }
    insn->op = (uint8_t)op;
    insn->dst = dst;
    return insn;
}

ir_place build_temp(struct builder *b)
{
    return b->f->place_count++;
}

void build_mov_imm(struct builder *b, ir_place dst, int64_t value)
{
    build_insn(b, IR_MOV, dst)->imm = value;
}

void build_load(struct builder *b, ir_place dst, ir_place base, size_t offset, uint32_t size)
{
    struct ir_insn *insn = build_insn(b, IR_LOAD, dst);
    insn->a = base;
    insn->disp = (int32_t)offset;
    insn->size = (uint8_t)size;
}

void build_store(struct builder *b, ir_place base, size_t offset, uint32_t size, ir_place value,
                 int64_t imm)
{
    struct ir_insn *insn = build_insn(b, IR_STORE, IR_NONE);
    insn->a = base;
    insn->disp = (int32_t)offset;
    insn->size = (uint8_t)size;
    insn->c = value;
    insn->imm = imm;
}

void build_add_imm(struct builder *b, ir_place dst, ir_place a, int64_t imm)
{
    struct ir_insn *insn = build_insn(b, IR_ADD, dst);
    insn->a = a;
    insn->imm = imm;
}

struct ir_call *build_call(struct builder *b, ir_place dst, enum ir_callee callee)
{
    struct ir_call *call = lower_append_call(b->f);
    struct ir_insn *insn = build_insn(b, IR_CALL, dst);
    if (call == NULL) {
        b->failed = true;
        insn->op = IR_NOP;
        return &b->call_nowhere;
    }
    insn->target = b->f->call_count - 1;
    call->callee = (uint8_t)callee;
    return call;
}

/* The block that is open ends; another begins. */
void build_cut(struct builder *b)
{
    struct lower *f = b->f;
    f->blocks[f->block_count - 1].end = f->insn_count;
    if (lower_append_block(f) == NULL)
        b->failed = true;
}

/* Counts what ran since the last time into the run. */
void build_flush_count(struct builder *b)
{
    if (!b->f->options->count_insns)
        return;
    ir_place total = build_temp(b);
    build_load(b, total, VAR_RUN, offsetof(struct bpf_run, insn_count), 8);
    struct ir_insn *add = build_insn(b, IR_ADD, total);
    add->a = total;
    add->b = VAR_COUNT;
    build_store(b, VAR_RUN, offsetof(struct bpf_run, insn_count), 8, total, 0);
    build_mov_imm(b, VAR_COUNT, 0);
}

static uint32_t add_end(struct builder *b, const struct early_end *end)
{
    if (b->end_count == b->end_capacity) {
        uint32_t room = b->end_capacity * 2 + 16;
        struct early_end *ends = lower_alloc(b->f->pass, room, sizeof *ends);
        if (ends == NULL) {
            b->failed = true;
            return END_TARGET;
        }
        if (b->end_count != 0)
            memcpy(ends, b->ends, b->end_count * sizeof *ends);
        b->ends = ends;
        b->end_capacity = room;
    }
    b->ends[b->end_count] = *end;
    return END_TARGET | b->end_count++;
}

uint32_t build_end(struct builder *b, int error, uint32_t index)
{
    return add_end(b, &(struct early_end){ .kind = END_RUN, .error = error, .index = index });
}

uint32_t build_return_at_once(struct builder *b)
{
    return add_end(b, &(struct early_end){ .kind = END_RETURN });
}

uint32_t build_leave(struct builder *b, uint32_t index)
{
    return add_end(b, &(struct early_end){ .kind = END_LEAVE, .index = index });
}

/* The block of an early end. */
static void build_early_end(struct builder *b, const struct early_end *end)
{
    struct lower *f = b->f;
    if (end->kind == END_RETURN) {
        build_insn(b, IR_RETURN, IR_NONE)->a = 0;
        return;
    }
    if (f->options->count_insns && end->block_total != end->ran)
        build_add_imm(b, VAR_COUNT, VAR_COUNT, (int64_t)end->ran - (int64_t)end->block_total);
    build_flush_count(b);
    if (end->kind == END_RUN && end->error != 0) {
        build_store(b, VAR_RUN, offsetof(struct bpf_run, error), 4, IR_NONE, end->error);
        build_store(b, VAR_RUN, offsetof(struct bpf_run, error_insn), 4, IR_NONE,
                    f->prog->origins[end->index].slot);
    }
    if (end->kind == END_RUN)
        build_store(b, VAR_RUN, offsetof(struct bpf_run, engine.ended), 4, IR_NONE, 1);
    build_insn(b, IR_RETURN, IR_NONE); /* 0 */
}

/* --- The function --- */

static bool has_may_goto(const struct lower *f)
{
    for (uint32_t i = f->low; i < f->high; i++)
        if ((f->marks[i] & MARK_REACHED) != 0 && f->prog->origins[i].op == BPF_OP_MAY_GOTO)
            return true;
    return false;
}

static void build_entry(struct builder *b)
{
    struct lower *f = b->f;
    f->params[IR_ARG_RUN] = VAR_RUN;
    for (uint32_t i = 1; i < IR_ARG_COUNT; i++)
        f->params[i] = f->is_main && i > 2 ? IR_NONE : i;
    build_mov_imm(b, 0, 0);
    for (uint32_t r = f->is_main ? 3 : 6; r < BPF_REG_FP; r++)
        build_mov_imm(b, r, 0);
    build_load(b, VAR_FP, VAR_RUN, offsetof(struct bpf_run, engine.frame), 8);
    if (f->options->count_insns)
        build_mov_imm(b, VAR_COUNT, 0);
    if (has_may_goto(f))
        build_mov_imm(b, VAR_PASSES, BPF_MAY_GOTO_PASSES);
    for (uint32_t i = 0; i < f->slot_count; i++)
        build_mov_imm(b, VAR_SLOT_FIRST + i, 0);
    struct ir_insn *jump = build_insn(b, IR_JUMP, IR_NONE);
    jump->target = f->entry;
}

/* How many instructions the run of code from `index` to its block's end has. */
static uint32_t block_length(const struct lower *f, uint32_t index)
{
    for (uint32_t at = index;; at++) {
        enum jump_kind kind = build_jump_kind(f, at);
        if (kind != JUMP_NO || (f->marks[at + 1] & MARK_LEADER) != 0)
            return at + 1 - index;
    }
}

static int build_body(struct builder *b)
{
    struct lower *f = b->f;
    for (uint32_t i = f->low; i < f->high && !b->failed; i++) {
        if ((f->marks[i] & MARK_REACHED) == 0)
            continue;
        if ((f->marks[i] & MARK_LEADER) != 0) {
            build_cut(b);
            f->block_of[i] = f->block_count - 1;
            b->block_first = i;
            if (f->options->count_insns) {
                b->block_total = block_length(f, i);
                build_add_imm(b, VAR_COUNT, VAR_COUNT, b->block_total);
            }
        }
        uint32_t ends_before = b->end_count;
        int err = build_translate(b, i);
        if (err)
            return err;
        for (uint32_t k = ends_before; k < b->end_count; k++) {
            b->ends[k].block_total = b->block_total;
            b->ends[k].ran = i + 1 - b->block_first;
        }
    }
    return 0;
}

/* Targets are instructions until here. */
static void resolve_targets(struct builder *b, uint32_t first_end)
{
    struct lower *f = b->f;
    for (uint32_t i = 0; i < f->block_count; i++) {
        struct ir_insn *insn = lower_last(f, i);
        if (insn == NULL || (insn->op != IR_JUMP && insn->op != IR_BRANCH))
            continue;
        uint32_t to = IR_TARGET(insn);
        uint32_t block = (to & END_TARGET) != 0     ? first_end + (to & ~END_TARGET)
                         : (to & BLOCK_TARGET) != 0 ? to & ~BLOCK_TARGET
                                                    : f->block_of[to];
        if (insn->op == IR_JUMP)
            insn->target = block;
        else
            insn->d = block;
    }
}

/* An unconditional jump to the next block is none. */
static void drop_jumps_to_next(struct lower *f)
{
    for (uint32_t i = 0; i + 1 < f->block_count; i++) {
        struct ir_insn *last = lower_last(f, i);
        if (last != NULL && last->op == IR_JUMP && last->target == i + 1)
            f->blocks[i].end--;
    }
}

int lower_build(struct lower *f)
{
    int err = find_function(f);
    if (err)
        return err;
    struct builder b = { .f = f };
    uint32_t insns = f->high - f->low;
    f->place_count = LOWER_TEMP_FIRST;
    build_find_slots(f);
    if (lower_append_block(f) == NULL ||
        lower_expect(f, insns + insns / 4 + f->slot_count + 24) != 0)
        return no_memory(f);
    build_entry(&b);
    err = build_body(&b);
    uint32_t first_end = f->block_count;
    for (uint32_t i = 0; i < b.end_count && !b.failed; i++) {
        build_cut(&b);
        build_early_end(&b, &b.ends[i]);
    }
    memset(f->marks + f->low, 0, f->high - f->low);
    if (err == 0 && b.failed)
        err = no_memory(f);
    if (err)
        return err;
    f->blocks[f->block_count - 1].end = f->insn_count;
    resolve_targets(&b, first_end);
    drop_jumps_to_next(f);
    return 0;
}
