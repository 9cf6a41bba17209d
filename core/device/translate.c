/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* From an address in a node's reg to the CPU's physical address, through the `ranges` of every bus
 * above (Devicetree Specification 0.4 §2.3.8; PCI: IEEE 1275 PCI bus binding §2.2.1.1).
 *
 * Addresses have 1, 2 or 3 cells. With 3 the first says which PCI space it is; memory below and
 * above 4 GiB (2 and 3) are one space here, as PCI bridges forward both. On an ISA bus the first of
 * two cells says whether it is a port (ISA binding §2.1.1); one that no `ranges` makes memory is the
 * CPU's own. */
#include <axiom/errno.h>
#include <axiom/log.h>
#include <axiom/string.h>
#include <internal/tree.h>

#define PCI_SPACE(flags) ((flags) >> 24 & 3u)
#define PCI_MEMORY_32    2u
#define PCI_MEMORY_64    3u
#define SPACE_ANY        UINT32_MAX
#define ISA_IO           1u /* of the first cell */

struct bus_address {
    uint64_t value;
    uint32_t space; /* first cell of three; SPACE_ANY: not known, fits all memory */
};

struct bus_cells {
    uint32_t address; /* 1..3 */
    uint32_t size;    /* 0..2 */
};

static int bad(int node, const char *what)
{
    char path[128];
    log_err("%s: %s", fdt_node_path(node, path, sizeof path), what);
    return -EINVAL;
}

/* How the children of `bus` write addresses; the specification's defaults are 2 and 1. */
static int bus_cells(int bus, struct bus_cells *out)
{
    out->address = 2;
    out->size = 1;
    fdt_node_u32(bus, "#address-cells", 0, &out->address);
    fdt_node_u32(bus, "#size-cells", 0, &out->size);
    if (out->address == 0 || out->address > 3)
        return bad(bus, "#address-cells is not 1, 2 or 3");
    if (out->size > 2)
        return bad(bus, "#size-cells is above 2");
    return 0;
}

static uint64_t read_number(const uint8_t *property, uint32_t first, uint32_t cells)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < cells; i++)
        value = value << 32 | tree_cell(property, first + i);
    return value;
}

static struct bus_address read_address(const uint8_t *property, uint32_t first, uint32_t cells)
{
    if (cells == 3)
        return (struct bus_address){ read_number(property, first + 1, 2),
                                     tree_cell(property, first) };
    return (struct bus_address){ read_number(property, first, cells), SPACE_ANY };
}

static bool same_space(uint32_t a, uint32_t b)
{
    if (a == SPACE_ANY || b == SPACE_ANY)
        return true;
    uint32_t x = PCI_SPACE(a), y = PCI_SPACE(b);
    return x == y || (x >= PCI_MEMORY_32 && y >= PCI_MEMORY_32);
}

/* One step up: an address of the bus below `bus` becomes one of the bus that `bus` is on. */
static int translate_step(int bus, int parent, struct bus_address *address)
{
    struct bus_cells below, above;
    int err = bus_cells(bus, &below);
    if (err == 0)
        err = bus_cells(parent, &above);
    if (err)
        return err;
    uint32_t size;
    const uint8_t *ranges = tree_property(bus, "ranges", &size);
    if (ranges == NULL)
        return bad(bus, "no ranges: addresses below it are not the CPU's");
    if (size == 0)
        return 0; /* the same on both sides */
    uint32_t cells = below.address + above.address + below.size;
    if (size % (cells * 4) != 0)
        return bad(bus, "ranges is not a whole number of entries");
    for (uint32_t at = 0; at < size / 4; at += cells) {
        struct bus_address from = read_address(ranges, at, below.address);
        struct bus_address to = read_address(ranges, at + below.address, above.address);
        uint64_t length = read_number(ranges, at + below.address + above.address, below.size);
        if (!same_space(from.space, address->space) || address->value < from.value ||
            address->value - from.value >= length)
            continue;
        if (__builtin_add_overflow(to.value, address->value - from.value, &to.value))
            return bad(bus, "ranges wraps around");
        *address = to;
        return 0;
    }
    return bad(bus, "an address below it is in none of its ranges");
}

static int translate(int bus, struct bus_address address, struct phys_addr *out)
{
    for (;;) {
        int parent = fdt_node_parent(bus);
        if (parent < 0)
            break;
        int err = translate_step(bus, parent, &address);
        if (err)
            return err;
        bus = parent;
    }
    out->value = address.value;
    return 0;
}

int tree_translate(int bus, uint64_t address, struct phys_addr *out)
{
    if (tree_node_at(bus) == NULL)
        return -EINVAL;
    struct phys_addr physical;
    int err = translate(bus, (struct bus_address){ address, SPACE_ANY }, &physical);
    if (err == 0)
        *out = physical;
    return err;
}

bool tree_is_isa(int bus)
{
    const char *name = fdt_node_name(bus);
    return strncmp(name, "isa", 3) == 0 && (name[3] == '\0' || name[3] == '@');
}

static bool is_port(int bus, const struct bus_cells *cells, const uint8_t *reg, uint32_t first)
{
    uint32_t size;
    return cells->address == 2 && tree_is_isa(bus) && (tree_cell(reg, first) & ISA_IO) != 0 &&
           tree_property(bus, "ranges", &size) == NULL;
}

int tree_reg(int node, uint32_t index, struct tree_region *out)
{
    uint32_t bytes;
    const uint8_t *reg = tree_property(node, "reg", &bytes);
    int bus = fdt_node_parent(node);
    if (reg == NULL || bus < 0)
        return -ENOENT;
    struct bus_cells cells;
    int err = bus_cells(bus, &cells);
    if (err)
        return err;
    if (cells.size == 0)
        return bad(node, "its bus has no sizes (#size-cells 0): reg is not memory");
    uint32_t entry = cells.address + cells.size;
    if (bytes == 0 || bytes % (entry * 4) != 0)
        return bad(node, "reg is not a whole number of entries");
    if (index >= bytes / (entry * 4))
        return -ENOENT;

    struct bus_address first = read_address(reg, index * entry, cells.address);
    uint64_t length = read_number(reg, index * entry + cells.address, cells.size);
    bool port = is_port(bus, &cells, reg, index * entry);
    if (port)
        first.value &= UINT32_MAX;
    struct bus_address last = first;
    if (length == 0 || __builtin_add_overflow(first.value, length - 1, &last.value))
        return bad(node, "reg is empty or wraps around");
    if (port && last.value > UINT32_MAX)
        return bad(node, "reg is empty or wraps around");
    if (port) {
        *out = (struct tree_region){ { first.value }, length, MMIO_PORT };
        return 0;
    }
    struct phys_addr from, to;
    err = translate(bus, first, &from);
    if (err == 0)
        err = translate(bus, last, &to);
    if (err)
        return err;
    if (to.value - from.value != length - 1)
        return bad(node, "reg crosses the end of a range");
    *out = (struct tree_region){ from, length, MMIO_MEMORY };
    return 0;
}
