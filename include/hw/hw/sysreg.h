/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a CPU reaches by system registers rather than by addresses: the generic timer, later the
 * GICv3 interface. Linked like hw/mmio.h: the CPU's own instructions, or the simulated machine.
 * Acts on the calling CPU's bank. */
#pragma once
#include <axiom/types.h>

/* Names are the Arm ARM's (DDI 0487, D19.12 generic timer registers). */
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

/* Any context. A register that nothing answers reads 0 and ignores writes. */
uint64_t sysreg_read(enum sysreg reg);
void sysreg_write(enum sysreg reg, uint64_t value);
