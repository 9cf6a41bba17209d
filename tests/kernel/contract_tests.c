/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The CPU contract (arch/include/arch) as the core sees it. */
#include "ktest.h"

#include <arch/cpu.h>
#include <arch/exec_mem.h>
#include <arch/irqflags.h>
#include <arch/mmu.h>
#include <arch/user.h>
#include <axiom/errno.h>
#include <axiom/string.h>
#include <core/mm.h>
#include <core/thread.h>
#include <core/time.h>

static void masks_nest(void)
{
    KTEST(!arch_irqs_disabled());
    struct arch_irqflags outer = arch_irq_save();
    KTEST(arch_irqs_disabled());
    struct arch_irqflags inner = arch_irq_save();
    arch_irq_restore(inner);
    KTEST(arch_irqs_disabled());
    arch_irq_restore(outer);
    KTEST(!arch_irqs_disabled());
}

/* A timer that is due while interrupts are masked runs at the unmasking, not before. */
static bool fired;

static void set_fired(struct timer *timer, void *context)
{
    (void)timer;
    (void)context;
    fired = true;
}

static void masked_interrupts_wait(void)
{
    struct timer timer;
    fired = false;
    timer_init(&timer, set_fired, NULL);
    struct arch_irqflags flags = arch_irq_save();
    timer_start(&timer, ktime_get_ns() + NSEC_PER_USEC);
    delay_us(200);
    KTEST(!fired);
    arch_irq_restore(flags);
    uint64_t give_up = ktime_get_ns() + NSEC_PER_SEC;
    while (!__atomic_load_n(&fired, __ATOMIC_ACQUIRE) && !ktime_reached(give_up))
        delay_relax(give_up);
    KTEST(fired);
}

static void direct_map_is_a_bijection(void)
{
    void *page = page_alloc(0);
    KTEST(page != NULL);
    struct phys_addr at = arch_virt_to_phys(page);
    KTEST(at.value % PAGE_SIZE == 0);
    KTEST(arch_phys_to_virt(at) == page);
    page_free(page, 0);
}

/* --- guarded stacks: the same memory a second time --- */

static void stacks_are_the_same_memory(void)
{
    unsigned char *pages = page_alloc(2);
    void *stack;
    KTEST(pages != NULL);
    KTEST(arch_stack_map(arch_virt_to_phys(pages), 4 * PAGE_SIZE, &stack) == 0);
    unsigned char *shown = stack;
    for (uint32_t i = 0; i < 4; i++) {
        shown[i * PAGE_SIZE] = (unsigned char)(0x11 * (i + 1));
        KTEST(((volatile unsigned char *)pages)[i * PAGE_SIZE] == 0x11 * (i + 1));
    }
    arch_stack_unmap(stack, 4 * PAGE_SIZE);
    page_free(pages, 2);
}

static void stacks_come_and_go(void)
{
    unsigned char *pages = page_alloc(4);
    KTEST(pages != NULL);
    for (uint32_t round = 0; round < 300; round++) {
        void *stacks[4];
        for (uint32_t i = 0; i < 4; i++)
            KTEST(arch_stack_map(arch_virt_to_phys(pages + i * 4 * PAGE_SIZE), 4 * PAGE_SIZE,
                                 &stacks[i]) == 0);
        *(uint32_t *)stacks[round % 4] = round;
        KTEST(*(volatile uint32_t *)(pages + round % 4 * 4 * PAGE_SIZE) == round);
        for (uint32_t i = 0; i < 4; i++)
            arch_stack_unmap(stacks[(i + round) % 4], 4 * PAGE_SIZE);
    }
    page_free(pages, 4);
}

/* --- user page tables --- */

static void *table_page(void *context)
{
    void *page = page_alloc(0);
    if (page != NULL) {
        memset(page, 0, PAGE_SIZE);
        ++*(int *)context;
    }
    return page;
}

static void table_page_free(void *context, void *page)
{
    --*(int *)context;
    page_free(page, 0);
}

static void user_tables_map_and_forget(void)
{
    int live = 0;
    const struct mmu_pages pages = { table_page, table_page_free, &live };
    const struct virt_addr low = { 0x400000 }, far = { UINT64_C(0x3f00000000) };
    struct arch_page_table *table;
    struct phys_addr got;
    uint32_t flags;
    char *page = page_alloc(0);
    KTEST(page != NULL);
    KTEST(arch_mmu_create(&pages, &table) == 0);
    struct phys_addr at = arch_virt_to_phys(page);
    KTEST(arch_mmu_map(table, low, at, MMU_READ | MMU_USER) == 0);
    KTEST(arch_mmu_map(table, low, at, MMU_READ | MMU_USER) == -EEXIST);
    KTEST(arch_mmu_map(table, far, at, MMU_READ | MMU_WRITE | MMU_USER) == 0);
    KTEST(arch_mmu_map(table, (struct virt_addr){ 1 }, at, MMU_READ) == -EINVAL);
    KTEST(arch_mmu_map(table, (struct virt_addr){ UINT64_C(1) << 63 }, at, MMU_READ) == -EINVAL);
    KTEST(arch_mmu_query(table, low, &got, &flags) == 0);
    KTEST(got.value == at.value && flags == (MMU_READ | MMU_USER));
    KTEST(arch_mmu_protect(table, low, 0) == 0);
    KTEST(arch_mmu_query(table, low, &got, &flags) == 0 && flags == 0);
    KTEST(arch_mmu_unmap(table, low) == 0);
    KTEST(arch_mmu_unmap(table, low) == -ENOENT);
    KTEST(arch_mmu_query(table, low, &got, &flags) == -ENOENT);
    arch_mmu_destroy(table);
    KTEST(live == 0);
    page_free(page, 0);
}

static void user_copies_stop_at_the_fault(void)
{
    int live = 0;
    const struct mmu_pages pages = { table_page, table_page_free, &live };
    struct arch_page_table *table;
    char *page = page_alloc(0), text[64];
    size_t done;
    KTEST(page != NULL && arch_mmu_create(&pages, &table) == 0);
    const struct virt_addr base = { 0x10000 };
    KTEST(arch_mmu_map(table, base, arch_virt_to_phys(page), MMU_READ | MMU_WRITE | MMU_USER) == 0);
    memset(text, 'x', sizeof text);
    const struct virt_addr edge = { base.value + PAGE_SIZE - 16 };
    KTEST(arch_copy_to_user(table, edge, text, sizeof text, &done) == -EFAULT && done == 16);
    KTEST(page[PAGE_SIZE - 1] == 'x');
    KTEST(arch_copy_from_user(table, text, edge, 16, &done) == 0 && done == 16);
    KTEST(arch_copy_from_user(table, text, (struct virt_addr){ UINT64_MAX - 4 }, 16, &done) ==
          -EFAULT);
    KTEST(arch_mmu_protect(table, base, MMU_READ) == 0); /* the kernel's own page now */
    KTEST(arch_copy_from_user(table, text, base, 16, &done) == -EFAULT && done == 0);
    arch_mmu_destroy(table);
    page_free(page, 0);
    KTEST(live == 0);
}

/* --- executable memory --- */

static void exec_memory_is_given_back(void)
{
    void *areas[8];
    for (uint32_t round = 0; round < 50; round++) {
        for (uint32_t i = 0; i < ARRAY_SIZE(areas); i++) {
            size_t size = 100 + 3000 * i;
            KTEST(arch_exec_alloc(size, &areas[i]) == 0);
            memset(areas[i], 0, size);
            KTEST(arch_exec_seal(areas[i], size) == 0);
        }
        for (uint32_t i = 0; i < ARRAY_SIZE(areas); i++)
            arch_exec_free(areas[i], 100 + 3000 * i);
    }
    void *none;
    KTEST(arch_exec_alloc(0, &none) == -EINVAL);
}

const struct ktest ktest_contracts[] = {
    { "contract_masks_nest", masks_nest, 1 },
    { "contract_masked_interrupts_wait", masked_interrupts_wait, 1 },
    { "contract_direct_map_is_a_bijection", direct_map_is_a_bijection, 1 },
    { "contract_stacks_are_the_same_memory", stacks_are_the_same_memory, 1 },
    { "contract_stacks_come_and_go", stacks_come_and_go, 1 },
    { "contract_user_tables_map_and_forget", user_tables_map_and_forget, 1 },
    { "contract_user_copies_stop_at_the_fault", user_copies_stop_at_the_fault, 1 },
    { "contract_exec_memory_is_given_back", exec_memory_is_given_back, 1 },
    { NULL, NULL, 0 },
};
