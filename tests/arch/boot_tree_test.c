/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a device tree says about booting (arch/common/boot_tree.c), on the host under sanitizers: a tree
 * like a Pi 5's, odd ones, and thousands of damaged ones. */
#include <axiom/errno.h>
#include <libfdt.h>
#include <port/boot_tree.h>
#include <port/console.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/check_main.h>

#define TREE_ROOM 4096

static char said[4096];

void console_print(const char *format, ...)
{
    va_list arguments;
    size_t used = strlen(said);
    va_start(arguments, format);
    vsnprintf(said + used, sizeof said - used, format, arguments);
    va_end(arguments);
}

/* --- a tree; libfdt's writer refuses what is out of order, so errors show at its end --- */

static char tree[TREE_ROOM];

static void cells(const char *name, const uint32_t *values, uint32_t count)
{
    fdt32_t out[32];
    for (uint32_t i = 0; i < count; i++)
        out[i] = cpu_to_fdt32(values[i]);
    fdt_property(tree, name, out, (int)(4 * count));
}
#define CELLS(name, ...) \
    cells(name, (const uint32_t[]){ __VA_ARGS__ }, sizeof((uint32_t[]){ __VA_ARGS__ }) / 4)

static void begin(const char *name, const char *type)
{
    fdt_begin_node(tree, name);
    if (type != NULL)
        fdt_property(tree, "device_type", type, (int)strlen(type) + 1);
}

static void cpus(uint32_t count)
{
    begin("cpus", NULL);
    CELLS("#address-cells", 1);
    CELLS("#size-cells", 0);
    for (uint32_t i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "cpu@%x", i << 8);
        begin(name, "cpu");
        CELLS("reg", i << 8);
        if (i == 2)
            fdt_property_string(tree, "status", "fail");
        fdt_end_node(tree);
    }
    fdt_end_node(tree);
}

static void soc(void)
{
    begin("soc", NULL);
    CELLS("#address-cells", 1);
    CELLS("#size-cells", 1);
    CELLS("ranges", 0, 0x10, 0, 0x40000000, 0x40000000, 0x10, 0x80000000, 0x1000);
    begin("serial@7d001000", NULL);
    CELLS("reg", 0x7d001000, 0x200); /* outside of both ranges */
    fdt_end_node(tree);
    begin("serial@3d001000", NULL);
    CELLS("reg", 0x3d001000, 0x200, 0x40000800, 0x10);
    CELLS("reg-shift", 2);
    fdt_end_node(tree);
    fdt_end_node(tree);
    begin("closed", NULL); /* no ranges: its addresses are its own */
    CELLS("#address-cells", 1);
    CELLS("#size-cells", 1);
    begin("device@10", NULL);
    CELLS("reg", 0x10, 0x10);
    fdt_end_node(tree);
    fdt_end_node(tree);
}

static void chosen(const char *path)
{
    begin("chosen", NULL);
    fdt_property_string(tree, "bootargs", "exit=debug one two");
    if (path != NULL)
        fdt_property(tree, "stdout-path", path, (int)strlen(path) + 1);
    CELLS("linux,initrd-start", 0x08000000);
    CELLS("linux,initrd-end", 0, 0x08001000);
    fdt_end_node(tree);
}

static void memory(void)
{
    begin("memory@0", "memory");
    CELLS("reg", 0, 0, 0x3fc00000, 0, 0x40000000, 0x40000000);
    fdt_end_node(tree);
    begin("memory@200000000", "memory");
    fdt_property_string(tree, "status", "disabled");
    CELLS("reg", 2, 0, 0x40000000);
    fdt_end_node(tree);
}

static void reserved(void)
{
    begin("reserved-memory", NULL);
    CELLS("#address-cells", 2);
    CELLS("#size-cells", 1);
    fdt_property(tree, "ranges", NULL, 0);
    begin("atf@0", NULL);
    CELLS("reg", 0, 0, 0x80000);
    fdt_end_node(tree);
    begin("pool", NULL); /* to be placed by who wants it */
    CELLS("size", 0x4000000);
    fdt_end_node(tree);
    fdt_end_node(tree);
}

static void make(const char *console, uint32_t cpu_count, bool has_memory)
{
    said[0] = '\0';
    fdt_create(tree, TREE_ROOM);
    fdt_add_reservemap_entry(tree, 0x10000000, 0x2000);
    fdt_finish_reservemap(tree);
    begin("", NULL);
    CELLS("#address-cells", 2);
    CELLS("#size-cells", 1);
    begin("aliases", NULL);
    fdt_property_string(tree, "serial0", "/soc/serial@3d001000");
    fdt_property_string(tree, "uart", "/soc/serial@3d001000");
    fdt_end_node(tree);
    chosen(console);
    cpus(cpu_count);
    if (has_memory)
        memory();
    reserved();
    soc();
    fdt_end_node(tree);
    ck_assert_int_eq(fdt_finish(tree), 0);
    ck_assert_int_eq(boot_tree_check(tree, sizeof tree), 0);
}

START_TEST(memory_cpus_and_words_are_read)
{
    struct boot_tree out;
    make("uart:115200n8", 4, true);
    ck_assert_int_eq(boot_tree_read(tree, &out), 0);
    ck_assert_str_eq(out.command_line, "exit=debug one two");
    ck_assert_uint_eq(out.initrd, 0x08000000);
    ck_assert_uint_eq(out.initrd_size, 0x1000);
    ck_assert_uint_eq(out.cpu_count, 3); /* the one that has failed is none */
    ck_assert_uint_eq(out.cpu_ids[2], 0x300);
    static const uint64_t ram[][2] = { { 0x80000, 0x10000000 },
                                       { 0x10002000, 0x3fc00000 },
                                       { 0x40000000, 0x80000000 } };
    ck_assert_uint_eq(out.memory.count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(out.memory.regions[i].base.value, ram[i][0]);
        ck_assert_uint_eq(out.memory.regions[i].base.value + out.memory.regions[i].size, ram[i][1]);
    }
    ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(more_cpus_than_served_are_counted)
{
    struct boot_tree out;
    make(NULL, CPU_MAX + 4, true);
    ck_assert_int_eq(boot_tree_read(tree, &out), 0);
    ck_assert_uint_eq(out.cpu_count, CPU_MAX);
    ck_assert_uint_eq(out.cpus_left_out, 3);
}
END_TEST

START_TEST(a_tree_without_memory_is_refused)
{
    struct boot_tree out;
    make(NULL, 1, false);
    ck_assert_int_eq(boot_tree_read(tree, &out), -ENODEV);
}
END_TEST

START_TEST(addresses_are_translated)
{
    uint64_t base, size;
    make("uart:115200n8", 1, true);
    int node = boot_tree_console(tree);
    ck_assert_int_ge(node, 0);
    ck_assert_str_eq(fdt_get_name(tree, node, NULL), "serial@3d001000");
    ck_assert(boot_tree_reg(tree, node, 0, &base, &size));
    ck_assert_uint_eq(base, UINT64_C(0x103d001000));
    ck_assert_uint_eq(size, 0x200);
    ck_assert(boot_tree_reg(tree, node, 1, &base, &size)); /* by the second range */
    ck_assert_uint_eq(base, UINT64_C(0x1080000800));
    ck_assert(!boot_tree_reg(tree, node, 2, &base, &size));
    ck_assert_uint_eq(boot_tree_u32(tree, node, "reg-shift", 7), 2);
    ck_assert_uint_eq(boot_tree_u32(tree, node, "reg-io-width", 7), 7);
    node = fdt_path_offset(tree, "/soc/serial@7d001000");
    ck_assert(!boot_tree_reg(tree, node, 0, &base, &size));
    node = fdt_path_offset(tree, "/closed/device@10");
    ck_assert(!boot_tree_reg(tree, node, 0, &base, &size));
}
END_TEST

START_TEST(the_console_is_the_named_one_or_serial0)
{
    static const char *const paths[] = { NULL, "/nowhere", "", ":", "/soc/serial@3d001000" };
    for (uint32_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        make(paths[i], 1, true);
        int node = boot_tree_console(tree);
        ck_assert_int_ge(node, 0);
        ck_assert_str_eq(fdt_get_name(tree, node, NULL), "serial@3d001000");
    }
}
END_TEST

START_TEST(an_initramfs_outside_of_ram_is_left_out)
{
    struct boot_tree out;
    static const uint32_t starts[] = { 0x3fbff000, 0x3fbff001, 0x3fc00000, 0xf0000000, 0x08000fff };
    for (uint32_t i = 0; i < 5; i++) {
        make(NULL, 1, true);
        int node = fdt_path_offset(tree, "/chosen");
        ck_assert_int_eq(fdt_setprop_inplace_u32(tree, node, "linux,initrd-start", starts[i]), 0);
        uint64_t end = cpu_to_fdt64(starts[i] == 0x08000fff ? starts[i] + UINT64_C(1)
                                                            : starts[i] + UINT64_C(0x1000));
        ck_assert_int_eq(fdt_setprop_inplace(tree, node, "linux,initrd-end", &end, 8), 0);
        ck_assert_int_eq(boot_tree_read(tree, &out), 0);
        bool inside = starts[i] == 0x3fbff000 || starts[i] == 0x08000fff;
        ck_assert_uint_eq(out.initrd_size != 0, inside);
        ck_assert_uint_eq(strstr(said, "is not in RAM") != NULL, !inside);
    }
}
END_TEST

/* --- damaged trees: whatever is left of them is read without a step outside --- */

static uint32_t random_state = 1;

static uint32_t random_below(uint32_t bound)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)random_state * bound >> 32);
}

/* What no tree may make us say: regions that overlap, are empty or wrap. */
static void check_map(const struct memmap *map)
{
    uint64_t end = 0;
    for (uint32_t i = 0; i < map->count; i++) {
        uint64_t base = map->regions[i].base.value, size = map->regions[i].size;
        ck_assert(size != 0 && base % 4096 == 0 && size % 4096 == 0);
        ck_assert(base >= end && base + size > base);
        end = base + size;
    }
}

static void read_all(const void *fdt)
{
    struct boot_tree out;
    uint64_t base, size;
    if (boot_tree_read(fdt, &out) == 0) {
        check_map(&out.memory);
        ck_assert_uint_le(out.cpu_count, CPU_MAX);
        ck_assert(out.initrd_size == 0 || out.initrd + out.initrd_size > out.initrd);
        ck_assert_uint_lt(strlen(out.command_line), TREE_ROOM);
    }
    for (int node = boot_tree_console(fdt), i = 0; node >= 0 && i < 3; i++)
        (void)boot_tree_reg(fdt, node, (uint32_t)i, &base, &size);
    for (int node = fdt_next_node(fdt, -1, NULL); node >= 0; node = fdt_next_node(fdt, node, NULL))
        (void)boot_tree_reg(fdt, node, 0, &base, &size);
}

START_TEST(damaged_trees_are_refused_or_read)
{
    uint32_t sound = 0;
    make("uart:115200n8", 4, true);
    fdt_pack(tree);
    size_t size = fdt_totalsize(tree);
    for (uint32_t round = 0; round < 20000; round++) {
        char *copy = malloc(size); /* of its own, so that a step outside is seen */
        memcpy(copy, tree, size);
        for (uint32_t n = 1 + random_below(3); n > 0; n--)
            copy[random_below((uint32_t)size)] =
                (char)(random_below(2) ? random_below(256) : 0xff * random_below(2));
        size_t given = random_below(8) == 0 ? random_below((uint32_t)size) : size;
        said[0] = '\0';
        if (boot_tree_check(copy, given) == 0) {
            sound++;
            read_all(copy);
        }
        free(copy);
    }
    ck_assert_uint_gt(sound, 5000);
    ck_assert_uint_lt(sound, 19000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arch/boot_tree");
    TCase *cases_ = tcase_create("boot_tree");
    tcase_add_test(cases_, memory_cpus_and_words_are_read);
    tcase_add_test(cases_, more_cpus_than_served_are_counted);
    tcase_add_test(cases_, a_tree_without_memory_is_refused);
    tcase_add_test(cases_, addresses_are_translated);
    tcase_add_test(cases_, the_console_is_the_named_one_or_serial0);
    tcase_add_test(cases_, an_initramfs_outside_of_ram_is_left_out);
    tcase_add_test(cases_, damaged_trees_are_refused_or_read);
    suite_add_tcase(suite, cases_);
    return check_main(suite);
}
