/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What drivers do beyond the common case: the IMU's watermark, self-test and ranges, the CPU's time
 * while it samples, debounced lines, both edges of a pulse that was over before anyone looked, PWM's
 * limits and polarity, and which pins have which function by the board's own tree. */
#include <axiom/errno.h>
#include <core/gpio.h>
#include <core/pwm.h>
#include <core/spinlock.h>
#include <core/time.h>
#include <drivers/rp1_pins.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/check_main.h>
#include <tests/shared.h>

#include "rig.h"

#define IMU       "/axi/pcie@1000120000/rp1/i2c@74000/imu@6a"
#define IMU_COUNT 600u

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

static void run(void (*body)(struct rig *))
{
    rig_run(&rig, body);
    if (rig.result.error != 0)
        printf("sim_run: %s\n", rig.result.reason);
    CHECK(rig.result.error == 0);
    CHECK(rig.result.kernel_error == 0);
    CHECK(rig.result.warning_count == 0);
}

static void set_u32(const char *path, const char *property, uint32_t value)
{
    int node = fdt_path_offset(rig.fdt, path);
    ck_assert_int_ge(node, 0);
    ck_assert_int_eq(fdt_setprop_u32(rig.fdt, node, property, value), 0);
}

/* --- IMU --- */

/* Sample k is k counts in x of the accelerometer, 3k in z of the gyroscope. */
static void imu_inputs(int64_t accel_lsb_nano, int64_t gyro_lsb_nano, uint64_t period_ns)
{
    static const uint8_t quantity[] = { IIO_ACCEL_X,    IIO_ACCEL_Y,    IIO_ACCEL_Z,
                                        IIO_ANGL_VEL_X, IIO_ANGL_VEL_Y, IIO_ANGL_VEL_Z };
    for (uint32_t k = 0; k < IMU_COUNT; k++) {
        int64_t nano[6] = { (int64_t)(k + 1) * accel_lsb_nano,   0, 0, 0, 0,
                            3 * (int64_t)(k + 1) * gyro_lsb_nano };
        rig_sensor(&rig, 200 * RIG_MS + k * period_ns, "imu0", quantity, nano, 6);
    }
    rig.config.end_time_ns = 400 * RIG_MS + IMU_COUNT * period_ns;
}

/* Every sample once, in order, times rising; a count may be off by one from rounding. */
static void check_imu_samples(void)
{
    uint32_t next = 1, total = rig_count(&rig, EVENT_IIO, EVENT_LAYER_KERNEL, "imu0");
    uint64_t last_ns = 0;
    for (uint32_t i = 0; i < total; i++) {
        const struct event *event =
            &rig_find(&rig, EVENT_IIO, EVENT_LAYER_KERNEL, "imu0", i)->event;
        CHECK(event->source_ns > last_ns);
        CHECK(event->source_ns <= event->time_ns);
        last_ns = event->source_ns;
        if (event->iio.raw[0] == 0)
            continue; /* before the first input */
        CHECK(abs(event->iio.raw[0] - (int)next) <= 1);
        CHECK(abs(event->iio.raw[5] - 3 * (int)next) <= 1);
        next++;
    }
    CHECK(next == IMU_COUNT + 1);
    CHECK(rig_log_count(&rig, "imu0: FIFO overrun") == 0);
    CHECK(rig_log_count(&rig, "imu0: interrupt") == 0);
}

START_TEST(a_watermark_batches_and_loses_nothing)
{
    static const uint32_t watermarks[] = { 1, 2, 20, 50 };
    set_u32(IMU, "axiom,fifo-watermark", watermarks[_i]);
    imu_inputs(4785645, 1221730, 1200480); /* at the sensor's 833 Hz */
    run(NULL);
    check_imu_samples();
}
END_TEST

START_TEST(ranges_scale)
{
    set_u32(IMU, "axiom,accel-range-g", 2);
    set_u32(IMU, "axiom,gyro-range-dps", 250);
    imu_inputs(598206, 152716, 1200480);
    run(NULL);
    check_imu_samples();
    /* 0.061 mg and 8.75 mdps a count. */
    uint32_t last = rig_count(&rig, EVENT_IIO, EVENT_LAYER_KERNEL, "imu0") - 1;
    const struct event *event = &rig_find(&rig, EVENT_IIO, EVENT_LAYER_KERNEL, "imu0", last)->event;
    CHECK(llabs(event->iio.nano[0] - event->iio.raw[0] * INT64_C(59820565) / 100) <= 1);
    CHECK(llabs(event->iio.nano[5] - event->iio.raw[5] * INT64_C(15271631) / 100) <= 1);
}
END_TEST

START_TEST(sampling_keeps_up_on_a_cpu_that_takes_time)
{
    rig.config.cpu_model = SIM_CPU_RPI5;
    imu_inputs(4785645, 1221730, 1200480);
    run(NULL);
    check_imu_samples();
}
END_TEST

/* The model samples when it is given its surroundings: at rest, every 10 ms. */
START_TEST(self_test_passes)
{
    static const uint8_t quantity[] = { IIO_ACCEL_X,    IIO_ACCEL_Y,    IIO_ACCEL_Z,
                                        IIO_ANGL_VEL_X, IIO_ANGL_VEL_Y, IIO_ANGL_VEL_Z };
    const int64_t rest[6] = { [2] = INT64_C(9806650000) };
    for (uint64_t at_ns = RIG_MS; at_ns < 1000 * RIG_MS; at_ns += 10 * RIG_MS)
        rig_sensor(&rig, at_ns, "imu0", quantity, rest, 6);
    set_u32(IMU, "axiom,self-test", 1);
    rig.config.end_time_ns = 1000 * RIG_MS;
    run(NULL);
    CHECK(rig_log_count(&rig, "imu0: self-test passed") == 1);
    CHECK(rig_log_count(&rig, "imu@6a: lsm6dso") == 1);
}
END_TEST

/* --- GPIO --- */

static void watch_debounced(struct rig *unused)
{
    rig_attach(unused);
    if (gpio_edges_get(0, 17, GPIO_EDGE_RISING | GPIO_EDGE_FALLING) != 0 ||
        gpio_set_debounce(0, 17, 50000) != 0 || gpio_set_debounce(0, 17, 1000000) != -EINVAL)
        abort();
}

START_TEST(a_debounced_line_has_no_bounces)
{
    uint64_t at_ns = 250 * RIG_MS;
    for (uint32_t k = 0; k < 5; k++, at_ns += 20000) /* 10 us each: shorter than the filter */
        rig_line(&rig, at_ns, 17, k % 2 == 0);
    at_ns += 5 * RIG_MS;
    rig_line(&rig, at_ns, 17, false);
    run(watch_debounced);
    CHECK(rig.edge_count == 2);
    CHECK(rig.rising_count == 1);
    CHECK(rig.last_edge_ns >= at_ns + 40000);
    CHECK(rig.last_edge_ns <= at_ns + 60000);
}
END_TEST

static void watch_with_interrupts_off(struct rig *unused)
{
    rig_attach(unused);
    if (gpio_edges_get(0, 17, GPIO_EDGE_RISING | GPIO_EDGE_FALLING) != 0 ||
        gpio_edges_get(0, 30, GPIO_EDGE_RISING) != 0 ||
        gpio_edges_get(0, 40, GPIO_EDGE_RISING) != 0)
        abort();
    rig_sleep_until(249 * RIG_MS);
    struct irq_state state = cpu_irq_save();
    delay_ns(3 * RIG_MS);
    cpu_irq_restore(state);
}

/* The pulse is over when the CPU listens again: it is two edges. The other banks wait too. */
START_TEST(a_pulse_nobody_saw_is_two_edges)
{
    rig_line(&rig, 250 * RIG_MS, 17, true);
    rig_line(&rig, 250 * RIG_MS + 1000, 30, true);
    rig_line(&rig, 250 * RIG_MS + 2000, 40, true);
    rig_line(&rig, 251 * RIG_MS, 17, false);
    run(watch_with_interrupts_off);
    CHECK(rig.edge_count == 4);
    CHECK(rig.rising_count == 3);
    CHECK(rig_log_count(&rig, "interrupt lost") == 0);
}
END_TEST

static void write_lines(struct rig *unused)
{
    (void)unused;
    static const bool levels[] = { true, true, false, false, true };
    int err = gpio_direction_output(0, 16, false, "test");
    for (uint32_t i = 0; i < ARRAY_SIZE(levels); i++)
        err |= gpio_set(0, 16, levels[i], "test");
    err |= gpio_set(0, 30, true, "test"); /* becomes an output by it; of another bank */
    err |= gpio_direction_input(0, 16, GPIO_PULL_NONE);
    err |= gpio_set(0, 16, true, "test"); /* as before, but an output again */
    if (err)
        abort();
}

/* On a real board only the kernel records. */
START_TEST(what_is_written_to_a_line_is_on_the_kernels_record)
{
    static const struct {
        uint8_t line, level;
        uint64_t bank_level;
    } expected[] = { { 16, 0, 0 },        { 16, 1, 1u << 16 }, { 16, 0, 0 },
                     { 16, 1, 1u << 16 }, { 30, 1, 1u << 2 },  { 16, 1, 1u << 16 } };
    run(write_lines);
    ck_assert_uint_eq(rig_count(&rig, EVENT_GPIO, EVENT_LAYER_KERNEL, NULL), ARRAY_SIZE(expected));
    for (uint32_t i = 0; i < ARRAY_SIZE(expected); i++) {
        const struct event *event = &rig_find(&rig, EVENT_GPIO, EVENT_LAYER_KERNEL, NULL, i)->event;
        ck_assert_int_eq(event->role, EVENT_ROLE_OUTPUT);
        ck_assert_uint_eq(event->gpio.driven, 1);
        ck_assert_uint_eq(event->gpio.line, expected[i].line);
        ck_assert_uint_eq(event->gpio.level, expected[i].level);
        ck_assert_uint_eq(event->gpio.bank_level, expected[i].bank_level);
    }
}
END_TEST

/* --- PWM --- */

static int pwm_result[6];

static void pwm_limits(struct rig *unused)
{
    (void)unused;
    const struct pwm_state states[] = {
        { .period_ns = 20, .duty_ns = 0, .enabled = true },                /* one tick */
        { .period_ns = 40, .duty_ns = 20, .enabled = true },               /* the shortest */
        { .period_ns = 85 * NSEC_PER_SEC, .duty_ns = 1, .enabled = true }, /* the longest */
        { .period_ns = 100ull * NSEC_PER_SEC, .enabled = true },           /* too long */
        { .period_ns = UINT64_MAX, .duty_ns = UINT64_MAX, .enabled = true },
        { .period_ns = 0, .duty_ns = 0, .enabled = true },
    };
    for (uint32_t i = 0; i < ARRAY_SIZE(states); i++)
        pwm_result[i] = pwm_apply(0, 1, &states[i], "test");
    const struct pwm_state inverted = {
        .period_ns = 1000000, .duty_ns = 300000, .enabled = true, .inverted = true
    };
    (void)pwm_apply(0, 3, &inverted, "test");
}

START_TEST(pwm_has_limits_and_a_polarity)
{
    run(pwm_limits);
    CHECK(pwm_result[0] == -EINVAL);
    CHECK(pwm_result[1] == 0);
    CHECK(pwm_result[2] == 0);
    CHECK(pwm_result[3] == -ERANGE);
    CHECK(pwm_result[4] == -ERANGE);
    CHECK(pwm_result[5] == -EINVAL);
    bool seen = false;
    for (uint32_t i = 0; i < rig.event_count; i++) {
        const struct event *event = &rig.events[i].event;
        seen |= event->kind == EVENT_PWM && event->layer == EVENT_LAYER_MACHINE &&
                event->pwm.channel == 3 && event->pwm.inverted && event->pwm.duty_ns == 300000;
    }
    CHECK(seen);
    CHECK(rig_count(&rig, EVENT_PWM, EVENT_LAYER_KERNEL, NULL) == 3);
}
END_TEST

/* --- pins --- */

/* An oracle that is not ours: each pin group of the board's tree must be in our table. */
START_TEST(our_pin_table_knows_the_boards_groups)
{
    char path[512];
    if (!shared_path("boards/bcm2712-rpi-5-b.dtb", path, sizeof path))
        return;
    static char fdt[1 << 17];
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_gt(fread(fdt, 1, sizeof fdt, file), 0);
    fclose(file);
    static const char *const known[] = { "i2c", "pwm0", "pwm1", "uart", "spi0", "spi1" };
    uint32_t checked = 0;
    int gpio = fdt_path_offset(fdt, "/axi/pcie@1000120000/rp1/gpio@d0000"), group;
    ck_assert_int_ge(gpio, 0);
    fdt_for_each_subnode(group, fdt, gpio)
    {
        const char *function = fdt_getprop(fdt, group, "function", NULL);
        bool ours = false;
        for (size_t i = 0; function != NULL && i < ARRAY_SIZE(known); i++)
            ours |= strncmp(function, known[i], strlen(known[i])) == 0;
        for (int i = 0; ours; i++) {
            const char *pin = fdt_stringlist_get(fdt, group, "pins", i, NULL);
            if (pin == NULL)
                break;
            uint32_t funcsel;
            /* rp1_spi8_cs_gpio52 says spi0; those pins only have spi8 (and no driver here). */
            if (strcmp(function, "spi0") == 0 && atoi(pin + 4) >= 28)
                continue;
            ck_assert_msg(rp1_pin_funcsel((uint32_t)atoi(pin + 4), function, &funcsel) == 0,
                          "%s has no %s", pin, function);
            checked++;
        }
    }
    ck_assert_uint_gt(checked, 30);
}
END_TEST

START_TEST(funcsels_are_the_facts_tables)
{
    static const struct {
        uint32_t line;
        const char *function;
        uint32_t funcsel;
    } facts[] = { { 14, "uart0", 4 }, { 2, "i2c1", 3 },  { 0, "i2c0", 3 },  { 9, "spi0", 0 },
                  { 12, "pwm0", 0 },  { 18, "pwm0", 3 }, { 16, "spi1", 0 }, { 45, "pwm1", 0 },
                  { 4, "uart2", 2 },  { 8, "uart3", 2 }, { 12, "uart4", 2 } };
    uint32_t funcsel = 99;
    for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
        ck_assert_int_eq(rp1_pin_funcsel(facts[i].line, facts[i].function, &funcsel), 0);
        ck_assert_uint_eq(funcsel, facts[i].funcsel);
    }
    ck_assert_int_eq(rp1_pin_funcsel(54, "gpio", &funcsel), -EINVAL);
    ck_assert_int_eq(rp1_pin_funcsel(1000, "gpio", &funcsel), -EINVAL);
    ck_assert_int_eq(rp1_pin_funcsel(2, "pwm0", &funcsel), -EINVAL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay/device");
    TCase *tcase = tcase_create("device");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_watermark_batches_and_loses_nothing, 0, 4);
    tcase_add_test(tcase, ranges_scale);
    tcase_add_test(tcase, sampling_keeps_up_on_a_cpu_that_takes_time);
    tcase_add_test(tcase, self_test_passes);
    tcase_add_test(tcase, a_debounced_line_has_no_bounces);
    tcase_add_test(tcase, a_pulse_nobody_saw_is_two_edges);
    tcase_add_test(tcase, what_is_written_to_a_line_is_on_the_kernels_record);
    tcase_add_test(tcase, pwm_has_limits_and_a_polarity);
    tcase_add_test(tcase, our_pin_table_knows_the_boards_groups);
    tcase_add_test(tcase, funcsels_are_the_facts_tables);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
