/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Physical memory as the kernel reaches it, and page tables. */
#pragma once
#include <axiom/types.h>

#define PAGE_SHIFT 12u
#define PAGE_SIZE  (1u << PAGE_SHIFT)

/* The direct map: all RAM is there. The argument must be RAM. */
static inline void *arch_phys_to_virt(struct phys_addr address);
static inline struct phys_addr arch_virt_to_phys(const void *at);

#define ARCH_IMPL_ALLOWED
#include <arch_impl/mmu.h>
#undef ARCH_IMPL_ALLOWED

enum mmu_flags {
    MMU_READ = 1,
    MMU_WRITE = 2,
    MMU_EXEC = 4,
    MMU_USER = 8,
};

/* An address space's page table, made of pages from the given allocator (one zeroed page a call, or
 * NULL). */
struct mmu_pages {
    void *(*alloc)(void *context);
    void (*free)(void *context, void *page);
    void *context;
};
struct arch_page_table; /* opaque */

/* -ENOMEM. Process context, as all below; the caller serialises calls on one table. */
int arch_mmu_create(const struct mmu_pages *pages, struct arch_page_table **out);
void arch_mmu_destroy(struct arch_page_table *table);
/* One page. -EEXIST: mapped already; -EINVAL: not aligned, not a user address. */
int arch_mmu_map(struct arch_page_table *table, struct virt_addr at, struct phys_addr page,
                 uint32_t flags);
/* -ENOENT: not mapped. */
int arch_mmu_unmap(struct arch_page_table *table, struct virt_addr at);
int arch_mmu_protect(struct arch_page_table *table, struct virt_addr at, uint32_t flags);
/* What is mapped at `at`; -ENOENT. */
int arch_mmu_query(struct arch_page_table *table, struct virt_addr at, struct phys_addr *page,
                   uint32_t *flags);

/* Kernel stacks: physically contiguous pages shown a second time between two guard pages that
 * fault. -ENOMEM. */
int arch_stack_map(struct phys_addr pages, size_t size, void **base);
void arch_stack_unmap(void *base, size_t size);

/* For allocators: memory that must not be touched until it is handed out again. Nothing where no
 * sanitizer is. */
void arch_poison(const void *at, size_t size);
void arch_unpoison(const void *at, size_t size);
