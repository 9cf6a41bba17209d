/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Helper calls, by the row of their table: arguments in order, what the call takes away, the
 * result. */
#include <axiom/string.h>

#include "dynptr.h"

/* --- Arguments
 * -------------------------------------------------------------------------------------------------------- */

static bool may_be_pointer(const struct verifier *v, enum bpf_arg_type type)
{
    return type == BPF_ARG_ANYTHING && bpf_context_has_rule(v->context, BPF_RULE_POINTER_LEAKS);
}

static int check_number(struct verifier *v, struct call *call, uint32_t reg_number,
                        enum bpf_arg_type type)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    if (r->type == REG_NUMBER || may_be_pointer(v, type))
        return 0;
    return refuse_argument(v, call, reg_number, "a number");
}

static bool reg_is_at_start(const struct reg *r)
{
    return scalar_is_const(&r->n) && r->n.umin == 0;
}

static int check_stack(struct verifier *v, struct call *call, uint32_t reg_number)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    if (reg_is_null(r))
        mark_precise(v, r->deps);
    if (r->type == REG_STACK || reg_is_null(r))
        return 0;
    return refuse_argument(v, call, reg_number, "a pointer to the stack, or NULL");
}

static int check_context_argument(struct verifier *v, struct call *call, uint32_t reg_number)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    if (r->type == REG_CONTEXT && scalar_is_const(&r->n) && r->n.umin == 0)
        return 0;
    return refuse_argument(v, call, reg_number, "the program's context");
}

static int check_argument(struct verifier *v, struct call *call, uint32_t reg_number)
{
    const struct bpf_helper *helper = call->helper;
    enum bpf_arg_type type = helper->args[reg_number - 1], base = type & BPF_ARG_BASE;
    const struct reg *r = state_reg(&v->state, reg_number);
    if ((helper->flags & BPF_HELPER_VARIADIC) != 0 && reg_number >= 3) {
        /* An address would get out, and differs from run to run. */
        return reg_is_pointer(r) && !may_be_pointer(v, BPF_ARG_ANYTHING)
                   ? refuse_argument(v, call, reg_number, "a number")
                   : 0;
    }
    int err = type == BPF_ARG_NONE ? 0 : check_set(v, reg_number);
    if (type == BPF_ARG_NONE || err != 0)
        return err;
    if ((type & BPF_ARG_OR_NULL) != 0 && reg_is_null(r)) {
        mark_precise(v, r->deps);
        return 0;
    }
    switch (base) {
    case BPF_ARG_SCALAR:
    case BPF_ARG_ANYTHING:
        return check_number(v, call, reg_number, base);
    case BPF_ARG_MAP:
        return check_map_argument(v, call, reg_number);
    case BPF_ARG_MAP_KEY:
    case BPF_ARG_MAP_VALUE:
        if (base == BPF_ARG_MAP_VALUE && call->map != NULL &&
            (call->map->ops->bit & (BPF_MAP_BIT_SOCKMAP | BPF_MAP_BIT_SOCKHASH)) != 0)
            return check_object(v, call, reg_number, BPF_ARG_ANY_SOCK);
        return check_map_element(v, call, reg_number, base);
    case BPF_ARG_MAP_VALUE_OUT:
        return check_map_element(v, call, reg_number, base);
    case BPF_ARG_MEM_READ:
    case BPF_ARG_MEM_WRITE:
    case BPF_ARG_MEM_UPDATE:
        if (r->type == REG_NUMBER && bpf_context_has_rule(v->context, BPF_RULE_LINUX))
            return refuse_argument(v, call, reg_number, "a pointer to memory");
        return 0; /* with its size, the next argument */
    case BPF_ARG_SIZE:
    case BPF_ARG_SIZE_OR_ZERO:
        return check_size(v, call, reg_number, helper->args[reg_number - 2] & BPF_ARG_BASE,
                          base == BPF_ARG_SIZE_OR_ZERO);
    case BPF_ARG_CONST_SIZE:
        return check_const_size(v, call, reg_number);
    case BPF_ARG_FIXED_READ:
    case BPF_ARG_FIXED_WRITE:
    case BPF_ARG_FIXED_UPDATE:
        return check_fixed(v, call, reg_number, base, helper->fixed_sizes[reg_number - 1]);
    case BPF_ARG_CONST_STRING:
        return check_const_string(v, call, reg_number);
    case BPF_ARG_ZERO:
        if (!reg_is_null(r))
            return refuse_argument(v, call, reg_number, "0");
        mark_precise(v, r->deps);
        return 0;
    case BPF_ARG_CONTEXT:
        return check_context_argument(v, call, reg_number);
    case BPF_ARG_CALLBACK:
        if (r->type != REG_FUNCTION || !reg_is_at_start(r))
            return refuse_argument(v, call, reg_number, "a function of the program");
        call->callback = r->function;
        return 0;
    case BPF_ARG_STACK:
        return check_stack(v, call, reg_number);
    default:
        return check_object(v, call, reg_number, type);
    }
}

/* Linux takes one argument at most that lives by a reference (check_func_arg()). */
static int check_references(struct verifier *v, const struct call *call)
{
    uint32_t count = 0;
    for (uint32_t r = 1; r <= BPF_CALL_ARG_COUNT && has_rule(v, BPF_RULE_LINUX); r++) {
        enum bpf_arg_type base = call->helper->args[r - 1] & BPF_ARG_BASE;
        bool counts = base != BPF_ARG_NONE && base != BPF_ARG_ANYTHING && base != BPF_ARG_SCALAR &&
                      base != BPF_ARG_KPTR && reg_is_pointer(state_reg(&v->state, r));
        count += counts && reg_reference(state_reg(&v->state, r)) != 0;
    }
    return count <= 1 ? 0
                      : refuse(v, -EFAULT, BPF_REJECT_ARGUMENT, "copy one of them to the stack",
                               "more than one argument of bpf_%s() was acquired by this program", call->name);
}

/* --- What a helper gives back
 * ----------------------------------------------------------------------------------------- */

#define ERRNO_MAX 4095

static struct reg number_between(int64_t from, int64_t to)
{
    struct reg out = reg_any_number();
    struct reg low = reg_const((uint64_t)from), high = reg_const((uint64_t)to);
    (void)scalar_assume(COND_SGE, &out.n, &low.n, false, BITS);
    (void)scalar_assume(COND_SLE, &out.n, &high.n, false, BITS);
    return out;
}

/* Of the CPU that it runs on: as many as the kernel's sets of CPUs have bits, at most. */
static struct reg cpu_number(const struct verifier *v)
{
    uint32_t size, set = has_rule(v, BPF_RULE_LINUX) ? kernel_type(v, "cpumask") : 0;
    if (set == 0 || bpf_btf_size(v->request->kernel_btf, set, &size) != 0 || size == 0 || size > UINT16_MAX)
        return reg_any_number();
    return number_between(0, (int64_t)size * 8 - 1);
}

/* Some maps do not hold values but objects. */
static int give_map_object(struct verifier *v, const struct call *call, struct reg *out)
{
    const uint32_t socks = BPF_MAP_BIT_SOCKMAP | BPF_MAP_BIT_SOCKHASH;
    uint32_t bit = call->map->ops->bit;
    out->map = 0;
    out->size = 0;
    if ((bit & (BPF_MAP_BIT_ARRAY_OF_MAPS | BPF_MAP_BIT_HASH_OF_MAPS)) != 0) {
        out->type = REG_MAP;
        out->map = call->map_index;
        out->attr = REG_INNER;
        return 0;
    }
    out->type = REG_SOCKET;
    out->type_id = (bit & socks) != 0 ? SOCKET_FULL : SOCKET_XDP;
    if ((bit & socks) == 0)
        return 0;
    int err = reference_acquire(v, &out->id);
    out->ref = out->id;
    return err;
}

static int give_map_value(struct verifier *v, const struct call *call, bool or_null,
                          struct reg *out)
{
    const uint32_t objects = BPF_MAP_BIT_ARRAY_OF_MAPS | BPF_MAP_BIT_HASH_OF_MAPS |
                             BPF_MAP_BIT_XSKMAP | BPF_MAP_BIT_SOCKMAP | BPF_MAP_BIT_SOCKHASH;
    if (call->map == NULL)
        return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "", "bpf_%s() has no map", call->name);
    *out = reg_pointer(REG_MAP_VALUE);
    out->map = call->map_index;
    out->attr = call->map_attr;
    out->size = call->map->value_size;
    out->may_be_null = or_null;
    out->id = ++v->next_id;
    return (call->map->ops->bit & objects) != 0 ? give_map_object(v, call, out) : 0;
}

static int give_record(struct verifier *v, const struct call *call, struct reg *out)
{
    *out = reg_pointer(REG_RECORD);
    out->size = call->record_size;
    out->may_be_null = 1;
    return reference_acquire(v, &out->id);
}

static int give_socket(struct verifier *v, const struct call *call, enum socket_kind kind,
                       struct reg *out)
{
    *out = reg_pointer(REG_SOCKET);
    out->type_id = kind;
    out->may_be_null = 1;
    out->ref = call->lives_by;
    if ((call->helper->flags & BPF_HELPER_ACQUIRES) == 0) {
        out->id = ++v->next_id;
        return 0;
    }
    int err = reference_acquire(v, &out->id);
    out->ref = out->id;
    return err;
}

static int give(struct verifier *v, const struct call *call, struct reg *out)
{
    *out = reg_unset();
    switch (call->helper->returns) {
    case BPF_RETURN_VOID:
        return 0;
    case BPF_RETURN_SCALAR:
        *out = call->helper->id == BPF_FUNC_get_smp_processor_id ? cpu_number(v) : reg_any_number();
        return 0;
    case BPF_RETURN_ERROR:
        *out = number_between(-ERRNO_MAX, 0);
        return 0;
    case BPF_RETURN_SIZE:
        *out = number_between(-ERRNO_MAX, (int64_t)call->size_most);
        return 0;
    case BPF_RETURN_MAP_VALUE:
    case BPF_RETURN_MAP_VALUE_OR_NULL:
        return give_map_value(v, call, call->helper->returns == BPF_RETURN_MAP_VALUE_OR_NULL, out);
    case BPF_RETURN_RINGBUF_RECORD_OR_NULL:
        return give_record(v, call, out);
    case BPF_RETURN_SOCKET_OR_NULL:
        return give_socket(v, call, SOCKET_FULL, out);
    case BPF_RETURN_SOCK_COMMON_OR_NULL:
        return give_socket(v, call, SOCKET_COMMON, out);
    case BPF_RETURN_TCP_SOCK_OR_NULL:
        return give_socket(v, call, SOCKET_TCP, out);
    case BPF_RETURN_DYNPTR_MEM_OR_NULL:
        *out = dynptr_slice(v, call, call->record_size, (call->dynptr.attr & REG_READ_ONLY) != 0 &&
                                                            call->dynptr.type == REG_SLOT_DYNPTR);
        out->may_be_null = 1;
        out->id = ++v->next_id;
        return 0;
    case BPF_RETURN_PERCPU_MEM:
    case BPF_RETURN_PERCPU_MEM_OR_NULL:
        *out = reg_pointer(REG_BTF);
        out->type_id = call->percpu_type;
        out->attr = call->percpu_attr;
        out->may_be_null = call->helper->returns == BPF_RETURN_PERCPU_MEM_OR_NULL;
        out->id = ++v->next_id;
        return 0;
    case BPF_RETURN_KPTR_OR_NULL:
        return give_kptr(v, call, out);
    case BPF_RETURN_BTF:
        return give_btf_object(v, call, call->helper->return_name, REG_TRUSTED, false, out);
    case BPF_RETURN_BTF_OR_NULL:
        return give_btf_object(v, call, call->helper->return_name, 0, true, out);
    default:
        return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "",
                      "bpf_%s() gives back what this verifier does not know", call->name);
    }
}

static int set_result(struct verifier *v, const struct call *call)
{
    struct reg result;
    int err = give(v, call, &result);
    for (uint32_t r = 1; r <= BPF_CALL_ARG_COUNT; r++)
        reg_forget(state_reg(&v->state, r));
    *state_reg(&v->state, 0) = result;
    return err;
}

/* --- A call
 * ----------------------------------------------------------------------------------------------------------- */

/* Functions of the kernel in which locks of paths may be taken (kernel/trace/bpf_trace.c,
 * btf_allowlist_d_path). Hooks and iterators are not told apart here. */
static bool may_ask_for_path(const struct verifier *v)
{
    static const char *const functions[] = {
        "security_file_permission",
        "security_inode_getattr",
        "security_file_open",
        "security_path_truncate",
        "vfs_truncate",
        "vfs_fallocate",
        "dentry_open",
        "vfs_getattr",
        "filp_close",
    };
    struct bpf_btf_type target;
    if (v->request->kernel_btf == NULL ||
        !bpf_btf_type_at(v->request->kernel_btf, v->request->attach_btf_id, &target))
        return false;
    if (strncmp(target.name, "bpf_lsm_", 8) == 0)
        return lsm_hook_may_sleep(v);
    if (strncmp(target.name, "bpf_iter_", 9) == 0)
        return true;
    for (uint32_t i = 0; i < ARRAY_SIZE(functions); i++)
        if (strcmp(target.name, functions[i]) == 0)
            return true;
    return false;
}

/* As Linux has it (include/linux/license.h). A loader that says nothing of it answers for it. */
bool license_is_gpl(const struct verifier *v)
{
    const char *license = v->request->license;
    static const char *const names[] = {
        "GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"
    };
    for (uint32_t i = 0; license != NULL && i < ARRAY_SIZE(names); i++)
        if (strcmp(license, names[i]) == 0)
            return true;
    return license == NULL;
}

static int find_helper(struct verifier *v, const struct bpf_insn *insn, struct call *call)
{
    const struct bpf_helper *helper = bpf_helper_find_for(v->env, (uint32_t)insn->imm, v->context);
    if (helper == NULL)
        return refuse(v, -EINVAL, BPF_REJECT_HELPER,
                      "call a helper that this kind of program has (axiom/bpf.h, bpf/bpf_helpers.h)",
                      "there is no helper number %d", insn->imm);
    *call = (struct call){
        .name = helper->name,
        .helper = helper,
        .packet_arguments = (helper->flags & BPF_HELPER_PACKET_ARGUMENTS) != 0,
    };
    if (!bpf_helper_allowed(helper, v->context))
        return refuse(v, -EACCES, BPF_REJECT_HELPER,
                      helper->flags & BPF_HELPER_ACTUATOR
                          ? "a guard or policy may only allow, refuse or clamp; drive actuators "
                            "from another program"
                          : "",
                      "bpf_%s() is not available to programs of '%s'", call->name,
                      v->context->section_prefix);
    if (strcmp(helper->name, "d_path") == 0 && !may_ask_for_path(v))
        return refuse(v, -EINVAL, BPF_REJECT_HELPER, "", "bpf_%s() is not allowed in this function",
                      call->name);
    if (helper->is_gpl && !license_is_gpl(v))
        return refuse(v, -EINVAL, BPF_REJECT_HELPER,
                      "char LICENSE[] SEC(\"license\") = \"GPL\"; or \"Dual MIT/GPL\"",
                      "bpf_%s() is for programs under the GPL only, and this one's license is "
                      "\"%s\"",
                      call->name, v->request->license);
    if (helper->flags & BPF_HELPER_UNWIND)
        return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "", "bpf_%s() may end the program",
                      call->name);
    return check_may_call(v, call);
}

/* bpf_get_local_storage() takes none. */
static int check_flags(struct verifier *v, const struct call *call)
{
    const struct reg *flags = state_reg(&v->state, 2);
    if (call->map == NULL || (call->map->ops->bit & BPF_MAP_BIT_CGROUP_STORAGE) == 0)
        return 0;
    mark_precise(v, flags->deps);
    return reg_is_null(flags) ? 0 : refuse_argument(v, call, 2, "0: there are no flags");
}

/* Of bpf_dynptr_from_mem() it is what a map's value holds, of others a new record. */
static int make_dynptr(struct verifier *v, const struct call *call)
{
    const struct reg *place = state_reg(&v->state, call->makes_dynptr);
    uint32_t ref = 0;
    if (call->helper->map_types == 0 && state_reg(&v->state, 1)->type != REG_MAP_VALUE)
        return refuse_argument(v, call, 1, "a value of a map");
    int err = call->helper->map_types != 0 ? reference_acquire(v, &ref) : 0;
    return err != 0 ? err
                    : dynptr_make(v, place->frame, place->n.smin,
                                  ref != 0 ? DYNPTR_RINGBUF : DYNPTR_LOCAL, ref);
}

static int check_dynptrs(struct verifier *v, const struct call *call)
{
    if (call->makes_dynptr != 0)
        return make_dynptr(v, call);
    if (call->releases_dynptr)
        return dynptr_release(v, call);
    /* bpf_dynptr_write() */
    bool writes = call->dynptr.type == REG_SLOT_DYNPTR && call->dynptr.type_id == DYNPTR_SKB &&
                  call->helper->args[0] == BPF_ARG_DYNPTR &&
                  call->helper->returns != BPF_RETURN_DYNPTR_MEM_OR_NULL;
    if (writes)
        packet_changed(v);
    return 0;
}

int check_helper_call(struct verifier *v, const struct bpf_insn *insn, bool waited, bool *entered)
{
    struct call call;
    int err = find_helper(v, insn, &call);
    for (uint32_t r = 1; err == 0 && r <= BPF_CALL_ARG_COUNT; r++)
        err = check_argument(v, &call, r);
    if (err == 0)
        err = check_references(v, &call);
    if (err == 0)
        err = check_map_use(v, &call);
    if (err == 0)
        err = check_flags(v, &call);
    if (err == 0 && is_called_back(call.helper))
        err = call_back(v, &call, waited, entered);
    else if (err == 0 && call.helper->callback != BPF_CALLBACK_NONE)
        err = call_later(v, &call);
    if (err != 0 || *entered)
        return err;
    if (call.release != 0)
        err = reference_release(v, call.name, call.release);
    if (err != 0)
        return err;
    err = check_dynptrs(v, &call);
    if (err != 0)
        return err;
    if (call.helper->flags & BPF_HELPER_CHANGES_PACKET)
        packet_changed(v);
    if (call.helper->flags & BPF_HELPER_TAIL_CALL) {
        err = check_nothing_held(v, "when another program goes on");
        if (err != 0)
            return err;
        v->functions[state_top(&v->state)->function].has_tail_call = true;
    }
    v->state.ns += call.helper->cost_ns;
    if (call.map != NULL)
        v->state.ns += (uint64_t)call.helper->entry_cost_ns * call.map->max_entries;
    return set_result(v, &call);
}

bool ends_function(const struct verifier *v, const struct bpf_insn *insn)
{
    const struct bpf_helper *helper =
        v->state.frame_count == 1 ? NULL
                                  : bpf_helper_find_for(v->env, (uint32_t)insn->imm, v->context);
    return helper != NULL && (helper->flags & BPF_HELPER_TAIL_CALL) != 0;
}

int check_tail_call(struct verifier *v, const struct bpf_insn *insn, bool waited, bool *path_ends)
{
    int err = waited ? 0 : walk_push(v);
    bool entered = false;
    v->state.calls++;
    if (err == 0)
        err = check_helper_call(v, insn, waited, &entered);
    if (err != 0)
        return err;
    if (waited) {
        v->state.pc++;
        return 0;
    }
    *state_reg(&v->state, 0) = reg_any_number();
    return check_exit(v, path_ends);
}
