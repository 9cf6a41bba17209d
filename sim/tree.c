/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The device tree as the machine reads it: one pass with libfdt makes an array of nodes, then
 * everything is looked up there. The tree may come from anywhere: fdt_check_full() has to pass,
 * depth and node count are bounded, and each property's size is checked before it is read
 * (Devicetree Specification 0.4, sections 2.3 and 2.4). */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <libfdt.h>

#include "internal.h"

/* Before version 16 nodes have whole paths for names, and libfdt (1.6.1) follows a null pointer in
 * fdt_check_full() where one has no slash. */
#define VERSION_OLDEST 16u

const void *board_property(const struct model_node *node, const char *name, uint32_t *size)
{
    int length = 0;
    const void *value = fdt_getprop(machine.fdt, node->offset, name, &length);
    if (value == NULL || length < 0)
        return NULL;
    *size = (uint32_t)length;
    return value;
}

static uint32_t cell(const void *property, uint32_t index)
{
    const uint8_t *at = (const uint8_t *)property + index * 4u;
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The low 64 bits of a number of `count` cells. */
static uint64_t number(const void *property, uint32_t index, uint32_t count)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < count; i++)
        value = value << 32 | cell(property, index + i);
    return value;
}

static uint32_t cell_property(const struct model_node *node, const char *name, uint32_t otherwise)
{
    uint32_t size;
    const void *value = board_property(node, name, &size);
    return value != NULL && size == 4 ? cell(value, 0) : otherwise;
}

static struct model_node *parent_of(const struct model_node *node)
{
    return &machine.nodes[node->parent];
}

static bool is_root(const struct model_node *node)
{
    return node == machine.nodes;
}

static bool status_okay(const struct model_node *node)
{
    uint32_t size;
    const char *status = board_property(node, "status", &size);
    if (status == NULL)
        return true;
    return (size == 5 && memcmp(status, "okay", 5) == 0) ||
           (size == 3 && memcmp(status, "ok", 3) == 0);
}

static int count_nodes(const void *fdt)
{
    uint32_t count = 0;
    int depth = 0;
    for (int offset = fdt_next_node(fdt, -1, &depth); offset >= 0 && depth >= 0;
         offset = fdt_next_node(fdt, offset, &depth)) {
        if (++count > TREE_NODE_MAX || (uint32_t)depth >= TREE_DEPTH_MAX)
            return -E2BIG;
    }
    return (int)count;
}

static void fill_node(uint32_t index, int offset, uint32_t parent)
{
    struct model_node *node = &machine.nodes[index];
    node->offset = offset;
    node->parent = parent;
    node->phandle = cell_property(node, "phandle", 0);
    if (node->phandle == 0)
        node->phandle = cell_property(node, "linux,phandle", 0);
    node->enabled = status_okay(node) && (index == 0 || machine.nodes[parent].enabled);
}

int board_open(const void *fdt, size_t size)
{
    if (fdt == NULL || size < sizeof(struct fdt_header))
        return machine_fail(-EINVAL, "device tree: %zu bytes are too few for its header", size);
    int err = fdt_check_header(fdt);
    if (err == 0 && fdt_version(fdt) < VERSION_OLDEST)
        return machine_fail(-EINVAL, "device tree: version %u; it must be %u or later",
                            fdt_version(fdt), VERSION_OLDEST);
    if (err == 0)
        err = fdt_check_full(fdt, size);
    if (err != 0)
        return machine_fail(-EINVAL,
                            "the device tree cannot be read (%s, %llu bytes): it is cut or "
                            "damaged, or no .dtb; make it again with dtc",
                            fdt_strerror(err), (unsigned long long)size);
    int count = count_nodes(fdt);
    if (count <= 0)
        return machine_fail(-EINVAL, "device tree: more than %u nodes, or %u deep, or none",
                            TREE_NODE_MAX, TREE_DEPTH_MAX);
    machine.fdt = fdt;
    machine.nodes = machine_alloc((size_t)count * sizeof *machine.nodes);
    if (machine.nodes == NULL)
        return -ENOMEM;
    uint32_t above[TREE_DEPTH_MAX] = { 0 };
    int depth = 0;
    for (int offset = fdt_next_node(fdt, -1, &depth); offset >= 0 && depth >= 0;
         offset = fdt_next_node(fdt, offset, &depth)) {
        uint32_t index = machine.node_count++;
        fill_node(index, offset, depth > 0 ? above[depth - 1] : 0);
        above[depth] = index;
    }
    return 0;
}

struct model_node *board_by_phandle(uint32_t phandle)
{
    if (phandle == 0)
        return NULL;
    for (uint32_t i = 0; i < machine.node_count; i++) {
        if (machine.nodes[i].phandle == phandle)
            return &machine.nodes[i];
    }
    return NULL;
}

bool board_compatible(const struct model_node *node, const char *compatible)
{
    uint32_t size;
    const char *list = board_property(node, "compatible", &size);
    return list != NULL && fdt_stringlist_contains(list, (int)size, compatible);
}

bool board_path(const struct model_node *node, char *text, size_t size)
{
    const struct model_node *chain[TREE_DEPTH_MAX];
    uint32_t count = 0;
    for (; !is_root(node); node = parent_of(node))
        chain[count++] = node;
    size_t used = 0;
    while (count > 0) {
        const char *name = fdt_get_name(machine.fdt, chain[--count]->offset, NULL);
        size_t length = name != NULL ? strlen(name) : 0;
        if (name == NULL || used + 1 + length + 1 > size)
            return false;
        text[used++] = '/';
        memcpy(text + used, name, length);
        used += length;
    }
    text[used] = '\0';
    return used > 0;
}

struct model_node *board_child(const struct model_node *node, const char *name)
{
    size_t length = strlen(name);
    uint32_t index = (uint32_t)(node - machine.nodes);
    for (uint32_t i = index + 1; i < machine.node_count; i++) {
        const char *at = fdt_get_name(machine.fdt, machine.nodes[i].offset, NULL);
        if (machine.nodes[i].parent == index && at != NULL && strncmp(at, name, length) == 0 &&
            (at[length] == '\0' || at[length] == '@'))
            return &machine.nodes[i];
    }
    return NULL;
}

/* --- addresses --- */

struct bus_cells {
    uint32_t address, size;
};

/* Of the bus below `bus`. */
static bool bus_cells_of(const struct model_node *bus, struct bus_cells *out)
{
    out->address = cell_property(bus, "#address-cells", 2);
    out->size = cell_property(bus, "#size-cells", 1);
    return out->address >= 1 && out->address <= 3 && out->size <= 2;
}

int board_reg(const struct model_node *node, uint32_t index, uint64_t *address, uint64_t *size)
{
    struct bus_cells cells;
    uint32_t bytes;
    const void *reg = board_property(node, "reg", &bytes);
    if (reg == NULL || is_root(node) || !bus_cells_of(parent_of(node), &cells))
        return -ENOENT;
    uint32_t each = cells.address + cells.size;
    if (index >= bytes / 4 / each)
        return -ENOENT;
    *address = number(reg, index * each, cells.address);
    *size = number(reg, index * each + cells.address, cells.size);
    return 0;
}

/* PCI's phys.hi says which space an address is in (IEEE 1275 PCI bus binding 2.1, section 2.2.1.1:
 * bits 25:24); 0 elsewhere. */
static uint32_t space_of(const void *property, uint32_t index, uint32_t address_cells)
{
    return address_cells == 3 ? cell(property, index) & 0x03000000u : 0;
}

/* One step up: an address on the bus below `bus` to one on the bus that `bus` itself is on. */
static bool translate_up(const struct model_node *bus, uint64_t size, uint32_t *space,
                         uint64_t *address)
{
    struct bus_cells below, above;
    uint32_t bytes;
    const void *ranges = board_property(bus, "ranges", &bytes);
    if (ranges == NULL || !bus_cells_of(bus, &below) || !bus_cells_of(parent_of(bus), &above))
        return false;
    if (bytes == 0)
        return true;
    uint32_t each = below.address + above.address + below.size;
    for (uint32_t i = 0; i < bytes / 4 / each; i++) {
        uint32_t at = i * each;
        uint64_t from = number(ranges, at, below.address);
        uint64_t length = number(ranges, at + below.address + above.address, below.size);
        if (space_of(ranges, at, below.address) != *space || *address < from ||
            *address - from >= length || size > length - (*address - from))
            continue;
        *address = number(ranges, at + below.address, above.address) + (*address - from);
        *space = space_of(ranges, at + below.address, above.address);
        return true;
    }
    return false;
}

int board_reg_physical(const struct model_node *node, uint32_t index, uint64_t *address,
                       uint64_t *size)
{
    uint64_t at, length;
    int err = board_reg(node, index, &at, &length);
    if (err)
        return err;
    if (length == 0)
        return -EINVAL;
    struct bus_cells cells;
    uint32_t bytes;
    const void *reg = board_property(node, "reg", &bytes);
    bus_cells_of(parent_of(node), &cells);
    uint32_t space = space_of(reg, index * (cells.address + cells.size), cells.address);
    err = board_translate(parent_of(node), space, at, length, address);
    if (!err)
        *size = length;
    return err;
}

int board_translate(const struct model_node *bus, uint32_t space, uint64_t address, uint64_t size,
                    uint64_t *out)
{
    for (; !is_root(bus); bus = parent_of(bus)) {
        if (!translate_up(bus, size, &space, &address))
            return -EINVAL;
    }
    if (address + size < address)
        return -EINVAL;
    *out = address;
    return 0;
}

/* --- interrupts --- */

/* As Linux's of_irq_find_parent(): up by interrupt-parent or else by the tree, to the first node
 * with #interrupt-cells. Bounded, since phandles can form a ring. */
static struct model_node *interrupt_parent(const struct model_node *node)
{
    for (uint32_t steps = 0; steps < TREE_DEPTH_MAX; steps++) {
        uint32_t phandle = cell_property(node, "interrupt-parent", 0);
        struct model_node *up = phandle != 0 ? board_by_phandle(phandle) : parent_of(node);
        if (up == NULL)
            return NULL;
        if (cell_property(up, "#interrupt-cells", 0) != 0)
            return up;
        if (up == node)
            return NULL;
        node = up;
    }
    return NULL;
}

void board_interrupts_begin(const struct model_node *node, struct board_interrupts *out)
{
    *out = (struct board_interrupts){ .list = NULL };
    uint32_t size = 0;
    out->list = board_property(node, "interrupts-extended", &size);
    if (out->list == NULL) {
        out->list = board_property(node, "msi-ranges", &size);
        out->has_counts = out->list != NULL;
    }
    if (out->list == NULL) {
        out->list = board_property(node, "interrupts", &size);
        out->parent = out->list != NULL ? interrupt_parent(node) : NULL;
        out->has_parent = true;
    }
    out->cells = out->list != NULL ? size / 4 : 0;
}

/* The specifier at `at`. False: the list ends here, or is wrong from here on. */
static bool read_specifier(struct board_interrupts *list)
{
    if (list->at >= list->cells)
        return false;
    struct model_node *parent = list->parent;
    if (!list->has_parent)
        parent = board_by_phandle(cell(list->list, list->at++));
    uint32_t count = parent != NULL ? cell_property(parent, "#interrupt-cells", 0) : 0;
    uint32_t all = count + (list->has_counts ? 1 : 0);
    if (count == 0 || count > ARRAY_SIZE(list->specifier.cells) || list->cells - list->at < all)
        return false;
    list->specifier.parent = parent;
    list->specifier.count = count;
    for (uint32_t i = 0; i < count; i++)
        list->specifier.cells[i] = cell(list->list, list->at + i);
    list->message = 0;
    list->message_count = list->has_counts ? cell(list->list, list->at + count) : 1;
    list->at += all;
    return true;
}

bool board_interrupts_next(struct board_interrupts *list, uint32_t *message)
{
    while (list->message == list->message_count) {
        if (!read_specifier(list))
            return false;
    }
    *message = list->message++;
    return true;
}

uint32_t board_interrupt_count(const struct model_node *node)
{
    const uint32_t most = 1024; /* GICv2 has no more lines (IHI 0048B section 2.2.1) */
    struct board_interrupts list;
    uint32_t message, count = 0;
    board_interrupts_begin(node, &list);
    while (count < most && board_interrupts_next(&list, &message))
        count++;
    return count;
}
