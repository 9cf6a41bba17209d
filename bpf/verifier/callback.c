/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Functions of the program that helpers call back.
 *
 * A call that calls back is a loop: each visit of its instruction either enters the callback once
 * more, which comes back to the instruction when it is done, or goes on behind it. Each round begins
 * with what the ones before left, and loop.c summarises the rounds like those of any loop. Only
 * bpf_loop() says how often it calls at most.
 *
 * A timer's callback runs later and on its own: it is walked like a program. */
#include "dynptr.h"

/* Linux: BPF_MAX_LOOPS; also more than any map has entries or ring has records. */
#define ROUNDS_MAX (UINT64_C(8) << 20)

struct callback {
    const struct call *call;
    uint32_t pc;
};

/* --- Arguments
 * ----------------------------------------------------------------------------------------------------------- */

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
static void pass(struct verifier *v, uint32_t from, uint32_t to)
{
    const struct state *s = &v->state;
    *state_reg(&v->state, to) = s->frames[s->frame_count - 2].regs[from];
}

static struct reg dynptr_argument(struct verifier *v)
{
    struct reg r = reg_pointer(REG_DYNPTR);
    r.type_id = DYNPTR_LOCAL;
    r.attr = REG_READ_ONLY;
    r.id = ++v->next_id;
    return r;
}

static uint32_t kind_of(const struct call *call)
{
    return call->callback_kind != 0 ? call->callback_kind : call->helper->callback;
}

static int set_arguments(struct verifier *v, const struct call *call)
{
    struct state *s = &v->state;
    switch (kind_of(call)) {
    case BPF_CALLBACK_LESS:
        *state_reg(s, 1) = *state_reg(s, 2) = call->node;
        return 0;
    case BPF_CALLBACK_LOOP:
        *state_reg(s, 1) = reg_any_number();
        pass(v, 3, 2);
        return 0;
    case BPF_CALLBACK_MAP_ELEM:
        *state_reg(s, 1) = map_argument(call, REG_MAP, 0);
        *state_reg(s, 2) = map_argument(call, REG_MAP_KEY, call->map->key_size);
        *state_reg(s, 3) = value_argument(v, call);
        pass(v, 3, 4);
        return 0;
    case BPF_CALLBACK_VMA:
        pass(v, 1, 1);
        pass(v, 4, 3);
        return give_btf_object(v, call, "vm_area_struct", 0, false, state_reg(s, 2));
    case BPF_CALLBACK_USER_RING:
        *state_reg(s, 1) = dynptr_argument(v);
        pass(v, 3, 2);
        return 0;
    default:
        *state_reg(s, 1) = map_argument(call, REG_MAP, 0);
        *state_reg(s, 2) = map_argument(call, REG_MAP_KEY, call->map->key_size);
        *state_reg(s, 3) = value_argument(v, call);
        return 0;
    }
}

/* --- The rounds
 * ------------------------------------------------------------------------------------------------------------ */

bool is_called_back(const struct bpf_helper *helper)
{
    return helper->callback != BPF_CALLBACK_NONE && helper->callback != BPF_CALLBACK_TIMER;
}

/* At a call that calls back: at most. */
uint64_t callback_rounds(struct verifier *v)
{
    const struct bpf_insn *insn = &v->insns[v->state.pc];
    const struct bpf_helper *helper =
        bpf_helper_find_for(v->env, (uint32_t)insn->imm, v->context);
    const struct reg *first = state_reg(&v->state, 1);
    if (insn_row(v, v->state.pc)->op != BPF_OP_CALL_HELPER || helper == NULL)
        return ROUNDS_MAX;
    if (helper->callback == BPF_CALLBACK_LOOP && first->type == REG_NUMBER) {
        mark_precise(v, first->deps);
        return first->n.umax < ROUNDS_MAX ? first->n.umax : ROUNDS_MAX;
    }
    if (helper->callback == BPF_CALLBACK_MAP_ELEM && first->type == REG_MAP)
        return reg_map(v, first)->max_entries;
    return helper->callback == BPF_CALLBACK_VMA ? 1 : ROUNDS_MAX;
}

static int check_function(struct verifier *v, const struct call *call)
{
    if (v->functions[function_at(v, call->callback)].is_global)
        return refuse(v, -EINVAL, BPF_REJECT_CALL, "make it static", "a callback must be static");
    return 0;
}

int call_back(struct verifier *v, const struct call *call, bool waited, bool *entered)
{
    uint32_t pc = v->state.pc;
    uint64_t most = callback_rounds(v);
    bool counts = kind_of(call) == BPF_CALLBACK_LOOP;
    int err = check_function(v, call);
    if (err != 0)
        return err;
    if (waited || (counts && state_top(&v->state)->rounds >= most)) {
        state_top(&v->state)->rounds = 0;
        return 0;
    }
    err = walk_push(v);
    if (err == 0)
        err = push_frame(v, call->callback, FRAME_CALLBACK, pc);
    if (err == 0)
        err = set_arguments(v, call);
    *entered = true;
    return err;
}

int check_callback_exit(struct verifier *v)
{
    struct state *s = &v->state;
    const struct reg *r = state_reg(s, 0);
    const struct frame *callee = state_top(s);
    int err = check_set(v, 0);
    if (err != 0)
        return err;
    mark_precise(v, r->deps);
    if (r->type != REG_NUMBER || r->n.umax > 1)
        return refuse(v, -EINVAL, BPF_REJECT_TYPE, "return 0 to go on, 1 to stop",
                      "the callback returns %s", describe(v, r).text);
    err = check_nothing_held(v, "when the callback ends");
    if (err != 0)
        return err;
    s->pc = callee->return_to;
    s->slot_count = callee->slot_base;
    s->frame_count--;
    slices_leave(v);
    state_top(s)->rounds++;
    v->here.from = s->pc;
    return 0;
}

/* --- Later
 * --------------------------------------------------------------------------------------------------------- */

static void set_up_async(struct verifier *v, void *user)
{
    const struct callback *c = user;
    (void)push_frame(v, c->call->callback, FRAME_ASYNC, 0);
    (void)set_arguments(v, c->call);
}

/* Walks that wait for each other; functions could not call each other deeper. */
#define NESTED_MAX BPF_CALL_DEPTH_MAX

/* Once for each function and map. */
int call_later(struct verifier *v, const struct call *call)
{
    struct callback c = { .call = call, .pc = v->state.pc };
    struct function *f = &v->functions[function_at(v, call->callback)];
    struct cost most;
    int err = check_function(v, call);
    if (err != 0 || f->async_map == call->map_index + 1)
        return err;
    if (v->nested >= NESTED_MAX)
        return refuse(v, -E2BIG, BPF_REJECT_CALL, "", "callbacks nest too deep");
    f->async_map = call->map_index + 1;
    f->is_async = true;
    bool slept = v->work_sleeps;
    v->work_sleeps = kind_of(call) == BPF_CALLBACK_WORK;
    err = walk_nested(v, set_up_async, &c, &most);
    v->work_sleeps = slept;
    if (err != 0)
        f->async_map = 0;
    return err;
}
