/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Inner shareable: all CPUs (Arm ARM DDI 0487, B2.3). Order with devices is hw/dma.h's. */
#pragma once
#ifndef ARCH_IMPL_ALLOWED
#error "include <arch/barrier.h>"
#endif

static inline void arch_mb(void)
{
    __asm__ volatile("dmb ish" ::: "memory");
}

static inline void arch_rmb(void)
{
    __asm__ volatile("dmb ishld" ::: "memory");
}

static inline void arch_wmb(void)
{
    __asm__ volatile("dmb ishst" ::: "memory");
}
