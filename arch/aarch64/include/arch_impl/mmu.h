/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#ifndef ARCH_IMPL_ALLOWED
#error "include <arch/mmu.h>"
#endif
#include <axiom/types.h>

/* 47 bits for users (TTBR0), 47 for the kernel (TTBR1): so the two halves of one root page serve as
 * the two roots. The upper half, by entries of the highest table (512 GiB each): */
#define ARCH_KERNEL_BASE UINT64_C(0xffff800000000000)
#define ARCH_DIRECT_BASE UINT64_C(0xffff800000000000) /* 256-: all RAM */
#define ARCH_WINDOW_BASE UINT64_C(0xffffc00000000000) /* 384: what is mapped at run time */
#define ARCH_IMAGE_BASE  UINT64_C(0xffffffff80000000) /* 511: the image, wherever it was loaded */
#define ARCH_USER_END    (UINT64_C(1) << 47)

static inline void *arch_phys_to_virt(struct phys_addr address)
{
    return (void *)(ARCH_DIRECT_BASE + address.value);
}

static inline struct phys_addr arch_virt_to_phys(const void *at)
{
    return (struct phys_addr){ (uint64_t)at - ARCH_DIRECT_BASE };
}
