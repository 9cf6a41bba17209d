/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* PCI 3.0 section 6.8.2 for MSI-X; drivers/pci/controller/pcie-brcmstb.c for the root complex. A message goes to the SoC
 * through the first window that has its address and ACCESS_EN; without one it is lost, as is one of a function that must not be
 * bus master. Assumed: what a window does whose place is no multiple of its size (the low bits do not count), and
 * that BAR0 stays where the table is (writes of another place are told of). */
#include "rp1_endpoint.h"

#include <hw/regs/rp1_pcie.h>

#define ENTRY_CONTROL 3u
#define COMMAND_WRITABLE \
    (PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_NO_INTX)
#define CONTROL_WRITABLE (PCI_MSIX_CONTROL_ENABLE | PCI_MSIX_CONTROL_MASK)

static const uint32_t bar_mask[3] = { ~(RP1_BAR0_SIZE - 1), ~(RP1_BAR1_SIZE - 1),
                                      ~(RP1_BAR2_SIZE - 1) };
static const uint32_t bar_place[3] = { RP1_BAR0_PLACE, 0, RP1_BAR2_PLACE };

void rp1_endpoint_init(struct rp1_endpoint *e, struct model *model)
{
    e->model = model;
    e->command = PCI_COMMAND_MEMORY;
    for (uint32_t i = 0; i < ARRAY_SIZE(e->bar); i++)
        e->bar[i] = bar_place[i];
    for (uint32_t i = 0; i < RP1_IRQ_COUNT; i++)
        e->table[i][ENTRY_CONTROL] = PCI_MSIX_ENTRY_MASKED;
}

/* --- the function --- */

static uint32_t config_read(const struct rp1_endpoint *e, uint32_t at)
{
    switch (at) {
    case PCI_VENDOR:
        return RP1_PCI_ID;
    case PCI_COMMAND:
        return e->command | PCI_STATUS_CAPABILITIES << 16;
    case PCI_CLASS:
        return RP1_PCI_CLASS;
    case PCI_BAR(0):
    case PCI_BAR(1):
    case PCI_BAR(2):
        return e->bar[(at - PCI_BAR(0)) / 4];
    case PCI_CAPABILITIES:
        return RP1_PCI_MSIX;
    case RP1_PCI_MSIX:
        return PCI_CAP_MSIX | (e->control | (RP1_IRQ_COUNT - 1)) << 16;
    case RP1_PCI_MSIX + PCI_MSIX_TABLE:
        return RP1_MSIX_TABLE;
    case RP1_PCI_MSIX + 8:
        return RP1_MSIX_PBA;
    default:
        return 0;
    }
}

static void bar_write(struct rp1_endpoint *e, uint32_t index, uint32_t value)
{
    value &= bar_mask[index];
    model_reg_set(e->model, &e->bar[index], value);
    if (value != bar_mask[index] && value != bar_place[index])
        model_warn(e->model, "BAR%u is moved to %#x: this model answers at %#x only", index, value,
                   bar_place[index]);
}

static void config_write(struct rp1_endpoint *e, uint32_t at, uint32_t value)
{
    switch (at) {
    case PCI_COMMAND:
        model_reg_set(e->model, &e->command, value & COMMAND_WRITABLE);
        break;
    case PCI_BAR(0):
    case PCI_BAR(1):
    case PCI_BAR(2):
        bar_write(e, (at - PCI_BAR(0)) / 4, value);
        break;
    case RP1_PCI_MSIX:
        model_reg_set(e->model, &e->control, value >> 16 & CONTROL_WRITABLE);
        break;
    default:
        break; /* read only, or not there */
    }
}

uint32_t rp1_table_read(struct rp1_endpoint *e, uint32_t offset)
{
    uint32_t entry = (offset - RP1_MSIX_TABLE) / PCI_MSIX_ENTRY_SIZE;
    if (entry < RP1_IRQ_COUNT)
        return e->table[entry][offset % PCI_MSIX_ENTRY_SIZE / 4];
    if (offset == RP1_MSIX_PBA || offset == RP1_MSIX_PBA + 4)
        return e->pending[(offset - RP1_MSIX_PBA) / 4];
    return 0;
}

void rp1_table_write(struct rp1_endpoint *e, uint32_t offset, uint32_t value)
{
    uint32_t entry = (offset - RP1_MSIX_TABLE) / PCI_MSIX_ENTRY_SIZE;
    uint32_t word = offset % PCI_MSIX_ENTRY_SIZE / 4;
    if (entry >= RP1_IRQ_COUNT) {
        model_warn(e->model, "write of %#x to BAR0 offset %#x", value, offset);
        return;
    }
    if (word == ENTRY_CONTROL)
        value &= PCI_MSIX_ENTRY_MASKED;
    model_reg_set(e->model, &e->table[entry][word], word == 0 ? value & ~3u : value);
}

/* --- the root complex --- */

static bool is_rp1(const struct rp1_endpoint *e)
{
    return e->index == PCI_ECAM_AT(RP1_PCI_BUS, 0, 0);
}

/* The register of a window; NULL: another. */
static uint32_t *window_register(struct rp1_endpoint *e, uint32_t offset)
{
    for (uint32_t n = 1; n <= BRCM_PCIE_WINDOWS; n++) {
        struct rp1_window *w = &e->window[n - 1];
        if (offset == BRCM_PCIE_BAR_LO(n))
            return &w->bar_lo;
        if (offset == BRCM_PCIE_BAR_HI(n))
            return &w->bar_hi;
        if (offset == BRCM_PCIE_REMAP_LO(n))
            return &w->remap_lo;
        if (offset == BRCM_PCIE_REMAP_HI(n))
            return &w->remap_hi;
    }
    return NULL;
}

uint32_t rp1_bridge_read(struct rp1_endpoint *e, uint32_t offset)
{
    const uint32_t *window = window_register(e, offset);
    if (window != NULL)
        return *window;
    if (offset == BRCM_PCIE_STATUS)
        return BRCM_PCIE_STATUS_LINK_UP | BRCM_PCIE_STATUS_DL_ACTIVE | BRCM_PCIE_STATUS_PORT;
    if (offset == BRCM_PCIE_CONFIG_INDEX)
        return e->index;
    if (offset >= BRCM_PCIE_CONFIG && offset < BRCM_PCIE_CONFIG + PCI_ECAM_SIZE)
        return is_rp1(e) ? config_read(e, offset - BRCM_PCIE_CONFIG) : UINT32_MAX;
    model_warn(e->model, "read of the bridge's %#x, which is not modelled", offset);
    return 0;
}

void rp1_bridge_write(struct rp1_endpoint *e, uint32_t offset, uint32_t value)
{
    uint32_t *window = window_register(e, offset);
    if (window != NULL)
        model_reg_set(e->model, window, value);
    else if (offset == BRCM_PCIE_CONFIG_INDEX)
        model_reg_set(e->model, &e->index, value & GENMASK(27, 12));
    else if (offset >= BRCM_PCIE_CONFIG && offset < BRCM_PCIE_CONFIG + PCI_ECAM_SIZE && is_rp1(e))
        config_write(e, offset - BRCM_PCIE_CONFIG, value);
    else
        model_warn(e->model, "write of %#x to the bridge's %#x, which is not modelled", value,
                   offset);
}

/* --- messages --- */

static bool inbound(const struct rp1_endpoint *e, uint64_t pci, uint64_t *out)
{
    for (uint32_t i = 0; i < BRCM_PCIE_WINDOWS; i++) {
        const struct rp1_window *w = &e->window[i];
        uint64_t size = brcm_pcie_bar_bytes(w->bar_lo & BRCM_PCIE_BAR_SIZE);
        uint64_t base = ((uint64_t)w->bar_hi << 32 | w->bar_lo) & ~(size - 1);
        if (size == 0 || pci < base || pci - base >= size ||
            (w->remap_lo & BRCM_PCIE_REMAP_ENABLE) == 0)
            continue;
        *out = ((uint64_t)w->remap_hi << 32 | (w->remap_lo & ~UINT32_C(0xfff))) + (pci - base);
        return true;
    }
    return false;
}

static bool masked(const struct rp1_endpoint *e, uint32_t vector)
{
    return (e->control & PCI_MSIX_CONTROL_MASK) != 0 ||
           (e->table[vector][ENTRY_CONTROL] & PCI_MSIX_ENTRY_MASKED) != 0;
}

static bool enabled(const struct rp1_endpoint *e)
{
    return (e->control & PCI_MSIX_CONTROL_ENABLE) != 0;
}

enum rp1_route rp1_endpoint_send(struct rp1_endpoint *e, uint32_t vector, uint64_t *address,
                                 uint32_t *data)
{
    const uint32_t *entry = e->table[vector];
    uint64_t pci = (uint64_t)entry[1] << 32 | entry[0];
    *data = entry[2];
    if (!enabled(e)) {
        model_warn(e->model, "message of source %u: MSI-X is not enabled", vector);
        return RP1_ROUTE_LOST;
    }
    if (masked(e, vector)) {
        model_reg_set(e->model, &e->pending[vector / 32],
                      e->pending[vector / 32] | BIT(vector % 32));
        return RP1_ROUTE_MASKED;
    }
    if ((e->command & PCI_COMMAND_MASTER) == 0) {
        model_warn(e->model, "message of source %u: RP1 may not be bus master", vector);
        return RP1_ROUTE_LOST;
    }
    if (inbound(e, pci, address))
        return RP1_ROUTE_PASSES;
    model_warn(e->model, "message of source %u: no inbound window has PCI address %#llx", vector,
               (unsigned long long)pci);
    return RP1_ROUTE_LOST;
}

uint32_t rp1_endpoint_pending(struct rp1_endpoint *e)
{
    if (!enabled(e))
        return RP1_IRQ_COUNT;
    for (uint32_t i = 0; i < RP1_IRQ_COUNT; i++) {
        if ((e->pending[i / 32] & BIT(i % 32)) == 0 || masked(e, i))
            continue;
        model_reg_set(e->model, &e->pending[i / 32], e->pending[i / 32] & ~BIT(i % 32));
        return i;
    }
    return RP1_IRQ_COUNT;
}
