/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* PCs have no device tree, so one is written at boot: drivers then find their hardware on all boards
 * in the same way. Node names and compatibles are Linux's of the one x86 board that has such trees
 * (arch/x86/platform/ce4100/falconfalls.dts). Phandle 1 is the local APIC, 2 and up the I/O APICs. */
#include "tree.h"

#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/string.h>
#include <libfdt.h>

#define PHANDLE_LAPIC  1u
#define PHANDLE_IOAPIC 2u
#define HPET_SIZE      0x400u
#define IOAPIC_SIZE    0x20u

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
    if (clocks->tsc_hz != 0)
        err |= tsc(to, clocks);
    err |= fdt_end_node(to);
    err |= fdt_finish(to);
    if (err != 0) /* errors are small negative numbers: any of them shows */
        return -ENOSPC;
    *size = fdt_totalsize(to);
    return 0;
}
