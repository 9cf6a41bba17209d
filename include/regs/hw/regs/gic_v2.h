/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Arm GIC-400, an implementation of the Generic Interrupt Controller architecture version 2.
 *
 * Sources: IHI 0048B.b (architecture) §4.3 distributor, §4.4 CPU interface; GIC-400 TRM DDI 0471B
 * §3.2, §3.3 for identification values. Offsets in bytes from the distributor's (GICD_) and the CPU
 * interface's (GICC_) region, as non-secure software sees them (firmware has put every interrupt in
 * group 1). INTIDs: 0-15 SGI, 16-31 PPI (both banked per CPU), 32 and up SPI. */
#pragma once
#include <axiom/bits.h>

#define GIC_SGI_COUNT  16u
#define GIC_PPI_FIRST  16u
#define GIC_SPI_FIRST  32u
#define GIC_INTID_MAX  1020u
#define GIC_INTID_NONE 1023u /* spurious: nothing of sufficient priority is pending */
#define GIC_CPU_MAX    8u

/* Distributor. Registers with one bit an interrupt: word n serves INTIDs 32n..32n+31. */
#define GICD_CTLR          0x000u
#define GICD_CTLR_ENABLE   BIT(0) /* non-secure view: EnableGrp1 */
#define GICD_TYPER         0x004u
#define GICD_TYPER_ITLINES GENMASK(4, 0) /* 32 * (n + 1) interrupts */
#define GICD_TYPER_CPUS    GENMASK(7, 5) /* number of CPU interfaces - 1 */
#define GICD_IIDR          0x008u
#define GICD_IIDR_GIC400   0x0200143bu
#define GICD_IGROUPR(n)    (0x080u + 4u * (n))
#define GICD_ISENABLER(n)  (0x100u + 4u * (n)) /* write 1 to enable; SGIs are always enabled */
#define GICD_ICENABLER(n)  (0x180u + 4u * (n))
#define GICD_ISPENDR(n)    (0x200u + 4u * (n))
#define GICD_ICPENDR(n)    (0x280u + 4u * (n))
#define GICD_ISACTIVER(n)  (0x300u + 4u * (n))
#define GICD_ICACTIVER(n)  (0x380u + 4u * (n))
#define GICD_IPRIORITYR    0x400u /* a byte an interrupt; GIC-400's 32 levels are 16 here */
#define GICD_PRIORITY_MASK 0xf0u
#define GICD_ITARGETSR     0x800u /* a byte an interrupt: CPU mask; 0-31 read as the reader's own */
#define GICD_ICFGR         0xc00u /* 2 bits an interrupt, 16 a word; the upper one: 1 edge, 0 level */
#define GICD_PPISR         0xd00u /* TRM §3.2.2: PPI inputs of the reading CPU from INTID 16 on */
#define GICD_SPISR(n)       (0xd04u + 4u * (n)) /* SPI inputs, bit 0 of word 0 = INTID 32 */
#define GICD_SGIR           0xf00u
#define GICD_SGIR_INTID     GENMASK(3, 0)
#define GICD_SGIR_TARGETS   GENMASK(23, 16)
#define GICD_SGIR_FILTER    GENMASK(25, 24)
#define GICD_SGIR_TO_LIST   0u
#define GICD_SGIR_TO_OTHERS 1u
#define GICD_SGIR_TO_SELF   2u
#define GICD_CPENDSGIR      0xf10u /* a byte an SGI: pending from CPU n, write 1 to clear */
#define GICD_SPENDSGIR      0xf20u
#define GICD_PIDR2          0xfe8u
#define GICD_PIDR2_GIC400   0x2bu /* bits 7:4: architecture version 2 */

/* CPU interface, banked per CPU. */
#define GICC_CTLR         0x0000u
#define GICC_CTLR_ENABLE  BIT(0)
#define GICC_CTLR_BYPASS  GENMASK(6, 5) /* FIQ, IRQ bypass disable */
#define GICC_CTLR_EOIMODE BIT(9)        /* 1: EOIR only drops the priority, DIR deactivates */
#define GICC_PMR          0x0004u       /* only priorities below (numerically) this interrupt */
#define GICC_BPR          0x0008u
#define GICC_BPR_MIN      3u      /* lowest and reset value of the non-secure view (TRM §3.3) */
#define GICC_IAR          0x000cu /* read acknowledges */
#define GICC_IAR_INTID    GENMASK(9, 0)
#define GICC_IAR_CPUID    GENMASK(12, 10) /* of an SGI: who sent it */
#define GICC_EOIR         0x0010u
#define GICC_RPR          0x0014u /* running priority; 0xff: idle */
#define GICC_HPPIR        0x0018u
#define GICC_ABPR         0x001cu
#define GICC_APR0         0x00d0u /* active priorities, one bit a group priority */
#define GICC_IIDR         0x00fcu
#define GICC_IIDR_GIC400  0x0202143bu
#define GICC_DIR          0x1000u

#define GIC_PRIORITY_IDLE 0xffu

/* Cells of an interrupt specifier (bindings/interrupt-controller/arm,gic.yaml). */
#define GIC_CELL_SPI 0u
#define GIC_CELL_PPI 1u
