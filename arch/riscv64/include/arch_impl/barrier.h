/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* RVWMO (RISC-V unprivileged specification, chapter 17): everything may be reordered that a fence does
 * not hold. */
#pragma once
#ifndef ARCH_IMPL_ALLOWED
#error "include <arch/barrier.h>"
#endif

static inline void arch_mb(void)
{
    __asm__ volatile("fence rw, rw" ::: "memory");
}

static inline void arch_rmb(void)
{
    __asm__ volatile("fence r, r" ::: "memory");
}

static inline void arch_wmb(void)
{
    __asm__ volatile("fence w, w" ::: "memory");
}
