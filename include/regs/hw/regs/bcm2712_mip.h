/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* BCM2712 MSI-X interrupt peripheral (MIP): turns PCIe message writes into GIC SPIs.
 *
 * Source: drivers/irqchip/irq-bcm2712-mip.c of raspberrypi/linux (register names and the values
 * that it programs); Broadcom publishes no datasheet. 64 vectors; L serves 0-31, H 32-63. */
#pragma once
#include <axiom/bits.h>

#define MIP_VECTOR_COUNT 64u
#define MIP_INT_RAISED                                                      \
    0x00u /* written by a message: the vector's number, or by software: see \
             the model */
#define MIP_INT_CLEARED      0x10u
#define MIP_INT_CFGL_HOST    0x20u /* 1: edge */
#define MIP_INT_CFGH_HOST    0x30u
#define MIP_INT_MASKL_HOST   0x40u /* 1: masked */
#define MIP_INT_MASKH_HOST   0x50u
#define MIP_INT_MASKL_VPU    0x60u
#define MIP_INT_MASKH_VPU    0x70u
#define MIP_INT_STATUSL_HOST 0x80u
#define MIP_INT_STATUSH_HOST 0x90u
#define MIP_INT_STATUSL_VPU  0xa0u
#define MIP_INT_STATUSH_VPU  0xb0u
