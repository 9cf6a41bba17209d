/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* States as bytes: what waits and what is remembered is kept small, only the state being walked is
 * spread out (the form: snapshot.h). */
#include <axiom/bug.h>

#include "snapshot.h"

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
    uint16_t mask = 0;
    at = put_number(at, frame->return_to);
    at = put_number(at, frame->function);
    *at++ = frame->kind;
    at = put_number(at, frame->invocation);
    at = put_number(at, frame->passes);
    at = put_number(at, frame->rounds);
    uint8_t *mask_at = at;
    at += 2;
    for (uint32_t left = live_registers(v, s, f, pc); left != 0; left &= left - 1) {
        uint32_t r = (uint32_t)__builtin_ctz(left);
        if (frame->regs[r].type == REG_UNSET)
            continue;
        mask |= (uint16_t)(1u << r);
        at = snapshot_put_reg(at, &frame->regs[r]);
    }
    put_le16(mask_at, mask);
    at = put_number(at, frame->slot_count);
    for (uint32_t i = 0; i < frame->slot_count; i++) {
        const struct slot *slot = &s->slots[frame->slot_base + i];
        *at++ = slot->set;
        if (slot->set == 0)
            continue;
        *at++ = (uint8_t)(slot->spill_start << 4 | slot->spill_size);
        if (slot->spill_size != 0)
            at = snapshot_put_reg(at, &slot->value);
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

const uint8_t *snapshot_get_regions(const uint8_t *at, struct regions *in)
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

const uint8_t *snapshot_get_slot(const uint8_t *at, struct slot *slot)
{
    slot->set = *at++;
    slot->spill_start = slot->spill_size = 0;
    if (slot->set == 0)
        return at;
    slot->spill_start = *at >> 4;
    slot->spill_size = *at++ & 15;
    /* Without a spill, what lies there is old. */
    return slot->spill_size != 0 ? snapshot_get_reg(at, &slot->value) : at;
}

/* `used`: the frame was one before, so that a register which is unset in it has no fields. */
static inline const uint8_t *get_frame(const uint8_t *at, struct frame *frame, bool used)
{
    frame->return_to = (uint32_t)get_number(&at);
    frame->function = (uint32_t)get_number(&at);
    frame->kind = *at++;
    frame->invocation = (uint32_t)get_number(&at);
    frame->passes = (uint32_t)get_number(&at);
    frame->rounds = (uint32_t)get_number(&at);
    uint16_t mask = get_le16(at);
    at += 2;
    for (uint32_t r = 0; r < BPF_REG_FP; r++) {
        struct reg *reg = &frame->regs[r];
        if (mask >> r & 1)
            at = snapshot_get_reg(at, reg);
        else if (used && reg->type == REG_UNSET)
            reg->given_up_at = 0;
        else
            reg_forget(reg);
    }
    frame->slot_count = (uint32_t)get_number(&at);
    return at;
}

const uint8_t *snapshot_get_frame(const uint8_t *at, struct frame *frame)
{
    return get_frame(at, frame, false);
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
        at = get_frame(at, frame, true);
        frame->regs[BPF_REG_FP] = reg_pointer(REG_STACK);
        frame->regs[BPF_REG_FP].frame = (uint8_t)f;
        frame->slot_base = s->slot_count;
        s->slot_count += frame->slot_count;
        /* The array once held this state or a larger one: it only grows. */
        BUG_ON(s->slot_count > s->slot_capacity);
        for (uint32_t i = 0; i < frame->slot_count; i++)
            at = snapshot_get_slot(at, &s->slots[frame->slot_base + i]);
    }
    v->work += state_size(s);
    s->reference_count = (uint32_t)get_number(&at);
    for (uint32_t i = 0; i < s->reference_count; i++) {
        s->references[i].id = (uint32_t)get_number(&at);
        s->references[i].insn_index = (uint32_t)get_number(&at);
        s->references[i].frame = *at++;
    }
    snapshot_get_regions(at, &s->regions);
}
