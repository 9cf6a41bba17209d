/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Fields of map values that are not plain memory: locks, timers, lists, pointers to kernel objects.
 * They are known by the names of their types (Linux: kernel/bpf/btf.c, btf_get_field_type) and, for
 * pointers, by a type tag. */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf_internal/object.h>

#define FIELD_MAX 64u
#define NEST_MAX  8
#define WORK_MAX  100000u /* members looked at: structs may nest in hostile ways */

static const struct {
    const char *type;
    enum bpf_special_kind kind;
} special_structs[] = {
    { "bpf_spin_lock", BPF_SPECIAL_SPIN_LOCK }, { "bpf_timer", BPF_SPECIAL_TIMER },
    { "bpf_list_head", BPF_SPECIAL_LIST_HEAD }, { "bpf_rb_root", BPF_SPECIAL_RB_ROOT },
    { "bpf_refcount", BPF_SPECIAL_REFCOUNT },   { "bpf_wq", BPF_SPECIAL_WORKQUEUE },
};

/* Type tags of pointers that are kept in map values; `flavour` is the index + 1. */
static const char *const pointer_tags[] = { "kptr_untrusted", "kptr", "percpu_kptr", "uptr" };

struct search {
    struct object_loader *loader;
    struct bpf_special_field fields[FIELD_MAX];
    uint32_t count, work;
    bool is_full;
};

static void add(struct search *search, struct bpf_special_field field)
{
    if (search->count == FIELD_MAX) {
        search->is_full = true;
        return;
    }
    uint32_t at = search->count++;
    for (; at > 0 && search->fields[at - 1].offset > field.offset; at--)
        search->fields[at] = search->fields[at - 1];
    search->fields[at] = field;
}

/* What a list or tree holds: __contains(TYPE, NODE) on the member is a tag "contains:TYPE:NODE". */
static uint32_t find_content(const struct bpf_btf *btf, uint32_t owner, uint32_t member)
{
    const char *text = bpf_btf_decl_tag(btf, owner, (int32_t)member, "contains:");
    const char *colon = text == NULL ? NULL : strchr(text, ':');
    char name[128];
    if (colon == NULL || (size_t)(colon - text) >= sizeof name)
        return 0;
    memcpy(name, text, (size_t)(colon - text));
    name[colon - text] = '\0';
    return bpf_btf_find(btf, name, BPF_BTF_STRUCT);
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
    const struct bpf_btf *btf = search->loader->object->btf;
    struct bpf_btf_type target;
    for (uint32_t i = 0; i < ARRAY_SIZE(pointer_tags); i++) {
        if (bpf_btf_has_type_tag(btf, pointer->size_or_type, pointer_tags[i]) &&
            bpf_btf_resolve(btf, pointer->size_or_type, &target))
            add(search,
                (struct bpf_special_field){ BPF_SPECIAL_KPTR, offset, 8, target.id, i + 1 });
    }
}

static void look_into(struct search *search, uint32_t type_id, uint32_t offset, int depth);

static void look_at_member(struct search *search, const struct bpf_btf_type *owner, uint32_t index,
                           const struct bpf_btf_member *member, uint32_t offset, int depth)
{
    const struct bpf_btf *btf = search->loader->object->btf;
    struct bpf_btf_type type;
    enum bpf_special_kind kind;
    if (++search->work > WORK_MAX)
        search->is_full = true;
    if (search->is_full || !bpf_btf_resolve(btf, member->type, &type))
        return;
    if (type.kind == BPF_BTF_STRUCT && find_struct_kind(type.name, &kind))
        add(search, (struct bpf_special_field){ kind, offset, type.size_or_type,
                                                find_content(btf, owner->id, index), 0 });
    else
        look_into(search, member->type, offset, depth);
}

/* Structs by value, arrays element by element, down to a depth. */
static void look_into(struct search *search, uint32_t type_id, uint32_t offset, int depth)
{
    const struct bpf_btf *btf = search->loader->object->btf;
    struct bpf_btf_type type;
    struct bpf_btf_member member;
    uint32_t element, count, size;
    if (depth == 0 || search->is_full || !bpf_btf_resolve(btf, type_id, &type))
        return;
    if (type.kind == BPF_BTF_PTR)
        look_at_pointer(search, &type, offset);
    if (type.kind == BPF_BTF_STRUCT || type.kind == BPF_BTF_UNION) {
        for (uint32_t i = 0; bpf_btf_member_at(btf, &type, i, &member); i++)
            look_at_member(search, &type, i, &member, offset + member.bit_offset / 8, depth - 1);
    }
    if (!bpf_btf_array(btf, &type, &element, &count) || bpf_btf_size(btf, element, &size) != 0 ||
        !bpf_btf_resolve(btf, element, &type))
        return;
    bool may_hold = type.kind == BPF_BTF_STRUCT || type.kind == BPF_BTF_PTR;
    for (uint32_t i = 0, before = search->count; may_hold && i < count && !search->is_full; i++) {
        const struct bpf_btf_member one = { .name = "", .type = element };
        look_at_member(search, &type, UINT32_MAX, &one, offset + i * size, depth - 1);
        if (search->count == before)
            break; /* no element has any */
    }
}

int object_find_special_fields(struct object_loader *loader, struct bpf_map_spec *spec)
{
    if (spec->btf_value_type_id == 0)
        return 0;
    struct search *search = pool_alloc(&loader->scratch, sizeof *search);
    if (search == NULL)
        return loader_fail(loader, -ENOMEM, BPF_ERROR_NO_OFFSET, "no memory for map %s",
                           spec->name);
    search->loader = loader;
    look_into(search, spec->btf_value_type_id, 0, NEST_MAX);
    if (search->is_full)
        return loader_fail(
            loader, -E2BIG, BPF_ERROR_NO_OFFSET,
            "map %s: its value's type has more than %u locks, timers and kernel pointers, or "
            "too many members",
            spec->name, FIELD_MAX);
    if (search->count == 0)
        return 0;
    size_t size = search->count * sizeof search->fields[0];
    struct bpf_special_field *fields = pool_alloc(&loader->object->pool, size);
    if (fields == NULL)
        return loader_fail(loader, -ENOMEM, BPF_ERROR_NO_OFFSET, "no memory for map %s",
                           spec->name);
    memcpy(fields, search->fields, size);
    spec->special_fields = fields;
    spec->special_field_count = search->count;
    return 0;
}
