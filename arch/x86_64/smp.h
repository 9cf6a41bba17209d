/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#include <port/memmap.h>

#include "acpi.h"

/* The page below 1 MiB where secondary CPUs begin; keep it out of the memory map. */
#define TRAMPOLINE 0x8000u

/* Which CPUs there are; the boot CPU becomes number 0. After the local APIC is mapped;
 * their stacks for traps are taken out of *map. */
void smp_prepare(const struct acpi_info *acpi, struct memmap *map);
