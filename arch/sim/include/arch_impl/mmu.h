/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#ifndef ARCH_IMPL_ALLOWED
#error "include <arch/mmu.h>"
#endif
#include <axiom/types.h>

/* Physical memory is one region of the host, from this address on. A Pi 5's first 512 KiB belong to
 * its firmware; here nothing answers there, so that physical address 0 is never RAM. */
#define ARCH_SIM_MEMORY_BASE UINT64_C(0x80000)

extern char *arch_sim_memory;

static inline void *arch_phys_to_virt(struct phys_addr address)
{
    return arch_sim_memory + (address.value - ARCH_SIM_MEMORY_BASE);
}

static inline struct phys_addr arch_virt_to_phys(const void *at)
{
    return (struct phys_addr){ (uint64_t)((const char *)at - arch_sim_memory) +
                               ARCH_SIM_MEMORY_BASE };
}
