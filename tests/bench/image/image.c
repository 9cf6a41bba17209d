/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* As arch/common/board/image.c, with two nodes more in the tree and one driver more in the table. */
#include <arch/cpu.h>
#include <axiom/event.h>
#include <axiom/log.h>
#include <axiom/string.h>
#include <drivers/table.h>
#include <libfdt.h>
#include <port/console.h>
#include <port/port.h>

#include "bench.h"

#define TREE_MORE    16384u /* bytes, for the two nodes */
#define DRIVERS_MAX  64u
#define CHIP_PHANDLE 0xbe9c4u

const char image_name[] = "axiom bench";

/* drivers/table.c, compiled a second time under this name. */
extern const struct driver *const driver_table_all[];
extern const struct driver bench_gpio_driver;
/* What the core reads as driver_table; filled before it runs. */
extern const struct driver *bench_drivers[DRIVERS_MAX] __asm__("driver_table");
const struct driver *bench_drivers[DRIVERS_MAX];

static void drivers_fill(void)
{
    uint32_t count = 0;
    while (driver_table_all[count] != NULL && count + 2 < DRIVERS_MAX) {
        bench_drivers[count] = driver_table_all[count];
        count++;
    }
    bench_drivers[count] = &bench_gpio_driver;
    bench_drivers[count + 1] = NULL;
}

static int actuator_add(void *tree, int interlock, uint32_t line)
{
    const fdt32_t gpios[3] = { cpu_to_fdt32(CHIP_PHANDLE), cpu_to_fdt32(line), cpu_to_fdt32(0) };
    char name[] = "actuator-a";
    name[sizeof name - 2] = (char)('a' + line - BENCH_ACTUATOR);
    int node = fdt_add_subnode(tree, interlock, name);
    int err = node < 0 ? node : fdt_setprop(tree, node, "gpios", gpios, (int)sizeof gpios);
    return err ? err : fdt_setprop_string(tree, node, "safe-state", "low");
}

static int tree_extend(void *tree)
{
    int chip = fdt_add_subnode(tree, 0, BENCH_CHIP_NODE);
    int err = chip < 0 ? chip : fdt_setprop_string(tree, chip, "compatible", BENCH_COMPATIBLE);
    err |= fdt_setprop_u32(tree, chip, "phandle", CHIP_PHANDLE);
    err |= fdt_setprop_u32(tree, chip, "#gpio-cells", 2);
    int interlock = fdt_add_subnode(tree, 0, "interlock");
    if (err != 0 || interlock < 0)
        return -1;
    err = fdt_setprop_string(tree, interlock, "compatible", "axiom,interlock");
    for (uint32_t i = 0; i < BENCH_ACTUATORS && err == 0; i++)
        err = actuator_add(tree, fdt_path_offset(tree, "/interlock"), BENCH_ACTUATOR + i);
    return err;
}

/* A copy with room. Not of what is room already: QEMU's virt leaves nearly 1 MiB, which would count as
 * the kernel's memory. */
static void *tree_copy(const void *from, struct memmap *map)
{
    uint32_t structure_end = fdt_off_dt_struct(from) + fdt_size_dt_struct(from);
    uint32_t strings_end = fdt_off_dt_strings(from) + fdt_size_dt_strings(from);
    uint32_t used = structure_end > strings_end ? structure_end : strings_end;
    uint64_t at = memmap_take(map, used + TREE_MORE, UINT64_C(1) << 32);
    if (at == 0)
        return NULL;
    void *tree = arch_phys_to_virt((struct phys_addr){ at });
    memcpy(tree, from, used);
    fdt_set_totalsize(tree, used);
    return fdt_open_into(tree, tree, (int)(used + TREE_MORE)) == 0 ? tree : NULL;
}

int image_run(struct boot_info *info, struct memmap *map)
{
    void *tree = tree_copy(info->fdt, map);
    info->memory_count = map->count;
    drivers_fill();
    event_registry_reset();
    event_clock_set(kernel_time_ns);
    event_sink_add(console_log_sink(LOG_INFO));
    if (tree == NULL || tree_extend(tree) != 0)
        console_print("bench: the tree cannot be extended");
    else
        info->fdt = tree;
    info->fdt_size = fdt_totalsize(info->fdt);
    return kernel_main(info);
}

_Noreturn void arch_power_off(void)
{
    port_exit(PORT_EXIT_OFF);
}

_Noreturn void arch_reboot(void)
{
    port_exit(PORT_EXIT_REBOOT);
}
