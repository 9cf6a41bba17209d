/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The machine under the real kernel, drivers and models: the same run again is the same, CPUs and
 * their interleaving do not show in the outputs, and missing memory is an error each time. */
#include <axiom/errno.h>
#include <tests/check_main.h>
#include <tests/shared.h>

#include "whole_image.h"

static void ignore(void *context, const char *text, size_t size)
{
    (void)context;
    (void)text;
    (void)size;
}

static struct output_digest run(uint32_t cpus, uint64_t seed, enum sim_schedule_policy policy,
                                struct sim_result *result)
{
    struct sim_config config;
    struct wave wave;
    struct output_digest digest;
    ck_assert(whole_image_config(&config, &wave, 400));
    output_digest_init(&digest);
    config.sinks = (struct event_sink *const[]){ &digest.sink };
    config.sink_count = 1;
    config.cpu_count = cpus;
    config.seed = seed;
    config.schedule = (struct sim_schedule){ .policy = policy, .switch_one_in = 7 };
    config.console = ignore;
    int err = sim_run(&config, result);
    ck_assert_msg(err == 0, "%s", result->reason);
    ck_assert_int_eq(result->kernel_error, 0);
    ck_assert_uint_eq(result->input_count, 400);
    ck_assert_uint_ge(digest.gpio_count, 400);
    ck_assert_uint_eq(result->leaked_stacks + result->leaked_exec, 0);
    return digest;
}

START_TEST(a_run_repeats_bit_for_bit)
{
    struct sim_result a, b;
    struct output_digest first = run(1, 1, SIM_SCHEDULE_SEEDED, &a);
    struct output_digest again = run(1, 1, SIM_SCHEDULE_SEEDED, &b);
    ck_assert_uint_eq(first.all, again.all);
    ck_assert_uint_eq(a.state_hash, b.state_hash);
    ck_assert_uint_eq(a.event_count, b.event_count);
    first = run(4, 9, SIM_SCHEDULE_SEEDED, &a);
    again = run(4, 9, SIM_SCHEDULE_SEEDED, &b);
    ck_assert_uint_gt(a.switch_count, 10);
    ck_assert_uint_eq(first.all, again.all);
    ck_assert_uint_eq(a.switch_count, b.switch_count);
}
END_TEST

START_TEST(cpus_and_interleavings_do_not_show_in_the_outputs)
{
    struct sim_result result;
    struct output_digest one = run(1, 1, SIM_SCHEDULE_WAIT, &result);
    uint64_t end_hash = result.state_hash;
    ck_assert_uint_gt(one.output_count, 5);
    for (uint32_t cpus = 1; cpus <= CPU_MAX; cpus++) {
        for (uint64_t seed = 1; seed <= 3; seed++) {
            struct output_digest other = run(cpus, seed, SIM_SCHEDULE_SEEDED, &result);
            ck_assert_msg(other.outputs == one.outputs,
                          "%u CPUs, seed %llu: %llu outputs, not %llu", cpus,
                          (unsigned long long)seed, (unsigned long long)other.output_count,
                          (unsigned long long)one.output_count);
            ck_assert_uint_eq(result.state_hash, end_hash);
        }
    }
}
END_TEST

START_TEST(every_host_allocation_may_fail_under_the_real_kernel)
{
    struct sim_config config;
    struct wave wave;
    struct sim_result result;
    ck_assert(whole_image_config(&config, &wave, 20));
    config.console = ignore;
    config.cpu_count = 2;
    ck_assert_int_eq(sim_run(&config, &result), 0);
    uint64_t all = result.host_allocations;
    for (uint64_t n = 1; n <= all; n++) {
        wave.next = 0;
        config.fail_host_allocation = n;
        int err = sim_run(&config, &result);
        ck_assert_msg(err == -ENOMEM || (err == 0 && result.booted), "allocation %llu: error %d %s",
                      (unsigned long long)n, err, result.reason);
        ck_assert_uint_eq(result.leaked_stacks + result.leaked_exec, 0);
    }
    wave.next = 0;
    config.fail_host_allocation = 0;
    ck_assert_int_eq(sim_run(&config, &result), 0);
    ck_assert_int_eq(result.kernel_error, 0);
}
END_TEST

START_TEST(a_cpu_model_with_costs_repeats_too)
{
    struct sim_config config;
    struct wave wave;
    struct sim_result a, b;
    ck_assert(whole_image_config(&config, &wave, 200));
    config.console = ignore;
    config.cpu_model = SIM_CPU_RPI5;
    ck_assert_int_eq(sim_run(&config, &a), 0);
    ck_assert_int_eq(a.kernel_error, 0);
    ck_assert_uint_eq(a.input_count, 200);
    wave.next = 0;
    ck_assert_int_eq(sim_run(&config, &b), 0);
    ck_assert_uint_eq(a.state_hash, b.state_hash);
    ck_assert_uint_eq(a.event_count, b.event_count);
    ck_assert_uint_eq(a.end_time_ns, b.end_time_ns);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sim/image");
    TCase *cases = tcase_create("image");
    tcase_set_timeout(cases, 300);
    tcase_add_test(cases, a_run_repeats_bit_for_bit);
    tcase_add_test(cases, cpus_and_interleavings_do_not_show_in_the_outputs);
    tcase_add_test(cases, every_host_allocation_may_fail_under_the_real_kernel);
    tcase_add_test(cases, a_cpu_model_with_costs_repeats_too);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
