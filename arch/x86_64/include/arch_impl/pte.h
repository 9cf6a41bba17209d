/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* For arch/common/pt.c: entries of 4-level paging (Intel SDM volume 3, 4.5). A page of no access is
 * still mapped: it has MAPPED, which the CPU ignores, and not PRESENT. READ without more is kept in a
 * bit that the CPU ignores too, because PRESENT alone always grants it. */
#pragma once
#include <arch/mmu.h>
#include <port/kmap.h>

#define PTE_LEVELS       4u
#define PTE_LARGEST      1u /* 2 MiB */
#define PTE_SIGN_EXTENDS 1
#define PTE_USER_FIRST   0u
#define PTE_USER_LAST    255u
#define PTE_KERNEL_FIRST 256u
#define PTE_KERNEL_LAST  511u

#define PTE_PRESENT  UINT64_C(0x1)
#define PTE_WRITE    UINT64_C(0x2)
#define PTE_USER     UINT64_C(0x4)
#define PTE_UNCACHED UINT64_C(0x18) /* PWT and PCD: strong uncacheable by the default PAT */
#define PTE_LARGE    UINT64_C(0x80)
#define PTE_GLOBAL   UINT64_C(0x100)
#define PTE_MAPPED   UINT64_C(0x200)
#define PTE_FLAGS_AT 52u /* enum mmu_flags, as asked for */
#define PTE_NX       (UINT64_C(1) << 63)
#define PTE_ADDRESS  UINT64_C(0x000ffffffffff000)

static inline bool pte_is_present(uint64_t entry)
{
    return (entry & PTE_MAPPED) != 0;
}

static inline bool pte_is_leaf(uint64_t entry, uint32_t level)
{
    return level == 0 || (entry & PTE_LARGE) != 0;
}

static inline uint64_t pte_address(uint64_t entry)
{
    return entry & PTE_ADDRESS;
}

static inline uint32_t pte_flags(uint64_t entry)
{
    return (uint32_t)(entry >> PTE_FLAGS_AT) & 0xf;
}

static inline uint64_t pte_table(uint64_t address)
{
    return address | PTE_MAPPED | PTE_PRESENT | PTE_WRITE | PTE_USER;
}

static inline uint64_t pte_leaf(uint64_t address, uint32_t flags, uint32_t level)
{
    uint64_t entry = address | PTE_MAPPED | (uint64_t)(flags & 0xf) << PTE_FLAGS_AT;
    entry |= (flags & (MMU_READ | MMU_WRITE | MMU_EXEC)) != 0 ? PTE_PRESENT : 0;
    entry |= (flags & MMU_WRITE) != 0 ? PTE_WRITE : 0;
    entry |= (flags & MMU_EXEC) != 0 ? 0 : PTE_NX;
    entry |= (flags & MMU_USER) != 0 ? PTE_USER : PTE_GLOBAL;
    entry |= (flags & KMAP_DEVICE) != 0 ? PTE_UNCACHED : 0;
    return entry | (level != 0 ? PTE_LARGE : 0);
}

/* Entries that were not present and are now: no CPU remembers the former (SDM volume 3, 4.10.4.3). */
static inline void pte_sync(void)
{
}
