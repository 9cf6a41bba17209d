/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Iterators in the machine: over numbers (Linux: kernel/bpf/bpf_iter.c, bpf_iter_num_new() and what follows), over the set bits
 * of a memory that may be any (kernel/bpf/helpers.c), over tasks (kernel/bpf/task_iter.c), which are there until a read section
 * is left. How many elements the latter have dice say. */
#include "machine_inside.h"

#include <inttypes.h>
#include <string.h>

static const struct {
    enum generated_kfunc first; /* new, next, destroy */
    uint32_t bytes;
} iterators[] = {
    [ITERATES_NUMBERS] = { GENERATED_KFUNC_iter_num_new, 8 },
    [ITERATES_BITS] = { GENERATED_KFUNC_iter_bits_new, 16 },
    [ITERATES_TASKS] = { GENERATED_KFUNC_iter_task_new, 24 },
};

#define NUMBERS_MAX (INT64_C(8) << 20) /* BPF_MAX_LOOPS */

/* What the others are made from, and how many elements there are. */
static bool count_elements(struct machine *m, struct machine_stack_object *o, bool *fine)
{
    *fine = true;
    o->number = 0;
    o->end = (int32_t)(roll(m) % 5);
    if (o->of == ITERATES_BITS)
        return need_number(m, 3);
    return need(m, 2) && need_number(m, 3);
}

static bool numbers(struct machine *m, struct machine_stack_object *o, bool *fine)
{
    if (!need_number(m, 2) || !need_number(m, 3))
        return false;
    int32_t first = (int32_t)reg(m, 2)->value, end = (int32_t)reg(m, 3)->value;
    *fine = first <= end && (int64_t)end - first <= NUMBERS_MAX;
    o->number = *fine ? first : 0;
    o->end = *fine ? end : 0;
    return true;
}

static bool new_iterator(struct machine *m, enum machine_iterator of, struct machine_reg *result)
{
    struct machine_stack_object made = { .of = (uint8_t)of };
    uint32_t frame, at, bytes = iterators[of].bytes;
    bool fine;
    if (!stack_place(m, 1, bytes, &frame, &at))
        return false;
    if (machine_on_stack(m, frame, at, bytes) != NULL)
        return escape(m, "makes an iterator where the kernel has an object");
    if (!(of == ITERATES_NUMBERS ? numbers(m, &made, &fine) : count_elements(m, &made, &fine)))
        return false;
    struct machine_stack_object *o = put_object(m, STACK_ITERATOR, frame, at, bytes);
    struct machine_object *element = add_object(m, OBJECT_ELEMENT, new_base(m), 4);
    m->open_references++;
    *result = (struct machine_reg){ fine ? 0 : 0 - UINT64_C(22), true, false };
    if (o == NULL || element == NULL) {
        m->out_of_room = true;
        return true;
    }
    element->writable = false;
    o->of = made.of;
    o->number = made.number;
    o->end = made.end;
    o->element = (uint32_t)(element - m->objects);
    return true;
}

static bool need_iterator(struct machine *m, enum machine_iterator of, struct machine_stack_object **o)
{
    if (!need_object(m, 1, STACK_ITERATOR, o))
        return false;
    return (*o)->of == of ? true : escape(m, "argument r1 is an iterator of another kind");
}

static bool next_element(struct machine *m, enum machine_iterator of, struct machine_reg *result)
{
    struct machine_stack_object *o;
    if (!need_iterator(m, of, &o))
        return false;
    if (o->stale)
        return escape(m, "iterates over tasks after the read section");
    *result = (struct machine_reg){ 0, true, false };
    o->drained = o->drained || o->number >= o->end;
    if (o->drained)
        return true;
    memcpy(m->objects[o->element].bytes, &o->number, 4);
    o->number++;
    *result = of == ITERATES_TASKS ? see_task(m)
                                   : (struct machine_reg){ m->objects[o->element].base, true, true };
    return true;
}

static bool destroy_iterator(struct machine *m, enum machine_iterator of)
{
    struct machine_stack_object *o;
    if (!need_iterator(m, of, &o))
        return false;
    memset(&m->frame_set[o->frame][o->at], 0, o->size);
    forget_object(m, o);
    m->open_references--;
    return true;
}

bool run_iterator_kfunc(struct machine *m, enum generated_kfunc which, struct machine_reg *result)
{
    enum machine_iterator of = ITERATES_NUMBERS;
    while (which < iterators[of].first || which > iterators[of].first + 2)
        of++;
    switch ((uint32_t)which - (uint32_t)iterators[of].first) {
    case 0:
        return new_iterator(m, of, result);
    case 1:
        return next_element(m, of, result);
    default:
        return destroy_iterator(m, of);
    }
}
