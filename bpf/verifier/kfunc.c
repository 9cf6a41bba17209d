/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Calls of kernel functions by BTF id: arguments by the prototype in the kernel's BTF, the rest by
 * the env's table. What neither says is refused. */
#include <axiom/string.h>
#include <bpf/kfunc.h>

#include "call.h"

struct kfunc_call {
    struct call call;
    const struct bpf_kfunc *row;
    struct bpf_btf_type proto;
};

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
    return (k->row->flags & BPF_KFUNC_SLEEPABLE) != 0 ? check_may_sleep(v, k->call.name) : 0;
}

/* --- Arguments
 * -------------------------------------------------------------------------------------------------------- */

static bool is_number(const struct bpf_btf_type *type)
{
    return type->kind == BPF_BTF_INT || type->kind == BPF_BTF_ENUM || type->kind == BPF_BTF_ENUM64;
}

static int check_alive(struct verifier *v, struct kfunc_call *k, uint32_t reg_number)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    uint32_t flags = k->row->flags;
    if ((flags & (BPF_KFUNC_TRUSTED_ARGS | BPF_KFUNC_RCU | BPF_KFUNC_RELEASE)) != 0 &&
        r->may_be_null)
        return refuse_argument(v, &k->call, reg_number, "not NULL");
    if ((r->attr & (REG_UNTRUSTED | REG_USER | REG_PERCPU)) != 0)
        return refuse_argument(v, &k->call, reg_number, "an object that is known to be alive");
    if ((flags & (BPF_KFUNC_TRUSTED_ARGS | BPF_KFUNC_RCU)) == 0 || reg_is_trusted(r))
        return 0;
    if ((flags & BPF_KFUNC_RCU) != 0 && (r->attr & REG_RCU) != 0)
        return 0;
    return refuse_argument(v, &k->call, reg_number, "a trusted pointer, or one with a reference");
}

static int check_object_argument(struct verifier *v, struct kfunc_call *k, uint32_t reg_number,
                                 const struct bpf_btf_type *target)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    bool strict = (k->row->flags & (BPF_KFUNC_ACQUIRE | BPF_KFUNC_RELEASE)) != 0;
    if (!reg_is_btf(v, r, target->id) || (strict && (r->type_id != target->id || r->n.umin != 0)))
        return refuse_argument(v, &k->call, reg_number, "an object of the parameter's type");
    int err = check_alive(v, k, reg_number);
    if (err != 0 || (k->row->flags & BPF_KFUNC_RELEASE) == 0)
        return err;
    if (r->ref == 0 || !state_has_reference(&v->state, r->ref))
        return refuse_argument(v, &k->call, reg_number, "acquired by this program");
    k->call.release = r->ref;
    return 0;
}

static int check_kfunc_argument(struct verifier *v, struct kfunc_call *k, uint32_t index)
{
    const struct bpf_btf *btf = v->request->kernel_btf;
    uint32_t reg_number = index + 1;
    struct bpf_btf_param param;
    struct bpf_btf_type type, target = { 0 };
    int err = check_set(v, reg_number);
    if (err != 0)
        return err;
    if (!bpf_btf_param_at(btf, &k->proto, index, &param) ||
        !bpf_btf_resolve(btf, param.type, &type))
        return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "", "a parameter without a type");
    const struct reg *r = state_reg(&v->state, reg_number);
    if (is_number(&type))
        return r->type == REG_NUMBER ? 0 : refuse_argument(v, &k->call, reg_number, "a number");
    if ((k->row->flags & BPF_KFUNC_CAST_CONTEXT) != 0)
        return r->type == REG_CONTEXT && scalar_is_const(&r->n) && r->n.umin == 0
                   ? 0
                   : refuse_argument(v, &k->call, reg_number, "the program's context");
    bool object = type.kind == BPF_BTF_PTR && bpf_btf_resolve(btf, type.size_or_type, &target) &&
                  target.kind == BPF_BTF_STRUCT;
    if (object)
        return check_object_argument(v, k, reg_number, &target);
    return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "",
                  "argument %u of bpf_%s() is of a kind that this verifier cannot check",
                  reg_number, k->call.name);
}

/* --- Regions
 * ---------------------------------------------------------------------------------------------------------- */

static void end_rcu(struct reg *r, void *user)
{
    (void)user;
    if (r->type == REG_BTF && (r->attr & REG_RCU) != 0) {
        r->attr = (uint16_t)((r->attr & ~REG_RCU) | REG_UNTRUSTED);
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
    const char *name = v->context->struct_name;
    if (name != NULL && strcmp(name, "__sk_buff") == 0)
        return "sk_buff";
    if (name != NULL && strcmp(name, "xdp_md") == 0)
        return "xdp_buff";
    return NULL;
}

static int give_object(struct verifier *v, const struct kfunc_call *k, uint32_t type_id,
                       struct reg *out)
{
    *out = reg_pointer(REG_BTF);
    out->type_id = type_id;
    out->may_be_null = (k->row->flags & BPF_KFUNC_RET_NULL) != 0;
    if ((k->row->flags & BPF_KFUNC_ACQUIRE) == 0) {
        out->id = ++v->next_id;
        return 0;
    }
    int err = reference_acquire(v, &out->id);
    out->ref = out->id;
    return err;
}

static int give_kfunc_result(struct verifier *v, const struct kfunc_call *k, struct reg *out)
{
    const struct bpf_btf *btf = v->request->kernel_btf;
    struct bpf_btf_type type, target = { 0 };
    *out = reg_unset();
    if ((k->row->flags & BPF_KFUNC_CAST_CONTEXT) != 0) {
        const char *name = kernel_context(v);
        if (name == NULL)
            return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "",
                          "the kernel's own form of this context is not known");
        return give_btf_object(v, &k->call, name, REG_TRUSTED, false, out);
    }
    if (!bpf_btf_resolve(btf, k->proto.size_or_type, &type))
        return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "", "a result without a type");
    if (type.kind == BPF_BTF_VOID)
        return 0;
    if (is_number(&type)) {
        *out = reg_any_number();
        return 0;
    }
    if (type.kind == BPF_BTF_PTR && bpf_btf_resolve(btf, type.size_or_type, &target) &&
        target.kind == BPF_BTF_STRUCT)
        return give_object(v, k, target.id, out);
    return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "",
                  "bpf_%s() gives back what this verifier does not know", k->call.name);
}

int check_kfunc_call(struct verifier *v, const struct bpf_insn *insn, bool waited, bool *entered)
{
    (void)waited;
    (void)entered;
    struct kfunc_call k;
    struct reg result;
    int err = find_kfunc(v, insn, &k);
    if (err == 0 && v->state.regions.lock_map != 0)
        err = refuse(v, -EINVAL, BPF_REJECT_REFERENCE, "", "bpf_%s() while a lock is held",
                     k.call.name);
    if (err == 0 && k.proto.member_count > BPF_CALL_ARG_COUNT)
        err = refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "", "bpf_%s() has too many parameters",
                     k.call.name);
    for (uint32_t i = 0; err == 0 && i < k.proto.member_count; i++)
        err = check_kfunc_argument(v, &k, i);
    if (err == 0 && (k.row->flags & BPF_KFUNC_RELEASE) != 0)
        err = k.call.release != 0 ? reference_release(v, k.call.name, k.call.release)
                                  : refuse_region(v, &k, "nothing to release");
    if (err == 0)
        err = change_region(v, &k);
    if (err == 0)
        err = give_kfunc_result(v, &k, &result);
    if (err != 0)
        return err;
    for (uint32_t r = 0; r <= BPF_CALL_ARG_COUNT; r++)
        *state_reg(&v->state, r) = reg_unset();
    *state_reg(&v->state, 0) = result;
    return 0;
}
