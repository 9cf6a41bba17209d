/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <core/mm.h>

#include "memory.h"

void memory_init(void)
{
}

void *memory_alloc(void *user, size_t size_bytes)
{
    (void)user;
    return kzalloc(size_bytes);
}

void memory_free(void *user, void *at, size_t size_bytes)
{
    (void)user;
    (void)size_bytes;
    kfree(at);
}
