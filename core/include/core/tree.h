/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The device tree beyond one device's own properties (hw/device.h has those).
 *
 * A node is its offset in the flattened tree. The tree was checked whole when the kernel booted:
 * these functions cannot meet a malformed structure, only properties that make no sense. Process
 * context. */
#pragma once
#include <axiom/types.h>
#include <hw/device.h>

/* Node of a path or alias, or of a phandle; -ENOENT. */
int tree_find_path(const char *path);
int tree_find_phandle(uint32_t phandle);
/* Children in the tree's order; -ENOENT after the last. */
int tree_first_child(int node);
int tree_next_sibling(int node);
int tree_parent(int node);
const char *tree_node_name(int node);
/* Path for messages; cut to `size`. Returns `to`. */
const char *tree_node_path(int node, char *to, size_t size);
/* status is absent, "okay" or "ok". */
bool tree_node_available(int node);
/* Raw property; NULL: absent. */
const void *tree_property(int node, const char *name, uint32_t *size_bytes);
/* N of the alias "prefixN" that names the node; -ENOENT. */
int tree_alias_number(const char *prefix, int node);

/* Device of a node; NULL: the node has none. */
struct device *device_of_node(int node);
bool device_is_bound(const struct device *device);

struct device_counts {
    uint32_t bound;
    uint32_t unbound;  /* no driver of this image knows the node: not an error */
    uint32_t failed;   /* a driver's probe returned an error */
    uint32_t deferred; /* waited for something that never came */
};
void device_counts(struct device_counts *out);
