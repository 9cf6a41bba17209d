/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* From the boot code to the kernel: the firmware's console, what the device tree says, memory, page
 * tables, the board's own console; in that order, so that each failure can be told. */
#include <arch/cpu.h>
#include <arch/entry.h>
#include <arch_impl/io.h>
#include <axiom/bits.h>
#include <axiom/string.h>
#include <libfdt.h>
#include <port/boot.h>
#include <port/boot_tree.h>
#include <port/console.h>
#include <port/exec_pool.h>
#include <port/kmap.h>
#include <port/layout.h>
#include <port/port.h>

#include "cpu.h"
#include "power.h"
#include "sbi.h"
#include "smp.h"

#define REACH         (UINT64_C(128) << 30) /* of the direct map (arch_impl/mmu.h, boot.S) */
#define TREE_SIZE_MAX (UINT64_C(2) << 20)   /* as the boot protocol limits it */

void riscv_start(uint64_t hart, uint64_t tree_at, uint64_t image);
_Noreturn void riscv_run_on(void *stack_top, void (*entry)(void *), void *argument);

uint64_t riscv_image_phys;

/* All of it is used once; static because it is large. */
static struct boot_tree tree;
static struct boot_module modules[BOOT_MODULE_MAX];
static struct boot_info info;

/* --- consoles --- */

static void firmware_out(void *context, const char *text, size_t size)
{
    (void)context;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\n')
            sbi_console_put('\r');
        sbi_console_put(text[i]);
    }
}

static uint32_t uart_shift, uart_width;

static uint8_t uart_read(uint64_t base, uint32_t reg)
{
    const char *at = (const char *)base + ((uint64_t)reg << uart_shift);
    return uart_width == 4 ? (uint8_t)io_read32(at) : io_read8(at);
}

static void uart_write(uint64_t base, uint32_t reg, uint8_t value)
{
    char *at = (char *)base + ((uint64_t)reg << uart_shift);
    if (uart_width == 4)
        io_write32(at, value);
    else
        io_write8(at, value);
}

static struct uart16550 uart = { .read = uart_read, .write = uart_write };

static void uart_out(void *context, const char *text, size_t size)
{
    (void)context;
    uart16550_write(&uart, text, size);
}

static bool is_16550(int node)
{
    static const char *const known[] = { "ns16550a", "ns16550", "snps,dw-apb-uart" };
    for (uint32_t i = 0; i < ARRAY_SIZE(known); i++) {
        if (fdt_node_check_compatible(tree.fdt, node, known[i]) == 0)
            return true;
    }
    return false;
}

/* The board's own is faster than the firmware's, and left at the speed that the firmware chose. */
static void board_console_start(void)
{
    uint64_t base, size;
    int node = boot_tree_console(tree.fdt);
    if (node < 0 || !is_16550(node) || !boot_tree_reg(tree.fdt, node, 0, &base, &size))
        return;
    uart_shift = boot_tree_u32(tree.fdt, node, "reg-shift", 0);
    uart_width = boot_tree_u32(tree.fdt, node, "reg-io-width", 1);
    if (uart_shift > 2 || size < UINT64_C(8) << uart_shift ||
        base % PAGE_SIZE + (UINT64_C(8) << uart_shift) > PAGE_SIZE)
        return;
    char *page = kmap_map((struct phys_addr){ base & ~(uint64_t)(PAGE_SIZE - 1) }, PAGE_SIZE,
                          MMU_READ | MMU_WRITE | KMAP_DEVICE);
    if (page == NULL)
        return;
    uart.base = (uint64_t)page + base % PAGE_SIZE;
    if (uart16550_init(&uart))
        console_set(uart_out, NULL);
}

/* --- memory --- */

static void tree_read(uint64_t at)
{
    if (at == 0 || at >= REACH - TREE_SIZE_MAX || at % 8 != 0)
        boot_give_up("the firmware gave no device tree");
    const void *fdt = arch_phys_to_virt((struct phys_addr){ at });
    if (boot_tree_check(fdt, TREE_SIZE_MAX) != 0)
        boot_give_up("the device tree is not usable");
    int err = boot_tree_read(fdt, &tree);
    info.fdt = fdt;
    info.fdt_size = fdt_totalsize(fdt);
    power_init(boot_line_has(tree.command_line, "exit=debug"));
    if (err)
        boot_give_up("the device tree names no memory");
}

static void memory_reserve(uint64_t tree_at)
{
    struct memmap *map = &tree.memory;
    memmap_remove(map, tree_at, info.fdt_size);
    memmap_remove(map, tree.initrd, tree.initrd_size);
    memmap_remove(map, riscv_image_phys, (uint64_t)(image_end - image_start));
    uint64_t before = memmap_total(map);
    memmap_remove(map, REACH, UINT64_MAX - REACH);
    map->lost += before - memmap_total(map);
    if (map->lost != 0)
        console_print(
            "boot: %llu bytes of RAM are beyond 128 GiB or in too many pieces, and not used",
            (unsigned long long)map->lost);
}

static void *boot_page_block(uint64_t size)
{
    uint64_t at = memmap_take(&tree.memory, size, REACH);
    if (at == 0)
        boot_give_up("too little memory");
    void *bytes = arch_phys_to_virt((struct phys_addr){ at });
    memset(bytes, 0, size);
    return bytes;
}

static void address_space_start(uint64_t tree_at)
{
    const struct boot_memory extra[] = {
        { { tree_at }, info.fdt_size },
        { { tree.initrd }, tree.initrd_size },
    };
    const struct kmap_config config = {
        .image = { riscv_image_phys },
        .extra = extra,
        .extra_count = tree.initrd_size != 0 ? 2 : 1,
    };
    struct phys_addr root;
    exec_pool_init(&tree.memory, REACH);
    if (kmap_init(&tree.memory, REACH, &config, &root) != 0)
        boot_give_up("too little memory for page tables");
    uint64_t satp = SATP_SV39 | root.value >> PAGE_SHIFT;
    CSR_WRITE("satp", satp);
    __asm__ volatile("sfence.vma" ::: "memory");
    smp_tables_set(satp);
}

/* --- what the kernel gets --- */

_Noreturn static void run(void *argument)
{
    (void)argument;
    if (tree.initrd_size != 0)
        boot_modules_add("initrd", arch_phys_to_virt((struct phys_addr){ tree.initrd }),
                         tree.initrd_size, modules, &info.module_count);
    info.modules = modules;
    info.command_line = tree.command_line;
    boot_run(&info, &tree.memory);
}

void riscv_start(uint64_t hart, uint64_t tree_at, uint64_t image)
{
    riscv_image_phys = image;
    riscv_cpu_init(0, hart);
    sbi_init();
    console_set(firmware_out, NULL);
    console_print("%s: riscv64", image_name);
    tree_read(tree_at);
    smp_prepare(&tree, hart);
    memory_reserve(tree_at);
    console_print("boot: hart %llu, %u CPU%s, %llu MiB of RAM, %llu bytes of initramfs",
                  (unsigned long long)hart, arch_cpu_count(), arch_cpu_count() == 1 ? "" : "s",
                  (unsigned long long)(memmap_total(&tree.memory) >> 20),
                  (unsigned long long)tree.initrd_size);
    struct phys_addr stack = arch_virt_to_phys(boot_page_block(BOOT_STACK_SIZE));
    address_space_start(tree_at);
    board_console_start();
    char *base = kmap_map(stack, BOOT_STACK_SIZE, MMU_READ | MMU_WRITE);
    if (base == NULL)
        boot_give_up("no room for the boot stack");
    riscv_stack_note((uint64_t)base, BOOT_STACK_SIZE);
    riscv_run_on(base + BOOT_STACK_SIZE, run, NULL);
}
