/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The Arm generic interrupt controller, version 3 (IHI 0069G), with affinity routing: as gic_v2.c
 * does it, but a CPU's own interrupts are in its redistributor, its interface is system registers,
 * and CPUs are named by affinity instead of by bits of a byte.
 *
 * All interrupts are of group 1 and of one priority; SPIs go to the boot CPU; SGI 0 is the kernel's
 * IPI. Message interrupts (LPIs) are not used. */
#include "gic.h"

#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/mm.h>
#include <drivers/table.h>
#include <hw/device.h>
#include <hw/irq.h>
#include <hw/regs/gic_v2.h>
#include <hw/regs/gic_v3.h>
#include <hw/sysreg.h>

#define IPI_SGI        0u
#define PRIORITY_ALL   0xa0a0a0a0u /* the same for each; below the mask, so it is let through */
#define PRIORITY_MASK  0xf0u
#define REGIONS_MAX    4u
#define LOOKS_MAX      1000000u /* at a bit that must change */

struct frame { /* a redistributor */
    struct mmio regs;
    uint32_t affinity; /* as GICR_TYPER has it: Aff3 in the top byte */
};

struct gic {
    struct irq_root root;
    struct mmio distributor;
    struct irq_domain *domain;
    uint32_t irq_count; /* SGIs, PPIs and SPIs */
    uint32_t unclaimed_count;
    struct frame frames[CPU_MAX];
    uint32_t frame_count;
    /* By CPU index; written by each CPU when it starts: */
    const struct frame *own[CPU_MAX]; /* NULL: not started, or it has none */
    uint64_t mpidr[CPU_MAX];
};

static struct gic *gic_of(struct irq_root *root)
{
    return CONTAINER_OF(root, struct gic, root);
}

static uint32_t this_cpu(void)
{
    return (uint32_t)sysreg_read(SYSREG_ARM_CPU);
}

/* --- the domain --- */

static int translate(struct irq_domain *domain, const uint32_t *cells, uint32_t count,
                     uint32_t *hwirq, enum irq_type *type)
{
    const struct gic *gic = irq_domain_data(domain);
    return gic_take_cells(gic->irq_count, cells, count, hwirq, type);
}

static int set_type(struct irq_domain *domain, uint32_t hwirq, enum irq_type type)
{
    const struct gic *gic = irq_domain_data(domain);
    return gic_spi_set_type(&gic->distributor, hwirq, type);
}

/* A CPU's own interrupts are acted on by that CPU. */
static void set_bit(const struct gic *gic, uint32_t hwirq, uint32_t reg)
{
    if (hwirq >= GIC_SPI_FIRST) {
        mmio_write32(&gic->distributor, reg + hwirq / 32 * 4, BIT(hwirq % 32));
        return;
    }
    const struct frame *own = gic->own[this_cpu()];
    if (own != NULL)
        mmio_write32(&own->regs, GICR_SGI_BASE + reg, BIT(hwirq));
}

static void mask(struct irq_domain *domain, uint32_t hwirq)
{
    set_bit(irq_domain_data(domain), hwirq, GICD_ICENABLER(0));
}

static void unmask(struct irq_domain *domain, uint32_t hwirq)
{
    set_bit(irq_domain_data(domain), hwirq, GICD_ISENABLER(0));
}

static const struct irq_domain_ops domain_ops = {
    .translate = translate,
    .set_type = set_type,
    .mask = mask,
    .unmask = unmask,
};

/* --- the root --- */

/* Nobody has it: if it is a level it would come again at once and for ever, so it is switched off.
 */
static void mask_unclaimed(struct gic *gic, uint32_t hwirq)
{
    mask(gic->domain, hwirq);
    if (gic->unclaimed_count++ < 8)
        log_warning("gic: interrupt %u came without a handler; it is masked now", hwirq);
}

/* One interrupt a call, as in gic_v2.c. */
static void handle(struct irq_root *root)
{
    struct gic *gic = gic_of(root);
    uint32_t hwirq = field_get(ICC_IAR_INTID, (uint32_t)sysreg_read(SYSREG_ICC_IAR1_EL1));
    if (hwirq >= gic->irq_count)
        return; /* §4.1.2: 1020 to 1023 say that there is none, or none for us */
    if (hwirq == IPI_SGI)
        irq_root_ipi();
    else if (!irq_domain_handle(gic->domain, hwirq))
        mask_unclaimed(gic, hwirq);
    sysreg_write(SYSREG_ICC_EOIR1_EL1, hwirq);
}

static const struct frame *frame_find(const struct gic *gic, uint64_t mpidr)
{
    uint32_t affinity = (uint32_t)(mpidr >> 32 & 0xff) << 24 | (uint32_t)(mpidr & 0xffffff);
    for (uint32_t i = 0; i < gic->frame_count; i++) {
        if (gic->frames[i].affinity == affinity)
            return &gic->frames[i];
    }
    return NULL;
}

static bool looks(const struct mmio *regs, uint32_t offset, uint32_t bit)
{
    for (uint32_t i = 0; i < LOOKS_MAX; i++) {
        if ((mmio_read32(regs, offset) & bit) == 0)
            return true;
    }
    return false;
}

/* §5.1: it forwards nothing to a CPU that it believes to sleep. */
static bool wake(const struct frame *frame)
{
    uint32_t waker = mmio_read32(&frame->regs, GICR_WAKER);
    mmio_write32(&frame->regs, GICR_WAKER, waker & ~GICR_WAKER_SLEEP);
    return looks(&frame->regs, GICR_WAKER, GICR_WAKER_ASLEEP);
}

/* The calling CPU's own part: its PPIs off, its IPI on, its interface open. */
static void cpu_start(struct irq_root *root)
{
    struct gic *gic = gic_of(root);
    uint32_t cpu = this_cpu();
    uint64_t mpidr = sysreg_read(SYSREG_MPIDR_EL1);
    const struct frame *frame = frame_find(gic, mpidr);
    if (frame == NULL || !wake(frame)) {
        log_err("gic: CPU %u (0x%llx) has no redistributor that answers: no interrupts there", cpu,
                (unsigned long long)mpidr);
        return;
    }
    const struct mmio *regs = &frame->regs;
    mmio_write32(regs, GICR_SGI_BASE + GICD_ICENABLER(0), ~UINT32_C(0));
    mmio_write32(regs, GICR_SGI_BASE + GICD_IGROUPR(0), ~UINT32_C(0));
    for (uint32_t reg = 0; reg < GIC_SPI_FIRST / 4; reg++)
        mmio_write32(regs, GICR_SGI_BASE + GICD_IPRIORITYR + reg * 4, PRIORITY_ALL);
    mmio_write32(regs, GICR_SGI_BASE + GICD_ISENABLER(0), BIT(IPI_SGI));
    looks(regs, GICR_CTLR, GICR_CTLR_RWP);
    __atomic_store_n(&gic->mpidr[cpu], mpidr, __ATOMIC_RELAXED);
    __atomic_store_n(&gic->own[cpu], frame, __ATOMIC_RELEASE);
    sysreg_write(SYSREG_ICC_SRE_EL1, sysreg_read(SYSREG_ICC_SRE_EL1) | ICC_SRE_SRE);
    sysreg_write(SYSREG_ICC_CTLR_EL1, 0);
    sysreg_write(SYSREG_ICC_BPR1_EL1, 0);
    sysreg_write(SYSREG_ICC_PMR_EL1, PRIORITY_MASK);
    sysreg_write(SYSREG_ICC_IGRPEN1_EL1, ICC_IGRPEN_ENABLE);
}

static void send_ipi(struct irq_root *root, uint32_t cpu_mask)
{
    const struct gic *gic = gic_of(root);
    for (uint32_t cpu = 0; cpu < CPU_MAX; cpu++) {
        if ((cpu_mask >> cpu & 1) == 0 || __atomic_load_n(&gic->own[cpu], __ATOMIC_ACQUIRE) == NULL)
            continue;
        uint64_t mpidr = __atomic_load_n(&gic->mpidr[cpu], __ATOMIC_RELAXED);
        uint64_t aff0 = mpidr & 0xff;
        sysreg_write(SYSREG_ICC_SGI1R_EL1,
                     (mpidr >> 32 & 0xff) << ICC_SGI_AFF3_AT |
                         (mpidr >> 16 & 0xff) << ICC_SGI_AFF2_AT |
                         (mpidr >> 8 & 0xff) << ICC_SGI_AFF1_AT | aff0 / 16 << ICC_SGI_RANGE_AT |
                         (uint64_t)IPI_SGI << ICC_SGI_INTID_AT | UINT64_C(1) << aff0 % 16);
    }
}

/* --- the device --- */

/* All SPIs off, not pending, of group 1 and one priority, and to the CPU that runs this. */
static bool distributor_reset(const struct gic *gic)
{
    const struct mmio *distributor = &gic->distributor;
    mmio_write32(distributor, GICD_CTLR, 0);
    if (!looks(distributor, GICD_CTLR, GICD3_CTLR_RWP))
        return false;
    mmio_write32(distributor, GICD_CTLR, GICD3_CTLR_ARE);
    for (uint32_t hwirq = GIC_SPI_FIRST; hwirq < gic->irq_count; hwirq += 32) {
        mmio_write32(distributor, GICD_ICENABLER(hwirq / 32), ~UINT32_C(0));
        mmio_write32(distributor, GICD_ICPENDR(hwirq / 32), ~UINT32_C(0));
        mmio_write32(distributor, GICD_ICACTIVER(hwirq / 32), ~UINT32_C(0));
        mmio_write32(distributor, GICD_IGROUPR(hwirq / 32), ~UINT32_C(0));
    }
    uint64_t boot_cpu = sysreg_read(SYSREG_MPIDR_EL1);
    for (uint32_t hwirq = GIC_SPI_FIRST; hwirq < gic->irq_count; hwirq++) {
        if (hwirq % 4 == 0)
            mmio_write32(distributor, GICD_IPRIORITYR + hwirq, PRIORITY_ALL);
        mmio_write64(distributor, GICD3_IROUTER(hwirq), boot_cpu);
    }
    mmio_write32(distributor, GICD_CTLR, GICD3_CTLR_ARE | GICD3_CTLR_GRP1 | GICD3_CTLR_GRP0);
    return looks(distributor, GICD_CTLR, GICD3_CTLR_RWP);
}

static void hardware_off(const struct gic *gic)
{
    sysreg_write(SYSREG_ICC_IGRPEN1_EL1, 0);
    mmio_write32(&gic->distributor, GICD_CTLR, 0);
}

static void unmap_all(struct gic *gic)
{
    while (gic->frame_count > 0)
        mmio_unmap(&gic->frames[--gic->frame_count].regs);
    mmio_unmap(&gic->distributor);
}

/* The frames of one region: as many as there are CPUs here. What is mapped is what is used; a region
 * has room for all CPUs that a board could have. */
static int frames_map(struct gic *gic, struct mmio region)
{
    uint64_t at = 0, type = 0;
    while ((type & GICR_TYPER_LAST) == 0 && gic->frame_count < CPU_MAX &&
           region.size - at >= GICR_STRIDE) {
        struct frame *frame = &gic->frames[gic->frame_count];
        int err = mmio_map((struct phys_addr){ region.base + at }, GICR_STRIDE, MMIO_MEMORY,
                           &frame->regs);
        if (err)
            return err;
        type = mmio_read64(&frame->regs, GICR_TYPER);
        frame->affinity = (uint32_t)(type >> 32);
        gic->frame_count++;
        uint64_t stride = (type & GICR_TYPER_VLPIS) != 0 ? GICR_STRIDE_VLPIS : GICR_STRIDE;
        if (region.size - at < stride)
            break;
        at += stride;
    }
    return 0;
}

static int map_registers(struct device *device, struct gic *gic)
{
    uint32_t regions = 1;
    int err = device_mmio(device, 0, GICD3_SIZE, &gic->distributor);
    if (err)
        return err;
    device_property_u32(device, "#redistributor-regions", 0, &regions);
    for (uint32_t i = 0; i < regions && i < REGIONS_MAX; i++) {
        struct mmio region;
        err = device_mmio(device, 1 + i, GICR_STRIDE, &region);
        if (err)
            break;
        struct mmio where = region; /* only asked where it is */
        mmio_unmap(&region);
        err = frames_map(gic, where);
        if (err)
            break;
    }
    if (err)
        unmap_all(gic);
    return err;
}

static int probe(struct device *device)
{
    struct gic *gic = kzalloc(sizeof *gic);
    if (gic == NULL)
        return -ENOMEM;
    int err = map_registers(device, gic);
    if (err)
        goto free_gic;
    uint32_t lines = field_get(GICD_TYPER_ITLINES, mmio_read32(&gic->distributor, GICD_TYPER));
    gic->irq_count = (lines + 1) * 32;
    if (gic->irq_count > GIC_INTID_MAX)
        gic->irq_count = GIC_INTID_MAX;
    err = irq_domain_create(device, device_node(device), &domain_ops, gic->irq_count, gic,
                            &gic->domain);
    if (err)
        goto unmap;
    if (!distributor_reset(gic)) {
        log_err("%s: the distributor does not answer", device_name(device));
        err = -EIO;
        goto destroy_domain;
    }
    gic->root = (struct irq_root){ .handle = handle, .cpu_start = cpu_start, .send_ipi = send_ipi };
    err = irq_root_register(&gic->root);
    if (err)
        goto destroy_domain;
    device_set_data(device, gic);
    return 0;
destroy_domain:
    hardware_off(gic);
    irq_domain_destroy(gic->domain);
unmap:
    unmap_all(gic);
free_gic:
    kfree(gic);
    return err;
}

static void remove(struct device *device)
{
    struct gic *gic = device_data(device);
    irq_root_unregister(&gic->root);
    hardware_off(gic);
    irq_domain_destroy(gic->domain);
    unmap_all(gic);
    kfree(gic);
}

static const char *const compatible[] = { "arm,gic-v3", NULL };

const struct driver gic_v3_driver = {
    .name = "gic_v3",
    .compatible = compatible,
    .probe = probe,
    .remove = remove,
};
