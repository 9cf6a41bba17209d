/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* How fast the CPU's own counters run, found out against one of known frequency. */
#pragma once
#include "acpi.h"

struct calibration {
    uint64_t tsc_hz, lapic_hz; /* 0: unknown */
    bool tsc_invariant;        /* runs on at one rate in all states (CPUID 80000007h EDX[8]) */
};

/* After the local APIC is mapped; takes 1 ms. */
void calibrate(const struct acpi_info *acpi, struct calibration *out);

/* At least so long, by the TSC. */
void x86_delay_us(uint32_t us);
