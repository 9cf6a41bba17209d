/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Calls of kernel functions by BTF id: arguments by the prototype in the kernel's BTF, the rest by
 * the env's table. What neither says is refused. */
#include <axiom/string.h>

#include "own_object.h"

/* Linux: is_bpf_graph_api_kfunc(), is_bpf_iter_num_api_kfunc() */
static bool allowed_under_lock(const struct kfunc_call *k)
{
    return strncmp(k->row->name, "bpf_iter_num_", 13) == 0 ||
           (k->row->special >= BPF_KFUNC_REFCOUNT_ACQUIRE && k->row->special <= BPF_KFUNC_RBTREE_FIRST);
}

static const struct bpf_kfunc *find_row(const struct verifier *v, const char *name)
{
    uint32_t low = 0, high = v->env->kfunc_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(v->env->kfuncs[middle].name, name);
        if (order == 0)
            return &v->env->kfuncs[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static int find_kfunc(struct verifier *v, const struct bpf_insn *insn, struct kfunc_call *k)
{
    const struct bpf_btf *btf = v->request->kernel_btf;
    struct bpf_btf_type func;
    if (btf == NULL || insn->offset != 0 || insn->imm <= 0 ||
        !bpf_btf_type_at(btf, (uint32_t)insn->imm, &func) || func.kind != BPF_BTF_FUNC ||
        !bpf_btf_type_at(btf, func.size_or_type, &k->proto) || k->proto.kind != BPF_BTF_FUNC_PROTO)
        return refuse(v, -EINVAL, btf == NULL ? BPF_REJECT_UNSUPPORTED : BPF_REJECT_HELPER,
                      btf == NULL ? "give the BTF of the kernel it is for" : "",
                      "there is no kernel function with BTF id %d", insn->imm);
    k->row = find_row(v, func.name);
    if (k->row == NULL)
        return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "",
                      "%s() is a kernel function that this verifier does not know", func.name);
    /* Messages put bpf_ before the name. */
    k->call =
        (struct call){ .name = strncmp(func.name, "bpf_", 4) == 0 ? func.name + 4 : func.name };
    if ((k->row->prog_types >> v->context->prog_type & 1u) == 0 || v->context->prog_type == 0)
        return refuse(v, -EACCES, BPF_REJECT_HELPER, "",
                      "%s() is not available to programs of '%s'", func.name,
                      v->context->section_prefix);
    if (!license_is_gpl(v))
        return refuse(v, -EINVAL, BPF_REJECT_HELPER, "char LICENSE[] SEC(\"license\") = \"GPL\";",
                      "%s(): kernel functions are for programs under the GPL only", func.name);
    return (k->row->flags & BPF_KFUNC_SLEEPABLE) != 0 ? check_may_sleep(v, k->call.name) : 0;
}

/* --- Regions
 * ---------------------------------------------------------------------------------------------------------- */

static void end_rcu(struct reg *r, void *user)
{
    (void)user;
    if ((r->type == REG_BTF || r->type == REG_SLOT_ITERATOR) && (r->attr & REG_RCU) != 0) {
        r->attr = (uint16_t)((r->attr & ~(REG_RCU | REG_ALLOCATED | REG_BORROWED)) | REG_UNTRUSTED);
        r->may_be_null = 0;
    }
}

static int refuse_region(struct verifier *v, const struct kfunc_call *k, const char *why)
{
    return refuse(v, -EINVAL, BPF_REJECT_REFERENCE, "", "bpf_%s(): %s", k->call.name, why);
}

static int change_region(struct verifier *v, const struct kfunc_call *k)
{
    struct regions *in = &v->state.regions;
    uint32_t flags = k->row->flags;
    if ((flags & BPF_KFUNC_RCU_LOCK) != 0) {
        if (in->rcu != 0)
            return refuse_region(v, k, "an RCU read section is open already");
        in->rcu = 1;
    } else if ((flags & BPF_KFUNC_RCU_UNLOCK) != 0) {
        if (in->rcu == 0)
            return refuse_region(v, k, "no RCU read section is open");
        in->rcu = 0;
        state_each_value(&v->state, end_rcu, NULL);
    } else if ((flags & BPF_KFUNC_PREEMPT_OFF) != 0) {
        if (in->no_preempt == UINT8_MAX)
            return refuse_region(v, k, "too often");
        in->no_preempt++;
    } else if ((flags & BPF_KFUNC_PREEMPT_ON) != 0) {
        if (in->no_preempt == 0)
            return refuse_region(v, k, "preemption is not off");
        in->no_preempt--;
    }
    return 0;
}

/* --- The result
 * -------------------------------------------------------------------------------------------------------- */

/* What the context of this kind is in the kernel. */
static const char *kernel_context(const struct verifier *v)
{
    static const struct {
        const char *context, *kernel;
    } names[] = {
        { "__sk_buff", "sk_buff" },
        { "xdp_md", "xdp_buff" },
        { "bpf_sock", "sock" },
        { "bpf_sock_addr", "bpf_sock_addr_kern" },
        { "bpf_sock_ops", "bpf_sock_ops_kern" },
        { "sk_msg_md", "sk_msg" },
        { "__flow_dissector", "bpf_flow_dissector" },
        { "bpf_user_pt_regs_t", "pt_regs" },
        { "bpf_perf_event_data", "bpf_perf_event_data_kern" },
        { "bpf_sysctl", "bpf_sysctl_kern" },
        { "bpf_sockopt", "bpf_sockopt_kern" },
        { "sk_reuseport_md", "sk_reuseport_kern" },
        { "bpf_sk_lookup", "bpf_sk_lookup_kern" },
        { "bpf_cgroup_dev_ctx", "bpf_cgroup_dev_ctx" },
        { "bpf_nf_ctx", "bpf_nf_ctx" },
    };
    for (size_t i = 0; v->context->struct_name != NULL && i < ARRAY_SIZE(names); i++)
        if (strcmp(names[i].context, v->context->struct_name) == 0)
            return names[i].kernel;
    return NULL;
}

/* Of these it is an array of numbers, and no struct. */
static bool context_is_numbers(const struct verifier *v)
{
    uint8_t type = v->context->prog_type;
    return type == PROG_TRACEPOINT || type == PROG_RAW_TRACEPOINT ||
           type == PROG_RAW_TRACEPOINT_WRITABLE;
}

static bool is_number(const struct bpf_btf_type *type)
{
    return type->kind == BPF_BTF_INT || type->kind == BPF_BTF_ENUM || type->kind == BPF_BTF_ENUM64;
}

static int refuse_result(struct verifier *v, const struct kfunc_call *k, const char *why)
{
    return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "", "bpf_%s(): %s", k->call.name, why);
}

static int give_slice(struct verifier *v, const struct kfunc_call *k, struct reg *out)
{
    bool writes = k->row->special == BPF_KFUNC_DYNPTR_SLICE_WRITE;
    if (!k->has_constant || k->constant > INT32_MAX)
        return refuse_result(v, k, "the size of a slice is a constant");
    if (writes && !may_write_packet(v))
        return refuse(v, -EINVAL, BPF_REJECT_READ_ONLY, "use bpf_dynptr_slice()",
                      "bpf_%s(): programs of '%s' may not write packets", k->call.name,
                      v->context->section_prefix);
    *out = dynptr_slice(v, &k->call, (uint32_t)k->constant, !writes);
    out->attr |= REG_SLICE;
    return k->buffer != 0 ? slice_may_be_buffer(v, &k->call, k->buffer, out) : 0;
}

/* (object, id of a struct of the kernel) */
static int give_cast(struct verifier *v, const struct kfunc_call *k, struct reg *out)
{
    struct bpf_btf_type type;
    if (!k->has_constant || k->constant > UINT32_MAX ||
        !bpf_btf_type_at(v->request->kernel_btf, (uint32_t)k->constant, &type) ||
        type.kind != BPF_BTF_STRUCT)
        return refuse_result(v, k, "argument 2 must be the id of a struct of the kernel");
    *out = reg_pointer(REG_BTF);
    out->type_id = type.id;
    out->attr = REG_UNTRUSTED;
    return 0;
}

static int give_pointer(struct verifier *v, const struct kfunc_call *k, uint32_t to,
                        struct reg *out)
{
    const struct bpf_btf *btf = v->request->kernel_btf;
    struct bpf_btf_type target;
    uint32_t size;
    bool next = (k->row->flags & BPF_KFUNC_ITER_NEXT) != 0;
    if (k->row->special == BPF_KFUNC_DYNPTR_SLICE ||
        k->row->special == BPF_KFUNC_DYNPTR_SLICE_WRITE)
        return give_slice(v, k, out);
    if (k->row->special == BPF_KFUNC_CAST_READ_ONLY)
        return give_cast(v, k, out);
    if (!bpf_btf_resolve(btf, to, &target))
        return refuse_result(v, k, "a result whose type cannot be followed");
    if (target.kind == BPF_BTF_STRUCT) {
        *out = reg_pointer(REG_BTF);
        out->type_id = target.id;
        out->attr = next ? iterator_attr(v, k) : 0;
        return 0;
    }
    if (target.kind == BPF_BTF_VOID) {
        *out = reg_any_number();
        return 0;
    }
    *out = reg_pointer(REG_MEM);
    out->size = (uint32_t)k->result_size;
    out->attr = k->result_read_only ? REG_READ_ONLY : 0;
    out->ref = k->argument_ref;
    if (k->result_size != 0)
        return 0;
    out->attr = REG_READ_ONLY;
    if (bpf_btf_size(btf, to, &size) != 0)
        return refuse_result(v, k, "a result of a kind that this verifier does not know");
    out->size = size;
    return 0;
}

static int give_kfunc_result(struct verifier *v, const struct kfunc_call *k, struct reg *out)
{
    const struct bpf_btf *btf = v->request->kernel_btf;
    struct bpf_btf_type type;
    *out = reg_unset();
    if ((k->row->flags & BPF_KFUNC_CAST_CONTEXT) != 0) {
        const char *name = context_is_numbers(v) ? NULL : kernel_context(v);
        if (name == NULL)
            return refuse_result(v, k, "the kernel's own form of this context is not known");
        return give_btf_object(v, &k->call, name, REG_TRUSTED, false, out);
    }
    if (!bpf_btf_resolve(btf, k->proto.size_or_type, &type))
        return refuse_result(v, k, "a result without a type");
    if (type.kind == BPF_BTF_VOID)
        return 0;
    if (is_number(&type)) {
        *out = reg_any_number();
        return 0;
    }
    if (type.kind != BPF_BTF_PTR)
        return refuse_result(v, k, "a result of a kind that this verifier does not know");
    int err = kfunc_is_of_own_objects(k->row) ? give_own_object(v, k, out)
                                              : give_pointer(v, k, type.size_or_type, out);
    if (err != 0 || !reg_is_pointer(out))
        return err;
    out->may_be_null = (k->row->flags & BPF_KFUNC_RET_NULL) != 0 && !k->owned;
    out->id = ++v->next_id;
    if ((k->row->flags & BPF_KFUNC_ACQUIRE) == 0)
        return 0;
    err = reference_acquire(v, &out->id);
    out->ref = out->id;
    return err;
}

/* --- A call
 * ---------------------------------------------------------------------------------------------------------- */

static int check_arguments(struct verifier *v, struct kfunc_call *k)
{
    if (k->proto.member_count > BPF_CALL_ARG_COUNT)
        return refuse_result(v, k, "too many parameters");
    uint32_t used = 1;
    for (uint32_t i = 0; i < k->proto.member_count; i += used) {
        int err = check_kfunc_argument(v, k, i, &used);
        if (err != 0)
            return err;
    }
    return 0;
}

/* What is done to objects on the stack. */
static int change_stack(struct verifier *v, struct kfunc_call *k)
{
    const struct bpf_btf *btf = v->request->kernel_btf;
    struct bpf_btf_param param;
    struct bpf_btf_type pointer, target;
    if (k->makes_dynptr)
        return dynptr_make(v, k->dynptr_frame, k->dynptr_offset, k->dynptr_kind, k->dynptr_ref);
    if ((k->row->flags & BPF_KFUNC_ITER_DESTROY) != 0)
        return iterator_destroy(v, k);
    if ((k->row->flags & BPF_KFUNC_ITER_NEW) == 0)
        return 0;
    if (!bpf_btf_param_at(btf, &k->proto, 0, &param) ||
        !bpf_btf_resolve(btf, param.type, &pointer) ||
        !bpf_btf_resolve(btf, pointer.size_or_type, &target))
        return refuse_result(v, k, "a parameter without a type");
    return iterator_new(v, k, target.id);
}

static int check_effects(struct verifier *v, struct kfunc_call *k)
{
    int err = 0;
    if ((k->row->flags & BPF_KFUNC_RELEASE) != 0)
        err = k->call.release != 0 ? reference_release(v, k->call.name, k->call.release)
                                   : refuse_region(v, k, "nothing to release");
    if (err == 0 && kfunc_is_of_own_objects(k->row))
        err = own_object_put(v, k);
    if (err == 0)
        err = change_region(v, k);
    return err == 0 ? change_stack(v, k) : err;
}

/* The program ends here, in whatever function: nothing may be held, and the number is its result. */
static int check_throw(struct verifier *v, const struct kfunc_call *k, bool *path_ends)
{
    struct state *s = &v->state;
    for (uint32_t f = 0; f < s->frame_count; f++)
        if (s->frames[f].kind != FRAME_PROGRAM && s->frames[f].kind != FRAME_GLOBAL)
            return refuse_region(v, k, "it cannot be called from a callback");
    if (s->reference_count != 0 || s->regions.lock_map != 0 || s->regions.rcu != 0 ||
        s->regions.no_preempt != 0)
        return refuse_region(v, k, "something acquired or entered is held");
    mark_precise(v, state_reg(&v->state, 1)->deps);
    int err = v->exception_start != 0 ? 0 : check_result(v, state_reg(&v->state, 1));
    if (err == 0 && v->functions[s->frames[0].function].start != v->exception_start)
        err = check_exception_callback(v);
    v->throws = true;
    *path_ends = err == 0;
    s->calls++;
    if (err == 0 && v->exception_start != 0)
        add_cost(s, &v->functions[function_at(v, v->exception_start)].most);
    return err;
}

/* Before the walk: does the instruction call a kernel function that calls back? */
bool kfunc_calls_back(const struct verifier *v, const struct bpf_insn *insn)
{
    struct bpf_btf_type func;
    if (v->request->kernel_btf == NULL || insn->imm <= 0 ||
        !bpf_btf_type_at(v->request->kernel_btf, (uint32_t)insn->imm, &func) || func.kind != BPF_BTF_FUNC)
        return false;
    const struct bpf_kfunc *row = find_row(v, func.name);
    return row != NULL && row->special == BPF_KFUNC_RBTREE_ADD;
}

int check_kfunc_call(struct verifier *v, const struct bpf_insn *insn, bool waited, bool *entered, bool *path_ends)
{
    struct kfunc_call k = { 0 };
    struct reg result;
    bool drained = false;
    int err = find_kfunc(v, insn, &k);
    if (err == 0 && v->state.regions.lock_map != 0 && !allowed_under_lock(&k))
        err = refuse(v, -EINVAL, BPF_REJECT_REFERENCE, "", "bpf_%s() while a lock is held",
                     k.call.name);
    if (err == 0)
        err = check_arguments(v, &k);
    if (err == 0 && k.row->special == BPF_KFUNC_THROW)
        return check_throw(v, &k, path_ends);
    if (err == 0 && (k.row->flags & BPF_KFUNC_ITER_NEXT) != 0)
        err = iterator_next(v, &k, waited, &drained);
    if (err == 0 && k.call.callback_kind == BPF_CALLBACK_LESS) {
        err = call_back(v, &k.call, waited, entered);
        if (err != 0 || *entered)
            return err;
    }
    if (err == 0 && k.call.callback_kind == BPF_CALLBACK_WORK)
        err = call_later(v, &k.call);
    if (err == 0)
        err = check_effects(v, &k);
    if (err == 0)
        err = give_kfunc_result(v, &k, &result);
    if (err != 0)
        return err;
    if ((k.row->flags & BPF_KFUNC_ITER_NEXT) != 0 && reg_is_pointer(&result)) {
        result.may_be_null = 0;
        if (drained)
            result = reg_const(0);
    }
    for (uint32_t r = 0; r <= BPF_CALL_ARG_COUNT; r++)
        *state_reg(&v->state, r) = reg_unset();
    *state_reg(&v->state, 0) = result;
    return 0;
}
