/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The virtual CPUs. */
#include <arch/cpu.h>

struct arch_sim_cpu arch_sim_cpu;

void arch_sim_take_irqs(void)
{
}

void arch_sim_point(void)
{
}
