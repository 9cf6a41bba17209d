/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* RP1's interrupt routing to MSI-X: PCIE_APBS, register block MSIX_CFG.
 *
 * Source: drivers/mfd/rp1.c of raspberrypi/linux; interrupt numbers from
 * include/dt-bindings/mfd/rp1.h. The block's bus address is RP1_PCIE_APBS_BASE, 0x108000 behind
 * RP1's BAR1; no node of the device tree names it. Its aliases differ from the other blocks'. */
#pragma once
#include <axiom/bits.h>

#define RP1_BUS_BASE       0xc040000000ull /* of RP1's peripherals on the rp1 node's bus */
#define RP1_PCIE_APBS_BASE (RP1_BUS_BASE + 0x108000u)
#define RP1_PCIE_APBS_SIZE 0x1000u
#define RP1_IRQ_COUNT      61u

#define RP1_MSIX_ALIAS_SET  0x800u
#define RP1_MSIX_ALIAS_CLR  0xc00u
#define RP1_MSIX_ALIAS_MASK 0xc00u

#define RP1_MSIX_CFG(irq) (0x008u + 4u * (irq))
#define RP1_MSIX_ENABLE   BIT(0)
#define RP1_MSIX_TEST     BIT(1)
#define RP1_MSIX_IACK     BIT(2) /* write 1: a source that is still high sends again */
#define RP1_MSIX_IACK_EN  BIT(3) /* level typed: after a message none follows before IACK */
#define RP1_MSIX_CFG_MASK GENMASK(3, 0)
#define RP1_MSIX_INTSTATL 0x108u /* the sources' levels, 0-31 */
#define RP1_MSIX_INTSTATH 0x10cu /* 32-60 */

#define RP1_IRQ_IO_BANK0 0u
#define RP1_IRQ_IO_BANK1 1u
#define RP1_IRQ_IO_BANK2 2u
#define RP1_IRQ_PWM0     5u
#define RP1_IRQ_I2C0     7u
#define RP1_IRQ_PWM1     41u
