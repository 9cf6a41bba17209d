/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Functions of the program, and the end of functions and runs.
 *
 * A static function is walked into at each call, with what is known of its arguments there. A
 * global one is checked once, with arguments of which only their types are known, when the first
 * call of it is met; calls then check that the arguments are of those types and learn nothing of
 * the result. So its callers cost no more walking however often they call it. */
#include <axiom/string.h>

#include "dynptr.h"
#include "parameter.h"

/* --- The list of them
 * ------------------------------------------------------------------------------------------------- */

static void describe_function(struct verifier *v, struct function *f)
{
    const struct bpf_debug_func *info = bpf_debug_func_at(v->request->debug, f->start);
    if (v->request->btf == NULL || info == NULL || info->insn_index != f->start)
        return;
    f->type_id = info->type_id;
    f->is_global = info->is_global && info->type_id != 0 && f->start != 0;
}

/* --- What bpf_throw() calls in the end, if the program names something (__exception_cb()): "exception_callback:NAME"
 * --------- */

#define EXCEPTION_TAG "exception_callback:"

static int refuse_callback(struct verifier *v, const char *why)
{
    v->state.pc = 0;
    return refuse(v, -EINVAL, BPF_REJECT_CALL, "", "the exception callback: %s", why);
}

static uint32_t count_tags(const struct bpf_btf *btf, uint32_t function)
{
    uint32_t count = 0;
    for (uint32_t id = 1; id <= bpf_btf_type_count(btf); id++) {
        struct bpf_btf_type tag;
        count += bpf_btf_type_at(btf, id, &tag) && tag.kind == BPF_BTF_DECL_TAG && tag.size_or_type == function &&
                 strncmp(tag.name, EXCEPTION_TAG, sizeof EXCEPTION_TAG - 1) == 0;
    }
    return count;
}

int find_exception_callback(struct verifier *v)
{
    const struct bpf_debug_info *debug = v->request->debug;
    const struct bpf_debug_func *info = bpf_debug_func_at(debug, 0);
    if (v->request->btf == NULL || info == NULL || info->insn_index != 0 || info->type_id == 0)
        return 0;
    const char *name = bpf_btf_decl_tag(v->request->btf, info->type_id, BPF_BTF_WHOLE, EXCEPTION_TAG);
    if (name == NULL)
        return 0;
    if (count_tags(v->request->btf, info->type_id) > 1)
        return refuse_callback(v, "there is more than one");
    for (uint32_t i = 0; i < debug->func_count; i++) {
        const struct bpf_debug_func *f = &debug->funcs[i];
        if (strcmp(f->name, name) != 0 || f->insn_index == 0 || f->insn_index >= v->insn_count ||
            v->info[f->insn_index].second)
            continue;
        if (!f->is_global || f->type_id == 0)
            return refuse_callback(v, "it must be global");
        v->exception_start = f->insn_index;
        v->has_functions = true;
        v->info[f->insn_index].function = v->info[f->insn_index].join = 1;
        return 0;
    }
    return refuse_callback(v, "there is no such function");
}

static bool is_exception_callback(const struct verifier *v, uint32_t function)
{
    return v->exception_start != 0 && v->functions[function].start == v->exception_start;
}

static int check_global_function(struct verifier *v, uint32_t index);

int check_exception_callback(struct verifier *v)
{
    struct parameters parameters;
    if (v->exception_start == 0)
        return 0;
    uint32_t index = function_at(v, v->exception_start);
    if (v->functions[index].checked != FUNCTION_UNCHECKED)
        return 0;
    int err = parameters_of(v, index, &parameters);
    if (err == 0 && (parameters.count != 1 || parameters.each[0].kind != PARAMETER_NUMBER))
        err = refuse_callback(v, "its one parameter must be a number");
    if (err == 0)
        err = check_global_function(v, index);
    if (err == 0 && v->functions[index].throws)
        err = refuse_callback(v, "it cannot throw");
    return err;
}

int functions_find(struct verifier *v)
{
    uint32_t count = 0;
    uint32_t end = v->has_functions ? v->insn_count : 1;
    for (uint32_t pc = 0; pc < end; pc++)
        count += v->info[pc].function;
    v->functions = verifier_alloc(v, count * sizeof *v->functions);
    if (v->functions == NULL)
        return refuse_memory(v);
    for (uint32_t pc = 0; pc < end; pc++) {
        if (!v->info[pc].function)
            continue;
        struct function *f = &v->functions[v->function_count++];
        f->start = pc;
        describe_function(v, f);
    }
    return 0;
}

uint32_t function_at(const struct verifier *v, uint32_t pc)
{
    uint32_t low = 0, high = v->function_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (v->functions[middle].start <= pc)
            low = middle;
        else
            high = middle;
    }
    return low;
}

const char *function_name(const struct verifier *v, uint32_t function)
{
    const struct bpf_debug_func *info =
        bpf_debug_func_at(v->request->debug, v->functions[function].start);
    return info != NULL && info->insn_index == v->functions[function].start ? info->name : "?";
}

/* --- Depth of calls
 * --------------------------------------------------------------------------------------------------- */

/* Linux gives each frame a multiple of 16 bytes. */
static uint32_t rounded(uint32_t bytes)
{
    return (bytes + 15u) & ~15u;
}

static uint32_t frame_bytes(const struct function *f)
{
    return rounded(f->stack_bytes);
}

/* What counts against the limit of the whole chain. */
static uint32_t counted_bytes(const struct function *f)
{
    return rounded(fastcall_stack(f));
}

static int refuse_depth(struct verifier *v, uint32_t pc, const char *what, uint32_t limit,
                        const char *unit)
{
    v->state.pc = pc;
    return refuse(v, -EACCES, BPF_REJECT_STACK,
                  "fewer functions that call each other, smaller variables", "%s %u %s", what, limit, unit);
}

/* The call at `pc` lets its function begin where the caller's frames end. */
static bool deepen(struct verifier *v, const struct function *caller, uint32_t pc)
{
    uint32_t op = insn_row(v, pc)->op;
    if (op != BPF_OP_CALL_LOCAL && op != BPF_OP_LD_FUNC)
        return false;
    struct function *callee =
        &v->functions[function_at(v, (uint32_t)((int64_t)pc + 1 + v->insns[pc].imm))];
    bool own_stack = callee->is_async && op == BPF_OP_LD_FUNC;
    uint32_t below = own_stack ? 0 : caller->below + frame_bytes(caller);
    uint32_t counted = own_stack ? 0 : caller->below_counted + counted_bytes(caller);
    uint32_t depth = own_stack ? 1 : caller->depth + 1;
    bool deeper = below > callee->below || counted > callee->below_counted || depth > callee->depth;
    if (below > callee->below)
        callee->below = below;
    if (counted > callee->below_counted)
        callee->below_counted = counted;
    if (depth > callee->depth)
        callee->depth = depth;
    return deeper;
}

static bool deepen_all(struct verifier *v)
{
    bool changed = false;
    for (uint32_t i = 0; i < v->function_count; i++) {
        uint32_t end = i + 1 < v->function_count ? v->functions[i + 1].start : v->insn_count;
        for (uint32_t pc = v->functions[i].start; pc < end && v->functions[i].depth != 0;
             pc += bpf_insn_slots(&v->insns[pc]))
            changed |= deepen(v, &v->functions[i], pc);
    }
    return changed;
}

/* Each sweep brings every chain one call further at least: what still changes after as many as
 * there may be frames is recursion, or too deep. */
int functions_check_depth(struct verifier *v, uint32_t *stack_bytes)
{
    bool changed = v->has_functions;
    uint32_t limit = bpf_context_has_rule(v->context, BPF_RULE_LINUX)
                         ? v->context->stack_limit
                         : v->context->stack_limit * BPF_CALL_DEPTH_MAX;
    v->functions[0].depth = 1;
    for (uint32_t sweep = 0; changed && sweep <= BPF_CALL_DEPTH_MAX; sweep++)
        changed = deepen_all(v);
    *stack_bytes = 0;
    for (uint32_t i = 0; i < v->function_count; i++) {
        const struct function *f = &v->functions[i];
        if (f->depth > BPF_CALL_DEPTH_MAX || changed)
            return refuse_depth(v, f->start, "calls may nest deeper than", BPF_CALL_DEPTH_MAX,
                                "frames");
        if (f->below_counted + counted_bytes(f) > limit)
            return refuse_depth(v, f->start, "nested calls together need more stack than", limit,
                                "bytes");
        if (f->has_tail_call && f->below_counted >= TAIL_CALL_STACK && f->depth > 1)
            return refuse_depth(v, f->start,
                                "a tail call in a function whose callers use more stack than",
                                TAIL_CALL_STACK, "bytes");
        if (f->below + frame_bytes(f) > *stack_bytes)
            *stack_bytes = f->below + frame_bytes(f);
        if (frame_bytes(f) > v->result->bounds.frame_bytes)
            v->result->bounds.frame_bytes = frame_bytes(f);
        if (f->depth > v->call_depth)
            v->call_depth = f->depth;
    }
    return 0;
}

/* --- Calls
 * ------------------------------------------------------------------------------------------------------------ */

int push_frame(struct verifier *v, uint32_t target, enum frame_kind kind, uint32_t return_to)
{
    struct state *s = &v->state;
    if (s->frame_count == BPF_CALL_DEPTH_MAX)
        return refuse(v, -E2BIG, BPF_REJECT_CALL,
                      "no recursion; fewer functions that call each other",
                      "calls nest deeper than %u frames", BPF_CALL_DEPTH_MAX);
    struct frame *callee = &s->frames[s->frame_count];
    memset(callee, 0, sizeof *callee);
    callee->regs[BPF_REG_FP] = reg_pointer(REG_STACK);
    callee->regs[BPF_REG_FP].frame = (uint8_t)s->frame_count;
    callee->return_to = return_to;
    callee->slot_base = s->slot_count;
    callee->function = function_at(v, target);
    callee->kind = (uint8_t)kind;
    callee->invocation = ++v->next_id;
    s->frame_count++;
    if (s->frame_count > v->call_depth)
        v->call_depth = s->frame_count;
    s->pc = target;
    return 0;
}

static int enter_static(struct verifier *v, uint32_t target)
{
    struct state *s = &v->state;
    struct frame *caller = state_top(s);
    int err = push_frame(v, target, FRAME_PROGRAM, s->pc + 1);
    if (err != 0)
        return err;
    struct frame *callee = state_top(s);
    for (uint32_t r = 1; r <= BPF_CALL_ARG_COUNT; r++)
        callee->regs[r] = caller->regs[r];
    for (uint32_t r = 0; r <= BPF_CALL_ARG_COUNT; r++)
        caller->regs[r] = reg_unset();
    return 0;
}

/* The deepest chain of global functions that begin to be checked inside each other; the stack of
 * calls could not be deeper. */
#define NESTED_MAX BPF_CALL_DEPTH_MAX

static int check_global_function(struct verifier *v, uint32_t index)
{
    struct function *f = &v->functions[index];
    if (f->checked == FUNCTION_CHECKED)
        return 0;
    if (f->checked == FUNCTION_CHECKING || v->nested == NESTED_MAX)
        return refuse(v, -EINVAL, BPF_REJECT_CALL, "no recursion",
                      "%s() calls itself, directly or by way of others, or calls nest too deep",
                      function_name(v, index));
    bool changed_before = v->packet_changed, threw_before = v->throws, aligned_before = v->wants_aligned;
    v->packet_changed = v->throws = v->wants_aligned = false;
    f->checked = FUNCTION_CHECKING;
    struct parameters parameters;
    int err = parameters_of(v, index, &parameters);
    if (err == 0)
        err = walk_nested(v, parameters_set_up, &parameters, &f->most);
    f->checked = err == 0 ? FUNCTION_CHECKED : FUNCTION_UNCHECKED;
    f->changes_packet = v->packet_changed;
    f->throws = v->throws;
    f->wants_aligned = v->wants_aligned;
    v->wants_aligned = aligned_before;
    v->packet_changed = changed_before;
    v->throws = threw_before;
    return err;
}

static int call_global(struct verifier *v, uint32_t index)
{
    struct state *s = &v->state;
    struct parameters parameters;
    if (s->regions.lock_map != 0 || s->regions.no_preempt != 0)
        return refuse(v, -EINVAL, BPF_REJECT_CALL, "make the function static",
                      "global functions cannot be called while %s",
                      s->regions.lock_map != 0 ? "a lock is held" : "preemption is off");
    int err = parameters_of(v, index, &parameters);
    if (err == 0)
        err = parameters_check_call(v, &parameters);
    if (err == 0)
        err = check_global_function(v, index);
    if (err != 0)
        return err;
    const struct function *f = &v->functions[index];
    err = parameters_check_uses(v, &parameters);
    if (err != 0)
        return err;
    if (f->changes_packet)
        packet_changed(v);
    v->throws |= f->throws;
    if (f->throws && (s->reference_count != 0 || s->regions.rcu != 0))
        return refuse(v, -EINVAL, BPF_REJECT_REFERENCE, "release it before",
                      "%s() may throw, and something acquired or entered is held",
                      function_name(v, index));
    add_cost(s, &f->most);
    for (uint32_t r = 1; r <= BPF_CALL_ARG_COUNT; r++)
        *state_reg(s, r) = reg_unset();
    *state_reg(s, 0) = reg_any_number();
    s->pc++;
    return 0;
}

int check_local_call(struct verifier *v, const struct bpf_insn *insn)
{
    uint32_t target = (uint32_t)((int64_t)v->state.pc + 1 + insn->imm);
    uint32_t function = function_at(v, target);
    if (is_exception_callback(v, function))
        return refuse(v, -EINVAL, BPF_REJECT_CALL, "", "%s() is the exception callback: it cannot be called directly",
                      function_name(v, function));
    return v->functions[function].is_global ? call_global(v, function) : enter_static(v, target);
}

/* --- The end
 * ---------------------------------------------------------------------------------------------------------- */

static int leave_function(struct verifier *v)
{
    struct state *s = &v->state;
    struct frame *callee = state_top(s);
    const struct reg result = callee->regs[0];
    /* Linux takes no function that hands its caller's own stack back, either (prepare_func_exit()). */
    bool own = result.frame + 1u == s->frame_count;
    if (result.type == REG_STACK && (own || has_rule(v, BPF_RULE_LINUX)))
        return refuse(v, -EACCES, BPF_REJECT_POINTER_LEAK, "return the data, not its address",
                      "a function returns the address of %s local variable", own ? "its own" : "its caller's");
    s->pc = callee->return_to;
    s->slot_count = callee->slot_base;
    s->frame_count--;
    *state_reg(s, 0) = result;
    slices_leave(v);
    return 0;
}

int check_result(struct verifier *v, const struct reg *r)
{
    const struct bpf_context_layout *layout = v->context;
    if (!layout->result_checked)
        return 0;
    bool half = has_rule(v, BPF_RULE_RESULT_32);
    int64_t least = half ? r->n.smin32 : r->n.smin, most = half ? r->n.smax32 : r->n.smax;
    mark_precise(v, r->deps);
    if (least >= layout->result_min && most <= layout->result_max)
        return 0;
    return refuse(
        v, -EINVAL, BPF_REJECT_TYPE,
        "return one of these on every path; a constant, or a number that was compared first",
        "programs of '%s' return %d to %d, but r0 is %s", layout->section_prefix,
        (int)layout->result_min, (int)layout->result_max, describe(v, r).text);
}

/* Of a function that was checked on its own: its callers take any number. */
static int check_function_result(struct verifier *v)
{
    const struct reg *r = state_reg(&v->state, 0);
    const struct frame *frame = state_top(&v->state);
    if (r->type != REG_NUMBER)
        return refuse(v, -EINVAL, BPF_REJECT_TYPE, "return a number", "%s() returns %s",
                      function_name(v, frame->function), describe(v, r).text);
    if (frame->kind != FRAME_ASYNC)
        return 0;
    mark_precise(v, r->deps);
    if (reg_is_null(r))
        return 0;
    return refuse(v, -EINVAL, BPF_REJECT_TYPE, "return 0", "%s(), called by a timer, returns %s",
                  function_name(v, frame->function), describe(v, r).text);
}

/* A program in place of a function that returns nothing. */
static bool returns_nothing(const struct verifier *v)
{
    return (has_rule(v, BPF_RULE_HOOK_RESULT) || v->context->prog_type == PROG_STRUCT_OPS) &&
           attached_returns_nothing(v);
}

int check_exit(struct verifier *v, bool *path_ends)
{
    struct state *s = &v->state;
    if (s->frame_count > 1 && state_top(s)->kind == FRAME_CALLBACK)
        return check_callback_exit(v);
    if (s->frame_count > 1)
        return leave_function(v);
    bool callback = is_exception_callback(v, state_top(s)->function);
    bool program = state_top(s)->kind == FRAME_PROGRAM || callback;
    int found = program && !callback ? check_exception_callback(v) : 0;
    if (found != 0)
        return found;
    if (program && returns_nothing(v)) {
        int held = check_nothing_held(v, "on this path");
        *path_ends = held == 0;
        return held;
    }
    int err = check_set(v, 0);
    if (err == 0 && !program) {
        err = check_function_result(v);
        if (err == 0)
            err = check_nothing_held(v, "on this path");
        *path_ends = err == 0;
        return err;
    }
    if (err != 0)
        return err;
    if (reg_is_pointer(state_reg(s, 0)) &&
        (v->context->result_checked || !has_rule(v, BPF_RULE_POINTER_LEAKS))) {
        struct description is = describe(v, state_reg(s, 0));
        return refuse(v, -EACCES, BPF_REJECT_POINTER_LEAK, "return a number",
                      "the program returns %s", is.text);
    }
    err = check_result(v, state_reg(s, 0));
    if (err == 0)
        err = check_nothing_held(v, "on this path");
    *path_ends = err == 0;
    return err;
}
