/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* RP1's interrupt sources to PCIe messages: MSIX_CFG of PCIE_APBS (drivers/mfd/rp1.c).
 *
 * Binds to the PCIe bridge's node, below which the tree's `rp1` node is the interrupt controller of
 * 61 sources. A message is always an edge: an enabled source sends one when it goes high. With
 * IACK_EN (level typed) it then sends no other until software writes IACK, at which a source that
 * is still high sends again; without that write a level interrupt is lost for good.
 *
 * A message leaves by the MSI-X table, RP1's configuration space and the root complex's inbound windows (rp1_endpoint.c);
 * it arrives if it is a write to the registers of the bridge's msi-parent, whose vector is the data. Shortened: the link is
 * up, and what else a device could write to goes nowhere. */
#include "rp1_endpoint.h"

#include <axiom/errno.h>
#include <hw/regs/rp1_pcie.h>
#include <hw_models/models.h>

#define REGION_BRIDGE  0u
#define REGION_APBS    1u
#define REGION_SYSINFO 2u
#define REGION_TABLE   3u

struct rp1_msix {
    struct model model;
    struct rp1_endpoint endpoint;
    struct model *msi_parent; /* looked up at the first message */
    uint64_t doorbell;        /* the msi-parent's registers in the SoC */
    uint32_t msi_phandle;
    uint32_t level[2];              /* the sources: their drivers' state, not hashed here */
    uint32_t waiting[2];            /* sent, IACK to come */
    uint32_t config[RP1_IRQ_COUNT]; /* ENABLE, TEST, IACK_EN */
};

static struct rp1_msix *msix_of(struct model *model)
{
    return CONTAINER_OF(model, struct rp1_msix, model);
}

/* A 64-bit address of a bus without ranges of its own. */
static bool find_doorbell(struct rp1_msix *msix)
{
    uint32_t high, low;
    if (msix->msi_parent != NULL)
        return true;
    struct model *parent = model_by_phandle(&msix->model, msix->msi_phandle);
    if (parent == NULL || parent->ops->line_input == NULL ||
        model_node_u32(parent->node, "reg", 0, &high) != 0 ||
        model_node_u32(parent->node, "reg", 1, &low) != 0)
        return false;
    msix->msi_parent = parent;
    msix->doorbell = (uint64_t)high << 32 | low;
    return true;
}

static void send_out(struct rp1_msix *msix, uint32_t irq)
{
    uint64_t address;
    uint32_t data;
    if (rp1_endpoint_send(&msix->endpoint, irq, &address, &data) != RP1_ROUTE_PASSES)
        return;
    if (find_doorbell(msix) && address == msix->doorbell)
        msix->msi_parent->ops->line_input(msix->msi_parent, data, 0, true);
    else
        model_warn(&msix->model, "message of source %u: nobody takes it at %#llx", irq,
                   (unsigned long long)address);
}

static void send(struct rp1_msix *msix, uint32_t irq)
{
    if ((msix->config[irq] & RP1_MSIX_IACK_EN) != 0)
        model_reg_set(&msix->model, &msix->waiting[irq / 32],
                      msix->waiting[irq / 32] | BIT(irq % 32));
    send_out(msix, irq);
}

/* What was masked may leave now. */
static void send_pending(struct rp1_msix *msix)
{
    for (uint32_t irq; (irq = rp1_endpoint_pending(&msix->endpoint)) < RP1_IRQ_COUNT;)
        send_out(msix, irq);
}

/* The source went high, or was enabled or acknowledged while high. */
static void source_high(struct rp1_msix *msix, uint32_t irq)
{
    if ((msix->config[irq] & RP1_MSIX_ENABLE) == 0)
        return;
    if ((msix->waiting[irq / 32] & BIT(irq % 32)) == 0)
        send(msix, irq);
}

static void msix_line_input(struct model *model, uint32_t irq, uint32_t cpu, bool level)
{
    (void)cpu;
    struct rp1_msix *msix = msix_of(model);
    if (irq >= RP1_IRQ_COUNT)
        return;
    uint32_t *word = &msix->level[irq / 32], bit = BIT(irq % 32);
    if (((*word & bit) != 0) == level)
        return;
    *word ^= bit;
    if (level)
        source_high(msix, irq);
}

static void config_write(struct rp1_msix *msix, uint32_t irq, uint32_t value, bool iack)
{
    uint32_t old = msix->config[irq], bit = BIT(irq % 32), half = irq / 32;
    value &= RP1_MSIX_ENABLE | RP1_MSIX_TEST | RP1_MSIX_IACK_EN;
    model_reg_set(&msix->model, &msix->config[irq], value);
    uint32_t risen = value & ~old;
    bool was_waiting = (msix->waiting[half] & bit) != 0;
    if (iack || (value & RP1_MSIX_IACK_EN) == 0)
        model_reg_set(&msix->model, &msix->waiting[half], msix->waiting[half] & ~bit);
    bool high = (msix->level[half] & bit) != 0;
    if (high && ((risen & RP1_MSIX_ENABLE) != 0 || (iack && was_waiting)))
        source_high(msix, irq);
    if ((risen & RP1_MSIX_TEST) != 0 && (value & RP1_MSIX_ENABLE) != 0)
        send(msix, irq);
}

static uint64_t msix_read(struct model *model, const struct model_access *access)
{
    struct rp1_msix *msix = msix_of(model);
    uint32_t offset = (uint32_t)access->offset;
    if (access->size != 4) {
        model_warn(model, "read of %u bytes", access->size);
        return 0;
    }
    if (access->region == REGION_BRIDGE)
        return rp1_bridge_read(&msix->endpoint, offset);
    if (access->region == REGION_TABLE)
        return rp1_table_read(&msix->endpoint, offset);
    if (access->region == REGION_SYSINFO)
        return offset == RP1_CHIP_ID ? RP1_CHIP_ID_VALUE : 0;
    if (offset >= RP1_MSIX_ALIAS_SET)
        offset &= ~RP1_MSIX_ALIAS_MASK;
    if (offset >= RP1_MSIX_CFG(0) && offset < RP1_MSIX_CFG(RP1_IRQ_COUNT))
        return msix->config[(offset - RP1_MSIX_CFG(0)) / 4];
    if (offset == RP1_MSIX_INTSTATL)
        return msix->level[0];
    if (offset == RP1_MSIX_INTSTATH)
        return msix->level[1];
    return 0;
}

static void apbs_write(struct rp1_msix *msix, uint32_t offset, uint32_t value)
{
    uint32_t alias = 0;
    if (offset >= RP1_MSIX_ALIAS_SET) {
        alias = offset & RP1_MSIX_ALIAS_MASK;
        offset &= ~RP1_MSIX_ALIAS_MASK;
    }
    if (offset < RP1_MSIX_CFG(0) || offset >= RP1_MSIX_CFG(RP1_IRQ_COUNT)) {
        model_warn(&msix->model, "write of %#x to PCIE_APBS offset %#x", value, offset);
        return;
    }
    uint32_t irq = (offset - RP1_MSIX_CFG(0)) / 4, old = msix->config[irq];
    bool iack = alias != RP1_MSIX_ALIAS_CLR && (value & RP1_MSIX_IACK) != 0;
    if (alias == RP1_MSIX_ALIAS_SET)
        value |= old;
    else if (alias == RP1_MSIX_ALIAS_CLR)
        value = old & ~value;
    config_write(msix, irq, value, iack);
}

static void msix_write(struct model *model, const struct model_access *access, uint64_t wide)
{
    struct rp1_msix *msix = msix_of(model);
    uint32_t offset = (uint32_t)access->offset, value = (uint32_t)wide;
    if (access->size != 4) {
        model_warn(model, "write of %u bytes", access->size);
        return;
    }
    switch (access->region) {
    case REGION_BRIDGE:
        rp1_bridge_write(&msix->endpoint, offset, value);
        send_pending(msix);
        break;
    case REGION_TABLE:
        rp1_table_write(&msix->endpoint, offset, value);
        send_pending(msix);
        break;
    case REGION_SYSINFO:
        model_warn(model, "write of %#x to SYSINFO offset %#x, which is read only", value, offset);
        break;
    default:
        apbs_write(msix, offset, value);
    }
}

/* The rp1 node's interrupts have two cells: source and type. */
static int msix_translate(struct model *model, const uint32_t *cells, uint32_t count,
                          uint32_t *line)
{
    (void)model;
    if (count < 1 || cells[0] >= RP1_IRQ_COUNT)
        return -EINVAL;
    *line = cells[0];
    return 0;
}

static int msix_init(struct model *model, const struct model_node *node)
{
    struct rp1_msix *msix = msix_of(model);
    if (model_node_u32(node, "msi-parent", 0, &msix->msi_phandle) != 0) {
        model_warn(model, "needs msi-parent");
        return -EINVAL;
    }
    rp1_endpoint_init(&msix->endpoint, model);
    /* A bridge without RP1 behind it (the external connector's) has nothing to answer for. */
    int err = model_region_add(model, REGION_APBS, "rp1", RP1_PCIE_APBS_BASE, RP1_PCIE_APBS_SIZE);
    if (err == -ENOENT)
        return 0;
    if (err == 0)
        err = model_region_add(model, REGION_SYSINFO, "rp1", RP1_BUS_BASE, RP1_SYSINFO_SIZE);
    if (err == 0)
        err = model_region_add(model, REGION_TABLE, NULL, RP1_BAR0_PLACE, RP1_BAR0_SIZE);
    return err;
}

static const char *const msix_compatible[] = { "brcm,bcm2712-pcie", NULL };

const struct model_ops rp1_msix_model = {
    .name = "rp1-msix",
    .compatible = msix_compatible,
    .size = sizeof(struct rp1_msix),
    .init = msix_init,
    .read = msix_read,
    .write = msix_write,
    .line_input = msix_line_input,
    .translate = msix_translate,
};
