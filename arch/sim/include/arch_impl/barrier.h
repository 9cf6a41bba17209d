/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* All virtual CPUs run on one host thread: each sees its own program order, so keeping the compiler
 * from reordering is enough. */
#pragma once
#ifndef ARCH_IMPL_ALLOWED
#error "include <arch/barrier.h>"
#endif

static inline void arch_mb(void)
{
    __asm__ volatile("" ::: "memory");
}

static inline void arch_rmb(void)
{
    __asm__ volatile("" ::: "memory");
}

static inline void arch_wmb(void)
{
    __asm__ volatile("" ::: "memory");
}
