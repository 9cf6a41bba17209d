/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* States as bytes: what waits and what is remembered is kept small, only the state being walked is
 * spread out.
 *
 *     frame count, for each frame: return address, function, kind, what it used up (progress.c),
 * mask of registers, those registers, slot count, the slots; reference count, references; regions
 *
 * A register is a byte (type, precision, form of the number), a byte of flags, its length, and only
 * those fields that are not 0. Unset registers and those that nobody reads any more are left
 * out; constants and plain intervals are varints. A register takes 3 to 90 bytes, mostly under 13.
 */
#include <axiom/bits.h>
#include <axiom/bug.h>
#include <axiom/string.h>

#include "walk.h"

#define HEAD_TYPE     0x1fu
#define HEAD_FORM     0x60u
#define HEAD_PRECISE  0x80u
#define FORM_ANY      0x00u
#define FORM_CONST    0x20u
#define FORM_BETWEEN  0x40u
#define FORM_OTHER    0x60u /* told by a byte: */
#define OTHER_BITS    0u    /* nothing is known but bits */
#define OTHER_FULL    1u
#define FLAG_ID       0x01u
#define FLAG_DEPS     0x02u
#define FLAG_NULL     0x04u
#define FLAG_MAP      0x08u
#define FLAG_SIZE     0x10u
#define FLAG_REF      0x20u
#define FLAG_ATTR     0x40u
#define FLAG_MORE     0x80u /* another byte of flags */
#define MORE_FIXED    0x01u
#define MORE_ORIGIN   0x02u
#define MORE_STACK    0x04u
#define REG_HEAD      3u
#define REG_BYTES_MAX 158u
_Static_assert(REG_TYPE_COUNT <= HEAD_TYPE + 1, "a type fits the head");

/* --- Bytes
 * ------------------------------------------------------------------------------------------------------------
 */

static uint8_t *put_number(uint8_t *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

static uint64_t get_number(const uint8_t **at)
{
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        uint8_t byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return value;
    }
}

static uint8_t *put_word(uint8_t *at, uint64_t value)
{
    put_le64(at, value);
    return at + 8;
}

static uint64_t get_word(const uint8_t **at)
{
    uint64_t value = get_le64(*at);
    *at += 8;
    return value;
}

/* --- Registers
 * ----------------------------------------------------------------------------------------------------------
 */

/* Small negative constants are as frequent as small positive ones. */
static uint64_t zigzag(uint64_t value)
{
    return value << 1 ^ (uint64_t)((int64_t)value >> 63);
}

static uint64_t unzigzag(uint64_t value)
{
    return value >> 1 ^ (0 - (value & 1));
}

static bool is_any(const struct scalar *n)
{
    struct scalar any = scalar_unknown(BITS);
    return n->t.mask == UINT64_MAX && scalar_equal(n, &any);
}

/* Is all that is known the unsigned interval? Where it is small that is seen at once: nothing but
 * tnum_range()'s bits follows from it. */
static bool is_interval(const struct scalar *n)
{
    if (n->smin < 0)
        return false;
    if (n->umax > INT32_MAX) {
        struct scalar plain = scalar_between(n->umin, n->umax, BITS);
        return scalar_equal(n, &plain);
    }
    struct tnum bits = tnum_range(n->umin, n->umax);
    struct range whole = { bits, n->umin, n->umax, (int64_t)n->umin, (int64_t)n->umax };
    struct scalar plain = scalar_pack(&whole, &whole);
    return n->t.mask == bits.mask && scalar_equal(n, &plain);
}

static uint8_t *put_scalar(uint8_t *at, uint8_t *head, const struct scalar *n)
{
    if (scalar_is_const(n)) {
        *head |= FORM_CONST;
        return put_number(at, zigzag(n->umin));
    }
    if (is_any(n)) {
        *head |= FORM_ANY;
        return at;
    }
    if (is_interval(n)) {
        *head |= FORM_BETWEEN;
        at = put_number(at, n->umin);
        return put_number(at, n->umax - n->umin);
    }
    struct scalar bits = scalar_of_bits(n->t, BITS);
    *head |= FORM_OTHER;
    if (scalar_equal(n, &bits)) {
        *at++ = OTHER_BITS;
        return put_word(put_word(at, n->t.value), n->t.mask);
    }
    *at++ = OTHER_FULL;
    memcpy(at, n, sizeof *n);
    return at + sizeof *n;
}

static const uint8_t *get_scalar(const uint8_t *at, uint8_t head, struct scalar *n)
{
    switch (head & HEAD_FORM) {
    case FORM_ANY:
        *n = scalar_unknown(BITS);
        break;
    case FORM_CONST:
        *n = scalar_const(unzigzag(get_number(&at)), BITS);
        break;
    case FORM_BETWEEN: {
        uint64_t min = get_number(&at);
        uint64_t span = get_number(&at);
        *n = scalar_between(min, min + span, BITS);
        break;
    }
    default:
        if (*at++ == OTHER_BITS) {
            uint64_t value = get_word(&at);
            *n = scalar_of_bits((struct tnum){ value, get_word(&at) }, BITS);
            break;
        }
        memcpy(n, at, sizeof *n);
        at += sizeof *n;
        break;
    }
    return at;
}

/* Most registers are numbers, which have none of these. */
static bool has_fields(const struct reg *r)
{
    return (r->may_be_null | r->map | r->size | r->ref | r->attr | (uint32_t)r->fixed |
            r->origin | (uint16_t)r->stack_offset) != 0;
}

static void flag_fields(uint8_t *flags, uint8_t *more, const struct reg *r)
{
    *more = (uint8_t)((r->fixed != 0 ? MORE_FIXED : 0) | (r->origin != 0 ? MORE_ORIGIN : 0) |
                      (r->stack_offset != 0 ? MORE_STACK : 0));
    *flags |= (uint8_t)((r->may_be_null ? FLAG_NULL : 0) | (r->map != 0 ? FLAG_MAP : 0) |
                        (r->size != 0 ? FLAG_SIZE : 0) | (r->ref != 0 ? FLAG_REF : 0) |
                        (r->attr != 0 ? FLAG_ATTR : 0) | (*more != 0 ? FLAG_MORE : 0));
}

static uint8_t *put_fields(uint8_t *at, const struct reg *r)
{
    if (r->map != 0)
        at = put_number(at, r->map);
    if (r->size != 0)
        at = put_number(at, r->size);
    if (r->ref != 0)
        at = put_number(at, r->ref);
    if (r->attr != 0)
        at = put_number(at, r->attr);
    if (r->fixed != 0)
        at = put_number(at, zigzag((uint64_t)(int64_t)r->fixed));
    if (r->stack_offset != 0) {
        *at++ = r->frame;
        at = put_number(at, zigzag((uint64_t)(int64_t)r->stack_offset));
    }
    if (r->origin == 0)
        return at;
    at = put_number(at, r->origin);
    at = put_number(at, zigzag((uint64_t)r->added_min));
    return put_number(at, zigzag((uint64_t)r->added_max));
}

static const uint8_t *get_fields(const uint8_t *at, uint8_t flags, uint8_t more, struct reg *r)
{
    r->may_be_null = (flags & FLAG_NULL) != 0;
    if (flags & FLAG_MAP)
        r->map = (uint32_t)get_number(&at);
    if (flags & FLAG_SIZE)
        r->size = (uint32_t)get_number(&at);
    if (flags & FLAG_REF)
        r->ref = (uint32_t)get_number(&at);
    if (flags & FLAG_ATTR)
        r->attr = (uint16_t)get_number(&at);
    if (more & MORE_FIXED)
        r->fixed = (int32_t)unzigzag(get_number(&at));
    if (more & MORE_STACK) {
        r->frame = *at++;
        r->stack_offset = (int16_t)unzigzag(get_number(&at));
    }
    if ((more & MORE_ORIGIN) == 0)
        return at;
    r->origin = (uint32_t)get_number(&at);
    r->added_min = (int64_t)unzigzag(get_number(&at));
    r->added_max = (int64_t)unzigzag(get_number(&at));
    return at;
}

static uint8_t *put_reg(uint8_t *at, const struct reg *r)
{
    uint8_t *head = at, more = 0;
    bool fields = has_fields(r);
    head[0] = (uint8_t)(r->type | (r->precise ? HEAD_PRECISE : 0));
    head[1] = (uint8_t)((r->id != 0 ? FLAG_ID : 0) | (r->deps != 0 ? FLAG_DEPS : 0));
    at += REG_HEAD;
    if (fields)
        flag_fields(&head[1], &more, r);
    if (more != 0)
        *at++ = more;
    if (r->deps != 0)
        at = put_word(at, r->deps);
    if (r->id != 0)
        at = put_number(at, r->id);
    if (r->type == REG_STACK)
        *at++ = r->frame;
    if (fields)
        at = put_fields(at, r);
    at = put_scalar(at, head, &r->n);
    head[2] = (uint8_t)(at - head);
    return at;
}

/* All but what is known of the number. */
static void forget_fields(struct reg *r)
{
    memset(r, 0, offsetof(struct reg, n));
}

static const uint8_t *get_reg(const uint8_t *at, struct reg *r)
{
    uint8_t head = at[0], flags = at[1], more = 0;
    at += REG_HEAD;
    if (flags & FLAG_MORE)
        more = *at++;
    forget_fields(r);
    r->type = head & HEAD_TYPE;
    r->precise = (head & HEAD_PRECISE) != 0;
    r->deps = (flags & FLAG_DEPS) != 0 ? get_word(&at) : 0;
    if (flags & FLAG_ID)
        r->id = (uint32_t)get_number(&at);
    if (r->type == REG_STACK)
        r->frame = *at++;
    if ((flags & (uint8_t) ~(FLAG_ID | FLAG_DEPS)) != 0)
        at = get_fields(at, flags, more, r);
    return get_scalar(at, head, &r->n);
}

/* The register that comes after it. */
static const uint8_t *skip_reg(const uint8_t *at)
{
    return at + at[2];
}

static const uint8_t *skip_slot(const uint8_t *at)
{
    if (at[0] == 0)
        return at + 1;
    return (at[1] & 15) != 0 ? skip_reg(at + 2) : at + 2;
}

static uint64_t packed_deps(const uint8_t *at)
{
    const uint8_t *deps = at + REG_HEAD + ((at[1] & FLAG_MORE) != 0);
    return (at[1] & FLAG_DEPS) != 0 ? get_word(&deps) : 0;
}

/* --- Frames and states
 * -----------------------------------------------------------------------------------------------------
 */

/* Registers of frame `f` that may still be read when the top frame goes on at `pc`. A waiting
 * caller's R0 to R5 are dead: a call overwrites them. */
static uint16_t live_registers(const struct verifier *v, const struct state *s, uint32_t f,
                               uint32_t pc)
{
    if (f + 1 == s->frame_count)
        return v->info[pc].live;
    /* The call that calls back is come back to, with its arguments. */
    if (s->frames[f + 1].kind == FRAME_CALLBACK)
        return v->info[s->frames[f + 1].return_to].live;
    return (uint16_t)(v->info[s->frames[f + 1].return_to].live & ~0x3fu);
}

static int scratch_reserve(struct verifier *v, size_t size)
{
    if (size <= v->scratch_size)
        return 0;
    size_t larger = size + size / 2;
    uint8_t *scratch = verifier_alloc(v, larger);
    if (scratch == NULL)
        return refuse_memory(v);
    verifier_free(v, v->scratch, v->scratch_size);
    v->scratch = scratch;
    v->scratch_size = larger;
    return 0;
}

static uint8_t *put_frame(const struct verifier *v, uint8_t *at, const struct state *s, uint32_t f,
                          uint32_t pc)
{
    const struct frame *frame = &s->frames[f];
    uint16_t mask = 0, live = live_registers(v, s, f, pc);
    for (uint32_t r = 0; r < BPF_REG_FP; r++)
        if ((live >> r & 1) && frame->regs[r].type != REG_UNSET)
            mask |= (uint16_t)(1u << r);
    at = put_number(at, frame->return_to);
    at = put_number(at, frame->function);
    *at++ = frame->kind;
    at = put_number(at, frame->invocation);
    at = put_number(at, frame->passes);
    at = put_number(at, frame->rounds);
    put_le16(at, mask);
    at += 2;
    for (uint32_t r = 0; r < BPF_REG_FP; r++)
        if (mask >> r & 1)
            at = put_reg(at, &frame->regs[r]);
    at = put_number(at, frame->slot_count);
    for (uint32_t i = 0; i < frame->slot_count; i++) {
        const struct slot *slot = &s->slots[frame->slot_base + i];
        *at++ = slot->set;
        if (slot->set == 0)
            continue;
        *at++ = (uint8_t)(slot->spill_start << 4 | slot->spill_size);
        if (slot->spill_size != 0)
            at = put_reg(at, &slot->value);
    }
    return at;
}

static uint8_t *put_regions(uint8_t *at, const struct regions *in)
{
    at = put_number(at, in->lock_map);
    if (in->lock_map != 0)
        at = put_number(at, in->lock_id);
    *at++ = in->rcu;
    *at++ = in->no_preempt;
    return at;
}

static const uint8_t *get_regions(const uint8_t *at, struct regions *in)
{
    in->lock_map = (uint32_t)get_number(&at);
    in->lock_id = in->lock_map != 0 ? (uint32_t)get_number(&at) : 0;
    in->rcu = *at++;
    in->no_preempt = *at++;
    return at;
}

/* Values at most. */
static uint64_t state_size(const struct state *s)
{
    return s->frame_count * BPF_REG_COUNT + s->slot_count;
}

int snapshot_encode(struct verifier *v, uint32_t pc, uint32_t *size)
{
    const struct state *s = &v->state;
    size_t most = 80 + s->frame_count * (BPF_REG_COUNT * REG_BYTES_MAX + 37u) +
                  s->slot_count * (REG_BYTES_MAX + 2u) + s->reference_count * 11u;
    int err = scratch_reserve(v, most);
    if (err != 0)
        return err;
    uint8_t *at = v->scratch;
    at = put_number(at, s->frame_count);
    for (uint32_t f = 0; f < s->frame_count; f++)
        at = put_frame(v, at, s, f, pc);
    at = put_number(at, s->reference_count);
    for (uint32_t i = 0; i < s->reference_count; i++) {
        at = put_number(at, s->references[i].id);
        at = put_number(at, s->references[i].insn_index);
        *at++ = s->references[i].frame;
    }
    at = put_regions(at, &s->regions);
    BUG_ON((size_t)(at - v->scratch) > most);
    v->work += state_size(s);
    *size = (uint32_t)(at - v->scratch);
    return 0;
}

static const uint8_t *get_slot(const uint8_t *at, struct slot *slot)
{
    slot->set = *at++;
    slot->spill_start = slot->spill_size = 0;
    if (slot->set == 0)
        return at;
    slot->spill_start = *at >> 4;
    slot->spill_size = *at++ & 15;
    return slot->spill_size != 0 ? get_reg(at, &slot->value) : at; /* without a spill, what lies there is old */
}

const uint8_t *snapshot_get_frame(const uint8_t *at, struct frame *frame)
{
    frame->return_to = (uint32_t)get_number(&at);
    frame->function = (uint32_t)get_number(&at);
    frame->kind = *at++;
    frame->invocation = (uint32_t)get_number(&at);
    frame->passes = (uint32_t)get_number(&at);
    frame->rounds = (uint32_t)get_number(&at);
    uint16_t mask = get_le16(at);
    at += 2;
    for (uint32_t r = 0; r < BPF_REG_FP; r++)
        if (mask >> r & 1)
            at = get_reg(at, &frame->regs[r]);
        else
            forget_fields(&frame->regs[r]);
    frame->slot_count = (uint32_t)get_number(&at);
    return at;
}

const uint8_t *snapshot_get_slot(const uint8_t *at, struct slot *slot)
{
    return get_slot(at, slot);
}

const uint8_t *snapshot_get_number(const uint8_t *at, uint64_t *number)
{
    *number = get_number(&at);
    return at;
}

void snapshot_decode(struct verifier *v, const uint8_t *snapshot)
{
    struct state *s = &v->state;
    const uint8_t *at = snapshot;
    s->frame_count = (uint32_t)get_number(&at);
    s->slot_count = 0;
    for (uint32_t f = 0; f < s->frame_count; f++) {
        struct frame *frame = &s->frames[f];
        at = snapshot_get_frame(at, frame);
        frame->regs[BPF_REG_FP] = reg_pointer(REG_STACK);
        frame->regs[BPF_REG_FP].frame = (uint8_t)f;
        frame->slot_base = s->slot_count;
        s->slot_count += frame->slot_count;
        /* The array once held this state or a larger one: it only grows. */
        BUG_ON(s->slot_count > s->slot_capacity);
        for (uint32_t i = 0; i < frame->slot_count; i++)
            at = get_slot(at, &s->slots[frame->slot_base + i]);
    }
    v->work += state_size(s);
    s->reference_count = (uint32_t)get_number(&at);
    for (uint32_t i = 0; i < s->reference_count; i++) {
        s->references[i].id = (uint32_t)get_number(&at);
        s->references[i].insn_index = (uint32_t)get_number(&at);
        s->references[i].frame = *at++;
    }
    get_regions(at, &s->regions);
}

/* --- Covering
 * ----------------------------------------------------------------------------------------------------------------
 */

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
        *at = get_reg(*at, &old);
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
        *at = get_slot(*at, &old);
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
    get_regions(at, &old);
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
    get_regions(at, &old);
    return old.lock_map == s->regions.lock_map && old.rcu == s->regions.rcu &&
           old.no_preempt == s->regions.no_preempt &&
           (old.lock_map == 0 || old.lock_id == s->regions.lock_id);
}

/* --- Precision
 * ------------------------------------------------------------------------------------------------------------------
 */

/* The bit of a place. Registers of the top frame have their own; all others share the rest. */
static uint64_t place_bit(uint32_t frame_count, uint32_t frame, uint32_t place)
{
    if (frame + 1 == frame_count && place < BPF_REG_FP)
        return BIT64(place);
    return BIT64(BPF_REG_FP + (frame * 31u + place * 7u) % (64u - BPF_REG_FP));
}

#define FIRST_SLOT_PLACE 16u
#define TOP_REGISTERS    (BIT64(BPF_REG_FP) - 1) /* the bits of place_bit() that only they have */

static const uint8_t *skip_frame_head(const uint8_t *at)
{
    (void)get_number(&at); /* return_to */
    (void)get_number(&at); /* function */
    at++;                  /* kind */
    (void)get_number(&at); /* invocation */
    (void)get_number(&at); /* passes */
    (void)get_number(&at); /* rounds */
    return at;
}

/* Marks the register whose snapshot begins at `at`. */
static uint64_t mark_reg(uint8_t *at)
{
    if ((at[0] & HEAD_TYPE) != REG_NUMBER || (at[0] & HEAD_PRECISE) != 0)
        return 0;
    at[0] |= HEAD_PRECISE;
    return packed_deps(at);
}

uint64_t snapshot_mark(struct verifier *v, uint8_t *snapshot, uint64_t deps)
{
    uint64_t from = 0;
    const uint8_t *at = snapshot;
    uint32_t frame_count = (uint32_t)get_number(&at);
    for (uint32_t f = 0; f < frame_count; f++) {
        at = skip_frame_head(at);
        uint16_t mask = get_le16(at);
        at += 2;
        for (uint32_t r = 0; r < BPF_REG_FP; r++) {
            if ((mask >> r & 1) == 0)
                continue;
            if (deps & place_bit(frame_count, f, r))
                from |= mark_reg(snapshot + (at - snapshot));
            at = skip_reg(at);
        }
        uint32_t slot_count = (uint32_t)get_number(&at);
        v->work += BPF_REG_COUNT + slot_count;
        if (f + 1 == frame_count && (deps & ~TOP_REGISTERS) == 0)
            break; /* none of its slots is meant, and no frame comes after it */
        for (uint32_t i = 0; i < slot_count; i++) {
            bool has_value = at[0] != 0 && (at[1] & 15) != 0;
            if (has_value && (deps & place_bit(frame_count, f, FIRST_SLOT_PLACE + i)))
                from |= mark_reg(snapshot + (at + 2 - snapshot));
            at = skip_slot(at);
        }
    }
    return from;
}

void snapshot_constants(const uint8_t *snapshot, struct constants *out)
{
    const uint8_t *at = snapshot;
    uint32_t frame_count = (uint32_t)get_number(&at);
    *out = (struct constants){ 0, CONSTANTS_EMPTY };
    for (uint32_t f = 0; f < frame_count && f < CONSTANTS_FRAMES; f++) {
        at = skip_frame_head(at);
        uint16_t mask = get_le16(at);
        at += 2;
        for (uint32_t r = 0; r < BPF_REG_FP; r++) {
            if ((mask >> r & 1) == 0)
                continue;
            const uint8_t *packed = at;
            at = skip_reg(at);
            if ((packed[0] & ~FORM_CONST) != (REG_NUMBER | HEAD_PRECISE) ||
                (packed[0] & HEAD_FORM) != FORM_CONST)
                continue;
            struct reg reg;
            get_reg(packed, &reg);
            out->which |= BIT64(f * 10 + r);
            out->digest = constants_add(out->digest, reg.n.umin);
        }
        uint32_t slot_count = (uint32_t)get_number(&at);
        for (uint32_t i = 0; i < slot_count && f + 1 < frame_count; i++)
            at = skip_slot(at);
    }
}

/* By the bit of each place of the snapshot: what its number was computed from. */
static void list_deps(const uint8_t *snapshot, uint64_t from[64])
{
    const uint8_t *at = snapshot;
    uint32_t frame_count = (uint32_t)get_number(&at);
    memset(from, 0, 64 * sizeof from[0]);
    for (uint32_t f = 0; f < frame_count; f++) {
        at = skip_frame_head(at);
        uint16_t mask = get_le16(at);
        at += 2;
        for (uint32_t r = 0; r < BPF_REG_FP; r++) {
            if ((mask >> r & 1) == 0)
                continue;
            from[__builtin_ctzll(place_bit(frame_count, f, r))] |= packed_deps(at);
            at = skip_reg(at);
        }
        uint32_t slot_count = (uint32_t)get_number(&at);
        for (uint32_t i = 0; i < slot_count; i++) {
            if (at[0] != 0 && (at[1] & 15) != 0)
                from[__builtin_ctzll(place_bit(frame_count, f, FIRST_SLOT_PLACE + i))] |=
                    packed_deps(at + 2);
            at = skip_slot(at);
        }
    }
}

static void trace_deps(struct reg *r, void *user)
{
    const uint64_t *from = user;
    uint64_t deps = 0;
    for (uint64_t left = r->deps; left != 0; left &= left - 1)
        deps |= from[__builtin_ctzll(left)];
    r->deps = deps;
}

void snapshot_trace_deps(struct state *s, const uint8_t *snapshot)
{
    uint64_t from[64];
    list_deps(snapshot, from);
    state_each_value(s, trace_deps, from);
}

static void lose_deps(struct reg *r, void *user)
{
    (void)user;
    if (r->type == REG_NUMBER)
        r->deps = UINT64_MAX;
}

void snapshot_lose_deps(struct state *s)
{
    state_each_value(s, lose_deps, NULL);
}

void snapshot_restart_deps(struct state *s)
{
    for (uint32_t f = 0; f < s->frame_count; f++) {
        struct frame *frame = &s->frames[f];
        for (uint32_t r = 0; r < BPF_REG_FP; r++)
            if (frame->regs[r].type == REG_NUMBER)
                frame->regs[r].deps = place_bit(s->frame_count, f, r);
        for (uint32_t i = 0; i < frame->slot_count; i++) {
            struct slot *slot = &s->slots[frame->slot_base + i];
            if (slot->spill_size != 0 && slot->value.type == REG_NUMBER)
                slot->value.deps = place_bit(s->frame_count, f, FIRST_SLOT_PLACE + i);
        }
    }
}
