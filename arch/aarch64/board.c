/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An image on its own board: waiting is the CPU's, interrupts are the root controller's. */
#include <arch/cpu.h>
#include <arch/entry.h>

#include "image.h"
#include "smp.h"

void image_prepare(void)
{
    /* Drivers do it. */
}

void image_interrupt(void)
{
    kernel_irq(); /* the controller's driver asks it which */
}

/* A CPU that spins with interrupts masked hears here that the kernel has panicked elsewhere. */
void arch_cpu_relax(uint64_t deadline_ns)
{
    (void)deadline_ns;
    if (smp_stop_asked())
        smp_stopped((uint64_t)arch_cpu_relax, (uint64_t)__builtin_frame_address(0));
    port_pause();
}

/* wfi ends at a pending interrupt also while it is masked (Arm ARM DDI 0487, D1.6.2). */
void arch_cpu_idle(void)
{
    __asm__ volatile("dsb sy\n\twfi" ::: "memory");
}
