/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a device tree says of addresses, ports and interrupts, in a booted kernel; the Pi 5's own tree. */
#include "tree_rig.h"

#include <axiom/errno.h>
#include <internal/tree.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/shared.h>

/* --- translation --- */

static void expect_reg(int at, uint32_t index, uint64_t base, uint64_t size)
{
    struct tree_region region;
    ck_assert_int_eq(tree_reg(at, index, &region), 0);
    ck_assert_uint_eq(region.base.value, base);
    ck_assert_uint_eq(region.size, size);
    ck_assert_int_eq(region.kind, MMIO_MEMORY);
}

static void expect_ports(const char *path, uint64_t base, uint64_t size)
{
    struct tree_region region;
    ck_assert_int_eq(tree_reg(fdt_node_by_path(path), 0, &region), 0);
    ck_assert_uint_eq(region.base.value, base);
    ck_assert_uint_eq(region.size, size);
    ck_assert_int_eq(region.kind, MMIO_PORT);
}

static int reg_error(const char *path, uint32_t index)
{
    struct tree_region region;
    return tree_reg(fdt_node_by_path(path), index, &region);
}

static void translate_body(void *argument)
{
    (void)argument;
    expect_reg(fdt_node_by_path("/soc/dev@1000"), 0, 0x1040001000, 0x100);
    expect_reg(fdt_node_by_path("/soc/dev@1000"), 1, 0x2000000000, 0x10); /* the second range */
    ck_assert_int_eq(reg_error("/soc/dev@1000", 2), -ENOENT);
    ck_assert_int_eq(reg_error("/soc/outside", 0), -EINVAL);
    ck_assert_int_eq(reg_error("/soc/crossing", 0), -EINVAL);
    ck_assert_int_eq(reg_error("/soc/empty", 0), -EINVAL);
    ck_assert_int_eq(reg_error("/soc/cut", 0), -EINVAL);
    ck_assert_int_eq(reg_error("/soc", 0), -ENOENT);
    ck_assert_int_eq(reg_error("/i2c/chip", 0), -EINVAL);
    ck_assert_int_eq(reg_error("/unmapped/dev", 0), -EINVAL);
    ck_assert_int_eq(reg_error("/wraps/dev", 0), -EINVAL);
    ck_assert_int_eq(reg_error("/odd/dev", 0), -EINVAL);
    ck_assert_int_eq(reg_error("/identity/dev", 0), 0);
    expect_reg(fdt_node_by_path("/identity/dev"), 0, 0xfedc00000000, 0x1000);

    struct phys_addr address;
    ck_assert_int_eq(tree_translate(fdt_node_by_path("/soc"), 0x1234, &address), 0);
    ck_assert_uint_eq(address.value, 0x1040001234);
    ck_assert_int_eq(tree_translate(-5, 0, &address), -EINVAL);
}

static void put_dev(void *fdt, const char *name, const uint32_t *reg, uint32_t cells)
{
    fdt_begin_node(fdt, name);
    put_cells(fdt, "reg", reg, cells);
    fdt_end_node(fdt);
}

START_TEST(addresses_go_through_ranges)
{
    void *fdt = tree_begin();
    put_board(fdt);
    fdt_begin_node(fdt, "soc");
    PUT(fdt, "#address-cells", 1);
    PUT(fdt, "#size-cells", 1);
    PUT(fdt, "ranges", 0, 0x10, 0x40000000, 0x2000, 0x80000000, 0x20, 0, 0x1000);
    put_dev(fdt, "dev@1000", CELLS(0x1000, 0x100, 0x80000000, 0x10), 4);
    put_dev(fdt, "outside", CELLS(0x3000, 0x100), 2);
    put_dev(fdt, "crossing", CELLS(0x1f00, 0x101), 2);
    put_dev(fdt, "empty", CELLS(0x1f00, 0), 2);
    put_dev(fdt, "cut", CELLS(0x1f00, 4, 5), 3);
    fdt_end_node(fdt);
    fdt_begin_node(fdt, "i2c");
    PUT(fdt, "#address-cells", 1);
    PUT(fdt, "#size-cells", 0);
    put_dev(fdt, "chip", CELLS(0x44), 1);
    fdt_end_node(fdt);
    fdt_begin_node(fdt, "unmapped");
    put_dev(fdt, "dev", CELLS(0, 0x44, 1), 3);
    fdt_end_node(fdt);
    fdt_begin_node(fdt, "wraps");
    PUT(fdt, "ranges", 0, 0, 0xffffffff, 0xfffff000, 0x10000); /* 2 + 2 + 1 cells */
    put_dev(fdt, "dev", CELLS(0, 0x8000, 1), 3);
    fdt_end_node(fdt);
    fdt_begin_node(fdt, "odd");
    PUT(fdt, "#address-cells", 7);
    put_dev(fdt, "dev", CELLS(0, 0x8000, 1), 3);
    fdt_end_node(fdt);
    fdt_begin_node(fdt, "identity");
    fdt_property(fdt, "ranges", NULL, 0);
    put_dev(fdt, "dev", CELLS(0xfedc, 0, 0x1000), 3);
    fdt_end_node(fdt);
    size_t size;
    fdt = tree_end(fdt, &size);
    ck_assert_int_eq(boot(fdt, size, translate_body), 0);
    ck_assert(logged("/soc/crossing: reg crosses the end of a range") ||
              logged("/soc: an address below it is in none of its ranges"));
    ck_assert(logged("/odd: #address-cells is not 1, 2 or 3"));
    ck_assert(logged("/unmapped: no ranges"));
}
END_TEST

/* A node found on an ISA bus is a device, and its ports are the CPU's unless ranges make them memory. */
static void ports_body(void *argument)
{
    (void)argument;
    expect_ports("/isa/serial@i3f8", 0x3f8, 8);
    expect_ports("/isa/top", 0xffffffff, 1);
    ck_assert_int_eq(reg_error("/isa/wraps", 0), -EINVAL);
    ck_assert_int_eq(reg_error("/isa/empty", 0), -EINVAL);
    ck_assert_int_eq(reg_error("/isa/memory", 0), -EINVAL);
    expect_reg(fdt_node_by_path("/isa@1/serial@i3f8"), 0, 0x180003f8, 8);
    ck_assert_int_eq(reg_error("/isa@1/beyond", 0), -EINVAL);
    ck_assert_int_eq(reg_error("/isabel/dev", 0), -EINVAL);
    struct device_counts counts;
    device_counts(&counts);
    ck_assert_uint_eq(counts.unbound, 1); /* the serial port's on the bus without ranges */
}

static void put_isa(void *fdt, const char *name)
{
    fdt_begin_node(fdt, name);
    PUT(fdt, "#address-cells", 2);
    PUT(fdt, "#size-cells", 1);
}

START_TEST(ports_of_an_isa_bus_are_ports)
{
    void *fdt = tree_begin();
    put_board(fdt);
    put_isa(fdt, "isa");
    node(fdt, "serial@i3f8", "test,nobody");
    PUT(fdt, "reg", 1, 0x3f8, 8);
    fdt_end_node(fdt);
    put_dev(fdt, "top", CELLS(1, 0xffffffff, 1), 3);
    put_dev(fdt, "wraps", CELLS(1, 0xffffffff, 2), 3);
    put_dev(fdt, "empty", CELLS(1, 0x3f8, 0), 3);
    put_dev(fdt, "memory", CELLS(0, 0xa0000, 0x1000), 3);
    fdt_end_node(fdt);
    put_isa(fdt, "isa@1");
    PUT(fdt, "ranges", 1, 0, 0, 0x18000000, 0x10000);
    put_dev(fdt, "serial@i3f8", CELLS(1, 0x3f8, 8), 3);
    put_dev(fdt, "beyond", CELLS(1, 0x10000, 8), 3);
    fdt_end_node(fdt);
    put_isa(fdt, "isabel");
    put_dev(fdt, "dev", CELLS(1, 0x3f8, 8), 3);
    fdt_end_node(fdt);
    size_t size;
    fdt = tree_end(fdt, &size);
    ck_assert_int_eq(boot(fdt, size, ports_body), 0);
    ck_assert(logged("/isa/wraps: reg is empty or wraps around"));
    ck_assert(logged("/isa: no ranges"));
}
END_TEST

/* --- interrupts --- */

static int interrupt(const char *path, uint32_t index, struct tree_interrupt *out)
{
    return tree_interrupt(fdt_node_by_path(path), index, out);
}

static void interrupts_body(void *argument)
{
    (void)argument;
    struct tree_interrupt found;
    ck_assert_int_eq(interrupt("/plain", 1, &found), 0);
    ck_assert_int_eq(found.controller, fdt_node_by_path("/board"));
    ck_assert_uint_eq(found.cells[0], 8);
    ck_assert_int_eq(interrupt("/plain", 2, &found), -ENOENT);
    ck_assert_int_eq(interrupt("/mixed", 0, &found), 0);
    ck_assert_uint_eq(found.count, 2);
    ck_assert_uint_eq(found.cells[1], 4);
    ck_assert_int_eq(interrupt("/mixed", 1, &found), 0);
    ck_assert_int_eq(found.controller, fdt_node_by_path("/board"));
    ck_assert_uint_eq(found.cells[0], 9);
    ck_assert_int_eq(interrupt("/mixed", 2, &found), -ENOENT);
    ck_assert_int_eq(interrupt("/cut", 0, &found), -EINVAL);
    ck_assert_int_eq(interrupt("/cut-extended", 0, &found), -EINVAL);
    ck_assert_int_eq(interrupt("/nobody", 0, &found), -EINVAL);
    ck_assert_int_eq(interrupt("/absurd", 0, &found), -EINVAL);
    ck_assert_int_eq(interrupt("/none", 0, &found), -ENOENT);
    /* Its own interrupt parent: an answer for its children, and for itself too. */
    ck_assert_int_eq(interrupt("/two/child", 0, &found), 0);
    ck_assert_int_eq(found.controller, fdt_node_by_path("/two"));
}

START_TEST(interrupts_find_their_controller)
{
    void *fdt = tree_begin();
    put_board(fdt);
    fdt_begin_node(fdt, "two");
    PUT(fdt, "#interrupt-cells", 2);
    PUT(fdt, "interrupt-parent", 2);
    PUT(fdt, "phandle", 2);
    fdt_begin_node(fdt, "child");
    PUT(fdt, "interrupts", 1, 4);
    fdt_end_node(fdt);
    fdt_end_node(fdt);
    fdt_begin_node(fdt, "plain");
    PUT(fdt, "interrupts", 7, 8);
    fdt_end_node(fdt);
    fdt_begin_node(fdt, "mixed");
    PUT(fdt, "interrupts-extended", 2, 3, 4, 1, 9);
    fdt_end_node(fdt);
    fdt_begin_node(fdt, "cut");
    PUT(fdt, "interrupt-parent", 2);
    PUT(fdt, "interrupts", 1, 2, 3);
    fdt_end_node(fdt);
    fdt_begin_node(fdt, "cut-extended");
    PUT(fdt, "interrupts-extended", 2, 3);
    fdt_end_node(fdt);
    fdt_begin_node(fdt, "nobody");
    PUT(fdt, "interrupt-parent", 77);
    PUT(fdt, "interrupts", 1);
    fdt_end_node(fdt);
    fdt_begin_node(fdt, "absurd-controller");
    PUT(fdt, "#interrupt-cells", 0x40000000);
    PUT(fdt, "phandle", 5);
    fdt_end_node(fdt);
    fdt_begin_node(fdt, "absurd");
    PUT(fdt, "interrupt-parent", 5);
    PUT(fdt, "interrupts", 1);
    fdt_end_node(fdt);
    fdt_begin_node(fdt, "none");
    fdt_end_node(fdt);
    size_t size;
    fdt = tree_end(fdt, &size);
    ck_assert_int_eq(boot(fdt, size, interrupts_body), 0);
}
END_TEST

/* --- the Pi 5 --- */

static void *read_shared(const char *name, size_t *size)
{
    char path[512];
    if (!shared_path(name, path, sizeof path))
        return NULL;
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    void *data = malloc(1 << 20);
    *size = fread(data, 1, 1 << 20, file);
    fclose(file);
    return data;
}

static void pi5_body(void *argument)
{
    (void)argument;
    int gpio = fdt_node_by_path("/axi/pcie@1000120000/rp1/gpio@d0000");
    ck_assert_int_gt(gpio, 0);
    expect_reg(gpio, 0, 0x1f000d0000, 0xc000);
    expect_reg(gpio, 1, 0x1f000e0000, 0xc000);
    expect_reg(gpio, 2, 0x1f000f0000, 0xc000);
    int rp1 = fdt_node_parent(gpio);
    struct tree_interrupt found;
    for (uint32_t bank = 0; bank < 3; bank++) {
        ck_assert_int_eq(tree_interrupt(gpio, bank, &found), 0);
        ck_assert_int_eq(found.controller, rp1);
        ck_assert_uint_eq(found.cells[0], bank);
        ck_assert_uint_eq(found.cells[1], IRQ_TYPE_LEVEL_HIGH);
    }
    /* RP1 itself: MSIX_CFG in the PCIE_APBS block, through its own ranges and the bridge's. */
    struct phys_addr address;
    ck_assert_int_eq(tree_translate(rp1, 0xc040108008, &address), 0);
    ck_assert_uint_eq(address.value, 0x1f00108008);
    /* ... and where its messages go. */
    uint32_t phandle;
    ck_assert_int_eq(fdt_node_u32(fdt_node_parent(rp1), "msi-parent", 0, &phandle), 0);
    int mip = fdt_node_by_phandle(phandle);
    char path[96];
    ck_assert_str_eq(fdt_node_path(mip, path, sizeof path), "/axi/msi-controller@1000130000");
    expect_reg(mip, 0, 0x1000130000, 0xc0);

    int gic = fdt_node_by_path("/soc@107c000000/interrupt-controller@7fff9000");
    expect_reg(gic, 0, 0x107fff9000, 0x1000);
    expect_reg(gic, 1, 0x107fffa000, 0x2000);
    int uart = fdt_node_by_path("/soc@107c000000/serial@7d001000");
    expect_reg(uart, 0, 0x107d001000, 0x200);
    ck_assert_int_eq(tree_interrupt(uart, 0, &found), 0);
    ck_assert_int_eq(found.controller, gic);
    ck_assert_uint_eq(found.cells[1], 121);

    int timer = fdt_node_by_path("/timer");
    ck_assert_int_eq(tree_interrupt(timer, 2, &found), 0);
    ck_assert_int_eq(found.controller, gic);
    ck_assert_uint_eq(found.cells[1], 11); /* virtual timer's PPI */
    const char *text;
    ck_assert_int_eq(fdt_node_string(gpio, "gpio-line-names", 17, &text), 0);
    ck_assert_str_eq(text, "GPIO17");
    ck_assert(!fdt_node_available(fdt_node_by_path("/axi/pcie@1000120000/rp1/serial@30000")));
    ck_assert_int_eq(fdt_node_child(rp1, "gpio"), gpio);
}

START_TEST(the_pi_5s_own_tree_translates)
{
    size_t size;
    void *fdt = read_shared("boards/bcm2712-rpi-5-b.dtb", &size);
    if (fdt == NULL)
        return;
    /* With the test's board added, so that there is a clock and a thread. */
    void *with_board = malloc(size + 4096);
    ck_assert_int_eq(fdt_open_into(fdt, with_board, (int)size + 4096), 0);
    int board = fdt_add_subnode(with_board, 0, "board");
    ck_assert_int_ge(board, 0);
    fdt_setprop_string(with_board, board, "compatible", "test,board");
    fdt_setprop_u32(with_board, board, "#interrupt-cells", 1);
    free(fdt);
    ck_assert_int_eq(boot(with_board, fdt_totalsize(with_board), pi5_body), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tree");
    TCase *tcase = tcase_create("tree");
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, addresses_go_through_ranges);
    tcase_add_test(tcase, ports_of_an_isa_bus_are_ports);
    tcase_add_test(tcase, interrupts_find_their_controller);
    tcase_add_test(tcase, the_pi_5s_own_tree_translates);
    return check_main(suite);
}
