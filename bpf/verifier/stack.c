/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Stack slots: what is stored, what comes back.
 *
 * A naturally aligned access lies inside one slot. A store of a number or of a whole pointer is
 * remembered and comes back as it was; storing over part of a pointer makes the rest of it unset,
 * so that its bytes can never be read as a number. */
#include <axiom/string.h>

#include "dynptr.h"

static uint8_t byte_mask(uint32_t start, uint32_t size)
{
    return (uint8_t)(((1u << size) - 1u) << start);
}

static struct slot *slot_at(struct state *s, uint32_t frame, uint32_t index)
{
    return index < s->frames[frame].slot_count ? &s->slots[s->frames[frame].slot_base + index]
                                               : NULL;
}

static int reserve_slots(struct verifier *v, uint32_t count)
{
    struct state *s = &v->state;
    if (count <= s->slot_capacity)
        return 0;
    uint32_t capacity = count + count / 2 + 4;
    struct slot *larger = verifier_alloc(v, capacity * sizeof *larger);
    if (larger == NULL)
        return refuse_memory(v);
    if (s->slot_count != 0)
        memcpy(larger, s->slots, s->slot_count * sizeof *larger);
    verifier_free(v, s->slots, s->slot_capacity * sizeof *larger);
    s->slots = larger;
    s->slot_capacity = capacity;
    return 0;
}

/* Makes the frame have at least `count` slots; the frames above it move up. */
static int grow_frame(struct verifier *v, uint32_t frame, uint32_t count)
{
    struct state *s = &v->state;
    uint32_t have = s->frames[frame].slot_count;
    if (v->has_fastcalls)
        fastcall_note(v, frame, count);
    if (count <= have)
        return 0;
    uint32_t more = count - have, end = s->frames[frame].slot_base + have;
    int err = reserve_slots(v, s->slot_count + more);
    if (err != 0)
        return err;
    memmove(&s->slots[end + more], &s->slots[end], (s->slot_count - end) * sizeof *s->slots);
    memset(&s->slots[end], 0, more * sizeof *s->slots);
    s->slot_count += more;
    s->frames[frame].slot_count = count;
    for (uint32_t f = frame + 1; f < s->frame_count; f++)
        s->frames[f].slot_base += more;
    struct function *function = &v->functions[s->frames[frame].function];
    if (count * 8 > function->stack_bytes)
        function->stack_bytes = count * 8;
    return 0;
}

/* The bytes get another value: forget what was spilled there. */
static void forget_spill(const struct verifier *v, struct slot *slot, uint8_t bytes)
{
    uint8_t spill = byte_mask(slot->spill_start, slot->spill_size);
    if (slot->spill_size == 0 || (spill & bytes) == 0)
        return;
    if (reg_is_pointer(&slot->value) && !has_rule(v, BPF_RULE_POINTER_LEAKS))
        slot->set &= (uint8_t)~spill;
    slot->spill_size = 0;
}

int stack_write(struct verifier *v, uint32_t frame, int64_t offset, uint32_t size,
                struct reg *value)
{
    uint32_t start = stack_byte_of(offset);
    int err = grow_frame(v, frame, stack_slot_of(offset) + 1);
    if (err == 0)
        err = dynptr_overwrite(v, frame, offset, offset + size);
    if (err != 0)
        return err;
    struct slot *slot = slot_at(&v->state, frame, stack_slot_of(offset));
    forget_spill(v, slot, byte_mask(start, size));
    slot->set |= byte_mask(start, size);
    slot->spill_start = (uint8_t)start;
    slot->spill_size = (uint8_t)size;
    if (size == 8 || (value->type == REG_NUMBER && value->n.umax >> (size * 8) == 0)) {
        /* The copy on the stack is the same number: a test of one teaches about the other. */
        if (value->type == REG_NUMBER && value->id == 0 && !scalar_is_const(&value->n))
            value->id = ++v->next_id;
        slot->value = *value;
    } else {
        slot->value = *value;
        reg_unlink(&slot->value);
        slot->value.n = scalar_zext(&value->n, size * 8, BITS);
        if (value->n.umax >> (size * 8) != 0)
            slot->value.origin = 0;
    }
    return 0;
}

/* The part of a spilled number that a narrower or shifted load gets. */
static struct reg part_of_spill(const struct slot *slot, uint32_t start, uint32_t size)
{
    struct reg out = slot->value;
    bool fits = size == 8 || out.n.umax >> (size * 8) == 0;
    if (start == slot->spill_start && (size == slot->spill_size || fits))
        return out;
    struct scalar down = scalar_const((start - slot->spill_start) * 8u, BITS);
    out.n = scalar_alu(ALU_RSH, &out.n, &down, BITS);
    out.n = scalar_zext(&out.n, size * 8, BITS);
    reg_unlink(&out);
    out.origin = 0;
    return out;
}

/* Where stack that was not set may be read, reading uses it, too (Linux: grow_stack_state()). */
static int reach(struct verifier *v, uint32_t frame, int64_t offset)
{
    return has_rule(v, BPF_RULE_UNINIT_STACK) ? grow_frame(v, frame, stack_slot_of(offset) + 1) : 0;
}

int stack_read(struct verifier *v, uint32_t frame, int64_t offset, uint32_t size, struct reg *out)
{
    uint32_t start = stack_byte_of(offset);
    int err = reach(v, frame, offset);
    if (err != 0)
        return err;
    const struct slot *slot = slot_at(&v->state, frame, stack_slot_of(offset));
    uint8_t bytes = byte_mask(start, size);
    bool set = slot != NULL && (slot->set & bytes) == bytes;
    if (!set && !has_rule(v, BPF_RULE_UNINIT_STACK))
        return refuse(v, -EACCES, BPF_REJECT_UNINIT,
                      "give the variable a value on every path before it is read",
                      "the stack at r10%+d is read (%u bytes), but not all of it has been set",
                      (int)offset, size);
    *out = reg_any_number();
    out->n = scalar_zext(&out->n, size * 8, BITS);
    if (slot == NULL || slot->spill_size == 0)
        return 0;
    uint8_t spill = byte_mask(slot->spill_start, slot->spill_size);
    if ((spill & bytes) == 0)
        return 0;
    if (reg_is_pointer(&slot->value)) {
        if (size != 8 || slot->value.type >= REG_SLOT_DYNPTR)
            return refuse(
                v, -EACCES, BPF_REJECT_POINTER_LEAK, "load it with all 8 bytes",
                "the stack at r10%+d holds a pointer; %u bytes of it cannot be read as a number",
                (int)offset, size);
        *out = slot->value;
        return 0;
    }
    /* Linux knows numbers from their slot's lowest byte on, elsewhere zeros only (check_stack_read_fixed_off()). */
    bool zero = scalar_is_const(&slot->value.n) && slot->value.n.umin == 0;
    if ((spill & bytes) == bytes && (start == 0 || zero || !has_rule(v, BPF_RULE_LINUX)))
        *out = part_of_spill(slot, start, size);
    return 0;
}

int stack_check_set(struct verifier *v, uint32_t frame, int64_t from, int64_t to)
{
    int err = from < to ? reach(v, frame, from) : 0;
    if (err != 0)
        return err;
    for (int64_t at = from; at < to; at++) {
        const struct slot *slot = slot_at(&v->state, frame, stack_slot_of(at));
        uint8_t bit = byte_mask(stack_byte_of(at), 1);
        bool set = slot != NULL && (slot->set & bit) != 0;
        if (!set && !has_rule(v, BPF_RULE_UNINIT_STACK))
            return refuse(
                v, -EACCES, BPF_REJECT_UNINIT,
                "set the whole of it first, padding too: struct s x = { 0 }; or __builtin_memset()",
                "the stack from r10%+d to r10%+d is read, but the byte at r10%+d has not been set",
                (int)from, (int)to, (int)at);
        if (slot == NULL || (byte_mask(slot->spill_start, slot->spill_size) & bit) == 0)
            continue;
        if (reg_is_pointer(&slot->value) &&
            (slot->value.type >= REG_SLOT_DYNPTR || !has_rule(v, BPF_RULE_POINTER_LEAKS)))
            return refuse(
                v, -EACCES, BPF_REJECT_POINTER_LEAK,
                "pass the data that it points to; leave pointers out of structs that go elsewhere",
                "the stack from r10%+d to r10%+d is read as data, but holds a pointer at r10%+d",
                (int)from, (int)to, (int)at);
    }
    return 0;
}

/* Bytes of a number that is 0, and so is each of them. */
static bool is_zero(const struct slot *slot, uint8_t bit)
{
    return (byte_mask(slot->spill_start, slot->spill_size) & bit) != 0 &&
           slot->value.type == REG_NUMBER && scalar_is_const(&slot->value.n) &&
           slot->value.n.umin == 0;
}

int stack_clobber_with_zero(struct verifier *v, uint32_t frame, int64_t from, int64_t to)
{
    int err = 0;
    for (int64_t at = from; err == 0 && at < to; at++) {
        const struct slot *slot = slot_at(&v->state, frame, stack_slot_of(at));
        if (slot == NULL || !is_zero(slot, byte_mask(stack_byte_of(at), 1)))
            err = stack_clobber(v, frame, at, at + 1, false);
    }
    return err;
}

int stack_clobber(struct verifier *v, uint32_t frame, int64_t from, int64_t to, bool set)
{
    if (from >= to)
        return 0;
    int err = grow_frame(v, frame, stack_slot_of(from) + 1);
    if (err == 0)
        err = dynptr_overwrite(v, frame, from, to);
    if (err != 0)
        return err;
    for (int64_t at = from; at < to; at++) {
        struct slot *slot = slot_at(&v->state, frame, stack_slot_of(at));
        uint8_t bit = byte_mask(stack_byte_of(at), 1);
        forget_spill(v, slot, bit);
        if (set)
            slot->set |= bit;
    }
    return 0;
}
