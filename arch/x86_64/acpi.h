/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the port takes from ACPI's static tables (specification 6.5, chapter 5). All of it is copied
 * at boot; nothing is trusted: lengths, checksums and addresses are checked, and what is broken is
 * left out with a line on the console. */
#pragma once
#include <axiom/types.h>

#define ACPI_IOAPIC_MAX   4u
#define ACPI_OVERRIDE_MAX 16u
#define ACPI_VIRTIO_MAX   24u

#define COM1 0x3f8u /* port */

struct acpi_register { /* generic address structure (5.2.3.2): memory or port */
    bool present, is_port;
    uint64_t address;
};

struct acpi_info {
    uint64_t lapic;             /* physical; 0: no MADT */
    uint32_t apic_ids[CPU_MAX]; /* of CPUs that can be used, in the table's order */
    uint32_t cpu_count;
    uint32_t cpus_left_out; /* more than CPU_MAX, or x2APIC only */
    struct {
        uint64_t base;
        uint32_t gsi_base;
    } ioapics[ACPI_IOAPIC_MAX];
    uint32_t ioapic_count;
    struct {
        uint8_t isa_irq;
        uint32_t gsi;
        bool low, level;
    } overrides[ACPI_OVERRIDE_MAX];
    uint32_t override_count;
    struct {
        uint64_t base;
        uint32_t size, gsi;
        bool edge, low;
    } virtio[ACPI_VIRTIO_MAX]; /* "LNRO0005": virtio over MMIO */
    uint32_t virtio_count;
    uint64_t hpet; /* 0: none */
    uint64_t ecam; /* PCI configuration space of segment 0; 0: none */
    uint8_t ecam_first_bus, ecam_last_bus;
    bool has_pci;                        /* start.c: by ecam, or by ports that answer */
    bool has_com1;                       /* start.c: it answers */
    uint32_t pm_timer_port;              /* 0: none */
    uint32_t pm1a_control, pm1b_control; /* ports; 0: none */
    bool has_s5;
    uint8_t s5_a, s5_b; /* SLP_TYP for soft off */
    struct acpi_register reset, sleep_control;
    uint8_t reset_value;
};

/* rsdp: its physical address; 0: searched where a BIOS puts it. False: there are no (sound) tables,
 * and *out says nothing. While the boot tables map all below 4 GiB. */
bool acpi_read(uint64_t rsdp, struct acpi_info *out);
