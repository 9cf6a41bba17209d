/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* BCM2712's PCIe root complex as far as messages and configuration space need it.
 *
 * Source: drivers/pci/controller/pcie-brcmstb.c of raspberrypi/linux (the type BCM7712, which BCM2712 is). "BAR" in its names
 * means an inbound window: what a device on the bus reaches of the SoC. A window has a place and a size on PCI (RC_BAR)
 * and a place in the SoC (UBUS_BAR_CONFIG_REMAP). Windows are numbered from 1. */
#pragma once
#include <axiom/bits.h>

#define BRCM_PCIE_SIZE 0x9310u

#define BRCM_PCIE_STATUS           0x4068u
#define BRCM_PCIE_STATUS_LINK_UP   BIT(4) /* of the PHY */
#define BRCM_PCIE_STATUS_DL_ACTIVE BIT(5)
#define BRCM_PCIE_STATUS_PORT      BIT(7) /* a root complex, not an endpoint */

#define BRCM_PCIE_WINDOWS 10u
/* Windows 1 to 3 have their registers in one place, the others in another. */
#define BRCM_PCIE_OF_WINDOW(n, first, fourth) \
    ((n) < 4u ? (first) + 8u * ((uint32_t)(n)-1u) : (fourth) + 8u * ((uint32_t)(n)-4u))
#define BRCM_PCIE_BAR_LO(n) BRCM_PCIE_OF_WINDOW(n, 0x402cu, 0x40d4u)
#define BRCM_PCIE_BAR_HI(n) (BRCM_PCIE_BAR_LO(n) + 4u)
/* Of BAR_LO: 0 is off, 0x1c to 0x1f 4 to 32 KiB, from 1 on 64 KiB and up. */
#define BRCM_PCIE_BAR_SIZE     GENMASK(4, 0)
#define BRCM_PCIE_BAR_SIZE_4K  0x1cu
#define BRCM_PCIE_REMAP_LO(n)  BRCM_PCIE_OF_WINDOW(n, 0x40acu, 0x410cu)
#define BRCM_PCIE_REMAP_HI(n)  (BRCM_PCIE_REMAP_LO(n) + 4u)
#define BRCM_PCIE_REMAP_ENABLE BIT(0) /* of REMAP_LO */

#define BRCM_PCIE_CONFIG 0x8000u /* 4 KiB of the function that INDEX names */
/* As ECAM's offset: bus 31:20, device 19:15, function 14:12. */
#define BRCM_PCIE_CONFIG_INDEX 0x9000u

/* What a SIZE means in bytes; 0: off. */
static inline uint64_t brcm_pcie_bar_bytes(uint32_t size)
{
    if (size >= BRCM_PCIE_BAR_SIZE_4K)
        return UINT64_C(1) << (size - BRCM_PCIE_BAR_SIZE_4K + 12);
    return size != 0 ? UINT64_C(1) << (size + 15) : 0;
}
