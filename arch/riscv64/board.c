/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An image on its own board: waiting is the CPU's, interrupts are the root controller's. */
#include <arch/cpu.h>
#include <arch/entry.h>

#include "image.h"

void image_interrupt(uint64_t cause)
{
    (void)cause; /* its driver reads what is pending */
    kernel_irq();
}

void arch_cpu_relax(uint64_t deadline_ns)
{
    (void)deadline_ns;
    riscv_stop_if_asked_here();
    port_pause();
}

/* wfi ends when an interrupt is pending that sie enables, masked or not (privileged specification,
 * 3.3.3); the caller unmasks. */
void arch_cpu_idle(void)
{
    __asm__ volatile("wfi" ::: "memory");
}
