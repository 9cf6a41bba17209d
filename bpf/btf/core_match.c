/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Whether a type of the target is what a local type means: libbpf's rules, which programs rely on.
 *
 * Three relations, each looser than the one before:
 * match   (TYPE_MATCHES): every local member is there, with a matching type
 * compat  (other type relocations): same kind all the way, not the same members
 * field   (fields): only what is read counts: any struct, any pointer, any integer
 *
 * All three answer 1, 0 or an errno. Types are walked without recursion where a chain is followed;
 * where they branch, depth and work are limited. */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf_internal/core_relo.h>

#define CHAIN_MAX 32
#define LEVEL_MAX 32

struct pair {
    struct bpf_btf_type local, target;
};

static bool resolve_pair(const struct core_relocator *core, uint32_t local, uint32_t target,
                         struct pair *out)
{
    return bpf_btf_resolve(core->local, local, &out->local) &&
           bpf_btf_resolve(core->target, target, &out->target);
}

static bool is_composite(const struct bpf_btf_type *type)
{
    return type->kind == BPF_BTF_STRUCT || type->kind == BPF_BTF_UNION;
}

static bool is_enum(const struct bpf_btf_type *type)
{
    return type->kind == BPF_BTF_ENUM || type->kind == BPF_BTF_ENUM64;
}

static bool same_kind(const struct pair *pair)
{
    return pair->local.kind == pair->target.kind ||
           (is_enum(&pair->local) && is_enum(&pair->target));
}

static bool same_essential_name(const char *a, const char *b)
{
    size_t length = bpf_btf_essential_length(a);
    return length == bpf_btf_essential_length(b) && strncmp(a, b, length) == 0;
}

/* Integers that say at which bit they begin were bit fields once, and are nothing now. */
static bool are_plain_ints(const struct core_relocator *core, const struct pair *pair)
{
    struct bpf_btf_int local, target;
    return bpf_btf_int(core->local, &pair->local, &local) &&
           bpf_btf_int(core->target, &pair->target, &target) && local.bit_offset == 0 &&
           target.bit_offset == 0;
}

/* --- Fields --- */

static int fields_fit(struct core_relocator *core, uint32_t local, uint32_t target)
{
    struct pair pair;
    uint32_t count;
    for (;;) {
        if (!core_work(core))
            return -E2BIG;
        if (!resolve_pair(core, local, target, &pair))
            return -EINVAL;
        if (is_composite(&pair.local) && is_composite(&pair.target))
            return 1;
        if (!same_kind(&pair))
            return 0;
        switch (pair.local.kind) {
        case BPF_BTF_PTR:
        case BPF_BTF_FLOAT:
            return 1;
        case BPF_BTF_FWD:
        case BPF_BTF_ENUM:
        case BPF_BTF_ENUM64:
            return pair.local.name[0] == '\0' || pair.target.name[0] == '\0' ||
                   same_essential_name(pair.local.name, pair.target.name);
        case BPF_BTF_INT:
            return are_plain_ints(core, &pair);
        case BPF_BTF_ARRAY:
            bpf_btf_array(core->local, &pair.local, &local, &count);
            bpf_btf_array(core->target, &pair.target, &target, &count);
            break;
        default:
            return 0;
        }
    }
}

/* Looks for the member that `step` names, also inside anonymous members. */
static int find_member(struct core_relocator *core, const struct core_step *step, uint32_t target,
                       struct core_path *path, uint32_t *next)
{
    struct bpf_btf_type type, local;
    struct bpf_btf_member member, local_member;
    if (!bpf_btf_resolve(core->target, target, &type))
        return -EINVAL;
    if (!is_composite(&type))
        return 0;
    if (!bpf_btf_type_at(core->local, step->type, &local) ||
        !bpf_btf_member_at(core->local, &local, step->index, &local_member))
        return -EINVAL;
    if (path->depth >= CORE_PATH_MAX)
        return -E2BIG;
    path->depth++;
    for (uint32_t i = 0; bpf_btf_member_at(core->target, &type, i, &member); i++) {
        if (!core_work(core))
            return -E2BIG;
        if (member.name[0] == '\0') {
            path->bit_offset += member.bit_offset;
            int found = find_member(core, step, member.type, path, next);
            if (found != 0)
                return found;
            path->bit_offset -= member.bit_offset;
        } else if (strcmp(member.name, step->name) == 0) {
            int fits = fields_fit(core, local_member.type, member.type);
            if (fits > 0) {
                path->bit_offset += member.bit_offset;
                path->steps[path->count++] = (struct core_step){ member.name, type.id, i };
                *next = member.type;
                return 1;
            }
            path->depth--;
            return fits;
        }
    }
    path->depth--;
    return 0;
}

/* Element `index` of what lies at `target`: of an array, or, as the first step, of the root. */
static int enter_element(struct core_relocator *core, const struct core_step *step,
                         struct core_path *path, uint32_t *target)
{
    struct bpf_btf_type type;
    uint32_t size, count;
    if (!bpf_btf_resolve(core->target, *target, &type))
        return -EINVAL;
    if (path->count > 0) {
        uint32_t element;
        if (!bpf_btf_array(core->target, &type, &element, &count))
            return 0;
        if (step->index >= count &&
            !core_is_flexible(core->target, &path->steps[path->count - 1], count))
            return 0;
        if (!bpf_btf_resolve(core->target, element, &type))
            return -EINVAL;
    }
    if (path->depth++ >= CORE_PATH_MAX)
        return -E2BIG;
    if (bpf_btf_size(core->target, type.id, &size) != 0)
        return -EINVAL;
    path->steps[path->count++] = (struct core_step){ NULL, type.id, step->index };
    path->bit_offset += (uint64_t)step->index * size * 8;
    *target = type.id;
    return 1;
}

static int match_field(struct core_relocator *core, uint32_t target, struct core_path *path)
{
    const struct core_path *local = &core->local_path;
    for (uint32_t i = 0; i < local->count; i++) {
        const struct core_step *step = &local->steps[i];
        int found = step->name != NULL ? find_member(core, step, target, path, &target)
                                       : enter_element(core, step, path, &target);
        if (found <= 0)
            return found;
    }
    return 1;
}

static int match_enumerator(struct core_relocator *core, uint32_t target, struct core_path *path)
{
    struct bpf_btf_type type;
    struct bpf_btf_enumerator value;
    const char *name = core->local_path.steps[0].name;
    if (!bpf_btf_resolve(core->target, target, &type) || !is_enum(&type))
        return 0;
    for (uint32_t i = 0; bpf_btf_enumerator_at(core->target, &type, i, &value); i++) {
        if (!core_work(core))
            return -E2BIG;
        if (!same_essential_name(name, value.name))
            continue;
        path->steps[0] = (struct core_step){ value.name, type.id, i };
        path->count = 1;
        return 1;
    }
    return 0;
}

/* --- Types: compatible --- */

/* Where the walk goes on after a pair of types that are alike. */
static bool step_into(struct core_relocator *core, const struct pair *pair, uint32_t *local,
                      uint32_t *target)
{
    uint32_t count;
    switch (pair->local.kind) {
    case BPF_BTF_PTR:
    case BPF_BTF_FUNC_PROTO: /* its result */
        *local = pair->local.size_or_type;
        *target = pair->target.size_or_type;
        return true;
    case BPF_BTF_ARRAY:
        bpf_btf_array(core->local, &pair->local, local, &count);
        bpf_btf_array(core->target, &pair->target, target, &count);
        return true;
    default:
        return false;
    }
}

static int types_compatible(struct core_relocator *core, uint32_t local, uint32_t target,
                            int level);

static int params_compatible(struct core_relocator *core, const struct pair *pair, int level)
{
    if (pair->local.member_count != pair->target.member_count)
        return 0;
    for (uint32_t i = 0; i < pair->local.member_count; i++) {
        struct bpf_btf_param local, target;
        struct bpf_btf_type a, b;
        if (level <= 0 || !bpf_btf_param_at(core->local, &pair->local, i, &local) ||
            !bpf_btf_param_at(core->target, &pair->target, i, &target) ||
            !bpf_btf_resolve(core->local, local.type, &a) ||
            !bpf_btf_resolve(core->target, target.type, &b))
            return -EINVAL;
        int compatible = types_compatible(core, a.id, b.id, level - 1);
        if (compatible <= 0)
            return compatible;
    }
    return 1;
}

static int types_compatible(struct core_relocator *core, uint32_t local, uint32_t target, int level)
{
    struct pair pair;
    for (int chain = 0; chain < CHAIN_MAX; chain++) {
        if (!core_work(core))
            return -E2BIG;
        if (!resolve_pair(core, local, target, &pair))
            return -EINVAL;
        if (!same_kind(&pair))
            return 0;
        if (pair.local.kind == BPF_BTF_INT)
            return are_plain_ints(core, &pair);
        if (pair.local.kind == BPF_BTF_FUNC_PROTO) {
            int compatible = params_compatible(core, &pair, level);
            if (compatible <= 0)
                return compatible;
        }
        if (!step_into(core, &pair, &local, &target))
            return pair.local.kind == BPF_BTF_VOID || is_composite(&pair.local) ||
                   is_enum(&pair.local) || pair.local.kind == BPF_BTF_FWD;
    }
    return -EINVAL;
}

/* --- Types: matching --- */

static int types_match(struct core_relocator *core, uint32_t local, uint32_t target,
                       bool behind_pointer, int level);

static bool names_match(const char *local, const char *target)
{
    return target[0] == '\0' ? local[0] == '\0' : same_essential_name(local, target);
}

static int enums_match(struct core_relocator *core, const struct pair *pair)
{
    struct bpf_btf_enumerator local, target;
    if (pair->local.size_or_type != pair->target.size_or_type)
        return 0;
    for (uint32_t i = 0; bpf_btf_enumerator_at(core->local, &pair->local, i, &local); i++) {
        bool found = false;
        for (uint32_t j = 0;
             !found && bpf_btf_enumerator_at(core->target, &pair->target, j, &target); j++) {
            if (!core_work(core))
                return -E2BIG;
            found = names_match(local.name, target.name);
        }
        if (!found)
            return 0;
    }
    return 1;
}

static int member_matches(struct core_relocator *core, const struct pair *pair,
                          const struct bpf_btf_member *local, int level)
{
    struct bpf_btf_member target;
    for (uint32_t i = 0; bpf_btf_member_at(core->target, &pair->target, i, &target); i++) {
        if (!core_work(core))
            return -E2BIG;
        if (!names_match(local->name, target.name))
            continue;
        int matches = types_match(core, local->type, target.type, false, level - 1);
        if (matches != 0)
            return matches;
    }
    return 0;
}

static int composites_match(struct core_relocator *core, const struct pair *pair, int level)
{
    struct bpf_btf_member local;
    if (pair->local.member_count > pair->target.member_count)
        return 0;
    for (uint32_t i = 0; bpf_btf_member_at(core->local, &pair->local, i, &local); i++) {
        int matches = member_matches(core, pair, &local, level);
        if (matches <= 0)
            return matches;
    }
    return 1;
}

static int params_match(struct core_relocator *core, const struct pair *pair, bool behind_pointer,
                        int level)
{
    struct bpf_btf_param local, target;
    if (pair->local.member_count != pair->target.member_count)
        return 0;
    for (uint32_t i = 0; i < pair->local.member_count; i++) {
        if (!bpf_btf_param_at(core->local, &pair->local, i, &local) ||
            !bpf_btf_param_at(core->target, &pair->target, i, &target))
            return -EINVAL;
        int matches = types_match(core, local.type, target.type, behind_pointer, level - 1);
        if (matches <= 0)
            return matches;
    }
    return 1;
}

static bool ints_match(struct core_relocator *core, const struct pair *pair)
{
    struct bpf_btf_int local, target;
    return bpf_btf_int(core->local, &pair->local, &local) &&
           bpf_btf_int(core->target, &pair->target, &target) &&
           pair->local.size_or_type == pair->target.size_or_type &&
           (local.encoding & BPF_BTF_INT_SIGNED) == (target.encoding & BPF_BTF_INT_SIGNED);
}

static bool arrays_match(struct core_relocator *core, const struct pair *pair)
{
    uint32_t element, local, target;
    return bpf_btf_array(core->local, &pair->local, &element, &local) &&
           bpf_btf_array(core->target, &pair->target, &element, &target) && local == target;
}

/* A struct behind a pointer may be just declared on one side. */
static bool declarations_match(const struct pair *pair, bool behind_pointer)
{
    const struct bpf_btf_type *local = &pair->local, *target = &pair->target;
    if (local->kind == BPF_BTF_FWD && target->kind == BPF_BTF_FWD)
        return local->kind_flag == target->kind_flag;
    if (!behind_pointer)
        return false;
    if (local->kind == BPF_BTF_FWD)
        return target->kind == (local->kind_flag ? BPF_BTF_UNION : BPF_BTF_STRUCT);
    if (target->kind == BPF_BTF_FWD)
        return local->kind == (target->kind_flag ? BPF_BTF_UNION : BPF_BTF_STRUCT);
    return local->kind == target->kind;
}

static int types_match(struct core_relocator *core, uint32_t local, uint32_t target,
                       bool behind_pointer, int level)
{
    struct pair pair;
    if (level <= 0)
        return -EINVAL;
    for (int chain = 0; chain < CHAIN_MAX; chain++) {
        if (!core_work(core))
            return -E2BIG;
        if (!resolve_pair(core, local, target, &pair))
            return -EINVAL;
        if (!names_match(pair.local.name, pair.target.name))
            return 0;
        if (is_enum(&pair.local))
            return is_enum(&pair.target) ? enums_match(core, &pair) : 0;
        if (pair.local.kind == BPF_BTF_FWD || (is_composite(&pair.local) && behind_pointer))
            return declarations_match(&pair, behind_pointer);
        if (pair.local.kind != pair.target.kind)
            return 0;
        int matches = 1;
        switch (pair.local.kind) {
        case BPF_BTF_VOID:
            return 1;
        case BPF_BTF_STRUCT:
        case BPF_BTF_UNION:
            return composites_match(core, &pair, level);
        case BPF_BTF_INT:
            return ints_match(core, &pair);
        case BPF_BTF_PTR:
            behind_pointer = true;
            break;
        case BPF_BTF_ARRAY:
            matches = arrays_match(core, &pair);
            break;
        case BPF_BTF_FUNC_PROTO:
            matches = params_match(core, &pair, behind_pointer, level);
            break;
        default:
            return 0;
        }
        if (matches <= 0)
            return matches;
        step_into(core, &pair, &local, &target);
    }
    return -EINVAL;
}

int core_match(struct core_relocator *core, const struct core_relo *relo, uint32_t candidate,
               struct core_path *path)
{
    path->root = candidate;
    path->count = path->depth = 0;
    path->bit_offset = 0;
    if (relo->kind == CORE_TYPE_MATCHES)
        return types_match(core, relo->type_id, candidate, false, LEVEL_MAX);
    if (core_is_type(relo->kind))
        return types_compatible(core, relo->type_id, candidate, LEVEL_MAX);
    if (core_is_field(relo->kind))
        return match_field(core, candidate, path);
    return match_enumerator(core, candidate, path);
}
