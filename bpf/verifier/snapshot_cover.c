/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Covering: may a state be left to what was walked from a snapshot? Then each of its values is one
 * of those that the snapshot allows, as far as that mattered, and what shares an id there shares one
 * here. */
#include "snapshot.h"

#define ID_PAIRS_MAX 48u

/* Which id of the state stands for which of the snapshot. What shares an id in the snapshot must
 * share one in the state: paths from the snapshot relied on it. */
struct comparison {
    struct verifier *v;
    enum coverage how;
    uint64_t deps;
    uint32_t pair_count;
    uint32_t old_ids[ID_PAIRS_MAX], new_ids[ID_PAIRS_MAX];
};

/* `unique`: two ids of the snapshot must not become one (references; and both ways for exact
 * comparison). */
static bool ids_agree(struct comparison *c, uint32_t old_id, uint32_t new_id, bool unique)
{
    if (old_id == 0)
        return c->how != COVERS_EXACTLY || new_id == 0;
    for (uint32_t i = 0; i < c->pair_count; i++) {
        if (c->old_ids[i] == old_id)
            return c->new_ids[i] == new_id && new_id != 0;
        if (unique && c->new_ids[i] == new_id && new_id != 0)
            return false;
    }
    if (c->pair_count == ID_PAIRS_MAX)
        return false;
    c->old_ids[c->pair_count] = old_id;
    c->new_ids[c->pair_count++] = new_id;
    return true;
}

/* Paths from the snapshot go round a loop that is still being summarised: what they added to its
 * variables counted from here. */
static bool origins_agree(const struct comparison *c, const struct reg *old, const struct reg *now)
{
    if (old->origin == 0 || c->how != COVERS_WHAT_MATTERS ||
        !loop_origin_is_open(c->v, old->origin))
        return true;
    return now->origin == old->origin && now->added_min >= old->added_min &&
           now->added_max <= old->added_max;
}

static bool number_covers(struct comparison *c, const struct reg *old, const struct reg *now)
{
    if (c->how == COVERS_EXACTLY)
        return scalar_equal(&old->n, &now->n) && old->fixed == now->fixed &&
               ids_agree(c, old->id, now->id, true);
    if (!origins_agree(c, old, now))
        return false;
    if (c->how == COVERS_ALL && loop_counted(c->v, old, now))
        return (old->id == 0 || old->fixed == now->fixed) && ids_agree(c, old->id, now->id, false);
    bool matters =
        old->precise || c->how == COVERS_ALL || (c->v->probe != NULL && c->v->probe->all_precise);
    if (!matters)
        return true;
    /* Where the snapshot says nothing, nothing was relied on. */
    struct scalar any = scalar_unknown(BITS);
    if (c->how != COVERS_ALL || old->id != 0 || !scalar_subset(&any, &old->n))
        c->deps |= now->deps;
    return scalar_subset(&now->n, &old->n) && (old->id == 0 || old->fixed == now->fixed) &&
           ids_agree(c, old->id, now->id, false);
}

static bool elements_cover(const struct comparison *c, const struct reg *old, const struct reg *now)
{
    if (c->how == COVERS_EXACTLY)
        return old->fixed == now->fixed;
    return c->how != COVERS_WHAT_MATTERS || !c->v->cover_leads ||
           (old->ref == now->ref && now->fixed >= old->fixed);
}

/* Does any number do, where the snapshot has the packed one? */
static bool any_number_does(const struct comparison *c, const uint8_t *packed)
{
    return c->how == COVERS_WHAT_MATTERS && (packed[0] & HEAD_TYPE) == REG_NUMBER &&
           (packed[0] & HEAD_PRECISE) == 0 && (packed[1] & FLAG_MORE) == 0 &&
           (c->v->probe == NULL || !c->v->probe->all_precise);
}

static bool reg_covers(struct comparison *c, const struct reg *old, const struct reg *now)
{
    if (old->type != now->type)
        return false;
    if (old->type == REG_NUMBER)
        return number_covers(c, old, now);
    if (old->type == REG_MEM ? !ids_agree(c, old->map, now->map, true) : old->map != now->map)
        return false;
    if (old->may_be_null != now->may_be_null || old->frame != now->frame ||
        old->attr != now->attr || old->stack_offset != now->stack_offset)
        return false;
    if (old->type == REG_SLOT_ITERATOR ? !elements_cover(c, old, now) : old->fixed != now->fixed)
        return false;
    /* More of a packet may be readable, never less. */
    bool packet = old->type == REG_PACKET || old->type == REG_PACKET_META;
    if (old->size != now->size && (!packet || c->how == COVERS_EXACTLY || old->size > now->size))
        return false;
    if (!ids_agree(c, old->ref, now->ref, true) || (old->ref == 0) != (now->ref == 0))
        return false;
    bool offset = c->how == COVERS_EXACTLY
                      ? scalar_equal(&old->n, &now->n)
                      : scalar_subset(&now->n, &old->n) ||
                            (c->how == COVERS_ALL && loop_counted(c->v, old, now));
    return offset && origins_agree(c, old, now) &&
           ids_agree(c, old->id, now->id,
                     c->how == COVERS_EXACTLY || old->type == REG_RECORD ||
                         old->type == REG_SLOT_DYNPTR);
}

static bool holds_pointer(const struct slot *slot)
{
    return slot->spill_size != 0 && reg_is_pointer(&slot->value);
}

/* A byte that is only "set" in the snapshot was a number of which nothing is known: any number in
 * the state will do. */
static bool slot_covers(struct comparison *c, const struct slot *old, const struct slot *now)
{
    if (c->how == COVERS_EXACTLY && (old->set != now->set || old->spill_size != now->spill_size ||
                                     old->spill_start != now->spill_start))
        return false;
    if ((old->set & ~now->set) != 0)
        return false;
    if (old->set != 0 && !holds_pointer(old) && holds_pointer(now))
        return false;
    if (old->spill_size == 0)
        return true;
    if (old->value.type == REG_NUMBER && c->how != COVERS_EXACTLY &&
        (now->spill_size != old->spill_size || now->spill_start != old->spill_start)) {
        struct reg any = reg_any_number();
        return number_covers(c, &old->value, &any);
    }
    return now->spill_size == old->spill_size && now->spill_start == old->spill_start &&
           reg_covers(c, &old->value, &now->value);
}

/* What bounds the loops. Where rounds of a callback are bounded, a state with fewer rounds behind it
 * has more before it. Paths from the snapshot to the head of an open loop used something up since: so
 * must the state have. */
static bool counts_cover(const struct comparison *c, uint32_t f, const struct frame *old,
                         const struct frame *now)
{
    const struct loop *inner = c->v->here.loop;
    if (c->how == COVERS_EXACTLY)
        return old->passes == now->passes && old->rounds == now->rounds;
    if (now->rounds < old->rounds)
        return false;
    bool lives_on = c->how == COVERS_WHAT_MATTERS && c->v->cover_leads && inner != NULL &&
                    f < inner->frame_count;
    return !lives_on || (old->invocation == now->invocation && now->passes >= old->passes);
}

static bool frame_covers(struct comparison *c, const uint8_t **at, const struct state *s,
                         uint32_t f)
{
    const struct frame *now = &s->frames[f];
    const struct slot unset = { 0 };
    if (get_number(at) != now->return_to || get_number(at) != now->function ||
        *(*at)++ != now->kind)
        return false;
    struct frame counts;
    counts.invocation = (uint32_t)get_number(at);
    counts.passes = (uint32_t)get_number(at);
    counts.rounds = (uint32_t)get_number(at);
    if (!counts_cover(c, f, &counts, now))
        return false;
    uint16_t mask = get_le16(*at);
    *at += 2;
    for (uint32_t r = 0; r < BPF_REG_FP; r++) {
        struct reg old;
        if ((mask >> r & 1) == 0)
            continue;
        c->v->work++;
        if (any_number_does(c, *at)) {
            if (now->regs[r].type != REG_NUMBER)
                return false;
            *at = skip_reg(*at);
            continue;
        }
        *at = snapshot_get_reg(*at, &old);
        if (!reg_covers(c, &old, &now->regs[r]))
            return false;
    }
    uint32_t slot_count = (uint32_t)get_number(at);
    if (c->how == COVERS_EXACTLY && slot_count != now->slot_count)
        return false;
    for (uint32_t i = 0; i < slot_count; i++) {
        const struct slot *slot = i < now->slot_count ? &s->slots[now->slot_base + i] : &unset;
        struct slot old;
        c->v->work++;
        if ((*at)[0] != 0 && ((*at)[1] & 15) != 0 && any_number_does(c, *at + 2)) {
            if (((*at)[0] & ~slot->set) != 0 || holds_pointer(slot))
                return false;
            *at = skip_slot(*at);
            continue;
        }
        *at = snapshot_get_slot(*at, &old);
        if (!slot_covers(c, &old, slot))
            return false;
    }
    return true;
}

static bool regions_cover(struct comparison *c, const struct regions *old,
                          const struct regions *now)
{
    return old->lock_map == now->lock_map && old->rcu == now->rcu &&
           old->no_preempt == now->no_preempt &&
           (old->lock_map == 0 || ids_agree(c, old->lock_id, now->lock_id, true));
}

bool snapshot_covers(struct verifier *v, const uint8_t *snapshot, enum coverage how, uint64_t *deps)
{
    const struct state *s = &v->state;
    struct comparison c = { .v = v, .how = how };
    const uint8_t *at = snapshot;
    if (get_number(&at) != s->frame_count)
        return false;
    for (uint32_t f = 0; f < s->frame_count; f++)
        if (!frame_covers(&c, &at, s, f))
            return false;
    if (get_number(&at) != s->reference_count)
        return false;
    for (uint32_t i = 0; i < s->reference_count; i++) {
        uint32_t old_id = (uint32_t)get_number(&at);
        (void)get_number(&at);
        if (*at++ != s->references[i].frame || !ids_agree(&c, old_id, s->references[i].id, true))
            return false;
    }
    struct regions old;
    snapshot_get_regions(at, &old);
    if (!regions_cover(&c, &old, &s->regions))
        return false;
    *deps = c.deps;
    return true;
}

/* References and regions of code: the very same, ids and all. */
bool snapshot_same_rest(const uint8_t *at, const struct state *s)
{
    struct regions old;
    if (get_number(&at) != s->reference_count)
        return false;
    for (uint32_t i = 0; i < s->reference_count; i++) {
        uint32_t id = (uint32_t)get_number(&at);
        (void)get_number(&at);
        if (*at++ != s->references[i].frame || id != s->references[i].id)
            return false;
    }
    snapshot_get_regions(at, &old);
    return old.lock_map == s->regions.lock_map && old.rcu == s->regions.rcu &&
           old.no_preempt == s->regions.no_preempt &&
           (old.lock_map == 0 || old.lock_id == s->regions.lock_id);
}
