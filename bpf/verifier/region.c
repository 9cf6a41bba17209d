/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Regions: paths merged where they meet.
 *
 * n diamonds in a row have 2^n paths. Where many different states were seen already, or many wait,
 * a jump opens a region: the instructions from it to where its ways meet again, straight on, without
 * loops or calls of the program's functions. Every path through the region is walked up to where it
 * leaves it and collected there. When all are, those that left at one place become one state
 * (merge.c), which waits like any other; states of different kinds stay apart while they are few.
 * Jumps inside a region open regions of their own, so a region costs what its length is.
 *
 * A merged state is more than what there is, so it is speculation (speculate.c), with the state
 * before the jump to come back to. No checkpoints are made inside regions: all that is collected
 * refers to one. */
#include "walk.h"

#define LENGTH_MAX   400u
_Static_assert(LENGTH_MAX < MEET_NOWHERE, "insn_info.meet holds it");
#define SHORT_MAX    32u /* where longer ones were too dear */
#define APART_MAX    4u /* states of different kinds at one place */
#define PENDING_MANY 2u
#define WALKED_MANY  4u /* times each instruction */
/* Ways that meet only at a region's end (jumps across each other) multiply inside of it: after so many times its
 * instructions it is walked with checkpoints instead. */
#define DEAR_TIMES 8u
#define DEAR_INSNS 16u

struct region {
    struct region *outer;
    struct speculation *speculation;
    uint32_t first, end; /* instructions; end is outside */
    uint32_t frame_count;
    uint32_t pending_count; /* when it was opened */
    uint64_t walked;        /* by all before it */
    struct pending *collected;
    uint32_t collected_count;
};

/* Where the ways of the jump at `pc` meet again, straight ahead: at the first instruction that nothing
 * before it jumps over, so far from the jump. Jumps that go far do not count, they leave.
 * MEET_NOWHERE: a loop, a call, too long. */
static uint32_t find_length(const struct verifier *v, uint32_t pc)
{
    uint32_t furthest = pc + 1, reach = v->info[pc].short_merge ? SHORT_MAX : LENGTH_MAX;
    for (uint32_t at = pc; at < v->insn_count && at - pc < LENGTH_MAX;
         at += bpf_insn_slots(&v->insns[at])) {
        const struct bpf_insn_row *row = insn_row(v, at);
        if (at > pc && at >= furthest)
            return at - pc;
        if (v->info[at].loop_head && at != pc)
            return MEET_NOWHERE;
        if (BPF_CLASS(v->insns[at].opcode) == BPF_JMP && BPF_OP(v->insns[at].opcode) == BPF_CALL &&
            (row->op != BPF_OP_CALL_HELPER || v->info[at].loop_head))
            return MEET_NOWHERE;
        if ((row->fields & BPF_JUMPS) == 0)
            continue;
        int64_t target = (int64_t)at + 1 + bpf_jump_distance(&v->insns[at]);
        if (target <= at)
            return MEET_NOWHERE;
        if (target - pc < reach && target > furthest)
            furthest = (uint32_t)target;
    }
    return MEET_NOWHERE;
}

/* Found once for each jump. */
static bool find_end(struct verifier *v, uint32_t pc, uint32_t *end)
{
    struct insn_info *info = &v->info[pc];
    if (info->meet == MEET_UNKNOWN)
        info->meet = find_length(v, pc) & MEET_NOWHERE;
    *end = pc + info->meet;
    return info->meet != MEET_NOWHERE;
}

static bool wanted(struct verifier *v, uint32_t pc, uint32_t *end)
{
    if (v->info[pc].no_merge || !speculation_allowed(v) || !find_end(v, pc, end))
        return false;
    bool explodes = v->walked > WALKED_MANY * ((uint64_t)v->insn_count + WALKED_MANY);
    return v->here.region != NULL || explodes || loop_is_inside(v) ||
           v->info[*end].visits == VISITS_MAX || v->here.pending_count >= PENDING_MANY ||
           v->here.pending_bytes > v->memory_limit / 8;
}

/* The outermost region that has cost too much, or NULL. */
static const struct region *too_dear(const struct verifier *v)
{
    const struct region *dear = NULL;
    for (const struct region *r = v->here.region; r != NULL; r = r->outer)
        if (v->walked - r->walked > DEAR_TIMES * (r->end - r->first + DEAR_INSNS))
            dear = r;
    return dear;
}

int region_enter(struct verifier *v, uint32_t pc)
{
    uint32_t end;
    const struct region *dear = v->final ? NULL : too_dear(v);
    if (dear != NULL) { /* not the program's fault: the walk comes back to the region's jump */
        v->here.blamed = dear->speculation;
        v->here.blamed->dear = true;
        return refuse(v, -E2BIG, BPF_REJECT_UNSUPPORTED, "", "a region's ways are too many to be merged");
    }
    if (!wanted(v, pc, &end))
        return 0;
    struct pending *copy = pending_copy(v, v->here.pending);
    if (copy == NULL)
        return refuse_memory(v);
    int err = speculate(v, copy, v->here.pending_count - 1, false);
    if (err != 0)
        return err;
    struct region *r = verifier_alloc(v, sizeof *r);
    if (r == NULL)
        return refuse_memory(v);
    r->outer = v->here.region;
    r->speculation = v->here.speculations;
    r->first = pc + 1;
    r->end = end;
    r->frame_count = v->state.frame_count;
    r->pending_count = v->here.pending_count - 1;
    r->walked = v->walked;
    v->here.region = r;
    return 0;
}

static bool is_inside(const struct region *r, const struct state *s)
{
    if (s->frame_count != r->frame_count)
        return s->frame_count > r->frame_count;
    return s->pc >= r->first && s->pc < r->end;
}

int region_left(struct verifier *v, bool *left)
{
    struct region *r = v->here.region;
    *left = r != NULL && !is_inside(r, &v->state);
    if (!*left)
        return 0;
    struct pending *p = pending_make(v, false);
    if (p == NULL)
        return -ENOMEM;
    p->below = r->collected;
    r->collected = p;
    r->collected_count++;
    return 0;
}

bool region_needs(const struct verifier *v, const struct speculation *s)
{
    for (const struct region *r = v->here.region; r != NULL; r = r->outer)
        if (r->speculation == s)
            return true;
    return false;
}

bool region_finished(const struct verifier *v)
{
    return v->here.region != NULL && v->here.pending_count == v->here.region->pending_count;
}

static uint64_t more(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Merges `one`, which is v->state, with `other`; the result takes the place of `other` in its list.
 * *merged false: they stay apart. */
static int merge_into(struct verifier *v, const struct pending *one, struct pending **other,
                      bool force, bool *merged)
{
    struct merge m = { .how = MERGE_HULL, .force = force };
    struct pending *p = *other;
    pending_restore(v, one);
    *merged = state_merge(v, p->snapshot, &m);
    if (!*merged)
        return 0;
    v->state.insns = more(one->path.insns, p->path.insns);
    v->state.ns = more(one->path.ns, p->path.ns);
    v->state.calls = more(one->path.calls, p->path.calls);
    if (p->path.insns > one->path.insns)
        v->state.decisions = p->decisions;
    struct pending *both = pending_make(v, false);
    if (both == NULL)
        return -ENOMEM;
    both->below = p->below;
    *other = both;
    pending_put(v, p);
    return 0;
}

/* Adds `one` to the states that will wait. Owns it. *any: it was merged. */
static int add(struct verifier *v, struct pending **list, struct pending *one, bool *any)
{
    uint32_t apart = 0;
    bool merged = false;
    int err = 0;
    for (int pass = 0; pass < 2 && err == 0 && !merged; pass++) {
        if (pass == 1 && apart < APART_MAX)
            break;
        for (struct pending **at = list; *at != NULL && err == 0 && !merged; at = &(*at)->below) {
            if ((*at)->pc != one->pc)
                continue;
            apart++;
            err = merge_into(v, one, at, pass == 1, &merged);
        }
    }
    *any |= merged;
    if (merged || err != 0) {
        pending_put(v, one);
        return err;
    }
    one->below = *list;
    *list = one;
    return 0;
}

int region_let_wait(struct verifier *v, struct pending *list, bool merge, bool *merged)
{
    struct pending *apart = NULL;
    int err = 0;
    while (list != NULL) {
        struct pending *one = list;
        list = one->below;
        if (merge && err == 0) {
            err = add(v, &apart, one, merged);
        } else {
            one->below = apart;
            apart = one;
        }
    }
    while (apart != NULL) {
        struct pending *p = apart;
        apart = p->below;
        pending_push(v, p);
    }
    return err;
}

int region_finish(struct verifier *v)
{
    struct region *r = v->here.region;
    struct pending *list = r->collected;
    bool merged = false;
    speculation_commit_above(v, r->speculation);
    r->collected = NULL;
    int err = region_let_wait(v, list, true, &merged);
    if (err == 0)
        region_drop(v, r->outer);
    return err;
}

void region_drop(struct verifier *v, struct region *until)
{
    while (v->here.region != until) {
        struct region *r = v->here.region;
        v->here.region = r->outer;
        while (r->collected != NULL) {
            struct pending *p = r->collected;
            r->collected = p->below;
            pending_put(v, p);
        }
        verifier_free(v, r, sizeof *r);
    }
}
