/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What programs may ask of a Linux besides its types: its configuration, and where its symbols are. */
#pragma once
#include <stdint.h>

/* Lines NAME=VALUE as in .config (`path`; NULL: the running kernel's, where it tells), with what libbpf makes up
 * (LINUX_KERNEL_VERSION, ...) before them. The caller frees *out. Complains and gives an exit code. */
int linux_config_read(const char *path, char **out);

/* The address of a symbol of the running kernel; 0 if it has none of that name. To whom addresses are hidden each is 1. */
uint64_t linux_symbol_address(void *unused, const char *name);
