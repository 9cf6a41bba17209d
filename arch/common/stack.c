/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Kernel stacks in the window, and the contract's functions that are nothing on hardware. */
#include <arch/mmu.h>
#include <axiom/errno.h>
#include <port/kmap.h>

int arch_stack_map(struct phys_addr pages, size_t size, void **base)
{
    void *at = kmap_map(pages, size, MMU_READ | MMU_WRITE);
    if (at == NULL)
        return -ENOMEM;
    *base = at;
    return 0;
}

void arch_stack_unmap(void *base, size_t size)
{
    kmap_unmap(base, size);
}

void arch_poison(const void *at, size_t size)
{
    (void)at;
    (void)size;
}

void arch_unpoison(const void *at, size_t size)
{
    (void)at;
    (void)size;
}
