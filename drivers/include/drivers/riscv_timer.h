/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A RISC-V hart's clock and alarm. They have no node that all device trees have, so the driver of the
 * hart's interrupts makes them. */
#pragma once
#include <hw/device.h>

struct riscv_timer;

/* `irq` is the hart's timer interrupt; cpu_node where the tree tells of the boot hart. -EINVAL with a
 * log line: the tree does not say how fast the counter is. */
int riscv_timer_create(struct irq *irq, int cpu_node, struct riscv_timer **out);
void riscv_timer_destroy(struct riscv_timer *timer);
