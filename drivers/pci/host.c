/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* PCI host bridges: by ECAM (bindings/pci/host-generic-pci.yaml), or by the two ports of old PCs.
 *
 * Buses are walked in order of their numbers, from the first; a bridge adds the one that its firmware
 * numbered behind it, which must be higher, so no loop can be made. Where the firmware did not give
 * memory BARs their places, they get them from the host's first memory range. All functions that a
 * driver took are kept in a list; others are told of and forgotten. */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/log.h>
#include <core/mm.h>
#include <core/spinlock.h>
#include <drivers/table.h>

#include "config.h"

#define FUNCTIONS_MAX 256u

static const struct pci_driver *const drivers[] = { &virtio_pci_driver };

struct pci_host {
    struct device *device;
    bool by_ports;
    struct mmio ports;    /* address and data */
    struct spinlock lock; /* they are two accesses */
    uint64_t ecam;        /* physical, of bus 0 */
    uint32_t first_bus, last_bus;
    uint64_t window_at, window_end; /* free memory for BARs; 0: the firmware gave them out */
    struct mmio bus_config;         /* of the bus that is walked */
    uint32_t pending[8];            /* a bit a bus to be walked */
    uint32_t count;
    struct pci_function *functions; /* the last one first */
};

struct device *pci_host_device(const struct pci_host *host)
{
    return host->device;
}

/* --- configuration space --- */

static void port_select(struct pci_function *function, uint32_t offset)
{
    mmio_write32(&function->host->ports, 0,
                 PCI_PORT_AT(function->bus, function->device, function->function) |
                     (offset & 0xfc));
}

uint32_t pci_config_read(struct pci_function *function, uint32_t offset, uint32_t size)
{
    struct pci_host *host = function->host;
    uint32_t at = function->config_at + offset;
    if (!host->by_ports)
        return size == 1   ? mmio_read8(&function->config, at)
               : size == 2 ? mmio_read16(&function->config, at)
                           : mmio_read32(&function->config, at);
    struct irq_state state = spin_lock_irqsave(&host->lock);
    port_select(function, offset);
    uint32_t value = mmio_read32(&host->ports, 4) >> 8 * (offset & 3);
    spin_unlock_irqrestore(&host->lock, state);
    return size == 1 ? value & 0xff : size == 2 ? value & 0xffff : value;
}

void pci_config_write(struct pci_function *function, uint32_t offset, uint32_t size, uint32_t value)
{
    struct pci_host *host = function->host;
    uint32_t at = function->config_at + offset;
    if (!host->by_ports) {
        if (size == 1)
            mmio_write8(&function->config, at, (uint8_t)value);
        else if (size == 2)
            mmio_write16(&function->config, at, (uint16_t)value);
        else
            mmio_write32(&function->config, at, value);
        return;
    }
    struct irq_state state = spin_lock_irqsave(&host->lock);
    port_select(function, offset);
    if (size == 1)
        mmio_write8(&host->ports, 4 + (offset & 3), (uint8_t)value);
    else if (size == 2)
        mmio_write16(&host->ports, 4 + (offset & 2), (uint16_t)value);
    else
        mmio_write32(&host->ports, 4, value);
    spin_unlock_irqrestore(&host->lock, state);
}

/* --- what is found --- */

static void places_give(struct pci_host *host, struct pci_function *function)
{
    if (host->window_end == 0)
        return;
    for (uint32_t i = 0; i < PCI_BAR_COUNT; i++) {
        struct pci_bar *bar = &function->bars[i];
        uint64_t at = align_up64(host->window_at, bar->size != 0 ? bar->size : 1);
        if (bar->size == 0 || bar->is_io || bar->base != 0)
            continue;
        if (at < host->window_at || at > host->window_end || bar->size > host->window_end - at) {
            log_err("%s: no room for the 0x%llx bytes of BAR %u", function->name,
                    (unsigned long long)bar->size, i);
            continue;
        }
        pci_bar_write(function, i, at);
        function->bars_given |= 1u << i;
        host->window_at = at + bar->size;
    }
}

/* Whoever walks the bus next begins with an empty window, and would take these places for the
 * firmware's. The function does not decode memory any more. */
static void places_take_back(struct pci_function *function, uint32_t command)
{
    command &= ~(uint32_t)PCI_COMMAND_MASTER;
    if (function->bars_given != 0)
        command &= ~(uint32_t)PCI_COMMAND_MEMORY;
    pci_config_write(function, PCI_COMMAND, 2, command);
    for (uint32_t i = 0; i < PCI_BAR_COUNT; i++) {
        if ((function->bars_given >> i & 1) != 0)
            pci_bar_write(function, i, 0);
    }
    function->bars_given = 0;
}

static const struct pci_driver *driver_for(const struct pci_function *function)
{
    for (uint32_t i = 0; i < ARRAY_SIZE(drivers); i++) {
        if (drivers[i]->knows(function))
            return drivers[i];
    }
    return NULL;
}

static int start(struct pci_host *host, struct pci_function *function)
{
    uint64_t config = host->ecam + PCI_ECAM_AT(function->bus, function->device, function->function);
    function->config = (struct mmio){ 0 };
    function->config_at = 0;
    int err = host->by_ports ? 0
                             : mmio_map((struct phys_addr){ config }, PCI_ECAM_SIZE, MMIO_MEMORY,
                                        &function->config);
    if (err)
        return err;
    pci_bars_read(function);
    places_give(host, function);
    uint32_t command = pci_config_read(function, PCI_COMMAND, 2);
    pci_config_write(function, PCI_COMMAND, 2,
                     command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_NO_INTX);
    err = function->driver->probe(function);
    if (err) {
        places_take_back(function, command);
        mmio_unmap(&function->config);
    }
    return err;
}

static void stop(struct pci_function *function)
{
    function->driver->remove(function);
    places_take_back(function, pci_config_read(function, PCI_COMMAND, 2));
    mmio_unmap(&function->config);
}

/* -ENOMEM ends the walk; else all is told of here. */
static int offer(struct pci_host *host, const struct pci_function *found)
{
    const struct pci_driver *driver = driver_for(found);
    if (driver == NULL) {
        log_debug("%s: %04x:%04x has no driver here", found->name, found->vendor, found->id);
        return 0;
    }
    struct pci_function *function = kzalloc(sizeof *function);
    if (function == NULL)
        return -ENOMEM;
    *function = *found;
    function->driver = driver;
    int err = start(host, function);
    if (err) {
        if (err != -ENODEV && err != -EPROBE_DEFER)
            log_err("%s: %s failed with error %d", function->name, driver->name, err);
        kfree(function);
        return err == -ENOMEM || err == -EPROBE_DEFER ? err : 0;
    }
    log_info("%s: %s", function->name, driver->name);
    function->next = host->functions;
    host->functions = function;
    return 0;
}

static void bridge_note(struct pci_host *host, struct pci_function *function)
{
    uint32_t behind = pci_config_read(function, PCI_SECONDARY_BUS, 1);
    if (behind > function->bus && behind <= host->last_bus)
        host->pending[behind / 32] |= 1u << behind % 32;
    else
        log_warning("%s: a bridge to bus %u: not a number for a bus behind it; left out",
                    function->name, behind);
}

/* *multi: asked of function 0, whether there are others. */
static int look_at(struct pci_host *host, uint32_t bus, uint32_t device, uint32_t number,
                   bool *multi)
{
    struct pci_function function = {
        .host = host,
        .bus = (uint8_t)bus,
        .device = (uint8_t)device,
        .function = (uint8_t)number,
        .config = host->bus_config, /* for this look only */
        .config_at = PCI_ECAM_AT(0, device, number),
    };
    function.vendor = (uint16_t)pci_config_read(&function, PCI_VENDOR, 2);
    if (function.vendor == PCI_NO_VENDOR)
        return 0;
    uint32_t header = pci_config_read(&function, PCI_HEADER_TYPE, 1);
    if (number == 0)
        *multi = (header & PCI_HEADER_MULTIFUNCTION) != 0;
    header &= ~(uint32_t)PCI_HEADER_MULTIFUNCTION;
    format_text(function.name, sizeof function.name, "pci %02x:%02x.%x", bus, device, number);
    function.id = (uint16_t)pci_config_read(&function, PCI_DEVICE, 2);
    if (++host->count > FUNCTIONS_MAX)
        return -E2BIG;
    if (header == PCI_HEADER_BRIDGE) {
        bridge_note(host, &function);
        return 0;
    }
    function.subsystem = (uint16_t)pci_config_read(&function, PCI_SUBSYSTEM, 2);
    return header == PCI_HEADER_DEVICE ? offer(host, &function) : 0;
}

static int bus_walk(struct pci_host *host, uint32_t bus)
{
    int err = 0;
    for (uint32_t device = 0; device < PCI_DEVICES_PER_BUS && err == 0; device++) {
        bool multi = false;
        err = look_at(host, bus, device, 0, &multi);
        for (uint32_t number = 1; number < PCI_FUNCTIONS && multi && err == 0; number++)
            err = look_at(host, bus, device, number, &multi);
    }
    return err;
}

static int walk(struct pci_host *host)
{
    int err = 0;
    host->pending[host->first_bus / 32] |= 1u << host->first_bus % 32;
    for (uint32_t bus = host->first_bus; bus <= host->last_bus && err == 0; bus++) {
        uint64_t at = host->ecam + ((uint64_t)bus << 20);
        if ((host->pending[bus / 32] >> bus % 32 & 1) == 0)
            continue;
        if (!host->by_ports)
            err = mmio_map((struct phys_addr){ at }, PCI_ECAM_BUS_SIZE, MMIO_MEMORY,
                           &host->bus_config);
        if (err)
            break;
        err = bus_walk(host, bus);
        if (!host->by_ports)
            mmio_unmap(&host->bus_config);
    }
    if (err == -E2BIG) {
        log_err("pci: more than %u functions; the others are left out", FUNCTIONS_MAX);
        err = 0;
    }
    return err;
}

/* --- the host --- */

static void stop_all(struct pci_host *host)
{
    while (host->functions != NULL) {
        struct pci_function *function = host->functions;
        host->functions = function->next;
        stop(function);
        kfree(function);
    }
}

/* The first range of 32-bit memory space, if it is the same on both sides: cells are space, address
 * (2), CPU address (2), size (2). */
static void window_find(struct pci_host *host)
{
    uint32_t c[7];
    for (uint32_t first = 0; first < 64; first += 7) {
        for (uint32_t i = 0; i < 7; i++) {
            if (device_property_u32(host->device, "ranges", first + i, &c[i]) != 0)
                return;
        }
        if ((c[0] >> 24 & 3) != 2 || c[1] != 0 || c[3] != 0 || c[2] != c[4] || c[5] != 0 ||
            c[2] + c[6] < c[2])
            continue;
        host->window_at = c[2] != 0 ? c[2] : PCI_ECAM_SIZE;
        host->window_end = (uint64_t)c[2] + c[6];
        return;
    }
}

/* reg is not mapped as a whole: it is 256 MiB for 256 buses. Its parent has two cells for addresses and
 * sizes, as on all boards with ECAM that we know. */
static int ecam_find(struct pci_host *host)
{
    int parent = fdt_node_parent(device_node(host->device));
    uint32_t reg[4], address_cells = 0, size_cells = 0;
    struct phys_addr at;
    (void)fdt_node_u32(parent, "#address-cells", 0, &address_cells);
    (void)fdt_node_u32(parent, "#size-cells", 0, &size_cells);
    for (uint32_t i = 0; i < 4; i++) {
        if (address_cells != 2 || size_cells != 2 ||
            device_property_u32(host->device, "reg", i, &reg[i]) != 0) {
            log_err("%s: reg is not an address and a size of two cells", device_name(host->device));
            return -EINVAL;
        }
    }
    int err = device_translate(host->device, parent, (uint64_t)reg[0] << 32 | reg[1], &at);
    if (err)
        return err;
    host->ecam = at.value;
    uint64_t buses = ((uint64_t)reg[2] << 32 | reg[3]) >> 20;
    if (device_property_u32(host->device, "bus-range", 0, &host->first_bus) != 0 ||
        device_property_u32(host->device, "bus-range", 1, &host->last_bus) != 0) {
        host->first_bus = 0;
        host->last_bus = 255;
    }
    if (host->first_bus > host->last_bus || host->last_bus > 255 || buses == 0) {
        log_err("%s: bus-range is absurd", device_name(host->device));
        return -EINVAL;
    }
    if (host->last_bus - host->first_bus >= buses)
        host->last_bus = host->first_bus + (uint32_t)buses - 1;
    host->ecam -= (uint64_t)host->first_bus << 20; /* reg is of the first bus */
    return 0;
}

static int ports_find(struct pci_host *host)
{
    host->last_bus = 255;
    return mmio_map((struct phys_addr){ PCI_PORT_ADDRESS }, 8, MMIO_PORT, &host->ports);
}

static int probe(struct device *device)
{
    struct device *parent;
    if (device_property_device(device, "msi-parent", 0, &parent) == -EPROBE_DEFER)
        return -EPROBE_DEFER;
    struct pci_host *host = kzalloc(sizeof *host);
    if (host == NULL)
        return -ENOMEM;
    host->device = device;
    spin_lock_init(&host->lock);
    host->by_ports = device_property_present(device, "axiom,ports");
    int err = host->by_ports ? ports_find(host) : ecam_find(host);
    if (err)
        goto free_host;
    window_find(host);
    err = walk(host);
    if (err)
        goto stop_all;
    device_set_data(device, host);
    return 0;
stop_all:
    stop_all(host);
    if (host->by_ports)
        mmio_unmap(&host->ports);
free_host:
    kfree(host);
    return err;
}

static void remove(struct device *device)
{
    struct pci_host *host = device_data(device);
    stop_all(host);
    if (host->by_ports)
        mmio_unmap(&host->ports);
    kfree(host);
}

static const char *const compatible[] = { "pci-host-ecam-generic", "axiom,pci-ports", NULL };

const struct driver pci_host_driver = {
    .name = "pci",
    .compatible = compatible,
    .probe = probe,
    .remove = remove,
};
