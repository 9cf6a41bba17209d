/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Arm Generic Interrupt Controller, architecture version 3, as non-secure software sees it with
 * affinity routing on.
 *
 * Source: IHI 0069G §12.9 (distributor), §12.11 (redistributor), §12.2 (the CPU interface's system
 * registers, hw/regs/sysreg.h). The distributor's registers of one bit, or two, or a byte an
 * interrupt are where version 2 has them (hw/regs/gic_v2.h); those of INTIDs 0 to 31 are in the
 * redistributor's second page instead. */
#pragma once
#include <axiom/bits.h>

/* Distributor. */
#define GICD3_CTLR_GRP0  BIT(0) /* one security state; with two: EnableGrp1 */
#define GICD3_CTLR_GRP1  BIT(1) /* one security state: EnableGrp1; with two: EnableGrp1A */
#define GICD3_CTLR_ARE   BIT(4) /* affinity routing: ARE, or ARE_NS */
#define GICD3_CTLR_DS    BIT(6) /* one security state */
#define GICD3_CTLR_RWP   BIT(31)
#define GICD3_IROUTER(n) (0x6000u + 8u * (n)) /* from n = 32 on */
#define GICD3_PIDR2      0xffe8u
#define GICD3_SIZE       0x10000u
#define GIC3_PIDR2_ARCH  GENMASK(7, 4) /* 3 or 4 */

/* Redistributors: one a CPU, one behind the other. */
#define GICR_CTLR         0x0000u
#define GICR_CTLR_RWP     BIT(3)
#define GICR_TYPER        0x0008u /* 64 bits */
#define GICR_TYPER_VLPIS  BIT(1)  /* four pages of 64 KiB, not two */
#define GICR_TYPER_LAST   BIT(4)
#define GICR_TYPER_NUMBER GENMASK(23, 8)
#define GICR_WAKER        0x0014u
#define GICR_WAKER_SLEEP  BIT(1)
#define GICR_WAKER_ASLEEP BIT(2)
#define GICR_PIDR2        0xffe8u
#define GICR_SGI_BASE     0x10000u /* the second page, with version 2's offsets from 0x80 on */
#define GICR_STRIDE       0x20000u
#define GICR_STRIDE_VLPIS 0x40000u

/* System registers. */
#define ICC_SRE_SRE        BIT(0)
#define ICC_IAR_INTID      GENMASK(23, 0)
#define ICC_IGRPEN_ENABLE  BIT(0)
#define ICC_CTLR_EOIMODE   BIT(1)
#define ICC_SGI_INTID_AT   24u
#define ICC_SGI_AFF1_AT    16u
#define ICC_SGI_AFF2_AT    32u
#define ICC_SGI_RANGE_AT   44u /* targets are the CPUs 16 * range + bit of that cluster */
#define ICC_SGI_AFF3_AT    48u
#define GIC3_INTID_SPECIAL 1020u /* from here to 1023: no interrupt */
