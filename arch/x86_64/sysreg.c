/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What of hw/sysreg.h this CPU has. */
#include <hw/sysreg.h>

#include "cpu.h"

uint64_t sysreg_read(enum sysreg reg)
{
    switch (reg) {
    case SYSREG_X86_TSC:
        return x86_rdtsc();
    case SYSREG_X86_VECTOR:
        return x86_this_cpu()->vector;
    case SYSREG_X86_CPU:
        return x86_this_cpu()->id;
    default:
        return 0;
    }
}

void sysreg_write(enum sysreg reg, uint64_t value)
{
    (void)reg;
    (void)value;
}
