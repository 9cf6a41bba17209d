/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Interrupts of PCI functions.
 *
 * MSI-X (PCI 3.0 section 6.8.2): the function writes to an address that the host's msi-parent gives.
 * Line interrupts: by the host's interrupt-map (IEEE 1275 PCI binding; Devicetree Specification 0.4
 * section 2.4.3); on a PC, where that is in AML, by the number that the firmware left in the function
 * (section 6.2.4), which `axiom,isa-irqs` makes a pin of the I/O APIC. */
#include <axiom/errno.h>
#include <axiom/log.h>

#include <drivers/pci.h>

#define MAP_CELLS_MAX 64u /* entries of an interrupt-map that are looked at */

/* --- MSI-X --- */

static struct irq_domain *msi_domain(struct pci_function *function)
{
    struct device *parent;
    struct device *host = pci_host_device(function->host);
    return device_property_device(host, "msi-parent", 0, &parent) == 0 ? irq_domain_find(parent)
                                                                       : NULL;
}

static void control_write(struct pci_function *function, uint32_t bits)
{
    uint32_t control = pci_config_read(function, function->msix_at + PCI_MSIX_CONTROL, 2);
    control &= ~(uint32_t)(PCI_MSIX_CONTROL_ENABLE | PCI_MSIX_CONTROL_MASK);
    pci_config_write(function, function->msix_at + PCI_MSIX_CONTROL, 2, control | bits);
}

int pci_msix_enable(struct pci_function *function)
{
    uint32_t at = pci_capability(function, PCI_CAP_MSIX, PCI_MSIX_CAP_SIZE, 0);
    function->msi = msi_domain(function);
    if (at == 0 || function->msi == NULL)
        return -EOPNOTSUPP;
    uint32_t table = pci_config_read(function, at + PCI_MSIX_TABLE, 4);
    uint32_t count = PCI_MSIX_CONTROL_COUNT(pci_config_read(function, at + PCI_MSIX_CONTROL, 2));
    if (count < PCI_VECTOR_MAX)
        return -EOPNOTSUPP;
    int err = pci_bar_map(function, PCI_MSIX_BIR(table), PCI_MSIX_OFFSET(table),
                          (uint64_t)count * PCI_MSIX_ENTRY_SIZE, &function->msix_table);
    if (err)
        return -EOPNOTSUPP;
    function->msix_at = at;
    control_write(function, PCI_MSIX_CONTROL_ENABLE | PCI_MSIX_CONTROL_MASK);
    for (uint32_t i = 0; i < count; i++)
        mmio_write32(&function->msix_table, i * PCI_MSIX_ENTRY_SIZE + 12, PCI_MSIX_ENTRY_MASKED);
    control_write(function, PCI_MSIX_CONTROL_ENABLE);
    return 0;
}

int pci_msix_request(struct pci_function *function, uint32_t entry, irq_handler *handler,
                     void *context)
{
    struct irq_message message;
    struct irq *irq;
    int err = irq_message_allocate(function->msi, &irq, &message);
    if (err)
        return err;
    err = irq_request(irq, handler, context, function->name);
    if (err) {
        irq_message_free(irq);
        return err;
    }
    const struct mmio *table = &function->msix_table;
    uint32_t at = entry * PCI_MSIX_ENTRY_SIZE;
    mmio_write32(table, at, (uint32_t)message.address);
    mmio_write32(table, at + 4, (uint32_t)(message.address >> 32));
    mmio_write32(table, at + 8, message.data);
    mmio_write32(table, at + 12, 0);
    function->vectors[entry] = irq;
    return 0;
}

void pci_msix_disable(struct pci_function *function)
{
    if (function->msix_at == 0)
        return;
    control_write(function, PCI_MSIX_CONTROL_MASK);
    for (uint32_t i = 0; i < PCI_VECTOR_MAX; i++) {
        if (function->vectors[i] == NULL)
            continue;
        mmio_write32(&function->msix_table, i * PCI_MSIX_ENTRY_SIZE + 12, PCI_MSIX_ENTRY_MASKED);
        irq_free(function->vectors[i]);
        irq_message_free(function->vectors[i]);
        function->vectors[i] = NULL;
    }
    mmio_unmap(&function->msix_table);
    function->msix_at = 0;
}

/* --- lines --- */

/* Cell `index` of a property of the host's; 0 if it is not there. */
static uint32_t cell(const struct device *host, const char *name, uint32_t index)
{
    uint32_t value = 0;
    (void)device_property_u32(host, name, index, &value);
    return value;
}

static int map_parent(const struct device *host, uint32_t at, struct irq_domain **domain,
                      uint32_t *address_cells, uint32_t *interrupt_cells)
{
    int node = fdt_node_by_phandle(cell(host, "interrupt-map", at));
    if (node < 0 || fdt_node_u32(node, "#interrupt-cells", 0, interrupt_cells) != 0 ||
        *interrupt_cells == 0 || *interrupt_cells > 4)
        return -EINVAL;
    *address_cells = 0;
    (void)fdt_node_u32(node, "#address-cells", 0, address_cells);
    if (*address_cells > 3)
        return -EINVAL;
    struct device *parent = device_at_node(node);
    *domain = parent != NULL ? irq_domain_find(parent) : NULL;
    return 0;
}

static int by_map(struct pci_function *function, uint32_t pin, struct irq **out)
{
    const struct device *host = pci_host_device(function->host);
    const uint32_t wanted[4] = { (uint32_t)function->bus << 16 | (uint32_t)function->device << 11 |
                                     (uint32_t)function->function << 8,
                                 0, 0, pin };
    uint32_t none, at = 0;
    for (uint32_t i = 0; i < MAP_CELLS_MAX; i++) {
        bool same = true;
        struct irq_domain *domain;
        uint32_t address_cells, interrupt_cells;
        if (device_property_u32(host, "interrupt-map", at + 4, &none) != 0)
            return -ENOENT;
        for (uint32_t k = 0; k < 4; k++) {
            uint32_t mask = cell(host, "interrupt-map-mask", k);
            same = same && (cell(host, "interrupt-map", at + k) & mask) == (wanted[k] & mask);
        }
        if (map_parent(host, at + 4, &domain, &address_cells, &interrupt_cells) != 0)
            return -EINVAL;
        uint32_t cells[4];
        for (uint32_t k = 0; k < interrupt_cells; k++)
            cells[k] = cell(host, "interrupt-map", at + 5 + address_cells + k);
        if (same)
            return domain != NULL ? irq_domain_map_cells(domain, cells, interrupt_cells, out)
                                  : -EPROBE_DEFER;
        at += 5 + address_cells + interrupt_cells;
    }
    return -ENOENT;
}

static int by_firmware(struct pci_function *function, struct irq **out)
{
    struct device *host = pci_host_device(function->host), *parent;
    uint32_t line = pci_config_read(function, PCI_INTERRUPT_LINE, 1);
    uint32_t cells[2];
    if (line == 0 || line > 15 ||
        device_property_u32(host, "axiom,isa-irqs", 2 * line + 1, &cells[1]) != 0)
        return -ENOENT;
    cells[0] = cell(host, "axiom,isa-irqs", 2 * line);
    int err = device_property_device(host, "interrupt-parent", 0, &parent);
    if (err)
        return err;
    struct irq_domain *domain = irq_domain_find(parent);
    return domain != NULL ? irq_domain_map_cells(domain, cells, 2, out) : -ENOENT;
}

int pci_intx_request(struct pci_function *function, irq_handler *handler, void *context)
{
    struct irq *irq;
    uint32_t pin = pci_config_read(function, PCI_INTERRUPT_PIN, 1), none;
    if (pin == 0 || pin > 4)
        return -ENOENT;
    bool has_map =
        device_property_u32(pci_host_device(function->host), "interrupt-map", 0, &none) == 0;
    int err = has_map ? by_map(function, pin, &irq) : by_firmware(function, &irq);
    if (err == 0)
        err = irq_request(irq, handler, context, function->name);
    if (err) {
        if (err != -EPROBE_DEFER)
            log_err("%s: no interrupt: error %d", function->name, err);
        return err;
    }
    uint32_t command = pci_config_read(function, PCI_COMMAND, 2);
    pci_config_write(function, PCI_COMMAND, 2, command & ~PCI_COMMAND_NO_INTX);
    function->intx = irq;
    return 0;
}

void pci_intx_free(struct pci_function *function)
{
    if (function->intx == NULL)
        return;
    uint32_t command = pci_config_read(function, PCI_COMMAND, 2);
    pci_config_write(function, PCI_COMMAND, 2, command | PCI_COMMAND_NO_INTX);
    irq_free(function->intx);
    function->intx = NULL;
}
