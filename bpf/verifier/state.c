/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The abstract machine's bookkeeping: see state.h. */
#include "state.h"

void state_each_value(struct state *s, void (*visit)(struct reg *r, void *user), void *user)
{
    for (uint32_t f = 0; f < s->frame_count; f++)
        for (uint32_t r = 0; r < BPF_REG_FP; r++)
            visit(&s->frames[f].regs[r], user);
    for (uint32_t i = 0; i < s->slot_count; i++)
        if (s->slots[i].spill_size != 0)
            visit(&s->slots[i].value, user);
}

bool state_has_reference(const struct state *s, uint32_t id)
{
    for (uint32_t i = 0; i < s->reference_count; i++)
        if (s->references[i].id == id)
            return true;
    return false;
}

void state_drop_reference(struct state *s, uint32_t id)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < s->reference_count; i++)
        if (s->references[i].id != id)
            s->references[kept++] = s->references[i];
    s->reference_count = kept;
}

void state_constants(const struct state *s, uint64_t which, struct constants *out)
{
    *out = (struct constants){ which, CONSTANTS_EMPTY };
    for (uint64_t left = which; left != 0; left &= left - 1) {
        uint32_t bit = (uint32_t)__builtin_ctzll(left), frame = bit / 10;
        const struct reg *r = &s->frames[frame].regs[bit % 10];
        if (frame >= s->frame_count || r->type != REG_NUMBER || !scalar_is_const(&r->n)) {
            out->digest = CONSTANTS_NONE;
            return;
        }
        out->digest = constants_add(out->digest, r->n.umin);
    }
}

uint32_t state_fingerprint(const struct state *s, uint16_t live)
{
    const struct frame *top = &s->frames[s->frame_count - 1];
    uint64_t digest = s->frame_count;
    for (uint32_t r = 0; r < BPF_REG_FP; r++) {
        if ((live >> r & 1) == 0 || top->regs[r].type == REG_UNSET)
            continue;
        digest = constants_add(digest, top->regs[r].type + r * 8u);
        digest = constants_add(digest, top->regs[r].n.umin);
        digest = constants_add(digest, top->regs[r].n.umax);
    }
    /* Loops in loops keep their counters on the stack. */
    for (uint32_t i = 0; i < s->slot_count; i++) {
        const struct slot *slot = &s->slots[i];
        if (slot->spill_size == 0)
            continue;
        digest = constants_add(digest, slot->value.type + i * 32u);
        digest = constants_add(digest, slot->value.n.umin);
        digest = constants_add(digest, slot->value.n.umax);
    }
    return (uint32_t)(digest >> 32);
}
