/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The walk: from the first instruction along every path that may be taken, one after the other.
 *
 * Where both ways of a jump are possible one of the states waits. Loops are walked round by round,
 * calls into the called function each time; checkpoints (prune.c) cut short what was walked before.
 * It ends because the number of instructions walked is limited. */
#include <axiom/format.h>
#include <axiom/string.h>

#include "arena.h"

/* --- States that wait --- */

struct pending *pending_make(struct verifier *v, bool at_jump)
{
    uint32_t size;
    if (snapshot_encode(v, v->state.pc, &size) != 0)
        return NULL;
    struct pending *p = verifier_alloc(v, sizeof *p + size);
    if (p == NULL) {
        refuse_memory(v);
        return NULL;
    }
    p->newest = prune_newest(v)->number;
    p->path = (struct cost){ v->state.insns, v->state.ns, v->state.calls };
    p->decisions = v->state.decisions;
    p->pc = v->state.pc;
    p->from = v->here.from;
    p->at_jump = at_jump;
    p->taken_first = v->here.taken_first;
    p->size_bytes = (uint32_t)(sizeof *p + size);
    memcpy(p->snapshot, v->scratch, size);
    return p;
}

struct pending *pending_copy(struct verifier *v, const struct pending *p)
{
    struct pending *copy = verifier_alloc(v, p->size_bytes);
    if (copy != NULL)
        memcpy(copy, p, p->size_bytes);
    return copy;
}

void pending_put(struct verifier *v, struct pending *p)
{
    verifier_free(v, p, p->size_bytes);
}

void pending_push(struct verifier *v, struct pending *p)
{
    p->below = v->here.pending;
    v->here.pending = p;
    v->here.pending_count++;
    v->here.pending_bytes += p->size_bytes;
}

static struct pending *pending_pop(struct verifier *v)
{
    struct pending *p = v->here.pending;
    v->here.pending = p->below;
    v->here.pending_count--;
    v->here.pending_bytes -= p->size_bytes;
    return p;
}

void pending_truncate(struct verifier *v, uint32_t count)
{
    while (v->here.pending_count > count)
        pending_put(v, pending_pop(v));
}

void pending_restore(struct verifier *v, const struct pending *p)
{
    snapshot_decode(v, p->snapshot);
    if (prune_newest(v)->number != p->newest)
        snapshot_lose_deps(&v->state);
    v->state.insns = p->path.insns;
    v->state.ns = p->path.ns;
    v->state.calls = p->path.calls;
    v->state.decisions = p->decisions;
    v->state.pc = p->pc;
    v->here.from = p->from;
    v->here.taken_first = p->taken_first;
}

int walk_push(struct verifier *v)
{
    struct pending *p = pending_make(v, true);
    if (p == NULL)
        return -ENOMEM;
    pending_push(v, p);
    return 0;
}

/* How a path begins. */
enum from_where {
    FROM_STATE,
    FROM_JUMP,    /* with the other way of a jump */
    FROM_RETREAT, /* where a speculation began: this place was visited */
};

/* Takes up the state that waited last; *more false when none waits. */
static int walk_pop(struct verifier *v, bool *more, enum from_where *from)
{
    while (region_finished(v)) {
        int err = region_finish(v);
        if (err != 0)
            return err;
    }
    int err = prune_complete(v, v->here.pending_count);
    if (err != 0)
        return err;
    speculation_commit(v, v->here.pending_count);
    *more = v->here.pending != NULL;
    if (!*more)
        return 0;
    struct pending *p = pending_pop(v);
    *from = p->at_jump ? FROM_JUMP : FROM_STATE;
    pending_restore(v, p);
    pending_put(v, p);
    return 0;
}

/* An ordinary program handles a few dozen values of states for each instruction walked. */
#define WORK_PER_INSN 128u

static int refuse_walk(struct verifier *v)
{
    char what[160];
    bool states = v->work > v->walked * WORK_PER_INSN;
    format_text(what, sizeof what,
                states ? "too complex: its states are large and many; %llu instructions were walked"
                       : "too complex: after %llu instructions of all its paths the program is not through",
                (unsigned long long)v->walked);
    return refuse_complex(v, -E2BIG, BPF_REJECT_TOO_COMPLEX,
                          states ? "use less stack while there is much branching"
                                 : "fewer branches inside loops, or loops with fewer rounds; a bound "
                                   "that is a constant",
                          what);
}

static int count_insn(struct verifier *v)
{
    const struct bpf_verify_request *request = v->request;
    uint64_t limit = request->insn_limit != 0 ? request->insn_limit : BPF_PROG_INSN_MAX;
    v->state.insns++;
    if (++v->walked % EXPLAIN_SAMPLE_EVERY == 0)
        explain_sample(v);
    if (v->walked > limit || v->work > limit * WORK_PER_INSN)
        return refuse_walk(v);
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
    if (op == BPF_OP_ADDR_SPACE_CAST)
        return arena_cast(v, insn);
    return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "",
                  "this verifier does not know how to prove this instruction");
}

/* Jumps when the function's passes are used up, which may be at any time. */
static int check_may_goto(struct verifier *v, const struct bpf_insn *insn, bool waited)
{
    int err = waited ? 0 : walk_push(v);
    if (err != 0)
        return err;
    bool take_it = waited != v->here.taken_first;
    state_top(&v->state)->passes += !take_it;
    v->state.pc = (uint32_t)((int64_t)v->state.pc + 1 + (take_it ? insn->offset : 0));
    return 0;
}

static int check_decision(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op,
                          bool waited, bool *path_ends)
{
    if (op == BPF_OP_LEGACY_PACKET)
        return check_legacy_packet(v, insn, waited, path_ends);
    if (op == BPF_OP_MAY_GOTO)
        return check_may_goto(v, insn, waited);
    if (op == BPF_OP_CALL_HELPER)
        return check_tail_call(v, insn, waited, path_ends);
    return check_jump(v, insn, op, waited, path_ends);
}

static int check_call(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op, bool waited,
                      bool *path_ends)
{
    bool entered = false;
    int err = op == BPF_OP_CALL_HELPER ? check_helper_call(v, insn, waited, &entered)
                                       : check_kfunc_call(v, insn, waited, &entered, path_ends);
    if (err != 0 || entered || *path_ends)
        return err;
    v->state.calls++;
    v->state.pc++;
    return 0;
}

static bool is_call(enum bpf_op op)
{
    return op == BPF_OP_CALL_HELPER || op == BPF_OP_CALL_BTF;
}

/* A jump both ways of which are possible; for the message, should one come. */
static int decide(struct verifier *v, bool waited, bool *path_ends)
{
    uint32_t pc = v->state.pc, waiting = v->here.pending_count;
    const struct bpf_insn *insn = &v->insns[pc];
    enum bpf_op op = (enum bpf_op)insn_row(v, pc)->op;
    if (is_call(op) && !(op == BPF_OP_CALL_HELPER && ends_function(v, insn)))
        return check_call(v, insn, op, waited, path_ends);
    v->here.taken_first = waited ? v->here.taken_first : loop_taken_first(v);
    int err = check_decision(v, insn, op, waited, path_ends);
    bool both = waited || v->here.pending_count > waiting;
    if (err == 0)
        facts_note_jump(v, pc, both, v->state.pc != pc + 1);
    if (err == 0 && both)
        decisions_add(&v->state.decisions, DECISION(pc, v->state.pc != pc + 1));
    if (err == 0 && logs(v, BPF_VERIFY_LOG_DECISIONS))
        log_decision(v, pc, both && !waited, waited);
    if (err == 0 && v->here.pending_count > waiting && is_condition(op))
        err = region_enter(v, pc);
    return err;
}

/* Instructions that may go elsewhere than on. */
static int check_leap(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op,
                      bool *path_ends)
{
    struct state *s = &v->state;
    if (is_condition(op) || op == BPF_OP_MAY_GOTO || op == BPF_OP_LEGACY_PACKET ||
        op == BPF_OP_CALL_HELPER)
        return decide(v, false, path_ends);
    facts_note(v, insn, op);
    if (op == BPF_OP_EXIT)
        return check_exit(v, path_ends);
    if (op == BPF_OP_CALL_LOCAL)
        return check_local_call(v, insn);
    s->pc = (uint32_t)((int64_t)s->pc + 1 + bpf_jump_distance(insn));
    return 0;
}

static bool leaps(const struct bpf_insn_row *row)
{
    return (row->fields & (BPF_JUMPS | BPF_ENDS | BPF_LEGACY)) != 0 || row->op == BPF_OP_CALL_LOCAL;
}

static int step(struct verifier *v, bool *path_ends)
{
    struct state *s = &v->state;
    const struct bpf_insn *insn = &v->insns[s->pc];
    const struct bpf_insn_row *row = insn_row(v, s->pc);
    enum bpf_op op = (enum bpf_op)row->op;
    if (leaps(row) || (op == BPF_OP_CALL_HELPER && ends_function(v, insn)))
        return check_leap(v, insn, op, path_ends);
    if (bpf_insn_writes_frame_pointer(insn, row))
        return refuse(v, -EACCES, BPF_REJECT_BAD_INSN, "",
                      "r10, the frame pointer, may not be written");
    facts_note(v, insn, op);
    if (is_call(op))
        return check_call(v, insn, op, false, path_ends);
    int err = check_straight(v, insn, op);
    s->pc += err == 0 ? bpf_insn_slots(insn) : 0;
    return err;
}

/* One path to its end, from a state that `waited` or was come back to. */
static int walk_path(struct verifier *v, enum from_where from)
{
    bool path_ends = false, waited = from == FROM_JUMP, again = from == FROM_RETREAT;
    if (waited) {
        int err = decide(v, true, &path_ends);
        if (err != 0)
            return err;
    }
    while (!path_ends) {
        bool done = false;
        int left = v->here.region != NULL ? region_left(v, &done)
                   : v->here.loop != NULL ? loop_left(v, &done)
                                          : 0;
        if (left != 0 || done)
            return left;
        if (v->here.region == NULL && !again &&
            (v->info[v->state.pc].join || list_empty(&v->open))) {
            int visit = prune_visit(v, &done);
            if (visit == 0 && done && logs(v, BPF_VERIFY_LOG_DECISIONS))
                log_path_end(v, "known: walked before in this state, or the loop is closed");
            if (visit != 0 || done)
                return visit;
        }
        again = false;
        int err = count_insn(v);
        if (err != 0)
            return err;
        if (v->probe != NULL && v->probe->claim != NULL)
            v->probe->claim(v->probe->user, v);
        if (logs(v, BPF_VERIFY_LOG_INSNS))
            log_insn(v);
        v->here.from = v->state.pc;
        err = step(v, &path_ends);
        if (err != 0)
            return err;
    }
    if (logs(v, BPF_VERIFY_LOG_DECISIONS))
        log_path_end(v, "the path ends");
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
    v->tags_made = 1;
}

static int check_worst_case(struct verifier *v)
{
    const struct cost *whole = &prune_newest(v)->tails[0];
    struct bpf_prog_bounds *bounds = &v->result->bounds;
    bounds->worst_case_insns = whole->insns;
    bounds->worst_case_calls = whole->calls;
    bounds->worst_case_ns = whole->ns + whole->insns / 1000u * v->env->insn_cost_ps +
                            whole->insns % 1000u * v->env->insn_cost_ps / 1000u;
    explain_worst(v);
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
                      "one run may take %llu ns by the CPU model (%llu instructions, %llu calls of helpers); "
                      "the budget of '%s' is %llu ns",
                      (unsigned long long)bounds->worst_case_ns,
                      (unsigned long long)bounds->worst_case_insns,
                      (unsigned long long)bounds->worst_case_calls, v->context->section_prefix,
                      (unsigned long long)v->context->time_budget_ns);
    return 0;
}

/* A refusal that another way of walking may not share. */
static bool may_retreat(const struct verifier *v)
{
    enum bpf_reject reason = v->result->reason;
    return !v->final && reason != BPF_REJECT_MEMORY && reason != BPF_REJECT_TOO_COMPLEX;
}

/* After a refusal: back to before the speculation it is laid to. */
static bool retreat(struct verifier *v, enum from_where *from)
{
    struct speculation *s = v->here.blamed != NULL ? v->here.blamed : v->here.speculations;
    v->here.blamed = NULL;
    if (!may_retreat(v))
        return false;
    if (s == NULL) {
        if (v->ways_back_lost)
            explain_lost(v);
        return false;
    }
    if (logs(v, BPF_VERIFY_LOG_DECISIONS))
        log_path_end(v, "too much was merged for this: taken back, and walked apart");
    speculation_retreat(v, s);
    *from = FROM_RETREAT;
    explain_forget(v);
    return true;
}

/* From v->state along all its paths. */
static int walk_paths(struct verifier *v)
{
    bool more = true;
    enum from_where from = FROM_STATE;
    while (more) {
        int err = walk_path(v, from);
        if (err == 0)
            err = walk_pop(v, &more, &from);
        if (err != 0 && !retreat(v, &from))
            return v->result->reason == BPF_REJECT_MEMORY ? -ENOMEM : err;
    }
    return 0;
}

int walk(struct verifier *v)
{
    start(v);
    int err = walk_paths(v);
    return err != 0 ? err : check_worst_case(v);
}

/* What waits of the walk going on is dropped. */
void walk_drop(struct verifier *v)
{
    speculation_destroy(v);
    region_drop(v, NULL);
    loop_drop(v, NULL);
    pending_truncate(v, 0);
}

/* --- Walks within a walk
 * ---------------------------------------------------------------------------------------------- */

struct waiting {
    struct state state;
    struct here here;
    struct list_head open;
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

static int set_aside(struct verifier *v, struct waiting *w)
{
    struct frame *frames = verifier_alloc(v, v->frame_capacity * sizeof *frames);
    if (frames == NULL)
        return refuse_memory(v);
    w->state = v->state;
    w->here = v->here;
    move_list(&v->open, &w->open);
    memset(&v->state, 0, sizeof v->state);
    memset(&v->here, 0, sizeof v->here);
    v->here.number = ++v->walk_count;
    v->state.frames = frames;
    v->nested++;
    return 0;
}

static void take_up(struct verifier *v, struct waiting *w)
{
    walk_drop(v);
    prune_destroy_open(v);
    verifier_free(v, v->state.slots, v->state.slot_capacity * sizeof *v->state.slots);
    verifier_free(v, v->state.frames, v->frame_capacity * sizeof *v->state.frames);
    v->state = w->state;
    v->here = w->here;
    move_list(&w->open, &v->open);
    v->nested--;
}

int walk_nested(struct verifier *v, void (*set_up)(struct verifier *v, void *user), void *user,
                struct cost *most)
{
    struct waiting *w = verifier_alloc(v, sizeof *w);
    if (w == NULL)
        return refuse_memory(v);
    int err = set_aside(v, w);
    if (err == 0) {
        set_up(v, user);
        err = walk_paths(v);
        if (err == 0)
            *most = prune_newest(v)->tails[0];
        take_up(v, w);
        /* It begins with what its types say, whatever the walk that waits has merged: only whether it
         * is called at all may lie in that. */
        v->final = err != 0 && v->here.speculations == NULL;
        if (err != 0)
            speculation_give_up(v);
    }
    verifier_free(v, w, sizeof *w);
    return err;
}
