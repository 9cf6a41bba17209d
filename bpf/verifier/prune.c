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

void prune_init(struct verifier *v)
{
    for (uint32_t i = 0; i < BUCKET_COUNT; i++)
        list_init(&v->buckets[i]);
    list_init(&v->complete);
    list_init(&v->open);
}

static struct list_head *bucket_of(struct verifier *v, uint32_t pc)
{
    return &v->buckets[(pc * 0x9e3779b1u) >> 26];
}
_Static_assert(BUCKET_COUNT == 1u << (32 - 26), "bucket_of() takes the upper 6 bits");

struct checkpoint *prune_newest(const struct verifier *v)
{
    return list_empty(&v->open) ? NULL : list_entry(v->open.prev, struct checkpoint, age);
}

/* The open one before it on the path, or NULL for the program's start. */
static struct checkpoint *before(const struct verifier *v, const struct checkpoint *c)
{
    return c->age.prev == &v->open ? NULL : list_entry(c->age.prev, struct checkpoint, age);
}

static void destroy(struct verifier *v, struct checkpoint *c)
{
    list_del(&c->bucket);
    list_del(&c->age);
    verifier_free(v, c, sizeof *c + c->snapshot_size);
}

/* Of open ones the oldest goes, for the walk comes back to it last. Not the first, which is the program's start and counts
 * the whole, nor the newest, which the state's numbers refer to. */
static bool forget_open(struct verifier *v)
{
    if (list_empty(&v->open))
        return false;
    struct list_head *oldest = v->open.next->next;
    if (oldest == &v->open || oldest->next == &v->open)
        return false;
    list_entry(oldest->next, struct checkpoint, age)->gap = true;
    destroy(v, list_entry(oldest, struct checkpoint, age));
    return true;
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
}

void mark_precise(struct verifier *v, uint64_t deps)
{
    for (struct checkpoint *c = prune_newest(v); c != NULL && deps != 0; c = before(v, c)) {
        deps = snapshot_mark(v, c->snapshot, deps);
        /* What the one before it would have said is lost: anything there may have mattered. */
        if (c->gap && deps != 0)
            deps = UINT64_MAX;
    }
}

static void note_tail(struct checkpoint *c, uint64_t insns_at_end, uint64_t ns_at_end)
{
    if (insns_at_end - c->insns > c->tail_insns)
        c->tail_insns = insns_at_end - c->insns;
    if (ns_at_end - c->ns > c->tail_ns)
        c->tail_ns = ns_at_end - c->ns;
}

void prune_path_end(struct verifier *v)
{
    note_tail(prune_newest(v), v->state.insns, v->state.ns);
}

void prune_complete(struct verifier *v, uint32_t pending)
{
    for (;;) {
        struct checkpoint *c = prune_newest(v), *parent = before(v, c);
        if (parent == NULL || c->pending_depth < pending)
            return;
        note_tail(parent, c->insns + c->tail_insns, c->ns + c->tail_ns);
        snapshot_constants(c->snapshot, &c->constants);
        list_del(&c->age);
        list_add_tail(&c->age, &v->complete);
        list_add(&c->bucket, bucket_of(v, c->pc));
    }
}

static int refuse_loop(struct verifier *v)
{
    return refuse(
        v, -EINVAL, BPF_REJECT_LOOP,
        "let a counter of the loop itself end it: for (int i = 0; i < 100; i++)",
        "this loop comes round with nothing changed that its end depends on: it may never end");
}

static int make_checkpoint(struct verifier *v, uint32_t fingerprint)
{
    struct state *s = &v->state;
    uint32_t size;
    int err = snapshot_encode(v, s->pc, &size);
    if (err != 0)
        return err;
    struct checkpoint *c = verifier_alloc(v, sizeof *c + size);
    if (c == NULL)
        return refuse_memory(v);
    list_init(&c->bucket);
    list_add_tail(&c->age, &v->open);
    c->pc = s->pc;
    c->pending_depth = v->pending_count;
    c->number = ++v->checkpoint_count;
    c->fingerprint = fingerprint;
    c->insns = s->insns;
    c->ns = s->ns;
    c->snapshot_size = size;
    memcpy(c->snapshot, v->scratch, size);
    v->newest_walked = v->walked;
    snapshot_restart_deps(s);
    return 0;
}

/* Was the state here before on this very path? Its numbers count in full: a counter that only matters to the loop's own
 * end makes it another state. */
static bool comes_again(struct verifier *v, uint32_t fingerprint)
{
    const struct checkpoint *c = prune_newest(v);
    uint64_t deps;
    for (uint32_t i = 0; c != NULL && i < LOOKED_BACK_MAX; i++, c = before(v, c))
        if (c->pc == v->state.pc && c->fingerprint == fingerprint &&
            snapshot_covers(v, c->snapshot, COVERS_EXACTLY, &deps))
            return true;
    return false;
}

/* The longest run through here, by way of a checkpoint that covers the state; used last, it is looked at first and
 * forgotten last. */
static void end_by(struct verifier *v, struct checkpoint *c, uint64_t deps)
{
    mark_precise(v, deps);
    note_tail(prune_newest(v), v->state.insns + c->tail_insns, v->state.ns + c->tail_ns);
    list_del(&c->age);
    list_add_tail(&c->age, &v->complete);
    list_del(&c->bucket);
    list_add(&c->bucket, bucket_of(v, c->pc));
}

static bool find_cover(struct verifier *v)
{
    struct constants now = { 0, CONSTANTS_EMPTY };
    struct checkpoint *c, *after;
    uint32_t looked_at = 0;
    uint64_t deps;
    list_for_each_entry_safe(c, after, bucket_of(v, v->state.pc), bucket) {
        if (c->pc != v->state.pc)
            continue;
        if (++looked_at > LOOKED_AT_MAX) {
            destroy(v, c);
            continue;
        }
        /* Most differ in a counter: that is seen without unpacking them. */
        if (c->constants.which != now.which)
            state_constants(&v->state, c->constants.which, &now);
        if (c->constants.digest != now.digest ||
            !snapshot_covers(v, c->snapshot, COVERS_WHAT_MATTERS, &deps))
            continue;
        end_by(v, c, deps);
        return true;
    }
    return false;
}

int prune_visit(struct verifier *v, bool *covered)
{
    bool may_cover = v->probe == NULL || !v->probe->never_prune;
    uint64_t spacing = v->probe != NULL && v->probe->eager ? 0 : SPACING_INSNS;
    *covered = may_cover && find_cover(v);
    if (*covered)
        return 0;
    uint32_t fingerprint = state_fingerprint(&v->state, v->info[v->state.pc].live);
    if (comes_again(v, fingerprint))
        return refuse_loop(v);
    if (!list_empty(&v->open) && v->walked - v->newest_walked < spacing)
        return 0;
    return make_checkpoint(v, fingerprint);
}
