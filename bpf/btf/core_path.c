/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Paths into a local type: "0:1:2" is &p[0], then member 1, then member or element 2. What counts
 * later are the names on the way and the elements; anonymous members are only passed through. */
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/string.h>
#include <bpf_internal/core_relo.h>

bool core_is_field(enum core_kind kind)
{
    return kind <= CORE_FIELD_RSHIFT_U64;
}

bool core_is_type(enum core_kind kind)
{
    return (kind >= CORE_TYPE_ID_LOCAL && kind <= CORE_TYPE_SIZE) || kind == CORE_TYPE_MATCHES;
}

const char *core_kind_name(enum core_kind kind)
{
    static const char *const names[CORE_KIND_COUNT] = {
        "byte_off",       "byte_sz",       "field_exists",   "signed",      "lshift_u64",
        "rshift_u64",     "local_type_id", "target_type_id", "type_exists", "type_size",
        "enumval_exists", "enumval_value", "type_matches",
    };
    return kind < CORE_KIND_COUNT ? names[kind] : "unknown";
}

bool core_is_flexible(const struct bpf_btf *btf, const struct core_step *member,
                      uint32_t element_count)
{
    struct bpf_btf_type owner;
    return member->name != NULL && element_count == 0 &&
           bpf_btf_type_at(btf, member->type, &owner) && member->index + 1 == owner.member_count;
}

/* The number at *text, which is moved behind it and a colon. */
static bool read_index(const char **text, uint32_t *index)
{
    const char *at = *text;
    uint64_t value = 0;
    if (*at < '0' || *at > '9')
        return false;
    for (; *at >= '0' && *at <= '9'; at++) {
        value = value * 10 + (uint64_t)(*at - '0');
        if (value > INT32_MAX)
            return false;
    }
    if (*at == ':' && at[1] != '\0')
        at++;
    else if (*at != '\0')
        return false;
    *text = at;
    *index = (uint32_t)value;
    return true;
}

static bool add_step(struct core_path *path, const char *name, uint32_t type, uint32_t index)
{
    if (path->count == CORE_PATH_MAX)
        return false;
    path->steps[path->count++] = (struct core_step){ name, type, index };
    return true;
}

static int enter_member(const struct bpf_btf *btf, const struct bpf_btf_type *type, uint32_t index,
                        struct core_path *path, uint32_t *next)
{
    struct bpf_btf_member member;
    if (!bpf_btf_member_at(btf, type, index, &member))
        return -EINVAL;
    path->bit_offset += member.bit_offset;
    *next = member.type;
    if (member.name[0] == '\0')
        return 0;
    return add_step(path, member.name, type->id, index) ? 0 : -E2BIG;
}

static int enter_element(const struct bpf_btf *btf, const struct bpf_btf_type *type, uint32_t index,
                         struct core_path *path, uint32_t *next)
{
    uint32_t element, count, size;
    struct bpf_btf_type element_type;
    bpf_btf_array(btf, type, &element, &count);
    if (!bpf_btf_resolve(btf, element, &element_type))
        return -EINVAL;
    if (index >= count && !core_is_flexible(btf, &path->steps[path->count - 1], count))
        return -EINVAL;
    if (!add_step(path, NULL, element_type.id, index))
        return -E2BIG;
    if (bpf_btf_size(btf, element_type.id, &size) != 0)
        return -EINVAL;
    path->bit_offset += (uint64_t)index * size * 8;
    *next = element_type.id;
    return 0;
}

static int enter_enumerator(const struct bpf_btf *btf, const struct bpf_btf_type *type,
                            const char *rest, uint32_t index, struct core_path *path)
{
    struct bpf_btf_enumerator value;
    if (*rest != '\0' || !bpf_btf_enumerator_at(btf, type, index, &value))
        return -EINVAL;
    path->steps[0].name = value.name;
    return 0;
}

int core_read_path(struct core_relocator *core, const struct core_relo *relo,
                   struct core_path *path)
{
    const struct bpf_btf *btf = core->local;
    const char *rest = relo->access;
    struct bpf_btf_type type;
    uint32_t index, size;
    path->root = relo->type_id;
    path->count = path->depth = 0;
    path->bit_offset = 0;
    if (core_is_type(relo->kind))
        return strcmp(rest, "0") == 0 ? 0 : -EINVAL;
    if (!read_index(&rest, &index) || !bpf_btf_resolve(btf, relo->type_id, &type))
        return -EINVAL;
    add_step(path, NULL, type.id, index);
    if (!core_is_field(relo->kind))
        return enter_enumerator(btf, &type, rest, index, path);
    if (bpf_btf_size(btf, type.id, &size) != 0)
        return -EINVAL;
    path->bit_offset = (uint64_t)index * size * 8;
    for (uint32_t next = type.id, depth = 1; *rest != '\0'; depth++) {
        if (!read_index(&rest, &index) || !bpf_btf_resolve(btf, next, &type))
            return -EINVAL;
        if (depth >= CORE_PATH_MAX)
            return -E2BIG;
        int err = -EINVAL;
        if (type.kind == BPF_BTF_STRUCT || type.kind == BPF_BTF_UNION)
            err = enter_member(btf, &type, index, path, &next);
        else if (type.kind == BPF_BTF_ARRAY)
            err = enter_element(btf, &type, index, path, &next);
        if (err)
            return err;
    }
    return 0;
}

void core_describe(const struct core_relocator *core, const struct core_relo *relo, char *to,
                   size_t size)
{
    static const char *const words[] = { [BPF_BTF_STRUCT] = "struct ",
                                         [BPF_BTF_UNION] = "union ",
                                         [BPF_BTF_ENUM] = "enum ",
                                         [BPF_BTF_ENUM64] = "enum " };
    struct bpf_btf_type root;
    if (!bpf_btf_type_at(core->local, relo->type_id, &root))
        root.name = "?";
    const char *word = root.kind < ARRAY_SIZE(words) ? words[root.kind] : NULL;
    size_t used = (size_t)format_text(to, size, "%s%s", word == NULL ? "" : word, root.name);
    const struct core_path *path = &core->local_path;
    for (uint32_t i = 0; i < path->count && used < size; i++) {
        const struct core_step *step = &path->steps[i];
        if (step->name != NULL)
            used += (size_t)format_text(to + used, size - used, "%s%s",
                                        core_is_field(relo->kind) ? "." : " ", step->name);
        else if (i > 0 || step->index > 0)
            used += (size_t)format_text(to + used, size - used, "[%u]", step->index);
    }
}
