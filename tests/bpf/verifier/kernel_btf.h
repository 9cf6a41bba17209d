/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* As much of a kernel's BTF as cases need: the functions of XDP dynptrs, as Linux 6.12 declares them (net/core/filter.c,
 * kernel/bpf/helpers.c). */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define KERNEL_BTF_MAX 600
/* Returns the size in bytes. */
size_t kernel_btf(uint8_t out[KERNEL_BTF_MAX]);
/* The BTF id of a function in it, 0: none. */
uint32_t kernel_btf_id(const char *name);
