/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Runs that meet trouble: broken traces, wrong configurations, memory that is missing, damaged trees. */
#include "run_rig.h"

#include <arch/work.h>
#include <axiom/errno.h>
#include <axiom/state_hash.h>
#include <string.h>

/* --- bad input --- */

static int run_inputs(const struct sim_input *inputs, uint32_t count, int end,
                      struct sim_result *result)
{
    struct script script = { inputs, count, 0, end };
    struct fake_sink sink;
    struct event_sink *sinks[1];
    struct sim_config config = config_with(&script, &sink, sinks);
    config.end = SIM_END_HOLD; /* a broken trace must end the run even so */
    idle_kernel();
    return sim_run(&config, result);
}

START_TEST(a_broken_trace_ends_the_run_in_good_order)
{
    struct sim_result result;
    const struct sim_input backwards[] = { line(5 * MS, 0, true), line(4 * MS, 0, false) };
    ck_assert_int_eq(run_inputs(backwards, 2, 0, &result), -EINVAL);
    ck_assert_ptr_nonnull(strstr(result.reason, "earlier"));
    ck_assert_uint_eq(result.input_count, 1);
    ck_assert_int_eq(result.kernel_error, 0);
    ck_assert_uint_eq(seen_count, 1);

    const struct sim_input unknown[] = { line(5 * MS, 9, true) };
    ck_assert_int_eq(run_inputs(unknown, 1, 0, &result), -EINVAL);
    ck_assert_ptr_nonnull(strstr(result.reason, "not declared"));
    struct sim_input odd = line(MS, 2, true);
    ck_assert_int_eq(run_inputs(&odd, 1, 0, &result), -EINVAL);
    ck_assert_ptr_nonnull(strstr(result.reason, "not a GPIO line"));
    odd.kind = (enum sim_input_kind)77;
    ck_assert_int_eq(run_inputs(&odd, 1, 0, &result), -EINVAL);

    const struct sim_input fine[] = { line(5 * MS, 0, true) };
    ck_assert_int_eq(run_inputs(fine, 1, -EIO, &result), -EIO);
    ck_assert_ptr_nonnull(strstr(result.reason, "could not be read"));
    ck_assert_uint_eq(result.input_count, 1);
}
END_TEST

START_TEST(a_wrong_configuration_is_refused_with_a_reason)
{
    static const struct {
        const char *target, *reason;
    } bad[] = {
        { "gpio/chip0/64", "lines 0 to 63" }, { "gpio/chip0/x", "not a number" },
        { "gpio/chip0", "not a number" },     { "gpio/chip9/1", "no such device" },
        { "iio/imu1", "no such device" },     { "iio/imu0/3", "write iio/NAME" },
        { "pwm/chip0/1", "write gpio" },      { "", "write gpio" },
        { "gpio//1", "write gpio" },          { "gpio/alarm@2000/1", "no such device" },
    };
    struct sim_result result;
    for (uint32_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct sim_config config = fake_config();
        config.targets = &bad[i].target;
        config.target_count = 1;
        ck_assert_int_eq(sim_run(&config, &result), -EINVAL);
        ck_assert_msg(strstr(result.reason, bad[i].reason) != NULL, "%s: %s", bad[i].target,
                      result.reason);
        ck_assert(!result.booted);
    }
    struct sim_config config = fake_config();
    config.cpu_count = 9;
    ck_assert_int_eq(sim_run(&config, &result), -EINVAL);
    config.cpu_count = 0;
    ck_assert_int_eq(sim_run(&config, &result), -EINVAL);
    config.cpu_count = 1;
    config.memory_size = 65537;
    ck_assert_int_eq(sim_run(&config, &result), -EINVAL);
}
END_TEST

START_TEST(every_host_allocation_may_fail_and_the_next_run_works)
{
    struct sim_result result;
    struct sim_config config = fake_config();
    idle_kernel();
    ck_assert_int_eq(sim_run(&config, &result), 0);
    uint64_t all = result.host_allocations;
    ck_assert_uint_gt(all, 8);
    for (uint64_t n = 1; n <= all; n++) {
        config.fail_host_allocation = n;
        idle_kernel();
        ck_assert_int_eq(sim_run(&config, &result), -ENOMEM);
        ck_assert(result.reason[0] != '\0');
        config.fail_host_allocation = 0;
        idle_kernel();
        ck_assert_int_eq(sim_run(&config, &result), 0);
    }
}
END_TEST

static bool allocation_answers[5];

static int allocating_main(const struct boot_info *info)
{
    (void)info;
    for (uint32_t i = 0; i < 5; i++)
        allocation_answers[i] = arch_allocation_fails();
    return 0;
}

START_TEST(the_nth_kernel_allocation_fails)
{
    struct sim_config config = fake_config();
    struct sim_result result;
    config.fail_kernel_allocation = 3;
    fake_reset(allocating_main);
    ck_assert_int_eq(sim_run(&config, &result), 0);
    ck_assert_uint_eq(result.kernel_allocations, 5);
    for (uint32_t i = 0; i < 5; i++)
        ck_assert(allocation_answers[i] == (i == 2));
    config.fault_script = "allocation 5";
    ck_assert_int_eq(sim_run(&config, &result), 0);
    ck_assert(allocation_answers[4] && !allocation_answers[2]);
}
END_TEST

/* --- the tree --- */

static uint32_t target_count;

static void count_target(void *context, const struct sim_target_info *info)
{
    (void)context;
    target_count++;
    if (strcmp(info->kind, "gpio") == 0) {
        ck_assert_str_eq(info->label, "chip0");
        ck_assert_uint_eq(info->line_count, 64);
    } else {
        ck_assert_str_eq(info->label, "imu0");
        ck_assert(info->takes_quantities && info->takes_answers);
    }
}

START_TEST(targets_are_listed_without_a_run)
{
    char reason[SIM_REASON_MAX];
    size_t size;
    const void *tree = fake_tree(&size);
    target_count = 0;
    ck_assert_int_eq(sim_list_targets(tree, size, count_target, NULL, reason), 0);
    ck_assert_uint_eq(target_count, 2);
    ck_assert_int_eq(sim_list_targets("no tree", 7, count_target, NULL, reason), -EINVAL);
    ck_assert_ptr_nonnull(strstr(reason, "device tree"));
}
END_TEST

static int quiet_main(const struct boot_info *info)
{
    (void)info;
    return 0;
}

START_TEST(damaged_trees_are_refused_or_run_but_never_crash)
{
    size_t size;
    const void *tree = fake_tree(&size);
    static uint64_t copy[8192];
    uint64_t random = 1;
    uint32_t accepted = 0;
    for (uint32_t round = 0; round < 3000; round++) {
        memcpy(copy, tree, size);
        for (uint32_t i = 0; i < 1 + round % 4; i++) {
            random = state_hash_mix(random + 0x9e3779b97f4a7c15);
            ((uint8_t *)copy)[random % size] = (uint8_t)(random >> 32);
        }
        struct sim_config config = fake_config();
        struct sim_result result;
        config.fdt = copy;
        config.fdt_size = round % 3 == 0 ? random % size : size;
        fake_reset(quiet_main);
        accepted += sim_run(&config, &result) == 0;
    }
    ck_assert_uint_gt(accepted, 100);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sim/trouble");
    TCase *cases = tcase_create("trouble");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, a_broken_trace_ends_the_run_in_good_order);
    tcase_add_test(cases, a_wrong_configuration_is_refused_with_a_reason);
    tcase_add_test(cases, every_host_allocation_may_fail_and_the_next_run_works);
    tcase_add_test(cases, the_nth_kernel_allocation_fails);
    tcase_add_test(cases, targets_are_listed_without_a_run);
    tcase_add_test(cases, damaged_trees_are_refused_or_run_but_never_crash);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
