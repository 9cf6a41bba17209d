/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Between interrupt entry (irq/entry.c), domains (irq/domain.c) and the device tree. */
#pragma once
#include <hw/irq.h>

void irq_domains_init(void);
struct irq_domain *irq_domain_at_node(int node);
uint32_t irq_domain_cells(const struct irq_domain *domain);

/* Returns once every interrupt that was being handled on another CPU has been. Process context. */
void irq_synchronize(void);
/* An interrupt that nobody wanted, on this CPU. Interrupt context. */
void irq_count_spurious(void);
