/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The simulated Pi 5 boots, every driver binds, and each device does its work through its
 * registers: an edge reaches the attach hook, a PWM change the record, both sensors measure. */
#include <axiom/errno.h>
#include <core/device.h>
#include <core/gpio.h>
#include <core/pwm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/check_main.h>
#include <tests/shared.h>

#include "rig.h"

static struct rig rig;
static struct device_counts counts;

static void setup(void)
{
    rig_init(&rig);
}

static void teardown(void)
{
    rig_exit(&rig);
}

/* Fails with the kernel's log on stdout. */
#define CHECK(condition)         \
    do {                         \
        if (!(condition))        \
            rig_print_log(&rig); \
        ck_assert(condition);    \
    } while (0)

static void check_clean_run(void)
{
    if (rig.result.error != 0)
        printf("sim_run: %s\n", rig.result.reason);
    CHECK(rig.result.error == 0);
    CHECK(rig.result.kernel_error == 0);
    CHECK(rig.result.warning_count == 0);
    CHECK(rig.result.leaked_stacks == 0);
}

static void count_devices(struct rig *unused)
{
    (void)unused;
    device_counts(&counts);
}

START_TEST(every_driver_binds)
{
    rig_run(&rig, count_devices);
    check_clean_run();
    CHECK(counts.failed == 0);
    CHECK(counts.deferred == 0);
    /* GIC, timer, MIP, RP1, clocks, I2C1, two sensors, two PWM blocks, GPIO, the rig's agent. */
    CHECK(counts.bound == 12);
    CHECK(rig_log_count(&rig, "interlock: 4 actuators") == 1);
}
END_TEST

static void watch_line_17(struct rig *unused)
{
    rig_attach(unused);
    if (gpio_edges_get(0, 17, GPIO_EDGE_RISING | GPIO_EDGE_FALLING) != 0)
        abort();
    rig_sleep_until(350 * RIG_MS);
    gpio_edges_put(0, 17, GPIO_EDGE_RISING | GPIO_EDGE_FALLING);
}

START_TEST(an_edge_reaches_the_hook)
{
    rig_line(&rig, 250 * RIG_MS, 17, true);
    rig_line(&rig, 251 * RIG_MS, 17, false);
    rig_line(&rig, 252 * RIG_MS, 17, true);
    rig_line(&rig, 360 * RIG_MS, 17, false); /* nobody listens any more */
    rig_run(&rig, watch_line_17);
    check_clean_run();
    CHECK(rig.edge_count == 3);
    CHECK(rig.rising_count == 2);
    CHECK(rig.last_edge_ns == 252 * RIG_MS);
    CHECK((rig.last_bank_level >> 17 & 1) == 1);
    const struct rig_event *edge = rig_find(&rig, EVENT_GPIO, EVENT_LAYER_KERNEL, NULL, 0);
    CHECK(edge != NULL);
    CHECK(edge->event.time_ns == 250 * RIG_MS);
    CHECK(edge->event.gpio.line == 17);
    CHECK(edge->event.gpio.level == 1);
}
END_TEST

static int pwm_errors[3];

static void apply_pwm(struct rig *unused)
{
    (void)unused;
    struct pwm_state state = { .period_ns = 1000000, .duty_ns = 250000, .enabled = true };
    pwm_errors[0] = pwm_apply(0, 0, &state, "test");
    state.duty_ns = 1000001;
    pwm_errors[1] = pwm_apply(0, 0, &state, "test");
    pwm_errors[2] = pwm_apply(0, 9, &state, "test");
}

START_TEST(a_pwm_change_reaches_the_record)
{
    rig_run(&rig, apply_pwm);
    check_clean_run();
    CHECK(pwm_errors[0] == 0);
    CHECK(pwm_errors[1] == -EINVAL);
    CHECK(pwm_errors[2] == -ENODEV);
    const struct rig_event *kernel = rig_find(&rig, EVENT_PWM, EVENT_LAYER_KERNEL, NULL, 0);
    CHECK(kernel != NULL);
    CHECK(kernel->event.pwm.duty_ns == 250000);
    CHECK(rig_count(&rig, EVENT_PWM, EVENT_LAYER_KERNEL, NULL) == 1);
    /* The model saw the same waveform on the pin. */
    bool seen = false;
    for (uint32_t i = 0; i < rig.event_count; i++) {
        const struct event *event = &rig.events[i].event;
        seen |= event->kind == EVENT_PWM && event->layer == EVENT_LAYER_MACHINE &&
                event->pwm.enabled && event->pwm.period_ns == 1000000 &&
                event->pwm.duty_ns == 250000;
    }
    CHECK(seen);
}
END_TEST

START_TEST(the_sht31_measures)
{
    const uint8_t quantity[] = { IIO_TEMP, IIO_HUMIDITYRELATIVE };
    const int64_t nano[] = { INT64_C(23500000000), INT64_C(425000000) };
    rig_sensor(&rig, 100 * RIG_MS, "sht31", quantity, nano, 2);
    rig.config.end_time_ns = 2500 * RIG_MS;
    rig_run(&rig, NULL);
    check_clean_run();
    CHECK(rig_count(&rig, EVENT_IIO, EVENT_LAYER_KERNEL, "sht31") >= 2);
    const struct rig_event *scan = rig_find(&rig, EVENT_IIO, EVENT_LAYER_KERNEL, "sht31", 1);
    CHECK(scan->event.iio.count == 2);
    /* Half a count of 16 bits is the most that may be missing: 1.4 mK, 8 ppm. */
    CHECK(llabs(scan->event.iio.nano[0] - nano[0]) < 1400000);
    CHECK(llabs(scan->event.iio.nano[1] - nano[1]) < 8000);
}
END_TEST

#define IMU_COUNT 400

static const uint8_t imu_quantity[] = { IIO_ACCEL_X,    IIO_ACCEL_Y,    IIO_ACCEL_Z,
                                        IIO_ANGL_VEL_X, IIO_ANGL_VEL_Y, IIO_ANGL_VEL_Z };

/* Sample k is different in every axis, by multiples of the sensor's counts. */
static void imu_values(uint32_t k, int64_t *nano)
{
    for (uint32_t axis = 0; axis < 6; axis++)
        nano[axis] = axis < 3 ? ((int64_t)k * (axis + 1) - 300) * 4785645
                              : ((int64_t)k * (axis + 1) - 600) * 1221730;
}

static void run_imu(void)
{
    for (uint32_t k = 0; k < IMU_COUNT; k++) {
        int64_t nano[6];
        imu_values(k, nano);
        rig_sensor(&rig, 200 * RIG_MS + k * 2083333, "imu0", imu_quantity, nano, 6);
    }
    rig.config.end_time_ns = 1200 * RIG_MS;
    rig_run(&rig, NULL);
}

START_TEST(the_imus_samples_come_through)
{
    run_imu();
    check_clean_run();
    /* Every input once, in order: nothing skipped, nothing but repeats of the last in between. */
    uint32_t next = 0;
    uint64_t last_ns = 0;
    for (uint32_t i = 0; i < rig.event_count; i++) {
        const struct event *event = &rig.events[i].event;
        if (event->kind != EVENT_IIO || event->layer != EVENT_LAYER_KERNEL ||
            strcmp(rig.events[i].name, "imu0") != 0)
            continue;
        CHECK(event->source_ns > last_ns);
        last_ns = event->source_ns;
        for (uint32_t k = next; k < IMU_COUNT; k++) {
            int64_t nano[6];
            imu_values(k, nano);
            if (llabs(event->iio.nano[0] - nano[0]) < 3000000 &&
                llabs(event->iio.nano[5] - nano[5]) < 1000000) {
                CHECK(k == next);
                next = k + 1;
                break;
            }
        }
    }
    CHECK(next == IMU_COUNT);
}
END_TEST

static bool same_scan(const struct event *a, const struct event *b)
{
    return a->time_ns == b->time_ns && a->source_ns == b->source_ns &&
           a->iio.count == b->iio.count &&
           memcmp(a->iio.raw, b->iio.raw, a->iio.count * sizeof a->iio.raw[0]) == 0;
}

START_TEST(four_cpus_sample_as_one_does)
{
    run_imu();
    struct rig one = rig;
    rig_init(&rig);
    rig.config.cpu_count = 4;
    rig.config.seed = (uint64_t)_i + 7;
    rig.config.schedule.policy = SIM_SCHEDULE_SEEDED;
    rig.config.schedule.switch_one_in = 10;
    run_imu();
    check_clean_run();
    uint32_t count = rig_count(&one, EVENT_IIO, EVENT_LAYER_KERNEL, "imu0");
    CHECK(count >= IMU_COUNT);
    CHECK(rig_count(&rig, EVENT_IIO, EVENT_LAYER_KERNEL, "imu0") == count);
    for (uint32_t i = 0; i < count; i++)
        CHECK(same_scan(&rig_find(&one, EVENT_IIO, EVENT_LAYER_KERNEL, "imu0", i)->event,
                        &rig_find(&rig, EVENT_IIO, EVENT_LAYER_KERNEL, "imu0", i)->event));
    rig_exit(&one);
}
END_TEST

START_TEST(the_real_boards_tree_boots)
{
    char path[512];
    if (!shared_path("boards/bcm2712-rpi-5-b.dtb", path, sizeof path))
        return;
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    static char fdt[1 << 17];
    size_t size = fread(fdt, 1, sizeof fdt, file);
    fclose(file);
    struct rig board;
    rig_init_fdt(&board, fdt, size);
    rig_line(&board, 250 * RIG_MS, 17, true);
    rig_run(&board, watch_line_17);
    if (board.result.error != 0 || board.edge_count != 1) {
        printf("%s\n", board.result.reason);
        rig_print_log(&board);
    }
    ck_assert_int_eq(board.result.error, 0);
    ck_assert_int_eq(board.result.kernel_error, 0);
    ck_assert_uint_eq(board.edge_count, 1);
    rig_exit(&board);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay/boot");
    TCase *tcase = tcase_create("boot");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, every_driver_binds);
    tcase_add_test(tcase, an_edge_reaches_the_hook);
    tcase_add_test(tcase, a_pwm_change_reaches_the_record);
    tcase_add_test(tcase, the_sht31_measures);
    tcase_add_test(tcase, the_imus_samples_come_through);
    tcase_add_loop_test(tcase, four_cpus_sample_as_one_does, 0, 3);
    tcase_add_test(tcase, the_real_boards_tree_boots);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
