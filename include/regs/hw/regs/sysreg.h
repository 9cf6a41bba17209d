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
    /* Its local APIC in x2APIC mode, by names of hw/regs/lapic.h; the interrupt command whole. */
    SYSREG_X86_APIC_ID,
    SYSREG_X86_APIC_TPR,
    SYSREG_X86_APIC_EOI,
    SYSREG_X86_APIC_SVR,
    SYSREG_X86_APIC_ICR,
    SYSREG_X86_APIC_LVT_TIMER,
    SYSREG_X86_APIC_LVT_LINT0,
    SYSREG_X86_APIC_TIMER_INITIAL,
    SYSREG_X86_APIC_TIMER_DIVIDE,
    /* RISC-V, supervisor mode: the counter; the alarm's time (written: stimecmp, or SBI's timer);
     * which interrupts are enabled and pending; a mask of CPU indices that get a software interrupt
     * (written); the hart number of CPU 0. */
    SYSREG_RISCV_TIME,
    SYSREG_RISCV_STIMECMP,
    SYSREG_RISCV_SIE,
    SYSREG_RISCV_SIP,
    SYSREG_RISCV_IPI,
    SYSREG_RISCV_BOOT_HART,
    /* GICv3's CPU interface (hw/regs/gic_v3.h), the CPU's affinity, and its index. */
    SYSREG_ICC_IAR1_EL1,
    SYSREG_ICC_EOIR1_EL1,
    SYSREG_ICC_PMR_EL1,
    SYSREG_ICC_BPR1_EL1,
    SYSREG_ICC_CTLR_EL1,
    SYSREG_ICC_SRE_EL1,
    SYSREG_ICC_IGRPEN1_EL1,
    SYSREG_ICC_SGI1R_EL1,
    SYSREG_MPIDR_EL1,
    SYSREG_ARM_CPU,
    SYSREG_COUNT
};
