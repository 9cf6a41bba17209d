/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Configuration space of PCI functions. Sources: PCI Local Bus Specification 3.0, chapter 6; PCI Express
 * Base Specification 4.0, chapter 7 (ECAM: 7.2.2); MSI-X: PCI 3.0 section 6.8.2. */
#pragma once
#include <axiom/bits.h>

#define PCI_CONFIG_SIZE     256u
#define PCI_ECAM_SIZE       4096u /* a function */
#define PCI_ECAM_BUS_SIZE   0x100000u
#define PCI_DEVICES_PER_BUS 32u
#define PCI_FUNCTIONS       8u
/* Offset in the memory of bus 0's functions. */
#define PCI_ECAM_AT(bus, device, function) \
    ((uint32_t)(bus) << 20 | (uint32_t)(device) << 15 | (uint32_t)(function) << 12)

/* By ports (PCI 3.0 section 3.2.2.3.2). */
#define PCI_PORT_ADDRESS 0xcf8u
#define PCI_PORT_DATA    0xcfcu
#define PCI_PORT_ENABLE  BIT(31)
#define PCI_PORT_AT(bus, device, function) \
    (PCI_PORT_ENABLE | (uint32_t)(bus) << 16 | (uint32_t)(device) << 11 | (uint32_t)(function) << 8)

#define PCI_VENDOR           0x00u /* 16; 0xffff: nothing there */
#define PCI_DEVICE           0x02u /* 16 */
#define PCI_COMMAND          0x04u /* 16 */
#define PCI_STATUS           0x06u /* 16 */
#define PCI_CLASS            0x08u /* revision, interface, subclass, class */
#define PCI_HEADER_TYPE      0x0eu /* 8 */
#define PCI_BAR(n)           (0x10u + 4u * (n))
#define PCI_SECONDARY_BUS    0x19u /* 8; bridges */
#define PCI_SUBSYSTEM_VENDOR 0x2cu /* 16 */
#define PCI_SUBSYSTEM        0x2eu /* 16 */
#define PCI_CAPABILITIES     0x34u /* 8 */
#define PCI_INTERRUPT_LINE   0x3cu /* 8 */
#define PCI_INTERRUPT_PIN    0x3du /* 8; 1 is INTA, 0 none */

#define PCI_NO_VENDOR            0xffffu
#define PCI_COMMAND_IO           BIT(0)
#define PCI_COMMAND_MEMORY       BIT(1)
#define PCI_COMMAND_MASTER       BIT(2)
#define PCI_COMMAND_NO_INTX      BIT(10)
#define PCI_STATUS_CAPABILITIES  BIT(4)
#define PCI_HEADER_MULTIFUNCTION BIT(7)
#define PCI_HEADER_DEVICE        0u
#define PCI_HEADER_BRIDGE        1u
#define PCI_BAR_COUNT            6u
#define PCI_BAR_IO               BIT(0)
#define PCI_BAR_TYPE(bar)        ((bar) >> 1 & 3u) /* 0: 32 bits, 2: 64 */
#define PCI_BAR_TYPE_64          2u

#define PCI_CAP_FIRST  0x40u
#define PCI_CAP_VENDOR 0x09u
#define PCI_CAP_MSIX   0x11u

#define PCI_MSIX_CONTROL          2u /* 16 */
#define PCI_MSIX_TABLE            4u
#define PCI_MSIX_CAP_SIZE         12u
#define PCI_MSIX_CONTROL_COUNT(c) (((c)&0x7ffu) + 1u)
#define PCI_MSIX_CONTROL_MASK     BIT(14)
#define PCI_MSIX_CONTROL_ENABLE   BIT(15)
#define PCI_MSIX_BIR(table)       ((table)&7u)
#define PCI_MSIX_OFFSET(table)    ((table) & ~7u)
#define PCI_MSIX_ENTRY_SIZE       16u /* address low, high, data, vector control */
#define PCI_MSIX_ENTRY_MASKED     BIT(0)
