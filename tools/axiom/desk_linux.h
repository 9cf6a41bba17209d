/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Linux's programs at the desk: verified with Linux's contexts, helpers, kernel functions and maps, against the types of
 * a kernel. They are not run. */
#pragma once
#include <bpf/elf.h>

/* `btf_path`: the types of the kernel that the programs are for; NULL: the running one's, where they can be read.
 * `config_path`: its .config; NULL: the running one's, if it is meant. Complains and gives an exit code.
 * desk_linux_end() when done. */
int desk_linux_begin(const char *btf_path, const char *config_path);
void desk_linux_end(void);

/* As desk_open(). */
int desk_linux_open(const char *name, const uint8_t *bytes, size_t size, struct bpf_object **out);
