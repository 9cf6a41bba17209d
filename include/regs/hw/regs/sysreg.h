/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What hw/sysreg.h reaches. One bank a CPU, unless it says otherwise. */
#pragma once

enum sysreg {
    /* The Arm generic timer, by the Arm ARM's names (hw/regs/arm_timer.h). */
    SYSREG_CNTFRQ_EL0,
    SYSREG_CNTVCT_EL0,
    SYSREG_CNTV_CTL_EL0,
    SYSREG_CNTV_CVAL_EL0,
    SYSREG_CNTP_CTL_EL0,
    SYSREG_CNTP_CVAL_EL0,
    SYSREG_CNTPCT_EL0,
    /* x86: the time stamp counter; the vector of the interrupt that the CPU has taken; its
     * index. */
    SYSREG_X86_TSC,
    SYSREG_X86_VECTOR,
    SYSREG_X86_CPU,
    SYSREG_COUNT
};
