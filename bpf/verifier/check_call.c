/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Calls: helpers by the row of their table, the program's own functions by walking into them, and
 * exit. */
#include <axiom/string.h>

#include "walk.h"

/* --- Arguments of helpers
 * -------------------------------------------------------------------------------------------------
 */

struct call {
    const struct bpf_helper *helper;
    struct bpf_map *map; /* of its map argument */
    uint32_t map_index;
    uint32_t record_id;   /* of the record it releases */
    uint32_t record_size; /* of the record it makes */
};

static int refuse_argument(struct verifier *v, const struct call *call, uint32_t reg_number,
                           const char *wants)
{
    struct description is = describe(v, state_reg(&v->state, reg_number));
    return refuse(v, -EACCES, BPF_REJECT_ARGUMENT, "",
                  "argument %u of bpf_%s() must be %s, but r%u is %s", reg_number,
                  call->helper->name, wants, reg_number, is.text);
}

static int check_map_argument(struct verifier *v, struct call *call, uint32_t reg_number)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    if (r->type != REG_MAP)
        return refuse_argument(v, call, reg_number, "a map (&name)");
    call->map = v->request->maps[r->map];
    call->map_index = r->map;
    if ((call->helper->map_types & call->map->ops->bit) != 0)
        return 0;
    return refuse(v, -EACCES, BPF_REJECT_MAP, "",
                  "bpf_%s() cannot take the map '%s', which is of type %s", call->helper->name,
                  call->map->name, call->map->ops->name);
}

/* `least` to `most` bytes of memory are read, or all of at least `least` written. */
static int check_memory(struct verifier *v, uint32_t reg_number, uint64_t least, uint64_t most,
                        enum access access)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    int err = check_region(v, reg_number, 0, most, access);
    if (err != 0 || r->type != REG_STACK)
        return err;
    int64_t from = r->n.smin, to = r->n.smax + (int64_t)most;
    if (access == ACCESS_READ)
        return stack_check_set(v, r->frame, from, to);
    if (!scalar_is_const(&r->n))
        return stack_clobber(v, r->frame, from, to, false);
    err = stack_clobber(v, r->frame, from, from + (int64_t)least, true);
    return err != 0 ? err : stack_clobber(v, r->frame, from + (int64_t)least, to, false);
}

#define SIZE_LIMIT (UINT64_C(1) << 29)

/* The size in register `reg_number` of the memory in the one before. */
static int check_size(struct verifier *v, const struct call *call, uint32_t reg_number,
                      bool zero_allowed)
{
    enum bpf_arg_type memory = call->helper->args[reg_number - 2];
    const struct reg *size = state_reg(&v->state, reg_number);
    if (size->type != REG_NUMBER)
        return refuse_argument(v, call, reg_number, "a number of bytes");
    mark_precise(v, size->deps);
    if (size->n.umax >= SIZE_LIMIT) {
        struct description n = describe_number(&size->n);
        return refuse(
            v, -EACCES, BPF_REJECT_ARGUMENT, "bound it first: if (size > sizeof(buffer)) return 0;",
            "argument %u of bpf_%s(), a size, may be %s", reg_number, call->helper->name, n.text);
    }
    if (size->n.umin == 0 && !zero_allowed)
        return refuse_argument(v, call, reg_number, "at least 1 byte");
    const struct reg *at = state_reg(&v->state, reg_number - 1);
    if (size->n.umax == 0 && at->type == REG_NUMBER)
        return 0;
    return check_memory(v, reg_number - 1, size->n.umin, size->n.umax,
                        memory == BPF_ARG_MEM_WRITE ? ACCESS_WRITE : ACCESS_READ);
}

static int check_record(struct verifier *v, struct call *call, uint32_t reg_number)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    if (r->type != REG_RECORD)
        return refuse_argument(v, call, reg_number, "a record of bpf_ringbuf_reserve()");
    if (r->may_be_null)
        return refuse(v, -EACCES, BPF_REJECT_NULL, "test it first: if (!record) return 0;",
                      "r%u, the record for bpf_%s(), may be NULL", reg_number, call->helper->name);
    if (!scalar_is_const(&r->n) || r->n.umin != 0)
        return refuse_argument(v, call, reg_number, "the record's beginning");
    if (!state_has_reference(&v->state, r->id))
        return refuse_argument(v, call, reg_number, "a record not yet submitted");
    call->record_id = r->id;
    return 0;
}

static int check_const_size(struct verifier *v, struct call *call, uint32_t reg_number)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    if (r->type != REG_NUMBER || !scalar_is_const(&r->n) || r->n.umin == 0 ||
        r->n.umin >= SIZE_LIMIT)
        return refuse_argument(v, call, reg_number, "a constant number of bytes (sizeof)");
    mark_precise(v, r->deps);
    call->record_size = (uint32_t)r->n.umin;
    return 0;
}

static int check_argument(struct verifier *v, struct call *call, uint32_t reg_number)
{
    enum bpf_arg_type type = call->helper->args[reg_number - 1];
    const struct reg *r = state_reg(&v->state, reg_number);
    if ((call->helper->flags & BPF_HELPER_VARIADIC) != 0 && reg_number >= 3) {
        /* An address would get out, and differs from run to run. */
        return reg_is_pointer(r) ? refuse_argument(v, call, reg_number, "a number") : 0;
    }
    int err = type == BPF_ARG_NONE ? 0 : check_set(v, reg_number);
    if (type == BPF_ARG_NONE || err != 0)
        return err;
    switch (type) {
    case BPF_ARG_SCALAR:
        return r->type == REG_NUMBER ? 0 : refuse_argument(v, call, reg_number, "a number");
    case BPF_ARG_MAP:
        return check_map_argument(v, call, reg_number);
    case BPF_ARG_MAP_KEY:
    case BPF_ARG_MAP_VALUE:
        if (call->map == NULL)
            return refuse_argument(v, call, reg_number, "preceded by a map");
        uint32_t size = type == BPF_ARG_MAP_KEY ? call->map->key_size : call->map->value_size;
        return check_memory(v, reg_number, size, size, ACCESS_READ);
    case BPF_ARG_MEM_READ:
    case BPF_ARG_MEM_WRITE:
        return 0; /* with its size, the next argument */
    case BPF_ARG_SIZE:
    case BPF_ARG_SIZE_OR_ZERO:
        return check_size(v, call, reg_number, type == BPF_ARG_SIZE_OR_ZERO);
    case BPF_ARG_CONST_SIZE:
        return check_const_size(v, call, reg_number);
    case BPF_ARG_RINGBUF_RECORD:
        return check_record(v, call, reg_number);
    case BPF_ARG_CONTEXT:
        return r->type == REG_CONTEXT && scalar_is_const(&r->n) && r->n.umin == 0
                   ? 0
                   : refuse_argument(v, call, reg_number, "the program's context");
    case BPF_ARG_NONE:
        break;
    }
    return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "",
                  "bpf_%s() has an argument this verifier cannot check", call->helper->name);
}

/* --- What a helper gives back
 * ------------------------------------------------------------------------------------------------
 */

static void forget_record(struct reg *r, void *user)
{
    const uint32_t *id = user;
    if (r->type == REG_RECORD && r->id == *id)
        *r = reg_unset();
}

static int acquire(struct verifier *v, const struct call *call, struct reg *out)
{
    struct state *s = &v->state;
    if (s->reference_count == REFERENCE_MAX)
        return refuse(v, -E2BIG, BPF_REJECT_REFERENCE, "submit the records before reserving more",
                      "more than %u ring buffer records at once", REFERENCE_MAX);
    *out = reg_pointer(REG_RECORD);
    out->size = call->record_size;
    out->may_be_null = 1;
    out->id = ++v->next_id;
    s->references[s->reference_count++] = (struct reference){ out->id, s->pc };
    return 0;
}

static int set_result(struct verifier *v, const struct call *call)
{
    struct reg result = reg_unset();
    int err = 0;
    switch (call->helper->returns) {
    case BPF_RETURN_VOID:
        break;
    case BPF_RETURN_SCALAR:
        result = reg_any_number();
        break;
    case BPF_RETURN_MAP_VALUE_OR_NULL:
        if (call->map == NULL)
            return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "", "bpf_%s() has no map",
                          call->helper->name);
        result = reg_pointer(REG_MAP_VALUE);
        result.map = call->map_index;
        result.size = call->map->value_size;
        result.may_be_null = 1;
        result.id = ++v->next_id;
        break;
    case BPF_RETURN_RINGBUF_RECORD_OR_NULL:
        err = acquire(v, call, &result);
        break;
    }
    for (uint32_t r = 0; r <= BPF_CALL_ARG_COUNT; r++)
        *state_reg(&v->state, r) = reg_unset();
    *state_reg(&v->state, 0) = result;
    return err;
}

int check_helper_call(struct verifier *v, const struct bpf_insn *insn)
{
    struct call call = { .helper = bpf_helper_find(v->env, (uint32_t)insn->imm) };
    if (call.helper == NULL)
        return refuse(v, -EINVAL, BPF_REJECT_HELPER, "include axiom/bpf.h of this kernel",
                      "there is no helper number %d", insn->imm);
    if (!bpf_helper_allowed(call.helper, v->context))
        return refuse(v, -EACCES, BPF_REJECT_HELPER,
                      call.helper->flags & BPF_HELPER_ACTUATOR
                          ? "a guard or policy may only allow, refuse or clamp; drive actuators "
                            "from another program"
                          : "",
                      "bpf_%s() is not available to programs of '%s'", call.helper->name,
                      v->context->section_prefix);
    if (call.helper->flags & BPF_HELPER_UNWIND)
        return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "", "bpf_%s() may end the program",
                      call.helper->name);
    for (uint32_t r = 1; r <= BPF_CALL_ARG_COUNT; r++) {
        int err = check_argument(v, &call, r);
        if (err != 0)
            return err;
    }
    if (call.record_id != 0) {
        state_drop_reference(&v->state, call.record_id);
        state_each_value(&v->state, forget_record, &call.record_id);
    }
    v->state.ns += call.helper->cost_ns;
    if (call.map != NULL)
        v->state.ns += (uint64_t)call.helper->entry_cost_ns * call.map->max_entries;
    return set_result(v, &call);
}

/* --- Functions of the program
 * --------------------------------------------------------------------------------------------------
 */

int check_local_call(struct verifier *v, const struct bpf_insn *insn)
{
    struct state *s = &v->state;
    if (s->frame_count == BPF_CALL_DEPTH_MAX)
        return refuse(v, -E2BIG, BPF_REJECT_CALL,
                      "no recursion; fewer functions that call each other",
                      "calls nest deeper than %u frames", BPF_CALL_DEPTH_MAX);
    struct frame *caller = state_top(s);
    struct frame *callee = &s->frames[s->frame_count];
    memset(callee, 0, sizeof *callee);
    for (uint32_t r = 1; r <= BPF_CALL_ARG_COUNT; r++)
        callee->regs[r] = caller->regs[r];
    for (uint32_t r = 0; r <= BPF_CALL_ARG_COUNT; r++)
        caller->regs[r] = reg_unset();
    callee->regs[BPF_REG_FP] = reg_pointer(REG_STACK);
    callee->regs[BPF_REG_FP].frame = (uint8_t)s->frame_count;
    callee->return_to = s->pc + 1;
    callee->slot_base = s->slot_count;
    s->frame_count++;
    if (s->frame_count > v->call_depth)
        v->call_depth = s->frame_count;
    s->pc = (uint32_t)((int64_t)s->pc + 1 + insn->imm);
    return 0;
}

static int leave_function(struct verifier *v)
{
    struct state *s = &v->state;
    struct frame *callee = state_top(s);
    const struct reg result = callee->regs[0];
    if (result.type == REG_STACK && result.frame + 1u == s->frame_count)
        return refuse(v, -EACCES, BPF_REJECT_POINTER_LEAK, "return the data, not its address",
                      "a function returns the address of its own local variable");
    s->pc = callee->return_to;
    s->slot_count = callee->slot_base;
    s->frame_count--;
    *state_reg(s, 0) = result;
    return 0;
}

static int refuse_lost_record(struct verifier *v, uint32_t reserved_at)
{
    const struct bpf_debug_line *line = bpf_debug_line_at(v->request->debug, reserved_at);
    const char *mend =
        "call bpf_ringbuf_submit() or bpf_ringbuf_discard() on every path to the end";
    if (line == NULL)
        return refuse(
            v, -EACCES, BPF_REJECT_REFERENCE, mend,
            "the record reserved at insn %u is neither submitted nor discarded on this path",
            reserved_at);
    return refuse(v, -EACCES, BPF_REJECT_REFERENCE, mend,
                  "the record reserved in line %u is neither submitted nor discarded on this path",
                  line->line);
}

int check_exit(struct verifier *v, bool *path_ends)
{
    struct state *s = &v->state;
    if (s->frame_count > 1)
        return leave_function(v);
    int err = check_set(v, 0);
    if (err != 0)
        return err;
    if (reg_is_pointer(state_reg(s, 0))) {
        struct description is = describe(v, state_reg(s, 0));
        return refuse(v, -EACCES, BPF_REJECT_POINTER_LEAK, "return a number",
                      "the program returns %s", is.text);
    }
    if (s->reference_count != 0)
        return refuse_lost_record(v, s->references[0].insn_index);
    *path_ends = true;
    return 0;
}
