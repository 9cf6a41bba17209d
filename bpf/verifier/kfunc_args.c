/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Arguments of kernel functions: by the parameter's type, and by how its name ends (Linux:
 * Documentation/bpf/kfuncs.rst §2.3).
 *
 *     NAME__ign       anything; NAME__prog too (the kernel fills it in)
 *     NAME__k         a constant
 *     NAME__sz, __szk the size of the memory in the parameter before; __szk a constant
 *     NAME__opt       memory that may be missing
 *     NAME__nullable  may be NULL
 *     NAME__uninit    becomes a dynptr
 *     NAME__str       a string constant
 *     NAME__map       a map
 *     NAME__iter      an iterator */
#include <axiom/string.h>

#include "btf_walk.h"
#include "own_object.h"

struct argument {
    struct bpf_btf_param param;
    struct bpf_btf_type type, target; /* of the parameter; of what it points to */
    uint32_t reg_number;
};

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), tail = strlen(end);
    return length >= tail && strcmp(name + length - tail, end) == 0;
}

static bool is_number(const struct bpf_btf_type *type)
{
    return type->kind == BPF_BTF_INT || type->kind == BPF_BTF_ENUM || type->kind == BPF_BTF_ENUM64;
}

static bool is_size(const struct verifier *v, const struct kfunc_call *k, uint32_t index)
{
    struct bpf_btf_param param;
    return bpf_btf_param_at(v->request->kernel_btf, &k->proto, index, &param) &&
           (ends_with(param.name, "__sz") || ends_with(param.name, "__szk"));
}

/* --- Numbers
 * ---------------------------------------------------------------------------------------------------------- */

static int take_constant(struct verifier *v, struct kfunc_call *k, uint32_t reg_number,
                         uint64_t *value)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    if (r->type != REG_NUMBER || !scalar_is_const(&r->n))
        return refuse_argument(v, &k->call, reg_number, "a constant");
    mark_precise(v, r->deps);
    *value = r->n.umin;
    return 0;
}

static int check_number(struct verifier *v, struct kfunc_call *k, const struct argument *a)
{
    const struct reg *r = state_reg(&v->state, a->reg_number);
    bool read_only = strcmp(a->param.name, "rdonly_buf_size") == 0;
    if (r->type != REG_NUMBER)
        return refuse_argument(v, &k->call, a->reg_number, "a number");
    if (ends_with(a->param.name, "__k")) {
        k->has_constant = true;
        return take_constant(v, k, a->reg_number, &k->constant);
    }
    if (!read_only && strcmp(a->param.name, "rdwr_buf_size") != 0)
        return 0;
    k->result_read_only = read_only;
    int err = take_constant(v, k, a->reg_number, &k->result_size);
    if (err == 0 && k->result_size > INT32_MAX)
        err = refuse_argument(v, &k->call, a->reg_number, "a size");
    return err;
}

/* --- Kernel objects
 * ------------------------------------------------------------------------------------------------ */

static int check_alive(struct verifier *v, struct kfunc_call *k, uint32_t reg_number)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    uint32_t flags = k->row->flags;
    if ((r->attr & (REG_UNTRUSTED | REG_USER | REG_PERCPU)) != 0)
        return refuse_argument(v, &k->call, reg_number, "an object that is known to be alive");
    if (r->may_be_null)
        return refuse_argument(v, &k->call, reg_number, "not NULL");
    if ((flags & (BPF_KFUNC_TRUSTED_ARGS | BPF_KFUNC_RCU)) == 0 || reg_is_trusted(r))
        return 0;
    if ((flags & BPF_KFUNC_RCU) != 0 && (r->attr & REG_RCU) != 0)
        return 0;
    return refuse_argument(v, &k->call, reg_number, "a trusted pointer, or one with a reference");
}

/* struct __sk_buff shows parts of a sk_buff, xdp_md of an xdp_buff: Linux takes the one for the other
 * (btf_is_projection_of()). */
static bool is_shown_by(const struct verifier *v, const struct reg *r, const struct bpf_btf_type *wanted)
{
    struct bpf_btf_type type;
    if (r->type != REG_BTF || (r->attr & REG_OWN_TYPE) != 0 || !scalar_is_const(&r->n) || r->n.umin != 0 ||
        !bpf_btf_type_at(v->request->kernel_btf, r->type_id, &type))
        return false;
    return (strcmp(wanted->name, "__sk_buff") == 0 && strcmp(type.name, "sk_buff") == 0) ||
           (strcmp(wanted->name, "xdp_md") == 0 && strcmp(type.name, "xdp_buff") == 0);
}

static int check_object_argument(struct verifier *v, struct kfunc_call *k, const struct argument *a)
{
    const struct reg *r = state_reg(&v->state, a->reg_number);
    bool strict = (k->row->flags & (BPF_KFUNC_ACQUIRE | BPF_KFUNC_RELEASE)) != 0;
    bool fits = reg_is_btf(v, r, a->target.id) && (!strict || (r->type_id == a->target.id && r->n.umin == 0));
    if (!fits && !is_shown_by(v, r, &a->target))
        return refuse_argument(v, &k->call, a->reg_number, "an object of the parameter's type");
    int err = check_alive(v, k, a->reg_number);
    if (err != 0 || (k->row->flags & BPF_KFUNC_RELEASE) == 0)
        return err;
    if (r->ref == 0 || !state_has_reference(&v->state, r->ref))
        return refuse_argument(v, &k->call, a->reg_number, "acquired by this program");
    k->call.release = r->ref;
    return 0;
}

/* A map of the program, or the kernel's object (Linux: KF_ARG_PTR_TO_MAP). */
static int check_map_pointer(struct verifier *v, struct kfunc_call *k, uint32_t reg_number)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    uint32_t type_id = r->type == REG_BTF ? kernel_type(v, "bpf_map") : 0;
    if (r->type == REG_MAP && !r->may_be_null)
        return 0;
    return type_id != 0 && reg_is_btf(v, r, type_id) ? check_alive(v, k, reg_number)
                                                    : refuse_argument(v, &k->call, reg_number, "a map (&name)");
}

/* --- Memory
 * ---------------------------------------------------------------------------------------------------------- */

/* As memory of kernel functions is: NULL unless the function takes only what is trusted. */
static int check_bytes(struct verifier *v, struct kfunc_call *k, uint32_t reg_number, uint64_t size)
{
    struct reg *r = state_reg(&v->state, reg_number);
    uint8_t may_be_null = r->may_be_null;
    r->may_be_null = 0;
    int err = check_memory_update(v, &k->call, reg_number, size);
    state_reg(&v->state, reg_number)->may_be_null = may_be_null;
    return err;
}

static int check_sized_memory(struct verifier *v, struct kfunc_call *k, const struct argument *a)
{
    const struct reg *r = state_reg(&v->state, a->reg_number);
    uint32_t size_number = a->reg_number + 1;
    struct bpf_btf_param size_param;
    int err = check_set(v, size_number);
    if (err != 0)
        return err;
    bool missing = reg_is_null(r) && ends_with(a->param.name, "__opt");
    const struct reg *size = state_reg(&v->state, size_number);
    if (size->type != REG_NUMBER)
        return refuse_argument(v, &k->call, size_number, "a number of bytes");
    if (!missing) {
        mark_precise(v, size->deps);
        if (size->n.umax >= UINT32_C(1) << 29 || (reg_is_null(r) && size->n.umax != 0))
            return refuse_argument(v, &k->call, size_number, "bounded, as large as the memory");
        if (!reg_is_null(r) && ends_with(a->param.name, "__opt"))
            k->buffer = a->reg_number;
        if (!reg_is_null(r))
            err = check_bytes(v, k, a->reg_number, size->n.umax);
    }
    if (err == 0 && bpf_btf_param_at(v->request->kernel_btf, &k->proto, size_number - 1, &size_param) &&
        ends_with(size_param.name, "__szk")) {
        k->has_constant = true;
        err = take_constant(v, k, size_number, &k->constant);
    }
    return err;
}

static int check_memory_argument(struct verifier *v, struct kfunc_call *k, const struct argument *a,
                                 bool sized)
{
    const struct bpf_btf *btf = v->request->kernel_btf;
    const struct reg *r = state_reg(&v->state, a->reg_number);
    uint32_t size;
    bool plain = btf_is_plain(btf, a->type.size_or_type, 0) || (sized && a->target.kind == BPF_BTF_VOID);
    if (!plain || r->type == REG_BTF || r->type == REG_SOCKET || r->type == REG_CONTEXT)
        return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "",
                      "argument %u of bpf_%s() is of a kind that this verifier cannot check",
                      a->reg_number, k->call.name);
    if (sized)
        return check_sized_memory(v, k, a);
    if (reg_is_null(r))
        return 0;
    if (bpf_btf_size(btf, a->type.size_or_type, &size) != 0)
        return refuse_argument(v, &k->call, a->reg_number, "memory of a known size");
    return check_bytes(v, k, a->reg_number, size);
}

/* --- Dynptrs
 * ------------------------------------------------------------------------------------------------------------ */

static int check_new_dynptr(struct verifier *v, struct kfunc_call *k, const struct argument *a)
{
    const struct reg *r = state_reg(&v->state, a->reg_number);
    int err = check_dynptr_place(v, &k->call, a->reg_number);
    if (err != 0)
        return err;
    switch (k->row->special) {
    case BPF_KFUNC_DYNPTR_FROM_SKB:
        k->dynptr_kind = DYNPTR_SKB;
        break;
    case BPF_KFUNC_DYNPTR_FROM_XDP:
        k->dynptr_kind = DYNPTR_XDP;
        break;
    case BPF_KFUNC_DYNPTR_CLONE:
        k->dynptr_kind = (enum dynptr_kind)k->call.dynptr.type_id;
        k->dynptr_ref = k->call.dynptr.ref;
        break;
    default:
        return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "",
                      "bpf_%s() makes a dynptr of a kind that this verifier does not know",
                      k->call.name);
    }
    k->makes_dynptr = true;
    k->dynptr_frame = r->frame;
    k->dynptr_offset = r->n.smin;
    return 0;
}

/* --- All
 * ---------------------------------------------------------------------------------------------------------------- */

static bool is_named(const struct argument *a, const char *name)
{
    return a->target.kind == BPF_BTF_STRUCT && strcmp(a->target.name, name) == 0;
}

static bool is_context_type(const struct verifier *v, const struct argument *a)
{
    return v->context->struct_name != NULL && is_named(a, v->context->struct_name);
}

static bool is_iterator(const struct kfunc_call *k, const struct argument *a)
{
    const uint32_t protocol = BPF_KFUNC_ITER_NEW | BPF_KFUNC_ITER_NEXT | BPF_KFUNC_ITER_DESTROY;
    return ((k->row->flags & protocol) != 0 && a->reg_number == 1) ||
           ends_with(a->param.name, "__iter");
}

static int check_pointer(struct verifier *v, struct kfunc_call *k, const struct argument *a,
                         uint32_t *used)
{
    const struct reg *r = state_reg(&v->state, a->reg_number);
    bool nullable = ends_with(a->param.name, "__nullable");
    bool trusting = (k->row->flags & (BPF_KFUNC_TRUSTED_ARGS | BPF_KFUNC_RCU)) != 0;
    if (trusting && !nullable && (reg_is_null(r) || r->may_be_null))
        return refuse_argument(v, &k->call, a->reg_number, "not NULL");
    if (reg_is_null(r))
        mark_precise(v, r->deps);
    if (r->ref != 0)
        k->argument_ref = r->ref;
    if (is_context_type(v, a) || (k->row->flags & BPF_KFUNC_CAST_CONTEXT) != 0)
        return r->type == REG_CONTEXT && scalar_is_const(&r->n) && r->n.umin == 0
                   ? 0
                   : refuse_argument(v, &k->call, a->reg_number, "the program's context");
    if (nullable && reg_is_null(r))
        return 0;
    if (is_named(a, "bpf_dynptr") || is_named(a, "bpf_dynptr_kern"))
        return ends_with(a->param.name, "__uninit")
                   ? check_new_dynptr(v, k, a)
                   : check_dynptr(v, &k->call, a->reg_number, -1, false);
    if (is_iterator(k, a))
        return check_iterator(v, k, a->reg_number, &a->target);
    if (ends_with(a->param.name, "__str"))
        return check_const_string(v, &k->call, a->reg_number);
    if (ends_with(a->param.name, "__map"))
        return check_map_pointer(v, k, a->reg_number);
    if (k->row->special == BPF_KFUNC_CAST_READ_ONLY)
        return reg_is_pointer(r) || r->type == REG_NUMBER
                   ? 0
                   : refuse_argument(v, &k->call, a->reg_number, "an object");
    bool sized = is_size(v, k, a->reg_number);
    if (sized)
        *used = 2;
    if (!sized && a->target.kind == BPF_BTF_STRUCT &&
        (r->type == REG_BTF || !btf_is_plain(v->request->kernel_btf, a->type.size_or_type, 0)))
        return check_object_argument(v, k, a);
    return check_memory_argument(v, k, a, sized);
}

int check_kfunc_argument(struct verifier *v, struct kfunc_call *k, uint32_t index, uint32_t *used)
{
    const struct bpf_btf *btf = v->request->kernel_btf;
    struct argument a = { .reg_number = index + 1 };
    *used = 1;
    if (!bpf_btf_param_at(btf, &k->proto, index, &a.param) ||
        !bpf_btf_resolve(btf, a.param.type, &a.type))
        return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "", "a parameter without a type");
    if (ends_with(a.param.name, "__ign") || ends_with(a.param.name, "__prog"))
        return 0;
    int err = check_set(v, a.reg_number);
    if (err != 0)
        return err;
    if (is_number(&a.type))
        return check_number(v, k, &a);
    if (kfunc_is_of_work(k->row))
        return check_work_argument(v, k, a.reg_number);
    if (kfunc_is_of_own_objects(k->row))
        return check_own_argument(v, k, a.reg_number);
    if (a.type.kind != BPF_BTF_PTR || !bpf_btf_resolve(btf, a.type.size_or_type, &a.target))
        return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "",
                      "argument %u of bpf_%s() is of a kind that this verifier cannot check",
                      a.reg_number, k->call.name);
    return check_pointer(v, k, &a, used);
}
