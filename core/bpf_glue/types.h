/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The kernel's own types. Internal to core/bpf_glue; process context. */
#pragma once
#include <arch/entry.h>
#include <bpf/btf.h>

#include "link.h"

void types_init(const struct boot_module *modules, uint32_t module_count);
void types_exit(void);
bool types_is_module(const struct boot_module *candidate);
/* NULL: there are none, or they cannot be read (which is logged once). Owned here. */
struct bpf_btf *types_get(void);
