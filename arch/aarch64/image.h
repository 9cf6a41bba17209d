/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once

/* board.c or machine.c: what its interrupts need, on the boot CPU with its address space. */
void image_prepare(void);
/* The CPU took an interrupt; interrupts masked. */
void image_interrupt(void);
