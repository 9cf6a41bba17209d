/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* For arch/common/pt.c: Sv39's entries (privileged specification, 4.4). A page of no access is still
 * mapped: it has MAPPED, a bit left to software, and not VALID. Writing includes reading for the CPU
 * (R = 0 with W = 1 is reserved), so whether reading was asked for is kept in the other such bit.
 * ACCESSED and DIRTY are set from the start: a CPU may fault instead of setting them. Whether a region
 * is cached is the platform's matter (without Svpbmt), not an entry's. */
#pragma once
#include <arch/mmu.h>
#include <port/kmap.h>

#define PTE_LEVELS       3u
#define PTE_LARGEST      1u /* 2 MiB */
#define PTE_SIGN_EXTENDS 1
#define PTE_USER_FIRST   0u
#define PTE_USER_LAST    255u
#define PTE_KERNEL_FIRST 256u
#define PTE_KERNEL_LAST  511u

#define PTE_VALID      UINT64_C(0x01)
#define PTE_READ       UINT64_C(0x02)
#define PTE_WRITE      UINT64_C(0x04)
#define PTE_EXEC       UINT64_C(0x08)
#define PTE_USER       UINT64_C(0x10)
#define PTE_GLOBAL     UINT64_C(0x20)
#define PTE_ACCESSED   UINT64_C(0x40)
#define PTE_DIRTY      UINT64_C(0x80)
#define PTE_MAPPED     UINT64_C(0x100)
#define PTE_READ_ASKED UINT64_C(0x200)
#define PTE_PPN_AT     10u
#define PTE_PPN        UINT64_C(0x003ffffffffffc00)

static inline bool pte_is_present(uint64_t entry)
{
    return (entry & PTE_MAPPED) != 0;
}

static inline bool pte_is_leaf(uint64_t entry, uint32_t level)
{
    return level == 0 || (entry & (PTE_READ | PTE_WRITE | PTE_EXEC)) != 0;
}

static inline uint64_t pte_address(uint64_t entry)
{
    return (entry & PTE_PPN) >> PTE_PPN_AT << PAGE_SHIFT;
}

static inline uint32_t pte_flags(uint64_t entry)
{
    uint32_t flags = (entry & PTE_READ_ASKED) != 0 ? MMU_READ : 0;
    flags |= (entry & PTE_WRITE) != 0 ? MMU_WRITE : 0;
    flags |= (entry & PTE_EXEC) != 0 ? MMU_EXEC : 0;
    return flags | ((entry & PTE_USER) != 0 ? MMU_USER : 0);
}

static inline uint64_t pte_table(uint64_t address)
{
    return address >> PAGE_SHIFT << PTE_PPN_AT | PTE_MAPPED | PTE_VALID;
}

static inline uint64_t pte_leaf(uint64_t address, uint32_t flags, uint32_t level)
{
    (void)level; /* a leaf is one by its rights */
    uint64_t entry = address >> PAGE_SHIFT << PTE_PPN_AT | PTE_MAPPED | PTE_ACCESSED | PTE_DIRTY;
    entry |= (flags & (MMU_READ | MMU_WRITE | MMU_EXEC)) != 0 ? PTE_VALID : 0;
    entry |= (flags & (MMU_READ | MMU_WRITE)) != 0 ? PTE_READ : 0;
    entry |= (flags & MMU_READ) != 0 ? PTE_READ_ASKED : 0;
    entry |= (flags & MMU_WRITE) != 0 ? PTE_WRITE : 0;
    entry |= (flags & MMU_EXEC) != 0 ? PTE_EXEC : 0;
    return entry | ((flags & MMU_USER) != 0 ? PTE_USER : PTE_GLOBAL);
}

/* flush.c */
void riscv_pte_sync(void);

static inline void pte_sync(void)
{
    riscv_pte_sync();
}
