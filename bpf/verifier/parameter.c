/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Parameters of global functions, from BTF (Linux: Documentation/bpf/kfuncs.rst and libbpf's
 * __arg_ctx, __arg_nonnull, __arg_nullable, __arg_trusted, __arg_arena).
 *
 * A pointer to a type of known size is memory of that size, which may be NULL unless the
 * declaration says otherwise; what it holds is not known, and is not known any more after a call. */
#include <axiom/string.h>

#include "dynptr.h"
#include "parameter.h"

static int refuse_parameter(struct verifier *v, uint32_t function, uint32_t index, const char *why)
{
    return refuse(v, -EINVAL, BPF_REJECT_CALL, "make the function static, or change the type",
                  "parameter %u of global function %s(): %s", index + 1, function_name(v, function),
                  why);
}

static bool has_tag(const struct verifier *v, uint32_t function, uint32_t index, const char *tag)
{
    const char *rest =
        bpf_btf_decl_tag(v->request->btf, v->functions[function].type_id, (int32_t)index, tag);
    return rest != NULL && rest[0] == '\0';
}

/* Is it the struct that contexts of this kind are, by one of its names? */
static bool is_context(const struct verifier *v, uint32_t type_id)
{
    struct bpf_btf_type type;
    for (int i = 0; i < 32; i++) {
        if (!bpf_btf_type_at(v->request->btf, type_id, &type))
            return false;
        if (type.kind != BPF_BTF_CONST && type.kind != BPF_BTF_VOLATILE &&
            v->context->struct_name != NULL && strcmp(type.name, v->context->struct_name) == 0)
            return true;
        /* As programs for older kernels have it. */
        if (type.kind == BPF_BTF_STRUCT && strcmp(type.name, "bpf_user_pt_regs_t") == 0 &&
            v->context->prog_type == PROG_KPROBE)
            return true;
        if (type.kind != BPF_BTF_TYPEDEF && type.kind != BPF_BTF_CONST &&
            type.kind != BPF_BTF_VOLATILE)
            return false;
        type_id = type.size_or_type;
    }
    return false;
}

uint32_t kernel_type(const struct verifier *v, const char *name)
{
    const struct bpf_btf *kernel = v->request->kernel_btf;
    size_t length = bpf_btf_essential_length(name);
    struct bpf_btf_type type;
    uint32_t id = 0;
    while (kernel != NULL && (id = bpf_btf_next_flavor(kernel, name, length, id)) != 0)
        if (bpf_btf_type_at(kernel, id, &type) && type.kind == BPF_BTF_STRUCT)
            return id;
    return 0;
}

static int pointer_parameter(struct verifier *v, uint32_t function, uint32_t index,
                             uint32_t type_id, struct parameter *out)
{
    struct bpf_btf_type target;
    if (!bpf_btf_resolve(v->request->btf, type_id, &target))
        return refuse_parameter(v, function, index, "its type cannot be followed");
    if (has_tag(v, function, index, "arg:ctx") || is_context(v, type_id)) {
        out->kind = PARAMETER_CONTEXT;
        return 0;
    }
    if (target.kind == BPF_BTF_STRUCT && strcmp(target.name, "bpf_dynptr") == 0) {
        out->kind = PARAMETER_DYNPTR;
        return 0;
    }
    if (has_tag(v, function, index, "arg:trusted")) {
        out->kind = PARAMETER_TRUSTED;
        out->nullable = has_tag(v, function, index, "arg:nullable");
        out->type_id = kernel_type(v, target.name);
        return out->type_id != 0
                   ? 0
                   : refuse_parameter(v, function, index, "the kernel has no such type");
    }
    if (has_tag(v, function, index, "arg:arena")) {
        out->kind = PARAMETER_ARENA;
        return 0;
    }
    out->kind = PARAMETER_MEMORY;
    out->nullable = !has_tag(v, function, index, "arg:nonnull");
    if (bpf_btf_size(v->request->btf, type_id, &out->size) != 0)
        return refuse_parameter(v, function, index, "it points to a type whose size is not known");
    return 0;
}

enum tag {
    TAG_CTX = 1u << 0,
    TAG_TRUSTED = 1u << 1,
    TAG_NONNULL = 1u << 2,
    TAG_NULLABLE = 1u << 3,
    TAG_ARENA = 1u << 4,
    TAG_UNKNOWN = 1u << 5,
};

static uint32_t tags_of(const struct verifier *v, uint32_t function, uint32_t index)
{
    static const char *const names[] = { "arg:ctx", "arg:trusted", "arg:nonnull", "arg:nullable",
                                         "arg:arena" };
    uint32_t tags = 0;
    for (uint32_t i = 0; i < ARRAY_SIZE(names); i++)
        tags |= has_tag(v, function, index, names[i]) ? 1u << i : 0;
    bool any = bpf_btf_decl_tag(v->request->btf, v->functions[function].type_id, (int32_t)index,
                                "arg:") != NULL;
    return any && tags == 0 ? TAG_UNKNOWN : tags;
}

/* Linux: btf_prepare_func_args() */
static bool tags_may_be(uint32_t tags, const struct parameter *p)
{
    switch (p->kind) {
    case PARAMETER_CONTEXT:
        return (tags & ~(uint32_t)TAG_CTX) == 0;
    case PARAMETER_TRUSTED:
        return (tags & TAG_NONNULL) == 0;
    case PARAMETER_ARENA:
        return tags == TAG_ARENA;
    case PARAMETER_MEMORY:
        return (tags & ~(uint32_t)TAG_NONNULL) == 0;
    default:
        return tags == 0;
    }
}

static bool is_number(const struct bpf_btf_type *type)
{
    return type->kind == BPF_BTF_INT || type->kind == BPF_BTF_ENUM || type->kind == BPF_BTF_ENUM64;
}

static int parameter_of(struct verifier *v, uint32_t function, uint32_t index, uint32_t type_id,
                        struct parameter *out)
{
    struct bpf_btf_type type;
    *out = (struct parameter){ 0 };
    if (!bpf_btf_resolve(v->request->btf, type_id, &type))
        return refuse_parameter(v, function, index, "its type cannot be followed");
    if (is_number(&type)) {
        out->kind = PARAMETER_NUMBER;
        return 0;
    }
    if (type.kind == BPF_BTF_PTR)
        return pointer_parameter(v, function, index, type.size_or_type, out);
    return refuse_parameter(v, function, index, "neither a number nor a pointer");
}

int parameters_of(struct verifier *v, uint32_t function, struct parameters *out)
{
    const struct bpf_btf *btf = v->request->btf;
    struct bpf_btf_type func, proto, result;
    *out = (struct parameters){ .function = function };
    if (!bpf_btf_type_at(btf, v->functions[function].type_id, &func) || func.kind != BPF_BTF_FUNC ||
        !bpf_btf_type_at(btf, func.size_or_type, &proto) || proto.kind != BPF_BTF_FUNC_PROTO)
        return refuse(v, -EINVAL, BPF_REJECT_CALL, "", "%s() has no type in the program's BTF",
                      function_name(v, function));
    if (!bpf_btf_resolve(btf, proto.size_or_type, &result) || !is_number(&result))
        return refuse(v, -EINVAL, BPF_REJECT_CALL, "let it return int, or make it static",
                      "global function %s() does not return a number", function_name(v, function));
    if (proto.member_count > BPF_CALL_ARG_COUNT)
        return refuse(v, -EINVAL, BPF_REJECT_CALL, "",
                      "global function %s() has more than %u parameters",
                      function_name(v, function), BPF_CALL_ARG_COUNT);
    for (; out->count < proto.member_count; out->count++) {
        struct bpf_btf_param param;
        if (!bpf_btf_param_at(btf, &proto, out->count, &param))
            return refuse_parameter(v, function, out->count, "it has no type");
        struct parameter *p = &out->each[out->count];
        int err = parameter_of(v, function, out->count, param.type, p);
        if (err == 0 && !tags_may_be(tags_of(v, function, out->count), p))
            err = refuse_parameter(v, function, out->count, "its tags do not go together, or not with its type");
        if (err != 0)
            return err;
    }
    return 0;
}

/* --- Inside the function
 * ---------------------------------------------------------------------------------------------- */

static struct reg promise(struct verifier *v, const struct parameter *p)
{
    struct reg r = reg_any_number();
    switch (p->kind) {
    case PARAMETER_NUMBER:
        return r;
    case PARAMETER_CONTEXT:
        return reg_pointer(REG_CONTEXT);
    case PARAMETER_MEMORY:
        r = reg_pointer(REG_MEM);
        r.size = p->size;
        break;
    case PARAMETER_DYNPTR:
        r = reg_pointer(REG_DYNPTR);
        r.type_id = DYNPTR_LOCAL;
        r.attr = REG_READ_ONLY;
        break;
    case PARAMETER_TRUSTED:
        r = reg_pointer(REG_BTF);
        r.type_id = p->type_id;
        r.attr = REG_TRUSTED;
        break;
    case PARAMETER_ARENA:
        return r; /* as user space has it: to be cast */
    }
    r.id = ++v->next_id;
    r.may_be_null = p->nullable;
    return r;
}

void parameters_set_up(struct verifier *v, void *user)
{
    const struct parameters *parameters = user;
    struct state *s = &v->state;
    (void)push_frame(v, v->functions[parameters->function].start, FRAME_GLOBAL, 0);
    for (uint32_t i = 0; i < parameters->count; i++)
        *state_reg(s, i + 1) = promise(v, &parameters->each[i]);
}

/* --- At a call
 * -------------------------------------------------------------------------------------------------------- */

/* For words as long as fit? */
static bool is_aligned_for(const struct reg *r, uint32_t size)
{
    uint64_t to = size >= 8 ? 8 : size >= 4 ? 4 : size >= 2 ? 2 : 1;
    return to == 1 || (!reg_is_packet(r) && (r->attr & REG_UNALIGNED) == 0 &&
                       ((r->n.t.value | r->n.t.mask) & (to - 1)) == 0);
}

/* The function may access it by words as long as fit. */
static bool aligned_for(const struct verifier *v, const struct reg *r, uint32_t size)
{
    return bpf_context_has_rule(v->context, BPF_RULE_UNALIGNED) || is_aligned_for(r, size);
}

static int check_memory_parameter(struct verifier *v, const struct call *call, uint32_t reg_number,
                                  const struct parameter *p)
{
    struct reg *r = state_reg(&v->state, reg_number);
    if (p->nullable && reg_is_null(r))
        return 0;
    uint8_t may_be_null = r->may_be_null;
    if (reg_is_pointer(r) && !aligned_for(v, r, p->size))
        return refuse_argument(v, call, reg_number, "aligned, for words of up to 8 bytes");
    if (may_be_null && !p->nullable)
        return refuse_argument(v, call, reg_number, "not NULL");
    r->may_be_null = 0;
    int err = r->type == REG_MAP_VALUE ? check_region(v, reg_number, 0, p->size, ACCESS_READ) : 0;
    if (err == 0)
        err = check_memory_update(v, call, reg_number, p->size);
    r->may_be_null = may_be_null;
    return err;
}

static int check_trusted_parameter(struct verifier *v, const struct call *call, uint32_t reg_number,
                                   const struct parameter *p)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    if (p->nullable && reg_is_null(r))
        return 0;
    if (!reg_is_btf(v, r, p->type_id) || !reg_is_trusted(r))
        return refuse_argument(v, call, reg_number, "a trusted pointer to an object of its type");
    return r->may_be_null && !p->nullable ? refuse_argument(v, call, reg_number, "not NULL") : 0;
}

static int check_parameter(struct verifier *v, const struct call *call, uint32_t reg_number,
                           const struct parameter *p)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    int err = check_set(v, reg_number);
    if (err != 0)
        return err;
    if (reg_is_null(r))
        mark_precise(v, r->deps);
    switch (p->kind) {
    case PARAMETER_NUMBER:
        return r->type == REG_NUMBER ? 0 : refuse_argument(v, call, reg_number, "a number");
    case PARAMETER_CONTEXT:
        return r->type == REG_CONTEXT && scalar_is_const(&r->n) && r->n.umin == 0
                   ? 0
                   : refuse_argument(v, call, reg_number, "the program's context");
    case PARAMETER_MEMORY:
        return check_memory_parameter(v, call, reg_number, p);
    case PARAMETER_ARENA:
        return r->type == REG_ARENA || r->type == REG_NUMBER
                   ? 0
                   : refuse_argument(v, call, reg_number, "an address in an arena");
    case PARAMETER_TRUSTED:
        return check_trusted_parameter(v, call, reg_number, p);
    case PARAMETER_DYNPTR: {
        struct call copy = *call;
        return check_dynptr(v, &copy, reg_number, -1, false);
    }
    }
    return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "",
                  "parameter %u of %s() is of a kind that this verifier cannot check yet",
                  reg_number, call->name);
}

int parameters_check_call(struct verifier *v, const struct parameters *parameters)
{
    struct call call = { .name = function_name(v, parameters->function), .packet_arguments = true };
    for (uint32_t i = 0; i < parameters->count; i++) {
        int err = check_parameter(v, &call, i + 1, &parameters->each[i]);
        if (err != 0)
            return err;
    }
    return 0;
}

static bool is_in_packet(const struct reg *r)
{
    return reg_is_packet(r) || (r->type == REG_MEM && (r->attr & REG_PACKET_SLICE) != 0);
}

int parameters_check_uses(struct verifier *v, const struct parameters *parameters)
{
    const struct function *f = &v->functions[parameters->function];
    struct call call = { .name = function_name(v, parameters->function) };
    for (uint32_t i = 0; i < parameters->count; i++) {
        const struct reg *r = state_reg(&v->state, i + 1);
        if (parameters->each[i].kind != PARAMETER_MEMORY || !reg_is_pointer(r))
            continue;
        if (f->changes_packet && is_in_packet(r))
            return refuse_argument(v, &call, i + 1, "not of the packet, which the function changes");
        if (f->wants_aligned && !is_aligned_for(r, parameters->each[i].size))
            return refuse_argument(v, &call, i + 1, "aligned, for the function's atomic operations");
        /* What this function was given itself is as aligned as its caller knows. */
        v->wants_aligned |= f->wants_aligned && r->type == REG_MEM;
    }
    return 0;
}
