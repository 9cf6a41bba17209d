/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Time passes by what happens: polling, work on a CPU model. */
#include "run_rig.h"

#include <arch/cpu.h>
#include <arch/work.h>

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

int main(void)
{
    Suite *suite = suite_create("sim/cost");
    TCase *cases = tcase_create("cost");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, a_polling_loop_does_not_stop_time);
    tcase_add_test(cases, work_costs_time_only_with_a_cpu_model);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
