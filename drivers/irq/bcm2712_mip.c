/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* BCM2712's MIP: turns a write to its doorbell (an MSI-X message) into an edge at the GIC.
 *
 * Vector n, the message's data, raises SPI msi-ranges.first + n - brcm,msi-offset. The GIC's side
 * does masking and ending, so nothing is acknowledged here (irq-bcm2712-mip.c in raspberrypi/linux
 * does the same). A GIC interrupt is taken when a vector is first configured: of the 64, a robot
 * uses a handful. */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/mm.h>
#include <drivers/table.h>
#include <hw/device.h>
#include <hw/irq.h>
#include <hw/regs/bcm2712_mip.h>

struct mip;

struct vector {
    struct mip *mip;
    struct irq *parent; /* NULL until configured */
    uint32_t hwirq;
};

struct mip {
    struct mmio regs;
    struct irq_domain *domain, *parent_domain;
    uint32_t parent_cells[3]; /* of the first vector */
    uint32_t vector_count;
    uint32_t offset; /* brcm,msi-offset: the first vector's number */
    struct vector vectors[MIP_VECTOR_COUNT];
};

static void handle_vector(struct irq *irq, void *context)
{
    const struct vector *vector = context;
    (void)irq;
    irq_domain_handle(vector->mip->domain, vector->hwirq);
}

static int translate(struct irq_domain *domain, const uint32_t *cells, uint32_t count,
                     uint32_t *hwirq, enum irq_type *type)
{
    (void)domain;
    (void)cells;
    (void)count;
    (void)hwirq;
    (void)type;
    log_err("mip: vectors are message data; nothing names them in interrupts");
    return -EINVAL;
}

/* Messages are edges, whatever the source behind them is. */
static int set_type(struct irq_domain *domain, uint32_t hwirq, enum irq_type type)
{
    struct mip *mip = irq_domain_data(domain);
    if (type != IRQ_TYPE_EDGE_RISING)
        return -EINVAL;
    if (hwirq < mip->offset || hwirq - mip->offset >= mip->vector_count) {
        log_err("mip: vector %u is not among the %u from %u", hwirq, mip->vector_count,
                mip->offset);
        return -EINVAL;
    }
    struct vector *vector = &mip->vectors[hwirq - mip->offset];
    if (vector->parent != NULL)
        return 0;
    uint32_t cells[3] = { mip->parent_cells[0], mip->parent_cells[1] + hwirq - mip->offset,
                          mip->parent_cells[2] };
    struct irq *parent;
    int err = irq_domain_map_cells(mip->parent_domain, cells, ARRAY_SIZE(cells), &parent);
    if (err)
        return err;
    *vector = (struct vector){ .mip = mip, .hwirq = hwirq };
    err = irq_request(parent, handle_vector, vector, "mip");
    if (err)
        return err;
    irq_mask(parent);
    vector->parent = parent;
    return 0;
}

static void mask(struct irq_domain *domain, uint32_t hwirq)
{
    struct mip *mip = irq_domain_data(domain);
    struct vector *vector = &mip->vectors[hwirq - mip->offset];
    if (vector->parent != NULL)
        irq_mask(vector->parent);
}

static void unmask(struct irq_domain *domain, uint32_t hwirq)
{
    struct mip *mip = irq_domain_data(domain);
    struct vector *vector = &mip->vectors[hwirq - mip->offset];
    if (vector->parent != NULL)
        irq_unmask(vector->parent);
}

static const struct irq_domain_ops domain_ops = {
    .translate = translate,
    .set_type = set_type,
    .mask = mask,
    .unmask = unmask,
};

/* msi-ranges = <&controller cells-of-the-first-vector... count>, three cells for a GIC. */
static int read_ranges(struct device *device, struct mip *mip)
{
    struct device *parent;
    int err = device_property_device(device, "msi-ranges", 0, &parent);
    if (err == -EPROBE_DEFER)
        return err;
    for (uint32_t cell = 0; err == 0 && cell < ARRAY_SIZE(mip->parent_cells); cell++)
        err = device_property_u32(device, "msi-ranges", 1 + cell, &mip->parent_cells[cell]);
    if (err == 0)
        err = device_property_u32(device, "msi-ranges", 1 + ARRAY_SIZE(mip->parent_cells),
                                  &mip->vector_count);
    if (err == 0)
        mip->parent_domain = irq_domain_find(parent);
    if (err || mip->parent_domain == NULL || mip->vector_count == 0 ||
        mip->vector_count > MIP_VECTOR_COUNT) {
        log_err("%s: msi-ranges must be <&gic 0 first-spi type count>, count 1..%u",
                device_name(device), MIP_VECTOR_COUNT);
        return -EINVAL;
    }
    if (device_property_u32(device, "brcm,msi-offset", 0, &mip->offset) == -ENOENT)
        mip->offset = 0;
    if (mip->offset > MIP_VECTOR_COUNT - mip->vector_count) {
        log_err("%s: brcm,msi-offset %u leaves no room for %u vectors", device_name(device),
                mip->offset, mip->vector_count);
        return -EINVAL;
    }
    return 0;
}

/* All vectors open to the host, closed to the VideoCore, and edges. */
static void hardware_start(const struct mip *mip)
{
    mmio_write32(&mip->regs, MIP_INT_MASKL_HOST, 0);
    mmio_write32(&mip->regs, MIP_INT_MASKH_HOST, 0);
    mmio_write32(&mip->regs, MIP_INT_MASKL_VPU, ~UINT32_C(0));
    mmio_write32(&mip->regs, MIP_INT_MASKH_VPU, ~UINT32_C(0));
    mmio_write32(&mip->regs, MIP_INT_CFGL_HOST, ~UINT32_C(0));
    mmio_write32(&mip->regs, MIP_INT_CFGH_HOST, ~UINT32_C(0));
}

static int probe(struct device *device)
{
    struct mip *mip = kzalloc(sizeof *mip);
    if (mip == NULL)
        return -ENOMEM;
    int err = read_ranges(device, mip);
    if (err)
        goto free_mip;
    err = device_mmio(device, 0, MIP_INT_STATUSH_VPU + 4, &mip->regs);
    if (err)
        goto free_mip;
    err = irq_domain_create(device, device_node(device), &domain_ops,
                            mip->offset + mip->vector_count, mip, &mip->domain);
    if (err)
        goto unmap;
    hardware_start(mip);
    device_set_data(device, mip);
    return 0;
unmap:
    mmio_unmap(&mip->regs);
free_mip:
    kfree(mip);
    return err;
}

static void remove(struct device *device)
{
    struct mip *mip = device_data(device);
    for (uint32_t i = 0; i < mip->vector_count; i++) {
        if (mip->vectors[i].parent != NULL)
            irq_free(mip->vectors[i].parent);
    }
    mmio_write32(&mip->regs, MIP_INT_MASKL_HOST, ~UINT32_C(0));
    mmio_write32(&mip->regs, MIP_INT_MASKH_HOST, ~UINT32_C(0));
    irq_domain_destroy(mip->domain);
    mmio_unmap(&mip->regs);
    kfree(mip);
}

static const char *const compatible[] = { "brcm,bcm2712-mip", NULL };

const struct driver bcm2712_mip_driver = {
    .name = "bcm2712_mip",
    .compatible = compatible,
    .probe = probe,
    .remove = remove,
};
