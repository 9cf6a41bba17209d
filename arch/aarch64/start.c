/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* From the boot code to the kernel: the tree and with it the console, memory, page tables, the other
 * CPUs; in that order, so that each failure can be told. */
#include <arch/entry.h>
#include <axiom/string.h>
#include <libfdt.h>
#include <port/boot.h>
#include <port/boot_tree.h>
#include <port/console.h>
#include <port/exec_pool.h>
#include <port/kmap.h>
#include <port/layout.h>
#include <port/port.h>

#include "console.h"
#include "cpu.h"
#include "gic.h"
#include "image.h"
#include "power.h"
#include "psci.h"
#include "smp.h"
#include "space.h"

#define TREE_HEADER sizeof(struct fdt_header)

_Noreturn void arm_start(uint64_t tree_at, uint64_t image, uint64_t root, uint64_t next_page);

/* All of it is used once; static because it is large. */
static struct boot_tree tree;
static struct boot_module modules[BOOT_MODULE_MAX];
static struct boot_info info;

/* The tree's bytes are mapped as its header says; NULL: there is no tree there. */
static const void *tree_reach(uint64_t at, uint64_t *size)
{
    if (at == 0 || at % 8 != 0 || space_reach(at, TREE_HEADER) != 0)
        return NULL;
    const void *fdt = arch_phys_to_virt((struct phys_addr){ at });
    uint32_t magic;
    if (!arm_readable(fdt, &magic) || fdt_magic(fdt) != FDT_MAGIC)
        return NULL;
    *size = fdt_totalsize(fdt);
    return space_reach(at, *size) == 0 ? fdt : NULL;
}

static const void *tree_start(uint64_t at)
{
    uint64_t size = 0;
    const void *fdt = tree_reach(at, &size);
    if (fdt == NULL || boot_tree_check(fdt, size) != 0) {
        console_search();
        console_print("%s: aarch64", image_name);
        if (fdt != NULL)
            boot_tree_check(fdt, size); /* again, because now it can be heard */
        boot_give_up(fdt == NULL ? "x0 does not lead to a device tree"
                                 : "there is no other description");
    }
    info.fdt = fdt;
    info.fdt_size = size;
    return fdt;
}

/* A loader that knows only the file's size may put it where .bss and the boot's tables are by now. */
static void initrd_check(uint64_t image, uint64_t image_end_at)
{
    if (tree.initrd_size == 0 || tree.initrd >= image_end_at ||
        tree.initrd + tree.initrd_size <= image)
        return;
    console_print("boot: the initramfs at 0x%llx was loaded over the kernel; left out",
                  (unsigned long long)tree.initrd);
    tree.initrd_size = 0;
}

static void memory_start(const void *fdt)
{
    struct boot_memory extra = space_extra();
    uint64_t image = space_image_phys(image_start);
    if (boot_tree_read(fdt, &tree) != 0)
        boot_give_up("the device tree names no memory");
    initrd_check(image, extra.base.value + extra.size);
    memmap_remove(&tree.memory, PHYSICAL_END, UINT64_MAX - PHYSICAL_END);
    memmap_remove(&tree.memory, image, extra.base.value + extra.size - image);
    memmap_remove(&tree.memory, arch_virt_to_phys(fdt).value, info.fdt_size);
    memmap_remove(&tree.memory, 0, PAGE_SIZE); /* 0 is memmap_take()'s "none" */
    if (tree.initrd_size != 0)
        memmap_remove(&tree.memory, tree.initrd, tree.initrd_size);
    if (tree.memory.lost != 0)
        console_print("boot: %llu bytes of RAM are in too many pieces, and not used",
                      (unsigned long long)tree.memory.lost);
    int err = tree.initrd_size != 0 ? space_reach(tree.initrd, tree.initrd_size) : 0;
    for (uint32_t i = 0; i < tree.memory.count && err == 0; i++)
        err = space_reach(tree.memory.regions[i].base.value, tree.memory.regions[i].size);
    if (err)
        boot_give_up("RAM is in too many pieces");
}

/* The kernel's own tables; the boot's pages are RAM again. */
static uint64_t address_space_start(void)
{
    struct boot_memory extra = space_extra();
    const struct boot_memory reach[] = {
        extra,
        { arch_virt_to_phys(info.fdt), info.fdt_size },
        { { tree.initrd }, tree.initrd_size },
    };
    const struct kmap_config config = {
        .image = { space_image_phys(image_start) },
        .extra = reach,
        .extra_count = tree.initrd_size != 0 ? 3 : 2,
    };
    struct phys_addr root;
    exec_pool_init(&tree.memory, PHYSICAL_END);
    if (kmap_init(&tree.memory, PHYSICAL_END, &config, &root) != 0)
        boot_give_up("too little memory for page tables");
    space_replace(root.value);
    console_move();
    return root.value + PAGE_SIZE / 2; /* TTBR1's half */
}

_Noreturn static void run(void *argument)
{
    (void)argument;
    struct boot_memory extra = space_extra();
    memmap_add(&tree.memory, extra.base.value, extra.size);
    if (tree.initrd_size != 0)
        boot_modules_add("initrd", arch_phys_to_virt((struct phys_addr){ tree.initrd }),
                         tree.initrd_size, modules, &info.module_count);
    info.modules = modules;
    info.command_line = tree.command_line;
    boot_run(&info, &tree.memory);
}

void arm_start(uint64_t tree_at, uint64_t image, uint64_t root, uint64_t next_page)
{
    arm_cpu_init(0);
    space_init(image, root, next_page);
    const void *fdt = tree_start(tree_at);
    console_from_tree(fdt);
    console_print("%s: aarch64", image_name);
    psci_init(fdt);
    memory_start(fdt);
    power_init(boot_line_has(tree.command_line, "exit=debug"));
    console_print("boot: %llu MiB of RAM, %u CPU%s, image at 0x%llx",
                  (unsigned long long)(memmap_total(&tree.memory) >> 20), tree.cpu_count,
                  tree.cpu_count == 1 ? "" : "s", (unsigned long long)image);
    uint64_t stack = memmap_take(&tree.memory, BOOT_STACK_SIZE, PHYSICAL_END);
    uint64_t idmap = space_idmap(&tree.memory);
    if (stack == 0 || idmap == 0)
        boot_give_up("too little memory");
    uint64_t kernel = address_space_start();
    gic_init(fdt);
    smp_prepare(&tree, image, idmap, kernel);
    image_prepare();
    char *base = kmap_map((struct phys_addr){ stack }, BOOT_STACK_SIZE, MMU_READ | MMU_WRITE);
    if (base == NULL)
        boot_give_up("no room for the boot stack");
    arm_run_on(base + BOOT_STACK_SIZE, run, NULL);
}
