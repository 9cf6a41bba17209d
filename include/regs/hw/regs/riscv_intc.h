/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Interrupts of a RISC-V hart in supervisor mode (privileged specification 1.12, 4.1.3): bits of sip and
 * sie, and what the binding riscv,cpu-intc numbers. */
#pragma once

#define RISCV_IRQ_SOFTWARE 1u
#define RISCV_IRQ_TIMER    5u
#define RISCV_IRQ_EXTERNAL 9u
#define RISCV_IRQ_COUNT    16u
