/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the files of arch/sim share among themselves. */
#pragma once
#include <axiom/types.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARCH_SIM_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARCH_SIM_ASAN 1
#endif
#endif
#ifndef ARCH_SIM_ASAN
#define ARCH_SIM_ASAN 0
#endif

#if ARCH_SIM_ASAN
void __asan_poison_memory_region(const volatile void *at, size_t size);
void __asan_unpoison_memory_region(const volatile void *at, size_t size);
#endif

static inline void arch_sim_unpoison(const void *at, size_t size)
{
#if ARCH_SIM_ASAN
    if (size != 0)
        __asan_unpoison_memory_region(at, size);
#else
    (void)at;
    (void)size;
#endif
}

/* Forgets the last boot (context.c). */
void arch_sim_context_reset(void);
