/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What of hw/sysreg.h this CPU has. */
#include <hw/sysreg.h>

#include "cpu.h"
#include "sbi.h"
#include "smp.h"

static void send_ipi(uint64_t mask, uint64_t base, void *context)
{
    (void)context;
    sbi_send_ipi(mask, base);
}

uint64_t sysreg_read(enum sysreg reg)
{
    switch (reg) {
    case SYSREG_RISCV_TIME:
        return CSR_READ("time");
    case SYSREG_RISCV_SIE:
        return CSR_READ("sie");
    case SYSREG_RISCV_SIP:
        return CSR_READ("sip");
    case SYSREG_RISCV_BOOT_HART:
        return riscv_cpus[0].hart;
    default:
        return 0;
    }
}

void sysreg_write(enum sysreg reg, uint64_t value)
{
    switch (reg) {
    case SYSREG_RISCV_SIE:
        CSR_WRITE("sie", value);
        break;
    case SYSREG_RISCV_SIP:
        CSR_WRITE("sip", value);
        break;
    case SYSREG_RISCV_STIMECMP:
        riscv_timer_set(value);
        break;
    case SYSREG_RISCV_IPI:
        smp_each_group((uint32_t)value, send_ipi, NULL);
        break;
    default:
        break;
    }
}
