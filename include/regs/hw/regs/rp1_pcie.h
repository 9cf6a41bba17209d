/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* RP1 as a PCI function: bus 1, device 0 behind BCM2712's root complex. Sources: include/dt-bindings/mfd/rp1.h and
 * drivers/mfd/rp1.c of raspberrypi/linux; BARs and capabilities as Linux prints them. */
#pragma once
#include <hw/regs/pci.h>

#define RP1_PCI_BUS   1u
#define RP1_PCI_ID    0x00011de4u /* device, vendor */
#define RP1_PCI_CLASS 0x02000000u
#define RP1_PCI_MSIX  0xb0u /* the capability */
#define RP1_BAR0_SIZE 0x4000u
#define RP1_BAR0_PLACE \
    0x00410000u /* on PCI, where Linux puts it: behind BAR1 (4 MiB) and BAR2 (64 KiB) */
#define RP1_BAR1_SIZE  0x400000u
#define RP1_BAR2_PLACE 0x00400000u
#define RP1_BAR2_SIZE  0x10000u

/* BAR0. */
#define RP1_MSIX_TABLE 0x0000u
#define RP1_MSIX_PBA   0x2000u

/* SYSINFO, at the beginning of BAR1. */
#define RP1_CHIP_ID       0x0u
#define RP1_CHIP_ID_VALUE 0x20001927u
#define RP1_SYSINFO_SIZE  0x4000u
