/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* x86-64 reorders only a store with a later load (Intel SDM volume 3, 9.2): that is mfence's. */
#pragma once
#ifndef ARCH_IMPL_ALLOWED
#error "include <arch/barrier.h>"
#endif

static inline void arch_mb(void)
{
    __asm__ volatile("mfence" ::: "memory");
}

static inline void arch_rmb(void)
{
    __asm__ volatile("" ::: "memory");
}

static inline void arch_wmb(void)
{
    __asm__ volatile("" ::: "memory");
}
