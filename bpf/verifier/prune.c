/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Checkpoints: what was walked before need not be walked again.
 *
 * Where paths meet, the state may be kept as a checkpoint. Once every path from it has been walked
 * (it is complete), a later state at the same instruction that is covered by it ends there: what it
 * could do was seen. Checkpoints on the current path are open; covering by one of those would prove
 * nothing, for its paths are not all walked yet. An open one that is exactly the state again is a
 * loop that changes nothing: it may never end.
 *
 *     made --prune_visit()--> open --prune_complete()--> complete --prune_forget()--> gone
 *
 * Paths are walked last in, first out, so open checkpoints are always ancestors of the current path
 * and a stack of their own: one made while n states waited is complete when the n-th from below is
 * taken up.
 *
 * Each checkpoint also learns the longest way from it to the end, which gives the program's worst
 * case although most paths are cut short. Losing checkpoints costs time, never soundness. */
#include <axiom/bug.h>
#include <axiom/string.h>

#include "walk.h"

/* A checkpoint every so many instructions at most: making and comparing them costs too. */
#define SPACING_INSNS 8u
/* At one instruction so many complete ones are looked at, those first that were made or of use last; others are forgotten.
 * Paths are walked last in, first out, so what serves next was mostly completed just before. */
#define LOOKED_AT_MAX 64u
/* How far back along the path a state is looked for that comes again. */
#define LOOKED_BACK_MAX 64u

/* One bucket for every 32 instructions, 64 at least. */
int prune_init(struct verifier *v)
{
    uint32_t bits = 6;
    while (bits < 16 && v->insn_count >> bits > 32)
        bits++;
    v->bucket_shift = 32 - bits;
    v->buckets = verifier_alloc(v, sizeof *v->buckets << bits);
    if (v->buckets == NULL)
        return refuse_memory(v);
    for (uint32_t i = 0; i < 1u << bits; i++)
        list_init(&v->buckets[i]);
    return 0;
}

static struct list_head *bucket_of(struct verifier *v, uint32_t pc)
{
    return &v->buckets[(pc * 0x9e3779b1u) >> v->bucket_shift];
}

struct checkpoint *prune_newest(const struct verifier *v)
{
    return list_empty(&v->open) ? NULL : list_entry(v->open.prev, struct checkpoint, age);
}

/* The open one before it on the path, or NULL for the program's start. */
static struct checkpoint *before(const struct verifier *v, const struct checkpoint *c)
{
    return c->age.prev == &v->open ? NULL : list_entry(c->age.prev, struct checkpoint, age);
}

static size_t size_of(const struct checkpoint *c)
{
    return sizeof *c + c->tail_count * sizeof c->tails[0] + c->snapshot_size;
}

static void destroy(struct verifier *v, struct checkpoint *c)
{
    list_del(&c->bucket);
    list_del(&c->age);
    verifier_free(v, c, size_of(c));
}

static uint64_t greater(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void cost_raise(struct cost *c, const struct cost *to)
{
    c->insns = greater(c->insns, to->insns);
    c->ns = greater(c->ns, to->ns);
    c->calls = greater(c->calls, to->calls);
}

static uint64_t sum(uint64_t a, uint64_t b)
{
    return a > COST_MAX || b > COST_MAX ? COST_MAX : a + b;
}

static struct cost cost_add(const struct cost *a, const struct cost *b)
{
    return (struct cost){ sum(a->insns, b->insns), sum(a->ns, b->ns), sum(a->calls, b->calls) };
}

/* From checkpoint c on the way takes `from_c`; what is that from its parent on? */
static void tails_to_parent(const struct checkpoint *c, struct checkpoint *parent)
{
    const struct cost between = { c->path.insns - parent->path.insns, c->path.ns - parent->path.ns,
                                  c->path.calls - parent->path.calls };
    for (uint32_t i = 0; i < c->tail_count && i < parent->tail_count; i++) {
        if (c->tails[i].insns == 0)
            continue;
        struct cost whole = cost_add(&between, &c->tails[i]);
        cost_raise(&parent->tails[i], &whole);
    }
}

/* Of open ones the oldest goes, for the walk comes back to it last. Not the first, which is the
 * program's start and counts the whole, nor the newest, which the state's numbers refer to, nor the
 * heads of loops being summarised. */
static bool forget_open(struct verifier *v)
{
    struct checkpoint *c;
    if (list_empty(&v->open))
        return false;
    list_for_each_entry(c, &v->open, age) {
        if (c->age.prev == &v->open || c->pinned)
            continue;
        if (c->age.next == &v->open)
            return false;
        list_entry(c->age.next, struct checkpoint, age)->gap = true;
        tails_to_parent(c, before(v, c));
        destroy(v, c);
        return true;
    }
    return false;
}

bool prune_forget(struct verifier *v)
{
    if (list_empty(&v->complete))
        return forget_open(v);
    destroy(v, list_first_entry(&v->complete, struct checkpoint, age));
    return true;
}

void prune_destroy_open(struct verifier *v)
{
    struct checkpoint *c, *after;
    list_for_each_entry_safe(c, after, &v->open, age)
        destroy(v, c);
}

void prune_destroy(struct verifier *v)
{
    struct checkpoint *c, *after;
    list_for_each_entry_safe(c, after, &v->complete, age)
        destroy(v, c);
    prune_destroy_open(v);
    if (v->buckets != NULL)
        verifier_free(v, v->buckets, sizeof *v->buckets << (32 - v->bucket_shift));
}

void mark_precise(struct verifier *v, uint64_t deps)
{
    for (struct checkpoint *c = prune_newest(v); c != NULL && deps != 0; c = before(v, c)) {
        deps = snapshot_mark(v, checkpoint_snapshot(c), deps); /* counts as work */
        /* What the one before it would have said is lost: anything there may have mattered. */
        if (c->gap && deps != 0)
            deps = UINT64_MAX;
    }
}

void prune_note(struct verifier *v, uint32_t level, const struct cost *more)
{
    const struct state *s = &v->state;
    struct checkpoint *c = prune_newest(v);
    const struct cost path = { s->insns - c->path.insns, s->ns - c->path.ns,
                               s->calls - c->path.calls };
    struct cost whole = cost_add(&path, more);
    cost_raise(&c->tails[level], &whole);
    if (level == 0)
        explain_note_worst(v, more);
}

void prune_path_end(struct verifier *v)
{
    const struct cost nothing = { 0 };
    prune_note(v, 0, &nothing);
}

/* verifier.complete is in the order of these stamps. */
static void add_complete(struct verifier *v, struct checkpoint *c)
{
    c->completed = ++v->completed_count;
    list_add_tail(&c->age, &v->complete);
}

/* The complete one before it, if that was completed after `since`. */
static struct checkpoint *completed_before(const struct verifier *v, const struct list_head *at,
                                           uint32_t since)
{
    if (at->prev == &v->complete)
        return NULL;
    struct checkpoint *c = list_entry(at->prev, struct checkpoint, age);
    return c->completed > since ? c : NULL;
}

static void add_rounds(struct checkpoint *c, const struct cost *to_head, uint32_t level,
                       const struct checkpoint *head, const struct cost *rounds)
{
    for (uint32_t i = 0; i < level; i++) {
        if (head->tails[i].insns == 0)
            continue;
        struct cost from_head = cost_add(rounds, &head->tails[i]);
        if (to_head != NULL)
            from_head = cost_add(to_head, &from_head);
        cost_raise(&c->tails[i], &from_head);
    }
}

/* Ways that ended at the head go on from there with all its rounds and then out of it. */
void prune_close_loop(struct verifier *v, struct checkpoint *head, uint32_t level,
                      const struct cost *rounds)
{
    uint32_t since = v->here.loop->completed_count;
    for (struct checkpoint *c = completed_before(v, &v->complete, since); c != NULL;
         c = completed_before(v, &c->age, since)) {
        v->work++;
        if (c->number < head->number || c->tail_count <= level || c->tails[level].insns == 0)
            continue;
        const struct cost to_head = c->tails[level];
        c->tails[level] = (struct cost){ 0 };
        add_rounds(c, &to_head, level, head, rounds);
    }
    add_rounds(head, NULL, level, head, rounds);
}

void prune_leave_loop(struct verifier *v, struct checkpoint *head, uint32_t level,
                      const struct cost *rounds)
{
    uint32_t since = v->here.loop->completed_count;
    struct checkpoint *c, *next;
    /* Some ways out of it may have been walked before its rounds were counted. */
    add_rounds(head, NULL, level, head, rounds);
    for (c = completed_before(v, &v->complete, since); c != NULL; c = next) {
        next = completed_before(v, &c->age, since);
        v->work++;
        if (c->number > head->number && c->tail_count > level && c->tails[level].insns != 0)
            destroy(v, c);
    }
    for (c = prune_newest(v);; c = before(v, c)) {
        if (c->tail_count > level && c->tails[level].insns != 0) {
            c->passing = c != head;
            c->tails[level] = (struct cost){ 0 };
        }
        if (c == head)
            break;
    }
    head->pinned = false;
}

void prune_depend_on(struct verifier *v, const struct checkpoint *head)
{
    for (struct checkpoint *c = prune_newest(v); c != head; c = before(v, c)) {
        c->passing = true;
        snapshot_trace_deps(&v->state, checkpoint_snapshot(c));
        v->work += c->frame_count * BPF_REG_COUNT;
        if (c->gap)
            snapshot_lose_deps(&v->state);
    }
}

struct checkpoint *prune_find_open(struct verifier *v, uint32_t number)
{
    struct checkpoint *c = prune_newest(v);
    for (; c != NULL && c->number != number; c = before(v, c))
        v->work++;
    BUG_ON(c == NULL);
    return c;
}

int prune_complete(struct verifier *v, uint32_t pending)
{
    for (;;) {
        struct checkpoint *c = prune_newest(v), *parent = before(v, c);
        if (parent == NULL || c->pending_depth < pending)
            return 0;
        if (v->here.loop != NULL && v->here.loop->number == c->number) {
            if (v->here.loop->exits != NULL)
                return loop_leave(v, c);
            int err = loop_close(v, c);
            if (err != 0)
                return err;
            c->pinned = false;
        }
        tails_to_parent(c, parent);
        if (c->passing) {
            destroy(v, c);
            continue;
        }
        snapshot_constants(checkpoint_snapshot(c), &c->constants);
        list_del(&c->age);
        add_complete(v, c);
        list_add(&c->bucket, bucket_of(v, c->pc));
    }
}

void prune_truncate(struct verifier *v, uint32_t number, uint32_t completed_count)
{
    struct checkpoint *c, *next;
    for (c = completed_before(v, &v->complete, completed_count); c != NULL; c = next) {
        next = completed_before(v, &c->age, completed_count);
        if (c->number > number)
            destroy(v, c);
    }
    while ((c = prune_newest(v)) != NULL && c->number > number)
        destroy(v, c);
}

static int refuse_loop(struct verifier *v)
{
    return refuse(
        v, -EINVAL, BPF_REJECT_LOOP,
        "let a counter of the loop itself end it: for (int i = 0; i < 100; i++)",
        "this loop comes round with nothing changed that its end depends on: it may never end");
}

int prune_make(struct verifier *v, uint32_t fingerprint, uint32_t rounds, bool pinned)
{
    struct state *s = &v->state;
    uint32_t size, tail_count = v->here.loop != NULL ? v->here.loop->level + 1 : 1;
    int err = snapshot_encode(v, s->pc, &size);
    if (err != 0)
        return err;
    size_t tails = tail_count * sizeof(struct cost);
    struct checkpoint *c = verifier_alloc(v, sizeof *c + tails + size);
    if (c == NULL)
        return refuse_memory(v);
    list_init(&c->bucket);
    list_add_tail(&c->age, &v->open);
    c->pc = s->pc;
    c->pending_depth = v->here.pending_count;
    c->number = ++v->checkpoint_count;
    c->fingerprint = fingerprint;
    c->walk = v->here.number;
    c->frame_count = (uint8_t)s->frame_count;
    c->rounds = (uint8_t)(rounds < 255 ? rounds : 255);
    c->pinned = pinned;
    c->path = (struct cost){ s->insns, s->ns, s->calls };
    c->tail_count = (uint16_t)tail_count;
    c->snapshot_size = size;
    memcpy(checkpoint_snapshot(c), v->scratch, size);
    v->here.newest_walked = v->walked;
    snapshot_restart_deps(s);
    return 0;
}

/* The last time the path was here, or NULL. Stops where a loop that is being summarised begins. */
static struct checkpoint *last_visit(struct verifier *v)
{
    struct checkpoint *c = prune_newest(v);
    for (uint32_t i = 0; c != NULL && i < LOOKED_BACK_MAX; i++, v->work++, c = before(v, c))
        if (c->pc == v->state.pc && c->frame_count == v->state.frame_count)
            return c;
    for (struct loop *l = v->here.loop; l != NULL; l = l->outer)
        if (l->pc == v->state.pc && l->frame_count == v->state.frame_count)
            for (; c != NULL; c = before(v, c), v->work++)
                if (c->number == l->number)
                    return c;
    return NULL;
}

/* Was the state here before on this very path? Its numbers count in full: a counter that only
 * matters to the loop's own end makes it another state. */
static bool comes_again(struct verifier *v, uint32_t fingerprint)
{
    struct checkpoint *c = prune_newest(v);
    uint64_t deps;
    for (uint32_t i = 0; c != NULL && i < LOOKED_BACK_MAX; i++, v->work++, c = before(v, c))
        if (c->pc == v->state.pc && c->fingerprint == fingerprint &&
            snapshot_covers(v, checkpoint_snapshot(c), COVERS_EXACTLY, &deps))
            return true;
    return false;
}

/* The longest run through here, by way of a checkpoint that covers the state; used last, it is looked at first and
 * forgotten last. */
static void end_by(struct verifier *v, struct checkpoint *c, uint64_t deps)
{
    mark_precise(v, deps);
    for (uint32_t i = 0; i < c->tail_count; i++)
        if (c->tails[i].insns != 0)
            prune_note(v, i, &c->tails[i]);
    list_del(&c->age);
    add_complete(v, c);
    list_del(&c->bucket);
    list_add(&c->bucket, bucket_of(v, c->pc));
}

/* Does it lead to the head of an open loop, and of another walk? */
static bool is_foreign(struct verifier *v, const struct checkpoint *c)
{
    v->cover_leads = false;
    for (uint32_t i = 1; i < c->tail_count; i++)
        v->cover_leads |= c->tails[i].insns != 0;
    return v->cover_leads && c->walk != v->here.number;
}

static bool find_cover(struct verifier *v)
{
    struct constants now = { 0, CONSTANTS_EMPTY };
    struct checkpoint *c, *after;
    uint32_t looked_at = 0;
    uint64_t deps;
    list_for_each_entry_safe(c, after, bucket_of(v, v->state.pc), bucket) {
        v->work++;
        if (c->pc != v->state.pc)
            continue;
        if (++looked_at > LOOKED_AT_MAX) {
            destroy(v, c);
            continue;
        }
        /* Most differ in a counter: that is seen without unpacking them. */
        if (c->constants.which != now.which)
            state_constants(&v->state, c->constants.which, &now);
        if (c->constants.digest != now.digest || is_foreign(v, c) ||
            !snapshot_covers(v, checkpoint_snapshot(c), COVERS_WHAT_MATTERS, &deps))
            continue;
        end_by(v, c, deps);
        return true;
    }
    return false;
}

/* Then the worst case counts, and a loop of which only this is known has none. */
static bool bounded_by_budget(const struct verifier *v)
{
    return !v->request->ignore_budget &&
           (v->context->insn_budget != 0 || v->context->time_budget_ns != 0);
}

/* The way back to `head` is for the loop as a whole: checkpoints between are not to be relied on
 * when it is open no more. */
static void pass_over(struct verifier *v, const struct checkpoint *head)
{
    for (struct checkpoint *c = prune_newest(v); c != head; c = before(v, c))
        c->passing = true;
}

/* Was a state that covers this one here before on this very path, and something used up since? Then
 * what is walked from there holds for every round, and the rounds end. Everything counts, not only
 * what has mattered so far: that is not known before all of its paths are walked. */
static bool comes_round(struct verifier *v)
{
    struct checkpoint *c = prune_newest(v);
    struct progress progress;
    uint64_t deps;
    for (uint32_t i = 0; c != NULL && i < LOOKED_BACK_MAX; i++, v->work++, c = before(v, c)) {
        if (c->pc != v->state.pc || c->frame_count != v->state.frame_count)
            continue;
        progress_since(v, checkpoint_snapshot(c), &progress);
        if (progress.count == 0 || !snapshot_covers(v, checkpoint_snapshot(c), COVERS_ALL, &deps))
            continue;
        const struct cost unknown = { COST_MAX, COST_MAX, COST_MAX };
        mark_precise(v, deps);
        pass_over(v, c);
        prune_note(v, 0, &unknown);
        return true;
    }
    return false;
}

/* At a loop's head: from inside the loop. Callbacks, and calls at a loop's end, return. */
static bool comes_back(const struct verifier *v)
{
    uint32_t from = v->here.from;
    return from == v->state.pc || v->info[from].goes_back || insn_row(v, from)->op == BPF_OP_EXIT;
}

int prune_visit(struct verifier *v, bool *covered)
{
    struct insn_info *info = &v->info[v->state.pc];
    bool may_cover = v->probe == NULL || !v->probe->never_prune;
    uint64_t spacing = v->probe != NULL && v->probe->eager ? 0 : SPACING_INSNS;
    *covered = may_cover && find_cover(v);
    if (*covered)
        return 0;
    if (info->visits < VISITS_MAX)
        info->visits++;
    bool round = info->loop_head && !info->no_summary && comes_back(v) && may_cover;
    struct checkpoint *last = round ? last_visit(v) : NULL;
    uint32_t rounds = last != NULL ? last->rounds + 1u : 0;
    if (last != NULL) {
        uint32_t made = v->checkpoint_count;
        bool was_pinned = last->pinned;
        last->pinned = true; /* what is allocated meanwhile must not displace it */
        int err = loop_visit(v, last, covered);
        if (err == 0 && v->checkpoint_count == made)
            last->pinned = was_pinned;
        if (err != 0 || *covered || v->checkpoint_count != made)
            return err;
    }
    if (info->loop_head && may_cover && v->may_use_up && !bounded_by_budget(v) && comes_round(v)) {
        *covered = true;
        return 0;
    }
    uint32_t fingerprint = state_fingerprint(&v->state, info->live);
    if (comes_again(v, fingerprint))
        return refuse_loop(v);
    if (!list_empty(&v->open) && v->walked - v->here.newest_walked < spacing &&
        (!info->loop_head || info->no_summary))
        return 0;
    return prune_make(v, fingerprint, rounds, false);
}
