/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What lies between RP1's interrupt sources and the MIP: the link, RP1's MSI-X table, and the root complex's inbound window
 * through which a message reaches the MIP. */
#pragma once
#include <hw/device.h>

struct rp1_link {
    struct mmio bridge, table;
    bool has_bridge, has_table;
    uint32_t msix_at;  /* RP1's MSI-X capability */
    uint64_t doorbell; /* of the MIP, on PCI */
};

/* `device` is the root complex, `node` its child rp1, `mip` what its messages are for. -ENODEV: RP1 does not answer, with a reason
 * on the log. What only keeps messages from arriving is said there, and goes on: pins can be polled. With `rp1.keep` on the command
 * line nothing here is touched. */
int rp1_link_start(struct rp1_link *link, struct device *device, int node, struct device *mip);
void rp1_link_stop(struct rp1_link *link);

/* Message `vector` is sent from now on. */
void rp1_link_unmask(const struct rp1_link *link, uint32_t vector);
