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

#include "walk.h"

/* A checkpoint every so many instructions at most: making and comparing them costs too. */
#define SPACING_INSNS 8u
/* At one instruction so many complete ones are compared, those first that were made or of use last;
 * others are forgotten. Paths are walked last in, first out, so what serves next was mostly
 * completed just before. */
#define COMPARED_MAX 24u
/* How far back along the path a state is looked for that comes again. */
#define LOOKED_BACK_MAX 48u

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

static void drop_snapshot(struct verifier *v, struct checkpoint *c)
{
    verifier_free(v, c->snapshot, c->snapshot_size);
    c->snapshot = NULL;
    c->snapshot_size = 0;
    list_del(&c->bucket);
}

static void destroy(struct verifier *v, struct checkpoint *c)
{
    drop_snapshot(v, c);
    list_del(&c->age);
    verifier_free(v, c, sizeof *c);
}

bool prune_forget(struct verifier *v)
{
    if (!list_empty(&v->complete)) {
        destroy(v, list_first_entry(&v->complete, struct checkpoint, age));
        return true;
    }
    /* Without its snapshot an open checkpoint still counts instructions; mark_precise() assumes the
     * worst of it. */
    struct checkpoint *c;
    list_for_each_entry(c, &v->open, age) {
        if (c->snapshot != NULL) {
            drop_snapshot(v, c);
            return true;
        }
    }
    return false;
}

void prune_destroy(struct verifier *v)
{
    struct checkpoint *c, *after;
    list_for_each_entry_safe(c, after, &v->complete, age)
        destroy(v, c);
    list_for_each_entry_safe(c, after, &v->open, age)
        destroy(v, c);
}

void mark_precise(struct verifier *v, uint64_t deps)
{
    for (struct checkpoint *c = v->state.newest; c != NULL && deps != 0; c = c->parent)
        deps = c->snapshot != NULL ? snapshot_mark(c->snapshot, deps) : UINT64_MAX;
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
    note_tail(v->state.newest, v->state.insns, v->state.ns);
}

void prune_complete(struct verifier *v, uint32_t pending)
{
    struct checkpoint *c = v->state.newest;
    while (c != NULL && c->parent != NULL && c->pending_depth >= pending) {
        struct checkpoint *parent = c->parent;
        note_tail(parent, c->insns + c->tail_insns, c->ns + c->tail_ns);
        c->complete = true;
        c->parent = NULL;
        list_del(&c->age);
        if (c->snapshot == NULL) {
            verifier_free(v, c, sizeof *c);
        } else {
            list_add_tail(&c->age, &v->complete);
            list_add(&c->bucket, bucket_of(v, c->pc));
        }
        c = parent;
    }
    v->state.newest = c;
}

static int refuse_loop(struct verifier *v)
{
    return refuse(
        v, -EINVAL, BPF_REJECT_LOOP,
        "let a counter of the loop itself end it: for (int i = 0; i < 100; i++)",
        "this loop comes round with nothing changed that its end depends on: it may never end");
}

static int make_checkpoint(struct verifier *v)
{
    struct state *s = &v->state;
    uint32_t size;
    int err = snapshot_encode(v, s->pc, &size);
    if (err != 0)
        return err;
    struct checkpoint *c = verifier_alloc(v, sizeof *c);
    if (c == NULL)
        return refuse_memory(v);
    /* Linked at once: making room for the snapshot may look at every checkpoint. */
    list_init(&c->bucket);
    list_add_tail(&c->age, &v->open);
    c->parent = s->newest;
    c->pc = s->pc;
    c->pending_depth = v->pending_count;
    c->insns = s->insns;
    c->ns = s->ns;
    s->newest = c;
    c->snapshot = verifier_alloc(v, size);
    if (c->snapshot == NULL)
        return refuse_memory(v);
    c->snapshot_size = size;
    __builtin_memcpy(c->snapshot, v->scratch, size);
    v->newest_insns = v->walked;
    snapshot_restart_deps(s);
    return 0;
}

/* The longest run through here, by way of a checkpoint that covers the state. */
static void end_by(struct verifier *v, const struct checkpoint *c, uint64_t deps)
{
    mark_precise(v, deps);
    note_tail(v->state.newest, v->state.insns + c->tail_insns, v->state.ns + c->tail_ns);
}

/* Was the state here before on this very path? Its numbers count in full: a counter that only
 * matters to the loop's own end makes it another state. */
static bool comes_again(const struct verifier *v)
{
    const struct checkpoint *c = v->state.newest;
    uint64_t deps;
    for (uint32_t i = 0; c != NULL && i < LOOKED_BACK_MAX; i++, c = c->parent)
        if (c->pc == v->state.pc && c->snapshot != NULL &&
            snapshot_covers(v, c->snapshot, COVERS_EXACTLY, &deps))
            return true;
    return false;
}

static bool find_cover(struct verifier *v)
{
    struct list_head *bucket = bucket_of(v, v->state.pc);
    struct checkpoint *c, *after;
    uint32_t compared = 0;
    uint64_t deps;
    list_for_each_entry_safe(c, after, bucket, bucket) {
        if (c->pc != v->state.pc)
            continue;
        if (++compared > COMPARED_MAX) {
            destroy(v, c);
        } else if (snapshot_covers(v, c->snapshot, COVERS_WHAT_MATTERS, &deps)) {
            end_by(v, c, deps);
            /* Used last: looked at first, forgotten last. */
            list_del(&c->age);
            list_add_tail(&c->age, &v->complete);
            list_del(&c->bucket);
            list_add(&c->bucket, bucket);
            return true;
        }
    }
    return false;
}

int prune_visit(struct verifier *v, bool *covered)
{
    bool may_cover = v->probe == NULL || !v->probe->never_prune;
    *covered = may_cover && find_cover(v);
    if (*covered)
        return 0;
    if (comes_again(v))
        return refuse_loop(v);
    uint64_t spacing = v->probe != NULL && v->probe->eager ? 0 : SPACING_INSNS;
    if (v->state.newest != NULL && v->walked - v->newest_insns < spacing)
        return 0;
    return make_checkpoint(v);
}
