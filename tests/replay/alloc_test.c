/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* For every n, the nth allocation of the kernel fails during a whole boot with all drivers and a
 * short replay: the answer is an error or a machine that works without what was missing, nothing
 * leaks, and the next boot in the same process works. */
#include <axiom/errno.h>
#include <core/gpio.h>
#include <core/mm.h>
#include <stdio.h>
#include <tests/check_main.h>

#include "rig.h"

static struct rig rig;
static int edges_error;

static void use_devices(struct rig *unused)
{
    rig_attach(unused);
    edges_error = gpio_edges_get(0, 17, GPIO_EDGE_RISING);
    rig_sleep_until(RIG_BODY_NS + 50 * RIG_MS);
    if (edges_error == 0)
        gpio_edges_put(0, 17, GPIO_EDGE_RISING);
}

static void check_nothing_left(uint64_t n)
{
    struct mm_stats stats;
    mm_stats(&stats);
    if (stats.pages_used != 0 || stats.objects_used != 0 || rig.result.leaked_stacks != 0)
        rig_print_log(&rig);
    ck_assert_msg(stats.pages_used == 0, "allocation %u: %u pages leaked", (unsigned)n,
                  (unsigned)stats.pages_used);
    ck_assert_msg(stats.objects_used == 0, "allocation %u: %u objects leaked", (unsigned)n,
                  (unsigned)stats.objects_used);
    ck_assert_msg(rig.result.leaked_stacks == 0, "allocation %u: %u stacks leaked", (unsigned)n,
                  rig.result.leaked_stacks);
}

static void boot(uint64_t failing)
{
    rig_init(&rig);
    rig.config.end_time_ns = RIG_BODY_NS + 60 * RIG_MS;
    rig.config.fail_kernel_allocation = failing;
    rig_line(&rig, RIG_BODY_NS + 20 * RIG_MS, 17, true);
    rig_run(&rig, use_devices);
    check_nothing_left(failing);
}

START_TEST(every_failed_allocation_is_survived)
{
    boot(0);
    uint64_t count = rig.result.kernel_allocations;
    ck_assert_int_eq(rig.result.kernel_error, 0);
    ck_assert_uint_eq(rig.edge_count, 1);
    ck_assert_uint_gt(count, 50);
    rig_exit(&rig);
    uint32_t refused = 0;
    for (uint64_t n = 1; n <= count; n++) {
        boot(n);
        ck_assert_int_eq(rig.result.error, 0);
        ck_assert_msg(rig.result.kernel_error == 0 || rig.result.kernel_error == -ENOMEM,
                      "allocation %u: error %d", (unsigned)n, rig.result.kernel_error);
        /* A failed allocation is never swallowed: no boot, or a line on the log. */
        bool said = rig_log_count(&rig, "error") + rig_log_count(&rig, "memory") != 0;
        if (rig.result.kernel_error == 0 && rig.edge_count == 0 && !said)
            rig_print_log(&rig);
        ck_assert_msg(rig.result.kernel_error != 0 || rig.edge_count == 1 || said,
                      "allocation %u failed and nobody said so", (unsigned)n);
        refused += rig.result.kernel_error != 0;
        rig_exit(&rig);
        boot(0);
        ck_assert_int_eq(rig.result.kernel_error, 0);
        ck_assert_uint_eq(rig.edge_count, 1);
        rig_exit(&rig);
    }
    ck_assert_uint_gt(refused, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay/alloc");
    TCase *tcase = tcase_create("alloc");
    tcase_set_timeout(tcase, 110);
    tcase_add_test(tcase, every_failed_allocation_is_survived);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
