/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* From the boot code to the kernel: console, what the loader and ACPI say, memory, page tables, the
 * tree; in that order, so that each failure can be told. */
#include <arch/entry.h>
#include <arch_impl/io.h>
#include <axiom/bits.h>
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/string.h>
#include <hw/regs/pci.h>
#include <port/boot.h>
#include <port/console.h>
#include <port/exec_pool.h>
#include <port/kmap.h>
#include <port/layout.h>
#include <port/port.h>

#include "acpi.h"
#include "boot_record.h"
#include "calibrate.h"
#include "cpu.h"
#include "limine.h"
#include "power.h"
#include "smp.h"
#include "tree.h"

#define DOOR_PVH        1u
#define DOOR_MULTIBOOT2 2u
#define DOOR_LIMINE     3u
#define LOW_MEMORY      0x100000u            /* the BIOS's, and the trampoline */
#define LAPIC_DEFAULT   UINT64_C(0xfee00000) /* SDM volume 3, 10.4.1 */

void x86_start(uint32_t door, uint32_t info);
void x86_limine_start(void);

/* All of it is used once; static because it is large. */
static struct boot_record record;
static struct acpi_info acpi;
static bool has_acpi, has_com1;
static struct boot_module modules[BOOT_MODULE_MAX];
static struct boot_memory extra[LOADER_MODULE_MAX + 2];
static struct boot_info info;

extern uint64_t boot_pml4[]; /* boot.S */

static uint8_t com1_read(uint64_t base, uint32_t reg)
{
    return io_port_read8(base + reg);
}

static void com1_write(uint64_t base, uint32_t reg, uint8_t value)
{
    io_port_write8(base + reg, value);
}

/* 115200 baud of the usual 1.8432 MHz. */
static const struct uart16550 com1 = { com1_read, com1_write, COM1, .divisor = 1 };

static void console_out(void *context, const char *text, size_t size)
{
    (void)context;
    uart16550_write(&com1, text, size);
}

static void console_start(void)
{
    has_com1 = uart16550_init(&com1);
    if (has_com1)
        console_set(console_out, NULL);
}

static void loader_read(uint32_t door, uint64_t at)
{
    if (door == DOOR_LIMINE)
        return; /* read already */
    memmap_init(&record.memory);
    bool known = door == DOOR_PVH          ? pvh_read(at, &record)
                 : door == DOOR_MULTIBOOT2 ? multiboot2_read(at, &record)
                                           : false;
    if (!known)
        boot_give_up("entered by a boot loader that speaks neither PVH nor multiboot2 nor Limine");
}

static void memory_reserve(void)
{
    struct memmap *map = &record.memory;
    memmap_remove(map, 0, LOW_MEMORY);
    memmap_remove(map, x86_image_phys(image_start), (uint64_t)(image_end - image_start));
    for (uint32_t i = 0; i < record.module_count; i++)
        memmap_remove(map, record.modules[i].base, record.modules[i].size);
    if (map->lost != 0)
        console_print("boot: %llu bytes of RAM are in too many pieces, and not used",
                      (unsigned long long)map->lost);
}

static void *boot_page_block(uint64_t size)
{
    uint64_t at = memmap_take(&record.memory, size, LOADED_MAX);
    if (at == 0)
        boot_give_up("too little memory");
    void *bytes = arch_phys_to_virt((struct phys_addr){ at });
    memset(bytes, 0, size);
    return bytes;
}

static void address_space_start(const void *tree)
{
    for (uint32_t i = 0; i < record.module_count; i++)
        extra[i] = (struct boot_memory){ { record.modules[i].base }, record.modules[i].size };
    /* The trampoline is written, not run, through the direct map. */
    extra[record.module_count] = (struct boot_memory){ { TRAMPOLINE }, PAGE_SIZE };
    extra[record.module_count + 1] = (struct boot_memory){ arch_virt_to_phys(tree), TREE_SIZE_MAX };
    const struct kmap_config config = {
        .image = { x86_image_phys(image_start) },
        .extra = extra,
        .extra_count = record.module_count + 2,
    };
    struct phys_addr root;
    exec_pool_init(&record.memory, LOADED_MAX);
    if (kmap_init(&record.memory, LOADED_MAX, &config, &root) != 0)
        boot_give_up("too little memory for page tables");
    x86_kernel_cr3 = root.value;
    x86_load_cr3(root.value);
}

static uint32_t modules_collect(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < record.module_count; i++) {
        const struct loader_module *from = &record.modules[i];
        boot_modules_add(from->name, arch_phys_to_virt((struct phys_addr){ from->base }),
                         from->size, modules, &count);
    }
    return count;
}

static void apic_start(void)
{
    if (!x86_lapic_reach(true))
        boot_give_up("the firmware left the local APIC off, and it stays off");
    if (x86_lapic_is_x2())
        console_print("boot: the local APIC is in x2APIC mode");
    x86_lapic_map(acpi.lapic != 0 ? acpi.lapic : LAPIC_DEFAULT);
    x86_lapic_enable();
    /* The 8259s would use vectors of exceptions: masked for good. */
    io_port_write8(0x21, 0xff);
    io_port_write8(0xa1, 0xff);
    if (!has_acpi)
        console_print("acpi: no tables: one CPU, and no interrupts of devices");
    smp_prepare(&acpi, &record.memory);
}

/* The address port keeps what is written (PCI 3.0, 3.2.2.3.2). */
static bool pci_ports_answer(void)
{
    uint32_t before = io_port_read32(PCI_PORT_ADDRESS);
    io_port_write32(PCI_PORT_ADDRESS, PCI_PORT_ENABLE);
    bool answers = io_port_read32(PCI_PORT_ADDRESS) == PCI_PORT_ENABLE;
    io_port_write32(PCI_PORT_ADDRESS, before);
    return answers;
}

static void tree_start(void *tree)
{
    struct calibration clocks;
    calibrate(&acpi, &clocks);
    uint32_t size = 0;
    if (acpi.lapic == 0)
        acpi.lapic = LAPIC_DEFAULT;
    acpi.has_pci = acpi.ecam != 0 || pci_ports_answer();
    acpi.has_com1 = has_com1;
    if (tree_build(&acpi, &clocks, tree, &size) != 0)
        boot_give_up("the device tree that describes this machine does not fit");
    info.fdt = tree;
    info.fdt_size = size;
}

_Noreturn static void run(void *argument)
{
    (void)argument;
    info.module_count = modules_collect();
    info.modules = modules;
    info.command_line = record.command_line;
    boot_run(&info, &record.memory);
}

/* On the loader's tables and stack: what it says must be copied before they are left. */
void x86_limine_start(void)
{
    console_start();
    memmap_init(&record.memory);
    const char *why = limine_read(&record);
    if (why == NULL)
        why = limine_move();
    if (why != NULL)
        boot_give_up(why);
    limine_switch(x86_image_phys(boot_pml4), DOOR_LIMINE);
}

_Noreturn void x86_run_on(void *stack_top, void (*entry)(void *), void *argument);

void x86_start(uint32_t door, uint32_t at)
{
    console_start();
    x86_cpu_init(0);
    console_print("%s: x86_64", image_name);
    loader_read(door, at);
    has_acpi = acpi_read(record.rsdp, &acpi);
    power_init(&acpi, boot_line_has(record.command_line, "exit=debug"));
    memory_reserve();
    console_print("boot: %s, %llu MiB of RAM, %u module%s%s", record.loader,
                  (unsigned long long)(memmap_total(&record.memory) >> 20), record.module_count,
                  record.module_count == 1 ? "" : "s", has_acpi ? ", ACPI" : "");
    struct phys_addr stack = arch_virt_to_phys(boot_page_block(BOOT_STACK_SIZE));
    void *tree = boot_page_block(TREE_SIZE_MAX);
    address_space_start(tree);
    apic_start();
    tree_start(tree);
    char *base = kmap_map(stack, BOOT_STACK_SIZE, MMU_READ | MMU_WRITE);
    if (base == NULL)
        boot_give_up("no room for the boot stack");
    x86_run_on(base + BOOT_STACK_SIZE, run, NULL);
}
