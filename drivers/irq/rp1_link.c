/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* As Linux does it (drivers/pci/controller/pcie-brcmstb.c, irq-bcm2712-mip.c, PCI's MSI-X): the window is that of the tree's
 * dma-ranges whose place in the SoC is the MIP; entry n of them is window n + 1. Windows that someone has set up are left as they
 * are: reports say that a wrong one cuts the way to RP1's registers. The firmware trains the link and gives BARs their places;
 * an access to RP1 while the link is down ends in an abort, so the status comes first. */
#include "rp1_link.h"

#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/option.h>
#include <hw/regs/brcm_pcie.h>
#include <hw/regs/rp1_msix.h>
#include <hw/regs/rp1_pcie.h>

#define RANGE_CELLS   7u /* PCI's three, the SoC's two, two of size */
#define RANGES_MAX    16u
#define CAPABILITIES  48u /* more have no room */
#define TABLE_SIZE    (RP1_IRQ_COUNT * PCI_MSIX_ENTRY_SIZE)
#define ENTRY(vector) ((vector)*PCI_MSIX_ENTRY_SIZE)

struct range {
    uint64_t pci, cpu, size;
    uint32_t window;
};

/* --- is it there? --- */

static int check_link(const struct rp1_link *link, const char *name)
{
    const uint32_t up = BRCM_PCIE_STATUS_LINK_UP | BRCM_PCIE_STATUS_DL_ACTIVE;
    uint32_t status = mmio_read32(&link->bridge, BRCM_PCIE_STATUS);
    if ((status & up) == up)
        return 0;
    log_err("%s: the link to RP1 is down (status 0x%x): pciex4_reset=0 in config.txt keeps it",
            name, status);
    return -ENODEV;
}

static int check_chip(struct device *device, struct phys_addr base)
{
    struct mmio sysinfo;
    int err = mmio_map(base, RP1_SYSINFO_SIZE, MMIO_MEMORY, &sysinfo);
    uint32_t id = err == 0 ? mmio_read32(&sysinfo, RP1_CHIP_ID) : 0;
    if (err == 0)
        mmio_unmap(&sysinfo);
    if (id == RP1_CHIP_ID_VALUE)
        return 0;
    log_err("%s: at 0x%llx there is no RP1: CHIP_ID is 0x%x", device_name(device),
            (unsigned long long)base.value, id);
    return -ENODEV;
}

/* --- the window --- */

static bool number(const struct device *device, const char *name, uint32_t cell, uint64_t *out)
{
    uint32_t high, low;
    if (device_property_u32(device, name, cell, &high) != 0 ||
        device_property_u32(device, name, cell + 1, &low) != 0)
        return false;
    *out = (uint64_t)high << 32 | low;
    return true;
}

/* The entry of dma-ranges that the MIP's registers are in. */
static bool find_range(const struct device *device, const struct device *mip, struct range *out)
{
    uint64_t registers;
    if (!number(mip, "reg", 0, &registers))
        return false;
    for (uint32_t i = 0; i < RANGES_MAX; i++) {
        uint32_t at = i * RANGE_CELLS;
        if (!number(device, "dma-ranges", at + 1, &out->pci) ||
            !number(device, "dma-ranges", at + 3, &out->cpu) ||
            !number(device, "dma-ranges", at + 5, &out->size))
            return false;
        out->window = i + 1;
        if (registers == out->cpu)
            return true;
    }
    return false;
}

static uint32_t size_code(uint64_t size)
{
    for (uint32_t code = 1; code <= BRCM_PCIE_BAR_SIZE; code++) {
        if (brcm_pcie_bar_bytes(code) == size)
            return code;
    }
    return 0;
}

static bool window_is_off(const struct rp1_link *link, uint32_t n)
{
    return (mmio_read32(&link->bridge, BRCM_PCIE_BAR_LO(n)) & BRCM_PCIE_BAR_SIZE) == 0;
}

static bool window_is(const struct rp1_link *link, uint32_t n, const struct range *r)
{
    uint32_t low = mmio_read32(&link->bridge, BRCM_PCIE_BAR_LO(n));
    uint32_t remap = mmio_read32(&link->bridge, BRCM_PCIE_REMAP_LO(n));
    return (low & BRCM_PCIE_BAR_SIZE) == size_code(r->size) &&
           (low & ~BRCM_PCIE_BAR_SIZE) == (uint32_t)r->pci &&
           mmio_read32(&link->bridge, BRCM_PCIE_BAR_HI(n)) == (uint32_t)(r->pci >> 32) &&
           remap == ((uint32_t)r->cpu | BRCM_PCIE_REMAP_ENABLE) &&
           mmio_read32(&link->bridge, BRCM_PCIE_REMAP_HI(n)) == (uint32_t)(r->cpu >> 32);
}

static void window_set(const struct rp1_link *link, uint32_t n, const struct range *r)
{
    mmio_write32(&link->bridge, BRCM_PCIE_BAR_LO(n), (uint32_t)r->pci | size_code(r->size));
    mmio_write32(&link->bridge, BRCM_PCIE_BAR_HI(n), (uint32_t)(r->pci >> 32));
    mmio_write32(&link->bridge, BRCM_PCIE_REMAP_LO(n), (uint32_t)r->cpu | BRCM_PCIE_REMAP_ENABLE);
    mmio_write32(&link->bridge, BRCM_PCIE_REMAP_HI(n), (uint32_t)(r->cpu >> 32));
}

/* The tree's window, or the first that is off behind those of the tree's other ranges. */
static uint32_t choose_window(const struct rp1_link *link, const struct range *r)
{
    if (r->window <= BRCM_PCIE_WINDOWS && window_is_off(link, r->window))
        return r->window;
    for (uint32_t n = r->window + 1; n <= BRCM_PCIE_WINDOWS; n++) {
        if (window_is_off(link, n))
            return n;
    }
    return 0;
}

static int open_window(struct rp1_link *link, const struct device *device, const struct device *mip)
{
    struct range r;
    if (!find_range(device, mip, &r) || size_code(r.size) == 0 || (r.pci & (r.size - 1)) != 0 ||
        (r.cpu & 0xfff) != 0) {
        log_err("%s: dma-ranges has no window for %s", device_name(device), device_name(mip));
        return -EINVAL;
    }
    link->doorbell = r.pci;
    for (uint32_t n = 1; n <= BRCM_PCIE_WINDOWS; n++) {
        if (window_is(link, n, &r))
            return 0;
    }
    uint32_t n = choose_window(link, &r);
    if (n == 0) {
        log_err("%s: all inbound windows are taken", device_name(device));
        return -ENOSPC;
    }
    log_info("%s: inbound window %u, PCI 0x%llx to 0x%llx, is opened", device_name(device), n,
             (unsigned long long)r.pci, (unsigned long long)r.cpu);
    window_set(link, n, &r);
    return window_is(link, n, &r) ? 0 : -EIO;
}

/* --- RP1's messages --- */

static uint32_t config_read(const struct rp1_link *link, uint32_t at)
{
    mmio_write32(&link->bridge, BRCM_PCIE_CONFIG_INDEX, PCI_ECAM_AT(RP1_PCI_BUS, 0, 0));
    return mmio_read32(&link->bridge, BRCM_PCIE_CONFIG + at);
}

static void config_write(const struct rp1_link *link, uint32_t at, uint32_t value)
{
    mmio_write32(&link->bridge, BRCM_PCIE_CONFIG_INDEX, PCI_ECAM_AT(RP1_PCI_BUS, 0, 0));
    mmio_write32(&link->bridge, BRCM_PCIE_CONFIG + at, value);
}

static uint32_t find_msix(const struct rp1_link *link)
{
    uint32_t at = config_read(link, PCI_CAPABILITIES) & 0xfc;
    for (uint32_t i = 0; i < CAPABILITIES && at >= PCI_CAP_FIRST; i++) {
        uint32_t head = config_read(link, at);
        if ((head & 0xff) == PCI_CAP_MSIX)
            return at;
        at = head >> 8 & 0xfc;
    }
    return 0;
}

/* BAR0 has a place, or is given Linux's; what is at the beginning of the tree's ranges is PCI address 0. */
static int map_table(struct rp1_link *link, struct phys_addr base)
{
    uint32_t place = config_read(link, PCI_BAR(0)) & ~15u;
    uint32_t table = config_read(link, link->msix_at + PCI_MSIX_TABLE);
    uint32_t control = config_read(link, link->msix_at) >> 16;
    if (PCI_MSIX_BIR(table) != 0 || PCI_MSIX_CONTROL_COUNT(control) < RP1_IRQ_COUNT)
        return -EINVAL;
    if (place == 0) {
        place = RP1_BAR0_PLACE;
        config_write(link, PCI_BAR(0), place);
    }
    base.value += place + PCI_MSIX_OFFSET(table);
    return mmio_map(base, TABLE_SIZE, MMIO_MEMORY, &link->table);
}

/* The capability's first word: id and next are read only. */
static void control_write(const struct rp1_link *link, uint32_t bits)
{
    config_write(link, link->msix_at, bits << 16);
}

static int start_messages(struct rp1_link *link, struct phys_addr base)
{
    if (config_read(link, PCI_VENDOR) != RP1_PCI_ID)
        return -ENODEV;
    link->msix_at = find_msix(link);
    if (link->msix_at == 0)
        return -ENOENT;
    int err = map_table(link, base);
    if (err)
        return err;
    link->has_table = true;
    uint32_t command = config_read(link, PCI_COMMAND) & 0xffff; /* status is cleared by ones */
    config_write(link, PCI_COMMAND, command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    control_write(link, PCI_MSIX_CONTROL_ENABLE | PCI_MSIX_CONTROL_MASK);
    for (uint32_t i = 0; i < RP1_IRQ_COUNT; i++)
        mmio_write32(&link->table, ENTRY(i) + 12, PCI_MSIX_ENTRY_MASKED);
    control_write(link, PCI_MSIX_CONTROL_ENABLE);
    return 0;
}

void rp1_link_unmask(const struct rp1_link *link, uint32_t vector)
{
    if (!link->has_table)
        return;
    mmio_write32(&link->table, ENTRY(vector), (uint32_t)link->doorbell);
    mmio_write32(&link->table, ENTRY(vector) + 4, (uint32_t)(link->doorbell >> 32));
    mmio_write32(&link->table, ENTRY(vector) + 8, vector);
    mmio_write32(&link->table, ENTRY(vector) + 12, 0);
}

/* --- all of it --- */

int rp1_link_start(struct rp1_link *link, struct device *device, int node, struct device *mip)
{
    struct phys_addr base;
    *link = (struct rp1_link){ .has_bridge = false };
    if (option_given("rp1.keep"))
        return 0;
    int err = device_translate(device, node, RP1_BUS_BASE, &base);
    if (err == 0)
        err = device_mmio(device, 0, BRCM_PCIE_CONFIG_INDEX + 4, &link->bridge);
    if (err)
        return err;
    link->has_bridge = true;
    err = check_link(link, device_name(device));
    if (err == 0)
        err = check_chip(device, base);
    if (err) {
        rp1_link_stop(link);
        return err;
    }
    err = open_window(link, device, mip);
    if (err == 0)
        err = start_messages(link, base);
    if (err)
        log_warning("%s: RP1's interrupts may not arrive (error %d); gpio.poll_us=100 polls pins",
                    device_name(device), -err);
    return 0;
}

void rp1_link_stop(struct rp1_link *link)
{
    if (link->has_table) {
        control_write(link, 0);
        mmio_unmap(&link->table);
    }
    if (link->has_bridge)
        mmio_unmap(&link->bridge);
    link->has_table = link->has_bridge = false;
}
