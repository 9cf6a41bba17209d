/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* For an image on the simulated machine: its interrupt line is an interrupt that this CPU sends
 * itself. */
#include <port/port.h>

#include "cpu.h"
#include "image.h"

void port_line_raise(void)
{
    x86_lapic_send(x86_this_cpu()->apic_id, VECTOR_MACHINE);
}

void image_interrupt(uint32_t vector)
{
    x86_lapic_eoi();
    if (vector == VECTOR_MACHINE)
        machine_interrupt();
}
