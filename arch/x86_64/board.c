/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An image on its own board: waiting is the CPU's, interrupts are the root controller's. */
#include <arch/cpu.h>
#include <arch/entry.h>

#include "image.h"

void image_interrupt(uint32_t vector)
{
    (void)vector; /* its driver reads it as SYSREG_X86_VECTOR */
    kernel_irq();
}

void arch_cpu_relax(uint64_t deadline_ns)
{
    (void)deadline_ns;
    __asm__ volatile("pause" ::: "memory");
}

/* sti delays interrupts by one instruction (SDM volume 2, STI), so none can come between it and hlt.
 */
void arch_cpu_idle(void)
{
    __asm__ volatile("sti\n\thlt\n\tcli" ::: "memory");
}
