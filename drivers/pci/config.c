/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Configuration space of one function: capabilities, BARs. */
#include "config.h"

#include <axiom/errno.h>
#include <axiom/log.h>

uint32_t pci_capability(struct pci_function *function, uint32_t kind, uint32_t size, uint32_t index)
{
    if ((pci_config_read(function, PCI_STATUS, 2) & PCI_STATUS_CAPABILITIES) == 0)
        return 0;
    uint32_t at = pci_config_read(function, PCI_CAPABILITIES, 1);
    /* A list cannot have more members than there is room: one that goes on loops. */
    for (uint32_t i = 0; i < (PCI_CONFIG_SIZE - PCI_CAP_FIRST) / 4; i++) {
        at &= 0xfc;
        if (at < PCI_CAP_FIRST)
            return 0;
        if (pci_config_read(function, at, 1) == kind && at + size <= PCI_CONFIG_SIZE &&
            index-- == 0)
            return at;
        at = pci_config_read(function, at + 1, 1);
    }
    return 0;
}

/* --- BARs (PCI 3.0 section 6.2.5.1) --- */

/* Which of its bits can be set; the register is as before, and the function does not decode
 * meanwhile. */
static uint32_t bar_mask(struct pci_function *function, uint32_t bar, uint32_t value)
{
    pci_config_write(function, PCI_BAR(bar), 4, UINT32_MAX);
    uint32_t mask = pci_config_read(function, PCI_BAR(bar), 4);
    pci_config_write(function, PCI_BAR(bar), 4, value);
    return mask;
}

/* The lowest bit that can be set; 0: none. */
static uint64_t size_of(uint64_t mask)
{
    return mask & (0 - mask);
}

/* How many registers it takes. */
static uint32_t bar_read(struct pci_function *function, uint32_t bar, struct pci_bar *out)
{
    uint32_t low = pci_config_read(function, PCI_BAR(bar), 4);
    uint32_t mask = bar_mask(function, bar, low);
    *out = (struct pci_bar){ 0 };
    if ((low & PCI_BAR_IO) != 0) {
        out->is_io = true;
        out->base = low & ~UINT32_C(3);
        out->size = size_of(mask & 0xfffc);
        return 1;
    }
    bool wide = PCI_BAR_TYPE(low) == PCI_BAR_TYPE_64 && bar + 1 < PCI_BAR_COUNT;
    uint64_t base = low & ~UINT32_C(15), bits = mask & ~UINT32_C(15);
    if (wide) {
        uint32_t high = pci_config_read(function, PCI_BAR(bar + 1), 4);
        base |= (uint64_t)high << 32;
        bits |= (uint64_t)bar_mask(function, bar + 1, high) << 32;
    }
    out->base = base;
    out->size = size_of(bits);
    if (out->size > UINT64_C(1) << 40 || (out->base & (out->size - 1)) != 0)
        out->size = 0;
    return wide ? 2 : 1;
}

void pci_bars_read(struct pci_function *function)
{
    uint32_t command = pci_config_read(function, PCI_COMMAND, 2);
    pci_config_write(function, PCI_COMMAND, 2, command & ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
    for (uint32_t bar = 0; bar < PCI_BAR_COUNT;)
        bar += bar_read(function, bar, &function->bars[bar]);
    pci_config_write(function, PCI_COMMAND, 2, command);
}

void pci_bar_write(struct pci_function *function, uint32_t bar, uint64_t base)
{
    uint32_t low = pci_config_read(function, PCI_BAR(bar), 4);
    pci_config_write(function, PCI_BAR(bar), 4, (uint32_t)base | (low & 15));
    if (PCI_BAR_TYPE(low) == PCI_BAR_TYPE_64)
        pci_config_write(function, PCI_BAR(bar + 1), 4, (uint32_t)(base >> 32));
    function->bars[bar].base = base;
}

int pci_bar_map(struct pci_function *function, uint32_t bar, uint64_t offset, uint64_t size,
                struct mmio *out)
{
    const struct pci_bar *at = bar < PCI_BAR_COUNT ? &function->bars[bar] : NULL;
    if (at == NULL || at->size == 0 || at->is_io || at->base == 0) {
        log_err("%s: BAR %u is no memory", function->name, bar);
        return -ENODEV;
    }
    if (size == 0 || offset > at->size || size > at->size - offset) {
        log_err("%s: BAR %u has 0x%llx bytes; 0x%llx at 0x%llx are wanted", function->name, bar,
                (unsigned long long)at->size, (unsigned long long)size, (unsigned long long)offset);
        return -EINVAL;
    }
    return mmio_map((struct phys_addr){ at->base + offset }, size, MMIO_MEMORY, out);
}
