/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Pointers to kernel objects in map values (Linux: Documentation/bpf/... "kptrs", kernel/bpf/verifier.c,
 * check_map_kptr_access(), process_kptr_func()).
 *
 * A field is tagged in the value's type. One of kind "kptr" owns what it points to: programs exchange it
 * (bpf_kptr_xchg(): a reference goes in, another comes out, or NULL) and may look through it, as
 * through one of kind "kptr_untrusted", which they may store into. */
#include <axiom/string.h>

#include "call.h"

/* bpf_special_field.flavour */
enum flavour { FLAVOUR_UNTRUSTED = 1, FLAVOUR_OWNING = 2, FLAVOUR_PERCPU = 3 };

static const struct bpf_special_field *field_at(const struct verifier *v, const struct reg *r,
                                                int64_t at)
{
    const struct bpf_map *map = reg_map(v, r);
    for (uint32_t i = 0; i < map->special_field_count; i++)
        if (map->special_fields[i].kind == BPF_SPECIAL_KPTR &&
            (int64_t)map->special_fields[i].offset == at)
            return &map->special_fields[i];
    return NULL;
}

/* What the field points to: an object of the kernel, or of a type that only the program has. */
struct target {
    uint32_t type; /* 0: neither */
    uint16_t attr; /* of who owns such an object: 0, or of the program's own */
};

static struct target target_of(const struct verifier *v, const struct bpf_special_field *field)
{
    struct bpf_btf_type type;
    struct target none = { 0, 0 };
    if (v->request->btf == NULL || !bpf_btf_type_at(v->request->btf, field->btf_id, &type))
        return none;
    uint32_t kernel = kernel_type(v, type.name);
    if (kernel != 0)
        return field->flavour == FLAVOUR_PERCPU ? none : (struct target){ kernel, 0 };
    if (type.kind != BPF_BTF_STRUCT || field->flavour == FLAVOUR_UNTRUSTED || field->flavour > FLAVOUR_PERCPU)
        return none;
    uint16_t percpu = field->flavour == FLAVOUR_PERCPU ? REG_PERCPU : 0;
    return (struct target){ type.id, (uint16_t)(REG_OWN_TYPE | REG_ALLOCATED | percpu) };
}

/* Kinds of object that live on until an RCU read section ends (Linux: rcu_protected_types). */
static bool is_rcu_protected(const struct verifier *v, uint32_t type_id)
{
    static const char *const names[] = { "cgroup", "bpf_cpumask", "task_struct", "bpf_crypto_ctx" };
    struct bpf_btf_type type;
    if (!bpf_btf_type_at(v->request->kernel_btf, type_id, &type))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strcmp(type.name, names[i]) == 0)
            return true;
    return false;
}

static int refuse_kptr(struct verifier *v, uint32_t reg_number, const char *why)
{
    return refuse(v, -EACCES, BPF_REJECT_TYPE, "use bpf_kptr_xchg()", "r%u is %s: %s", reg_number,
                  describe(v, state_reg(&v->state, reg_number)).text, why);
}

bool kptr_is_there(const struct verifier *v, const struct reg *r, int64_t displacement,
                   uint32_t size)
{
    return r->type == REG_MAP_VALUE && !r->may_be_null && scalar_is_const(&r->n) && size == 8 &&
           field_at(v, r, r->n.smin + displacement) != NULL;
}

/* A pointer just looked at, while its object cannot go (Linux: btf_ld_kptr_type()). */
static uint16_t looked_at(const struct verifier *v, const struct bpf_special_field *field,
                          const struct target *target)
{
    uint16_t own = target->attr & REG_OWN_TYPE;
    bool protected = field->flavour != FLAVOUR_UNTRUSTED && (own != 0 || is_rcu_protected(v, target->type));
    if (!protected || !in_rcu_section(v))
        return own | REG_UNTRUSTED;
    if (own == 0)
        return REG_RCU;
    if (field->flavour == FLAVOUR_PERCPU)
        return REG_OWN_TYPE | REG_PERCPU | REG_RCU;
    uint16_t borrowed = own_type_has_node(v, target->type) ? REG_BORROWED : 0;
    return REG_OWN_TYPE | REG_ALLOCATED | REG_RCU | borrowed;
}

int kptr_load(struct verifier *v, uint32_t reg_number, int64_t displacement, struct reg *out)
{
    const struct reg base = *state_reg(&v->state, reg_number);
    const struct bpf_special_field *field = field_at(v, &base, base.n.smin + displacement);
    struct target target = target_of(v, field);
    if (target.type == 0)
        return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "",
                      "a pointer to an object that neither the kernel nor the program has");
    *out = reg_pointer(REG_BTF);
    out->type_id = target.type;
    out->id = ++v->next_id;
    out->may_be_null = 1;
    out->attr = looked_at(v, field, &target);
    return 0;
}

int kptr_store(struct verifier *v, uint32_t reg_number, int64_t displacement,
               const struct reg *value)
{
    const struct reg base = *state_reg(&v->state, reg_number);
    const struct bpf_special_field *field = field_at(v, &base, base.n.smin + displacement);
    uint32_t type = target_of(v, field).type;
    if (field->flavour != FLAVOUR_UNTRUSTED)
        return refuse_kptr(v, reg_number, "a kernel pointer that owns its object lies there");
    if (reg_is_null(value)) {
        mark_precise(v, value->deps);
        return 0;
    }
    const uint16_t allowed = REG_TRUSTED | REG_RCU | REG_UNTRUSTED;
    if (type == 0 || (value->attr & ~allowed) != 0 || !reg_is_btf(v, value, type))
        return refuse_kptr(v, reg_number, "a kernel pointer of another type lies there");
    return 0;
}

int check_kptr(struct verifier *v, struct call *call, uint32_t reg_number)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    struct bpf_special_field in_object;
    const struct bpf_special_field *field = NULL;
    if (r->type == REG_MAP_VALUE && !r->may_be_null && scalar_is_const(&r->n))
        field = field_at(v, r, r->n.smin);
    else if (is_kptr_in_object(v, r, &in_object))
        field = &in_object;
    if (field == NULL || (field->flavour != FLAVOUR_OWNING && field->flavour != FLAVOUR_PERCPU))
        return refuse_argument(v, call, reg_number, "a field that is tagged __kptr, in a map value or object");
    struct target target = target_of(v, field);
    call->kptr_type = target.type;
    call->kptr_attr = target.attr;
    if (call->kptr_type != 0)
        return 0;
    return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "",
                  "bpf_%s() of an object that neither the kernel nor the program has", call->name);
}

int check_kptr_value(struct verifier *v, struct call *call, uint32_t reg_number)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    uint16_t more = call->kptr_attr == 0 ? REG_TRUSTED | REG_RCU : 0;
    if (r->type != REG_BTF || r->may_be_null || r->type_id != call->kptr_type ||
        (r->attr & ~more) != call->kptr_attr || !scalar_is_const(&r->n) || r->n.umin != 0)
        return refuse_argument(v, call, reg_number, "an object of the field's type");
    return 0;
}

int give_kptr(struct verifier *v, const struct call *call, struct reg *out)
{
    *out = reg_pointer(REG_BTF);
    out->type_id = call->kptr_type;
    out->attr = call->kptr_attr;
    out->may_be_null = 1;
    int err = reference_acquire(v, &out->id);
    out->ref = out->id;
    return err;
}
