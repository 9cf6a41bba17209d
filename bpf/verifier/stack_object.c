/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* See stack_object.h. */
#include <axiom/string.h>

#include "stack_object.h"

static struct slot *slot_of(struct state *s, uint32_t frame, int64_t offset)
{
    uint32_t index = stack_slot_of(offset);
    return index < s->frames[frame].slot_count ? &s->slots[s->frames[frame].slot_base + index]
                                               : NULL;
}

bool stack_object_place(const struct verifier *v, const struct reg *r, uint32_t size_bytes,
                        int64_t *offset)
{
    if (r->type != REG_STACK || !scalar_is_const(&r->n) || (r->n.umin & 7) != 0 ||
        r->n.smin < -(int64_t)v->context->stack_limit || r->n.smin + (int64_t)size_bytes > 0)
        return false;
    *offset = r->n.smin;
    return true;
}

static bool is_part(const struct slot *slot, const struct reg *first, enum reg_type type, bool is_first)
{
    return slot != NULL && slot->spill_size == 8 && slot->value.type == type &&
           slot->value.type_id == first->type_id && slot->value.ref == first->ref &&
           slot->value.id == first->id &&
           ((slot->value.attr & REG_FIRST_SLOT) != 0) == is_first;
}

struct reg *stack_object_at(struct verifier *v, uint32_t frame, int64_t offset, enum reg_type type,
                            uint32_t size_bytes)
{
    struct slot *first = slot_of(&v->state, frame, offset);
    for (uint32_t at = 0; at < size_bytes; at += 8)
        if (first == NULL || !is_part(slot_of(&v->state, frame, offset + at), &first->value, type,
                                      at == 0))
            return NULL;
    return &first->value;
}

bool stack_object_touches(struct verifier *v, uint32_t frame, int64_t offset, enum reg_type type,
                          uint32_t size_bytes)
{
    for (uint32_t at = 0; at < size_bytes; at += 8) {
        const struct slot *slot = slot_of(&v->state, frame, offset + at);
        if (slot != NULL && slot->spill_size != 0 && slot->value.type == type)
            return true;
    }
    return false;
}

int stack_object_put(struct verifier *v, uint32_t frame, int64_t offset, uint32_t size_bytes,
                     const struct reg *value)
{
    int err = stack_clobber(v, frame, offset, offset + size_bytes, true);
    for (uint32_t at = 0; err == 0 && at < size_bytes; at += 8) {
        struct slot *slot = slot_of(&v->state, frame, offset + at);
        *slot = (struct slot){ .set = 0xff, .spill_size = 8, .value = *value };
        slot->value.attr &= (uint16_t)~REG_FIRST_SLOT;
        if (at == 0)
            slot->value.attr |= REG_FIRST_SLOT;
    }
    return err;
}

void stack_object_take(struct verifier *v, uint32_t frame, int64_t offset, uint32_t size_bytes)
{
    for (uint32_t at = 0; at < size_bytes; at += 8) {
        struct slot *slot = slot_of(&v->state, frame, offset + at);
        if (slot != NULL)
            memset(slot, 0, sizeof *slot);
    }
}
