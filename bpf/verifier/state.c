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
