/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What ports do alike between their entry code and kernel_main(). Boot only, one CPU. */
#pragma once
#include <arch/entry.h>
#include <port/memmap.h>

#define BOOT_STACK_SIZE (64u * 1024u) /* that image_run() is called on, between guard pages */

/* True if `word` is one of the words of the command line. */
bool boot_line_has(const char *line, const char *word);

/* What a loader loaded, as boot modules from modules[*count] on: an archive's files are modules of
 * their own, anything else is one as it is, called `name`. Says so on the console if not all of it
 * can be used. `modules` has BOOT_MODULE_MAX entries; names and data stay where they are. */
void boot_modules_add(const char *name, const void *data, size_t size, struct boot_module *modules,
                      uint32_t *count);

/* The tree's name for the board (its model), or "". The tree is sound. */
const char *boot_board_name(const void *fdt);

/* Says why; the machine is switched off, or stands. For what goes wrong before panic() has what it needs. */
_Noreturn void boot_give_up(const char *why);
/* The last step, on the boot stack: the image runs with what is left of *map, then the machine is switched off. The
 * rest of *info is filled in. */
_Noreturn void boot_run(struct boot_info *info, struct memmap *map);
