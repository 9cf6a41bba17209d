/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* RP1 GPIO: IO_BANK0-2, SYS_RIO0-2, PADS_BANK0-2.
 *
 * Sources: RP1 Peripherals (RP-008370-DS) §2.4 atomic aliases, §3.1 GPIO, §3.3 RIO, as quoted by
 * public register transcriptions; drivers/pinctrl/pinctrl-rp1.c of raspberrypi/linux for offsets
 * and sequences. The node's reg has three regions: IO, RIO, PADS; each holds its three banks 0x4000
 * apart. Inside a bank: four views of the same registers 0x1000 apart. */
#pragma once
#include <axiom/bits.h>

#define RP1_GPIO_BANK_COUNT  3u
#define RP1_GPIO_LINE_COUNT  54u
#define RP1_GPIO_BANK_STRIDE 0x4000u
#define RP1_GPIO_BANK0_FIRST 0u /* GPIO 0-27 */
#define RP1_GPIO_BANK0_COUNT 28u
#define RP1_GPIO_BANK1_FIRST 28u /* GPIO 28-33 */
#define RP1_GPIO_BANK1_COUNT 6u
#define RP1_GPIO_BANK2_FIRST 34u /* GPIO 34-53 */
#define RP1_GPIO_BANK2_COUNT 20u

/* Index of the node's reg. */
#define RP1_GPIO_REGION_IO   0u
#define RP1_GPIO_REGION_RIO  1u
#define RP1_GPIO_REGION_PADS 2u

/* Atomic aliases: add to a register's offset (§2.4). Reads give the register in any view. */
#define RP1_ALIAS_RW          0x0000u
#define RP1_ALIAS_XOR         0x1000u
#define RP1_ALIAS_SET         0x2000u
#define RP1_ALIAS_CLR         0x3000u
#define RP1_ALIAS_MASK        0x3000u
#define RP1_ALIAS_OFFSET_MASK 0x0fffu

/* IO bank; pin counts from the bank's first. */
#define RP1_GPIO_STATUS(pin) (0x000u + 8u * (pin))
#define RP1_GPIO_CTRL(pin)   (0x004u + 8u * (pin))
#define RP1_GPIO_INTR        0x100u /* one bit a pin: its interrupt after CTRL's masks */
#define RP1_GPIO_PROC0_INTE  0x104u
#define RP1_GPIO_PROC0_INTF  0x108u
#define RP1_GPIO_PROC0_INTS  0x10cu
#define RP1_GPIO_PROC1_INTE  0x110u
#define RP1_GPIO_PROC1_INTF  0x114u
#define RP1_GPIO_PROC1_INTS  0x118u
#define RP1_GPIO_PCIE_INTE   0x11cu
#define RP1_GPIO_PCIE_INTF   0x120u
#define RP1_GPIO_PCIE_INTS   0x124u /* (INTR & PCIE_INTE) | PCIE_INTF: to the MSI-X source */

/* STATUS */
#define RP1_STATUS_OUTFROMPERI BIT(8)
#define RP1_STATUS_OUTTOPAD    BIT(9)
#define RP1_STATUS_OEFROMPERI  BIT(12)
#define RP1_STATUS_OETOPAD     BIT(13)
#define RP1_STATUS_INISDIRECT  BIT(16) /* input goes straight to the peripheral */
#define RP1_STATUS_INFROMPAD   BIT(17)
#define RP1_STATUS_INFILTERED  BIT(18)
#define RP1_STATUS_INTOPERI    BIT(19)
#define RP1_STATUS_IRQCOMBINED BIT(28) /* after CTRL's masks */
#define RP1_STATUS_IRQTOPROC   BIT(29) /* after IRQOVER */

/* Events, at the same bits in STATUS (seen) and CTRL (enabled into the interrupt). */
#define RP1_EVENT_EDGE_LOW      BIT(20) /* falling edge, latched until IRQRESET */
#define RP1_EVENT_EDGE_HIGH     BIT(21) /* rising edge, latched until IRQRESET */
#define RP1_EVENT_LEVEL_LOW     BIT(22)
#define RP1_EVENT_LEVEL_HIGH    BIT(23)
#define RP1_EVENT_F_EDGE_LOW    BIT(24) /* of the filtered input */
#define RP1_EVENT_F_EDGE_HIGH   BIT(25)
#define RP1_EVENT_DB_LEVEL_LOW  BIT(26) /* of the debounced input */
#define RP1_EVENT_DB_LEVEL_HIGH BIT(27)
#define RP1_EVENT_MASK          GENMASK(27, 20)

/* CTRL; reset value 0x9f: FUNCSEL 31, F_M 4. */
#define RP1_CTRL_FUNCSEL    GENMASK(4, 0)
#define RP1_FUNCSEL_SYS_RIO 5u
#define RP1_FUNCSEL_NULL    31u
#define RP1_CTRL_F_M        GENMASK(11, 5) /* filter and debounce time constant M */
/* Time one step of F_M stands for. The register descriptions do not say it: an assumption until it
 * is measured, used by model and driver alike. */
#define RP1_FILTER_STEP_NS 1000u
#define RP1_CTRL_OUTOVER   GENMASK(13, 12)
#define RP1_CTRL_OEOVER    GENMASK(15, 14)
#define RP1_CTRL_INOVER    GENMASK(17, 16)
#define RP1_CTRL_IRQRESET  BIT(28) /* write 1: forget latched edges; reads 0 */
#define RP1_CTRL_IRQOVER   GENMASK(31, 30)
#define RP1_OVER_PERI      0u /* the four *OVER fields */
#define RP1_OVER_INVERT    1u
#define RP1_OVER_LOW       2u /* OEOVER: output disabled */
#define RP1_OVER_HIGH      3u /* OEOVER: output enabled */
#define RP1_CTRL_RESET     0x0000009fu

/* RIO, one bit a pin. */
#define RP1_RIO_OUT       0x0u
#define RP1_RIO_OE        0x4u /* 1: drive */
#define RP1_RIO_IN        0x8u /* synchronised to clk_sys */
#define RP1_RIO_NOSYNC_IN 0xcu

/* Pads. Reset: SCHMITT, DRIVE 1, OD, and a pull that varies by pin. */
#define RP1_PADS_VOLTAGE_SELECT 0x00u /* 0: 3.3 V, 1: 1.8 V */
#define RP1_PAD(pin)            (0x04u + 4u * (pin))
#define RP1_PAD_SLEWFAST        BIT(0)
#define RP1_PAD_SCHMITT         BIT(1)
#define RP1_PAD_PULL            GENMASK(3, 2)
#define RP1_PULL_NONE           0u
#define RP1_PULL_DOWN           1u
#define RP1_PULL_UP             2u
#define RP1_PULL_KEEPER         3u /* both: the pin keeps its last level (as RP2040 §2.19.4.2) */
#define RP1_PAD_DRIVE           GENMASK(5, 4) /* 2, 4, 8, 12 mA */
#define RP1_PAD_IE              BIT(6)        /* input enable */
#define RP1_PAD_OD              BIT(7)        /* output disable: wins over every output enable */
#define RP1_PAD_MASK            GENMASK(7, 0)
