/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Physical memory, kernel stacks, executable memory: all from the host edge, all counted, so that a
 * boot that leaks says so and the next one starts clean. */
#include <arch/exec_mem.h>
#include <arch/mmu.h>
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <host/host.h>

#include "sim_port.h"

char *arch_sim_memory;

/* A mapping that somebody has to give back. */
struct mapping {
    struct mapping *next;
    void *at;
    size_t size;
};

static struct host_memory memory;
static uint64_t kernel_size; /* of it, the rest is the port's */
static struct mapping *stacks, *exec_areas;
static void *boot_stack;
static uint64_t boot_stack_size;

/* --- the machine's own memory --- */

void *port_alloc(size_t size)
{
    return host_alloc(size);
}

void port_free(void *at)
{
    host_free(at);
}

/* --- physical memory --- */

int memory_create(uint64_t size, uint64_t reserved, void **stack)
{
    stacks = exec_areas = NULL;
    int err = host_memory_create(size + reserved, &memory);
    if (err)
        return err;
    err = host_memory_alias(&memory, size, reserved, &boot_stack);
    if (err) {
        host_memory_destroy(&memory);
        return err;
    }
    arch_sim_memory = memory.base;
    kernel_size = size;
    boot_stack_size = reserved;
    *stack = boot_stack;
    return 0;
}

static uint32_t free_all(struct mapping **list, void (*free)(void *at, size_t size))
{
    uint32_t count = 0;
    while (*list != NULL) {
        struct mapping *mapping = *list;
        *list = mapping->next;
        arch_sim_unpoison(mapping->at, mapping->size);
        free(mapping->at, mapping->size);
        host_free(mapping);
        count++;
    }
    return count;
}

void memory_destroy(struct sim_result *result)
{
    result->leaked_stacks = free_all(&stacks, host_memory_unalias);
    result->leaked_exec = free_all(&exec_areas, host_exec_free);
    arch_sim_unpoison(boot_stack, boot_stack_size);
    host_memory_unalias(boot_stack, boot_stack_size);
    /* The host may map something else here, which would find our poison. */
    arch_sim_unpoison(memory.base, memory.size);
    host_memory_destroy(&memory);
    arch_sim_memory = NULL;
}

bool memory_contains(uint64_t address, uint64_t size)
{
    return address >= ARCH_SIM_MEMORY_BASE && size <= kernel_size &&
           address - ARCH_SIM_MEMORY_BASE <= kernel_size - size;
}

void *port_dma(uint64_t address, uint32_t size)
{
    return size != 0 && memory_contains(address, size)
               ? arch_phys_to_virt((struct phys_addr){ address })
               : NULL;
}

/* --- mappings with an owner --- */

/* Room for the list's entry comes first, so that nothing can fail after the mapping is made. */
static void adopt(struct mapping **list, struct mapping *mapping, void *at, size_t size)
{
    mapping->at = at;
    mapping->size = size;
    mapping->next = *list;
    *list = mapping;
}

static void disown(struct mapping **list, const void *at, size_t size)
{
    for (struct mapping **link = list; *link != NULL; link = &(*link)->next) {
        struct mapping *mapping = *link;
        if (mapping->at == at) {
            BUG_ON(mapping->size != size);
            *link = mapping->next;
            host_free(mapping);
            return;
        }
    }
    panic("%p is not a mapping of this boot", at);
}

int arch_stack_map(struct phys_addr pages, size_t size, void **base)
{
    BUG_ON(size == 0 || size % PAGE_SIZE != 0 || pages.value % PAGE_SIZE != 0);
    BUG_ON(!memory_contains(pages.value, size));
    struct mapping *mapping = host_alloc(sizeof *mapping);
    if (mapping == NULL)
        return -ENOMEM;
    void *at;
    int err = host_memory_alias(&memory, pages.value - ARCH_SIM_MEMORY_BASE, size, &at);
    if (err) {
        host_free(mapping);
        return err;
    }
    adopt(&stacks, mapping, at, size);
    *base = at;
    return 0;
}

void arch_stack_unmap(void *base, size_t size)
{
    disown(&stacks, base, size);
    arch_sim_unpoison(base, size);
    host_memory_unalias(base, size);
}

int arch_exec_alloc(size_t size, void **out)
{
    if (size == 0)
        return -EINVAL;
    struct mapping *mapping = host_alloc(sizeof *mapping);
    if (mapping == NULL)
        return -ENOMEM;
    void *at;
    int err = host_exec_alloc(size, &at);
    if (err) {
        host_free(mapping);
        return err;
    }
    adopt(&exec_areas, mapping, at, size);
    *out = at;
    return 0;
}

int arch_exec_seal(void *at, size_t size)
{
    return host_exec_seal(at, size);
}

void arch_exec_free(void *at, size_t size)
{
    disown(&exec_areas, at, size);
    host_exec_free(at, size);
}

/* --- poison --- */

void arch_poison(const void *at, size_t size)
{
#if ARCH_SIM_ASAN
    __asan_poison_memory_region(at, size);
#else
    (void)at;
    (void)size;
#endif
}

void arch_unpoison(const void *at, size_t size)
{
    arch_sim_unpoison(at, size);
}
