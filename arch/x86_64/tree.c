/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* PCs have no device tree, so one is written at boot: drivers then find their hardware on all boards
 * in the same way. Node names and compatibles are Linux's of the one x86 board that has such trees
 * (arch/x86/platform/ce4100/falconfalls.dts). Phandle 1 is the local APIC, 2 and up the I/O APICs. */
#include "tree.h"

#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/string.h>
#include <libfdt.h>

#include "cpu.h"

#define PHANDLE_LAPIC      1u
#define PHANDLE_IOAPIC     2u
#define SENSE_EDGE_RISING  0u /* of <pin sense>, drivers/irq/ioapic.c */
#define SENSE_LEVEL_LOW    1u
#define SENSE_LEVEL_HIGH   2u
#define SENSE_EDGE_FALLING 3u
#define HPET_SIZE          0x400u
#define IOAPIC_SIZE        0x20u
#define ISA_IO             1u /* of an address's first cell: it is a port */
#define COM1_SIZE          8u

static int begin(void *fdt, const char *name, uint64_t address)
{
    char text[48];
    format_text(text, sizeof text, "%s@%llx", name, (unsigned long long)address);
    return fdt_begin_node(fdt, text);
}

static int reg(void *fdt, uint64_t base, uint64_t size)
{
    const fdt64_t cells[2] = { cpu_to_fdt64(base), cpu_to_fdt64(size) };
    return fdt_property(fdt, "reg", cells, (int)sizeof cells);
}

static int controller(void *fdt, const char *compatible, uint32_t phandle)
{
    int err = fdt_property(fdt, "compatible", compatible, (int)strlen(compatible) + 1);
    err |= fdt_property(fdt, "interrupt-controller", NULL, 0);
    err |= fdt_property_u32(fdt, "#interrupt-cells", 2);
    err |= fdt_property_u32(fdt, "phandle", phandle);
    return err;
}

static int lapic(void *fdt, const struct acpi_info *acpi, const struct calibration *clocks)
{
    int err = begin(fdt, "lapic", acpi->lapic);
    err |= controller(fdt, "intel,ce4100-lapic", PHANDLE_LAPIC);
    err |= reg(fdt, acpi->lapic, 0x1000);
    if (x86_lapic_is_x2())
        err |= fdt_property(fdt, "axiom,x2apic", NULL, 0);
    if (clocks->lapic_hz != 0 && clocks->lapic_hz <= UINT32_MAX)
        err |= fdt_property_u32(fdt, "clock-frequency", (uint32_t)clocks->lapic_hz);
    return err | fdt_end_node(fdt);
}

static int ioapic(void *fdt, const struct acpi_info *acpi, uint32_t index)
{
    int err = begin(fdt, "ioapic", acpi->ioapics[index].base);
    err |= controller(fdt, "intel,ce4100-ioapic", PHANDLE_IOAPIC + index);
    err |= reg(fdt, acpi->ioapics[index].base, IOAPIC_SIZE);
    err |= fdt_property_u32(fdt, "axiom,gsi-base", acpi->ioapics[index].gsi_base);
    err |= fdt_property_u32(fdt, "axiom,destination", x86_lapic_id());
    err |= fdt_property_u32(fdt, "interrupt-parent", PHANDLE_LAPIC);
    return err | fdt_end_node(fdt);
}

static int hpet(void *fdt, const struct acpi_info *acpi)
{
    int err = begin(fdt, "hpet", acpi->hpet);
    err |= fdt_property_string(fdt, "compatible", "intel,ce4100-hpet");
    err |= reg(fdt, acpi->hpet, HPET_SIZE);
    return err | fdt_end_node(fdt);
}

static int tsc(void *fdt, const struct calibration *clocks)
{
    int err = fdt_begin_node(fdt, "tsc");
    err |= fdt_property_string(fdt, "compatible", "axiom,tsc");
    err |= fdt_property_u64(fdt, "clock-frequency", clocks->tsc_hz);
    if (clocks->tsc_invariant)
        err |= fdt_property(fdt, "always-on", NULL, 0);
    return err | fdt_end_node(fdt);
}

/* The I/O APIC whose pins hold this global interrupt; its phandle, and the pin. The one with the highest
 * first interrupt that is not above: they have no sizes here. 0: none. */
static uint32_t ioapic_of(const struct acpi_info *acpi, uint32_t gsi, uint32_t *pin)
{
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < acpi->ioapic_count; i++) {
        uint32_t first = acpi->ioapics[i].gsi_base;
        if (first <= gsi && (best == UINT32_MAX || first > acpi->ioapics[best].gsi_base))
            best = i;
    }
    if (best == UINT32_MAX)
        return 0;
    *pin = gsi - acpi->ioapics[best].gsi_base;
    return PHANDLE_IOAPIC + best;
}

static int virtio(void *fdt, const struct acpi_info *acpi, uint32_t index)
{
    uint32_t pin = 0, phandle = ioapic_of(acpi, acpi->virtio[index].gsi, &pin);
    bool edge = acpi->virtio[index].edge, low = acpi->virtio[index].low;
    uint32_t sense = edge ? (low ? SENSE_EDGE_FALLING : SENSE_EDGE_RISING)
                          : (low ? SENSE_LEVEL_LOW : SENSE_LEVEL_HIGH);
    if (phandle == 0)
        return 0;
    const fdt32_t interrupt[2] = { cpu_to_fdt32(pin), cpu_to_fdt32(sense) };
    int err = begin(fdt, "virtio_mmio", acpi->virtio[index].base);
    err |= fdt_property_string(fdt, "compatible", "virtio,mmio");
    err |= reg(fdt, acpi->virtio[index].base, acpi->virtio[index].size);
    err |= fdt_property_u32(fdt, "interrupt-parent", phandle);
    err |= fdt_property(fdt, "interrupts", interrupt, (int)sizeof interrupt);
    return err | fdt_end_node(fdt);
}

/* The first serial port, where PCs have always had it, on ISA's interrupt 4: an edge, high, to the pin of the same number
 * unless MADT says otherwise (5.2.12.5). What firmware knows of it is in AML, which nobody reads here. */
static int com1(void *fdt, const struct acpi_info *acpi)
{
    const uint32_t line = 4, clock_hz = 1843200;
    uint32_t gsi = line, pin = 0, sense = SENSE_EDGE_RISING;
    for (uint32_t i = 0; i < acpi->override_count; i++) {
        if (acpi->overrides[i].isa_irq != line)
            continue;
        bool level = acpi->overrides[i].level, low = acpi->overrides[i].low;
        gsi = acpi->overrides[i].gsi;
        sense = level ? (low ? SENSE_LEVEL_LOW : SENSE_LEVEL_HIGH)
                      : (low ? SENSE_EDGE_FALLING : SENSE_EDGE_RISING);
    }
    uint32_t phandle = ioapic_of(acpi, gsi, &pin);
    if (phandle == 0)
        return 0;
    const fdt32_t interrupt[2] = { cpu_to_fdt32(pin), cpu_to_fdt32(sense) };
    const fdt32_t ports[3] = { cpu_to_fdt32(ISA_IO), cpu_to_fdt32(COM1), cpu_to_fdt32(COM1_SIZE) };
    int err = fdt_begin_node(fdt, "isa");
    err |= fdt_property_u32(fdt, "#address-cells", 2);
    err |= fdt_property_u32(fdt, "#size-cells", 1);
    err |= fdt_begin_node(fdt, "serial@i3f8");
    err |= fdt_property_string(fdt, "compatible", "ns16550a");
    err |= fdt_property(fdt, "reg", ports, (int)sizeof ports);
    err |= fdt_property_u32(fdt, "clock-frequency", clock_hz);
    err |= fdt_property_u32(fdt, "interrupt-parent", phandle);
    err |= fdt_property(fdt, "interrupts", interrupt, (int)sizeof interrupt);
    err |= fdt_end_node(fdt);
    return err | fdt_end_node(fdt);
}

/* For functions that send no messages: where the 16 interrupts that firmware knows go. PCI's are level,
 * low unless MADT says otherwise. */
static int isa_irqs(void *fdt, const struct acpi_info *acpi)
{
    fdt32_t cells[32];
    for (uint32_t i = 0; i < 16; i++) {
        uint32_t pin = i, sense = SENSE_LEVEL_LOW;
        for (uint32_t k = 0; k < acpi->override_count; k++) {
            if (acpi->overrides[k].isa_irq != i)
                continue;
            pin = acpi->overrides[k].gsi - acpi->ioapics[0].gsi_base;
            sense = acpi->overrides[k].low ? SENSE_LEVEL_LOW : SENSE_LEVEL_HIGH;
        }
        cells[2 * i] = cpu_to_fdt32(pin);
        cells[2 * i + 1] = cpu_to_fdt32(sense);
    }
    return fdt_property(fdt, "axiom,isa-irqs", cells, (int)sizeof cells);
}

/* By MCFG's window; without one, by the ports that PCs have always had. */
static int pci(void *fdt, const struct acpi_info *acpi)
{
    bool ports = acpi->ecam == 0 || acpi->ecam_last_bus < acpi->ecam_first_bus;
    int err = ports ? fdt_begin_node(fdt, "pci") : begin(fdt, "pcie", acpi->ecam);
    err |= ports ? fdt_property_string(fdt, "compatible", "axiom,pci-ports")
                 : fdt_property_string(fdt, "compatible", "pci-host-ecam-generic");
    err |= fdt_property_string(fdt, "device_type", "pci");
    if (ports) {
        err |= fdt_property(fdt, "axiom,ports", NULL, 0);
    } else {
        /* reg begins at the first bus's part (host-generic-pci.yaml), MCFG's base at bus 0's. */
        const fdt32_t buses[2] = { cpu_to_fdt32(acpi->ecam_first_bus),
                                   cpu_to_fdt32(acpi->ecam_last_bus) };
        err |= reg(fdt, acpi->ecam + ((uint64_t)acpi->ecam_first_bus << 20),
                   (uint64_t)(acpi->ecam_last_bus - acpi->ecam_first_bus + 1) << 20);
        err |= fdt_property(fdt, "bus-range", buses, (int)sizeof buses);
    }
    err |= fdt_property_u32(fdt, "msi-parent", PHANDLE_LAPIC);
    if (acpi->ioapic_count != 0) {
        err |= fdt_property_u32(fdt, "interrupt-parent", PHANDLE_IOAPIC);
        err |= isa_irqs(fdt, acpi);
    }
    return err | fdt_end_node(fdt);
}

int tree_build(const struct acpi_info *acpi, const struct calibration *clocks, void *to,
               uint32_t *size)
{
    int err = fdt_create(to, TREE_SIZE_MAX);
    err |= fdt_finish_reservemap(to);
    err |= fdt_begin_node(to, "");
    err |= fdt_property_u32(to, "#address-cells", 2);
    err |= fdt_property_u32(to, "#size-cells", 2);
    err |= fdt_property_string(to, "compatible", "axiom,pc");
    err |= lapic(to, acpi, clocks);
    for (uint32_t i = 0; i < acpi->ioapic_count; i++)
        err |= ioapic(to, acpi, i);
    if (acpi->hpet != 0)
        err |= hpet(to, acpi);
    for (uint32_t i = 0; i < acpi->virtio_count; i++)
        err |= virtio(to, acpi, i);
    if (acpi->has_pci)
        err |= pci(to, acpi);
    if (acpi->has_com1)
        err |= com1(to, acpi);
    if (clocks->tsc_hz != 0)
        err |= tsc(to, clocks);
    err |= fdt_end_node(to);
    err |= fdt_finish(to);
    if (err != 0) /* errors are small negative numbers: any of them shows */
        return -ENOSPC;
    *size = fdt_totalsize(to);
    return 0;
}
