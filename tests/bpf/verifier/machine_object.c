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

void forget_object(struct machine *m, struct machine_stack_object *o)
{
    if (o->kind == STACK_ITERATOR && o->element != UINT32_MAX)
        m->objects[o->element].live = false;
    o->kind = STACK_FREE;
}

void stack_object_written(struct machine *m, uint32_t frame, uint32_t at, uint32_t size)
{
    struct machine_stack_object *o;
    while (size != 0 && (o = machine_on_stack(m, frame, at, size)) != NULL)
        forget_object(m, o);
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

/* --- All
 * ---------------------------------------------------------------------------------------------------------------- */

/* In the order of GENERATED_KFUNCS: up to this one. */
static const struct {
    enum generated_kfunc last;
    bool (*run)(struct machine *m, enum generated_kfunc which, struct machine_reg *result);
} families[] = {
    { GENERATED_KFUNC_iter_num_destroy, run_iterator_kfunc },
    { GENERATED_KFUNC_dynptr_is_rdonly, run_dynptr_kfunc },
    { GENERATED_KFUNC_rcu_read_unlock, run_special_kfunc },
    { GENERATED_KFUNC_rbtree_first, run_own_kfunc },
    { GENERATED_KFUNC_iter_task_destroy, run_iterator_kfunc },
    { GENERATED_KFUNC_wq_start, run_work_kfunc },
};

bool run_kfunc(struct machine *m, const struct bpf_insn *insn)
{
    struct machine_reg result = { 0 };
    enum generated_kfunc which = generated_kfunc_of(insn->imm);
    if (which == GENERATED_KFUNC_COUNT)
        return escape(m, "calls a kernel function of id %d", insn->imm);
    if (which == GENERATED_KFUNC_rbtree_add_impl)
        return run_tree_add(m);
    uint32_t i = 0;
    while (which > families[i].last)
        i++;
    bool fine = families[i].run(m, which, &result);
    if (fine)
        finish_call(m, result);
    return fine;
}
