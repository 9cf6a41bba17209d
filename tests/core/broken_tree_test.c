/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Trees that are broken, wherever: an error or a boot, never a crash. */
#include "tree_rig.h"

#include <axiom/errno.h>
#include <stdlib.h>
#include <string.h>

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
    Suite *suite = suite_create("broken tree");
    TCase *tcase = tcase_create("broken tree");
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, a_cut_tree_is_refused_wherever_it_is_cut);
    tcase_add_test(tcase, a_flipped_bit_never_crashes);
    tcase_add_test(tcase, a_tree_of_a_forgotten_version_is_refused);
    tcase_add_test(tcase, a_tree_without_end_is_refused);
    tcase_add_test(tcase, cyclic_interrupt_parents_end);
    return check_main(suite);
}
