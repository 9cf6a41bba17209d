/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Between traps and what an image links for interrupts: the board's controller, or the machine's
 * line. And stopping the other CPUs. */
#pragma once
#include <axiom/types.h>

/* board.c or machine.c: interrupt number `cause` (privileged specification, table 4.2) is pending and
 * enabled; interrupts masked. */
void image_interrupt(uint64_t cause);

/* smp.c: where a CPU is that waits or is interrupted. If another one is panicking and it is this
 * one's turn, it prints where it was, and stops. */
void riscv_stop_if_asked(uint64_t pc, uint64_t fp);
void riscv_stop_if_asked_here(void);
