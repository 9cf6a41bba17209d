/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The kernel's own address space.
 *
 *   the image       code read and execute, constants read, data read and write
 *   the direct map  RAM of the kernel's allocator, modules and firmware tables; never executable
 *   the window      what is mapped at run time: stacks between guard pages, registers, code
 *
 * Invariant (W^X): no page is writable and executable, and no physical page of code is writable
 * under another address: neither the image's code nor the code pool is in the direct map. All page
 * tables of the window are made at boot, so that mapping cannot fail for want of memory. */
#pragma once
#include <arch/mmu.h>
#include <axiom/types.h>
#include <port/memmap.h>

/* Extra to enum mmu_flags: device registers, not cached. */
#define KMAP_DEVICE 0x100u

struct kmap_config {
    struct phys_addr image; /* where the image was loaded */
    /* What must be readable through the direct map beside the map's regions: boot modules, firmware
     * tables. */
    const struct boot_memory *extra;
    uint32_t extra_count;
};

/* Builds the tables out of pages taken from `map` (below `limit`: what is reachable while it does),
 * and says where their root is. The port loads it. -ENOMEM. Boot only. */
int kmap_init(struct memmap *map, uint64_t limit, const struct kmap_config *config,
              struct phys_addr *root);

/* Pages into the window; NULL: it is full. Any context but interrupts'. */
void *kmap_map(struct phys_addr base, size_t size, uint32_t flags);
/* Gone on every CPU when it returns. */
void kmap_unmap(void *at, size_t size);
void kmap_protect(void *at, size_t size, uint32_t flags);

/* True if all bytes can be read. Takes no lock. Any context. */
bool kmap_readable(uint64_t address, size_t size);
/* What is mapped at `at`; -ENOENT. */
int kmap_query(uint64_t at, struct phys_addr *page, uint32_t *flags);

/* Why an access at `at` faulted, in words. */
const char *kmap_fault_reason(uint64_t at);

/* Walks all kernel mappings for pages that are both writable and executable, under one or two
 * addresses; their count, which must be 0. For tests. */
uint64_t kmap_count_wx(void);

/* The entries of the root that every address space shares, copied. */
void kmap_share(uint64_t *root);
