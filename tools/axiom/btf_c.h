/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#include <bpf/btf.h>

#include <stdio.h>

/* The types of `btf`, which are `name`'s, as a C header; an exit code, with a complaint. What was
 * printed until then stays printed. */
int btf_print_c(const struct bpf_btf *btf, const char *name, FILE *out);
