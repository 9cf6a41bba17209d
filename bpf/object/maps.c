/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Maps of an object file.
 *
 * Definitions are variables in the section .maps; their types, read from BTF, are the definition: a
 * member declared with
 * __uint(name, N) is a pointer to an array of N, one with __type(name, T) a pointer to T. Where a
 * variable lies in .maps is known from its symbol (the compiler leaves the offsets in BTF to a
 * relocation).
 *
 * Global data: each section .data*, .rodata*, .bss* is an array of one value, in which variables
 * have the offsets that their symbols say. */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf_internal/object.h>

static int fail_member(struct object_loader *loader, const struct object_map *map,
                       const char *member, const char *what)
{
    return loader_fail(loader, -EINVAL, BPF_ERROR_NO_OFFSET, "map %s: member %s %s", map->spec.name,
                       member, what);
}

/* N of int (*member)[N]. */
static bool read_uint(const struct bpf_btf *btf, uint32_t type_id, uint32_t *value)
{
    struct bpf_btf_type type;
    uint32_t element;
    if (!bpf_btf_resolve(btf, type_id, &type) || type.kind != BPF_BTF_PTR)
        return false;
    return bpf_btf_resolve(btf, type.size_or_type, &type) &&
           bpf_btf_array(btf, &type, &element, value);
}

/* Size of T of T *member. */
static bool read_size(const struct bpf_btf *btf, uint32_t type_id, uint32_t *size_bytes)
{
    struct bpf_btf_type type;
    return bpf_btf_resolve(btf, type_id, &type) && type.kind == BPF_BTF_PTR &&
           bpf_btf_size(btf, type.size_or_type, size_bytes) == 0;
}

static int read_map_member(struct object_loader *loader, struct object_map *map,
                           const struct bpf_btf_member *member)
{
    const struct bpf_btf *btf = loader->object->btf;
    struct {
        const char *name;
        uint32_t *to;
        bool is_type;
    } const known[] = {
        { "type", &map->spec.type, false },
        { "max_entries", &map->spec.max_entries, false },
        { "map_flags", &map->spec.flags, false },
        { "key_size", &map->spec.key_size, false },
        { "value_size", &map->spec.value_size, false },
        { "key", &map->spec.key_size, true },
        { "value", &map->spec.value_size, true },
    };
    for (uint32_t i = 0; i < ARRAY_SIZE(known); i++) {
        if (strcmp(known[i].name, member->name) != 0)
            continue;
        bool ok = known[i].is_type ? read_size(btf, member->type, known[i].to)
                                   : read_uint(btf, member->type, known[i].to);
        if (ok)
            return 0;
        return fail_member(loader, map, member->name,
                           known[i].is_type ? "must be a __type(...) of known size"
                                            : "must be a __uint(...)");
    }
    return fail_member(
        loader, map, member->name,
        "is not known: maps have type, max_entries, map_flags, key, value, key_size, value_size");
}

static int read_definition(struct object_loader *loader, struct object_map *map, uint32_t type_id)
{
    const struct bpf_btf *btf = loader->object->btf;
    struct bpf_btf_type type;
    if (!bpf_btf_resolve(btf, type_id, &type) || type.kind != BPF_BTF_STRUCT)
        return loader_fail(loader, -EINVAL, BPF_ERROR_NO_OFFSET,
                           "map %s: its definition is not a struct", map->spec.name);
    for (uint32_t i = 0; i < type.member_count; i++) {
        struct bpf_btf_member member;
        if (!bpf_btf_member_at(btf, &type, i, &member))
            return loader_fail(loader, -EINVAL, BPF_ERROR_NO_OFFSET,
                               "map %s: member %u of its definition is damaged", map->spec.name, i);
        int err = read_map_member(loader, map, &member);
        if (err)
            return err;
    }
    return 0;
}

struct object_map *object_add_map(struct object_loader *loader, const char *name, uint32_t section,
                                  uint64_t where)
{
    struct bpf_object *object = loader->object;
    if (object->map_count == BPF_PROG_MAP_MAX) {
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
    if (!find_variable(btf, datasec, symbol->name, &variable) ||
        !bpf_btf_type_at(btf, variable.type, &type) || type.kind != BPF_BTF_VAR)
        return loader_fail(loader, -EINVAL, symbol->file_offset, "map %s: there is no BTF for it",
                           symbol->name);
    return read_definition(loader, map, type.size_or_type);
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

void object_describe_data(struct object_map *map, const uint8_t *data, uint32_t size_bytes,
                          bool read_only)
{
    map->is_data = true;
    map->spec.type = BPF_MAP_TYPE_ARRAY;
    map->spec.key_size = 4;
    map->spec.value_size = size_bytes;
    map->spec.max_entries = 1;
    map->spec.flags = read_only ? BPF_F_RDONLY_PROG : 0;
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
    if (section->bytes == NULL)
        return 0;
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
            strcmp(name, ".maps") == 0)
            return loader_fail(loader, -EINVAL, relocations.offset,
                               "section %s holds initialised pointers (a table of strings, of "
                               "functions, of maps, or a "
                               "switch's jump table): they are not supported",
                               name);
    }
    return 0;
}

int object_read_maps(struct object_loader *loader)
{
    uint64_t total = 0;
    int err = check_no_data_relocations(loader);
    for (uint32_t i = 0; err == 0 && i < loader->file.section_count; i++) {
        struct elf_section section = elf_section_at(&loader->file, i);
        if (section.size == 0)
            continue;
        bool is_data = is_section(section.name, ".data") || is_section(section.name, ".rodata") ||
                       is_section(section.name, ".bss");
        if (strcmp(section.name, ".maps") == 0)
            err = read_map_section(loader, &section);
        else if (strcmp(section.name, "maps") == 0)
            err = loader_fail(loader, -EINVAL, section.offset,
                              "maps in the old section \"maps\": define them in SEC(\".maps\") "
                              "with __uint and __type");
        else if (is_data && (section.type == ELF_SHT_PROGBITS || section.type == ELF_SHT_NOBITS))
            err = read_data_section(loader, &section, &total);
    }
    return err;
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
