/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What can be seen without walking: every encoding is legal, jumps stay in their function and off
 * the second halves of LDDW, no function runs off its end, no code is unreachable. On the way it
 * finds the places where paths meet, and which registers may still be read from each instruction on
 * (the others need not be remembered). */
#include <axiom/bug.h>

#include "walk.h"

static int refuse_at(struct verifier *v, uint32_t pc, enum bpf_reject reason, const char *mend,
                     const char *what)
{
    v->state.pc = pc;
    return refuse(v, -EINVAL, reason, mend, "%s", what);
}

/* What the program has that not every program has. */
static void note_kind(struct verifier *v, enum bpf_op op)
{
    v->has_functions |= op == BPF_OP_CALL_LOCAL || op == BPF_OP_LD_FUNC;
    v->has_kernel_calls |= op == BPF_OP_CALL_HELPER || op == BPF_OP_CALL_BTF;
    v->may_use_up |= op == BPF_OP_MAY_GOTO || op == BPF_OP_CALL_BTF;
}

static int decode(struct verifier *v)
{
    const struct bpf_insn *insns = v->insns;
    struct insn_info *info = v->info;
    const uint32_t count = v->insn_count;
    bool lax = has_rule(v, BPF_RULE_LINUX);
    for (uint32_t pc = 0; pc < count; pc += bpf_insn_slots(&insns[pc])) {
        struct bpf_error error;
        const struct bpf_insn_row *row;
        int err = bpf_insn_check_encoding(insns, count, pc, &row, &error);
        if (err == 0 && !lax && bpf_insn_writes_frame_pointer(&insns[pc], row))
            err = bpf_insn_refuse_frame_pointer(pc, &error);
        v->state.pc = pc;
        if (err != 0)
            return refuse(v, err, BPF_REJECT_BAD_INSN, "", "%s", error.text);
        info[pc].row = (uint8_t)(row - bpf_insn_table);
        if (row->fields & BPF_WIDE)
            info[pc + 1].second = 1;
        if (row->op < BPF_OP_NEG64)
            continue;
        note_kind(v, (enum bpf_op)row->op);
        if (row->op == BPF_OP_CALLX)
            return refuse_at(v, pc, BPF_REJECT_UNSUPPORTED,
                             "call the functions by name, for instance in a switch",
                             "a call through a pointer cannot be verified");
    }
    return 0;
}
_Static_assert(BPF_OP_NEG64 == 4 * (14 + 11), "before it come arithmetic and conditions only (bpf/op.h)");

/* Where a jump or local call goes, or false. */
static bool target_of(const struct verifier *v, uint32_t pc, uint32_t *target)
{
    int64_t to = (int64_t)pc + 1 + bpf_jump_distance(&v->insns[pc]);
    if (to < 0 || to >= v->insn_count || v->info[to].second)
        return false;
    *target = (uint32_t)to;
    return true;
}

/* The function that the instruction calls, or whose address it loads (relative to the next slot,
 * like a call's); false for other instructions. */
static bool names_function(const struct verifier *v, uint32_t pc, int64_t *start)
{
    uint32_t op = insn_row(v, pc)->op;
    *start = (int64_t)pc + 1 + v->insns[pc].imm;
    return op == BPF_OP_CALL_LOCAL || op == BPF_OP_LD_FUNC;
}

static int find_functions(struct verifier *v)
{
    v->info[0].function = 1;
    for (uint32_t pc = 0; v->has_functions && pc < v->insn_count; pc += bpf_insn_slots(&v->insns[pc])) {
        int64_t target;
        if (!names_function(v, pc, &target))
            continue;
        if (target < 0 || target >= v->insn_count || v->info[target].second)
            return refuse_at(v, pc, BPF_REJECT_CALL, "",
                             "the called function lies outside the program");
        v->info[target].function = 1;
        v->info[target].join = 1;
    }
    return find_exception_callback(v);
}

/* Jumps of the function first..end-1, and its last instruction. */
static int check_function(struct verifier *v, uint32_t first, uint32_t end)
{
    const struct bpf_insn *insns = v->insns;
    uint32_t last = first;
    for (uint32_t pc = first; pc < end; pc += bpf_insn_slots(&insns[pc])) {
        uint32_t target;
        last = pc;
        if ((insn_row(v, pc)->fields & BPF_JUMPS) == 0)
            continue;
        if (!target_of(v, pc, &target))
            return refuse_at(
                v, pc, BPF_REJECT_BAD_JUMP, "",
                "the jump goes outside the program or into the middle of a 64-bit load");
        if (target < first || target >= end)
            return refuse_at(v, pc, BPF_REJECT_BAD_JUMP, "", "the jump goes into another function");
        v->jumps_back |= target <= pc;
    }
    if ((insn_row(v, last)->fields & BPF_ENDS) == 0)
        return refuse_at(
            v, last, BPF_REJECT_FALL_OFF, "end every function with a return",
            "the function runs off its end: its last instruction is neither exit nor goto");
    return 0;
}

static int check_functions(struct verifier *v)
{
    uint32_t first = 0;
    for (uint32_t pc = 1; pc <= v->insn_count; pc++) {
        if (pc < v->insn_count && !v->info[pc].function)
            continue;
        int err = check_function(v, first, pc);
        if (err != 0)
            return err;
        first = pc;
    }
    return 0;
}

uint32_t cfg_successors(const struct verifier *v, uint32_t pc, uint32_t next[2])
{
    const struct bpf_insn_row *row = insn_row(v, pc);
    uint32_t count = 0;
    if ((row->fields & BPF_ENDS) == 0)
        next[count++] = pc + bpf_insn_slots(&v->insns[pc]);
    if ((row->fields & BPF_JUMPS) != 0) {
        bool inside = target_of(v, pc, &next[count]);
        BUG_ON(!inside);
        count++;
    }
    return count;
}

struct worklist {
    uint32_t *at;
    uint32_t count;
};

/* Goes on to the next instruction and to nowhere else, which nobody came to yet. */
static bool runs_on(const struct verifier *v, uint32_t pc)
{
    const uint32_t elsewhere = BPF_ENDS | BPF_JUMPS;
    const struct bpf_insn_row *row = insn_row(v, pc);
    return (row->fields & elsewhere) == 0 && row->op != BPF_OP_CALL_LOCAL &&
           row->op != BPF_OP_LD_FUNC && !v->info[pc + bpf_insn_slots(&v->insns[pc])].reached;
}

/* The path of the search: for each piece of straight code the place of its last instruction * 4 + how
 * many of its ways were gone. */
static void reach(struct verifier *v, struct worklist *path, uint32_t pc)
{
    v->info[pc].run = 1;
    v->info[pc].reached = v->info[pc].open = 1;
    while (runs_on(v, pc)) {
        pc += bpf_insn_slots(&v->insns[pc]);
        v->info[pc].reached = v->info[pc].open = 1;
    }
    path->at[path->count++] = pc * 4;
}

/* All ways from the straight code that ends here are gone. */
static void leave(struct verifier *v, uint32_t pc)
{
    while (!v->info[pc].run)
        v->info[pc--].open = 0;
    v->info[pc].open = 0;
}

static void go(struct verifier *v, struct worklist *path, uint32_t from, uint32_t to)
{
    struct insn_info *info = &v->info[to];
    if (!info->reached) {
        reach(v, path, to);
        return;
    }
    info->join = 1;
    if (!info->open)
        return;
    info->loop_head = 1;
    v->info[from].goes_back = 1;
}

/* Depth first: what leads back to where the path has been is a loop, which was entered there,
 * however its blocks are laid out. */
static void reach_all(struct verifier *v, struct worklist *path, uint32_t start)
{
    if (!v->info[start].reached)
        reach(v, path, start);
    while (path->count != 0) {
        uint32_t *top = &path->at[path->count - 1];
        uint32_t pc = *top / 4, gone = *top % 4, next[2];
        uint32_t count = cfg_successors(v, pc, next);
        int64_t function;
        ++*top;
        if (gone < count) {
            go(v, path, pc, next[gone]);
            continue;
        }
        if (gone > count || !names_function(v, pc, &function)) {
            leave(v, pc);
            path->count--;
            continue;
        }
        if (insn_row(v, pc)->op == BPF_OP_CALL_LOCAL)
            v->info[pc + 1].join = 1; /* where callees come back to */
        if (!v->info[function].reached)
            reach(v, path, (uint32_t)function);
    }
}

static int check_reached(struct verifier *v)
{
    /* Each instruction is listed at most once. */
    size_t size = v->insn_count * sizeof(uint32_t);
    struct worklist list = { .at = verifier_alloc(v, size) };
    if (list.at == NULL)
        return refuse_memory(v);
    reach_all(v, &list, 0);
    reach_all(v, &list, v->exception_start);
    verifier_free(v, list.at, size);
    for (uint32_t pc = 0; pc < v->insn_count; pc += bpf_insn_slots(&v->insns[pc]))
        if (!v->info[pc].reached)
            return refuse_at(v, pc, BPF_REJECT_UNREACHABLE, "remove it",
                             "no path leads to this instruction");
    return 0;
}

/* --- Live registers
 * ----------------------------------------------------------------------------------------------------
 */

#define CALL_ARGUMENTS 0x3eu  /* R1 to R5 */
#define CALL_CLOBBERED 0x3fu  /* and R0 */
#define ALL_REGISTERS  0x3ffu /* R10 is always live and not listed */

static uint32_t arguments_used(const struct verifier *v, const struct bpf_insn *insn)
{
    const struct bpf_helper *helper = bpf_helper_find_for(v->env, (uint32_t)insn->imm, v->context);
    if (helper == NULL || (helper->flags & BPF_HELPER_VARIADIC) != 0)
        return CALL_ARGUMENTS;
    uint32_t used = 0;
    for (uint32_t i = 0; i < BPF_HELPER_ARG_MAX; i++)
        if (helper->args[i] != BPF_ARG_NONE)
            used |= 1u << (i + 1);
    return used;
}

/* Helpers that call functions of the program back: they are loops (callback.c). */
static void find_call_backs(struct verifier *v)
{
    for (uint32_t pc = 0; v->has_kernel_calls && pc < v->insn_count;
         pc += bpf_insn_slots(&v->insns[pc])) {
        uint32_t op = insn_row(v, pc)->op;
        const struct bpf_helper *helper =
            op == BPF_OP_CALL_HELPER ? bpf_helper_find_for(v->env, (uint32_t)v->insns[pc].imm, v->context) : NULL;
        if ((helper != NULL && is_called_back(helper)) ||
            (op == BPF_OP_CALL_BTF && kfunc_calls_back(v, &v->insns[pc])))
            v->info[pc].loop_head = v->info[pc].join = v->may_use_up = 1;
    }
}

static bool compares_r0(uint32_t op)
{
    return op == BPF_OP_ATOMIC_CMPXCHG32 || op == BPF_OP_ATOMIC_CMPXCHG64;
}

static void uses_and_sets(const struct verifier *v, uint32_t pc, uint32_t *uses, uint32_t *sets)
{
    const struct bpf_insn *insn = &v->insns[pc];
    const struct bpf_insn_row *row = insn_row(v, pc);
    *uses = *sets = 0;
    if (row->op == BPF_OP_EXIT) {
        *uses = 1;
        return;
    }
    if (BPF_CLASS(insn->opcode) == BPF_JMP && BPF_OP(insn->opcode) == BPF_CALL) {
        *uses = row->op == BPF_OP_CALL_HELPER ? arguments_used(v, insn) : CALL_ARGUMENTS;
        *sets = CALL_CLOBBERED;
        return;
    }
    if (row->fields & BPF_USES_DST)
        *uses |= 1u << insn->dst_reg;
    if (row->fields & BPF_USES_SRC)
        *uses |= 1u << insn->src_reg;
    if (row->fields & BPF_SETS_DST)
        *sets |= 1u << insn->dst_reg;
    if (row->fields & BPF_SETS_SRC)
        *sets |= 1u << insn->src_reg;
    if (row->op == BPF_OP_LEGACY_PACKET) {
        *uses |= 1u << 6;
        *sets |= CALL_CLOBBERED;
    }
    if (compares_r0(row->op)) {
        *uses |= 1;
        *sets |= 1;
    }
}

static bool update_live(struct verifier *v, uint32_t pc)
{
    struct insn_info *info = v->info;
    const uint32_t fields = bpf_insn_table[info[pc].row].fields;
    uint32_t uses, sets, out = 0;
    if ((fields & (BPF_JUMPS | BPF_ENDS)) == 0) {
        out = info[pc + 1 + (fields & BPF_WIDE ? 1 : 0)].live;
    } else {
        uint32_t next[2], count = cfg_successors(v, pc, next);
        for (uint32_t i = 0; i < count; i++)
            out |= info[next[i]].live;
    }
    uses_and_sets(v, pc, &uses, &sets);
    uint16_t live = (uint16_t)(((out & ~sets) | uses) & ALL_REGISTERS);
    bool changed = live != info[pc].live;
    info[pc].live = live & ALL_REGISTERS;
    return changed;
}

/* Sweeps backwards until nothing changes: once more than back edges nest. Code made to need many
 * sweeps gets the answer "all are live", which is always true enough. */
#define SWEEPS_MAX 32

static void find_live(struct verifier *v)
{
    bool changed = true;
    for (int sweep = 0; changed && sweep < SWEEPS_MAX; sweep++) {
        changed = false;
        const struct insn_info *info = v->info;
        for (uint32_t pc = v->insn_count; pc-- != 0;)
            if (!info[pc].second)
                changed |= update_live(v, pc);
        changed &= v->jumps_back;
    }
    for (uint32_t pc = 0; changed && pc < v->insn_count; pc++)
        v->info[pc].live = ALL_REGISTERS;
}

int cfg_check(struct verifier *v)
{
    int err = decode(v);
    if (err == 0)
        err = find_functions(v);
    if (err == 0)
        err = check_functions(v);
    if (err == 0)
        err = check_reached(v);
    if (err == 0) {
        find_call_backs(v);
        find_live(v);
    }
    return err;
}
