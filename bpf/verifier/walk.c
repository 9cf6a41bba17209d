/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The walk: from the first instruction along every path that may be taken, one after the other.
 *
 * Where both ways of a jump are possible one of the states waits. Loops are walked round by round,
 * calls into the called function each time; checkpoints (prune.c) cut short what was walked before.
 * It ends because the number of instructions walked is limited. */
#include <axiom/string.h>

#include "walk.h"

int walk_push(struct verifier *v)
{
    uint32_t size;
    int err = snapshot_encode(v, v->state.pc, &size);
    if (err != 0)
        return err;
    struct pending *p = verifier_alloc(v, sizeof *p + size);
    if (p == NULL)
        return refuse_memory(v);
    p->below = v->pending;
    p->newest = prune_newest(v)->number;
    p->insns = v->state.insns;
    p->decisions = v->state.decisions;
    p->ns = v->state.ns;
    p->pc = v->state.pc;
    p->size_bytes = (uint32_t)(sizeof *p + size);
    memcpy(p->snapshot, v->scratch, size);
    v->pending = p;
    v->pending_count++;
    return 0;
}

/* Takes up the state that waited last; false when none waits. */
static bool walk_pop(struct verifier *v)
{
    struct pending *p = v->pending;
    prune_complete(v, v->pending_count);
    if (p == NULL)
        return false;
    snapshot_decode(v, p->snapshot);
    if (prune_newest(v)->number != p->newest)
        snapshot_lose_deps(&v->state);
    v->state.insns = p->insns;
    v->state.decisions = p->decisions;
    v->state.ns = p->ns;
    v->state.pc = p->pc;
    v->pending = p->below;
    v->pending_count--;
    verifier_free(v, p, p->size_bytes);
    return true;
}

/* An ordinary program handles a few dozen values of states for each instruction walked. */
#define WORK_PER_INSN 128u

static int count_insn(struct verifier *v)
{
    const struct bpf_verify_request *request = v->request;
    uint64_t limit = request->insn_limit != 0 ? request->insn_limit : BPF_PROG_INSN_MAX;
    v->state.insns++;
    if (++v->walked > limit)
        return refuse(
            v, -E2BIG, BPF_REJECT_TOO_COMPLEX,
            "fewer branches inside loops, or loops with fewer rounds; a bound that is a constant",
            "too complex: after %llu instructions of all its paths the program is not through",
            (unsigned long long)limit);
    if (v->work > limit * WORK_PER_INSN)
        return refuse(v, -E2BIG, BPF_REJECT_TOO_COMPLEX,
                      "use less stack while there is much branching",
                      "too complex: its states are large and many; %llu instructions were walked",
                      (unsigned long long)v->walked);
    if (!request->ignore_budget && v->context->insn_budget != 0 &&
        v->state.insns > v->context->insn_budget)
        return refuse(v, -E2BIG, BPF_REJECT_BUDGET,
                      "bound the loop by a smaller constant, or do less per event",
                      "one run may take more than %llu instructions, the budget of '%s': this is "
                      "where it is used up",
                      (unsigned long long)v->context->insn_budget, v->context->section_prefix);
    return 0;
}

/* The kinds of instruction, by the ranges of enum bpf_op. */
static bool is_alu(enum bpf_op op)
{
    return op < BPF_OP_JEQ64_X;
}

static bool is_condition(enum bpf_op op)
{
    return op >= BPF_OP_JEQ64_X && op < BPF_OP_NEG64;
}
_Static_assert(BPF_OP_ADD64_X == 0 && BPF_OP_JEQ64_X == 4 * 14 && BPF_OP_NEG64 == 4 * (14 + 11),
               "ALU forms come first, then conditions, then the others (bpf/op.h)");

/* Instructions that go on to the next one. */
static int check_straight(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op)
{
    if (is_alu(op))
        return check_alu(v, insn, op);
    if (op >= BPF_OP_LDX8 && op <= BPF_OP_LDSX32)
        return check_load(v, insn, op);
    if (op >= BPF_OP_ST8 && op <= BPF_OP_STX64)
        return check_store(v, insn, op);
    if (op >= BPF_OP_LOAD_ACQUIRE8 && op <= BPF_OP_LOAD_ACQUIRE64)
        return check_load(v, insn, op);
    if (op >= BPF_OP_STORE_RELEASE8 && op <= BPF_OP_STORE_RELEASE64)
        return check_store(v, insn, op);
    if (op >= BPF_OP_ATOMIC_ADD32 && op <= BPF_OP_ATOMIC_CMPXCHG64)
        return check_atomic(v, insn, op);
    if (op >= BPF_OP_LD_IMM64 && op <= BPF_OP_LD_VAR)
        return check_lddw(v, insn, op);
    if (op >= BPF_OP_NEG64 && op <= BPF_OP_BSWAP64)
        return check_alu_other(v, insn, op);
    if (op == BPF_OP_CALL_HELPER)
        return check_helper_call(v, insn);
    if (op == BPF_OP_LEGACY_PACKET)
        return check_legacy_packet(v, insn);
    return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "",
                  "this verifier does not know how to prove this instruction");
}

/* A jump both ways of which are possible; for the message, should one come. */
static int decide(struct verifier *v, bool waited, bool *path_ends)
{
    struct decisions *d = &v->state.decisions;
    uint32_t pc = v->state.pc, waiting = v->pending_count;
    int err = check_jump(v, &v->insns[pc], (enum bpf_op)insn_row(v, pc)->op, waited, path_ends);
    if (err == 0 && (waited || v->pending_count > waiting))
        d->last[d->count++ % DECISIONS_KEPT] = pc * 2 + (v->state.pc != pc + 1);
    return err;
}

static int step(struct verifier *v, bool *path_ends)
{
    struct state *s = &v->state;
    const struct bpf_insn *insn = &v->insns[s->pc];
    enum bpf_op op = (enum bpf_op)insn_row(v, s->pc)->op;
    if (is_condition(op))
        return decide(v, false, path_ends);
    if (op == BPF_OP_EXIT)
        return check_exit(v, path_ends);
    if (op == BPF_OP_CALL_LOCAL)
        return check_local_call(v, insn);
    if (op == BPF_OP_JA) {
        s->pc = (uint32_t)((int64_t)s->pc + 1 + bpf_jump_distance(insn));
        return 0;
    }
    int err = check_straight(v, insn, op);
    s->pc += err == 0 ? bpf_insn_slots(insn) : 0;
    return err;
}

/* One path to its end; `waited`: it begins with the other way of a jump. */
static int walk_path(struct verifier *v, bool waited)
{
    bool path_ends = false;
    if (waited) {
        int err = decide(v, true, &path_ends);
        if (err != 0)
            return err;
    }
    while (!path_ends) {
        if (v->info[v->state.pc].join || list_empty(&v->open)) {
            bool covered;
            int err = prune_visit(v, &covered);
            if (err != 0 || covered)
                return err;
        }
        int err = count_insn(v);
        if (err != 0)
            return err;
        if (v->probe != NULL && v->probe->claim != NULL)
            v->probe->claim(v->probe->user, v);
        err = step(v, &path_ends);
        if (err != 0)
            return err;
    }
    prune_path_end(v);
    return 0;
}

static void start(struct verifier *v)
{
    struct state *s = &v->state;
    s->pc = 0;
    s->frame_count = 1;
    s->frames[0].regs[1] = reg_pointer(REG_CONTEXT);
    s->frames[0].regs[BPF_REG_FP] = reg_pointer(REG_STACK);
    v->call_depth = 1;
}

static int check_worst_case(struct verifier *v)
{
    const struct checkpoint *root = prune_newest(v);
    struct bpf_prog_bounds *bounds = &v->result->bounds;
    bounds->worst_case_insns = root->tail_insns;
    bounds->worst_case_ns = root->tail_ns + root->tail_insns * v->env->insn_cost_ps / 1000u;
    v->state.pc = 0;
    if (v->request->ignore_budget)
        return 0;
    if (v->context->insn_budget != 0 && bounds->worst_case_insns > v->context->insn_budget)
        return refuse(v, -E2BIG, BPF_REJECT_BUDGET,
                      "bound its loops by smaller constants, or do less per event",
                      "one run may take %llu instructions; the budget of '%s' is %llu",
                      (unsigned long long)bounds->worst_case_insns, v->context->section_prefix,
                      (unsigned long long)v->context->insn_budget);
    if (v->context->time_budget_ns != 0 && bounds->worst_case_ns > v->context->time_budget_ns)
        return refuse(v, -E2BIG, BPF_REJECT_BUDGET, "call fewer helpers, or do less per event",
                      "one run may take %llu ns by the CPU model; the budget of '%s' is %llu ns",
                      (unsigned long long)bounds->worst_case_ns, v->context->section_prefix,
                      (unsigned long long)v->context->time_budget_ns);
    return 0;
}

/* From v->state along all its paths. */
static int walk_paths(struct verifier *v)
{
    bool waited = false;
    do {
        int err = walk_path(v, waited);
        if (err != 0)
            return err;
        waited = walk_pop(v);
    } while (waited);
    return 0;
}

int walk(struct verifier *v)
{
    start(v);
    int err = walk_paths(v);
    return err != 0 ? err : check_worst_case(v);
}

/* --- Walks within a walk
 * ---------------------------------------------------------------------------------------------- */

struct waiting {
    struct state state;
    struct pending *pending;
    uint32_t pending_count;
    struct list_head open;
    uint64_t newest_walked;
};

static void move_list(struct list_head *from, struct list_head *to)
{
    list_init(to);
    while (!list_empty(from)) {
        struct list_head *first = from->next;
        list_del(first);
        list_add_tail(first, to);
    }
}

static void set_aside(struct verifier *v, struct waiting *w)
{
    w->state = v->state;
    w->pending = v->pending;
    w->pending_count = v->pending_count;
    w->newest_walked = v->newest_walked;
    move_list(&v->open, &w->open);
    memset(&v->state, 0, sizeof v->state);
    v->pending = NULL;
    v->pending_count = 0;
    v->nested++;
}

static void take_up(struct verifier *v, struct waiting *w)
{
    while (v->pending != NULL) {
        struct pending *p = v->pending;
        v->pending = p->below;
        verifier_free(v, p, p->size_bytes);
    }
    prune_destroy_open(v);
    verifier_free(v, v->state.slots, v->state.slot_capacity * sizeof *v->state.slots);
    v->state = w->state;
    v->pending = w->pending;
    v->pending_count = w->pending_count;
    v->newest_walked = w->newest_walked;
    move_list(&w->open, &v->open);
    v->nested--;
}

int walk_nested(struct verifier *v, void (*set_up)(struct verifier *v, void *user), void *user,
                uint64_t *insns, uint64_t *ns)
{
    struct waiting *w = verifier_alloc(v, sizeof *w);
    if (w == NULL)
        return refuse_memory(v);
    set_aside(v, w);
    set_up(v, user);
    int err = walk_paths(v);
    if (err == 0) {
        *insns = prune_newest(v)->tail_insns;
        *ns = prune_newest(v)->tail_ns;
    }
    take_up(v, w);
    verifier_free(v, w, sizeof *w);
    return err;
}
