/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The initramfs: a cpio archive in the "newc" format (Linux, Documentation/driver-api/early-userspace/
 * buffer-format.rst) whose regular files become boot modules. Not trusted. */
#pragma once
#include <arch/entry.h>

/* Adds the regular files of the archive to modules[*count..limit), by their names without leading
 * "./" or "/"; names and data stay in the archive. -EINVAL: malformed, what came before is in;
 * -E2BIG: more files than that. True for what begins like such an archive: cpio_is(). */
bool cpio_is(const void *archive, size_t size);
int cpio_modules(const void *archive, size_t size, struct boot_module *modules, uint32_t limit,
                 uint32_t *count);
