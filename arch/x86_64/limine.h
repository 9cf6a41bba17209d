/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The Limine boot protocol: on its page tables and its stack, in the upper half already. */
#pragma once
#include "boot_record.h"

/* What the loader answered, copied: nothing of it is needed after. NULL, or why this cannot be booted. */
const char *limine_read(struct boot_record *out);
/* Copies the image to where it was linked for, tables for limine_switch() in it. NULL, or why not. */
const char *limine_move(void);
/* limine_entry.S: on to those tables, the boot stack, and x86_start(door, 0). */
_Noreturn void limine_switch(uint64_t cr3, uint32_t door);
