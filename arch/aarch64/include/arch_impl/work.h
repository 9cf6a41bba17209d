/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#ifndef ARCH_IMPL_ALLOWED
#error "include <arch/work.h>"
#endif

static inline uint64_t arch_charge(enum arch_work work, uint64_t count)
{
    (void)work;
    (void)count;
    return 0;
}

static inline bool arch_allocation_fails(void)
{
    return false;
}
