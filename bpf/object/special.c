/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Fields of map values that are not plain memory, for the map's definition. A section of data is a map, whose fields
 * are those of its variables; where these lie only their symbols say. Where they are too many they are plain memory, as
 * libbpf has it (it makes such a map again, without types). */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf_internal/object.h>
#include <bpf_internal/special.h>

#define FIELD_MAX 64u

struct found {
    struct bpf_special_field fields[FIELD_MAX];
    uint32_t count;
};

static int refuse_fields(struct object_loader *loader, const struct bpf_map_spec *spec)
{
    return loader_fail(
        loader, -E2BIG, BPF_ERROR_NO_OFFSET,
        "map %s: its value's type has more than %u locks, timers and kernel pointers, or "
        "too many members",
        spec->name, FIELD_MAX);
}

static struct found *make_found(struct object_loader *loader, const struct bpf_map_spec *spec)
{
    struct found *found = pool_alloc(&loader->scratch, sizeof *found);
    if (found == NULL)
        (void)loader_fail(loader, -ENOMEM, BPF_ERROR_NO_OFFSET, "no memory for map %s", spec->name);
    return found;
}

static int keep(struct object_loader *loader, struct bpf_map_spec *spec, const struct found *found)
{
    if (found->count == 0)
        return 0;
    struct bpf_special_field *fields =
        pool_alloc(&loader->object->pool, found->count * sizeof *fields);
    if (fields == NULL)
        return loader_fail(loader, -ENOMEM, BPF_ERROR_NO_OFFSET, "no memory for map %s",
                           spec->name);
    memcpy(fields, found->fields, found->count * sizeof *fields);
    spec->special_fields = fields;
    spec->special_field_count = found->count;
    return 0;
}

int object_find_special_fields(struct object_loader *loader, struct bpf_map_spec *spec)
{
    if (spec->btf_value_type_id == 0)
        return 0;
    struct found *found = make_found(loader, spec);
    if (found == NULL)
        return -ENOMEM;
    if (btf_special_fields(loader->object->btf, spec->btf_value_type_id, SPECIAL_IN_MAPS,
                           found->fields, FIELD_MAX, &found->count) != 0)
        return refuse_fields(loader, spec);
    return keep(loader, spec, found);
}

/* Where the variable lies in the section; false if no symbol says. */
static bool find_variable(const struct object_loader *loader, uint32_t section, const char *name,
                          uint32_t *offset)
{
    struct elf_symbol symbol;
    for (uint32_t i = 0; elf_symbol_at(&loader->file, i, &symbol); i++) {
        if (symbol.section != section || symbol.value > UINT32_MAX ||
            strcmp(symbol.name, name) != 0)
            continue;
        *offset = (uint32_t)symbol.value;
        return true;
    }
    return false;
}

int object_find_special_variables(struct object_loader *loader, uint32_t section,
                                  struct bpf_map_spec *spec)
{
    const struct bpf_btf *btf = loader->object->btf;
    uint32_t id = btf == NULL ? 0
                              : bpf_btf_find(btf, elf_section_at(&loader->file, section).name,
                                             BPF_BTF_DATASEC);
    struct bpf_btf_type data, variable;
    struct bpf_btf_member member;
    if (id == 0 || !bpf_btf_type_at(btf, id, &data))
        return 0;
    struct found *found = make_found(loader, spec), *one = make_found(loader, spec);
    uint32_t work = 0;
    if (found == NULL || one == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; bpf_btf_member_at(btf, &data, i, &member); i++) {
        one->count = 0;
        uint32_t offset;
        if (!bpf_btf_type_at(btf, member.type, &variable) ||
            btf_special_variable(btf, member.type, 0, SPECIAL_IN_MAPS, one->fields, FIELD_MAX,
                                 &one->count, &work) != 0)
            return 0;
        if (one->count == 0)
            continue;
        if (!find_variable(loader, section, variable.name, &offset) || offset > spec->value_size)
            return 0;
        if (btf_special_variable(btf, member.type, offset, SPECIAL_IN_MAPS, found->fields,
                                 FIELD_MAX, &found->count, &work) != 0)
            return 0;
    }
    return found->count > BPF_SPECIAL_FIELD_MAX ? 0 : keep(loader, spec, found);
}
