/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the simulated image needs of the process it runs in. Nothing here gives it time, chance or
 * another thread: outcomes depend on none of it except that memory may be missing. */
#pragma once
#include <axiom/types.h>

/* The nth request for memory of any kind from now on fails (counted from 1; 0: none). */
void host_fail_allocation(uint64_t nth);
/* Requests since host_fail_allocation(). */
uint64_t host_allocation_count(void);

/* Zeroed; NULL if there is none. */
void *host_alloc(size_t size);
void host_free(void *at);

/* Physical memory: zeroed pages that can be shown at several places. -ENOMEM. */
struct host_memory {
    int descriptor;
    char *base;
    size_t size;
};
int host_memory_create(size_t size, struct host_memory *out);
void host_memory_destroy(struct host_memory *memory);
/* The bytes offset..offset+size a second time, between two inaccessible guard pages. Whole pages.
 * -ENOMEM. */
int host_memory_alias(const struct host_memory *memory, size_t offset, size_t size, void **out);
void host_memory_unalias(void *at, size_t size);

/* Memory for code: writable, then executable, never both. -ENOMEM. */
int host_exec_alloc(size_t size, void **out);
int host_exec_seal(void *at, size_t size);
void host_exec_free(void *at, size_t size);

/* To stderr. */
void host_console_write(const char *text, size_t size);
/* The function that an address of code lies in, and how far in; false: not known. Allocates
 * nothing, so it may run in any state. */
bool host_symbol(uintptr_t address, char *name, size_t size, uint64_t *offset);
/* As a crash: sanitizers, debuggers and fuzzers see it. */
_Noreturn void host_abort(void);
