/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Maps of an object file.
 *
 * Definitions are variables in the section .maps (map_definition.c). Where a variable lies in .maps
 * is known from its symbol (the compiler leaves the offsets in BTF to a relocation); what it is
 * filled with, from .maps' own relocations.
 *
 * Global data: each section .data*, .rodata*, .bss* is an array of one value, in which variables
 * have the offsets that their symbols say. */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf_internal/object.h>

struct object_map *object_add_map(struct object_loader *loader, const char *name, uint32_t section,
                                  uint64_t where)
{
    struct bpf_object *object = loader->object;
    if (object->map_count == object->map_capacity) {
        loader_fail(loader, -E2BIG, where, "more than %u maps and data sections", BPF_PROG_MAP_MAX);
        return NULL;
    }
    struct object_map *map = &object->maps[object->map_count];
    if (!string_copy(map->spec.name, sizeof map->spec.name, name)) {
        loader_fail(loader, -EINVAL, where, "the name of map %s... is longer than %u",
                    map->spec.name, BPF_NAME_MAX - 1);
        return NULL;
    }
    map->section = section;
    object->map_count++;
    return map;
}

/* The variable of the section's BTF with this name. */
static bool find_variable(const struct bpf_btf *btf, const struct bpf_btf_type *section,
                          const char *name, struct bpf_btf_member *out)
{
    for (uint32_t i = 0; i < section->member_count; i++) {
        if (bpf_btf_member_at(btf, section, i, out) && strcmp(out->name, name) == 0)
            return true;
    }
    return false;
}

static int read_map_symbol(struct object_loader *loader, const struct elf_section *section,
                           const struct bpf_btf_type *datasec, const struct elf_symbol *symbol)
{
    const struct bpf_btf *btf = loader->object->btf;
    struct bpf_btf_member variable;
    struct bpf_btf_type type;
    struct object_map *map =
        object_add_map(loader, symbol->name, section->index, symbol->file_offset);
    if (map == NULL)
        return loader->error == NULL ? -EINVAL : loader->error->error;
    map->offset = symbol->value;
    map->size = symbol->size;
    if (!find_variable(btf, datasec, symbol->name, &variable) ||
        !bpf_btf_type_at(btf, variable.type, &type) || type.kind != BPF_BTF_VAR)
        return loader_fail(loader, -EINVAL, symbol->file_offset, "map %s: there is no BTF for it",
                           symbol->name);
    return object_read_map_definition(loader, map, type.size_or_type);
}

static int read_map_section(struct object_loader *loader, const struct elf_section *section)
{
    const struct bpf_btf *btf = loader->object->btf;
    struct bpf_btf_type datasec;
    uint32_t id = btf == NULL ? 0 : bpf_btf_find(btf, ".maps", BPF_BTF_DATASEC);
    if (id == 0 || !bpf_btf_type_at(btf, id, &datasec))
        return loader_fail(loader, -EINVAL, section->offset,
                           "the maps of .maps are not described: compile with -g");
    for (uint32_t i = 0; i < loader->file.symbol_count; i++) {
        struct elf_symbol symbol;
        if (!elf_symbol_at(&loader->file, i, &symbol))
            return loader_fail(loader, -EINVAL, BPF_ERROR_NO_OFFSET,
                               "the name of symbol %u lies outside the names", i);
        if (symbol.section != section->index || symbol.type == ELF_STT_SECTION ||
            symbol.name[0] == '\0')
            continue;
        int err = read_map_symbol(loader, section, &datasec, &symbol);
        if (err)
            return err;
    }
    return 0;
}

/* ".data" and ".data.x", not ".database". */
static bool is_section(const char *name, const char *kind)
{
    size_t length = strlen(kind);
    return strncmp(name, kind, length) == 0 && (name[length] == '\0' || name[length] == '.');
}

static bool is_data_section(const struct elf_file *file, uint32_t index)
{
    struct elf_section section = elf_section_at(file, index);
    return (is_section(section.name, ".data") || is_section(section.name, ".rodata") ||
            is_section(section.name, ".bss")) &&
           (section.type == ELF_SHT_PROGBITS || section.type == ELF_SHT_NOBITS);
}

void object_describe_data(struct object_map *map, uint8_t *data, uint32_t size_bytes,
                          bool read_only)
{
    map->is_data = true;
    map->spec.type = BPF_MAP_TYPE_ARRAY;
    map->spec.key_size = 4;
    map->spec.value_size = size_bytes;
    map->spec.max_entries = 1;
    map->spec.flags = read_only ? BPF_F_RDONLY_PROG : 0;
    map->is_constant = read_only;
    map->data = data;
}

static int read_data_section(struct object_loader *loader, const struct elf_section *section,
                             uint64_t *total)
{
    if (section->size > BPF_MAP_VALUE_SIZE_MAX || (*total += section->size) > OBJECT_DATA_MAX)
        return loader_fail(loader, -E2BIG, section->offset,
                           "section %s: too much global data (%llu bytes)", section->name,
                           (unsigned long long)section->size);
    struct object_map *map = object_add_map(loader, section->name, section->index, section->offset);
    if (map == NULL)
        return loader->error == NULL ? -EINVAL : loader->error->error;
    bool read_only = is_section(section->name, ".rodata");
    object_describe_data(map, NULL, (uint32_t)section->size, read_only);
    int err = read_only ? 0 : object_find_special_variables(loader, section->index, &map->spec);
    if (err != 0 || section->bytes == NULL)
        return err;
    uint8_t *data = pool_alloc(&loader->object->pool, section->size);
    if (data == NULL)
        return loader_fail(loader, -ENOMEM, section->offset, "no memory for section %s",
                           section->name);
    memcpy(data, section->bytes, section->size);
    map->data = data;
    return 0;
}

/* Pointers in data would need relocating at load time, to addresses: refused. */
static int check_no_data_relocations(struct object_loader *loader)
{
    for (uint32_t i = 0; i < loader->file.section_count; i++) {
        struct elf_section relocations = elf_section_at(&loader->file, i);
        if (relocations.type != ELF_SHT_REL || relocations.size == 0 ||
            relocations.info >= loader->file.section_count)
            continue;
        const char *name = elf_section_at(&loader->file, relocations.info).name;
        if (is_section(name, ".data") || is_section(name, ".rodata") || is_section(name, ".bss") ||
            object_is_arena_section(&loader->file, relocations.info))
            return loader_fail(loader, -EINVAL, relocations.offset,
                               "section %s holds initialised pointers (a table of strings, of "
                               "functions, of maps, or a "
                               "switch's jump table): they are not supported",
                               name);
    }
    return 0;
}

/* --- What maps of maps and of programs are filled with: static initialisers of `values` --- */

static int read_slot(struct object_loader *loader, const struct elf_section *maps,
                     const struct elf_relocation *relocation)
{
    struct bpf_object *object = loader->object;
    struct elf_symbol symbol;
    struct object_map *map = NULL;
    if (!elf_symbol_at(&loader->file, relocation->symbol, &symbol))
        return loader_fail(loader, -EINVAL, relocation->file_offset,
                           "a map is filled by a symbol "
                           "that is not there");
    for (uint32_t i = 0; i < object->map_count; i++) {
        struct object_map *one = &object->maps[i];
        if (one->section == maps->index && relocation->offset >= one->offset &&
            relocation->offset - one->offset < one->size)
            map = one;
    }
    if (map == NULL || !map->has_values || relocation->offset - map->offset < map->values_at ||
        (relocation->offset - map->offset - map->values_at) % 8 != 0)
        return loader_fail(loader, -EINVAL, relocation->file_offset,
                           "section .maps: '%s' fills what is no slot of a map", symbol.name);
    struct object_slot *slot = pool_alloc(&object->pool, sizeof *slot);
    if (slot == NULL)
        return loader_fail(loader, -ENOMEM, relocation->file_offset, "no memory for a map's slots");
    slot->map = (uint32_t)(map - object->maps);
    slot->key = (uint32_t)((relocation->offset - map->offset - map->values_at) / 8);
    slot->name = object_copy_string(loader, symbol.name);
    if (slot->name == NULL)
        return loader_fail(loader, -ENOMEM, relocation->file_offset, "no memory for a map's slots");
    if (map->spec.inner != NULL && bpf_object_map_index(object, slot->name) < 0)
        return loader_fail(loader, -EINVAL, relocation->file_offset,
                           "map %s is filled with '%s', "
                           "which is no map",
                           map->spec.name, symbol.name);
    slot->next = object->slots;
    object->slots = slot;
    return 0;
}

static int read_slots(struct object_loader *loader)
{
    for (uint32_t i = 0; i < loader->file.section_count; i++) {
        struct elf_section relocations = elf_section_at(&loader->file, i);
        if (relocations.type != ELF_SHT_REL || relocations.info >= loader->file.section_count)
            continue;
        struct elf_section maps = elf_section_at(&loader->file, relocations.info);
        for (uint32_t r = 0;
             strcmp(maps.name, ".maps") == 0 && r < elf_relocation_count(&relocations); r++) {
            struct elf_relocation relocation = elf_relocation_at(&relocations, r);
            int err = read_slot(loader, &maps, &relocation);
            if (err)
                return err;
        }
    }
    return 0;
}

/* Memory for all that there can be: variables in .maps, sections of data, and .kconfig. */
static int make_room(struct object_loader *loader)
{
    struct bpf_object *object = loader->object;
    uint32_t count = 1;
    for (uint32_t i = 0; i < loader->file.section_count; i++)
        count += is_data_section(&loader->file, i);
    for (uint32_t i = 0; i < loader->file.symbol_count && count < BPF_PROG_MAP_MAX; i++) {
        struct elf_symbol symbol;
        if (!elf_symbol_at(&loader->file, i, &symbol) ||
            symbol.section >= loader->file.section_count)
            continue;
        const char *section = elf_section_at(&loader->file, symbol.section).name;
        count += strcmp(section, ".maps") == 0 || object_is_struct_ops(section);
    }
    object->map_capacity = count < BPF_PROG_MAP_MAX ? count : BPF_PROG_MAP_MAX;
    object->maps = pool_alloc(&object->pool, object->map_capacity * sizeof *object->maps);
    if (object->maps == NULL)
        return loader_fail(loader, -ENOMEM, BPF_ERROR_NO_OFFSET, "no memory for the list of maps");
    return 0;
}

int object_read_maps(struct object_loader *loader)
{
    uint64_t total = 0;
    int err = make_room(loader);
    if (err == 0)
        err = check_no_data_relocations(loader);
    for (uint32_t i = 0; err == 0 && i < loader->file.section_count; i++) {
        struct elf_section section = elf_section_at(&loader->file, i);
        if (section.size == 0)
            continue;
        if (strcmp(section.name, ".maps") == 0)
            err = read_map_section(loader, &section);
        else if (strcmp(section.name, "maps") == 0)
            err = loader_fail(loader, -EINVAL, section.offset,
                              "maps in the old section \"maps\": define them in SEC(\".maps\") "
                              "with __uint and __type");
        else if (is_data_section(&loader->file, i))
            err = read_data_section(loader, &section, &total);
    }
    if (err == 0)
        err = object_check_arena(loader);
    return err == 0 ? read_slots(loader) : err;
}

const struct object_map *object_map_of(const struct object_loader *loader, uint32_t section,
                                       uint64_t offset)
{
    for (uint32_t i = 0; i < loader->object->map_count; i++) {
        const struct object_map *map = &loader->object->maps[i];
        if (map->section == section && (map->is_data || map->offset == offset))
            return map;
    }
    return NULL;
}
