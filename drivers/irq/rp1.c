/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* RP1's interrupts: the node `rp1` below BCM2712's PCIe root port is their domain.
 *
 * Source n of RP1 sends MSI-X message n, which is vector n of the MIP that msi-parent names. An
 * MSI-X message is always an edge. For a source that holds a level, RP1 sends one message and then
 * waits for IACK; if the level is still there it sends another (MSIX_CFG.IACK_EN; drivers/mfd/rp1.c
 * in raspberrypi/linux). Masking is MSIX_CFG.ENABLE.
 *
 * The firmware has trained the link and assigned BAR1 so that RP1's registers are where the tree's
 * ranges say; rp1_link.c opens the way that messages take. */
#include "rp1_link.h"

#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/mm.h>
#include <drivers/table.h>
#include <hw/device.h>
#include <hw/irq.h>
#include <hw/regs/rp1_msix.h>

#define SOURCE_COUNT RP1_IRQ_COUNT

struct rp1;

struct source {
    struct rp1 *rp1;
    struct irq *vector; /* NULL until configured */
    uint32_t hwirq;
    bool level;
};

struct rp1 {
    struct mmio msix;
    struct rp1_link link;
    struct device *mip;
    struct irq_domain *domain, *msi_domain;
    struct source sources[SOURCE_COUNT];
};

static void handle_message(struct irq *irq, void *context)
{
    const struct source *source = context;
    struct rp1 *rp1 = source->rp1;
    (void)irq;
    irq_domain_handle(rp1->domain, source->hwirq);
    if (source->level)
        mmio_write32(&rp1->msix, RP1_MSIX_CFG(source->hwirq) + RP1_MSIX_ALIAS_SET, RP1_MSIX_IACK);
}

static int translate(struct irq_domain *domain, const uint32_t *cells, uint32_t count,
                     uint32_t *hwirq, enum irq_type *type)
{
    (void)domain;
    if (count < 2 || cells[0] >= SOURCE_COUNT) {
        log_err("rp1: an interrupt specifier is <source type>, source below %u", SOURCE_COUNT);
        return -EINVAL;
    }
    *hwirq = cells[0];
    *type = (enum irq_type)cells[1];
    return 0;
}

static int take_vector(struct rp1 *rp1, struct source *source, uint32_t hwirq)
{
    struct irq *vector;
    int err = irq_domain_map(rp1->msi_domain, hwirq, IRQ_TYPE_EDGE_RISING, &vector);
    if (err)
        return err;
    source->rp1 = rp1;
    source->hwirq = hwirq;
    err = irq_request(vector, handle_message, source, "rp1");
    if (err)
        return err;
    source->vector = vector;
    rp1_link_unmask(&rp1->link, hwirq);
    return 0;
}

static int set_type(struct irq_domain *domain, uint32_t hwirq, enum irq_type type)
{
    struct rp1 *rp1 = irq_domain_data(domain);
    struct source *source = &rp1->sources[hwirq];
    if (type != IRQ_TYPE_LEVEL_HIGH && type != IRQ_TYPE_EDGE_RISING) {
        log_err("rp1: source %u can be level-high or rising-edge, not type %d", hwirq, (int)type);
        return -EINVAL;
    }
    if (source->vector == NULL) {
        int err = take_vector(rp1, source, hwirq);
        if (err)
            return err;
    }
    source->level = type == IRQ_TYPE_LEVEL_HIGH;
    mmio_write32(&rp1->msix,
                 RP1_MSIX_CFG(hwirq) + (source->level ? RP1_MSIX_ALIAS_SET : RP1_MSIX_ALIAS_CLR),
                 RP1_MSIX_IACK_EN);
    return 0;
}

static void mask(struct irq_domain *domain, uint32_t hwirq)
{
    const struct rp1 *rp1 = irq_domain_data(domain);
    mmio_write32(&rp1->msix, RP1_MSIX_CFG(hwirq) + RP1_MSIX_ALIAS_CLR, RP1_MSIX_ENABLE);
}

/* IACK too: if a message was lost, the source would wait for it for ever. */
static void unmask(struct irq_domain *domain, uint32_t hwirq)
{
    const struct rp1 *rp1 = irq_domain_data(domain);
    mmio_write32(&rp1->msix, RP1_MSIX_CFG(hwirq) + RP1_MSIX_ALIAS_SET, RP1_MSIX_ENABLE);
    if (rp1->sources[hwirq].level)
        mmio_write32(&rp1->msix, RP1_MSIX_CFG(hwirq) + RP1_MSIX_ALIAS_SET, RP1_MSIX_IACK);
}

static const struct irq_domain_ops domain_ops = {
    .translate = translate,
    .set_type = set_type,
    .mask = mask,
    .unmask = unmask,
};

static int map_msix(struct device *device, int node, struct rp1 *rp1)
{
    struct phys_addr base;
    int err = device_translate(device, node, RP1_PCIE_APBS_BASE, &base);
    if (err)
        return err;
    err = mmio_map(base, RP1_PCIE_APBS_SIZE, MMIO_MEMORY, &rp1->msix);
    if (err)
        log_err("%s: RP1's interrupt registers at 0x%llx do not answer (error %d); is the link up?",
                device_name(device), (unsigned long long)base.value, -err);
    return err;
}

static int find_msi_domain(struct device *device, struct rp1 *rp1)
{
    int err = device_property_device(device, "msi-parent", 0, &rp1->mip);
    if (err == -EPROBE_DEFER)
        return err;
    if (err == 0)
        rp1->msi_domain = irq_domain_find(rp1->mip);
    if (rp1->msi_domain == NULL) {
        log_err("%s: msi-parent names no interrupt controller; RP1's interrupts cannot arrive",
                device_name(device));
        return -EINVAL;
    }
    return 0;
}

/* A PCIe root port without an RP1 behind it is another driver's. */
static int probe(struct device *device)
{
    int node = fdt_node_child(device_node(device), "rp1");
    if (node < 0)
        return -ENODEV;
    struct rp1 *rp1 = kzalloc(sizeof *rp1);
    if (rp1 == NULL)
        return -ENOMEM;
    int err = find_msi_domain(device, rp1);
    if (err)
        goto free_rp1;
    err = rp1_link_start(&rp1->link, device, node, rp1->mip);
    if (err)
        goto free_rp1;
    err = map_msix(device, node, rp1);
    if (err)
        goto stop_link;
    err = irq_domain_create(device, node, &domain_ops, SOURCE_COUNT, rp1, &rp1->domain);
    if (err)
        goto unmap;
    device_set_data(device, rp1);
    return 0;
unmap:
    mmio_unmap(&rp1->msix);
stop_link:
    rp1_link_stop(&rp1->link);
free_rp1:
    kfree(rp1);
    return err;
}

static void remove(struct device *device)
{
    struct rp1 *rp1 = device_data(device);
    for (uint32_t i = 0; i < SOURCE_COUNT; i++) {
        if (rp1->sources[i].vector == NULL)
            continue;
        mask(rp1->domain, i);
        irq_free(rp1->sources[i].vector);
    }
    irq_domain_destroy(rp1->domain);
    mmio_unmap(&rp1->msix);
    rp1_link_stop(&rp1->link);
    kfree(rp1);
}

static const char *const compatible[] = { "brcm,bcm2712-pcie", NULL };

const struct driver rp1_driver = {
    .name = "rp1",
    .compatible = compatible,
    .probe = probe,
    .remove = remove,
};
