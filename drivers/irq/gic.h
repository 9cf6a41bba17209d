/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What versions 2 and 3 of the Arm generic interrupt controller have in common: the tree's binding, and how the
 * distributor is told of an SPI's type. Boot context. */
#pragma once
#include <hw/irq.h>
#include <hw/mmio.h>

/* An irq_domain_ops.translate() for a controller with irq_count SGIs, PPIs and SPIs: cells are SPI or PPI, its number
 * among those, its type (arm,gic.yaml). -EINVAL, said on the log. */
int gic_take_cells(uint32_t irq_count, const uint32_t *cells, uint32_t count, uint32_t *hwirq,
                   enum irq_type *type);
/* Rising edge or high level; a PPI's type is the hardware's and stays. -EINVAL, said on the log. */
int gic_spi_set_type(const struct mmio *distributor, uint32_t hwirq, enum irq_type type);
