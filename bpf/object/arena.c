/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Variables in an arena: section .addr_space.1 is what the arena begins with (libbpf 1.5: bpf_object__init_user_btf_maps()),
 * so an object has one arena at most. No kernel of Axiom has arenas: such programs are only verified, and what the
 * variables are filled with is nobody's business here. */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf_internal/object.h>

#define ARENA         33u /* Linux's enum bpf_map_type */
#define ARENA_SECTION ".addr_space.1"

bool object_is_arena_section(const struct elf_file *file, uint32_t index)
{
    struct elf_section section = elf_section_at(file, index);
    return strcmp(section.name, ARENA_SECTION) == 0 && section.type == ELF_SHT_PROGBITS &&
           section.size != 0;
}

const struct object_map *object_arena_of(const struct object_loader *loader, uint32_t section)
{
    for (uint32_t i = 0;
         object_is_arena_section(&loader->file, section) && i < loader->object->map_count; i++)
        if (loader->object->maps[i].spec.type == ARENA)
            return &loader->object->maps[i];
    return NULL;
}

static int check_section(struct object_loader *loader, const struct object_map *arena,
                         uint32_t index)
{
    struct elf_section section = elf_section_at(&loader->file, index);
    if (arena == NULL)
        return loader_fail(loader, -ENOENT, section.offset,
                           "section %s holds variables of an arena, and there is none",
                           section.name);
    if (section.size > (uint64_t)arena->spec.max_entries * BPF_PAGE_SIZE)
        return loader_fail(loader, -E2BIG, section.offset,
                           "arena %s has %u pages, too few for %llu bytes of variables",
                           arena->spec.name, arena->spec.max_entries,
                           (unsigned long long)section.size);
    return 0;
}

int object_check_arena(struct object_loader *loader)
{
    const struct object_map *arena = NULL;
    for (uint32_t i = 0; i < loader->object->map_count; i++) {
        const struct object_map *map = &loader->object->maps[i];
        if (map->spec.type != ARENA)
            continue;
        if (arena != NULL)
            return loader_fail(loader, -EINVAL, BPF_ERROR_NO_OFFSET,
                               "%s and %s: one arena per object", arena->spec.name, map->spec.name);
        arena = map;
    }
    for (uint32_t i = 0; i < loader->file.section_count; i++) {
        int err = object_is_arena_section(&loader->file, i) ? check_section(loader, arena, i) : 0;
        if (err != 0)
            return err;
    }
    return 0;
}
