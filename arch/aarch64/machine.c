/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* For an image on the simulated machine: its interrupt line is an interrupt that this CPU sends
 * itself, by the board's real controller. */
#include <axiom/bug.h>
#include <port/port.h>

#include "gic.h"
#include "image.h"

void image_prepare(void)
{
    if (!gic_open())
        panic("no interrupt controller for the machine's line");
}

void port_line_raise(void)
{
    gic_send_self();
}

void image_interrupt(void)
{
    if (gic_take())
        machine_interrupt();
}
