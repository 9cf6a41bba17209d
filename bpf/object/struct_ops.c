/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Sections .struct_ops and .struct_ops.link: variables of a kernel's struct of functions, filled with
 * programs and numbers.
 *
 * Each becomes a struct_ops map. What it holds is laid out as the kernel has the struct, which may
 * have other members in other places than the one that the object was compiled with: members go by
 * their names. A member that the kernel lacks may be there only if it is zero (libbpf:
 * bpf_map__init_kern_struct_ops()). */
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/string.h>
#include <bpf_internal/object.h>

#define VALUE_PREFIX "bpf_struct_ops_"

struct ops {
    struct object_loader *loader;
    struct object_map *map;
    const struct elf_section *section;
    const struct elf_section *relocations; /* NULL: none */
    struct bpf_btf_type local, kernel;     /* the struct here and there */
    uint32_t data_offset;                  /* of the kernel's struct in its map's value */
    uint8_t *value;
};

/* --- Members --- */

static bool find_member(const struct bpf_btf *btf, const struct bpf_btf_type *type,
                        const char *name, struct bpf_btf_member *out, uint32_t *index)
{
    for (uint32_t i = 0; bpf_btf_member_at(btf, type, i, out); i++) {
        if (strcmp(out->name, name) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

static bool is_function_pointer(const struct bpf_btf *btf, uint32_t id)
{
    struct bpf_btf_type type;
    return bpf_btf_resolve(btf, id, &type) && type.kind == BPF_BTF_PTR &&
           bpf_btf_resolve(btf, type.size_or_type, &type) && type.kind == BPF_BTF_FUNC_PROTO;
}

static bool all_zero(const uint8_t *bytes, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

/* The name of the function that is put to this place of the section; NULL: none. */
static const char *function_at(const struct ops *ops, uint64_t offset)
{
    struct elf_symbol symbol;
    for (uint32_t i = 0; ops->relocations != NULL && i < elf_relocation_count(ops->relocations);
         i++) {
        struct elf_relocation relocation = elf_relocation_at(ops->relocations, i);
        if (relocation.offset == offset &&
            elf_symbol_at(&ops->loader->file, relocation.symbol, &symbol))
            return symbol.name;
    }
    return NULL;
}

static int fail(const struct ops *ops, const char *member, const char *what)
{
    return loader_fail(ops->loader, -EINVAL, ops->section->offset, "struct_ops %s: member %s %s",
                       ops->map->spec.name, member, what);
}

static int add_slot(const struct ops *ops, uint32_t offset, uint32_t index, const char *name)
{
    struct bpf_object *object = ops->loader->object;
    struct object_ops_slot *slot = pool_alloc(&object->pool, sizeof *slot);
    if (slot != NULL)
        slot->name = object_copy_string(ops->loader, name);
    if (slot == NULL || slot->name == NULL)
        return loader_fail(ops->loader, -ENOMEM, BPF_ERROR_NO_OFFSET, "no memory for struct_ops %s",
                           ops->map->spec.name);
    slot->map = (uint32_t)(ops->map - object->maps);
    slot->offset = offset;
    slot->btf_id = ops->kernel.id;
    slot->member = index;
    slot->next = object->ops_slots;
    object->ops_slots = slot;
    return 0;
}

static int read_member(const struct ops *ops, const struct bpf_btf_member *member)
{
    const struct bpf_btf *btf = ops->loader->object->btf, *kernel = ops->loader->object->kernel_btf;
    uint32_t at = member->bit_offset / 8, size = 0, kernel_size = 0, index;
    const uint8_t *bytes = ops->section->bytes + ops->map->offset + at;
    const char *function = function_at(ops, ops->map->offset + at);
    struct bpf_btf_member there;
    if (bpf_btf_size(btf, member->type, &size) != 0 || at > ops->map->size ||
        size > ops->map->size - at)
        return fail(ops, member->name, "lies outside of the variable");
    bool found = find_member(kernel, &ops->kernel, member->name, &there, &index);
    if (!found && function == NULL && all_zero(bytes, size))
        return 0;
    if (!found)
        return fail(ops, member->name, "is not in the kernel's struct, so it must be left zero");
    if (member->bitfield_bits != 0 || there.bitfield_bits != 0)
        return fail(ops, member->name, "is a bit field, which struct_ops cannot set");
    if (bpf_btf_size(kernel, there.type, &kernel_size) != 0 || kernel_size != size)
        return fail(ops, member->name, "is of another size in the kernel's struct");
    uint32_t to = ops->data_offset + there.bit_offset / 8;
    if (to > ops->map->spec.value_size || size > ops->map->spec.value_size - to)
        return fail(ops, member->name, "lies outside of the kernel's struct");
    if (function != NULL)
        return is_function_pointer(kernel, there.type)
                   ? add_slot(ops, to, index, function)
                   : fail(ops, member->name,
                          "is no pointer to a function, but a program is put there");
    memcpy(ops->value + to, bytes, size);
    return 0;
}

/* --- Variables --- */

static bool find_kernel_types(struct ops *ops)
{
    const struct bpf_btf *kernel = ops->loader->object->kernel_btf;
    struct bpf_btf_type value;
    struct bpf_btf_member data;
    char name[128], wrapper[160];
    size_t length = bpf_btf_essential_length(ops->local.name);
    uint32_t index;
    if (kernel == NULL || length >= sizeof name)
        return false;
    memcpy(name, ops->local.name, length);
    name[length] = '\0';
    format_text(wrapper, sizeof wrapper, VALUE_PREFIX "%s", name);
    uint32_t id = bpf_btf_find(kernel, name, BPF_BTF_STRUCT),
             value_id = bpf_btf_find(kernel, wrapper, BPF_BTF_STRUCT);
    if (id == 0 || value_id == 0 || !bpf_btf_type_at(kernel, id, &ops->kernel) ||
        !bpf_btf_type_at(kernel, value_id, &value) ||
        !find_member(kernel, &value, "data", &data, &index))
        return false;
    ops->data_offset = data.bit_offset / 8;
    ops->map->spec.value_size = value.size_or_type;
    ops->map->spec.btf_vmlinux_value_type_id = value_id;
    return value.size_or_type <= BPF_MAP_VALUE_SIZE_MAX;
}

static int read_variable(struct ops *ops, const struct bpf_btf_type *datasec,
                         const struct elf_symbol *symbol)
{
    struct object_loader *loader = ops->loader;
    const struct bpf_btf *btf = loader->object->btf;
    struct bpf_btf_member variable, member;
    struct bpf_btf_type type;
    uint32_t index;
    ops->map = object_add_map(loader, symbol->name, ops->section->index, symbol->file_offset);
    if (ops->map == NULL)
        return loader->error == NULL ? -EINVAL : loader->error->error;
    ops->map->offset = symbol->value;
    ops->map->size = symbol->size;
    ops->map->spec.type = BPF_MAP_TYPE_STRUCT_OPS;
    ops->map->spec.key_size = 4;
    ops->map->spec.max_entries = 1;
    ops->map->spec.flags = strcmp(ops->section->name, ".struct_ops.link") == 0 ? BPF_F_LINK : 0;
    if (symbol->value > ops->section->size || symbol->size > ops->section->size - symbol->value ||
        !find_member(btf, datasec, symbol->name, &variable, &index) ||
        !bpf_btf_type_at(btf, variable.type, &type) ||
        !bpf_btf_resolve(btf, type.size_or_type, &ops->local) || ops->local.kind != BPF_BTF_STRUCT)
        return loader_fail(loader, -EINVAL, symbol->file_offset,
                           "struct_ops %s: it is no struct that BTF describes", symbol->name);
    /* Without such a struct in the kernel the map cannot be created, and says so then. */
    ops->map->spec.value_size = ops->local.size_or_type;
    if (!find_kernel_types(ops))
        return 0;
    ops->value = pool_alloc(&loader->object->pool, ops->map->spec.value_size);
    if (ops->value == NULL)
        return loader_fail(loader, -ENOMEM, symbol->file_offset, "no memory for struct_ops %s",
                           symbol->name);
    ops->map->ops_value = ops->value;
    int err = 0;
    for (uint32_t i = 0; err == 0 && bpf_btf_member_at(btf, &ops->local, i, &member); i++)
        err = read_member(ops, &member);
    return err;
}

static int read_section(struct object_loader *loader, const struct elf_section *section,
                        const struct elf_section *relocations)
{
    const struct bpf_btf *btf = loader->object->btf;
    struct bpf_btf_type datasec;
    uint32_t id = btf == NULL ? 0 : bpf_btf_find(btf, section->name, BPF_BTF_DATASEC);
    if (id == 0 || section->bytes == NULL || !bpf_btf_type_at(btf, id, &datasec))
        return loader_fail(loader, -EINVAL, section->offset,
                           "what is in %s is not described: compile with -g", section->name);
    for (uint32_t i = 0; i < loader->file.symbol_count; i++) {
        struct ops ops = { .loader = loader, .section = section, .relocations = relocations };
        struct elf_symbol symbol;
        if (!elf_symbol_at(&loader->file, i, &symbol) || symbol.section != section->index ||
            symbol.type == ELF_STT_SECTION || symbol.name[0] == '\0')
            continue;
        int err = read_variable(&ops, &datasec, &symbol);
        if (err)
            return err;
    }
    return 0;
}

bool object_is_struct_ops(const char *section)
{
    return strcmp(section, ".struct_ops") == 0 || strcmp(section, ".struct_ops.link") == 0;
}

int object_read_struct_ops(struct object_loader *loader)
{
    for (uint32_t i = 0; i < loader->file.section_count; i++) {
        struct elf_section section = elf_section_at(&loader->file, i), relocations;
        bool has_relocations = false;
        if (!object_is_struct_ops(section.name) || section.type != ELF_SHT_PROGBITS)
            continue;
        for (uint32_t r = 0; !has_relocations && r < loader->file.section_count; r++) {
            relocations = elf_section_at(&loader->file, r);
            has_relocations = relocations.type == ELF_SHT_REL && relocations.info == i;
        }
        int err = read_section(loader, &section, has_relocations ? &relocations : NULL);
        if (err)
            return err;
    }
    return 0;
}

/* --- Programs: what each is for is known only now --- */

static struct bpf_object_program *program_named(struct bpf_object *object, const char *name)
{
    for (uint32_t i = 0; i < object->program_count; i++) {
        if (strcmp(object->programs[i].public.name, name) == 0)
            return &object->programs[i].public;
    }
    return NULL;
}

int object_link_struct_ops(struct object_loader *loader)
{
    struct bpf_object *object = loader->object;
    for (struct object_ops_slot *slot = object->ops_slots; slot != NULL; slot = slot->next) {
        struct bpf_object_program *program = program_named(object, slot->name);
        if (program == NULL)
            return loader_fail(loader, -EINVAL, BPF_ERROR_NO_OFFSET,
                               "struct_ops %s: %s is no program: it needs SEC(\"struct_ops\")",
                               object->maps[slot->map].spec.name, slot->name);
        bool is_taken = program->attach_btf_id != 0 && (program->attach_btf_id != slot->btf_id ||
                                                        program->attach_member != slot->member);
        if (is_taken)
            return loader_fail(loader, -EINVAL, BPF_ERROR_NO_OFFSET,
                               "struct_ops %s: program %s is for another member already",
                               object->maps[slot->map].spec.name, slot->name);
        program->attach_btf_id = slot->btf_id;
        program->attach_member = slot->member;
    }
    return 0;
}
