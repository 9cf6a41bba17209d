/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What loops use up that no number of theirs bounds.
 *
 * A call of a function has so many passes of its may_gotos (Linux: for each frame), a call that
 * calls back so many rounds, an iterator so many elements. Each is counted along the path. A loop
 * whose every way round uses up some of one and the same of these ends.
 *
 * One and the same: passes belong to one call of a function, so frames carry an invocation; an
 * iterator is known by its reference; rounds start again at 0 when the call is done, and count only
 * for the loop that the call itself is, where they were seen to grow. */
#include "call.h"

static void add(struct progress *p, struct measure m)
{
    if (p->count < MEASURE_MAX)
        p->each[p->count++] = m;
}

static void compare_frames(struct verifier *v, const struct frame *old, const struct frame *now,
                           bool is_top, struct progress *out)
{
    if (old->invocation != now->invocation)
        return;
    if (now->passes > old->passes)
        add(out, (struct measure){ .kind = MEASURE_PASSES,
                                   .id = now->invocation,
                                   .least = now->passes - old->passes,
                                   .bound = BPF_MAY_GOTO_PASSES });
    if (is_top && now->rounds > old->rounds)
        add(out, (struct measure){ .kind = MEASURE_ROUNDS,
                                   .id = now->invocation,
                                   .least = now->rounds - old->rounds,
                                   .bound = callback_rounds(v) });
}

static void compare_slots(const struct slot *old, const struct slot *now, struct progress *out)
{
    if (old->spill_size == 0 || now->spill_size == 0 || old->value.type != REG_SLOT_ITERATOR ||
        now->value.type != REG_SLOT_ITERATOR || (old->value.attr & REG_FIRST_SLOT) == 0 ||
        old->value.ref != now->value.ref || now->value.fixed <= old->value.fixed)
        return;
    add(out, (struct measure){ .kind = MEASURE_ELEMENTS,
                               .id = now->value.ref,
                               .least = (uint64_t)(now->value.fixed - old->value.fixed),
                               .bound = now->value.size });
}

void progress_since(struct verifier *v, const uint8_t *snapshot, struct progress *out)
{
    const struct state *s = &v->state;
    const uint8_t *at = snapshot;
    uint64_t frame_count;
    out->count = 0;
    at = snapshot_get_number(at, &frame_count);
    for (uint32_t f = 0; f < s->frame_count && f < frame_count; f++) {
        const struct frame *now = &s->frames[f];
        struct frame old;
        at = snapshot_get_frame(at, &old);
        compare_frames(v, &old, now, f + 1 == s->frame_count, out);
        for (uint32_t i = 0; i < old.slot_count; i++) {
            struct slot slot;
            at = snapshot_get_slot(at, &slot);
            if (i < now->slot_count)
                compare_slots(&slot, &s->slots[now->slot_base + i], out);
        }
    }
}

static const struct measure *find(const struct progress *p, const struct measure *m)
{
    for (uint32_t i = 0; i < p->count; i++)
        if (p->each[i].kind == m->kind && p->each[i].id == m->id)
            return &p->each[i];
    return NULL;
}

void progress_meet(struct progress *all, const struct progress *one)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < all->count; i++) {
        struct measure m = all->each[i];
        const struct measure *other = find(one, &m);
        if (other == NULL)
            continue;
        if (other->least < m.least)
            m.least = other->least;
        if (other->bound > m.bound)
            m.bound = other->bound;
        all->each[kept++] = m;
    }
    all->count = kept;
}

uint64_t progress_rounds(const struct progress *p)
{
    uint64_t rounds = UINT64_MAX;
    for (uint32_t i = 0; i < p->count; i++)
        if (p->each[i].bound / p->each[i].least < rounds)
            rounds = p->each[i].bound / p->each[i].least;
    return rounds;
}
