/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What of hw/sysreg.h this CPU has. */
#include <arch/cpu.h>
#include <hw/sysreg.h>

#include "cpu.h"

uint64_t sysreg_read(enum sysreg reg)
{
    switch (reg) {
    case SYSREG_CNTFRQ_EL0:
        return ARM_READ("cntfrq_el0");
    case SYSREG_CNTVCT_EL0: /* not earlier than what is before it (Arm ARM, D12.2.1) */
        ARM_ISB();
        return ARM_READ("cntvct_el0");
    case SYSREG_CNTPCT_EL0:
        ARM_ISB();
        return ARM_READ("cntpct_el0");
    case SYSREG_CNTV_CTL_EL0:
        return ARM_READ("cntv_ctl_el0");
    case SYSREG_CNTV_CVAL_EL0:
        return ARM_READ("cntv_cval_el0");
    case SYSREG_CNTP_CTL_EL0:
        return ARM_READ("cntp_ctl_el0");
    case SYSREG_CNTP_CVAL_EL0:
        return ARM_READ("cntp_cval_el0");
    case SYSREG_ICC_IAR1_EL1: { /* acknowledged before what follows (IHI 0069, 4.1.2) */
        uint64_t taken = ARM_READ(ICC_IAR1);
        __asm__ volatile("dsb sy" ::: "memory");
        return taken;
    }
    case SYSREG_ICC_PMR_EL1:
        return ARM_READ(ICC_PMR);
    case SYSREG_ICC_BPR1_EL1:
        return ARM_READ(ICC_BPR1);
    case SYSREG_ICC_CTLR_EL1:
        return ARM_READ(ICC_CTLR);
    case SYSREG_ICC_SRE_EL1:
        return ARM_READ(ICC_SRE);
    case SYSREG_ICC_IGRPEN1_EL1:
        return ARM_READ(ICC_IGRPEN1);
    case SYSREG_MPIDR_EL1:
        return ARM_READ("mpidr_el1") & ARM_MPIDR_AFFINITY;
    case SYSREG_ARM_CPU:
        return arch_cpu_id();
    default:
        return 0;
    }
}

void sysreg_write(enum sysreg reg, uint64_t value)
{
    switch (reg) {
    case SYSREG_CNTV_CTL_EL0:
        ARM_WRITE("cntv_ctl_el0", value);
        break;
    case SYSREG_CNTV_CVAL_EL0:
        ARM_WRITE("cntv_cval_el0", value);
        break;
    case SYSREG_CNTP_CTL_EL0:
        ARM_WRITE("cntp_ctl_el0", value);
        break;
    case SYSREG_CNTP_CVAL_EL0:
        ARM_WRITE("cntp_cval_el0", value);
        break;
    case SYSREG_ICC_EOIR1_EL1:
        ARM_WRITE(ICC_EOIR1, value);
        break;
    case SYSREG_ICC_PMR_EL1:
        ARM_WRITE(ICC_PMR, value);
        break;
    case SYSREG_ICC_BPR1_EL1:
        ARM_WRITE(ICC_BPR1, value);
        break;
    case SYSREG_ICC_CTLR_EL1:
        ARM_WRITE(ICC_CTLR, value);
        break;
    case SYSREG_ICC_SRE_EL1:
        ARM_WRITE(ICC_SRE, value);
        break;
    case SYSREG_ICC_IGRPEN1_EL1:
        ARM_WRITE(ICC_IGRPEN1, value);
        break;
    case SYSREG_ICC_SGI1R_EL1: /* memory written before is seen by who is interrupted */
        __asm__ volatile("dsb ishst" ::: "memory");
        ARM_WRITE(ICC_SGI1R, value);
        break;
    default:
        return;
    }
    ARM_ISB();
}
