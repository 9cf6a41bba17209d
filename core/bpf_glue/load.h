/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The steps from a module to verified programs. Each that fails says why in `reason`. Internal to
 * core/bpf_glue. */
#pragma once
#include <bpf/elf.h>
#include <bpf_glue/bpf_glue.h>

#include "engine.h"

/* Opens the module's object, signatures judged. The caller closes it. */
int load_open(const struct boot_module *module, struct bpf_object **out, char *reason,
              size_t reason_size);
/* Makes its maps, which from now on are recorded; *first is the number of the first. */
int load_maps(const struct boot_module *module, struct bpf_object *object, uint32_t *first,
              char *reason, size_t reason_size);
/* What load_maps() did is undone; no program uses them. */
void load_forget_maps(uint32_t first);
/* Verifies program `index` and readies it to run; the caller's reference. */
int load_program(const struct boot_module *module, const struct bpf_object *object, uint32_t index,
                 struct bpf_prog **out, char *reason, size_t reason_size);
