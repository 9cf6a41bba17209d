/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Linux's kernel functions for programs, as of 6.12, for bpf_env.kfuncs. */
#pragma once
#include <bpf/kfunc.h>

/* Sorted by name. */
extern const struct bpf_kfunc bpf_linux_kfuncs[];
extern const uint32_t bpf_linux_kfunc_count;
