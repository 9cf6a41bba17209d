/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Kernel objects: pointers whose target's layout is known from the kernel's BTF.
 *
 * They are read only, and a load through them is caught at run time should the object be gone, so a
 * load is always possible inside the type. What differs is what may be done with the pointer
 * itself: a trusted one is alive and may be given to whoever wants one; one under RCU is, until the
 * read section ends; any other may be read only (Linux: Documentation/bpf/kfuncs.rst §2.4). */
#include <axiom/string.h>

#include "btf_walk.h"
#include "call.h"

/* Linux's enum bpf_attach_type, of programs whose context is an array of arguments. */
enum {
    ATTACH_RAW_TP = 23,
    ATTACH_FENTRY = 24,
    ATTACH_FEXIT = 25,
    ATTACH_MODIFY_RETURN = 26,
    ATTACH_LSM = 27,
    ATTACH_ITER = 28,
    ATTACH_LSM_CGROUP = 43,
};

bool program_sleeps(const struct verifier *v)
{
    return v->request->sleepable || v->work_sleeps || bpf_context_has_rule(v->context, BPF_RULE_SLEEPABLE);
}

bool in_rcu_section(const struct verifier *v)
{
    return !program_sleeps(v) || v->state.regions.rcu != 0 || v->state.regions.lock_map != 0;
}

/* --- Arguments in the context
 * ----------------------------------------------------------------------------------------- */

static bool is_number_type(enum bpf_btf_kind kind)
{
    return kind == BPF_BTF_INT || kind == BPF_BTF_ENUM || kind == BPF_BTF_ENUM64 ||
           kind == BPF_BTF_STRUCT || kind == BPF_BTF_UNION;
}

/* The prototype of what the program attaches to, and how many of its parameters come before the
 * context's first. */
static bool attach_prototype(const struct verifier *v, struct bpf_btf_type *proto,
                             uint32_t *skipped)
{
    const struct bpf_btf *btf = v->request->kernel_btf;
    struct bpf_btf_member member;
    struct bpf_btf_type type;
    *skipped = 0;
    if (btf == NULL || !bpf_btf_type_at(btf, v->request->attach_btf_id, &type))
        return false;
    if (type.kind == BPF_BTF_STRUCT) {
        if (!bpf_btf_member_at(btf, &type, v->request->attach_member, &member) ||
            !bpf_btf_resolve(btf, member.type, &type))
            return false;
    } else if (type.kind == BPF_BTF_TYPEDEF) {
        *skipped = 1; /* void *__data */
        if (!bpf_btf_resolve(btf, type.id, &type))
            return false;
    }
    if (type.kind != BPF_BTF_PTR && type.kind != BPF_BTF_FUNC)
        return false;
    return bpf_btf_resolve(btf, type.size_or_type, proto) && proto->kind == BPF_BTF_FUNC_PROTO;
}

/* Hooks whose objects are being made or are going (Linux: untrusted_lsm_hooks). */
static bool hook_is_untrusted(const struct verifier *v)
{
    static const char *const hooks[] = {
        "bpf_lsm_bpf_map_free",       "bpf_lsm_bpf_prog_free",     "bpf_lsm_file_alloc_security",
        "bpf_lsm_file_free_security", "bpf_lsm_sk_alloc_security", "bpf_lsm_sk_free_security",
        "bpf_lsm_task_free",
    };
    struct bpf_btf_type hook;
    if (v->request->kernel_btf == NULL ||
        !bpf_btf_type_at(v->request->kernel_btf, v->request->attach_btf_id, &hook))
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(hooks); i++)
        if (strcmp(hook.name, hooks[i]) == 0)
            return true;
    return false;
}

bool attached_returns_nothing(const struct verifier *v)
{
    struct bpf_btf_type proto;
    uint32_t skipped;
    return attach_prototype(v, &proto, &skipped) && proto.size_or_type == 0;
}

static bool arguments_are_trusted(const struct verifier *v)
{
    uint8_t attach = v->context->expected_type;
    if (v->context->prog_type == PROG_LSM)
        return !hook_is_untrusted(v);
    return attach == ATTACH_RAW_TP || attach == ATTACH_ITER ||
           v->context->prog_type == PROG_STRUCT_OPS;
}

static bool result_is_visible(const struct verifier *v)
{
    uint8_t attach = v->context->expected_type;
    return attach == ATTACH_FEXIT || attach == ATTACH_MODIFY_RETURN || attach == ATTACH_LSM ||
           attach == ATTACH_LSM_CGROUP;
}

static int refuse_context(struct verifier *v, int64_t at, const char *why)
{
    return refuse(v, -EACCES, BPF_REJECT_OOB, "name the parameter: BPF_PROG(name, type parameter)",
                  "the context at %lld: %s", (long long)at, why);
}

static bool name_ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), tail = strlen(end);
    return length >= tail && strcmp(name + length - tail, end) == 0;
}

/* Iterators of maps' elements show key and value, as large as the map's that they are attached for
 * (Linux: bpf_iter_reg.ctx_arg_info, PTR_TO_BUF). */
static bool is_element_buffer(struct verifier *v, const char *name, struct reg *out)
{
    static const struct {
        const char *iterator, *parameter;
        bool is_read_only;
    } buffers[] = { { "bpf_iter_bpf_map_elem", "key", true },
                    { "bpf_iter_sockmap", "key", true },
                    { "bpf_iter_bpf_map_elem", "value", false },
                    { "bpf_iter_bpf_sk_storage_map", "value", false } };
    struct bpf_btf_type target;
    if (v->context->expected_type != ATTACH_ITER ||
        !bpf_btf_type_at(v->request->kernel_btf, v->request->attach_btf_id, &target))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(buffers); i++) {
        if (strcmp(buffers[i].iterator, target.name) != 0 ||
            strcmp(buffers[i].parameter, name) != 0)
            continue;
        *out = reg_pointer(REG_BUFFER);
        out->attr = buffers[i].is_read_only ? REG_READ_ONLY : 0;
        out->may_be_null = 1;
        out->id = ++v->next_id;
        return true;
    }
    return false;
}

static int argument_value(struct verifier *v, int64_t at, uint32_t size,
                          const struct bpf_btf_param *param, struct reg *out)
{
    const struct bpf_btf *btf = v->request->kernel_btf;
    struct bpf_btf_type type, target;
    if (param->type == 0)
        return 0; /* what a function returns that returns nothing */
    if (!bpf_btf_resolve(btf, param->type, &type))
        return refuse_context(v, at, "its type cannot be followed");
    if (is_number_type(type.kind))
        return 0;
    if (type.kind != BPF_BTF_PTR)
        return refuse_context(v, at, "neither a number nor a pointer");
    if (size != 8)
        return refuse_context(v, at, "a pointer is read with all 8 bytes");
    if (!bpf_btf_resolve(btf, type.size_or_type, &target))
        return refuse_context(v, at, "its type cannot be followed");
    if (target.kind == BPF_BTF_VOID && is_element_buffer(v, param->name, out))
        return 0;
    if (target.kind == BPF_BTF_VOID || target.kind == BPF_BTF_INT)
        return 0;
    if (target.kind != BPF_BTF_STRUCT && target.kind != BPF_BTF_UNION)
        return refuse_context(v, at, "a pointer to something that is no struct");
    *out = reg_pointer(REG_BTF);
    out->type_id = target.id;
    out->id = ++v->next_id;
    /* An iterator's last call has no element; what it says of itself is always there. */
    out->may_be_null =
        name_ends_with(param->name, "__nullable") ||
        (v->context->expected_type == ATTACH_ITER && strcmp(param->name, "meta") != 0);
    if (bpf_btf_has_type_tag(btf, type.size_or_type, "user"))
        out->attr = REG_USER;
    else if (bpf_btf_has_type_tag(btf, type.size_or_type, "percpu"))
        out->attr = REG_PERCPU;
    if (arguments_are_trusted(v))
        out->attr |= REG_TRUSTED;
    return 0;
}

int check_btf_argument(struct verifier *v, int64_t at, uint32_t size, bool write, struct reg *out)
{
    const struct bpf_btf *btf = v->request->kernel_btf;
    struct bpf_btf_param param = { .name = "" };
    struct bpf_btf_type proto;
    uint32_t skipped;
    if (write)
        return refuse_context(v, at, "arguments cannot be written");
    if (at < 0 || at % size != 0 || at >= 8 * 12)
        return refuse_context(v, at, "no argument lies there");
    if (!attach_prototype(v, &proto, &skipped))
        return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "give the BTF of the kernel it is for",
                      "what the program attaches to is not known: its arguments have no types");
    if (at % 8 != 0)
        return refuse_context(v, at, "arguments lie at multiples of 8");
    uint32_t index = (uint32_t)(at / 8) + skipped;
    if (index == proto.member_count && result_is_visible(v))
        param.type = proto.size_or_type;
    else if (index >= proto.member_count || !bpf_btf_param_at(btf, &proto, index, &param))
        return refuse_context(v, at, "there are fewer arguments");
    return argument_value(v, at, size, &param, out);
}

/* --- Loads through them
 * ----------------------------------------------------------------------------------------------- */

enum safety { SAFE_RCU, SAFE_RCU_OR_NULL, SAFE_TRUSTED, SAFE_TRUSTED_OR_NULL };

/* Members that keep what their owner has: facts about Linux 6.12 that its BTF does not say. */
static const struct {
    const char *owner, *member;
    enum safety safety;
} safe_members[] = {
    { "task_struct", "cpus_ptr", SAFE_RCU },
    { "task_struct", "cgroups", SAFE_RCU },
    { "task_struct", "real_parent", SAFE_RCU },
    { "task_struct", "group_leader", SAFE_RCU },
    { "cgroup", "kn", SAFE_RCU },
    { "css_set", "dfl_cgrp", SAFE_RCU },
    { "mm_struct", "exe_file", SAFE_RCU_OR_NULL },
    { "sk_buff", "sk", SAFE_RCU_OR_NULL },
    { "request_sock", "sk", SAFE_RCU_OR_NULL },
    { "bpf_iter_meta", "seq", SAFE_TRUSTED },
    { "bpf_iter__task", "meta", SAFE_TRUSTED },
    { "bpf_iter__task", "task", SAFE_TRUSTED },
    { "linux_binprm", "file", SAFE_TRUSTED },
    { "file", "f_inode", SAFE_TRUSTED },
    { "dentry", "d_inode", SAFE_TRUSTED },
    { "socket", "sk", SAFE_TRUSTED_OR_NULL },
};

static bool is_safe(const struct btf_place *place, enum safety safety)
{
    for (size_t i = 0; i < ARRAY_SIZE(safe_members); i++)
        if (safe_members[i].safety == safety && strcmp(safe_members[i].owner, place->owner) == 0 &&
            strcmp(safe_members[i].member, place->member) == 0)
            return true;
    return false;
}

bool reg_is_trusted(const struct reg *r)
{
    if (r->type == REG_BTF)
        return r->ref != 0 || (r->attr & (REG_TRUSTED | REG_ALLOCATED)) != 0;
    return r->type == REG_SOCKET || r->type == REG_CONTEXT;
}

/* What the pointer found in an object that `base` points to is good for. */
static void inherit(const struct verifier *v, const struct reg *base, const struct btf_place *place,
                    struct reg *out)
{
    uint16_t tags = (uint16_t)((place->user ? REG_USER : 0) | (place->percpu ? REG_PERCPU : 0));
    bool untrusted = (base->attr & REG_UNTRUSTED) != 0 || place->in_union;
    out->attr = tags;
    if (untrusted) {
        out->attr = REG_UNTRUSTED;
    } else if (!reg_is_trusted(base) && (base->attr & REG_RCU) == 0) {
        /* As old programs expect: neither trusted nor untrusted. */
    } else if (is_safe(place, SAFE_TRUSTED)) {
        out->attr |= REG_TRUSTED;
    } else if (is_safe(place, SAFE_TRUSTED_OR_NULL)) {
        out->attr |= REG_TRUSTED;
        out->may_be_null = 1;
    } else if (in_rcu_section(v)) {
        if (is_safe(place, SAFE_RCU)) {
            out->attr |= REG_RCU;
        } else if (place->rcu || is_safe(place, SAFE_RCU_OR_NULL)) {
            out->attr |= REG_RCU;
            out->may_be_null = 1;
        }
    } else {
        out->attr = REG_UNTRUSTED;
    }
}

int check_btf_load(struct verifier *v, uint32_t reg_number, int64_t displacement, uint32_t size,
                   struct reg *out)
{
    const struct reg base = *state_reg(&v->state, reg_number);
    const struct bpf_btf *btf =
        (base.attr & REG_OWN_TYPE) != 0 ? v->request->btf : v->request->kernel_btf;
    struct btf_place place;
    if (base.may_be_null)
        return refuse(v, -EACCES, BPF_REJECT_NULL, "test it first: if (!p) return 0;",
                      "r%u may be NULL here: %s", reg_number, describe(v, &base).text);
    if ((base.attr & (REG_USER | REG_PERCPU)) != 0)
        return refuse(v, -EACCES, BPF_REJECT_TYPE, "use bpf_probe_read_user() or bpf_per_cpu_ptr()",
                      "r%u points to %s memory, which cannot be read directly", reg_number,
                      (base.attr & REG_USER) != 0 ? "user space's" : "per-CPU");
    if ((base.attr & REG_ALLOCATED) != 0)
        return check_own_access(v, &base, reg_number, displacement, size);
    if ((base.attr & REG_OWN_TYPE) != 0 && !own_type_is_known(v, base.type_id))
        return refuse(v, -EACCES, BPF_REJECT_OOB, "", "r%u is %s: its type has too many members", reg_number,
                      describe(v, &base).text);
    if (!scalar_is_const(&base.n))
        return refuse(v, -EACCES, BPF_REJECT_OOB, "",
                      "r%u is %s: kernel objects are read at constant offsets only", reg_number,
                      describe(v, &base).text);
    int64_t at = base.n.smin + displacement;
    if (at < 0 || btf == NULL || !btf_walk(btf, base.type_id, (uint64_t)at, size, &place))
        return refuse(v, -EACCES, BPF_REJECT_OOB, "",
                      "r%u is %s: no member of its type lies at %lld with %u bytes", reg_number,
                      describe(v, &base).text, (long long)at, size);
    if (!place.is_pointer)
        return 0;
    *out = reg_pointer(REG_BTF);
    out->type_id = place.type_id;
    out->id = ++v->next_id;
    inherit(v, &base, &place, out);
    out->attr |= base.attr & REG_OWN_TYPE;
    return 0;
}

/* --- Maps, as the kernel has them
 * --------------------------------------------------------------------------------------- */

/* Linux: each type's map_btf_id. */
static const char *map_struct(const struct bpf_map *map)
{
    static const struct {
        uint32_t bits;
        const char *name;
    } names[] = {
        { BPF_MAP_BIT_HASH | BPF_MAP_BIT_PERCPU_HASH | BPF_MAP_BIT_LRU_HASH | BPF_MAP_BIT_LRU_PERCPU_HASH |
              BPF_MAP_BIT_HASH_OF_MAPS,
          "bpf_htab" },
        { BPF_MAP_BIT_ARRAY | BPF_MAP_BIT_PERCPU_ARRAY | BPF_MAP_BIT_PROG_ARRAY | BPF_MAP_BIT_ARRAY_OF_MAPS |
              BPF_MAP_BIT_PERF_EVENT_ARRAY | BPF_MAP_BIT_CGROUP_ARRAY,
          "bpf_array" },
        { BPF_MAP_BIT_RINGBUF | BPF_MAP_BIT_USER_RINGBUF, "bpf_ringbuf_map" },
        { BPF_MAP_BIT_LPM_TRIE, "lpm_trie" },
        { BPF_MAP_BIT_QUEUE | BPF_MAP_BIT_STACK, "bpf_queue_stack" },
        { BPF_MAP_BIT_BLOOM_FILTER, "bpf_bloom_filter" },
        { BPF_MAP_BIT_STRUCT_OPS, "bpf_struct_ops_map" },
        { BPF_MAP_BIT_STACK_TRACE, "bpf_stack_map" },
        { BPF_MAP_BIT_DEVMAP, "bpf_dtab" },
        { BPF_MAP_BIT_CPUMAP, "bpf_cpu_map" },
        { BPF_MAP_BIT_XSKMAP, "xsk_map" },
        { BPF_MAP_BIT_SOCKMAP, "bpf_stab" },
        { BPF_MAP_BIT_SOCKHASH, "bpf_shtab" },
        { BPF_MAP_BIT_REUSEPORT, "reuseport_array" },
        { BPF_MAP_BIT_SK_STORAGE | BPF_MAP_BIT_INODE_STORAGE | BPF_MAP_BIT_TASK_STORAGE | BPF_MAP_BIT_CGRP_STORAGE,
          "bpf_local_storage_map" },
        { BPF_MAP_BIT_CGROUP_STORAGE, "bpf_cgroup_storage_map" },
        { BPF_MAP_BIT_ARENA, "bpf_arena" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if ((names[i].bits & map->ops->bit) != 0)
            return names[i].name;
    return "";
}

int check_map_load(struct verifier *v, uint32_t reg_number, int64_t displacement, uint32_t size, struct reg *out)
{
    const struct reg base = *state_reg(&v->state, reg_number);
    const struct bpf_btf *btf = v->request->kernel_btf;
    const char *name = map_struct(reg_map(v, &base));
    uint32_t type = btf == NULL ? 0 : bpf_btf_find(btf, name, BPF_BTF_STRUCT);
    struct btf_place place;
    if (base.may_be_null)
        return refuse(v, -EACCES, BPF_REJECT_NULL, "test it first: if (!map) return 0;", "r%u may be NULL here: %s",
                      reg_number, describe(v, &base).text);
    if (type == 0 || displacement < 0 || !btf_walk(btf, type, (uint64_t)displacement, size, &place))
        return refuse(v, -EACCES, BPF_REJECT_OOB, "", "r%u is %s: the kernel's struct %s has no member at %lld with %u bytes",
                      reg_number, describe(v, &base).text, name, (long long)displacement, size);
    if (!place.is_pointer)
        return 0;
    *out = reg_pointer(REG_BTF);
    out->type_id = place.type_id;
    out->id = ++v->next_id;
    out->attr = (uint16_t)((place.user ? REG_USER : 0) | (place.percpu ? REG_PERCPU : 0) |
                           (place.in_union ? REG_UNTRUSTED : 0));
    return 0;
}

/* --- As arguments
 * ------------------------------------------------------------------------------------------------------ */

static uint32_t kernel_struct(const struct verifier *v, const char *name)
{
    return v->request->kernel_btf == NULL
               ? 0
               : bpf_btf_find(v->request->kernel_btf, name, BPF_BTF_STRUCT);
}

bool reg_is_btf(const struct verifier *v, const struct reg *r, uint32_t type_id)
{
    return r->type == REG_BTF && (r->attr & REG_OWN_TYPE) == 0 && type_id != 0 &&
           scalar_is_const(&r->n) && r->n.smin >= 0 &&
           btf_begins_with(v->request->kernel_btf, r->type_id, r->n.umin, type_id);
}

int check_btf_object(struct verifier *v, struct call *call, uint32_t reg_number, const char *name)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    if (!reg_is_btf(v, r, kernel_struct(v, name)))
        return refuse_argument(v, call, reg_number, name);
    if ((r->attr & (REG_UNTRUSTED | REG_USER | REG_PERCPU)) != 0)
        return refuse_argument(v, call, reg_number, "an object that is known to be alive");
    if (r->may_be_null)
        return refuse_argument(v, call, reg_number, "not NULL");
    call->lives_by = r->ref;
    return 0;
}

int give_btf_object(struct verifier *v, const struct call *call, const char *name, uint16_t attr,
                    bool or_null, struct reg *out)
{
    uint32_t type = kernel_struct(v, name);
    if (type == 0)
        return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "give the BTF of the kernel it is for",
                      "bpf_%s() gives a struct %s, whose type is not known", call->name, name);
    *out = reg_pointer(REG_BTF);
    out->type_id = type;
    out->attr = attr;
    out->id = ++v->next_id;
    out->may_be_null = or_null;
    out->ref = call->lives_by;
    return 0;
}
