/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Fields of structs that are not plain memory: locks, timers, lists, pointers to kernel objects.
 * They are known by the names of their types (Linux: kernel/bpf/btf.c, btf_get_field_type) and, for
 * pointers, by a type tag. */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf_internal/special.h>

#define NEST_MAX 8
/* Members looked at: structs may nest in hostile ways. Of objects it is done at each access. */
#define WORK_MAX        100000u
#define OBJECT_WORK_MAX 1024u

static const struct {
    const char *type;
    enum bpf_special_kind kind;
} special_structs[] = {
    { "bpf_spin_lock", BPF_SPECIAL_SPIN_LOCK }, { "bpf_timer", BPF_SPECIAL_TIMER },
    { "bpf_list_head", BPF_SPECIAL_LIST_HEAD }, { "bpf_rb_root", BPF_SPECIAL_RB_ROOT },
    { "bpf_refcount", BPF_SPECIAL_REFCOUNT },   { "bpf_wq", BPF_SPECIAL_WORKQUEUE },
    { "bpf_list_node", BPF_SPECIAL_LIST_NODE }, { "bpf_rb_node", BPF_SPECIAL_RB_NODE },
};

/* Type tags of pointers that are kept in map values; `flavour` is the index + 1. */
static const char *const pointer_tags[] = { "kptr_untrusted", "kptr", "percpu_kptr", "uptr" };

struct search {
    const struct bpf_btf *btf;
    uint32_t kinds;
    struct bpf_special_field *fields;
    uint32_t max, count, work, work_max;
    /* Whose tags count: a member's or variable's, also for each element of an array. */
    uint32_t owner;
    int32_t member;
    bool is_full;
};

static void add(struct search *search, struct bpf_special_field field)
{
    if ((search->kinds >> field.kind & 1u) == 0)
        return;
    if (search->count == search->max) {
        search->is_full = true;
        return;
    }
    uint32_t at = search->count++;
    for (; at > 0 && search->fields[at - 1].offset > field.offset; at--)
        search->fields[at] = search->fields[at - 1];
    search->fields[at] = field;
}

static bool is_node(const struct bpf_btf *btf, const struct bpf_btf_member *member,
                    enum bpf_special_kind root)
{
    struct bpf_btf_type type;
    const char *name = root == BPF_SPECIAL_LIST_HEAD ? "bpf_list_node" : "bpf_rb_node";
    return bpf_btf_resolve(btf, member->type, &type) && type.kind == BPF_BTF_STRUCT &&
           strcmp(type.name, name) == 0;
}

/* What a list or tree holds: __contains(TYPE, NODE) on the member is a tag "contains:TYPE:NODE". The field's btf_id is
 * the type, its flavour where the node lies in it; 0: no such type or node. */
static void find_content(const struct search *search, struct bpf_special_field *field)
{
    const struct bpf_btf *btf = search->btf;
    const char *text = bpf_btf_decl_tag(btf, search->owner, search->member, "contains:");
    const char *colon = text == NULL ? NULL : strchr(text, ':');
    char name[128];
    struct bpf_btf_type type;
    struct bpf_btf_member node;
    if (colon == NULL || (size_t)(colon - text) >= sizeof name)
        return;
    memcpy(name, text, (size_t)(colon - text));
    name[colon - text] = '\0';
    uint32_t id = bpf_btf_find(btf, name, BPF_BTF_STRUCT);
    if (id == 0 || !bpf_btf_type_at(btf, id, &type))
        return;
    for (uint32_t i = 0; bpf_btf_member_at(btf, &type, i, &node); i++) {
        if (strcmp(node.name, colon + 1) != 0 ||
            !is_node(btf, &node, (enum bpf_special_kind)field->kind))
            continue;
        field->btf_id = id;
        field->flavour = node.bit_offset / 8;
        return;
    }
}

static bool find_struct_kind(const char *name, enum bpf_special_kind *kind)
{
    for (size_t i = 0; i < ARRAY_SIZE(special_structs); i++) {
        if (strcmp(name, special_structs[i].type) == 0) {
            *kind = special_structs[i].kind;
            return true;
        }
    }
    return false;
}

static void look_at_pointer(struct search *search, const struct bpf_btf_type *pointer,
                            uint32_t offset)
{
    const struct bpf_btf *btf = search->btf;
    struct bpf_btf_type target;
    for (uint32_t i = 0; i < ARRAY_SIZE(pointer_tags); i++) {
        if (bpf_btf_has_type_tag(btf, pointer->size_or_type, pointer_tags[i]) &&
            bpf_btf_resolve(btf, pointer->size_or_type, &target))
            add(search,
                (struct bpf_special_field){ BPF_SPECIAL_KPTR, offset, 8, target.id, i + 1 });
    }
}

static void look_into(struct search *search, uint32_t type_id, uint32_t offset, int depth);

/* What is of this type, declared by member `member` of type `owner` or by the variable `owner`. */
static void look_at(struct search *search, uint32_t owner, int32_t member, uint32_t type_id,
                    uint32_t offset, int depth)
{
    const struct bpf_btf *btf = search->btf;
    struct bpf_btf_type type;
    enum bpf_special_kind kind;
    if (++search->work > search->work_max)
        search->is_full = true;
    if (search->is_full || !bpf_btf_resolve(btf, type_id, &type))
        return;
    search->owner = owner;
    search->member = member;
    if (type.kind != BPF_BTF_STRUCT || !find_struct_kind(type.name, &kind)) {
        look_into(search, type_id, offset, depth);
        return;
    }
    struct bpf_special_field field = { .kind = kind, .offset = offset, .size = type.size_or_type };
    if (kind == BPF_SPECIAL_LIST_HEAD || kind == BPF_SPECIAL_RB_ROOT)
        find_content(search, &field);
    add(search, field);
}

/* Structs by value, arrays element by element, down to a depth. */
static void look_into(struct search *search, uint32_t type_id, uint32_t offset, int depth)
{
    const struct bpf_btf *btf = search->btf;
    struct bpf_btf_type type;
    struct bpf_btf_member member;
    uint32_t element, count, size;
    if (depth == 0 || search->is_full || !bpf_btf_resolve(btf, type_id, &type))
        return;
    if (type.kind == BPF_BTF_PTR)
        look_at_pointer(search, &type, offset);
    if (type.kind == BPF_BTF_STRUCT || type.kind == BPF_BTF_UNION) {
        for (uint32_t i = 0; bpf_btf_member_at(btf, &type, i, &member); i++)
            look_at(search, type.id, (int32_t)i, member.type, offset + member.bit_offset / 8,
                    depth - 1);
    }
    if (!bpf_btf_array(btf, &type, &element, &count) || bpf_btf_size(btf, element, &size) != 0 ||
        !bpf_btf_resolve(btf, element, &type))
        return;
    bool may_hold = type.kind == BPF_BTF_STRUCT || type.kind == BPF_BTF_PTR;
    const uint32_t owner = search->owner;
    const int32_t declared = search->member;
    for (uint32_t i = 0, before = search->count; may_hold && i < count && !search->is_full; i++) {
        look_at(search, owner, declared, element, offset + i * size, depth - 1);
        if (search->count == before)
            break; /* no element has any */
    }
}

int btf_special_fields(const struct bpf_btf *btf, uint32_t type_id, uint32_t kinds,
                       struct bpf_special_field *fields, uint32_t max, uint32_t *count)
{
    struct search search = { .btf = btf, .kinds = kinds, .fields = fields, .max = max };
    search.work_max = kinds == SPECIAL_IN_OBJECTS ? OBJECT_WORK_MAX : WORK_MAX;
    look_into(&search, type_id, 0, NEST_MAX);
    *count = search.count;
    return search.is_full ? -E2BIG : 0;
}

int btf_special_variable(const struct bpf_btf *btf, uint32_t variable_id, uint32_t offset,
                         uint32_t kinds, struct bpf_special_field *fields, uint32_t max,
                         uint32_t *count, uint32_t *work)
{
    struct search search = { .btf = btf,
                             .kinds = kinds,
                             .fields = fields,
                             .max = max,
                             .count = *count,
                             .work = *work,
                             .work_max = WORK_MAX };
    struct bpf_btf_type variable;
    if (!bpf_btf_type_at(btf, variable_id, &variable) || variable.kind != BPF_BTF_VAR)
        return 0;
    look_at(&search, variable.id, BPF_BTF_WHOLE, variable.size_or_type, offset, NEST_MAX);
    *count = search.count;
    *work = search.work;
    return search.is_full ? -E2BIG : 0;
}
