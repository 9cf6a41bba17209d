/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Fields of map values that are no plain bytes, in the machine: locks, timers and pointers to the kernel's objects; and those
 * objects, of which tasks stand for all.
 *
 * Which task a field points to other CPUs change at any time, so each look gives another one, or none. A task is owned
 * (acquired, and to be given up), or seen: there until the read section ends, and after that an address that may be
 * anything, through which loads do no harm. */
#include "generator.h"
#include "machine_inside.h"

/* --- Fields
 * ------------------------------------------------------------------------------------------------------------- */

static const struct bpf_special_field *
special_in(const struct machine *m, const struct machine_object *o, uint64_t at, uint64_t size)
{
    const struct bpf_map *map = m->request->maps[o->map];
    for (uint32_t i = 0; i < map->special_field_count; i++) {
        const struct bpf_special_field *f = &map->special_fields[i];
        if (at < o->base + f->offset + f->size && at + size > o->base + f->offset)
            return f;
    }
    return NULL;
}

bool no_special(struct machine *m, const struct machine_object *o, uint64_t at, uint64_t size)
{
    bool plain = size == 0 || (o->kind == OBJECT_VALUE ? special_in(m, o, at, size) == NULL
                               : o->kind == OBJECT_OWN ? own_is_plain(o, at - o->base, size)
                                                       : true);
    return plain ? true : escape(m, "touches a lock, node or kernel pointer at 0x%llx", (unsigned long long)at);
}

const struct bpf_special_field *field_there(const struct machine *m, const struct machine_object *o, uint64_t at,
                                            uint32_t kind)
{
    const struct bpf_special_field *f = o->kind == OBJECT_VALUE ? special_in(m, o, at, 4) : NULL;
    return f != NULL && f->kind == kind && o->base + f->offset == at ? f : NULL;
}

/* A field of this kind begins there. */
static bool is_field(struct machine *m, uint64_t at, uint32_t kind)
{
    const struct machine_object *o = machine_object_at(m, at, 4);
    return o != NULL && field_there(m, o, at, kind) != NULL;
}

/* --- Locks
 * -------------------------------------------------------------------------------------------------------------- */

static bool lock(struct machine *m, bool takes)
{
    uint64_t at = reg(m, 1)->value;
    if (!need(m, 1))
        return false;
    const struct machine_object *o = machine_object_at(m, at, 4);
    bool own = o != NULL && o->kind == OBJECT_OWN && own_has_lock(o, at - o->base);
    if (!own && !is_field(m, at, BPF_SPECIAL_SPIN_LOCK))
        return escape(m, "argument r1 is no lock");
    if (takes && m->lock != 0)
        return escape(m, "takes a lock and holds one");
    if (!takes && m->lock != at)
        return escape(m, "unlocks what it does not hold");
    m->lock = takes ? at : 0;
    if (!takes)
        own_unlocked(m);
    return true;
}

bool may_call(struct machine *m, const struct bpf_insn *insn)
{
    if (m->lock == 0)
        return true;
    if (insn->src_reg == BPF_CALL_HELPER &&
        (insn->imm == MACHINE_LOCK || insn->imm == MACHINE_UNLOCK))
        return true;
    enum generated_kfunc which = generated_kfunc_of(insn->imm);
    bool fine = which <= GENERATED_KFUNC_iter_num_destroy ||
                (which >= GENERATED_KFUNC_refcount_acquire_impl && which <= GENERATED_KFUNC_rbtree_first);
    return insn->src_reg == BPF_CALL_BTF_ID && fine ? true : escape(m, "calls with a lock held");
}

bool nothing_held(struct machine *m)
{
    if (m->open_references != 0)
        return escape(m, "ends with %u references open", m->open_references);
    if (m->lock != 0)
        return escape(m, "ends with a lock held");
    return m->rcu == 0 ? true : escape(m, "ends in a read section");
}

/* --- Timers
 * ------------------------------------------------------------------------------------------------------------- */

static bool set_function(struct machine *m, const struct machine_object *o)
{
    uint64_t at = reg(m, 2)->value - MACHINE_FUNCTION_BASE;
    if (!need_function(m, 2))
        return false;
    if (m->timer_count < MACHINE_TIMER_MAX) {
        m->timers[m->timer_count].value = o->base;
        m->timers[m->timer_count].map = o->map;
        m->timers[m->timer_count++].function = (uint32_t)(at / 8);
    }
    return true;
}

static bool timer(struct machine *m, int32_t id, struct machine_reg *result)
{
    uint64_t at = reg(m, 1)->value;
    if (!need(m, 1))
        return false;
    if (!is_field(m, at, BPF_SPECIAL_TIMER))
        return escape(m, "argument r1 is no timer");
    const struct machine_object *o = machine_object_at(m, at, 1);
    *result = (struct machine_reg){ roll(m) % 2 == 0 ? 0 : 0 - roll(m) % 134, true, false };
    switch (id) {
    case MACHINE_TIMER_INIT:
        if (!need(m, 2) || !need_number(m, 3))
            return false;
        return reg(m, 2)->value == MACHINE_MAP_BASE + o->map * 4096u
                   ? true
                   : escape(m, "argument r2 is not the timer's map");
    case MACHINE_TIMER_SET_CALLBACK:
        return set_function(m, o);
    case MACHINE_TIMER_START:
        return need_number(m, 2) && need_number(m, 3);
    default:
        return true;
    }
}

/* (work, map, flags), (work, function, flags, ...), (work, flags): as with timers. */
bool run_work_kfunc(struct machine *m, enum generated_kfunc which, struct machine_reg *result)
{
    uint64_t at = reg(m, 1)->value;
    if (!need(m, 1))
        return false;
    if (!is_field(m, at, BPF_SPECIAL_WORKQUEUE))
        return escape(m, "argument r1 is no work");
    const struct machine_object *o = machine_object_at(m, at, 1);
    *result = (struct machine_reg){ roll(m) % 2 == 0 ? 0 : 0 - roll(m) % 134, true, false };
    if (which == GENERATED_KFUNC_wq_set_callback_impl)
        return need_number(m, 3) && set_function(m, o);
    if (which == GENERATED_KFUNC_wq_start)
        return need_number(m, 2);
    if (!need(m, 2) || !need_number(m, 3))
        return false;
    return reg(m, 2)->value == MACHINE_MAP_BASE + o->map * 4096u ? true
                                                                 : escape(m, "argument r2 is not the work's map");
}

/* --- Tasks
 * -------------------------------------------------------------------------------------------------------------- */

static struct machine_reg new_task(struct machine *m, enum machine_life life, bool or_null)
{
    uint64_t base = new_base(m);
    if (or_null && roll(m) % 4 == 0)
        return (struct machine_reg){ 0, true, false };
    struct machine_object *o = add_object(m, OBJECT_TASK, base, GENERATED_TASK_SIZE);
    if (o == NULL) {
        m->out_of_room = true;
        return (struct machine_reg){ 0, true, false };
    }
    o->writable = false;
    o->life = (uint8_t)life;
    m->open_references += life == LIFE_OWNED;
    return (struct machine_reg){ base, true, true };
}

struct machine_reg see_task(struct machine *m)
{
    return new_task(m, LIFE_SEEN, false);
}

/* The task itself that argument `number` points to, as good as that at least. */
static bool need_task(struct machine *m, uint32_t number, enum machine_life life,
                      struct machine_object **out)
{
    if (!need(m, number))
        return false;
    uint64_t at = reg(m, number)->value;
    struct machine_object *o = machine_object_at(m, at, 1);
    *out = o;
    return o != NULL && o->kind == OBJECT_TASK && o->base == at && o->life <= life
               ? true
               : escape(m, "argument r%u is no task%s", number,
                        life == LIFE_OWNED ? " of the program's" : "");
}

static void give_up(struct machine *m, struct machine_object *task)
{
    task->live = false;
    m->open_references--;
}

static bool exchange(struct machine *m, struct machine_reg *result)
{
    struct machine_object *task = NULL;
    if (!need(m, 1) || !need(m, 2))
        return false;
    if (!is_field(m, reg(m, 1)->value, BPF_SPECIAL_KPTR))
        return escape(m, "argument r1 is no kernel pointer");
    if (machine_object_at(m, reg(m, 1)->value, 8)->map == GENERATOR_OWN)
        return own_exchange(m, result);
    if (reg(m, 2)->value != 0 && !need_task(m, 2, LIFE_OWNED, &task))
        return false;
    if (task != NULL)
        give_up(m, task);
    *result = new_task(m, LIFE_OWNED, true);
    return true;
}

static void leave_section(struct machine *m)
{
    for (uint32_t i = 0; i < m->object_count; i++)
        if (m->objects[i].kind == OBJECT_TASK && m->objects[i].life == LIFE_SEEN)
            m->objects[i].life = LIFE_ANY;
    for (uint32_t i = 0; i < MACHINE_STACK_OBJECT_MAX; i++)
        m->on_stack[i].stale |= m->on_stack[i].kind == STACK_ITERATOR && m->on_stack[i].of == ITERATES_TASKS;
}

bool load_special(struct machine *m, const struct bpf_insn *insn, uint64_t at, bool *done)
{
    uint32_t size = bpf_access_size(insn->opcode);
    const struct machine_object *o = machine_object_at(m, at, size);
    *done = false;
    if (o == NULL ||
        !((o->kind == OBJECT_VALUE && size == 8 && is_field(m, at, BPF_SPECIAL_KPTR)) ||
          (o->kind == OBJECT_TASK && size == 8 && at - o->base == GENERATED_TASK_LEADER)))
        return true;
    if (BPF_MODE(insn->opcode) != BPF_MEM)
        return escape(m, "loads a kernel pointer in another way than as one");
    *done = true;
    /* A task has a leader. What an address that may be anything leads to is no better. */
    bool any = o->kind == OBJECT_TASK && o->life == LIFE_ANY;
    *reg(m, insn->dst_reg) = new_task(m, any ? LIFE_ANY : LIFE_SEEN, any || o->kind != OBJECT_TASK);
    return true;
}

/* --- Calls
 * -------------------------------------------------------------------------------------------------------------- */

bool is_special_helper(int32_t id)
{
    return id == MACHINE_LOCK || id == MACHINE_UNLOCK || id == MACHINE_EXCHANGE ||
           (id >= MACHINE_TIMER_INIT && id <= MACHINE_TIMER_CANCEL);
}

bool run_special_helper(struct machine *m, int32_t id)
{
    struct machine_reg result = { 0 };
    bool fine = id == MACHINE_EXCHANGE                       ? exchange(m, &result)
                : id == MACHINE_LOCK || id == MACHINE_UNLOCK ? lock(m, id == MACHINE_LOCK)
                                                             : timer(m, id, &result);
    if (fine)
        finish_call(m, result);
    return fine;
}

bool run_special_kfunc(struct machine *m, enum generated_kfunc which, struct machine_reg *result)
{
    struct machine_object *task;
    switch (which) {
    case GENERATED_KFUNC_task_from_pid:
        *result = new_task(m, LIFE_OWNED, true);
        return need_number(m, 1);
    case GENERATED_KFUNC_task_acquire:
        if (!need_task(m, 1, LIFE_SEEN, &task))
            return false;
        *result = new_task(m, LIFE_OWNED, true);
        return true;
    case GENERATED_KFUNC_task_release:
        if (!need_task(m, 1, LIFE_OWNED, &task))
            return false;
        give_up(m, task);
        return true;
    case GENERATED_KFUNC_rcu_read_lock:
        m->rcu++;
        return true;
    default:
        if (m->rcu == 0)
            return escape(m, "leaves a read section and is in none");
        if (--m->rcu == 0)
            leave_section(m);
        return true;
    }
}
