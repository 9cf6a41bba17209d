/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One state for several: of each register and slot what covers all of them.
 *
 * Where they agree nothing is lost. Numbers, and offsets of pointers into one object, that differ
 * get everything between (MERGE_HULL), or, for loops, everything up to the next threshold, a
 * constant that the loop compares with (MERGE_WIDEN): its next rounds shall be covered too. What is
 * of different kinds has no common state but "not set".
 *
 * Ids say which values are equal. A pair of ids that occurs together in several places becomes one
 * new id: those places are equal in either state. */
#include <axiom/string.h>

#include "walk.h"

/* --- Ids --- */

static uint32_t merge_ids(struct verifier *v, struct merge *m, uint32_t old_id, uint32_t now_id,
                          bool pointer)
{
    if (old_id == now_id)
        return now_id;
    if (old_id == 0 || now_id == 0)
        return pointer ? ++v->next_id : 0;
    for (uint32_t i = 0; i < m->id_count; i++)
        if (m->old_ids[i] == old_id && m->now_ids[i] == now_id)
            return m->new_ids[i];
    uint32_t fresh = ++v->next_id;
    if (m->id_count < MERGE_ID_MAX) {
        m->old_ids[m->id_count] = old_id;
        m->now_ids[m->id_count] = now_id;
        m->new_ids[m->id_count++] = fresh;
    }
    return fresh;
}

/* --- Numbers --- */

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t greatest(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static int64_t least_signed(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t greatest_signed(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static struct scalar hull(const struct scalar *a, const struct scalar *b)
{
    return (struct scalar){
        .t = tnum_union(a->t, b->t),
        .umin = least(a->umin, b->umin),
        .umax = greatest(a->umax, b->umax),
        .smin = least_signed(a->smin, b->smin),
        .smax = greatest_signed(a->smax, b->smax),
        .umin32 = (uint32_t)least(a->umin32, b->umin32),
        .umax32 = (uint32_t)greatest(a->umax32, b->umax32),
        .smin32 = (int32_t)least_signed(a->smin32, b->smin32),
        .smax32 = (int32_t)greatest_signed(a->smax32, b->smax32),
    };
}

/* The threshold of `place` (or its neighbour: loops end at, before and after what they compare with) that
 * is next to `bound` and at least `gap` away, upwards or downwards, in the order that adding `flip`
 * makes: 0 unsigned, 2^63 signed. Without one, *out is the end of that order. */
static bool find_threshold(const struct merge *m, uint32_t place, uint64_t bound, uint64_t gap,
                           uint64_t flip, bool up, uint64_t *out)
{
    uint64_t best = up ? UINT64_MAX : 0, from = bound ^ flip;
    bool found = false;
    for (uint32_t i = 0; i < m->threshold_count; i++) {
        if (place != PLACE_ANY && m->thresholds[i].place != place)
            continue;
        for (int by = -1; by <= 1; by++) {
            uint64_t t = (m->thresholds[i].value + (uint64_t)(int64_t)by) ^ flip;
            if (up ? t < from || t - from < gap || t > best
                   : t > from || from - t < gap || t < best)
                continue;
            best = t;
            found = true;
        }
    }
    *out = best ^ flip;
    return found;
}

/* What the value itself is compared with comes first. What others are compared with is tried too, in
 * growing steps: texts compare with many constants that stand close together. */
static uint64_t next_threshold(const struct merge *m, uint64_t bound, uint64_t width, uint64_t flip,
                               bool up)
{
    const struct merge none = { .threshold_count = 0 };
    uint64_t out, gap = m->attempt < 2 ? 0 : width;
    if (!m->unlimited && m->place != PLACE_ANY &&
        find_threshold(m, m->place, bound, 0, flip, up, &out))
        return out;
    (void)find_threshold(m->unlimited ? &none : m, PLACE_ANY, bound, gap, flip, up, &out);
    return out;
}

#define FLIP_SIGN (UINT64_C(1) << 63)

/* Bits above the lowest that varies vary too: what is added each round carries. */
static struct tnum widen_bits(struct tnum old, struct tnum now)
{
    struct tnum both = tnum_union(old, now);
    if ((both.mask == old.mask && both.value == old.value) || both.mask == 0)
        return both;
    uint64_t mask = ~UINT64_C(0) << __builtin_ctzll(both.mask);
    return (struct tnum){ both.value & ~mask, mask };
}

static struct scalar widen(const struct merge *m, const struct scalar *old,
                           const struct scalar *now)
{
    struct range whole = {
        .t = widen_bits(old->t, now->t),
        .umin = old->umin,
        .umax = old->umax,
        .smin = old->smin,
        .smax = old->smax,
    };
    struct range low = range_unknown(BITS / 2);
    struct scalar out;
    if (m->how == MERGE_WIDEN) {
        /* The rounds before this one were walked. */
        whole.umin = now->umin;
        whole.umax = now->umax;
        whole.smin = now->smin;
        whole.smax = now->smax;
    }
    uint64_t width = now->umax - now->umin;
    uint64_t signed_width = (uint64_t)now->smax - (uint64_t)now->smin;
    if (now->umax > old->umax)
        whole.umax = next_threshold(m, now->umax, width, 0, true);
    if (now->umin < old->umin)
        whole.umin = next_threshold(m, now->umin, width, 0, false);
    if (now->smax > old->smax)
        whole.smax = (int64_t)next_threshold(m, (uint64_t)now->smax, signed_width, FLIP_SIGN, true);
    if (now->smin < old->smin)
        whole.smin =
            (int64_t)next_threshold(m, (uint64_t)now->smin, signed_width, FLIP_SIGN, false);
    return scalar_join_halves(&whole, &low, BITS, &out) ? out : scalar_unknown(BITS);
}

/* Does the loop compare the register with a constant? */
static bool is_compared(const struct merge *m)
{
    for (uint32_t i = 0; m->place != PLACE_ANY && i < m->threshold_count; i++)
        if (m->thresholds[i].place == m->place)
            return true;
    return false;
}

#define STEP_MAX (INT64_C(1) << 20)

/* Both ends moved by the same. */
static bool shifted(const struct scalar *old, const struct scalar *now, int64_t *by)
{
    *by = (int64_t)(now->umin - old->umin);
    return *by > -STEP_MAX && *by < STEP_MAX && now->umax - old->umax == (uint64_t)*by &&
           (uint64_t)now->smin - (uint64_t)old->smin == (uint64_t)*by &&
           (uint64_t)now->smax - (uint64_t)old->smax == (uint64_t)*by &&
           now->smin > -OFFSET_LIMIT && now->smax < OFFSET_LIMIT && old->smin > -OFFSET_LIMIT &&
           old->smax < OFFSET_LIMIT;
}

/* What the last round did to a value that a loop changes: `was` is the value before it was widened. */
static void note_step(struct merge *m, const struct reg *old, const struct reg *now,
                      const struct reg *was)
{
    uint32_t tag = now->origin - m->tag_first, old_tag = old->origin - m->old_first;
    if (m->how == MERGE_HULL || now->origin == 0 || tag >= TAG_MAX)
        return;
    struct step *s = &m->steps[tag];
    s->is_compared = is_compared(m);
    s->first = was->n;
    s->widened = now->n;
    if (m->how == MERGE_WIDEN) {
        s->is_exact = shifted(&old->n, &was->n, &s->by);
        s->may_count = !s->is_compared;
        return;
    }
    s->by = was->added_min;
    s->is_exact =
        old->origin != 0 && was->origin == old->origin && was->added_min == was->added_max;
    s->may_count = old_tag < m->old_count && m->old_tags[old_tag].is_counted &&
                   m->old_tags[old_tag].step == s->by;
    if (s->may_count)
        s->first = m->old_tags[old_tag].first;
}

static void merge_origin(struct verifier *v, struct merge *m, const struct reg *old,
                         struct reg *now, bool changed)
{
    if (m->how == MERGE_HULL) {
        if (now->origin != old->origin) {
            now->origin = 0;
        } else {
            now->added_min = least_signed(now->added_min, old->added_min);
            now->added_max = greatest_signed(now->added_max, old->added_max);
        }
        return;
    }
    if (m->how == MERGE_AGAIN && !changed) {
        now->origin = old->origin;
        now->added_min = old->added_min;
        now->added_max = old->added_max;
        changed = old->origin - m->old_first < m->old_count;
    }
    if (!changed)
        return;
    now->origin = 0;
    if (v->tags_made - m->tag_first >= TAG_MAX)
        return;
    now->origin = v->tags_made++;
    now->added_min = now->added_max = 0;
}

/* Everything of the value but its number and its ids is the same already. */
static void merge_value(struct verifier *v, struct merge *m, const struct reg *old, struct reg *now)
{
    const struct reg was = *now;
    bool changed = !scalar_equal(&old->n, &now->n);
    if (changed) {
        m->changed++;
        now->n = m->how == MERGE_HULL ? hull(&old->n, &now->n) : widen(m, &old->n, &now->n);
    }
    /* A number that changed equals nothing any more, but two that changed alike. */
    now->id = merge_ids(v, m, old->id, now->id, reg_is_pointer(now));
    bool apart = old->fixed != now->fixed || (m->how != MERGE_HULL && changed);
    if (now->type == REG_NUMBER && (apart || now->id == 0))
        reg_unlink(now);
    if (m->how == MERGE_HULL)
        now->deps |= old->deps;
    else if (m->how == MERGE_AGAIN)
        now->deps = old->deps;
    merge_origin(v, m, old, now, changed);
    note_step(m, old, now, &was);
    if (now->type == REG_SLOT_ITERATOR && old->fixed < now->fixed)
        now->fixed = old->fixed;
    now->precise = 0;
}

/* --- Registers and slots --- */

static bool same_kind(const struct reg *old, const struct reg *now)
{
    if (old->type != now->type)
        return false;
    if (old->type == REG_NUMBER)
        return true;
    return old->may_be_null == now->may_be_null && old->frame == now->frame &&
           old->map == now->map && old->size == now->size && old->ref == now->ref &&
           (old->fixed == now->fixed || old->type == REG_SLOT_ITERATOR) && old->attr == now->attr &&
           old->stack_offset == now->stack_offset && (old->type != REG_RECORD || old->id == now->id);
}

static bool merge_reg(struct verifier *v, struct merge *m, const struct reg *old, struct reg *now)
{
    if (now->type == REG_UNSET)
        return true;
    if (old->type == REG_UNSET) {
        *now = reg_unset();
        return true;
    }
    if (same_kind(old, now)) {
        merge_value(v, m, old, now);
        return true;
    }
    if (!m->force)
        return false;
    *now = reg_unset();
    m->changed++;
    return true;
}

static uint8_t bytes_of_pointer(const struct slot *slot)
{
    if (slot->spill_size == 0 || slot->value.type == REG_NUMBER)
        return 0;
    return (uint8_t)(((1u << slot->spill_size) - 1u) << slot->spill_start);
}

static bool is_special(const struct slot *slot)
{
    return slot->spill_size != 0 && slot->value.type >= REG_SLOT_DYNPTR;
}

static bool merge_slot(struct verifier *v, struct merge *m, const struct slot *old,
                       struct slot *now)
{
    bool same_place = old->spill_size == now->spill_size && old->spill_start == now->spill_start;
    uint8_t pointers = (uint8_t)(bytes_of_pointer(old) | bytes_of_pointer(now));
    if ((is_special(old) || is_special(now)) &&
        (!same_place || !same_kind(&old->value, &now->value)))
        return false;
    if (now->spill_size != 0 && same_place && same_kind(&old->value, &now->value)) {
        now->set &= old->set;
        merge_value(v, m, &old->value, &now->value);
        return true;
    }
    if (now->spill_size != 0 || old->spill_size != 0)
        m->changed++;
    now->spill_size = 0;
    now->spill_start = 0;
    now->set = (uint8_t)(now->set & old->set & ~pointers);
    return true;
}

static bool merge_frame(struct verifier *v, struct merge *m, const uint8_t **at, uint32_t f)
{
    struct state *s = &v->state;
    struct frame *now = &s->frames[f];
    struct frame old;
    const struct slot unset = { 0 };
    *at = snapshot_get_frame(*at, &old);
    if (old.return_to != now->return_to || old.function != now->function || old.kind != now->kind)
        return false;
    if (old.invocation != now->invocation && m->how == MERGE_HULL)
        return false;
    now->passes = (uint32_t)least(old.passes, now->passes);
    now->rounds = (uint32_t)least(old.rounds, now->rounds);
    for (uint32_t r = 0; r < BPF_REG_FP; r++) {
        m->place = f + 1 == s->frame_count ? r : PLACE_ANY;
        if (!merge_reg(v, m, &old.regs[r], &now->regs[r]))
            return false;
    }
    m->place = PLACE_ANY;
    for (uint32_t i = 0; i < old.slot_count; i++) {
        struct slot slot;
        *at = snapshot_get_slot(*at, &slot);
        if (i < now->slot_count && !merge_slot(v, m, &slot, &s->slots[now->slot_base + i]))
            return false;
        if (i >= now->slot_count && is_special(&slot))
            return false;
    }
    for (uint32_t i = old.slot_count; i < now->slot_count; i++)
        if (!merge_slot(v, m, &unset, &s->slots[now->slot_base + i]))
            return false;
    return true;
}

bool state_merge(struct verifier *v, const uint8_t *snapshot, struct merge *m)
{
    const struct state *s = &v->state;
    const uint8_t *at = snapshot;
    uint64_t number;
    at = snapshot_get_number(at, &number);
    if (number != s->frame_count)
        return false;
    for (uint32_t f = 0; f < s->frame_count; f++)
        if (!merge_frame(v, m, &at, f))
            return false;
    if (!snapshot_same_rest(at, s))
        return false;
    v->work += s->frame_count * BPF_REG_COUNT + s->slot_count;
    return true;
}

void state_each_pair(struct verifier *v, const uint8_t *snapshot,
                     void (*visit)(const struct reg *old, const struct reg *now, void *user),
                     void *user)
{
    const struct state *s = &v->state;
    const uint8_t *at = snapshot;
    uint64_t frame_count;
    at = snapshot_get_number(at, &frame_count);
    for (uint32_t f = 0; f < s->frame_count && f < frame_count; f++) {
        struct frame old;
        at = snapshot_get_frame(at, &old);
        for (uint32_t r = 0; r < BPF_REG_FP; r++)
            visit(&old.regs[r], &s->frames[f].regs[r], user);
        for (uint32_t i = 0; i < old.slot_count; i++) {
            struct slot slot;
            at = snapshot_get_slot(at, &slot);
            const struct slot *now =
                i < s->frames[f].slot_count ? &s->slots[s->frames[f].slot_base + i] : NULL;
            if (now != NULL && slot.spill_size != 0 && now->spill_size == slot.spill_size &&
                now->spill_start == slot.spill_start)
                visit(&slot.value, &now->value, user);
        }
    }
}
