/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Whole runs on the fake image: inputs at their times, one change of a bank for one instant, the
 * end, the state hash, broken traces, memory that is missing, costs. */
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <arch/work.h>
#include <axiom/errno.h>
#include <axiom/state_hash.h>
#include <hw/sysreg.h>
#include <string.h>
#include <tests/check_main.h>

#include "fake_image.h"

#define MS 1000000u

/* --- inputs from an array --- */

struct script {
    const struct sim_input *inputs;
    uint32_t count, next;
    int end; /* what comes after the last */
};

static int next_input(void *context, struct sim_input *out)
{
    struct script *script = context;
    if (script->next == script->count)
        return script->end;
    *out = script->inputs[script->next++];
    return 1;
}

static const char *const targets[] = { "gpio/chip0/17", "gpio/chip0/18", "iio/imu0" };

static struct sim_config config_with(struct script *script, struct fake_sink *sink,
                                     struct event_sink **sinks)
{
    struct sim_config config = fake_config();
    config.next_input = next_input;
    config.input_context = script;
    config.targets = targets;
    config.target_count = ARRAY_SIZE(targets);
    fake_sink_init(sink);
    sinks[0] = &sink->sink;
    config.sinks = sinks;
    config.sink_count = 1;
    return config;
}

/* --- what the kernel saw --- */

static struct seen {
    uint64_t time_ns, changed, level, value;
} seen[1024];
static uint32_t seen_count;

static void see_irq(void)
{
    struct mmio intc = fake_map(FAKE_INTC_BASE);
    uint32_t pending = mmio_read32(&intc, INTC_PENDING);
    struct seen *at = &seen[seen_count++ % 1024];
    *at = (struct seen){ .time_ns = sysreg_read(SYSREG_CNTVCT_EL0) };
    if (pending & 1u << LINE_GPIO) {
        struct mmio gpio = fake_map(FAKE_GPIO_BASE);
        at->changed = mmio_read64(&gpio, GPIO_CHANGED);
        at->level = mmio_read64(&gpio, GPIO_LEVEL);
        mmio_write64(&gpio, GPIO_CHANGED, at->changed);
    }
    if (pending & 1u << LINE_SENSOR) {
        struct mmio sensor = fake_map(FAKE_SENSOR_BASE);
        at->value = mmio_read64(&sensor, SENSOR_VALUE);
    }
    if (pending & 1u << LINE_ALARM) {
        struct mmio alarm = fake_map(FAKE_ALARM_BASE);
        mmio_write32(&alarm, ALARM_ACK, 1);
    }
}

static uint64_t level_at_boot;

static int idle_main(const struct boot_info *info)
{
    (void)info;
    struct mmio intc = fake_map(FAKE_INTC_BASE);
    struct mmio gpio = fake_map(FAKE_GPIO_BASE);
    seen_count = 0;
    level_at_boot = mmio_read64(&gpio, GPIO_LEVEL);
    mmio_write64(&gpio, GPIO_CHANGED, UINT64_MAX);
    mmio_write32(&intc, INTC_ENABLE, 0x7fffffff);
    fake_idle_until_stop();
    return 0;
}

static void idle_kernel(void)
{
    fake_reset(idle_main);
    fake.irq = see_irq;
}

static struct sim_input line(uint64_t time_ns, uint32_t target, bool level)
{
    return (struct sim_input){
        .time_ns = time_ns, .source_ns = time_ns + 7, .target = target, .level = level
    };
}

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

/* --- time and costs --- */

static uint64_t polled_until;

static int polling_main(const struct boot_info *info)
{
    (void)info;
    /* A delay, then a loop that waits for a pin with interrupts masked. */
    struct mmio gpio = fake_map(FAKE_GPIO_BASE);
    while (sim_time_ns() < 2500000)
        arch_cpu_relax(2500000);
    ck_assert_uint_eq(sim_time_ns(), 2500000);
    while ((mmio_read64(&gpio, GPIO_LEVEL) & 1u << 17) == 0)
        arch_cpu_relax(TIME_NEVER);
    polled_until = sim_time_ns();
    fake_idle_until_stop();
    return 0;
}

START_TEST(a_polling_loop_does_not_stop_time)
{
    const struct sim_input inputs[] = { line(1 * MS, 1, true), line(7 * MS, 0, true) };
    struct script script = { inputs, ARRAY_SIZE(inputs), 0, 0 };
    struct fake_sink sink;
    struct event_sink *sinks[1];
    struct sim_config config = config_with(&script, &sink, sinks);
    struct sim_result result;
    fake_reset(polling_main);
    ck_assert_int_eq(sim_run(&config, &result), 0);
    ck_assert_uint_eq(polled_until, 7 * MS);
}
END_TEST

static uint64_t charged_ns, now_after;

static int working_main(const struct boot_info *info)
{
    (void)info;
    struct mmio gpio = fake_map(FAKE_GPIO_BASE);
    charged_ns = arch_charge(ARCH_WORK_BPF_INSN, 3 * MS);
    now_after = sim_time_ns();
    /* Edges at 1 and 2 ms came while we worked: into the latch. */
    ck_assert_uint_eq(mmio_read64(&gpio, GPIO_CHANGED), charged_ns != 0 ? 1u << 17 : 0);
    return 0;
}

START_TEST(work_costs_time_only_with_a_cpu_model)
{
    const struct sim_input inputs[] = { line(1 * MS, 0, true), line(2 * MS, 0, false) };
    struct fake_sink sink;
    struct event_sink *sinks[1];
    struct sim_result result;
    for (uint32_t model = SIM_CPU_INSTANT; model <= SIM_CPU_RPI5; model++) {
        struct script script = { inputs, ARRAY_SIZE(inputs), 0, 0 };
        struct sim_config config = config_with(&script, &sink, sinks);
        config.cpu_model = (enum sim_cpu_model)model;
        fake_reset(working_main);
        ck_assert_int_eq(sim_run(&config, &result), 0);
        ck_assert_uint_eq(charged_ns, model == SIM_CPU_INSTANT ? 0 : 3 * MS);
        ck_assert_uint_eq(now_after, charged_ns);
        if (model == SIM_CPU_RPI5) {
            /* Each at its own time, not at the end of the work. */
            ck_assert_uint_eq(sink.last[0].time_ns, 1 * MS);
            ck_assert_uint_eq(sink.last[1].time_ns, 2 * MS);
        }
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
    tcase_add_test(cases, a_broken_trace_ends_the_run_in_good_order);
    tcase_add_test(cases, a_wrong_configuration_is_refused_with_a_reason);
    tcase_add_test(cases, every_host_allocation_may_fail_and_the_next_run_works);
    tcase_add_test(cases, a_polling_loop_does_not_stop_time);
    tcase_add_test(cases, work_costs_time_only_with_a_cpu_model);
    tcase_add_test(cases, the_nth_kernel_allocation_fails);
    tcase_add_test(cases, targets_are_listed_without_a_run);
    tcase_add_test(cases, damaged_trees_are_refused_or_run_but_never_crash);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
