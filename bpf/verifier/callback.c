/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Functions of the program that helpers call back.
 *
 * A callback may run any number of times, and each run sees what the ones before left in the
 * caller's stack. So it is walked once from a state that covers all of that: every number in the
 * callers' stacks may be any number. What the callback leaves must be covered by this state again:
 * pointers in the callers' stacks as they were, nothing unset, the same references held. Then the
 * state is an invariant, and what follows the call begins with it too. Registers of the callers
 * cannot be reached, and stay.
 *
 * A timer's callback runs later and on its own: it is walked like a program. */
#include "call.h"

/* Linux: BPF_MAX_LOOPS; also more than any map has entries or ring has records. */
#define ROUNDS_MAX (UINT64_C(8) << 20)

struct callback {
    const struct call *call;
    struct state before; /* of the caller; frames and slots are the waiting walk's */
    struct slot *slots;  /* a copy of them, until the walk takes it */
    uint32_t pc;
};

/* --- Before
 * ----------------------------------------------------------------------------------------------------------- */

static void forget_numbers(struct state *s)
{
    for (uint32_t i = 0; i < s->slot_count; i++)
        if (s->slots[i].spill_size != 0 && !reg_is_pointer(&s->slots[i].value))
            s->slots[i].spill_size = 0;
}

static struct reg map_argument(const struct call *call, enum reg_type type, uint32_t size)
{
    struct reg r = reg_pointer(type);
    r.map = call->map_index;
    r.attr = call->map_attr;
    r.size = size;
    return r;
}

static struct reg value_argument(struct verifier *v, const struct call *call)
{
    struct reg r = map_argument(call, REG_MAP_VALUE, call->map->value_size);
    r.id = ++v->next_id;
    return r;
}

/* The caller's R`from` as the callback's R`to`. */
static void pass(struct verifier *v, const struct callback *c, uint32_t from, uint32_t to)
{
    *state_reg(&v->state, to) = c->before.frames[c->before.frame_count - 1].regs[from];
}

static void set_arguments(struct verifier *v, const struct callback *c)
{
    struct state *s = &v->state;
    switch (c->call->helper->callback) {
    case BPF_CALLBACK_LOOP:
        *state_reg(s, 1) = reg_any_number();
        pass(v, c, 3, 2);
        break;
    case BPF_CALLBACK_MAP_ELEM:
        *state_reg(s, 1) = map_argument(c->call, REG_MAP, 0);
        *state_reg(s, 2) = map_argument(c->call, REG_MAP_KEY, c->call->map->key_size);
        *state_reg(s, 3) = value_argument(v, c->call);
        pass(v, c, 3, 4);
        break;
    case BPF_CALLBACK_TIMER:
        *state_reg(s, 1) = map_argument(c->call, REG_MAP, 0);
        *state_reg(s, 2) = map_argument(c->call, REG_MAP_KEY, c->call->map->key_size);
        *state_reg(s, 3) = value_argument(v, c->call);
        break;
    default:
        break;
    }
}

static void set_up_sync(struct verifier *v, void *user)
{
    struct callback *c = user;
    struct state *s = &v->state;
    struct frame *frames = s->frames;
    *s = c->before;
    s->frames = frames;
    for (uint32_t f = 0; f < s->frame_count; f++)
        frames[f] = c->before.frames[f];
    for (uint32_t i = 0; i < s->slot_count; i++)
        c->slots[i] = c->before.slots[i];
    s->slots = c->slots;
    s->slot_capacity = s->slot_count;
    c->slots = NULL;
    (void)push_frame(v, c->call->callback, FRAME_CALLBACK, c->pc);
    set_arguments(v, c);
}

static void set_up_async(struct verifier *v, void *user)
{
    const struct callback *c = user;
    (void)push_frame(v, c->call->callback, FRAME_ASYNC, 0);
    set_arguments(v, c);
}

/* --- After
 * ------------------------------------------------------------------------------------------------------------ */

static bool pointer_kept(const struct reg *was, const struct reg *is)
{
    if (was->may_be_null && reg_is_null(is))
        return true;
    return was->type == is->type && was->frame == is->frame && was->map == is->map &&
           was->size == is->size && was->id == is->id && was->ref == is->ref &&
           was->attr == is->attr && was->fixed == is->fixed &&
           is->may_be_null <= was->may_be_null && scalar_subset(&is->n, &was->n);
}

static bool slot_kept(const struct slot *was, const struct slot *is)
{
    bool pointer = was->spill_size != 0 && reg_is_pointer(&was->value);
    if ((was->set & ~is->set) != 0)
        return false;
    if (pointer)
        return is->spill_size == was->spill_size && is->spill_start == was->spill_start &&
               pointer_kept(&was->value, &is->value);
    return is->spill_size == 0 || !reg_is_pointer(&is->value) || was->set == 0;
}

static bool state_kept(const struct state *was, const struct state *is)
{
    for (uint32_t f = 0; f < was->frame_count; f++)
        for (uint32_t i = 0; i < was->frames[f].slot_count; i++)
            if (!slot_kept(&was->slots[was->frames[f].slot_base + i],
                           &is->slots[is->frames[f].slot_base + i]))
                return false;
    bool same = was->reference_count == is->reference_count &&
                was->regions.lock_map == is->regions.lock_map &&
                was->regions.rcu == is->regions.rcu &&
                was->regions.no_preempt == is->regions.no_preempt;
    for (uint32_t i = 0; same && i < was->reference_count; i++)
        same = was->references[i].id == is->references[i].id;
    return same;
}

int check_callback_exit(struct verifier *v)
{
    const struct reg *r = state_reg(&v->state, 0);
    int err = check_set(v, 0);
    if (err != 0)
        return err;
    mark_precise(v, r->deps);
    if (r->type != REG_NUMBER || r->n.umax > 1)
        return refuse(v, -EINVAL, BPF_REJECT_TYPE, "return 0 to go on, 1 to stop",
                      "the callback returns %s", describe(v, r).text);
    err = check_nothing_held(v, "when the callback ends");
    if (err != 0 || state_kept(v->callback_before, &v->state))
        return err;
    return refuse(v, -EACCES, BPF_REJECT_UNSUPPORTED,
                  "let the callback change numbers only; set every variable before the call",
                  "the callback changes pointers in its callers' stack, or what is held: its next "
                  "run would begin with something else");
}

/* --- The call
 * --------------------------------------------------------------------------------------------------------- */

static uint64_t rounds_of(struct verifier *v, const struct call *call)
{
    const struct reg *count = state_reg(&v->state, 1);
    switch (call->helper->callback) {
    case BPF_CALLBACK_LOOP:
        mark_precise(v, count->deps);
        return count->n.umax < ROUNDS_MAX ? count->n.umax : ROUNDS_MAX;
    case BPF_CALLBACK_MAP_ELEM:
        return call->map->max_entries;
    default:
        return ROUNDS_MAX;
    }
}

static uint64_t times(uint64_t rounds, uint64_t each)
{
    uint64_t product;
    return __builtin_mul_overflow(rounds, each, &product) || product > UINT64_MAX / 4
               ? UINT64_MAX / 4
               : product;
}

static int walk_sync(struct verifier *v, struct callback *c, struct cost *most)
{
    const struct state *outer = v->callback_before;
    size_t size = (size_t)v->state.slot_count * sizeof *c->slots;
    if (v->state.frame_count == BPF_CALL_DEPTH_MAX)
        return refuse(v, -E2BIG, BPF_REJECT_CALL, "fewer functions that call each other",
                      "calls nest deeper than %u frames", BPF_CALL_DEPTH_MAX);
    c->slots = size == 0 ? NULL : verifier_alloc(v, size);
    if (c->slots == NULL && size != 0)
        return refuse_memory(v);
    c->before = v->state;
    v->callback_before = &c->before;
    int err = walk_nested(v, set_up_sync, c, most);
    v->callback_before = outer;
    verifier_free(v, c->slots, c->slots != NULL ? size : 0);
    return err;
}

static int call_sync(struct verifier *v, struct callback *c)
{
    uint64_t rounds = rounds_of(v, c->call);
    struct cost most = { 0 };
    bool changed = v->packet_changed;
    if (rounds == 0)
        return 0;
    forget_numbers(&v->state);
    v->packet_changed = false;
    int err = walk_sync(v, c, &most);
    if (err == 0 && v->packet_changed)
        packet_changed(v);
    v->packet_changed |= changed;
    v->state.insns += times(rounds, most.insns);
    v->state.ns += times(rounds, most.ns);
    v->state.calls += times(rounds, most.calls);
    return err;
}

/* Once for each function and map. */
static int call_async(struct verifier *v, struct callback *c)
{
    struct function *f = &v->functions[function_at(v, c->call->callback)];
    struct cost most;
    if (f->async_map == c->call->map_index + 1)
        return 0;
    f->async_map = c->call->map_index + 1;
    f->is_async = true;
    int err = walk_nested(v, set_up_async, c, &most);
    if (err != 0)
        f->async_map = 0;
    return err;
}

/* Walks that wait for each other; functions could not call each other deeper. */
#define NESTED_MAX BPF_CALL_DEPTH_MAX

int call_back(struct verifier *v, const struct call *call)
{
    struct callback c = { .call = call, .pc = v->state.pc };
    if (v->nested >= NESTED_MAX)
        return refuse(v, -E2BIG, BPF_REJECT_CALL, "", "callbacks nest too deep");
    if (v->functions[function_at(v, call->callback)].is_global)
        return refuse(v, -EINVAL, BPF_REJECT_CALL, "make it static", "a callback must be static");
    switch (call->helper->callback) {
    case BPF_CALLBACK_LOOP:
    case BPF_CALLBACK_MAP_ELEM:
        return call_sync(v, &c);
    case BPF_CALLBACK_TIMER:
        return call_async(v, &c);
    default:
        return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "",
                      "bpf_%s() calls back in a way that this verifier cannot check", call->name);
    }
}
