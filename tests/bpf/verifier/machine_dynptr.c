/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Dynptrs in the machine: kernel/bpf/helpers.c of Linux 6.12, bpf_dynptr_from_mem() and what follows.
 *
 * Where the kernel may do one thing or another, dice say: whether there is a record, whether a packet's bytes lie in one
 * piece, so that a slice is the packet itself, or else the buffer that they were copied to. */
#include "machine_inside.h"

#include <string.h>

#define DYNPTR_BYTES 16
#define EINVAL_      (0 - UINT64_C(22))
#define E2BIG_       (0 - UINT64_C(7))

static struct machine_reg a_number(uint64_t value)
{
    return (struct machine_reg){ value, true, false };
}

static bool is_packet(const struct machine_stack_object *d)
{
    return d->shows == MACHINE_SHOWS_SKB || d->shows == MACHINE_SHOWS_XDP;
}

/* Where `size` bytes at `offset` of what it shows are, as numbers of 32 bits; 0: nowhere. */
static uint64_t place_in(const struct machine *m, const struct machine_stack_object *d,
                         uint64_t offset, uint64_t size)
{
    uint32_t from = (uint32_t)offset, count = (uint32_t)size;
    if (d->shows == MACHINE_SHOWS_NOTHING || count > d->length || from > d->length - count)
        return 0;
    if (!is_packet(d))
        return m->objects[d->object].base + d->start + from;
    uint64_t at = machine_packet_data(m) + d->start + from;
    return at + count <= machine_packet_end(m) ? at : 0;
}

/* --- Made
 * --------------------------------------------------------------------------------------------------------------- */

static bool make(struct machine *m, uint32_t number, struct machine_stack_object what)
{
    uint32_t frame, at;
    if (!stack_place(m, number, DYNPTR_BYTES, &frame, &at))
        return false;
    struct machine_stack_object *d = put_object(m, STACK_DYNPTR, frame, at, DYNPTR_BYTES);
    if (d == NULL) {
        m->out_of_room = true;
        return true;
    }
    what.kind = STACK_DYNPTR;
    what.frame = frame;
    what.at = at;
    what.size = DYNPTR_BYTES;
    *d = what;
    return true;
}

static bool from_memory(struct machine *m, struct machine_reg *result)
{
    struct machine_stack_object d = { .origin = MACHINE_SHOWS_MEMORY };
    if (!need(m, 1) || !need_number(m, 2) || !need_number(m, 3))
        return false;
    uint64_t at = reg(m, 1)->value, size = reg(m, 2)->value;
    const struct machine_object *o = machine_object_at(m, at, size);
    if (o == NULL || o->kind != OBJECT_VALUE || !o->writable)
        return escape(m, "shows a dynptr what is no writable value of a map");
    if (!no_special(m, o, at, size))
        return false;
    *result = a_number(reg(m, 3)->value != 0 ? EINVAL_ : 0);
    if (result->value == 0) {
        d.shows = MACHINE_SHOWS_MEMORY;
        d.object = (uint32_t)(o - m->objects);
        d.start = (uint32_t)(at - o->base);
        d.length = (uint32_t)size;
    }
    return make(m, 4, d);
}

static bool reserve(struct machine *m, struct machine_reg *result)
{
    struct machine_stack_object d = { .origin = MACHINE_SHOWS_RECORD };
    uint32_t map;
    if (!need(m, 1) || !need_number(m, 2) || !need_number(m, 3))
        return false;
    map = (uint32_t)((reg(m, 1)->value - MACHINE_MAP_BASE) / 4096);
    if (reg(m, 1)->value < MACHINE_MAP_BASE || map >= m->request->map_count ||
        m->request->maps[map]->ops->type != BPF_MAP_TYPE_RINGBUF)
        return escape(m, "argument r1 is no ring buffer");
    uint64_t size = (uint32_t)reg(m, 2)->value, base = new_base(m);
    *result = a_number(EINVAL_);
    m->open_references++;
    d.reference = ++m->last_reference;
    if (size <= 512 && reg(m, 3)->value == 0 && roll(m) % 4 != 0) {
        const struct machine_object *o = add_object(m, OBJECT_RECORD, base, (uint32_t)size);
        if (o == NULL) {
            m->out_of_room = true;
            return true;
        }
        d.shows = MACHINE_SHOWS_RECORD;
        d.object = (uint32_t)(o - m->objects);
        d.length = (uint32_t)size;
        *result = a_number(0);
    }
    return make(m, 4, d);
}

static bool from_packet(struct machine *m, bool is_skb, struct machine_reg *result)
{
    uint8_t shows = is_skb ? MACHINE_SHOWS_SKB : MACHINE_SHOWS_XDP;
    struct machine_stack_object d = { .origin = shows };
    if (!need(m, 1) || !need_number(m, 2))
        return false;
    if (reg(m, 1)->value != MACHINE_CONTEXT_BASE)
        return escape(m, "argument r1 is not the context");
    *result = a_number(reg(m, 2)->value != 0 ? EINVAL_ : 0);
    if (result->value == 0) {
        d.shows = shows;
        d.length = (uint32_t)(machine_packet_end(m) - machine_packet_data(m));
        d.read_only = !has(m, BPF_RULE_PACKET_WRITE);
    }
    return make(m, 3, d);
}

static bool clone(struct machine *m, struct machine_reg *result)
{
    struct machine_stack_object *d;
    if (!need_object(m, 1, STACK_DYNPTR, &d))
        return false;
    struct machine_stack_object copy = *d;
    *result = a_number(d->shows == MACHINE_SHOWS_NOTHING ? EINVAL_ : 0);
    return make(m, 2, copy);
}

/* --- Given up
 * ----------------------------------------------------------------------------------------------------------- */

static bool give_up(struct machine *m)
{
    struct machine_stack_object *d;
    if (!need_object(m, 1, STACK_DYNPTR, &d) || !need_number(m, 2))
        return false;
    if (d->reference == 0)
        return escape(m, "gives up a dynptr that has no record");
    uint32_t reference = d->reference;
    if (d->shows != MACHINE_SHOWS_NOTHING)
        m->objects[d->object].live = false;
    m->open_references--;
    for (uint32_t i = 0; i < MACHINE_STACK_OBJECT_MAX; i++) {
        d = &m->on_stack[i];
        if (d->kind != STACK_DYNPTR || d->reference != reference)
            continue;
        memset(&m->frame_set[d->frame][d->at], 0, d->size);
        d->kind = STACK_FREE;
    }
    return true;
}

/* --- Used
 * --------------------------------------------------------------------------------------------------------------- */

/* (to, size, dynptr, offset, flags): the helper may fill the memory, whatever comes of it. */
static bool read_it(struct machine *m, struct machine_reg *result)
{
    struct machine_stack_object *d;
    if (!need(m, 1) || !need_number(m, 2) || !need_object(m, 3, STACK_DYNPTR, &d) ||
        !need_number(m, 4) || !need_number(m, 5))
        return false;
    uint64_t at = place_in(m, d, reg(m, 4)->value, reg(m, 2)->value);
    *result = a_number(at == 0 ? E2BIG_ : 0);
    return (reg(m, 1)->value == 0 && reg(m, 2)->value == 0) ||
           fill_argument(m, 1, reg(m, 2)->value);
}

/* (dynptr, offset, from, size, flags) */
static bool write_it(struct machine *m, struct machine_reg *result)
{
    struct machine_stack_object *d;
    uint8_t bytes[4096];
    bool address;
    if (!need_object(m, 1, STACK_DYNPTR, &d) || !need_number(m, 2) || !need(m, 3) ||
        !need_number(m, 4) || !need_number(m, 5))
        return false;
    uint64_t size = reg(m, 4)->value, at = place_in(m, d, reg(m, 2)->value, size);
    if (size != 0 && !read_argument(m, 3, size))
        return false;
    if (size > sizeof bytes)
        return escape(m, "a size of %llu", (unsigned long long)size);
    bool fine = at != 0 && !d->read_only;
    *result = a_number(fine ? 0 : EINVAL_);
    if (fine && size != 0 &&
        (!read_bytes(m, reg(m, 3)->value, size, bytes, &address) ||
         !write_bytes(m, at, size, bytes, false)))
        return false;
    if (d->shows == MACHINE_SHOWS_SKB && roll(m) % 2 == 0)
        new_packet(m);
    return true;
}

/* (dynptr, offset, size) */
static bool data_of(struct machine *m, struct machine_reg *result)
{
    struct machine_stack_object *d;
    if (!need_object(m, 1, STACK_DYNPTR, &d) || !need_number(m, 2) || !need_number(m, 3))
        return false;
    uint64_t at =
        is_packet(d) || d->read_only ? 0 : place_in(m, d, reg(m, 2)->value, reg(m, 3)->value);
    *result = (struct machine_reg){ at, true, at != 0 };
    return true;
}

/* (dynptr, offset, buffer or NULL, its size) */
static bool slice(struct machine *m, bool writes, struct machine_reg *result)
{
    struct machine_stack_object *d;
    uint8_t bytes[4096];
    bool address;
    if (!need_object(m, 1, STACK_DYNPTR, &d) || !need_number(m, 2) || !need(m, 3) ||
        !need_number(m, 4))
        return false;
    uint64_t buffer = reg(m, 3)->value, size = (uint32_t)reg(m, 4)->value;
    uint64_t at = writes && d->read_only ? 0 : place_in(m, d, reg(m, 2)->value, size);
    if (buffer != 0 && machine_object_at(m, buffer, size) == NULL)
        return escape(m, "the buffer of a slice leaves its object");
    if (size > sizeof bytes)
        return escape(m, "a size of %llu", (unsigned long long)size);
    if (at != 0 && is_packet(d) && roll(m) % 2 == 0) {
        if (buffer != 0 && size != 0 &&
            (!read_bytes(m, at, size, bytes, &address) ||
             !write_bytes(m, buffer, size, bytes, false)))
            return false;
        at = buffer;
    }
    *result = (struct machine_reg){ at, true, at != 0 };
    return true;
}

static bool adjust(struct machine *m, struct machine_reg *result)
{
    struct machine_stack_object *d;
    if (!need_object(m, 1, STACK_DYNPTR, &d) || !need_number(m, 2) || !need_number(m, 3))
        return false;
    uint32_t start = (uint32_t)reg(m, 2)->value, end = (uint32_t)reg(m, 3)->value;
    bool fine = d->shows != MACHINE_SHOWS_NOTHING && start <= end && end <= d->length;
    *result = a_number(fine ? 0 : EINVAL_);
    if (fine) {
        d->start += start;
        d->length = end - start;
    }
    return true;
}

static bool ask(struct machine *m, enum generated_kfunc what, struct machine_reg *result)
{
    struct machine_stack_object *d;
    if (!need_object(m, 1, STACK_DYNPTR, &d))
        return false;
    bool nothing = d->shows == MACHINE_SHOWS_NOTHING;
    *result = a_number(what == GENERATED_KFUNC_dynptr_is_null     ? nothing
                       : what == GENERATED_KFUNC_dynptr_is_rdonly ? d->read_only
                       : nothing                                  ? EINVAL_
                                                                  : d->length);
    return true;
}

bool run_dynptr_kfunc(struct machine *m, enum generated_kfunc which, struct machine_reg *result)
{
    switch (which) {
    case GENERATED_KFUNC_dynptr_from_skb:
    case GENERATED_KFUNC_dynptr_from_xdp:
        return from_packet(m, which == GENERATED_KFUNC_dynptr_from_skb, result);
    case GENERATED_KFUNC_dynptr_clone:
        return clone(m, result);
    case GENERATED_KFUNC_dynptr_slice:
    case GENERATED_KFUNC_dynptr_slice_rdwr:
        return slice(m, which == GENERATED_KFUNC_dynptr_slice_rdwr, result);
    case GENERATED_KFUNC_dynptr_adjust:
        return adjust(m, result);
    default:
        return ask(m, which, result);
    }
}

/* include/uapi/linux/bpf.h */
enum { FROM_MEM = 197, RESERVE, SUBMIT, DISCARD, READ, WRITE, DATA };

bool is_dynptr_helper(int32_t id)
{
    return id >= FROM_MEM && id <= DATA;
}

bool run_dynptr_helper(struct machine *m, int32_t id)
{
    struct machine_reg result = { 0 };
    bool fine = false;
    switch (id) {
    case FROM_MEM:
        fine = from_memory(m, &result);
        break;
    case RESERVE:
        fine = reserve(m, &result);
        break;
    case SUBMIT:
    case DISCARD:
        fine = give_up(m);
        break;
    case READ:
        fine = read_it(m, &result);
        break;
    case WRITE:
        fine = write_it(m, &result);
        break;
    default:
        fine = data_of(m, &result);
        break;
    }
    if (fine)
        finish_call(m, result);
    return fine;
}
