/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The Arm generic timer, as a CPU sees it by system registers.
 *
 * Source: Arm ARM DDI 0487, chapter D11 (the generic timer) and D19.12 (registers). On a Raspberry
 * Pi 5 the system counter runs at 54 MHz. */
#pragma once
#include <axiom/bits.h>

/* Names are the Arm ARM's. One bank a CPU, except the counter and its frequency. */
enum sysreg {
    SYSREG_CNTFRQ_EL0,
    SYSREG_CNTVCT_EL0,
    SYSREG_CNTV_CTL_EL0,
    SYSREG_CNTV_CVAL_EL0,
    SYSREG_CNTP_CTL_EL0,
    SYSREG_CNTP_CVAL_EL0,
    SYSREG_CNTPCT_EL0,
    SYSREG_COUNT
};

/* CNTP_CTL_EL0, CNTV_CTL_EL0. The output is a level: ENABLE, not IMASK, and count >= CVAL. */
#define CNT_CTL_ENABLE  BIT(0)
#define CNT_CTL_IMASK   BIT(1)
#define CNT_CTL_ISTATUS BIT(2) /* read only: count >= CVAL while enabled */

/* Entries of the node's `interrupts` (bindings/timer/arm,arch_timer.yaml). */
#define ARM_TIMER_IRQ_SEC_PHYS 0u
#define ARM_TIMER_IRQ_PHYS     1u
#define ARM_TIMER_IRQ_VIRT     2u
#define ARM_TIMER_IRQ_HYP_PHYS 3u
