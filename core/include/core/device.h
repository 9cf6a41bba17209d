/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The device tree as a whole, beyond what drivers see of it (hw/device.h). Process context. */
#pragma once
#include <axiom/types.h>
#include <hw/device.h>

/* What became of the tree's devices. */
struct device_counts {
    uint32_t bound;
    uint32_t unbound;  /* no driver of this image knows the node: not an error */
    uint32_t failed;   /* a driver's probe returned an error */
    uint32_t deferred; /* waits for something that is not bound */
};
void device_counts(struct device_counts *out);

/* status is absent, "okay" or "ok". */
bool fdt_node_available(int node);
/* The node's path for messages, cut to `size`; gives `to`. */
const char *fdt_node_path(int node, char *to, size_t size);
