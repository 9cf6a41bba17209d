/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The embedded profile's: whatever programs need is inside of a pool that the linker put aside, so
 * they can take nothing from the rest of the kernel. */
#include <arch/work.h>
#include <bpf/static_pool.h>

#include "memory.h"

void memory_init(void)
{
    bpf_static_pool_init();
}

void *memory_alloc(void *user, size_t size_bytes)
{
    return arch_allocation_fails() ? NULL : bpf_static_pool_alloc(user, size_bytes);
}

void memory_free(void *user, void *at, size_t size_bytes)
{
    bpf_static_pool_free(user, at, size_bytes);
}
