/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Which controller a node's interrupt goes to, and with which specifier (Devicetree Specification
 * 0.4 §2.4).
 *
 * A node's interrupt parent is named by interrupt-parent, its own or that of the nearest ancestor
 * that has one; an ancestor that is a controller itself ends the search. RP1's node names itself:
 * that is for its children, for whom it is the answer. */
#include <axiom/errno.h>
#include <axiom/log.h>
#include <internal/tree.h>

static int bad(int node, const char *what)
{
    char path[128];
    log_err("%s: %s", fdt_node_path(node, path, sizeof path), what);
    return -EINVAL;
}

/* The cells that a controller's specifiers have. */
static int controller_cells(int node, int controller, uint32_t *cells)
{
    if (controller < 0)
        return bad(node, "its interrupt parent's phandle names no node");
    int err = fdt_node_u32(controller, "#interrupt-cells", 0, cells);
    if (err || *cells == 0 || *cells > TREE_INTERRUPT_CELLS_MAX)
        return bad(controller, "#interrupt-cells is missing or absurd");
    return 0;
}

/* Every step goes to the parent, so the search ends with the tree. */
static int find_controller(int node)
{
    for (int at = node; at >= 0; at = fdt_node_parent(at)) {
        uint32_t phandle, cells;
        if (fdt_node_u32(at, "interrupt-parent", 0, &phandle) == 0)
            return fdt_node_by_phandle(phandle);
        if (at != node && fdt_node_u32(at, "#interrupt-cells", 0, &cells) == 0)
            return at;
    }
    return -ENOENT;
}

static void read_cells(const uint8_t *property, uint32_t first, struct tree_interrupt *out)
{
    for (uint32_t i = 0; i < out->count; i++)
        out->cells[i] = tree_cell(property, first + i);
}

/* Each entry begins with its controller's phandle. */
static int extended(int node, const uint8_t *property, uint32_t cells, uint32_t index,
                    struct tree_interrupt *out)
{
    for (uint32_t at = 0; at < cells; at += 1 + out->count) {
        out->controller = fdt_node_by_phandle(tree_cell(property, at));
        int err = controller_cells(node, out->controller, &out->count);
        if (err)
            return err;
        if (out->count >= cells - at)
            return bad(node, "interrupts-extended ends inside an entry");
        if (index-- == 0) {
            read_cells(property, at + 1, out);
            return 0;
        }
    }
    return -ENOENT;
}

int tree_interrupt(int node, uint32_t index, struct tree_interrupt *out)
{
    uint32_t size;
    const uint8_t *property = tree_property(node, "interrupts-extended", &size);
    if (property != NULL)
        return extended(node, property, size / 4, index, out);
    property = tree_property(node, "interrupts", &size);
    if (property == NULL)
        return -ENOENT;
    out->controller = find_controller(node);
    int err = controller_cells(node, out->controller, &out->count);
    if (err)
        return err;
    if (size % (out->count * 4) != 0)
        return bad(node, "interrupts is not a whole number of specifiers");
    if (index >= size / 4 / out->count)
        return -ENOENT;
    read_cells(property, index * out->count, out);
    return 0;
}
