/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* GIC-400, the root interrupt controller (ARM IHI 0048B, GIC architecture 2; DDI 0471B, GIC-400).
 *
 * The distributor decides which interrupt goes to which CPU, the CPU interface hands out the most
 * urgent one: reading IAR acknowledges it, writing the same value to EOIR ends it. All interrupts
 * have one priority, so a CPU never has two of them active and EOIR order does not matter. SPIs go
 * to the boot CPU; SGIs and PPIs (interrupt IDs below 32) are banked per CPU, their enable bits act
 * on the CPU that writes.
 *
 * Interrupt 0 of the SGIs is the kernel's IPI. */
#include "gic.h"

#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/mm.h>
#include <drivers/table.h>
#include <hw/device.h>
#include <hw/irq.h>
#include <hw/regs/gic_v2.h>

#define IPI_SGI          0u
#define PRIORITY_ALL     0xa0a0a0a0u /* the same for each; below PMR's 0xf0, so it is let through */
#define PRIORITY_MASK    0xf0u
#define IRQS_PER_IT_LINE 32u

struct gic {
    struct irq_root root;
    struct mmio distributor, cpu_interface;
    struct irq_domain *domain;
    uint32_t irq_count; /* SGIs, PPIs and SPIs */
    uint32_t unclaimed_count;
};

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

static void mask(struct irq_domain *domain, uint32_t hwirq)
{
    const struct gic *gic = irq_domain_data(domain);
    mmio_write32(&gic->distributor, GICD_ICENABLER(hwirq / 32), BIT(hwirq % 32));
}

static void unmask(struct irq_domain *domain, uint32_t hwirq)
{
    const struct gic *gic = irq_domain_data(domain);
    mmio_write32(&gic->distributor, GICD_ISENABLER(hwirq / 32), BIT(hwirq % 32));
}

static const struct irq_domain_ops domain_ops = {
    .translate = translate,
    .set_type = set_type,
    .mask = mask,
    .unmask = unmask,
};

/* Nobody has it: if it is a level it would come again at once and for ever, so it is switched off.
 */
static void mask_unclaimed(struct gic *gic, uint32_t hwirq)
{
    mask(gic->domain, hwirq);
    if (gic->unclaimed_count++ < 8)
        log_warning("gic: interrupt %u came without a handler; it is masked now", hwirq);
}

/* One interrupt a call. Most come alone, and asking for a second one (a read that says 1023) costs
 * more than taking the exception again when there is one. */
static void handle(struct irq_root *root)
{
    struct gic *gic = CONTAINER_OF(root, struct gic, root);
    uint32_t acknowledged = mmio_read32(&gic->cpu_interface, GICC_IAR);
    uint32_t hwirq = field_get(GICC_IAR_INTID, acknowledged);
    /* 1020..1023 are no interrupts; 1023 says that none is pending any more (IHI 0048B §3.2.4). */
    if (hwirq >= gic->irq_count)
        return;
    if (hwirq == IPI_SGI)
        irq_root_ipi();
    else if (!irq_domain_handle(gic->domain, hwirq))
        mask_unclaimed(gic, hwirq);
    /* The whole value: for an SGI it names the CPU that sent it (§4.4.5). */
    mmio_write32(&gic->cpu_interface, GICC_EOIR, acknowledged);
}

/* The calling CPU's banked part: its PPIs off, its IPI on, its interface open. */
static void cpu_start(struct irq_root *root)
{
    const struct gic *gic = CONTAINER_OF(root, struct gic, root);
    mmio_write32(&gic->distributor, GICD_ICENABLER(0), ~UINT32_C(0));
    for (uint32_t reg = 0; reg < GIC_SPI_FIRST / 4; reg++)
        mmio_write32(&gic->distributor, GICD_IPRIORITYR + reg * 4, PRIORITY_ALL);
    mmio_write32(&gic->distributor, GICD_ISENABLER(0), BIT(IPI_SGI));
    mmio_write32(&gic->cpu_interface, GICC_PMR, PRIORITY_MASK);
    mmio_write32(&gic->cpu_interface, GICC_CTLR, GICC_CTLR_ENABLE);
}

/* CPU interface n of the GIC is CPU index n on every board that has one so far. */
static void send_ipi(struct irq_root *root, uint32_t cpu_mask)
{
    const struct gic *gic = CONTAINER_OF(root, struct gic, root);
    mmio_write32(&gic->distributor, GICD_SGIR, field_prep(GICD_SGIR_TARGETS, cpu_mask) | IPI_SGI);
}

/* All SPIs off, not pending, of one priority, and to the CPU that runs this: its number reads back
 * from its own banked target registers (IHI 0048B §4.3.12). */
static void distributor_reset(const struct gic *gic)
{
    const struct mmio *distributor = &gic->distributor;
    mmio_write32(distributor, GICD_CTLR, 0);
    uint32_t boot_cpu = mmio_read32(distributor, GICD_ITARGETSR) & 0xff;
    if (boot_cpu == 0)
        boot_cpu = 1; /* a uniprocessor's target registers read 0 and are ignored */
    for (uint32_t hwirq = GIC_SPI_FIRST; hwirq < gic->irq_count; hwirq += 32) {
        mmio_write32(distributor, GICD_ICENABLER(hwirq / 32), ~UINT32_C(0));
        mmio_write32(distributor, GICD_ICPENDR(hwirq / 32), ~UINT32_C(0));
        mmio_write32(distributor, GICD_ICACTIVER(hwirq / 32), ~UINT32_C(0));
    }
    for (uint32_t hwirq = GIC_SPI_FIRST; hwirq < gic->irq_count; hwirq += 4) {
        mmio_write32(distributor, GICD_IPRIORITYR + hwirq, PRIORITY_ALL);
        mmio_write32(distributor, GICD_ITARGETSR + hwirq, boot_cpu * UINT32_C(0x01010101));
    }
    mmio_write32(distributor, GICD_CTLR, GICD_CTLR_ENABLE);
}

static void hardware_off(const struct gic *gic)
{
    mmio_write32(&gic->cpu_interface, GICC_CTLR, 0);
    mmio_write32(&gic->distributor, GICD_CTLR, 0);
}

static int map_registers(struct device *device, struct gic *gic)
{
    int err = device_mmio(device, 0, GICD_SGIR + 4, &gic->distributor);
    if (err)
        return err;
    err = device_mmio(device, 1, GICC_EOIR + 4, &gic->cpu_interface);
    if (err)
        mmio_unmap(&gic->distributor);
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
    gic->irq_count = (lines + 1) * IRQS_PER_IT_LINE;
    if (gic->irq_count > GIC_INTID_MAX)
        gic->irq_count = GIC_INTID_MAX;
    err = irq_domain_create(device, device_node(device), &domain_ops, gic->irq_count, gic,
                            &gic->domain);
    if (err)
        goto unmap;
    distributor_reset(gic);
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
    mmio_unmap(&gic->cpu_interface);
    mmio_unmap(&gic->distributor);
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
    mmio_unmap(&gic->cpu_interface);
    mmio_unmap(&gic->distributor);
    kfree(gic);
}

static const char *const compatible[] = { "arm,gic-400", "arm,cortex-a15-gic", "arm,cortex-a9-gic",
                                          NULL };

const struct driver gic_v2_driver = {
    .name = "gic_v2",
    .compatible = compatible,
    .probe = probe,
    .remove = remove,
};
