/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the kernel keeps for a program: objects on its stack.
 *
 * The machine keeps each one's state itself, beside the stack's bytes: a program that reads them, hands over what is none
 * (any more), or ends without giving it up, is one that no verifier may let through. One that overwrites its object
 * loses it, and so cannot give up what it holds any more. */
#include "machine_inside.h"

#include <inttypes.h>
#include <string.h>

/* --- On the stack
 * ------------------------------------------------------------------------------------------------------- */

struct machine_stack_object *machine_on_stack(struct machine *m, uint32_t frame, uint32_t at,
                                              uint32_t size)
{
    for (uint32_t i = 0; i < MACHINE_STACK_OBJECT_MAX; i++) {
        struct machine_stack_object *o = &m->on_stack[i];
        if (o->kind != STACK_FREE && o->frame == frame && at < o->at + o->size && o->at < at + size)
            return o;
    }
    return NULL;
}

bool stack_object_read(struct machine *m, uint32_t frame, uint32_t at, uint32_t size)
{
    return machine_on_stack(m, frame, at, size) == NULL
               ? true
               : escape(m, "reads the kernel's object at r10-%u", 512 - at);
}

static void forget(struct machine *m, struct machine_stack_object *o)
{
    if (o->kind == STACK_ITERATOR && o->element != UINT32_MAX)
        m->objects[o->element].live = false;
    o->kind = STACK_FREE;
}

void stack_object_written(struct machine *m, uint32_t frame, uint32_t at, uint32_t size)
{
    struct machine_stack_object *o;
    while (size != 0 && (o = machine_on_stack(m, frame, at, size)) != NULL)
        forget(m, o);
}

bool stack_place(struct machine *m, uint32_t number, uint32_t size, uint32_t *frame, uint32_t *at)
{
    if (!need(m, number))
        return false;
    uint64_t value = reg(m, number)->value;
    const struct machine_object *o = machine_object_at(m, value, size);
    if (o == NULL || !frame_of(o, frame) || value % 8 != 0)
        return escape(m, "argument r%u is no place on the stack for %u bytes", number, size);
    *at = (uint32_t)(value - o->base);
    return true;
}

struct machine_stack_object *put_object(struct machine *m, enum machine_stack_kind kind,
                                        uint32_t frame, uint32_t at, uint32_t size)
{
    uint32_t i = 0;
    stack_object_written(m, frame, at, size);
    while (i < MACHINE_STACK_OBJECT_MAX && m->on_stack[i].kind != STACK_FREE)
        i++;
    if (i == MACHINE_STACK_OBJECT_MAX)
        return NULL;
    m->on_stack[i] = (struct machine_stack_object){
        .kind = (uint8_t)kind, .frame = frame, .at = at, .size = size, .element = UINT32_MAX
    };
    memset(&m->frame_set[frame][at], 1, size);
    memset(&m->frame_address[frame][at], 0, size);
    return &m->on_stack[i];
}

bool need_object(struct machine *m, uint32_t number, enum machine_stack_kind kind,
                 struct machine_stack_object **out)
{
    uint32_t frame, at;
    if (!stack_place(m, number, 8, &frame, &at))
        return false;
    *out = machine_on_stack(m, frame, at, 8);
    return *out != NULL && (*out)->kind == kind && (*out)->at == at
               ? true
               : escape(m, "argument r%u is none of the kernel's objects", number);
}

bool need_number(struct machine *m, uint32_t number)
{
    if (!need(m, number))
        return false;
    return reg(m, number)->address && !has(m, BPF_RULE_POINTER_LEAKS)
               ? escape(m, "gives an address away in argument r%u", number)
               : true;
}

/* --- Iterators: kernel/bpf/bpf_iter.c, bpf_iter_num_new() and what follows
 * --------------------------------------------------- */

#define ITERATOR_BYTES 8
#define NUMBERS_MAX    (INT64_C(8) << 20) /* BPF_MAX_LOOPS */

static bool new_iterator(struct machine *m, struct machine_reg *result)
{
    uint32_t frame, at;
    if (!need_number(m, 2) || !need_number(m, 3) || !stack_place(m, 1, ITERATOR_BYTES, &frame, &at))
        return false;
    if (machine_on_stack(m, frame, at, ITERATOR_BYTES) != NULL)
        return escape(m, "makes an iterator where the kernel has an object");
    int32_t first = (int32_t)reg(m, 2)->value, end = (int32_t)reg(m, 3)->value;
    struct machine_stack_object *o = put_object(m, STACK_ITERATOR, frame, at, ITERATOR_BYTES);
    struct machine_object *element = add_object(m, OBJECT_ELEMENT, new_base(m), 4);
    m->open_references++;
    *result = (struct machine_reg){ 0, true, false };
    if (o == NULL || element == NULL) {
        m->out_of_room = true;
        return true;
    }
    element->writable = false;
    o->element = (uint32_t)(element - m->objects);
    bool fine = first <= end && (int64_t)end - first <= NUMBERS_MAX;
    o->number = fine ? first : 0;
    o->end = fine ? end : 0;
    if (!fine)
        result->value = 0 - UINT64_C(22);
    return true;
}

static bool next_element(struct machine *m, struct machine_reg *result)
{
    struct machine_stack_object *o;
    if (!need_object(m, 1, STACK_ITERATOR, &o))
        return false;
    *result = (struct machine_reg){ 0, true, false };
    o->drained = o->drained || o->number >= o->end;
    if (o->drained)
        return true;
    memcpy(m->objects[o->element].bytes, &o->number, 4);
    o->number++;
    *result = (struct machine_reg){ m->objects[o->element].base, true, true };
    return true;
}

static bool destroy_iterator(struct machine *m)
{
    struct machine_stack_object *o;
    if (!need_object(m, 1, STACK_ITERATOR, &o))
        return false;
    memset(&m->frame_set[o->frame][o->at], 0, o->size);
    forget(m, o);
    m->open_references--;
    return true;
}

/* --- All
 * ---------------------------------------------------------------------------------------------------------------- */

bool run_kfunc(struct machine *m, const struct bpf_insn *insn)
{
    struct machine_reg result = { 0 };
    bool fine;
    enum generated_kfunc which = generated_kfunc_of(insn->imm);
    switch (which) {
    case GENERATED_KFUNC_iter_num_new:
        fine = new_iterator(m, &result);
        break;
    case GENERATED_KFUNC_iter_num_next:
        fine = next_element(m, &result);
        break;
    case GENERATED_KFUNC_iter_num_destroy:
        fine = destroy_iterator(m);
        break;
    case GENERATED_KFUNC_dynptr_from_skb:
    case GENERATED_KFUNC_dynptr_from_xdp:
    case GENERATED_KFUNC_dynptr_clone:
    case GENERATED_KFUNC_dynptr_slice:
    case GENERATED_KFUNC_dynptr_slice_rdwr:
    case GENERATED_KFUNC_dynptr_adjust:
    case GENERATED_KFUNC_dynptr_size:
    case GENERATED_KFUNC_dynptr_is_null:
    case GENERATED_KFUNC_dynptr_is_rdonly:
        fine = run_dynptr_kfunc(m, which, &result);
        break;
    case GENERATED_KFUNC_task_from_pid:
    case GENERATED_KFUNC_task_acquire:
    case GENERATED_KFUNC_task_release:
    case GENERATED_KFUNC_rcu_read_lock:
    case GENERATED_KFUNC_rcu_read_unlock:
        fine = run_special_kfunc(m, which, &result);
        break;
    default:
        return escape(m, "calls a kernel function of id %d", insn->imm);
    }
    if (fine)
        finish_call(m, result);
    return fine;
}
