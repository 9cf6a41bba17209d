/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A reader of five static tables. Fields are read by offset, as the specification's tables give
 * them, because none is aligned for certain. */
#include "acpi.h"

#include <axiom/string.h>
#include <port/console.h>

#include "boot_record.h"

#define TABLE_SIZE_MAX (UINT32_C(4) << 20)
#define HEADER_SIZE    36u

struct table {
    const uint8_t *bytes;
    uint32_t size;
};

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t get32(const uint8_t *at)
{
    return get16(at) | (uint32_t)get16(at + 2) << 16;
}

static uint64_t get64(const uint8_t *at)
{
    return get32(at) | (uint64_t)get32(at + 4) << 32;
}

static bool sums_to_zero(const uint8_t *at, uint32_t size)
{
    uint8_t sum = 0;
    for (uint32_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + at[i]);
    return sum == 0;
}

/* --- finding tables --- */

static bool table_at(uint64_t address, struct table *out)
{
    const uint8_t *head = boot_bytes(address, HEADER_SIZE);
    if (head == NULL)
        return false;
    uint32_t size = get32(head + 4);
    if (size < HEADER_SIZE || size > TABLE_SIZE_MAX || boot_bytes(address, size) == NULL ||
        !sums_to_zero(head, size)) {
        console_print("acpi: the table at 0x%llx is broken; left out", (unsigned long long)address);
        return false;
    }
    *out = (struct table){ head, size };
    return true;
}

static const uint8_t *rsdp_at(uint64_t address)
{
    const uint8_t *rsdp = boot_bytes(address, 20);
    return rsdp != NULL && memcmp(rsdp, "RSD PTR ", 8) == 0 && sums_to_zero(rsdp, 20) ? rsdp : NULL;
}

/* 5.2.5.1: the first KiB of the extended BIOS data area, and the BIOS's read-only memory. */
static const uint8_t *rsdp_search(void)
{
    const uint8_t *ebda_segment = boot_bytes(0x40e, 2);
    uint64_t ebda = ebda_segment != NULL ? (uint64_t)get16(ebda_segment) << 4 : 0;
    for (uint64_t at = ebda; ebda != 0 && at < ebda + 1024; at += 16) {
        if (rsdp_at(at) != NULL)
            return rsdp_at(at);
    }
    for (uint64_t at = 0xe0000; at < 0x100000; at += 16) {
        if (rsdp_at(at) != NULL)
            return rsdp_at(at);
    }
    return NULL;
}

struct root {
    struct table table;
    uint32_t entry_size; /* 8 in an XSDT, 4 in an RSDT */
};

static bool root_find(uint64_t hint, struct root *out)
{
    const uint8_t *rsdp = hint != 0 ? rsdp_at(hint) : NULL;
    if (rsdp == NULL)
        rsdp = rsdp_search();
    if (rsdp == NULL)
        return false;
    out->entry_size = 8;
    if (rsdp[15] >= 2 && table_at(get64(rsdp + 24), &out->table) &&
        memcmp(out->table.bytes, "XSDT", 4) == 0)
        return true;
    out->entry_size = 4;
    return table_at(get32(rsdp + 16), &out->table) && memcmp(out->table.bytes, "RSDT", 4) == 0;
}

static bool table_find(const struct root *root, const char *signature, uint32_t size_least,
                       struct table *out)
{
    for (uint32_t at = HEADER_SIZE; at + root->entry_size <= root->table.size;
         at += root->entry_size) {
        const uint8_t *entry = root->table.bytes + at;
        uint64_t address = root->entry_size == 8 ? get64(entry) : get32(entry);
        const uint8_t *head = boot_bytes(address, HEADER_SIZE);
        if (head == NULL || memcmp(head, signature, 4) != 0 || !table_at(address, out))
            continue;
        if (out->size >= size_least)
            return true;
        console_print("acpi: %s is too short; left out", signature);
    }
    return false;
}

/* --- MADT (5.2.12) --- */

#define APIC_ID_MAX 254u /* 255 is all of them; xAPIC numbers have eight bits */

enum madt_type {
    MADT_LAPIC = 0,
    MADT_IOAPIC = 1,
    MADT_OVERRIDE = 2,
    MADT_LAPIC_ADDRESS = 5,
    MADT_X2APIC = 9,
};

static void madt_cpu(uint32_t apic_id, uint32_t flags, struct acpi_info *out)
{
    if ((flags & 1) == 0)
        return; /* not enabled; one that could be plugged in later is none now */
    for (uint32_t i = 0; i < out->cpu_count; i++) {
        if (out->apic_ids[i] == apic_id)
            return; /* told twice */
    }
    if (out->cpu_count == CPU_MAX || apic_id > APIC_ID_MAX)
        out->cpus_left_out++;
    else
        out->apic_ids[out->cpu_count++] = apic_id;
}

static void madt_override(const uint8_t *entry, struct acpi_info *out)
{
    if (out->override_count == ACPI_OVERRIDE_MAX || entry[3] > 15)
        return;
    uint16_t flags = get16(entry + 8); /* table 5.26: 3 is low, or level */
    out->overrides[out->override_count].isa_irq = entry[3];
    out->overrides[out->override_count].gsi = get32(entry + 4);
    out->overrides[out->override_count].low = (flags & 3) == 3;
    out->overrides[out->override_count].level = (flags >> 2 & 3) == 3;
    out->override_count++;
}

static void madt_entry(const uint8_t *entry, uint32_t size, struct acpi_info *out)
{
    if (entry[0] == MADT_LAPIC && size >= 8) {
        madt_cpu(entry[3], get32(entry + 4), out);
    } else if (entry[0] == MADT_IOAPIC && size >= 12 && out->ioapic_count < ACPI_IOAPIC_MAX) {
        out->ioapics[out->ioapic_count].base = get32(entry + 4);
        out->ioapics[out->ioapic_count].gsi_base = get32(entry + 8);
        out->ioapic_count++;
    } else if (entry[0] == MADT_OVERRIDE && size >= 10) {
        madt_override(entry, out);
    } else if (entry[0] == MADT_LAPIC_ADDRESS && size >= 12) {
        out->lapic = get64(entry + 4);
    } else if (entry[0] == MADT_X2APIC && size >= 16) {
        madt_cpu(get32(entry + 4), get32(entry + 8), out);
    }
}

static void madt_read(const struct table *madt, struct acpi_info *out)
{
    out->lapic = get32(madt->bytes + 36);
    for (uint32_t at = 44; at + 2 <= madt->size;) {
        const uint8_t *entry = madt->bytes + at;
        if (entry[1] < 2 || entry[1] > madt->size - at) {
            console_print("acpi: MADT ends in the middle of an entry");
            return;
        }
        madt_entry(entry, entry[1], out);
        at += entry[1];
    }
}

/* --- FADT (5.2.9) and the two kinds of objects of the DSDT that are needed without an interpreter --- */

static struct acpi_register generic_address(const uint8_t *at)
{
    struct acpi_register result = { .is_port = at[0] == 1, .address = get64(at + 4) };
    result.present = at[0] <= 1 && result.address != 0;
    return result;
}

/* A byte constant of AML (20.2.3): a ByteConst, or ZeroOp, OneOp. */
static bool aml_byte(const uint8_t **at, const uint8_t *end, uint8_t *out)
{
    if (*at < end && **at <= 1) {
        *out = *(*at)++;
        return true;
    }
    if (end - *at < 2 || **at != 0x0a)
        return false;
    *out = (*at)[1];
    *at += 2;
    return true;
}

/* Name (\_S5, Package () { SLP_TYPa, SLP_TYPb, ... }) */
static void s5_find(const struct table *dsdt, struct acpi_info *out)
{
    const uint8_t *end = dsdt->bytes + dsdt->size;
    for (const uint8_t *at = dsdt->bytes + HEADER_SIZE; end - at >= 8; at++) {
        if (memcmp(at, "_S5_", 4) != 0 || at[4] != 0x12)
            continue;
        const uint8_t *element = at + 5 + 1 + (at[5] >> 6) + 1; /* PkgLength, count of elements */
        uint8_t a, b;
        if (element < end && aml_byte(&element, end, &a) && aml_byte(&element, end, &b)) {
            out->has_s5 = true;
            out->s5_a = a & 7;
            out->s5_b = b & 7;
            return;
        }
    }
}

/* Name (_HID, "LNRO0005"), and in the same device's _CRS a fixed memory range (6.4.3.4) and an extended
 * interrupt (6.4.3.6), as QEMU's microvm writes them. Both descriptors stand close behind. */
static void virtio_find(const struct table *dsdt, struct acpi_info *out)
{
    static const char hid[] = "LNRO0005";
    const uint32_t near = 96;
    const uint8_t *end = dsdt->bytes + dsdt->size;
    for (const uint8_t *at = dsdt->bytes + HEADER_SIZE; end - at >= (ptrdiff_t)sizeof hid; at++) {
        if (memcmp(at, hid, sizeof hid) != 0 || out->virtio_count == ACPI_VIRTIO_MAX)
            continue;
        const uint8_t *memory = NULL, *irq = NULL;
        for (const uint8_t *d = at + sizeof hid; d < at + near && end - d >= 12; d++) {
            if (memory == NULL && d[0] == 0x86 && get16(d + 1) == 9)
                memory = d;
            else if (memory != NULL && d >= memory + 12 && d[0] == 0x89 && get16(d + 1) == 6 &&
                     d[4] == 1 && irq == NULL)
                irq = d;
        }
        if (memory == NULL || irq == NULL)
            continue;
        out->virtio[out->virtio_count].base = get32(memory + 4);
        out->virtio[out->virtio_count].size = get32(memory + 8);
        out->virtio[out->virtio_count].gsi = get32(irq + 5);
        out->virtio[out->virtio_count].edge = (irq[3] & 2) != 0;
        out->virtio[out->virtio_count].low = (irq[3] & 4) != 0;
        out->virtio_count++;
    }
}

static void fadt_read(const struct table *fadt, struct acpi_info *out)
{
    const uint8_t *bytes = fadt->bytes;
    out->pm1a_control = get32(bytes + 64);
    out->pm1b_control = get32(bytes + 68);
    out->pm_timer_port = get32(bytes + 76);
    if (fadt->size >= 129 && (get32(bytes + 112) >> 10 & 1) != 0) { /* RESET_REG_SUP */
        out->reset = generic_address(bytes + 116);
        out->reset_value = bytes[128];
    }
    if (fadt->size >= 256 && (get32(bytes + 112) >> 20 & 1) != 0) /* HW_REDUCED_ACPI */
        out->sleep_control = generic_address(bytes + 244);
    struct table dsdt;
    uint64_t address =
        fadt->size >= 148 && get64(bytes + 140) != 0 ? get64(bytes + 140) : get32(bytes + 40);
    if (table_at(address, &dsdt)) {
        s5_find(&dsdt, out);
        virtio_find(&dsdt, out);
    }
}

bool acpi_read(uint64_t hint, struct acpi_info *out)
{
    memset(out, 0, sizeof *out);
    struct root root;
    struct table table;
    if (!root_find(hint, &root))
        return false;
    if (table_find(&root, "APIC", 44, &table))
        madt_read(&table, out);
    if (table_find(&root, "FACP", 116, &table))
        fadt_read(&table, out);
    if (table_find(&root, "HPET", 56, &table) && table.bytes[40] == 0)
        out->hpet = get64(table.bytes + 44);
    if (table_find(&root, "MCFG", 60, &table)) {
        out->ecam = get64(table.bytes + 44);
        out->ecam_first_bus = table.bytes[54];
        out->ecam_last_bus = table.bytes[55];
    }
    return true;
}
