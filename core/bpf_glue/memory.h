/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Where programs and maps get their memory: the kernel's heap, or the profile's static pool.
 * memory_heap.c or memory_pool.c is linked (profiles.cmake). Internal to core/bpf_glue. */
#pragma once
#include <axiom/types.h>

void memory_init(void);
/* As struct bpf_env has them. Process context; loading is serialised by the caller. */
void *memory_alloc(void *user, size_t size_bytes);
void memory_free(void *user, void *at, size_t size_bytes);
