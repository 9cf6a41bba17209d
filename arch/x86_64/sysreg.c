/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What of hw/sysreg.h this CPU has. */
#include <axiom/bits.h>
#include <hw/regs/lapic.h>
#include <hw/sysreg.h>

#include "cpu.h"

/* 0: none of the local APIC's. */
static uint32_t apic_msr(enum sysreg reg)
{
    static const uint16_t offsets[] = {
        [SYSREG_X86_APIC_ID - SYSREG_X86_APIC_ID] = LAPIC_ID,
        [SYSREG_X86_APIC_TPR - SYSREG_X86_APIC_ID] = LAPIC_TPR,
        [SYSREG_X86_APIC_EOI - SYSREG_X86_APIC_ID] = LAPIC_EOI,
        [SYSREG_X86_APIC_SVR - SYSREG_X86_APIC_ID] = LAPIC_SVR,
        [SYSREG_X86_APIC_ICR - SYSREG_X86_APIC_ID] = LAPIC_ICR_LOW,
        [SYSREG_X86_APIC_LVT_TIMER - SYSREG_X86_APIC_ID] = LAPIC_LVT_TIMER,
        [SYSREG_X86_APIC_LVT_LINT0 - SYSREG_X86_APIC_ID] = LAPIC_LVT_LINT0,
        [SYSREG_X86_APIC_TIMER_INITIAL - SYSREG_X86_APIC_ID] = LAPIC_TIMER_INITIAL,
        [SYSREG_X86_APIC_TIMER_DIVIDE - SYSREG_X86_APIC_ID] = LAPIC_TIMER_DIVIDE,
    };
    uint32_t index = (uint32_t)reg - SYSREG_X86_APIC_ID;
    return index < ARRAY_SIZE(offsets) ? LAPIC_MSR(offsets[index]) : 0;
}

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
        return apic_msr(reg) != 0 ? x86_rdmsr(apic_msr(reg)) : 0;
    }
}

void sysreg_write(enum sysreg reg, uint64_t value)
{
    uint32_t msr = apic_msr(reg);
    if (msr == LAPIC_MSR_ICR)
        x86_send_fence();
    if (msr != 0)
        x86_wrmsr(msr, value);
}
