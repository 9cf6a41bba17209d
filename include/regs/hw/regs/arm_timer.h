/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The Arm generic timer, as a CPU sees it by system registers.
 *
 * Source: Arm ARM DDI 0487, chapter D11 (the generic timer) and D19.12 (registers). On a Raspberry
 * Pi 5 the system counter runs at 54 MHz. */
#pragma once
#include <axiom/bits.h>
#include <hw/regs/sysreg.h>

/* CNTP_CTL_EL0, CNTV_CTL_EL0. The output is a level: ENABLE, not IMASK, and count >= CVAL. */
#define CNT_CTL_ENABLE  BIT(0)
#define CNT_CTL_IMASK   BIT(1)
#define CNT_CTL_ISTATUS BIT(2) /* read only: count >= CVAL while enabled */

/* Entries of the node's `interrupts` (bindings/timer/arm,arch_timer.yaml). */
#define ARM_TIMER_IRQ_SEC_PHYS 0u
#define ARM_TIMER_IRQ_PHYS     1u
#define ARM_TIMER_IRQ_VIRT     2u
#define ARM_TIMER_IRQ_HYP_PHYS 3u
