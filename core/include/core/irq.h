/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the core counts of interrupts; requesting them is hw/irq.h. */
#pragma once
#include <hw/irq.h>

/* Interrupts that all CPUs took since boot, and those of them (or of a domain) that nobody wanted.
 */
void irq_counts(uint64_t *taken, uint64_t *spurious);
/* Times that this interrupt's handler ran. */
uint64_t irq_count(const struct irq *irq);
