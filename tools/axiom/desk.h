/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The BPF library at a desk: an environment without pins, objects from files, verdicts for people.
 */
#pragma once
#include <bpf/elf.h>
#include <bpf/env.h>
#include <bpf/verifier.h>

/* Lives as long as the process. */
const struct bpf_env *desk_env(void);

/* The kernel's own types, as BTF: what programs are relocated against here and in the kernel that a
 * session boots. `bytes` (NULL: none) stay the caller's. */
void desk_set_kernel_types(const uint8_t *bytes, size_t size);
const uint8_t *desk_kernel_types(size_t *size);

/* Opens an object and makes its maps; bpf_object_close() by the caller. Complains and gives an exit
 * code. */
int desk_open(const char *name, const uint8_t *bytes, size_t size, struct bpf_object **out);

struct bpf_disasm_names;
/* What the object knows of the program's names: helpers, maps, functions, the kernel's own. Points into it. */
void desk_disasm_names(const struct bpf_object *object, const struct bpf_object_program *program,
                       struct bpf_disasm_names *out);

/* Opens with `options` and makes the maps; complains of what is wrong with the file. What desk_open() and
 * desk_linux_open() have in common. */
int desk_open_with(const struct bpf_env *env, const struct bpf_object_options *options,
                   const char *name, const uint8_t *bytes, size_t size, struct bpf_object **out);

/* Objects opened from here on may hold programs that exceed their attach point's budget. */
void desk_ignore_budget(bool ignore);

/* Verifies all programs; complains of the first refusal: EXIT_REFUSED. */
int desk_verify(const char *name, const uint8_t *bytes, size_t size);
