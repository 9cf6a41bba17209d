/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "console.h"

#include <arch_impl/io.h>
#include <axiom/bits.h>
#include <hw/regs/pl011.h>
#include <libfdt.h>
#include <port/boot_tree.h>
#include <port/console.h>
#include <port/kmap.h>

#include "cpu.h"
#include "space.h"

/* Where a UART may be that no tree tells of. Each is looked at with a load that may fault. */
#define QEMU_VIRT_UART UINT64_C(0x9000000)
#define RPI5_UART10    UINT64_C(0x107d001000) /* the debug connector's */

/* MIDR_EL1: implementer, architecture and part, without variant and revision (Arm ARM D19.2). */
#define MIDR_PART       UINT64_C(0xff0ffff0)
#define MIDR_CORTEX_A76 UINT64_C(0x410fd0b0)

static uint64_t physical;

static uint32_t read(uint64_t base, uint32_t reg)
{
    return io_read32((const void *)(base + reg));
}

static void write(uint64_t base, uint32_t reg, uint32_t value)
{
    io_write32((void *)(base + reg), value);
}

static struct pl011 uart = { read, write, 0 };

static void out(void *context, const char *text, size_t size)
{
    (void)context;
    pl011_write(&uart, text, size);
}

/* Who has set it up before us. */
static bool sends(uint64_t registers)
{
    const uint32_t on = PL011_CR_ENABLE | PL011_CR_TX;
    return (read(registers, PL011_CR) & on) == on;
}

enum identity {
    BY_TREE,     /* it says so */
    BY_ID,       /* the block's identity registers */
    BY_FIRMWARE, /* the board is known, and its firmware has set it up */
};

/* By the tree, which may show too little of the block to have its identity registers (on BCM2712 they are
 * not to be read: 512 bytes, and arm,primecell-periphid instead). */
static bool use(uint64_t at, enum identity by)
{
    void *registers = space_device(at);
    uint32_t value;
    if (registers == NULL || !arm_readable((char *)registers + PL011_FR, &value))
        return false;
    uart.base = (uint64_t)registers;
    if ((by == BY_ID && !pl011_present(&uart)) || (by == BY_FIRMWARE && !sends(uart.base)))
        return false;
    pl011_init(&uart);
    physical = at;
    console_set(out, NULL);
    return true;
}

void console_from_tree(const void *fdt)
{
    int node = boot_tree_console(fdt);
    uint64_t base, size;
    if (node < 0 || fdt_node_check_compatible(fdt, node, "arm,pl011") != 0 ||
        !boot_tree_reg(fdt, node, 0, &base, &size) || !use(base, BY_TREE))
        console_search();
}

void console_search(void)
{
    if (physical == 0 && !use(QEMU_VIRT_UART, BY_ID) &&
        (ARM_READ("midr_el1") & MIDR_PART) == MIDR_CORTEX_A76)
        use(RPI5_UART10, BY_FIRMWARE);
}

void console_move(void)
{
    if (physical == 0)
        return;
    uint64_t page = align_down64(physical, PAGE_SIZE);
    char *at = kmap_map((struct phys_addr){ page }, PAGE_SIZE, MMU_READ | MMU_WRITE | KMAP_DEVICE);
    if (at == NULL)
        console_set(NULL, NULL);
    uart.base = (uint64_t)at + physical % PAGE_SIZE;
}
