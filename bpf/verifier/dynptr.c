/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Dynptrs: memory whose size is known at run time only (Linux: Documentation/bpf/dynptr... and
 * kernel/bpf/verifier.c, process_dynptr_func()).
 *
 * One is 16 bytes of the stack, which helpers set and use and the program cannot read; or, in
 * callbacks and global functions, it is passed as a REG_DYNPTR. Its id names what it shows: slices,
 * memory inside it, carry the id (reg.map) and are void when the dynptr is overwritten. A dynptr of a
 * ring buffer is a reference too, which its copies and slices live by.
 *
 * A slice of a packet that is not in one piece is the buffer that the call was given for the case (Linux:
 * bpf_dynptr_slice(), kernel/bpf/helpers.c); nobody knows which it is. So it lives as long as both, and
 * where the buffer lies on the stack each access to the slice is one to those bytes, too. */
#include "dynptr.h"

static int refuse_dynptr(struct verifier *v, const struct call *call, uint32_t reg_number,
                         const char *why)
{
    return refuse(v, -EINVAL, BPF_REJECT_ARGUMENT, "", "argument %u of bpf_%s(): %s", reg_number,
                  call->name, why);
}

int check_dynptr(struct verifier *v, struct call *call, uint32_t reg_number, int kind, bool changes)
{
    const struct reg *r = state_reg(&v->state, reg_number), *is = r;
    int64_t offset = 0;
    if (r->type == REG_STACK) {
        is = stack_object_place(v, r, DYNPTR_BYTES, &offset)
                 ? stack_object_at(v, r->frame, offset, REG_SLOT_DYNPTR, DYNPTR_BYTES)
                 : NULL;
        if (is == NULL)
            return refuse_dynptr(v, call, reg_number, "an initialised dynptr is expected");
    } else if (r->type != REG_DYNPTR || r->may_be_null || !scalar_is_const(&r->n) ||
               r->n.umin != 0) {
        return refuse_argument(v, call, reg_number, "a dynptr");
    } else if (changes) {
        return refuse_dynptr(v, call, reg_number, "this dynptr may not be changed");
    }
    if (kind >= 0 && is->type_id != (uint32_t)kind)
        return refuse_dynptr(v, call, reg_number, "a dynptr of another kind is expected");
    call->dynptr = *is;
    call->dynptr_frame = r->frame;
    call->dynptr_offset = offset;
    return 0;
}

int check_dynptr_place(struct verifier *v, const struct call *call, uint32_t reg_number)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    int64_t offset;
    if (r->type != REG_STACK)
        return refuse_argument(v, call, reg_number, "16 bytes of the stack for a dynptr");
    if (!stack_object_place(v, r, DYNPTR_BYTES, &offset))
        return refuse_dynptr(v, call, reg_number,
                             "a dynptr lies at a constant offset, a multiple of 8, of the stack");
    return 0;
}

int dynptr_make(struct verifier *v, uint32_t frame, int64_t offset, enum dynptr_kind kind,
                uint32_t ref)
{
    struct reg value = reg_pointer(REG_SLOT_DYNPTR);
    value.type_id = kind;
    value.id = ++v->next_id;
    value.ref = ref;
    return stack_object_put(v, frame, offset, DYNPTR_BYTES, &value);
}

struct forgotten {
    const struct verifier *v;
    uint32_t id;
};

static void forget_slice(struct reg *r, void *user)
{
    const struct forgotten *f = user;
    if (r->type == REG_MEM && r->map == f->id)
        *r = void_pointer(f->v);
}

static void forget_slices(struct verifier *v, uint32_t id)
{
    struct forgotten f = { v, id };
    state_each_value(&v->state, forget_slice, &f);
}

int dynptr_release(struct verifier *v, const struct call *call)
{
    struct state *s = &v->state;
    const uint32_t ref = call->dynptr.ref, id = call->dynptr.id;
    if (ref == 0) {
        stack_object_take(v, call->dynptr_frame, call->dynptr_offset, DYNPTR_BYTES);
        forget_slices(v, id);
        return 0;
    }
    if (!state_has_reference(s, ref))
        return refuse(v, -EINVAL, BPF_REJECT_REFERENCE, "", "bpf_%s(): the dynptr has no reference",
                      call->name);
    int err = reference_release(v, call->name, ref);
    return err;
}

struct reg dynptr_slice(const struct verifier *v, const struct call *call, uint32_t size,
                        bool read_only)
{
    struct reg r = reg_pointer(REG_MEM);
    /* Global functions are not told of what kind theirs are. */
    bool packet = call->dynptr.type_id == DYNPTR_SKB || call->dynptr.type_id == DYNPTR_XDP ||
                  call->dynptr.type == REG_DYNPTR;
    (void)v;
    r.size = size;
    r.map = call->dynptr.id;
    r.ref = call->dynptr.ref;
    r.attr = (uint16_t)(REG_UNALIGNED | (read_only ? REG_READ_ONLY : 0) |
                        (packet ? REG_PACKET_SLICE : 0));
    return r;
}

/* --- Slices that may be a buffer
 * ------------------------------------------------------------------------------------------ */

int slice_may_be_buffer(struct verifier *v, const struct call *call, uint32_t reg_number, struct reg *slice)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    bool on_stack = r->type == REG_STACK || r->stack_offset != 0;
    if ((slice->attr & REG_PACKET_SLICE) == 0 || slice->size == 0)
        return 0;
    slice->ref = reg_reference(r);
    if (!on_stack)
        return 0;
    if (!scalar_is_const(&r->n) || r->n.smin + r->stack_offset < INT16_MIN)
        return refuse_argument(v, call, reg_number,
                               "at a constant offset of the stack, for the slice may be this buffer");
    slice->frame = r->frame;
    slice->stack_offset = (int16_t)(r->n.smin + r->stack_offset);
    v->slices_of_stack = true;
    return 0;
}

int slice_access(struct verifier *v, const struct reg *slice, int64_t from, int64_t to, enum access access)
{
    uint32_t frame = slice->frame;
    from += slice->stack_offset;
    to += slice->stack_offset;
    return access == ACCESS_READ ? stack_check_set(v, frame, from, to) : stack_clobber(v, frame, from, to, false);
}

static void leave_slice(struct reg *r, void *user)
{
    const struct verifier *v = user;
    if (r->type == REG_MEM && r->stack_offset != 0 && r->frame >= v->state.frame_count)
        *r = void_pointer(v);
}

void slices_leave(struct verifier *v)
{
    if (v->slices_of_stack)
        state_each_value(&v->state, leave_slice, v);
}

/* --- Dynptrs on the stack
 * ------------------------------------------------------------------------------------------------- */

/* The lowest byte of the dynptr that has a slot at `offset`. */
static int64_t first_byte(const struct slot *slot, int64_t offset)
{
    int64_t low = (offset & ~(int64_t)7);
    return (slot->value.attr & REG_FIRST_SLOT) != 0 ? low : low - 8;
}

static struct slot *dynptr_slot(struct verifier *v, uint32_t frame, int64_t offset)
{
    struct state *s = &v->state;
    uint32_t index = stack_slot_of(offset);
    if (index >= s->frames[frame].slot_count)
        return NULL;
    struct slot *slot = &s->slots[s->frames[frame].slot_base + index];
    return slot->spill_size != 0 && slot->value.type == REG_SLOT_DYNPTR ? slot : NULL;
}

int dynptr_overwrite(struct verifier *v, uint32_t frame, int64_t from, int64_t to)
{
    for (int64_t at = from; at < to; at = (at & ~(int64_t)7) + 8) {
        const struct slot *slot = dynptr_slot(v, frame, at);
        if (slot == NULL)
            continue;
        if (slot->value.ref != 0)
            return refuse(v, -EINVAL, BPF_REJECT_REFERENCE, "submit or discard it first",
                          "a dynptr of a ring buffer is overwritten");
        uint32_t id = slot->value.id;
        stack_object_take(v, frame, first_byte(slot, at), DYNPTR_BYTES);
        forget_slices(v, id);
    }
    return 0;
}

int dynptr_refuse_fill(struct verifier *v, const struct call *call, uint32_t reg_number, int64_t from,
                       int64_t to)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    for (int64_t at = from; at < to; at = (at & ~(int64_t)7) + 8)
        if (dynptr_slot(v, r->frame, at) != NULL)
            return refuse_dynptr(v, call, reg_number, "these bytes are a dynptr");
    return 0;
}
