/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Precision: which places of a snapshot the numbers of a state were computed from, and which of those
 * decided something (`deps` of state.h). */
#include "snapshot.h"

/* The bit of a place. Registers of the top frame have their own; all others share the rest. */
static uint64_t place_bit(uint32_t frame_count, uint32_t frame, uint32_t place)
{
    if (frame + 1 == frame_count && place < BPF_REG_FP)
        return BIT64(place);
    return BIT64(BPF_REG_FP + (frame * 31u + place * 7u) % (64u - BPF_REG_FP));
}

#define FIRST_SLOT_PLACE 16u
#define TOP_REGISTERS    (BIT64(BPF_REG_FP) - 1) /* the bits of place_bit() that only they have */

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
            snapshot_get_reg(packed, &reg);
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
