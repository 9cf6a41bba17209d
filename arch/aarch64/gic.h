/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The interrupt controller, as far as the port itself needs it: to interrupt CPUs when one of them
 * panics, and as the line of an image on the simulated machine. As the board's controller it has
 * drivers (drivers/irq/gic_v2.c, gic_v3.c), which share nothing with this but registers. */
#pragma once
#include <axiom/types.h>

/* Finds it in the tree and maps its registers. */
void gic_init(const void *fdt);

/* SGI 0 to a CPU; the board's driver has its enabled. */
void gic_send(uint32_t cpu);

/* For an image that has no driver for it: SGI 0 of the calling CPU is let through, sent, and taken
 * (true: it was that). */
bool gic_open(void);
void gic_send_self(void);
bool gic_take(void);
