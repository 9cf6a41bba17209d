/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* GICv2 by its registers; GICv3 by system registers, and by its redistributor to open it. Not by
 * hw/sysreg.h: in an image on the simulated machine that is the machine's. */
#include "gic.h"

#include <arch_impl/io.h>
#include <hw/regs/gic_v2.h>
#include <hw/regs/gic_v3.h>
#include <libfdt.h>
#include <port/boot_tree.h>
#include <port/console.h>
#include <port/kmap.h>

#include "cpu.h"

#define OWN_SGI            0u
#define PRIORITY           0xa0a0a0a0u /* below the mask's 0xf0, so it is let through */
#define PRIORITY_MASK      0xf0u
#define WAKE_LOOKS_MAX     1000000u
#define REDISTRIBUTORS_MAX 256u

static uint32_t version; /* 0: none */
static char *distributor, *cpu_interface;
static uint64_t redistributors, redistributors_size; /* physical */

static char *map(const void *fdt, int node, uint32_t index, uint64_t size)
{
    uint64_t base, there;
    if (!boot_tree_reg(fdt, node, index, &base, &there) || there < size || base % PAGE_SIZE != 0)
        return NULL;
    return kmap_map((struct phys_addr){ base }, size, MMU_READ | MMU_WRITE | KMAP_DEVICE);
}

static int find(const void *fdt, const char *const *compatible)
{
    int node = -1;
    for (; *compatible != NULL && node < 0; compatible++)
        node = fdt_node_offset_by_compatible(fdt, -1, *compatible);
    return node;
}

void gic_init(const void *fdt)
{
    static const char *const v2[] = { "arm,gic-400", "arm,cortex-a15-gic", "arm,cortex-a9-gic",
                                      NULL };
    static const char *const v3[] = { "arm,gic-v3", NULL };
    version = 0;
    int node = find(fdt, v2);
    if (node >= 0) {
        distributor = map(fdt, node, 0, PAGE_SIZE);
        cpu_interface = map(fdt, node, 1, PAGE_SIZE);
        version = distributor != NULL && cpu_interface != NULL ? 2 : 0;
    } else if ((node = find(fdt, v3)) >= 0) {
        distributor = map(fdt, node, 0, GICD3_SIZE);
        bool has = boot_tree_reg(fdt, node, 1, &redistributors, &redistributors_size);
        version = distributor != NULL && has ? 3 : 0;
    }
    if (version == 0)
        console_print("gic: the device tree has no interrupt controller that this kernel knows");
}

/* --- sending --- */

static void send_v3(uint64_t mpidr)
{
    uint64_t aff0 = mpidr & 0xff, aff1 = mpidr >> 8 & 0xff, aff2 = mpidr >> 16 & 0xff;
    uint64_t aff3 = mpidr >> 32 & 0xff;
    ARM_WRITE(ICC_SGI1R, aff3 << ICC_SGI_AFF3_AT | aff2 << ICC_SGI_AFF2_AT |
                             aff1 << ICC_SGI_AFF1_AT | (aff0 / 16) << ICC_SGI_RANGE_AT |
                             UINT64_C(1) << aff0 % 16 | (uint64_t)OWN_SGI << ICC_SGI_INTID_AT);
    ARM_ISB();
}

void gic_send(uint32_t cpu)
{
    __asm__ volatile("dsb ishst" ::: "memory");
    if (version == 2)
        io_write32(distributor + GICD_SGIR, field_prep(GICD_SGIR_TARGETS, BIT(cpu)) | OWN_SGI);
    else if (version == 3)
        send_v3(arm_cpus[cpu].mpidr);
}

void gic_send_self(void)
{
    if (version == 2)
        io_write32(distributor + GICD_SGIR,
                   field_prep(GICD_SGIR_FILTER, GICD_SGIR_TO_SELF) | OWN_SGI);
    else if (version == 3)
        send_v3(arm_this_cpu()->mpidr);
}

/* --- an image without a driver for it --- */

static void open_v2(void)
{
    io_write32(distributor + GICD_ICENABLER(0), ~UINT32_C(0));
    io_write32(distributor + GICD_ISENABLER(0), BIT(OWN_SGI));
    io_write32(distributor + GICD_IPRIORITYR, PRIORITY);
    io_write32(distributor + GICD_CTLR, GICD_CTLR_ENABLE);
    io_write32(cpu_interface + GICC_PMR, PRIORITY_MASK);
    io_write32(cpu_interface + GICC_CTLR, GICC_CTLR_ENABLE);
}

/* The calling CPU's redistributor: the one that has its affinity. */
static char *own_redistributor(void)
{
    uint64_t mpidr = arm_this_cpu()->mpidr;
    uint64_t affinity = (mpidr >> 32 & 0xff) << 24 | (mpidr & 0xffffff);
    uint64_t at = redistributors, left = redistributors_size;
    for (uint32_t i = 0; i < REDISTRIBUTORS_MAX && left >= GICR_STRIDE; i++) {
        char *frame =
            kmap_map((struct phys_addr){ at }, GICR_STRIDE, MMU_READ | MMU_WRITE | KMAP_DEVICE);
        if (frame == NULL)
            return NULL;
        uint64_t type = io_read64(frame + GICR_TYPER);
        if (type >> 32 == affinity)
            return frame;
        kmap_unmap(frame, GICR_STRIDE);
        uint64_t stride = (type & GICR_TYPER_VLPIS) != 0 ? GICR_STRIDE_VLPIS : GICR_STRIDE;
        if ((type & GICR_TYPER_LAST) != 0 || left < stride)
            return NULL;
        at += stride;
        left -= stride;
    }
    return NULL;
}

static bool open_v3(void)
{
    char *frame = own_redistributor();
    if (frame == NULL)
        return false;
    io_write32(frame + GICR_WAKER, io_read32(frame + GICR_WAKER) & ~GICR_WAKER_SLEEP);
    for (uint32_t i = 0; (io_read32(frame + GICR_WAKER) & GICR_WAKER_ASLEEP) != 0; i++) {
        if (i == WAKE_LOOKS_MAX)
            return false;
    }
    io_write32(distributor + GICD_CTLR, GICD3_CTLR_ARE);
    io_write32(distributor + GICD_CTLR, GICD3_CTLR_ARE | GICD3_CTLR_GRP1 | GICD3_CTLR_GRP0);
    char *own = frame + GICR_SGI_BASE;
    io_write32(own + GICD_IGROUPR(0), ~UINT32_C(0));
    io_write32(own + GICD_ICENABLER(0), ~UINT32_C(0));
    io_write32(own + GICD_IPRIORITYR, PRIORITY);
    io_write32(own + GICD_ISENABLER(0), BIT(OWN_SGI));
    ARM_WRITE(ICC_SRE, ARM_READ(ICC_SRE) | ICC_SRE_SRE);
    ARM_ISB();
    ARM_WRITE(ICC_PMR, PRIORITY_MASK);
    ARM_WRITE(ICC_IGRPEN1, ICC_IGRPEN_ENABLE);
    ARM_ISB();
    return true;
}

bool gic_open(void)
{
    if (version == 2)
        open_v2();
    return version == 2 || (version == 3 && open_v3());
}

bool gic_take(void)
{
    if (version == 2) {
        uint32_t taken = io_read32(cpu_interface + GICC_IAR);
        uint32_t intid = field_get(GICC_IAR_INTID, taken);
        if (intid < GIC_INTID_MAX)
            io_write32(cpu_interface + GICC_EOIR, taken);
        return intid == OWN_SGI;
    }
    uint64_t intid = ARM_READ(ICC_IAR1) & ICC_IAR_INTID;
    if (intid < GIC3_INTID_SPECIAL)
        ARM_WRITE(ICC_EOIR1, intid);
    ARM_ISB();
    return intid == OWN_SGI;
}
