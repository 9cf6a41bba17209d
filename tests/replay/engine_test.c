/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The JIT and the interpreter give the same recording, byte for byte: results, effects, errors, map
 * contents, instruction counts, and what the CPU model charges for them. */
#include <axiom/crc32.h>
#include <stdio.h>
#include <string.h>
#include <tests/check_main.h>
#include <traces/host/file_writer.h>
#include <traces/recorder.h>

#include "rig.h"

#define SLOTS  1024u
#define END_NS (RIG_BODY_NS + 2200 * RIG_MS)

static struct rig rig;

static const char *const hotpath[] = { "tests/replay/hotpath.bpf.o", NULL };
static const char *const examples[] = {
    "examples/button_led.bpf.o",  "examples/lidar.bpf.o",     "examples/position.bpf.o",
    "examples/temperature.bpf.o", "examples/vibration.bpf.o", NULL,
};
static const char *const *const sets[] = { hotpath, examples };

static void add_inputs(void)
{
    static const uint8_t quantity[] = { IIO_ACCEL_X,    IIO_ACCEL_Y,    IIO_ACCEL_Z,
                                        IIO_ANGL_VEL_X, IIO_ANGL_VEL_Y, IIO_ANGL_VEL_Z };
    for (uint32_t k = 0; k < 150; k++) {
        uint64_t at_ns = RIG_BODY_NS + (5 + 8 * k) * RIG_MS;
        int64_t nano[6];
        for (uint32_t i = 0; i < 6; i++)
            nano[i] = (int64_t)(k * 7919 + i * 104729) % 9 * INT64_C(1000000000) - 4000000000;
        rig_sensor(&rig, at_ns, "imu0", quantity, nano, 6);
        rig_line(&rig, at_ns + RIG_MS, 17, k % 2 == 0);
        rig_line(&rig, at_ns + RIG_MS, 4, k % 2 == 0);
        rig_line(&rig, at_ns + RIG_MS + 100, 27, k % 3 == 0);
        rig_line(&rig, at_ns + 2 * RIG_MS, 26, k % 2 != 0);
        rig_line(&rig, at_ns + 2 * RIG_MS, 50, k % 2 != 0);
    }
}

struct recorded {
    uint32_t crc;
    uint64_t size, runs, insns, ns;
    uint64_t host_allocations;
};

static struct recorded boot(uint32_t set, const char *command_line, enum sim_cpu_model model,
                            uint32_t cpus)
{
    static struct trace_recorder_slot slots[SLOTS];
    static struct trace_recorder recorder;
    const struct mcap_file_options options = { .profile = "ros2", .library = "engine_test" };
    struct mcap_file_writer *file;
    struct mcap_error error;
    rig_init(&rig);
    for (const char *const *object = sets[set]; *object != NULL; object++)
        rig_module(&rig, *object);
    add_inputs();
    ck_assert_int_eq(mcap_memory_create(&options, &file, &error), 0);
    trace_recorder_init(&recorder, mcap_file_writer(file), slots, SLOTS);
    rig.more_sink = &recorder.sink;
    rig.config.end_time_ns = END_NS;
    rig.config.command_line = command_line;
    rig.config.cpu_model = model;
    rig.config.cpu_count = cpus;
    rig.config.hash_interval_ns = 50 * RIG_MS;
    if (cpus > 1)
        rig.config.schedule =
            (struct sim_schedule){ .policy = SIM_SCHEDULE_SEEDED, .switch_one_in = 9 };
    rig_run(&rig, NULL);
    trace_recorder_finish(&recorder, "complete");
    struct mcap_bytes bytes = mcap_memory_bytes(file);
    struct recorded recorded = { .crc = crc32_update(0, bytes.at, bytes.size),
                                 .size = bytes.size,
                                 .host_allocations = rig.result.host_allocations };
    for (uint32_t i = 0; i < rig.event_count; i++) {
        const struct event *event = &rig.events[i].event;
        if (event->kind != EVENT_BPF_RUN)
            continue;
        recorded.runs++;
        recorded.insns += event->bpf_run.insn_count;
        recorded.ns += event->bpf_run.duration_ns;
    }
    ck_assert_int_eq(mcap_file_close(file, &error), 0);
    if (rig.result.error != 0 || rig.result.kernel_error != 0)
        rig_print_log(&rig);
    ck_assert_int_eq(rig.result.error, 0);
    ck_assert_int_eq(rig.result.kernel_error, 0);
    ck_assert_uint_eq(rig.result.leaked_exec, 0);
    ck_assert_uint_lt(rig.event_count, RIG_EVENT_MAX);
    rig_exit(&rig);
    return recorded;
}

/* bpf.required: a program that the JIT does not take ends the boot. */
START_TEST(recordings_of_both_engines_are_equal)
{
    for (uint32_t cpus = 1; cpus <= 4; cpus += 3) {
        for (enum sim_cpu_model model = SIM_CPU_INSTANT; model <= SIM_CPU_RPI5; model++) {
            struct recorded jit = boot((uint32_t)_i, "bpf.required bpf.engine=jit", model, cpus);
            struct recorded interpreted =
                boot((uint32_t)_i, "bpf.required bpf.engine=interp", model, cpus);
            struct recorded best = boot((uint32_t)_i, "bpf.required", model, cpus);
            ck_assert_uint_gt(interpreted.runs, 100);
            ck_assert_uint_gt(interpreted.insns, 10 * interpreted.runs);
            ck_assert_uint_eq(jit.runs, interpreted.runs);
            ck_assert_uint_eq(jit.insns, interpreted.insns);
            ck_assert_uint_eq(jit.ns, interpreted.ns);
            ck_assert_int_eq(model == SIM_CPU_RPI5, jit.ns > 0);
            ck_assert_uint_eq(jit.size, interpreted.size);
            ck_assert_uint_eq(jit.crc, interpreted.crc);
            ck_assert_uint_eq(best.crc, interpreted.crc);
            /* Executable memory is the host's, so it was used. */
            ck_assert_uint_gt(jit.host_allocations, interpreted.host_allocations);
            ck_assert_uint_eq(best.host_allocations, jit.host_allocations);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay/engine");
    TCase *tcase = tcase_create("engine");
    tcase_set_timeout(tcase, 110);
    tcase_add_loop_test(tcase, recordings_of_both_engines_are_equal, 0, (int)ARRAY_SIZE(sets));
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
