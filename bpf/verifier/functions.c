/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Functions of the program, by walking into them, and the end of functions and runs. */
#include <axiom/string.h>

#include "call.h"

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
    err = check_nothing_held(v, "on this path");
    *path_ends = err == 0;
    return err;
}
