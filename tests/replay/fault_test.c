/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Faults by script: each has the message that a person needs, and the machine goes on as the
 * message says. */
#include <core/gpio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/check_main.h>

#include "rig.h"

static struct rig rig;

#define CHECK(condition)         \
    do {                         \
        if (!(condition))        \
            rig_print_log(&rig); \
        ck_assert(condition);    \
    } while (0)

static void setup(void)
{
    rig_init(&rig);
}

static void teardown(void)
{
    rig_exit(&rig);
}

static void run(const char *script, uint64_t end_ns, void (*body)(struct rig *))
{
    rig.config.fault_script = script;
    rig.config.end_time_ns = end_ns;
    rig_run(&rig, body);
    if (rig.result.error != 0)
        printf("sim_run: %s\n", rig.result.reason);
    CHECK(rig.result.error == 0);
    CHECK(rig.result.kernel_error == 0);
    CHECK(rig.result.fault_count > 0);
}

static uint32_t scans(const char *name, uint64_t from_ns)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < rig.event_count; i++)
        count += rig.events[i].event.kind == EVENT_IIO && rig.events[i].event.time_ns >= from_ns &&
                 rig.events[i].event.layer == EVENT_LAYER_KERNEL &&
                 strcmp(rig.events[i].name, name) == 0;
    return count;
}

static void imu_inputs(uint32_t count)
{
    static const uint8_t quantity[] = { IIO_ACCEL_X,    IIO_ACCEL_Y,    IIO_ACCEL_Z,
                                        IIO_ANGL_VEL_X, IIO_ANGL_VEL_Y, IIO_ANGL_VEL_Z };
    for (uint32_t k = 0; k < count; k++) {
        int64_t nano[6];
        for (uint32_t axis = 0; axis < 6; axis++)
            nano[axis] = ((int64_t)(k % 100) + axis) * 50000000;
        rig_sensor(&rig, 200 * RIG_MS + k * 2 * RIG_MS, "imu0", quantity, nano, 6);
    }
}

START_TEST(nack_is_said_and_the_next_measurement_comes)
{
    run("at 900ms nack humidity@44 byte=0\n", 3500 * RIG_MS, NULL);
    CHECK(rig_log_count(&rig,
                        "i2c1: transfer with 0x44 failed: the address was not acknowledged") == 1);
    CHECK(rig_log_count(&rig,
                        "sht31: no measurement (error 6); the next one is tried in 1000 ms") == 1);
    CHECK(scans("sht31", 1500 * RIG_MS) >= 1);
}
END_TEST

START_TEST(nack_of_data_is_said)
{
    run("at 900ms nack humidity@44 byte=1\n", 3500 * RIG_MS, NULL);
    CHECK(rig_log_count(&rig,
                        "i2c1: transfer with 0x44 failed: a data byte was not acknowledged") == 1);
    CHECK(scans("sht31", 1500 * RIG_MS) >= 1);
}
END_TEST

START_TEST(stuck_bus_is_reset_and_used_again)
{
    run("at 900ms stuck-line i2c@74000\n", 3500 * RIG_MS, NULL);
    CHECK(rig_log_count(&rig, "i2c@74000: bus stuck: ") == 1);
    CHECK(rig_log_count(&rig, "the next transfer starts anew") == 1);
    CHECK(rig_log_count(&rig, "failed: the transfer did not end in time") == 1);
    CHECK(scans("sht31", 1500 * RIG_MS) >= 1);
}
END_TEST

/* SDA (GPIO 2) held low from outside: the driver clocks SCL (GPIO 3) nine times and makes a STOP, says
 * that the bus is still held, and measures again once it is free. */
START_TEST(held_sda_is_clocked)
{
    rig_line(&rig, 850 * RIG_MS, 2, false);
    rig_line(&rig, 2500 * RIG_MS, 2, true);
    run("at 900ms stuck-line i2c@74000\n", 4500 * RIG_MS, NULL);
    CHECK(rig_log_count(&rig, "i2c@74000: bus stuck: SDA is held low; controller reset, the bus is "
                              "still held") == 1);
    uint32_t scl_falls = 0;
    for (uint32_t i = 0; i < rig.event_count; i++) {
        const struct event *event = &rig.events[i].event;
        scl_falls += event->kind == EVENT_GPIO && event->layer == EVENT_LAYER_MACHINE &&
                     event->gpio.line == 3 && event->gpio.level == 0 &&
                     event->time_ns > 900 * RIG_MS;
    }
    CHECK(scl_falls == 10); /* nine clocks and the STOP's */
    CHECK(scans("sht31", 2500 * RIG_MS) >= 1);
}
END_TEST

START_TEST(flipped_bit_is_said_and_the_next_measurement_is_right)
{
    static const uint8_t quantity[] = { IIO_TEMP, IIO_HUMIDITYRELATIVE };
    const int64_t nano[] = { INT64_C(20000000000), INT64_C(500000000) };
    rig_sensor(&rig, 100 * RIG_MS, "sht31", quantity, nano, 2);
    run("at 900ms bit-flip humidity@44 bit=3\n", 3500 * RIG_MS, NULL);
    CHECK(rig_log_count(&rig, "sht31: CRC error in the temperature word") == 1);
    CHECK(rig_log_count(&rig, "this measurement is dropped") == 1);
    CHECK(scans("sht31", 1500 * RIG_MS) >= 1);
    for (uint32_t i = 0; i < rig.event_count; i++) {
        const struct event *event = &rig.events[i].event;
        if (event->kind == EVENT_IIO && event->layer == EVENT_LAYER_KERNEL &&
            event->iio.count == 2 && event->time_ns > 900 * RIG_MS)
            CHECK(llabs(event->iio.nano[0] - nano[0]) < 1400000);
    }
}
END_TEST

START_TEST(lost_i2c_interrupt_is_found_by_polling)
{
    run("at 900ms lost-irq i2c@74000 output=0\n", 3500 * RIG_MS, NULL);
    CHECK(rig_log_count(&rig, "i2c@74000: interrupt lost: the transfer had ended") == 1);
    CHECK(scans("sht31", 1500 * RIG_MS) >= 1);
}
END_TEST

START_TEST(late_i2c_interrupt_within_the_deadline_costs_only_time)
{
    run("at 900ms late-irq i2c@74000 delay=5ms\n", 3500 * RIG_MS, NULL);
    CHECK(rig_log_count(&rig, "interrupt lost") == 0);
    CHECK(scans("sht31", 1500 * RIG_MS) >= 1);
}
END_TEST

static void watch_line_17(struct rig *unused)
{
    rig_attach(unused);
    if (gpio_edges_get(0, 17, GPIO_EDGE_RISING | GPIO_EDGE_FALLING) != 0)
        abort();
}

START_TEST(lost_gpio_interrupt_is_rescued)
{
    rig_line(&rig, 260 * RIG_MS, 17, true);
    rig_line(&rig, 400 * RIG_MS, 17, false);
    run("at 255ms lost-irq gpio@d0000 output=0\n", 500 * RIG_MS, watch_line_17);
    CHECK(rig_log_count(&rig, "rp1_gpio: interrupt lost: edges of GPIO 0..27 pending") == 1);
    CHECK(rig.edge_count == 2);
}
END_TEST

START_TEST(late_gpio_interrupt_comes_late)
{
    rig_line(&rig, 260 * RIG_MS, 17, true);
    run("at 255ms late-irq gpio@d0000 delay=300us\n", 500 * RIG_MS, watch_line_17);
    CHECK(rig.edge_count == 1);
    CHECK(rig.last_edge_ns == 260 * RIG_MS + 300000);
}
END_TEST

START_TEST(stuck_gpio_line_gives_no_edge)
{
    rig_line(&rig, 260 * RIG_MS, 17, true);
    rig_line(&rig, 270 * RIG_MS, 17, false);
    rig_line(&rig, 280 * RIG_MS, 17, true);
    run("at 255ms stuck-line gpio@d0000 line=17\n", 500 * RIG_MS, watch_line_17);
    CHECK(rig.edge_count == 1);
    CHECK(rig.last_edge_ns == 280 * RIG_MS);
}
END_TEST

START_TEST(fifo_overrun_is_said_and_sampling_goes_on)
{
    imu_inputs(500);
    run("at 600ms fifo-overrun imu0\n", 1400 * RIG_MS, NULL);
    CHECK(rig_log_count(&rig, "imu0: FIFO overrun: the oldest samples were overwritten") >= 1);
    CHECK(scans("imu0", 800 * RIG_MS) > 50);
}
END_TEST

START_TEST(frozen_sensor_is_said)
{
    imu_inputs(500);
    run("from 500ms to 1200ms sensor-freeze imu0\n", 1400 * RIG_MS, NULL);
    CHECK(rig_log_count(&rig, "imu0: 100 equal samples in a row: the sensor may be frozen") == 1);
}
END_TEST

START_TEST(lost_imu_interrupt_costs_no_sample)
{
    imu_inputs(400);
    run("at 600ms lost-irq gpio@d0000 output=0\n", 1200 * RIG_MS, NULL);
    /* The GPIO driver's watch or the sensor's own deadline finds it, whichever comes first. */
    CHECK(rig_log_count(&rig, "rp1_gpio: interrupt lost: edges of GPIO 0..27 pending") +
              rig_log_count(&rig, "imu0: interrupt lost: none for") ==
          1);
    CHECK(rig_log_count(&rig, "overrun") == 0);
    CHECK(scans("imu0", 700 * RIG_MS) > 100);
}
END_TEST

START_TEST(late_imu_interrupt_is_said)
{
    imu_inputs(400);
    run("at 610ms late-irq gpio@d0000 delay=9ms\n", 1200 * RIG_MS, NULL);
    CHECK(rig_log_count(&rig, "imu0: interrupt late: the FIFO holds") == 1);
    CHECK(rig_log_count(&rig, "interrupt lost") == 0);
    CHECK(rig_log_count(&rig, "overrun") == 0);
}
END_TEST

START_TEST(clock_stretched_for_too_long_is_a_stuck_bus)
{
    run("at 900ms clock-stretch humidity@44 time=80ms\n", 4500 * RIG_MS, NULL);
    CHECK(rig_log_count(&rig, "i2c@74000: bus stuck: no progress") >= 1);
    CHECK(scans("sht31", 2500 * RIG_MS) >= 1);
}
END_TEST

START_TEST(a_clock_stretched_a_little_costs_only_time)
{
    run("at 900ms clock-stretch humidity@44 time=10ms\n", 3500 * RIG_MS, NULL);
    CHECK(rig_log_count(&rig, "bus stuck") == 0);
    CHECK(scans("sht31", 900 * RIG_MS) >= 2);
}
END_TEST

START_TEST(lost_arbitration_is_tried_again)
{
    run("at 900ms arb-lost i2c@74000\n", 3500 * RIG_MS, NULL);
    CHECK(rig_log_count(&rig, "transfer with") == 0);
    CHECK(scans("sht31", 900 * RIG_MS) >= 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay/fault");
    TCase *tcase = tcase_create("fault");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, nack_is_said_and_the_next_measurement_comes);
    tcase_add_test(tcase, nack_of_data_is_said);
    tcase_add_test(tcase, stuck_bus_is_reset_and_used_again);
    tcase_add_test(tcase, held_sda_is_clocked);
    tcase_add_test(tcase, flipped_bit_is_said_and_the_next_measurement_is_right);
    tcase_add_test(tcase, lost_i2c_interrupt_is_found_by_polling);
    tcase_add_test(tcase, late_i2c_interrupt_within_the_deadline_costs_only_time);
    tcase_add_test(tcase, lost_gpio_interrupt_is_rescued);
    tcase_add_test(tcase, late_gpio_interrupt_comes_late);
    tcase_add_test(tcase, stuck_gpio_line_gives_no_edge);
    tcase_add_test(tcase, fifo_overrun_is_said_and_sampling_goes_on);
    tcase_add_test(tcase, frozen_sensor_is_said);
    tcase_add_test(tcase, lost_imu_interrupt_costs_no_sample);
    tcase_add_test(tcase, late_imu_interrupt_is_said);
    tcase_add_test(tcase, clock_stretched_for_too_long_is_a_stuck_bus);
    tcase_add_test(tcase, a_clock_stretched_a_little_costs_only_time);
    tcase_add_test(tcase, lost_arbitration_is_tried_again);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
