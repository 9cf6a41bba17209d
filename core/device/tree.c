/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Access to the device tree: checked once as a whole, then indexed.
 *
 * The tree comes from outside and is hostile. After fdt_check_full() its structure is sound (names
 * and properties lie inside it, nodes nest); what properties *mean* is checked where they are read.
 * Depth and node count have limits of ours, far above real trees (a Pi 5's has 7 levels and 600
 * nodes), so that nobody who walks the tree can be made to walk forever. */
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/log.h>
#include <axiom/string.h>
#include <core/mm.h>
#include <internal/boot.h>
#include <internal/tree.h>
#include <libfdt.h>

#define DEPTH_MAX 24
#define NODES_MAX 8192u

/* Before version 16 nodes have whole paths for names, and libfdt (1.6.1) follows a null pointer in
 * fdt_check_full() where one has no slash. No firmware makes such trees any more (Devicetree
 * Specification 0.4 §5.2: last_comp_version is 16). */
#define VERSION_OLDEST 16u

static const void *blob;
static struct tree_node *nodes;
static uint32_t node_count;

const void *tree_blob(void)
{
    return blob;
}

uint32_t tree_node_count(void)
{
    return node_count;
}

struct tree_node *tree_node_by_index(uint32_t index)
{
    BUG_ON(index >= node_count);
    return &nodes[index];
}

struct tree_node *tree_node_at(int offset)
{
    uint32_t low = 0, high = node_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (nodes[middle].offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low < node_count && nodes[low].offset == offset ? &nodes[low] : NULL;
}

struct tree_node *tree_node_parent(const struct tree_node *node)
{
    return node->parent < 0 ? NULL : &nodes[node->parent];
}

const uint8_t *tree_property(int node, const char *name, uint32_t *size_bytes)
{
    if (tree_node_at(node) == NULL)
        return NULL;
    int length;
    const void *property = fdt_getprop(blob, node, name, &length);
    if (property == NULL)
        return NULL;
    *size_bytes = (uint32_t)length;
    return property;
}

uint32_t tree_cell(const uint8_t *property, uint32_t index)
{
    const uint8_t *at = property + (size_t)index * 4;
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

bool tree_is_compatible(int node, const char *compatible, uint32_t rank)
{
    int length;
    const char *text = fdt_stringlist_get(blob, node, "compatible", (int)rank, &length);
    return text != NULL && strcmp(text, compatible) == 0;
}

/* --- hw/device.h: any node --- */

int fdt_node_u32(int node, const char *name, uint32_t index, uint32_t *out)
{
    uint32_t size;
    const uint8_t *property = tree_property(node, name, &size);
    if (property == NULL)
        return -ENOENT;
    if (index >= size / 4)
        return -EINVAL;
    *out = tree_cell(property, index);
    return 0;
}

int fdt_node_string(int node, const char *name, uint32_t index, const char **out)
{
    uint32_t size;
    if (tree_property(node, name, &size) == NULL)
        return -ENOENT;
    int length;
    const char *text = fdt_stringlist_get(blob, node, name, (int)index, &length);
    if (text == NULL)
        return -EINVAL;
    *out = text;
    return 0;
}

const char *fdt_node_name(int node)
{
    return tree_node_at(node) != NULL ? fdt_get_name(blob, node, NULL) : "?";
}

int fdt_node_parent(int node)
{
    const struct tree_node *at = tree_node_at(node);
    return at == NULL || at->parent < 0 ? -ENOENT : nodes[at->parent].offset;
}

int fdt_node_next_child(int node, int previous)
{
    const struct tree_node *parent = tree_node_at(node);
    if (parent == NULL)
        return -ENOENT;
    uint32_t next = (uint32_t)(parent - nodes) + 1;
    if (previous >= 0) {
        const struct tree_node *at = tree_node_at(previous);
        if (at == NULL || tree_node_parent(at) != parent)
            return -ENOENT;
        next = at->end;
    }
    return next < parent->end ? nodes[next].offset : -ENOENT;
}

/* "gpio" names the node "gpio@d0000" too. */
static bool name_matches(const char *node_name, const char *wanted)
{
    size_t length = strlen(wanted);
    if (strncmp(node_name, wanted, length) != 0)
        return false;
    return node_name[length] == '\0' || (node_name[length] == '@' && strchr(wanted, '@') == NULL);
}

int fdt_node_child(int node, const char *name)
{
    int child = -1;
    while ((child = fdt_node_next_child(node, child)) >= 0) {
        if (name_matches(fdt_node_name(child), name))
            return child;
    }
    return -ENOENT;
}

int fdt_node_by_phandle(uint32_t phandle)
{
    for (uint32_t i = 0; i < node_count && phandle != 0; i++) {
        if (nodes[i].phandle == phandle)
            return nodes[i].offset;
    }
    return -ENOENT;
}

int fdt_node_by_path(const char *path)
{
    if (path[0] != '/')
        return -ENOENT; /* libfdt would take it for an alias */
    int node = fdt_path_offset(blob, path);
    return node >= 0 ? node : -ENOENT;
}

bool fdt_node_available(int node)
{
    const char *status;
    int err = fdt_node_string(node, "status", 0, &status);
    if (err == -ENOENT)
        return true;
    return err == 0 && (strcmp(status, "okay") == 0 || strcmp(status, "ok") == 0);
}

const char *fdt_node_path(int node, char *to, size_t size)
{
    const struct tree_node *at = tree_node_at(node);
    const char *names[DEPTH_MAX + 1];
    uint32_t count = 0;
    for (; at != NULL && at->parent >= 0; at = tree_node_parent(at))
        names[count++] = fdt_get_name(blob, at->offset, NULL);
    string_copy(to, size, count == 0 ? "/" : "");
    size_t length = 0;
    while (count-- > 0 && length < size)
        length += (size_t)format_text(to + length, size - length, "/%s", names[count]);
    return to;
}

/* --- boot --- */

/* Walks all nodes once to count them, a second time to fill the index. */
static int walk(bool fill)
{
    int open[DEPTH_MAX + 1]; /* indices of the nodes around the current one */
    int depth = -1, last_depth = -1;
    uint32_t index = 0;
    for (int offset = fdt_next_node(blob, -1, &depth); offset >= 0 && depth >= 0;
         offset = fdt_next_node(blob, offset, &depth)) {
        if (depth > DEPTH_MAX || index == NODES_MAX) {
            log_err("device tree: %s", index == NODES_MAX ? "too many nodes" : "nests too deep");
            return -E2BIG;
        }
        if (fill) {
            for (int level = depth; level <= last_depth; level++)
                nodes[open[level]].end = index;
            open[depth] = (int)index;
            last_depth = depth;
            nodes[index] = (struct tree_node){
                .offset = offset,
                .parent = depth == 0 ? -1 : open[depth - 1],
                .phandle = fdt_get_phandle(blob, offset),
            };
        }
        index++;
    }
    for (int level = 0; fill && level <= last_depth; level++)
        nodes[open[level]].end = index;
    node_count = index;
    return 0;
}

static int blob_check(const struct boot_info *info)
{
    if (info->fdt == NULL || info->fdt_size < sizeof(struct fdt_header)) {
        log_err("device tree: none, or shorter than its header");
        return -EINVAL;
    }
    if (((uintptr_t)info->fdt & 7) != 0) {
        log_err("device tree: not aligned to 8 bytes"); /* Devicetree Specification 0.4 §5.6 */
        return -EINVAL;
    }
    int err = fdt_check_header(info->fdt);
    if (err == 0 && fdt_version(info->fdt) < VERSION_OLDEST) {
        log_err("device tree: version %u; it must be %u or later", fdt_version(info->fdt),
                VERSION_OLDEST);
        return -EINVAL;
    }
    if (err == 0)
        err = fdt_check_full(info->fdt, info->fdt_size);
    if (err) {
        log_err("device tree: damaged: %s", fdt_strerror(err));
        return -EINVAL;
    }
    return 0;
}

/* A phandle that two nodes have names neither. */
static int check_phandles(void)
{
    for (uint32_t i = 0; i < node_count; i++) {
        if (nodes[i].phandle == 0)
            continue;
        int first = fdt_node_by_phandle(nodes[i].phandle);
        if (first != nodes[i].offset) {
            char a[96], b[96];
            log_err("device tree: %s and %s have one phandle, %u",
                    fdt_node_path(first, a, sizeof a), fdt_node_path(nodes[i].offset, b, sizeof b),
                    nodes[i].phandle);
            return -EINVAL;
        }
    }
    return 0;
}

int tree_init(void)
{
    blob = NULL;
    nodes = NULL;
    node_count = 0;
    const struct boot_info *info = boot_info();
    int err = blob_check(info);
    if (err)
        return err;
    blob = info->fdt;
    err = walk(false);
    if (err)
        return err;
    nodes = kcalloc(node_count, sizeof *nodes);
    if (nodes == NULL)
        return -ENOMEM;
    err = walk(true);
    if (err == 0)
        err = check_phandles();
    if (err)
        tree_exit();
    return err;
}

void tree_exit(void)
{
    kfree(nodes);
    nodes = NULL;
    node_count = 0;
    blob = NULL;
}
