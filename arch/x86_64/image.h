/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Between traps and what an image links for interrupts: the board's controller, or the machine's
 * line. And stopping the other CPUs. */
#pragma once
#include <axiom/types.h>

/* board.c or machine.c: an interrupt that is not the port's own; interrupts masked. */
void image_interrupt(uint32_t vector);

/* smp.c: a CPU is panicking and this one shall stop; it says that it has, and does. */
bool x86_stop_asked(void);
_Noreturn void x86_stopped(void);
