/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Memory for code made at run time: written first, executable after sealing, never both (W^X). */
#pragma once
#include <axiom/types.h>

/* Writable, not executable, at least `size` bytes. -ENOMEM. Process context. */
int arch_exec_alloc(size_t size, void **out);
/* Executable, not writable from now; instruction caches of all CPUs are in step. */
int arch_exec_seal(void *at, size_t size);
void arch_exec_free(void *at, size_t size);
