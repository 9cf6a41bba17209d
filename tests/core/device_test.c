/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The device tree in a booted kernel: translation, interrupts, binding; the Pi 5's own tree; trees
 * that are broken. */
#include "port.h"

#include <axiom/errno.h>
#include <axiom/format.h>
#include <core/device.h>
#include <core/irq.h>
#include <core/log.h>
#include <core/time.h>
#include <hw/device.h>
#include <internal/tree.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/check_main.h>
#include <tests/shared.h>

/* --- drivers --- */

extern const struct driver port_board_driver;

static char story[4096]; /* what the drivers did, in order */

static void tell(const char *what, const struct device *device)
{
    size_t length = strlen(story);
    format_text(story + length, sizeof story - length, "%s %s\n", what, device_name(device));
}

/* A chained controller: line 5 of its parent carries its 8 inputs. */
static struct irq_domain *chained;
static uint32_t chained_pending;

static int chained_translate(struct irq_domain *domain, const uint32_t *cells, uint32_t count,
                             uint32_t *hwirq, enum irq_type *type)
{
    (void)domain;
    ck_assert_uint_eq(count, 2);
    *hwirq = cells[0];
    *type = (enum irq_type)cells[1];
    return 0;
}

static int chained_set_type(struct irq_domain *domain, uint32_t hwirq, enum irq_type type)
{
    (void)domain;
    (void)hwirq;
    return type == IRQ_TYPE_LEVEL_LOW ? -EINVAL : 0;
}

static void chained_mask(struct irq_domain *domain, uint32_t hwirq)
{
    (void)domain;
    (void)hwirq;
}

static const struct irq_domain_ops chained_ops = {
    .translate = chained_translate,
    .set_type = chained_set_type,
    .mask = chained_mask,
    .unmask = chained_mask,
};

static void chained_handler(struct irq *irq, void *context)
{
    (void)irq;
    (void)context;
    while (chained_pending != 0) {
        uint32_t hwirq = (uint32_t)__builtin_ctz(chained_pending);
        chained_pending &= chained_pending - 1;
        irq_domain_handle(chained, hwirq);
    }
}

static int chained_probe(struct device *device)
{
    struct irq *parent;
    int err = device_irq(device, 0, &parent);
    if (err)
        return err;
    err = irq_domain_create(device, device_node(device), &chained_ops, 8, NULL, &chained);
    if (err)
        return err;
    err = irq_request(parent, chained_handler, NULL, device_name(device));
    if (err) {
        irq_domain_destroy(chained);
        return err;
    }
    device_set_data(device, parent);
    tell("bound", device);
    return 0;
}

static void chained_remove(struct device *device)
{
    irq_free(device_data(device));
    irq_domain_destroy(chained);
    tell("removed", device);
}

static const char *const chained_compatible[] = { "test,chained", NULL };
static const struct driver chained_driver = { "chained", chained_compatible, chained_probe,
                                              chained_remove };

/* A device behind it. */
static uint32_t leaf_interrupts;

static void leaf_handler(struct irq *irq, void *context)
{
    (void)irq;
    (void)context;
    leaf_interrupts++;
}

static int leaf_probe(struct device *device)
{
    struct irq *irq;
    int err = device_irq(device, 0, &irq);
    if (err)
        return err;
    err = irq_request(irq, leaf_handler, NULL, device_name(device));
    if (err)
        return err;
    device_set_data(device, irq);
    tell("bound", device);
    return 0;
}

static void leaf_remove(struct device *device)
{
    irq_free(device_data(device));
    tell("removed", device);
}

static const char *const leaf_compatible[] = { "test,leaf", NULL };
static const struct driver leaf_driver = { "leaf", leaf_compatible, leaf_probe, leaf_remove };

/* A bus whose children are its own affair, and a client behind it that needs a leaf. */
static int bus_probe(struct device *device)
{
    tell("bound", device);
    device_bind_children(device);
    if (device_property_present(device, "waits"))
        return -EPROBE_DEFER;
    return device_property_present(device, "fails") ? -EIO : 0;
}

static void bus_remove(struct device *device)
{
    device_unbind_children(device);
    tell("removed", device);
}

static const char *const bus_compatible[] = { "test,bus", NULL };
static const struct driver bus_driver = { "bus", bus_compatible, bus_probe, bus_remove };

static int client_probe(struct device *device)
{
    struct device *friend;
    int err = device_property_device(device, "friend", 0, &friend);
    if (err)
        return err;
    ck_assert_str_eq(device_name(device_parent(device)), "bus");
    tell("bound", device);
    return 0;
}

static void client_remove(struct device *device)
{
    tell("removed", device);
}

static const char *const client_compatible[] = { "test,client", NULL };
static const struct driver client_driver = { "client", client_compatible, client_probe,
                                             client_remove };

/* Knows "test,picky" but takes it only if it also says so; else the next driver gets it. */
static int picky_probe(struct device *device)
{
    tell("looked at", device);
    return -ENODEV;
}

static const char *const picky_compatible[] = { "test,picky", NULL };
static const struct driver picky_driver = { "picky", picky_compatible, picky_probe, client_remove };

static int nomem_probe(struct device *device)
{
    (void)device;
    return -ENOMEM;
}

static const char *const nomem_compatible[] = { "test,nomem", NULL };
static const struct driver nomem_driver = { "nomem", nomem_compatible, nomem_probe, client_remove };

const struct driver *const driver_table[] = { &leaf_driver,       &client_driver,
                                              &picky_driver,      &bus_driver,
                                              &chained_driver,    &nomem_driver,
                                              &port_board_driver, NULL };

/* --- trees --- */

#define CELLS(...)     \
    (const uint32_t[]) \
    {                  \
        __VA_ARGS__    \
    }

static void *tree_begin(void)
{
    void *fdt = malloc(16384);
    ck_assert_int_eq(fdt_create(fdt, 16384), 0);
    fdt_finish_reservemap(fdt);
    fdt_begin_node(fdt, "");
    fdt_property_u32(fdt, "#address-cells", 2);
    fdt_property_u32(fdt, "#size-cells", 2);
    fdt_property_u32(fdt, "interrupt-parent", 1);
    return fdt;
}

static void put_cells(void *fdt, const char *name, const uint32_t *cells, uint32_t count)
{
    uint32_t big_endian[64];
    for (uint32_t i = 0; i < count; i++)
        big_endian[i] = cpu_to_fdt32(cells[i]);
    fdt_property(fdt, name, big_endian, (int)(count * 4));
}

#define PUT(fdt, name, ...) \
    put_cells(fdt, name, CELLS(__VA_ARGS__), (uint32_t)(sizeof(CELLS(__VA_ARGS__)) / 4))

static void node(void *fdt, const char *name, const char *compatible)
{
    fdt_begin_node(fdt, name);
    if (compatible != NULL)
        fdt_property(fdt, "compatible", compatible, (int)strlen(compatible) + 1);
}

static void put_board(void *fdt)
{
    node(fdt, "board", "test,board");
    PUT(fdt, "#interrupt-cells", 1);
    fdt_property(fdt, "interrupt-controller", NULL, 0);
    PUT(fdt, "phandle", 1);
    fdt_end_node(fdt);
}

static void *tree_end(void *fdt, size_t *size)
{
    fdt_end_node(fdt);
    ck_assert_int_eq(fdt_finish(fdt), 0);
    *size = fdt_totalsize(fdt);
    return fdt;
}

static int boot(void *fdt, size_t size, void (*body)(void *))
{
    story[0] = '\0';
    leaf_interrupts = 0;
    struct port_options options = { .fdt = fdt, .fdt_size = size };
    int err = port_run(&options, body, NULL);
    ck_assert_uint_eq(port_mm_stats().pages_used, 0);
    free(fdt);
    return err;
}

/* True if a line of the last boot's log has the text. */
static bool logged(const char *text)
{
    for (uint64_t i = 0; i < log_count(); i++) {
        struct log_entry entry;
        if (log_read(i, &entry) == 0 && strstr(entry.text, text) != NULL)
            return true;
    }
    return false;
}

/* --- binding --- */

static void nested_body(void *argument)
{
    (void)argument;
    uint64_t taken, spurious;
    chained_pending = 1u << 2;
    port_pull(5);
    delay_ns(1);
    ck_assert_uint_eq(leaf_interrupts, 1);
    chained_pending = 1u << 2 | 1u << 7; /* 7 is nobody's */
    port_pull(5);
    delay_ns(1);
    ck_assert_uint_eq(leaf_interrupts, 2);
    irq_counts(&taken, &spurious);
    ck_assert_uint_eq(spurious, 1);
    ck_assert(irq_domain_has_handler(chained, 2));
    ck_assert(!irq_domain_has_handler(chained, 7));
    ck_assert(!irq_domain_has_handler(chained, 800));

    struct irq *irq;
    ck_assert_int_eq(irq_domain_map(chained, 8, IRQ_TYPE_NONE, &irq), -EINVAL);
    ck_assert_int_eq(irq_domain_map(chained, 2, IRQ_TYPE_NONE, &irq), 0);
    ck_assert_uint_eq(irq_hwirq(irq), 2);
    ck_assert_int_eq(irq_type(irq), IRQ_TYPE_LEVEL_HIGH);
    ck_assert_uint_eq(irq_count(irq), 2);
    ck_assert_int_eq(irq_set_type(irq, IRQ_TYPE_LEVEL_LOW), -EINVAL);
    ck_assert_int_eq(irq_set_type(irq, IRQ_TYPE_EDGE_BOTH), 0);
    ck_assert_int_eq(irq_type(irq), IRQ_TYPE_EDGE_BOTH);

    struct device_counts counts;
    device_counts(&counts);
    ck_assert_uint_eq(counts.bound, 6);
    ck_assert_uint_eq(counts.unbound, 2);
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_eq(counts.deferred, 1);
}

/* Everything that needs something stands before what it needs. */
START_TEST(drivers_wait_for_what_they_need_and_go_in_reverse_order)
{
    void *fdt = tree_begin();
    node(fdt, "bus", "test,bus");
    PUT(fdt, "#address-cells", 1);
    PUT(fdt, "#size-cells", 0);
    node(fdt, "client@10", "test,client");
    PUT(fdt, "reg", 0x10);
    PUT(fdt, "friend", 3);
    fdt_end_node(fdt);
    node(fdt, "off@11", "test,client");
    fdt_property_string(fdt, "status", "disabled");
    fdt_end_node(fdt);
    fdt_end_node(fdt);
    node(fdt, "leaf", "test,leaf");
    PUT(fdt, "interrupt-parent", 2);
    PUT(fdt, "interrupts", 2, 4);
    PUT(fdt, "phandle", 3);
    fdt_end_node(fdt);
    node(fdt, "lonely", "test,leaf");
    PUT(fdt, "interrupts-extended", 9, 1, 2);
    fdt_end_node(fdt);
    node(fdt, "silent", "test,nobody-knows");
    PUT(fdt, "#interrupt-cells", 2);
    PUT(fdt, "phandle", 9);
    fdt_end_node(fdt);
    fdt_begin_node(fdt, "picky");
    fdt_property(fdt, "compatible", "test,picky\0test,bus", 20);
    fdt_end_node(fdt);
    node(fdt, "chained", "test,chained");
    PUT(fdt, "interrupts", 5);
    PUT(fdt, "#interrupt-cells", 2);
    PUT(fdt, "phandle", 2);
    fdt_end_node(fdt);
    node(fdt, "only-picky", "test,picky");
    fdt_end_node(fdt);
    put_board(fdt);
    size_t size;
    fdt = tree_end(fdt, &size);
    ck_assert_int_eq(boot(fdt, size, nested_body), 0);
    ck_assert_str_eq(story, "bound bus\n"
                            "looked at picky\nbound picky\n" /* by its second compatible */
                            "looked at only-picky\n"
                            "bound chained\n" /* the board was bound in the first pass */
                            "bound leaf\nbound client@10\n"
                            "removed client@10\nremoved leaf\nremoved chained\nremoved picky\n"
                            "removed bus\n");
    ck_assert(logged("/lonely: leaf waits for /silent"));
    ck_assert(logged("devices: 6 bound, 2 without a driver here, 0 failed, 1 waiting"));
}
END_TEST

static void nothing_body(void *argument)
{
    (void)argument;
}

START_TEST(a_bus_that_fails_takes_its_children_along)
{
    void *fdt = tree_begin();
    put_board(fdt);
    node(fdt, "bus", "test,bus");
    fdt_property(fdt, "fails", NULL, 0);
    node(fdt, "client@10", "test,client");
    PUT(fdt, "friend", 1);
    fdt_end_node(fdt);
    fdt_end_node(fdt);
    size_t size;
    fdt = tree_end(fdt, &size);
    ck_assert_int_eq(boot(fdt, size, nothing_body), 0);
    ck_assert_str_eq(story, "bound bus\n");
    ck_assert(logged("/bus: bus failed with error -5"));
}
END_TEST

START_TEST(a_bus_that_waits_for_ever_ends_the_passes)
{
    void *fdt = tree_begin();
    put_board(fdt);
    node(fdt, "bus", "test,bus");
    fdt_property(fdt, "waits", NULL, 0);
    node(fdt, "client@10", "test,client");
    PUT(fdt, "friend", 1);
    fdt_end_node(fdt);
    fdt_end_node(fdt);
    size_t size;
    fdt = tree_end(fdt, &size);
    ck_assert_int_eq(boot(fdt, size, nothing_body), 0);
    ck_assert_str_eq(story, "bound bus\nbound bus\n"); /* tried again once, after the board */
    ck_assert(logged("/bus: bus waits for something that never came"));
}
END_TEST

START_TEST(a_driver_without_memory_ends_the_boot)
{
    void *fdt = tree_begin();
    put_board(fdt);
    node(fdt, "hungry", "test,nomem");
    fdt_end_node(fdt);
    size_t size;
    fdt = tree_end(fdt, &size);
    ck_assert_int_eq(boot(fdt, size, nothing_body), -ENOMEM);
    ck_assert(logged("/hungry: nomem failed with error -12"));
}
END_TEST

/* Every allocation of a boot with all of the above drivers. */
START_TEST(every_failing_allocation_is_an_error_and_leaks_nothing)
{
    uint64_t count = 1000;
    for (uint64_t n = 0; n <= count; n++) {
        void *fdt = tree_begin();
        node(fdt, "bus", "test,bus");
        node(fdt, "client@10", "test,client");
        PUT(fdt, "friend", 1);
        fdt_end_node(fdt);
        fdt_end_node(fdt);
        node(fdt, "chained", "test,chained");
        PUT(fdt, "interrupts", 5);
        PUT(fdt, "#interrupt-cells", 2);
        fdt_end_node(fdt);
        put_board(fdt);
        size_t size;
        fdt = tree_end(fdt, &size);
        struct port_options options = { .fdt = fdt, .fdt_size = size, .fail_allocation = n };
        story[0] = '\0';
        int err = port_run(&options, nothing_body, NULL);
        ck_assert_int_eq(err, n == 0 ? 0 : -ENOMEM);
        ck_assert_uint_eq(port_mm_stats().pages_used, 0);
        if (n == 0)
            count = port_allocations();
        free(fdt);
    }
}
END_TEST

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

/* --- broken trees --- */

/* Whatever the tree: an error or a boot, and nothing left behind. */
static int boot_anything(const void *data, size_t size)
{
    void *copy = malloc(size + 1);
    memcpy(copy, data, size);
    struct port_options options = { .fdt = copy, .fdt_size = size };
    story[0] = '\0';
    int err = port_run(&options, nothing_body, NULL);
    ck_assert_int_le(err, 0);
    ck_assert_uint_eq(port_mm_stats().pages_used, 0);
    free(copy);
    return err;
}

START_TEST(a_cut_tree_is_refused_wherever_it_is_cut)
{
    size_t size;
    void *fdt = port_board_tree(&size);
    size_t used = fdt_totalsize(fdt);
    for (size_t cut = 0; cut < used; cut++)
        ck_assert_int_eq(boot_anything(fdt, cut), -EINVAL);
    ck_assert_int_eq(boot_anything(fdt, used), 0);
    free(fdt);
}
END_TEST

START_TEST(a_flipped_bit_never_crashes)
{
    void *fdt = tree_begin();
    put_board(fdt);
    node(fdt, "chained", "test,chained");
    PUT(fdt, "interrupts", 5);
    PUT(fdt, "#interrupt-cells", 2);
    PUT(fdt, "phandle", 2);
    fdt_end_node(fdt);
    node(fdt, "leaf", "test,leaf");
    PUT(fdt, "interrupt-parent", 2);
    PUT(fdt, "interrupts", 2, 4);
    fdt_end_node(fdt);
    size_t size;
    fdt = tree_end(fdt, &size);
    for (size_t bit = 0; bit < size * 8; bit++) {
        uint8_t *bytes = fdt;
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        boot_anything(fdt, size);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    ck_assert_int_eq(boot_anything(fdt, size), 0);
    free(fdt);
}
END_TEST

/* libfdt's own check follows a null pointer in such trees. */
START_TEST(a_tree_of_a_forgotten_version_is_refused)
{
    size_t size;
    void *fdt = port_board_tree(&size);
    for (uint32_t version = 2; version < 16; version++) {
        fdt_set_version(fdt, version);
        fdt_set_last_comp_version(fdt, 2);
        ck_assert_int_eq(boot_anything(fdt, size), -EINVAL);
        ck_assert(logged("it must be 16 or later"));
    }
    fdt_set_version(fdt, 16);
    ck_assert_int_eq(boot_anything(fdt, size), 0);
    free(fdt);
}
END_TEST

START_TEST(a_tree_without_end_is_refused)
{
    /* Deeper than any real one. */
    void *fdt = tree_begin();
    for (uint32_t i = 0; i < 30; i++)
        fdt_begin_node(fdt, "n");
    for (uint32_t i = 0; i < 30; i++)
        fdt_end_node(fdt);
    size_t size;
    fdt = tree_end(fdt, &size);
    ck_assert_int_eq(boot_anything(fdt, size), -E2BIG);
    ck_assert(logged("nests too deep"));
    free(fdt);

    /* Two nodes of one phandle. */
    fdt = tree_begin();
    put_board(fdt);
    fdt_begin_node(fdt, "twin");
    PUT(fdt, "phandle", 1);
    fdt_end_node(fdt);
    fdt = tree_end(fdt, &size);
    ck_assert_int_eq(boot_anything(fdt, size), -EINVAL);
    ck_assert(logged("/board and /twin have one phandle, 1"));
    free(fdt);
}
END_TEST

/* Controllers whose parents go in a circle: no driver is ever bound, and the log says why. */
START_TEST(cyclic_interrupt_parents_end)
{
    void *fdt = tree_begin();
    put_board(fdt);
    for (uint32_t i = 0; i < 2; i++) {
        node(fdt, i == 0 ? "a" : "b", "test,chained");
        PUT(fdt, "interrupt-parent", 11 - i);
        PUT(fdt, "interrupts", 1, 4);
        PUT(fdt, "#interrupt-cells", 2);
        PUT(fdt, "phandle", 10 + i);
        fdt_end_node(fdt);
    }
    size_t size;
    fdt = tree_end(fdt, &size);
    ck_assert_int_eq(boot_anything(fdt, size), 0);
    ck_assert(logged("/a: chained waits for /b"));
    ck_assert(logged("/b: chained waits for /a"));
    free(fdt);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("device");
    TCase *tcase = tcase_create("device");
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, drivers_wait_for_what_they_need_and_go_in_reverse_order);
    tcase_add_test(tcase, a_bus_that_fails_takes_its_children_along);
    tcase_add_test(tcase, a_bus_that_waits_for_ever_ends_the_passes);
    tcase_add_test(tcase, a_driver_without_memory_ends_the_boot);
    tcase_add_test(tcase, every_failing_allocation_is_an_error_and_leaks_nothing);
    tcase_add_test(tcase, addresses_go_through_ranges);
    tcase_add_test(tcase, ports_of_an_isa_bus_are_ports);
    tcase_add_test(tcase, interrupts_find_their_controller);
    tcase_add_test(tcase, the_pi_5s_own_tree_translates);
    tcase_add_test(tcase, a_cut_tree_is_refused_wherever_it_is_cut);
    tcase_add_test(tcase, a_flipped_bit_never_crashes);
    tcase_add_test(tcase, a_tree_of_a_forgotten_version_is_refused);
    tcase_add_test(tcase, a_tree_without_end_is_refused);
    tcase_add_test(tcase, cyclic_interrupt_parents_end);
    return check_main(suite);
}
