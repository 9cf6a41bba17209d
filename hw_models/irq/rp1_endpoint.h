/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a message of RP1 passes on its way out: the MSI-X table in BAR0, RP1's configuration space, and the root complex's
 * inbound windows. */
#pragma once
#include <hw/regs/brcm_pcie.h>
#include <hw/regs/rp1_msix.h>
#include <hw_models/model.h>

struct rp1_endpoint {
    struct model *model;
    /* The root complex; [0] is window 1. */
    struct rp1_window {
        uint32_t bar_lo, bar_hi, remap_lo, remap_hi;
    } window[BRCM_PCIE_WINDOWS];
    uint32_t index; /* CONFIG_INDEX */
    /* The function. */
    uint32_t command, bar[3], control;
    uint32_t table[RP1_IRQ_COUNT][4]; /* as a table's entry: address low, high, data, control */
    uint32_t pending[2];
};

/* As the firmware leaves them: memory is decoded, BARs have their places; no windows, no vectors. */
void rp1_endpoint_init(struct rp1_endpoint *endpoint, struct model *model);

/* The root complex's registers, RP1's configuration space among them; words only. */
uint32_t rp1_bridge_read(struct rp1_endpoint *endpoint, uint32_t offset);
void rp1_bridge_write(struct rp1_endpoint *endpoint, uint32_t offset, uint32_t value);
/* BAR0. */
uint32_t rp1_table_read(struct rp1_endpoint *endpoint, uint32_t offset);
void rp1_table_write(struct rp1_endpoint *endpoint, uint32_t offset, uint32_t value);

enum rp1_route {
    RP1_ROUTE_PASSES,
    RP1_ROUTE_MASKED, /* it is pending now */
    RP1_ROUTE_LOST,   /* the log has been told why */
};
/* A message of this vector: where it goes in the SoC, and what it says. */
enum rp1_route rp1_endpoint_send(struct rp1_endpoint *endpoint, uint32_t vector, uint64_t *address,
                                 uint32_t *data);
/* A pending vector that is not masked any more, and is not pending from now on; RP1_IRQ_COUNT: none. */
uint32_t rp1_endpoint_pending(struct rp1_endpoint *endpoint);
