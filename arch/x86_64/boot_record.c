/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The two protocols. PVH: Xen's public/arch-x86/hvm/start_info.h. Multiboot2: specification 2.0,
 * section 3.6; every tag is {type, size} and begins at a multiple of 8. */
#include "boot_record.h"

#include <axiom/string.h>
#include <port/console.h>

void boot_text(uint64_t physical, char *to, size_t size)
{
    size_t length = 0;
    while (length + 1 < size) {
        const char *byte = boot_bytes(physical + length, 1);
        if (byte == NULL || *byte == '\0')
            break;
        to[length++] = *byte;
    }
    to[length] = '\0';
}

void boot_module_add(struct boot_record *record, uint64_t base, uint64_t size, const char *name)
{
    if (boot_bytes(base, size) == NULL) {
        console_print("boot: module \"%s\" lies where it cannot be reached; left out", name);
        return;
    }
    if (record->module_count == LOADER_MODULE_MAX) {
        console_print("boot: too many modules; \"%s\" is left out", name);
        return;
    }
    struct loader_module *module = &record->modules[record->module_count++];
    *module = (struct loader_module){ .base = base, .size = size };
    string_copy(module->name, sizeof module->name, name);
}

/* --- PVH --- */

#define PVH_MAGIC       0x336ec578u
#define PVH_ENTRIES_MAX 256u
#define E820_RAM        1u

struct pvh_start_info {
    uint32_t magic, version, flags, module_count;
    uint64_t modules, command_line, rsdp;
    uint64_t memory_map; /* from version 1 on */
    uint32_t memory_map_count, reserved;
};

struct pvh_module {
    uint64_t base, size, command_line, reserved;
};

struct pvh_memory {
    uint64_t base, size;
    uint32_t type, reserved;
};

static void pvh_memory_read(const struct pvh_start_info *info, struct boot_record *out)
{
    uint32_t count =
        info->memory_map_count < PVH_ENTRIES_MAX ? info->memory_map_count : PVH_ENTRIES_MAX;
    const struct pvh_memory *map = boot_bytes(info->memory_map, count * sizeof *map);
    if (info->version < 1 || map == NULL) {
        console_print("boot: the PVH loader gives no memory map");
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (map[i].type == E820_RAM)
            memmap_add(&out->memory, map[i].base, map[i].size);
    }
    for (uint32_t i = 0; i < count; i++) { /* where ranges overlap, the reserved one is right */
        if (map[i].type != E820_RAM)
            memmap_remove(&out->memory, map[i].base, map[i].size);
    }
}

bool pvh_read(uint64_t at, struct boot_record *out)
{
    const struct pvh_start_info *info = boot_bytes(at, sizeof *info);
    if (info == NULL || info->magic != PVH_MAGIC)
        return false;
    out->loader = "PVH";
    out->rsdp = info->rsdp;
    boot_text(info->command_line, out->command_line, sizeof out->command_line);
    pvh_memory_read(info, out);
    uint32_t count =
        info->module_count < LOADER_MODULE_MAX ? info->module_count : LOADER_MODULE_MAX;
    const struct pvh_module *modules = boot_bytes(info->modules, count * sizeof *modules);
    for (uint32_t i = 0; modules != NULL && i < count; i++) {
        char name[64];
        boot_text(modules[i].command_line, name, sizeof name);
        boot_module_add(out, modules[i].base, modules[i].size, name);
    }
    return true;
}

/* --- multiboot2 --- */

#define MULTIBOOT2_SIZE_MAX (UINT64_C(1) << 20)

enum multiboot2_tag_type {
    TAG_END = 0,
    TAG_COMMAND_LINE = 1,
    TAG_MODULE = 3,
    TAG_MEMORY_MAP = 6,
    TAG_RSDP_OLD = 14,
    TAG_RSDP_NEW = 15,
};

struct multiboot2_tag {
    uint32_t type, size;
};

struct multiboot2_module {
    struct multiboot2_tag tag;
    uint32_t start, end;
    char command_line[];
};

struct multiboot2_memory_map {
    struct multiboot2_tag tag;
    uint32_t entry_size, entry_version;
};

struct multiboot2_memory {
    uint64_t base, size;
    uint32_t type, reserved;
};

static void multiboot2_memory_read(const struct multiboot2_memory_map *map, struct boot_record *out)
{
    if (map->tag.size < sizeof *map || map->entry_size < sizeof(struct multiboot2_memory))
        return;
    uint32_t count = (map->tag.size - (uint32_t)sizeof *map) / map->entry_size;
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < count; i++) {
            const struct multiboot2_memory *entry =
                (const void *)((const char *)(map + 1) + (uint64_t)i * map->entry_size);
            if (pass == 0 && entry->type == E820_RAM)
                memmap_add(&out->memory, entry->base, entry->size);
            if (pass == 1 && entry->type != E820_RAM)
                memmap_remove(&out->memory, entry->base, entry->size);
        }
    }
}

static void multiboot2_module_read(const struct multiboot2_module *module, uint64_t at,
                                   struct boot_record *out)
{
    char name[64];
    if (module->tag.size <= sizeof *module || module->end < module->start)
        return;
    size_t room = module->tag.size - sizeof *module;
    boot_text(at + sizeof *module, name, room < sizeof name ? room : sizeof name);
    boot_module_add(out, module->start, module->end - module->start, name);
}

static void multiboot2_tag_read(const struct multiboot2_tag *tag, uint64_t at,
                                struct boot_record *out)
{
    switch (tag->type) {
    case TAG_COMMAND_LINE: {
        size_t room = tag->size - sizeof *tag;
        boot_text(at + sizeof *tag, out->command_line,
                  room < sizeof out->command_line ? room : sizeof out->command_line);
        break;
    }
    case TAG_MODULE:
        multiboot2_module_read((const void *)tag, at, out);
        break;
    case TAG_MEMORY_MAP:
        multiboot2_memory_read((const void *)tag, out);
        break;
    case TAG_RSDP_OLD:
        if (out->rsdp == 0)
            out->rsdp = at + sizeof *tag;
        break;
    case TAG_RSDP_NEW:
        out->rsdp = at + sizeof *tag;
        break;
    default:
        break;
    }
}

bool multiboot2_read(uint64_t info, struct boot_record *out)
{
    const uint32_t *head = boot_bytes(info, 8);
    if (head == NULL || head[0] < 16 || head[0] > MULTIBOOT2_SIZE_MAX)
        return false;
    uint64_t end = info + head[0];
    if (boot_bytes(info, head[0]) == NULL)
        return false;
    out->loader = "multiboot2";
    for (uint64_t at = info + 8; end - at >= sizeof(struct multiboot2_tag);) {
        const struct multiboot2_tag *tag = boot_bytes(at, sizeof *tag);
        if (tag == NULL || tag->type == TAG_END || tag->size <= sizeof *tag || tag->size > end - at)
            break;
        multiboot2_tag_read(tag, at, out);
        uint64_t next = at + ((tag->size + UINT64_C(7)) & ~UINT64_C(7));
        if (next > end)
            break;
        at = next;
    }
    return true;
}
