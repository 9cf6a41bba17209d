/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* For every n, the nth allocation fails: the kernel's, or the host's that the machine is made of,
 * during boot with all drivers and six attached programs and the replay of edges and samples after
 * it. The answer is an error, or a machine that works without what was missing and says so; nothing
 * leaks; and the next boot in the same process records the same bytes as one that was never
 * disturbed. */
#include <axiom/crc32.h>
#include <axiom/errno.h>
#include <core/gpio.h>
#include <core/mm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/check_main.h>
#include <traces/host/file_writer.h>
#include <traces/recorder.h>

#include "rig.h"

#define SLOTS  512u
#define END_NS (RIG_BODY_NS + 60 * RIG_MS)

static struct rig rig;
static int edges_error;

static void use_devices(struct rig *unused)
{
    (void)unused;
    edges_error = gpio_edges_get(0, 22, GPIO_EDGE_RISING);
    rig_sleep_until(RIG_BODY_NS + 50 * RIG_MS);
    if (edges_error == 0)
        gpio_edges_put(0, 22, GPIO_EDGE_RISING);
}

static void add_inputs(void)
{
    static const uint8_t quantity[] = { IIO_ACCEL_X,    IIO_ACCEL_Y,    IIO_ACCEL_Z,
                                        IIO_ANGL_VEL_X, IIO_ANGL_VEL_Y, IIO_ANGL_VEL_Z };
    for (uint32_t k = 0; k < 6; k++) {
        uint64_t at_ns = RIG_BODY_NS + (5 + 6 * k) * RIG_MS;
        int64_t nano[6] = { 0 };
        nano[k] = INT64_C(1000000000);
        rig_sensor(&rig, at_ns, "imu0", quantity, nano, 6);
        rig_line(&rig, at_ns + RIG_MS, 17, k % 2 == 0);
        rig_line(&rig, at_ns + RIG_MS, 4, k % 2 == 0);
        rig_line(&rig, at_ns + 2 * RIG_MS, 26, k % 2 != 0);
    }
}

/* --- one boot, recorded --- */

struct failing {
    uint64_t kernel, host; /* which allocation; 0: none */
    bool required;         /* programs that cannot be loaded end the boot */
};

struct recorded {
    uint32_t crc;
    uint64_t size, runs;
};

static void check_nothing_left(const struct failing *failing)
{
    struct mm_stats stats;
    mm_stats(&stats);
    bool clean = stats.pages_used == 0 && stats.objects_used == 0 &&
                 rig.result.leaked_stacks == 0 && rig.result.leaked_exec == 0;
    if (!clean)
        rig_print_log(&rig);
    ck_assert_msg(clean, "allocation %u/%u: %u pages, %u objects, %u stacks leaked",
                  (unsigned)failing->kernel, (unsigned)failing->host, (unsigned)stats.pages_used,
                  (unsigned)stats.objects_used, rig.result.leaked_stacks);
}

static struct recorded boot(const struct failing *failing)
{
    static const char *const programs[] = { "button_led", "lidar", "position", "temperature",
                                            "vibration" };
    static struct trace_recorder_slot slots[SLOTS];
    static struct trace_recorder recorder;
    const struct mcap_file_options options = { .profile = "ros2", .library = "alloc_test" };
    struct mcap_file_writer *file;
    struct mcap_error error;
    rig_init(&rig);
    for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
        char path[64];
        snprintf(path, sizeof path, "examples/%s.bpf.o", programs[i]);
        rig_module(&rig, path);
    }
    add_inputs();
    ck_assert_int_eq(mcap_memory_create(&options, &file, &error), 0);
    trace_recorder_init(&recorder, mcap_file_writer(file), slots, SLOTS);
    rig.more_sink = &recorder.sink;
    rig.config.end_time_ns = END_NS;
    rig.config.command_line = failing->required ? "bpf.required" : "";
    rig.config.fail_kernel_allocation = failing->kernel;
    rig.config.fail_host_allocation = failing->host;
    rig_run(&rig, use_devices);
    trace_recorder_finish(&recorder, "complete");
    struct mcap_bytes bytes = mcap_memory_bytes(file);
    struct recorded recorded = { .crc = crc32_update(0, bytes.at, bytes.size),
                                 .size = bytes.size,
                                 .runs = rig_count(&rig, EVENT_BPF_RUN, EVENT_LAYER_KERNEL, NULL) };
    ck_assert_int_eq(mcap_file_close(file, &error), 0);
    check_nothing_left(failing);
    return recorded;
}

static struct recorded undisturbed(struct failing failing)
{
    failing.kernel = failing.host = 0;
    struct recorded recorded = boot(&failing);
    if (rig.result.error != 0 || rig.result.kernel_error != 0)
        rig_print_log(&rig);
    ck_assert_int_eq(rig.result.error, 0);
    ck_assert_int_eq(rig.result.kernel_error, 0);
    ck_assert_uint_gt(recorded.runs, 15);
    return recorded;
}

/* --- every n --- */

static uint32_t refused, crippled;

/* Nothing is swallowed: no boot, the same run, or a line on the log. */
static void check_answer(const struct failing *failing, const struct recorded *came,
                         const struct recorded *whole)
{
    const struct sim_result *r = &rig.result;
    bool no_run = r->error == -ENOMEM || r->kernel_error == -ENOMEM;
    bool same = came->crc == whole->crc && came->size == whole->size;
    bool said = rig_log_count(&rig, "error") + rig_log_count(&rig, "memory") != 0;
    bool good = no_run || (r->error == 0 && r->kernel_error == 0 && (same || said));
    if (!good)
        rig_print_log(&rig);
    ck_assert_msg(good, "allocation %u/%u: error %d, kernel's %d, %s, %s",
                  (unsigned)failing->kernel, (unsigned)failing->host, r->error, r->kernel_error,
                  same ? "the same recording" : "another recording",
                  said ? "said so" : "nobody said so");
    refused += no_run;
    crippled += !no_run && !same;
}

static void each(uint64_t count, struct failing failing, bool host)
{
    struct recorded whole = undisturbed(failing);
    rig_exit(&rig);
    refused = crippled = 0;
    for (uint64_t n = 1; n <= count; n++) {
        *(host ? &failing.host : &failing.kernel) = n;
        struct recorded came = boot(&failing);
        check_answer(&failing, &came, &whole);
        rig_exit(&rig);
        struct recorded next = undisturbed(failing);
        rig_exit(&rig);
        ck_assert_msg(next.crc == whole.crc && next.size == whole.size,
                      "after allocation %u failed, the next boot records other bytes", (unsigned)n);
    }
    printf("%u allocations of %s: %u ended the boot, %u changed the run, the others were none's\n",
           (unsigned)count, host ? "the host" : "the kernel", refused, crippled);
}

static uint64_t allocations(struct failing failing, bool host)
{
    undisturbed(failing);
    uint64_t count = host ? rig.result.host_allocations : rig.result.kernel_allocations;
    rig_exit(&rig);
    return count;
}

START_TEST(every_kernel_allocation_may_fail)
{
    struct failing failing = { .required = _i != 0 };
    uint64_t count = allocations(failing, false);
    ck_assert_uint_gt(count, 150);
    each(count, failing, false);
    ck_assert_uint_gt(refused, 0);
    if (failing.required)
        ck_assert_uint_gt(refused, 50); /* what programs need ends the boot */
    else
        ck_assert_uint_gt(crippled, 50); /* and here only their run */
}
END_TEST

START_TEST(every_host_allocation_may_fail)
{
    struct failing failing = { .required = true };
    uint64_t count = allocations(failing, true);
    ck_assert_uint_gt(count, 20);
    each(count, failing, true);
    ck_assert_uint_gt(refused, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay/alloc");
    TCase *tcase = tcase_create("alloc");
    tcase_set_timeout(tcase, 110);
    tcase_add_loop_test(tcase, every_kernel_allocation_may_fail, 0, 2);
    tcase_add_test(tcase, every_host_allocation_may_fail);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
