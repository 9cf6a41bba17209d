/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* For arch/common/pt.c: VMSAv8-64 with 4 KiB pages, four levels (Arm ARM DDI 0487, D8.3). A page of
 * no access is still mapped: its entry is not valid and not 0 either. Bits 58:55 are software's, and
 * so is all of an entry that is not valid. */
#pragma once
#include <arch/mmu.h>
#include <port/kmap.h>

#define PTE_LEVELS       4u
#define PTE_LARGEST      2u /* 1 GiB */
#define PTE_SIGN_EXTENDS 1
#define PTE_USER_FIRST   0u
#define PTE_USER_LAST    255u
#define PTE_KERNEL_FIRST 256u
#define PTE_KERNEL_LAST  511u

#define PTE_VALID      UINT64_C(0x1)
#define PTE_TABLE      UINT64_C(0x2) /* in a level 0 entry: a page */
#define PTE_DEVICE     UINT64_C(0x4) /* AttrIndx 1 of MAIR_EL1; 0: write-back */
#define PTE_EL0        UINT64_C(0x40)
#define PTE_READ_ONLY  UINT64_C(0x80)
#define PTE_INNER      UINT64_C(0x300)
#define PTE_ACCESSED   UINT64_C(0x400)
#define PTE_NOT_GLOBAL UINT64_C(0x800)
#define PTE_PXN        (UINT64_C(1) << 53)
#define PTE_UXN        (UINT64_C(1) << 54)
#define PTE_FLAGS_AT   55u /* enum mmu_flags, as asked for */
#define PTE_ADDRESS    UINT64_C(0x0000fffffffff000)

static inline bool pte_is_present(uint64_t entry)
{
    return entry != 0;
}

static inline bool pte_is_leaf(uint64_t entry, uint32_t level)
{
    return level == 0 || (entry & PTE_TABLE) == 0;
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
    return address | PTE_VALID | PTE_TABLE;
}

static inline uint64_t pte_leaf(uint64_t address, uint32_t flags, uint32_t level)
{
    uint64_t entry = address | PTE_ACCESSED | PTE_INNER | (uint64_t)(flags & 0xf) << PTE_FLAGS_AT;
    bool user = (flags & MMU_USER) != 0, exec = (flags & MMU_EXEC) != 0;
    entry |= (flags & (MMU_READ | MMU_WRITE | MMU_EXEC)) != 0 ? PTE_VALID : 0;
    entry |= (flags & MMU_WRITE) != 0 ? 0 : PTE_READ_ONLY;
    entry |= user ? PTE_EL0 | PTE_NOT_GLOBAL : 0;
    entry |= exec && !user ? 0 : PTE_PXN;
    entry |= exec && user ? 0 : PTE_UXN;
    entry |= (flags & KMAP_DEVICE) != 0 ? PTE_DEVICE : 0;
    return entry | (level == 0 ? PTE_TABLE : 0);
}

/* A walk that begins later sees the new entries; so do accesses of this CPU (Arm ARM, D8.2.6). */
static inline void pte_sync(void)
{
    __asm__ volatile("dsb ishst\n\tisb" ::: "memory");
}
