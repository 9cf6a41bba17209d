/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What images read from outside while they boot, on the host under sanitizers: the memory map, cpio
 * archives, ACPI tables, boot loaders' records, and the check of device trees that Linux's libfdt
 * lacks. Physical memory is one array here. */
#include "fake_memory.h"

#include <arch/entry.h>
#include <axiom/errno.h>
#include <libfdt.h>
#include <port/console.h>
#include <port/cpio.h>
#include <port/memmap.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <tests/check_main.h>

/* arch/x86_64's, which have no include root */
#include <acpi.h>
#include <boot_record.h>

int own_check_full(const void *fdt, size_t size);

void console_print(const char *format, ...)
{
    (void)format; /* thousands of broken tables are told of */
}

static uint32_t random_state = 1;

static uint32_t random_below(uint32_t bound)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)random_state * bound >> 32);
}

/* --- the memory map, against an array of pages --- */

#define MODEL_PAGES 400u

static void check_against_model(const struct memmap *map, const bool *model)
{
    uint64_t end = 0, total = 0;
    static bool seen[MODEL_PAGES];
    memset(seen, 0, sizeof seen);
    for (uint32_t i = 0; i < map->count; i++) {
        uint64_t base = map->regions[i].base.value, size = map->regions[i].size;
        ck_assert_uint_eq(base % 4096 | size % 4096, 0);
        ck_assert_uint_gt(size, 0);
        ck_assert(i == 0 || base >= end);
        end = base + size;
        total += size;
        for (uint64_t page = base / 4096; page < end / 4096; page++)
            seen[page] = true;
    }
    ck_assert_mem_eq(seen, model, sizeof seen);
    ck_assert_uint_eq(total, memmap_total(map));
}

START_TEST(memory_maps_are_what_was_added_less_what_was_taken)
{
    for (uint32_t round = 0; round < 300; round++) {
        struct memmap map;
        bool model[MODEL_PAGES] = { false };
        memmap_init(&map);
        for (uint32_t step = 0; step < 30; step++) {
            uint32_t from = random_below(MODEL_PAGES - 20), count = 1 + random_below(20);
            uint32_t slack = random_below(2) * random_below(4096);
            uint64_t base = (uint64_t)from * 4096, size = (uint64_t)count * 4096;
            switch (random_below(3)) {
            case 0: /* partial pages at the ends are not RAM */
                memmap_add(&map, base - (from != 0 ? slack : 0), size + (from != 0 ? slack : 0));
                memset(model + from, true, count);
                break;
            case 1: /* and of what is taken, they are taken whole */
                memmap_remove(&map, base + slack, size - slack);
                memset(model + from, false, count);
                break;
            default: {
                uint64_t at = memmap_take(&map, size, UINT64_MAX);
                if (at != 0)
                    memset(model + at / 4096, false, count);
            }
            }
            check_against_model(&map, model);
        }
    }
}
END_TEST

START_TEST(memory_maps_survive_absurd_ranges)
{
    struct memmap map;
    memmap_init(&map);
    memmap_add(&map, UINT64_MAX - 10, UINT64_MAX);
    memmap_add(&map, 0, 0);
    ck_assert_uint_eq(map.count, 0);
    memmap_add(&map, 4096, UINT64_MAX);
    ck_assert_uint_eq(map.count, 1);
    memmap_remove(&map, 0, UINT64_MAX);
    ck_assert_uint_eq(map.count, 0);
    for (uint64_t i = 0; i < 1000; i++)
        memmap_add(&map, i * 8192, 4096);
    ck_assert_uint_eq(map.count, MEMMAP_REGIONS_MAX);
    ck_assert_uint_eq(map.lost, (1000 - MEMMAP_REGIONS_MAX) * 4096);
}
END_TEST

/* --- cpio --- */

static size_t put_member(char *to, const char *name, const char *data)
{
    size_t name_size = strlen(name) + 1, size = strlen(data);
    int head =
        sprintf(to, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1u, 0100644u, 0u,
                0u, 1u, 0u, (unsigned)size, 0u, 0u, 0u, 0u, (unsigned)name_size, 0u);
    size_t at = (size_t)head;
    memcpy(to + at, name, name_size);
    at += name_size;
    while (at % 4 != 0)
        to[at++] = 0;
    memcpy(to + at, data, size);
    at += size;
    while (at % 4 != 0)
        to[at++] = 0;
    return at;
}

START_TEST(archives_give_their_files_and_nothing_beyond)
{
    static char archive[2048];
    struct boot_module modules[4];
    uint32_t count = 0;
    size_t size = put_member(archive, "./a.o", "first");
    size += put_member(archive + size, "dir/b", "");
    size += put_member(archive + size, "/c.mcap", "third file");
    size += put_member(archive + size, "TRAILER!!!", "");
    ck_assert(cpio_is(archive, size));
    ck_assert_int_eq(cpio_modules(archive, size, modules, 4, &count), 0);
    ck_assert_uint_eq(count, 3);
    ck_assert_str_eq(modules[0].name, "a.o");
    ck_assert_mem_eq(modules[0].data, "first", 5);
    ck_assert_uint_eq(modules[1].size, 0);
    ck_assert_str_eq(modules[2].name, "c.mcap");
    count = 0;
    ck_assert_int_eq(cpio_modules(archive, size, modules, 2, &count), -E2BIG);
    ck_assert_uint_eq(count, 2);
    for (size_t cut = 0; cut < size;
         cut++) { /* of exactly that size, so that ASan sees a step too far */
        char *copy = malloc(cut + 1);
        memcpy(copy, archive, cut);
        copy = realloc(copy, cut != 0 ? cut : 1);
        count = 0;
        (void)cpio_modules(copy, cut, modules, 4, &count);
        free(copy);
    }
    for (uint32_t i = 0; i < 20000; i++) {
        char *copy = malloc(size);
        memcpy(copy, archive, size);
        copy[random_below((uint32_t)size)] = (char)random_below(256);
        copy[random_below((uint32_t)size)] = "0f7F"[random_below(4)];
        count = 0;
        (void)cpio_modules(copy, size, modules, 4, &count);
        for (uint32_t m = 0; m < count; m++) {
            const char *at = modules[m].data;
            ck_assert(at >= copy && modules[m].size <= (size_t)(copy + size - at));
        }
        free(copy);
    }
}
END_TEST

/* --- device trees: our fdt_check_full() against Debian's --- */

START_TEST(damaged_trees_get_libfdts_verdict)
{
    static char tree[4096], copy[4096];
    ck_assert_int_eq(fdt_create(tree, sizeof tree), 0);
    fdt_finish_reservemap(tree);
    fdt_begin_node(tree, "");
    fdt_property_u32(tree, "#address-cells", 2);
    fdt_begin_node(tree, "soc");
    fdt_property_string(tree, "compatible", "simple-bus");
    fdt_begin_node(tree, "uart@1000");
    fdt_property_u64(tree, "reg", 0x1000);
    fdt_end_node(tree);
    fdt_end_node(tree);
    fdt_end_node(tree);
    ck_assert_int_eq(fdt_finish(tree), 0);
    uint32_t size = fdt_totalsize(tree), sound = 0, damaged = 0;
    ck_assert_int_eq(own_check_full(tree, size), 0);
    ck_assert_int_eq(own_check_full(tree, size - 1), fdt_check_full(tree, size - 1));
    for (uint32_t i = 0; i < 20000; i++) {
        memcpy(copy, tree, size);
        for (uint32_t n = 1 + random_below(3); n > 0; n--) {
            uint32_t at =
                20 + random_below(size - 20); /* the version stays: older ones are refused before */
            copy[at] = (char)(random_below(4) != 0 ? random_below(12) : random_below(256));
        }
        if (fdt_version(copy) < 16)
            continue;
        int theirs = fdt_check_full(copy, size), ours = own_check_full(copy, size);
        /* Ours also refuses a second root, and properties outside of nodes. */
        ck_assert_msg(theirs == 0 || ours != 0, "round %u: libfdt %d, ours %d", i, theirs, ours);
        sound += ours == 0;
        damaged += theirs != 0;
    }
    ck_assert_uint_gt(sound, 1000);
    ck_assert_uint_gt(damaged, 1000);
}
END_TEST

/* --- ACPI --- */

static void sum_to_zero(uint8_t *table, uint32_t size, uint32_t at)
{
    uint8_t sum = 0;
    table[at] = 0;
    for (uint32_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + table[i]);
    table[at] = (uint8_t)-sum;
}

static void put32(uint8_t *to, uint32_t value)
{
    memcpy(to, &value, 4);
}

#define RSDP 0x1000u
#define RSDT 0x1100u
#define MADT 0x1200u

static uint32_t madt_build(void)
{
    static const uint8_t entries[] = {
        0, 8,  0, 0, 1, 0, 0,    0,                  /* CPU, APIC 0 */
        0, 8,  1, 3, 1, 0, 0,    0,                  /* CPU, APIC 3 */
        0, 8,  2, 4, 0, 0, 0,    0,                  /* not enabled */
        1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0,   0, 0, 0, /* I/O APIC */
        2, 10, 0, 9, 9, 0, 0,    0,    0xd, 0,       /* override: ISA 9, level */
    };
    uint8_t *madt = fake_memory + MADT;
    memcpy(madt, "APIC", 4);
    put32(madt + 4, 44 + sizeof entries);
    put32(madt + 36, 0xfee00000);
    memcpy(madt + 44, entries, sizeof entries);
    sum_to_zero(madt, 44 + sizeof entries, 9);
    return 44 + sizeof entries;
}

static void acpi_build(void)
{
    memset(fake_memory + RSDP, 0, 0x1000);
    uint8_t *rsdp = fake_memory + RSDP, *rsdt = fake_memory + RSDT;
    memcpy(rsdp, "RSD PTR ", 8);
    put32(rsdp + 16, RSDT);
    sum_to_zero(rsdp, 20, 8);
    memcpy(rsdt, "RSDT", 4);
    put32(rsdt + 4, 40);
    put32(rsdt + 36, MADT);
    sum_to_zero(rsdt, 40, 9);
    madt_build();
}

START_TEST(acpi_tables_are_read)
{
    struct acpi_info info;
    acpi_build();
    ck_assert(acpi_read(RSDP, &info));
    ck_assert_uint_eq(info.cpu_count, 2);
    ck_assert_uint_eq(info.apic_ids[1], 3);
    ck_assert_uint_eq(info.lapic, 0xfee00000);
    ck_assert_uint_eq(info.ioapic_count, 1);
    ck_assert_uint_eq(info.ioapics[0].base, 0xfec00000);
    ck_assert_uint_eq(info.override_count, 1);
    ck_assert(info.overrides[0].level && !info.overrides[0].low);
    fake_memory[MADT + 50] ^= 1; /* the checksum does not fit */
    ck_assert(acpi_read(RSDP, &info));
    ck_assert_uint_eq(info.cpu_count, 0);
    fake_memory[RSDP] = 'x';
    ck_assert(!acpi_read(RSDP, &info));
}
END_TEST

START_TEST(acpi_garbage_is_refused)
{
    struct acpi_info info;
    for (uint32_t i = 0; i < 4000; i++) {
        acpi_build();
        uint32_t size = 44 + 46;
        for (uint32_t n = 1 + random_below(4); n > 0; n--)
            fake_memory[MADT + 4 + random_below(size)] = (uint8_t)random_below(256);
        if (random_below(2) != 0)
            put32(fake_memory + MADT + 4, random_below(FAKE_MEMORY_SIZE));
        uint32_t claimed;
        memcpy(&claimed, fake_memory + MADT + 4, 4);
        if (claimed > 44 && claimed <= FAKE_MEMORY_SIZE - MADT)
            sum_to_zero(fake_memory + MADT, claimed, 9); /* broken inside, with a sound checksum */
        acpi_read(RSDP, &info);
        ck_assert_uint_le(info.cpu_count, CPU_MAX);
        ck_assert_uint_le(info.ioapic_count, ACPI_IOAPIC_MAX);
    }
}
END_TEST

/* --- boot loaders --- */

START_TEST(boot_records_are_bounded)
{
    static struct boot_record record;
    ck_assert(!pvh_read(0x1000, &record));
    ck_assert(!multiboot2_read(0, &record));
    for (uint32_t i = 0; i < 5000; i++) {
        uint8_t *at = fake_memory + 0x2000;
        for (uint32_t b = 0; b < 512; b++)
            at[b] = (uint8_t)(random_below(3) != 0 ? random_below(20) : random_below(256));
        memset(&record, 0, sizeof record);
        put32(at, 0x336ec578);
        put32(at + 12, random_below(200));
        (void)pvh_read(0x2000, &record);
        ck_assert_uint_le(record.module_count, LOADER_MODULE_MAX);
        memset(&record, 0, sizeof record);
        put32(at, random_below(4096));
        (void)multiboot2_read(0x2000, &record);
        ck_assert_uint_le(record.module_count, LOADER_MODULE_MAX);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("boot data");
    TCase *tcase = tcase_create("boot data");
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, memory_maps_are_what_was_added_less_what_was_taken);
    tcase_add_test(tcase, memory_maps_survive_absurd_ranges);
    tcase_add_test(tcase, archives_give_their_files_and_nothing_beyond);
    tcase_add_test(tcase, damaged_trees_get_libfdts_verdict);
    tcase_add_test(tcase, acpi_tables_are_read);
    tcase_add_test(tcase, acpi_garbage_is_refused);
    tcase_add_test(tcase, boot_records_are_bounded);
    return check_main(suite);
}
