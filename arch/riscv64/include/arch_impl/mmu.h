/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#ifndef ARCH_IMPL_ALLOWED
#error "include <arch/mmu.h>"
#endif
#include <axiom/types.h>

/* The upper half of Sv39, by entries of the root (1 GiB each): */
#define ARCH_KERNEL_BASE UINT64_C(0xffffffc000000000)
#define ARCH_DIRECT_BASE UINT64_C(0xffffffc000000000) /* 256-383: RAM, the first 128 GiB */
#define ARCH_WINDOW_BASE UINT64_C(0xffffffe000000000) /* 384: what is mapped at run time */
#define ARCH_IMAGE_BASE  UINT64_C(0xffffffff80000000) /* 510: the image, wherever it was loaded */
#define ARCH_USER_END    (UINT64_C(1) << 38)

static inline void *arch_phys_to_virt(struct phys_addr address)
{
    return (void *)(ARCH_DIRECT_BASE + address.value);
}

static inline struct phys_addr arch_virt_to_phys(const void *at)
{
    return (struct phys_addr){ (uint64_t)at - ARCH_DIRECT_BASE };
}
