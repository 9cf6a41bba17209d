/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* For an image on the simulated machine: its interrupt line is a software interrupt, which a CPU can
 * raise for itself (privileged specification, 4.1.3). */
#include <port/port.h>

#include "cpu.h"
#include "image.h"

#define SIP_SOFTWARE (UINT64_C(1) << IRQ_SOFTWARE)

void port_line_raise(void)
{
    CSR_SET("sip", SIP_SOFTWARE);
}

void image_interrupt(uint64_t cause)
{
    if (cause != IRQ_SOFTWARE)
        return;
    CSR_CLEAR("sip", SIP_SOFTWARE);
    machine_interrupt();
}
