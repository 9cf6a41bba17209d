/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the boot loader says, whichever protocol it speaks: copied out of its structures, which are
 * not trusted and are overwritten later. */
#pragma once
#include <arch/entry.h>
#include <port/memmap.h>

#define COMMAND_LINE_MAX  2048u
#define LOADER_MODULE_MAX BOOT_MODULE_MAX
#define LOADED_MAX        (UINT64_C(1) << 32) /* what the boot tables reach */

struct loader_module {
    uint64_t base, size; /* physical, below LOADED_MAX */
    char name[64];
};

struct boot_record {
    const char *loader; /* "PVH", "multiboot2" */
    struct memmap memory;
    char command_line[COMMAND_LINE_MAX];
    struct loader_module modules[LOADER_MODULE_MAX];
    uint32_t module_count;
    uint64_t rsdp; /* physical; 0: unknown */
};

/* Each fills the record; false: that is not what the pointer leads to. */
bool pvh_read(uint64_t info, struct boot_record *out);
bool multiboot2_read(uint64_t info, struct boot_record *out);

/* Physical memory below LOADED_MAX; NULL: not all of it is. */
const void *boot_bytes(uint64_t physical, uint64_t size);
/* Copies a zero-ended text at a physical address, cut to what fits. */
void boot_text(uint64_t physical, char *to, size_t size);
void boot_module_add(struct boot_record *record, uint64_t base, uint64_t size, const char *name);
