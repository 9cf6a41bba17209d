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

/* storm.c: each so many interrupts of a CPU it is looked at where its time goes. */
#define STORM_LOOK_EACH 1024u
/* At the end of an interrupt that began at begin_ns; on its CPU, interrupts masked. */
struct cpu;
void irq_storm_look(struct cpu *cpu, uint64_t begin_ns);
/* "name (interrupt N of /path)" for messages; gives `to`. */
const char *irq_describe(const struct irq *irq, char *to, size_t size);
