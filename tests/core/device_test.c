/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Devices of a booted kernel: in which order drivers are bound and removed, what a driver's error does, and what each
 * allocation's failing does. */
#include "tree_rig.h"

#include <axiom/errno.h>
#include <core/time.h>
#include <stdlib.h>
#include <string.h>

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
    return check_main(suite);
}
