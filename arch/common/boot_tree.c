/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The tree is sound after boot_tree_check() (libfdt's functions cannot leave it), but what it says is
 * not trusted: sizes, addresses and cell counts may be anything. */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/string.h>
#include <libfdt.h>
#include <port/boot_tree.h>
#include <port/console.h>

#define TREE_SIZE_MAX (UINT64_C(2) << 20) /* arm64 booting.rst allows no more */
#define DEPTH_MAX     16u                 /* of buses between a device and the CPU */

int boot_tree_check(const void *fdt, uint64_t size)
{
    int err = fdt_check_full(fdt, size < TREE_SIZE_MAX ? size : TREE_SIZE_MAX);
    if (err == 0)
        return 0;
    console_print("boot: the device tree is broken: %s", fdt_strerror(err));
    return -EINVAL;
}

/* --- cells --- */

static uint64_t number(const fdt32_t *cells, uint32_t count)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < count; i++)
        value = value << 32 | fdt32_to_cpu(cells[i]);
    return value;
}

static const fdt32_t *cells_of(const void *fdt, int node, const char *name, uint32_t *count)
{
    int size = 0;
    const fdt32_t *cells = fdt_getprop(fdt, node, name, &size);
    *count = cells != NULL && size > 0 ? (uint32_t)size / 4 : 0;
    return cells;
}

/* #address-cells and #size-cells of a bus; false: not one whose addresses are numbers here. */
static bool bus_cells(const void *fdt, int bus, uint32_t *address, uint32_t *size)
{
    int a = fdt_address_cells(fdt, bus), s = fdt_size_cells(fdt, bus);
    if (a < 1 || a > 2 || s < 0 || s > 2)
        return false;
    *address = (uint32_t)a;
    *size = (uint32_t)s;
    return true;
}

uint32_t boot_tree_u32(const void *fdt, int node, const char *name, uint32_t otherwise)
{
    uint32_t count;
    const fdt32_t *cells = cells_of(fdt, node, name, &count);
    return count != 0 ? fdt32_to_cpu(cells[0]) : otherwise;
}

static bool available(const void *fdt, int node)
{
    const char *status = fdt_getprop(fdt, node, "status", NULL);
    return status == NULL || strcmp(status, "okay") == 0 || strcmp(status, "ok") == 0;
}

static bool has_type(const void *fdt, int node, const char *type)
{
    int size = 0;
    const char *found = fdt_getprop(fdt, node, "device_type", &size);
    return found != NULL && size == (int)strlen(type) + 1 && strcmp(found, type) == 0;
}

/* --- addresses --- */

/* From `bus`'s own addresses to its parent's, by `ranges` (2.3.8). */
static bool bus_translate(const void *fdt, int bus, int parent, uint64_t *address)
{
    uint32_t child_cells, size_cells, parent_cells, unused, count;
    const fdt32_t *ranges = cells_of(fdt, bus, "ranges", &count);
    if (ranges == NULL)
        return false;
    if (count == 0)
        return true;
    if (!bus_cells(fdt, bus, &child_cells, &size_cells) ||
        !bus_cells(fdt, parent, &parent_cells, &unused))
        return false;
    uint32_t row = child_cells + parent_cells + size_cells;
    for (; count >= row; count -= row, ranges += row) {
        uint64_t from = number(ranges, child_cells);
        uint64_t size = number(ranges + child_cells + parent_cells, size_cells);
        if (*address < from || *address - from >= size)
            continue;
        *address = *address - from + number(ranges + child_cells, parent_cells);
        return true;
    }
    return false;
}

bool boot_tree_reg(const void *fdt, int node, uint32_t index, uint64_t *base, uint64_t *size)
{
    int bus = fdt_parent_offset(fdt, node);
    uint32_t address_cells, size_cells, count;
    const fdt32_t *cells = cells_of(fdt, node, "reg", &count);
    if (bus < 0 || !bus_cells(fdt, bus, &address_cells, &size_cells))
        return false;
    uint32_t row = address_cells + size_cells;
    if (index >= count / row)
        return false;
    uint64_t address = number(cells + index * row, address_cells);
    *size = number(cells + index * row + address_cells, size_cells);
    for (uint32_t depth = 0; bus != 0; depth++) {
        int parent = fdt_parent_offset(fdt, bus);
        if (parent < 0 || depth == DEPTH_MAX || !bus_translate(fdt, bus, parent, &address))
            return false;
        bus = parent;
    }
    *base = address;
    return true;
}

/* --- RAM --- */

static void memory_add(const void *fdt, struct memmap *map)
{
    int node;
    fdt_for_each_subnode(node, fdt, 0)
    {
        uint64_t base, size;
        if (!has_type(fdt, node, "memory") || !available(fdt, node))
            continue;
        for (uint32_t i = 0; boot_tree_reg(fdt, node, i, &base, &size); i++)
            memmap_add(map, base, size);
    }
}

/* Both kinds of reservation. A region that is placed at run time (`size` without `reg`) reserves
 * nothing: nobody here asks for one. */
static void memory_reserve(const void *fdt, struct memmap *map)
{
    int count = fdt_num_mem_rsv(fdt);
    for (int i = 0; i < count; i++) {
        uint64_t base, size;
        if (fdt_get_mem_rsv(fdt, i, &base, &size) == 0)
            memmap_remove(map, base, size);
    }
    int parent = fdt_path_offset(fdt, "/reserved-memory"), node;
    if (parent < 0)
        return;
    fdt_for_each_subnode(node, fdt, parent)
    {
        uint64_t base, size;
        if (!available(fdt, node))
            continue;
        for (uint32_t i = 0; boot_tree_reg(fdt, node, i, &base, &size); i++)
            memmap_remove(map, base, size);
    }
}

/* --- CPUs --- */

static void cpus_read(const void *fdt, struct boot_tree *out)
{
    int cpus = fdt_path_offset(fdt, "/cpus"), node;
    uint32_t cells, unused, count;
    if (cpus < 0 || !bus_cells(fdt, cpus, &cells, &unused)) {
        console_print("boot: the device tree has no usable /cpus");
        return;
    }
    fdt_for_each_subnode(node, fdt, cpus)
    {
        const fdt32_t *reg = cells_of(fdt, node, "reg", &count);
        if (!has_type(fdt, node, "cpu") || !available(fdt, node) || count < cells)
            continue;
        if (out->cpu_count == CPU_MAX)
            out->cpus_left_out++;
        else
            out->cpu_ids[out->cpu_count++] = number(reg, cells);
    }
}

/* --- /chosen --- */

int boot_tree_console(const void *fdt)
{
    int chosen = fdt_path_offset(fdt, "/chosen");
    const char *path = chosen >= 0 ? fdt_getprop(fdt, chosen, "stdout-path", NULL) : NULL;
    if (path != NULL) { /* behind a colon: the line's settings */
        const char *colon = strchr(path, ':');
        size_t length = colon != NULL ? (size_t)(colon - path) : strlen(path);
        int node = fdt_path_offset_namelen(fdt, path, (int)length);
        if (node >= 0)
            return node;
    }
    return fdt_path_offset(fdt, "serial0");
}

static uint64_t chosen_number(const void *fdt, int chosen, const char *name)
{
    uint32_t count;
    const fdt32_t *cells = cells_of(fdt, chosen, name, &count);
    return count == 1 || count == 2 ? number(cells, count) : 0;
}

static void chosen_read(const void *fdt, struct boot_tree *out)
{
    out->command_line = "";
    int chosen = fdt_path_offset(fdt, "/chosen"), size = 0;
    if (chosen < 0)
        return;
    const char *line = fdt_getprop(fdt, chosen, "bootargs", &size);
    if (line != NULL && size > 0 && line[size - 1] == '\0')
        out->command_line = line;
    uint64_t start = chosen_number(fdt, chosen, "linux,initrd-start");
    uint64_t end = chosen_number(fdt, chosen, "linux,initrd-end");
    if (end <= start)
        return;
    out->initrd = start;
    out->initrd_size = end - start;
}

/* It must be RAM, or reading it faults. */
static void initrd_check(struct boot_tree *out)
{
    for (uint32_t i = 0; i < out->memory.count; i++) {
        const struct boot_memory *ram = &out->memory.regions[i];
        uint64_t end = ram->base.value + ram->size;
        if (out->initrd >= ram->base.value && out->initrd < end &&
            out->initrd_size <= end - out->initrd)
            return;
    }
    if (out->initrd_size != 0)
        console_print("boot: the initramfs at 0x%llx is not in RAM; left out",
                      (unsigned long long)out->initrd);
    out->initrd_size = 0;
}

int boot_tree_read(const void *fdt, struct boot_tree *out)
{
    memset(out, 0, sizeof *out);
    out->fdt = fdt;
    memmap_init(&out->memory);
    chosen_read(fdt, out);
    cpus_read(fdt, out);
    memory_add(fdt, &out->memory);
    if (out->memory.count == 0)
        return -ENODEV;
    initrd_check(out);
    memory_reserve(fdt, &out->memory);
    return 0;
}
