/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Whole runs on the fake image: inputs at their times, one change of a bank for one instant, the
 * end, the same again, the state hash. */
#include "run_rig.h"

#include <arch/cpu.h>
#include <axiom/errno.h>
#include <axiom/state_hash.h>
#include <hw/sysreg.h>
#include <string.h>

START_TEST(inputs_arrive_at_their_times_and_one_instant_is_one_change)
{
    const struct sim_input inputs[] = {
        line(0, 1, true),                                   /* before power-on */
        line(5 * MS, 0, true),      line(5 * MS, 1, false), /* one change */
        line(6 * MS, 0, false),     line(6 * MS, 0, true),  /* the same line twice: two */
        line(9 * MS + 1, 0, false),
    };
    struct script script = { inputs, ARRAY_SIZE(inputs), 0, 0 };
    struct fake_sink sink;
    struct event_sink *sinks[1];
    struct sim_config config = config_with(&script, &sink, sinks);
    config.settle_ns = MS;
    struct sim_result result;
    idle_kernel();
    ck_assert_int_eq(sim_run(&config, &result), 0);
    ck_assert_uint_eq(level_at_boot, 1u << 18);
    ck_assert_uint_eq(seen_count, 4);
    ck_assert_uint_eq(seen[0].time_ns, 5 * MS);
    ck_assert_uint_eq(seen[0].changed, 3u << 17);
    ck_assert_uint_eq(seen[0].level, 1u << 17);
    ck_assert_uint_eq(seen[1].time_ns, 6 * MS);
    ck_assert_uint_eq(seen[1].level, 0);
    ck_assert_uint_eq(seen[2].level, 1u << 17);
    ck_assert_uint_eq(seen[3].time_ns, 9 * MS + 1);
    ck_assert_uint_eq(result.end_time_ns, 10 * MS + 1);
    ck_assert_uint_eq(result.input_count, 6);
    ck_assert_uint_eq(sink.kinds[EVENT_GPIO], 6);
    /* An input's event carries the source's own stamp. */
    const struct event *last = &sink.last[sink.count - 1];
    ck_assert_uint_eq(last->kind, EVENT_GPIO);
    ck_assert_uint_eq(last->role, EVENT_ROLE_INPUT);
    ck_assert_uint_eq(last->source_ns, 9 * MS + 1 + 7);
    ck_assert_uint_eq(result.leaked_stacks + result.leaked_exec, 0);
}
END_TEST

START_TEST(an_input_offset_moves_all_but_the_levels_before_power_on)
{
    const struct sim_input inputs[] = { line(0, 0, true), line(1, 0, false) };
    struct script script = { inputs, ARRAY_SIZE(inputs), 0, 0 };
    struct fake_sink sink;
    struct event_sink *sinks[1];
    struct sim_config config = config_with(&script, &sink, sinks);
    config.input_offset_ns = 100 * MS;
    struct sim_result result;
    idle_kernel();
    ck_assert_int_eq(sim_run(&config, &result), 0);
    ck_assert_uint_eq(level_at_boot, 1u << 17);
    ck_assert_uint_eq(seen_count, 1);
    ck_assert_uint_eq(seen[0].time_ns, 100 * MS + 1);
}
END_TEST

/* --- a FIFO that the driver empties late --- */

static struct sim_input celsius(uint64_t time_ns, int64_t nano)
{
    struct sim_input input = { .time_ns = time_ns, .target = 2, .kind = SIM_INPUT_SENSOR };
    input.count = 1;
    input.quantity[0] = IIO_TEMP;
    input.nano[0] = nano;
    return input;
}

static void lazy_irq(void)
{
    /* Masks the sensor and serves it 3 ms later, from the alarm. */
    struct mmio intc = fake_map(FAKE_INTC_BASE);
    struct mmio alarm = fake_map(FAKE_ALARM_BASE);
    uint32_t pending = mmio_read32(&intc, INTC_PENDING);
    if (pending & 1u << LINE_ALARM) {
        mmio_write32(&alarm, ALARM_ACK, 1);
        see_irq();
        struct mmio sensor = fake_map(FAKE_SENSOR_BASE);
        seen[seen_count++ % 1024].value = mmio_read64(&sensor, SENSOR_VALUE);
        mmio_write32(&intc, INTC_ENABLE, 0x7fffffff);
    } else if (pending & 1u << LINE_SENSOR) {
        mmio_write32(&intc, INTC_ENABLE, 0x7fffffff & ~(1u << LINE_SENSOR));
        mmio_write64(&alarm, ALARM_AT, sysreg_read(SYSREG_CNTVCT_EL0) + 3 * MS);
    }
}

START_TEST(an_input_waits_while_a_model_must_be_served_first)
{
    const struct sim_input inputs[] = { celsius(1 * MS, 1), celsius(2 * MS, 2),
                                        celsius(20 * MS, 3) };
    struct script script = { inputs, ARRAY_SIZE(inputs), 0, 0 };
    struct fake_sink sink;
    struct event_sink *sinks[1];
    struct sim_config config = config_with(&script, &sink, sinks);
    config.settle_ns = 10 * MS;
    struct sim_result result;
    fake_reset(idle_main);
    fake.irq = lazy_irq;
    ck_assert_int_eq(sim_run(&config, &result), 0);
    /* Each was taken alone: at 4, then delivered at 4 and taken at 7, then 20 and 23. */
    ck_assert_uint_eq(sink.kinds[EVENT_IIO], 3);
    uint64_t times[3] = { 0 };
    uint32_t n = 0;
    for (uint64_t i = 0; i < sink.count; i++) {
        if (sink.last[i].kind == EVENT_IIO)
            times[n++] = sink.last[i].time_ns;
    }
    ck_assert_uint_eq(times[0], 1 * MS);
    ck_assert_uint_eq(times[1], 4 * MS);
    ck_assert_uint_eq(times[2], 20 * MS);
}
END_TEST

/* --- the end --- */

START_TEST(hold_ends_at_its_time_and_stop_without_inputs_at_once)
{
    struct sim_config config = fake_config();
    struct sim_result result;
    idle_kernel();
    ck_assert_int_eq(sim_run(&config, &result), 0);
    ck_assert_uint_eq(result.end_time_ns, 0);
    config.end = SIM_END_HOLD;
    config.end_time_ns = 1234567;
    ck_assert_int_eq(sim_run(&config, &result), 0);
    ck_assert_uint_eq(result.end_time_ns, 1234567);
    ck_assert(result.booted && !result.powered_off);
}
END_TEST

static int power_off_main(const struct boot_info *info)
{
    (void)info;
    arch_power_off();
}

static int failing_main(const struct boot_info *info)
{
    (void)info;
    return -ENODEV;
}

START_TEST(the_kernel_may_end_the_image_or_fail)
{
    struct sim_config config = fake_config();
    struct sim_result result;
    fake_reset(power_off_main);
    ck_assert_int_eq(sim_run(&config, &result), 0);
    ck_assert(result.powered_off);
    fake_reset(failing_main);
    ck_assert_int_eq(sim_run(&config, &result), 0);
    ck_assert_int_eq(result.kernel_error, -ENODEV);
    ck_assert(!result.powered_off);
}
END_TEST

static void stop_after_three(struct event_sink *sink, const struct event *event)
{
    (void)sink;
    if (event->kind == EVENT_GPIO && event->sequence >= 3)
        sim_request_stop();
}

START_TEST(a_sink_may_stop_the_run)
{
    struct sim_input inputs[100];
    for (uint32_t i = 0; i < 100; i++)
        inputs[i] = line((i + 1) * MS, 0, i % 2 == 0);
    struct script script = { inputs, 100, 0, 0 };
    struct fake_sink sink;
    struct event_sink *sinks[1];
    struct sim_config config = config_with(&script, &sink, sinks);
    struct event_sink stopper = { .emit = stop_after_three, .kinds = UINT32_MAX };
    sinks[0] = &stopper;
    struct sim_result result;
    idle_kernel();
    ck_assert_int_eq(sim_run(&config, &result), 0);
    ck_assert_uint_eq(result.input_count, 3);
    ck_assert_uint_eq(result.end_time_ns, 3 * MS);
}
END_TEST

/* --- the same again --- */

static uint64_t digest_of_run(uint64_t seed, const char *faults, struct sim_result *result)
{
    struct sim_input inputs[200];
    for (uint32_t i = 0; i < 200; i++)
        inputs[i] = line((i + 1) * 777777, i % 3 == 0, i % 2 == 0);
    struct script script = { inputs, 200, 0, 0 };
    struct fake_sink sink;
    struct event_sink *sinks[1];
    struct sim_config config = config_with(&script, &sink, sinks);
    config.seed = seed;
    config.hash_interval_ns = 10 * MS;
    config.fault_script = faults;
    idle_kernel();
    ck_assert_int_eq(sim_run(&config, result), 0);
    ck_assert_uint_eq(sink.kinds[EVENT_HASH], 200 * 777777 / (10 * MS) + 1);
    return sink.digest;
}

START_TEST(equal_configuration_gives_equal_events)
{
    struct sim_result a, b, c;
    const char *faults = "random 1/10 stuck-line gpio@1000\n";
    uint64_t first = digest_of_run(1, faults, &a);
    ck_assert_uint_eq(digest_of_run(1, faults, &b), first);
    ck_assert_uint_eq(a.state_hash, b.state_hash);
    ck_assert_uint_gt(a.fault_count, 0);
    ck_assert_uint_ne(digest_of_run(2, faults, &c), first);
}
END_TEST

/* --- the state hash --- */

static uint64_t hash_in_boot;

static int hash_main(const struct boot_info *info)
{
    (void)info;
    struct mmio intc = fake_map(FAKE_INTC_BASE);
    struct mmio alarm = fake_map(FAKE_ALARM_BASE);
    for (uint32_t i = 0; i < 1000; i++) {
        mmio_write32(&intc, INTC_ENABLE, i * 2654435761u);
        mmio_write32(&intc, INTC_TARGET, i % 5);
        mmio_write64(&alarm, ALARM_AT, (uint64_t)i << 40);
    }
    mmio_write32(&intc, INTC_ENABLE, 0xdead);
    mmio_write32(&intc, INTC_TARGET, 0);
    mmio_write64(&alarm, ALARM_AT, UINT64_C(0xfeed) << 40);
    hash_in_boot = state_hash_words();
    return 0;
}

START_TEST(the_incremental_hash_is_that_of_the_state)
{
    struct sim_config config = fake_config();
    struct sim_result result;
    fake_reset(hash_main);
    ck_assert_int_eq(sim_run(&config, &result), 0);
    /* Recomputed from what the registers hold now. intc is model 0, alarm model 2; the first word
     * after struct model, whose size is the same for all. */
    uint64_t sum = 0;
    bool found = false;
    for (uint64_t offset = 0; offset < 256 && !found; offset += 4) {
        for (uint64_t other = 0; other < 256 && !found; other += 8) {
            sum = state_hash_term(0u | offset, 0xdead) ^
                  state_hash_term(UINT64_C(2) << 32 | other, UINT64_C(0xfeed) << 40);
            found = sum == hash_in_boot;
        }
    }
    ck_assert(found);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sim/run");
    TCase *cases = tcase_create("run");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, inputs_arrive_at_their_times_and_one_instant_is_one_change);
    tcase_add_test(cases, an_input_offset_moves_all_but_the_levels_before_power_on);
    tcase_add_test(cases, an_input_waits_while_a_model_must_be_served_first);
    tcase_add_test(cases, hold_ends_at_its_time_and_stop_without_inputs_at_once);
    tcase_add_test(cases, the_kernel_may_end_the_image_or_fail);
    tcase_add_test(cases, a_sink_may_stop_the_run);
    tcase_add_test(cases, equal_configuration_gives_equal_events);
    tcase_add_test(cases, the_incremental_hash_is_that_of_the_state);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
