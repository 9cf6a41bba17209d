/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Trees that make no sense: a property at a time with the message that names it, and trees with
 * random bytes changed, of which the kernel makes what it can without a crash or a leak. */
#include <axiom/errno.h>
#include <core/gpio.h>
#include <core/mm.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/check_main.h>

#include "rig.h"

#define RP1  "/axi/pcie@1000120000/rp1"
#define GPIO RP1 "/gpio@d0000"
#define I2C1 RP1 "/i2c@74000"

static struct rig rig;

static int node_of(const char *path)
{
    int node = fdt_path_offset(rig.fdt, path);
    ck_assert_msg(node >= 0, "%s is not in the tree", path);
    return node;
}

/* A property's one cell; with `present` false the property goes. */
struct change {
    const char *node, *property;
    bool present;
    uint32_t value;
    const char *text;    /* instead of the cell */
    const char *message; /* on the log */
    int kernel_error;
};

/* Without GPIO or PWM the interlock's actuators cannot be stopped: then the boot fails. */
static const struct change changes[] = {
    { "/timer", "interrupts", false, 0, NULL, "", 0 },
    { "/soc@107c000000/interrupt-controller@7fff9000", "reg", false, 0, NULL, "has no reg entry 0",
      -EINVAL },
    { "/axi/msi-controller@1000130000", "msi-ranges", false, 0, NULL,
      "msi-ranges must be <&gic 0 first-spi type count>", -EINVAL },
    { "/axi/msi-controller@1000130000", "brcm,msi-offset", true, 60, NULL,
      "brcm,msi-offset 60 leaves no room for 64 vectors", -EINVAL },
    { "/axi/pcie@1000120000", "msi-parent", false, 0, NULL,
      "msi-parent names no interrupt controller", -EINVAL },
    { GPIO, "interrupts", true, 77, NULL, "interrupts is not a whole number of specifiers",
      -EINVAL },
    { I2C1, "clock-frequency", true, 0, NULL, "clock-frequency 0 is not in 1..400000", 0 },
    { I2C1, "clock-frequency", true, 3400000, NULL, "clock-frequency 3400000 is not in 1..400000",
      0 },
    { I2C1, "clocks", true, 1, NULL, "clocks entry 0 names no clock that this kernel knows", 0 },
    { I2C1, "pinctrl-0", true, 0x7777, NULL, "pinctrl-0 entry 0 names no node", 0 },
    { GPIO "/rp1_i2c1_2_3", "function", true, 0, "pwm0", "GPIO 2 cannot be pwm0 (error 22)", 0 },
    { GPIO "/rp1_i2c1_2_3", "pins", true, 0, "gpio54", "pin gpio54 needs a function and a number",
      0 },
    { GPIO "/rp1_i2c1_2_3", "pins", true, 0, "pio3", "pin pio3 needs a function and a number", 0 },
    { GPIO "/rp1_pwm0_gpio13", "pins", true, 0, "gpio12", "GPIO 12 cannot be pwm0 (error 16)",
      -EINVAL },
    { I2C1 "/humidity@44", "reg", true, 0x80, NULL, "humidity@44: reg is no 7-bit I2C address", 0 },
    { I2C1 "/humidity@44", "axiom,sample-period-ms", true, 1, NULL,
      "sht31: axiom,sample-period-ms 1 is below 20", 0 },
    { I2C1 "/humidity@44", "label", true, 0, "imu0", "there is a device imu0 already", 0 },
    { I2C1 "/imu@6a", "reg", true, 0x44, NULL, "imu0:", 0 },
    { I2C1 "/imu@6a", "axiom,accel-range-g", true, 3, NULL,
      "axiom,accel-range-g: the sensor has no range of 3", 0 },
    { I2C1 "/imu@6a", "axiom,sample-rate-hz", true, 8000, NULL,
      "axiom,sample-rate-hz 8000 is more than the sensor's 6667", 0 },
    { I2C1 "/imu@6a", "axiom,fifo-watermark", true, 0, NULL,
      "axiom,fifo-watermark 0 is not in 1..128", 0 },
    { I2C1 "/imu@6a", "interrupts", false, 0, NULL, "no interrupts property; the FIFO is polled",
      0 },
    { "/interlock/x-enable", "safe-state", true, 0, "middle",
      "interlock: x-enable: safe-state must be low or high or off", -EINVAL },
    { "/interlock/spindle", "safe-state", true, 0, "off",
      "interlock: spindle: safe-state must be low or high", -EINVAL },
    { "/interlock/x-enable", "gpios", true, 1, NULL,
      "interlock: x-enable: gpios names no line of a bound GPIO controller", -EINVAL },
    { RP1 "/pwm@98000", "pinctrl-0", false, 0, NULL,
      "interlock: spindle: channel 0 has no known pin", -EINVAL },
    { RP1 "/pwm@98000", "status", true, 0, "disabled",
      "interlock: spindle: pwms names no channel of a bound PWM controller", -EINVAL },
};

static void apply(const struct change *change)
{
    int node = node_of(change->node), err;
    if (!change->present)
        err = fdt_delprop(rig.fdt, node, change->property);
    else if (change->text != NULL)
        err = fdt_setprop(rig.fdt, node, change->property, change->text,
                          (int)strlen(change->text) + 1);
    else
        err = fdt_setprop_u32(rig.fdt, node, change->property, change->value);
    ck_assert_int_eq(err, 0);
}

static void check_nothing_left(void)
{
    struct mm_stats stats;
    mm_stats(&stats);
    if (stats.pages_used != 0 || stats.objects_used != 0 || rig.result.leaked_stacks != 0)
        rig_print_log(&rig);
    ck_assert_uint_eq(stats.pages_used, 0);
    ck_assert_uint_eq(stats.objects_used, 0);
    ck_assert_uint_eq(rig.result.leaked_stacks, 0);
}

START_TEST(a_wrong_property_is_named)
{
    const struct change *change = &changes[_i];
    rig_init(&rig);
    apply(change);
    rig.config.end_time_ns = RIG_BODY_NS + 10 * RIG_MS;
    rig_run(&rig, NULL);
    if (rig_log_count(&rig, change->message) == 0 ||
        rig.result.kernel_error != change->kernel_error)
        rig_print_log(&rig);
    ck_assert_msg(rig.result.error == 0, "%s/%s: %s", change->node, change->property,
                  rig.result.reason);
    ck_assert_msg(rig.result.kernel_error == change->kernel_error, "%s/%s: kernel error %d",
                  change->node, change->property, rig.result.kernel_error);
    ck_assert_msg(change->message[0] == '\0' || rig_log_count(&rig, change->message) != 0,
                  "%s/%s: nothing says \"%s\"", change->node, change->property, change->message);
    check_nothing_left();
    rig_exit(&rig);
}
END_TEST

/* --- a version that libfdt's own check crashes on --- */

START_TEST(a_tree_of_a_forgotten_version_is_refused)
{
    rig_init(&rig);
    fdt_set_version(rig.fdt, 15);
    fdt_set_last_comp_version(rig.fdt, 2);
    rig_run(&rig, NULL);
    ck_assert_int_eq(rig.result.error, -EINVAL);
    ck_assert_str_eq(rig.result.reason, "device tree: version 15; it must be 16 or later");
    ck_assert(!rig.result.booted);
    rig_exit(&rig);
}
END_TEST

/* --- more of everything than any board has --- */

static void *tree_of_many(uint32_t count)
{
    const int size = 1 << 18;
    void *fdt = aligned_alloc(8, (size_t)size);
    ck_assert_int_eq(fdt_create(fdt, size), 0);
    fdt_finish_reservemap(fdt);
    fdt_begin_node(fdt, "");
    for (uint32_t i = 0; i < count; i++) {
        char name[16];
        snprintf(name, sizeof name, "timer%u", i);
        fdt_begin_node(fdt, name);
        fdt_property_string(fdt, "compatible", "arm,armv8-timer");
        fdt_end_node(fdt);
    }
    fdt_end_node(fdt);
    ck_assert_int_eq(fdt_finish(fdt), 0);
    return fdt;
}

START_TEST(a_tree_of_too_many_devices_is_refused)
{
    for (uint32_t count = 1024; count <= 1025; count++) {
        void *fdt = tree_of_many(count);
        struct sim_config config = {
            .fdt = fdt,
            .fdt_size = fdt_totalsize(fdt),
            .memory_size = 4 << 20,
            .cpu_count = 1,
            .seed = 1,
            .end_time_ns = RIG_MS,
        };
        struct sim_result result;
        sim_run(&config, &result);
        ck_assert_int_eq(result.error, count > 1024 ? -E2BIG : 0);
        if (count > 1024)
            ck_assert_str_eq(result.reason, "device tree: 1025 devices that there are models for, "
                                            "at most 1024");
        free(fdt);
    }
}
END_TEST

/* --- an interrupt of the wrong type --- */

/* The IMU's line is high when it has data; typed low, it asks from the start and for ever. */
START_TEST(an_interrupt_that_nobody_can_serve_ends_the_run)
{
    rig_init(&rig);
    const uint32_t interrupts[] = { cpu_to_fdt32(25), cpu_to_fdt32(8) };
    ck_assert_int_eq(
        fdt_setprop(rig.fdt, node_of(I2C1 "/imu@6a"), "interrupts", interrupts, sizeof interrupts),
        0);
    rig.config.end_time_ns = RIG_BODY_NS;
    rig_run(&rig, NULL);
    ck_assert_int_eq(rig.result.error, -EDEADLK);
    ck_assert_ptr_nonnull(strstr(rig.result.reason, "the device that asks is not served"));
    rig_exit(&rig);
}
END_TEST

/* --- the order of binding --- */

/* The first line of the log with that text. */
static uint32_t line_of(const char *text)
{
    for (uint32_t i = 0; i < rig.log_count; i++) {
        if (strstr(rig.log[i], text) != NULL)
            return i;
    }
    ck_abort_msg("the log has no line with \"%s\"", text);
}

/* Nothing in this tree makes the bus wait for another device, so it is offered before the clock;
 * bound before it, it would be there for longer, with deadlines that never come. */
START_TEST(what_has_deadlines_is_bound_after_the_clock)
{
    rig_init(&rig);
    ck_assert_int_eq(fdt_delprop(rig.fdt, node_of(I2C1), "pinctrl-0"), 0);
    rig.config.end_time_ns = RIG_BODY_NS + 10 * RIG_MS;
    rig_run(&rig, NULL);
    ck_assert_msg(rig.result.error == 0, "%s", rig.result.reason);
    ck_assert_uint_lt(line_of("/timer: arm_timer"), line_of("/i2c@74000: dw_i2c"));
    check_nothing_left();
    rig_exit(&rig);
}
END_TEST

START_TEST(without_a_clock_the_bus_waits_for_one)
{
    rig_init(&rig);
    ck_assert_int_eq(fdt_setprop_string(rig.fdt, node_of("/timer"), "status", "disabled"), 0);
    rig.config.end_time_ns = RIG_BODY_NS;
    rig_run(&rig, NULL);
    ck_assert_msg(rig.result.error == 0, "%s", rig.result.reason);
    line_of("/i2c@74000: dw_i2c waits for something that never came");
    check_nothing_left();
    rig_exit(&rig);
}
END_TEST

/* --- random damage --- */

#define DAMAGED_TREES 300

static uint32_t random_state;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * 1664525u + 1013904223u; /* Numerical Recipes' generator */
    return (random_state >> 8) % limit;
}

START_TEST(a_damaged_tree_does_no_harm)
{
    uint32_t booted = 0;
    for (uint32_t seed = 0; seed < DAMAGED_TREES; seed++) {
        rig_init(&rig);
        random_state = seed;
        /* In the structure block, so that the header does not already refuse. */
        uint32_t first = fdt_off_dt_struct(rig.fdt), size = fdt_size_dt_struct(rig.fdt);
        for (uint32_t hits = 1 + random_below(4); hits != 0; hits--)
            ((uint8_t *)rig.fdt)[first + random_below(size)] ^= (uint8_t)(1u << random_below(8));
        rig.config.end_time_ns = RIG_BODY_NS + 10 * RIG_MS;
        rig_run(&rig, NULL);
        booted += rig.result.error == 0 && rig.result.kernel_error == 0;
        if (rig.result.booted)
            check_nothing_left();
        rig_exit(&rig);
    }
    printf("replay: %u of %u damaged trees still booted\n", booted, DAMAGED_TREES);
    ck_assert_uint_gt(booted, DAMAGED_TREES / 10);
    ck_assert_uint_lt(booted, DAMAGED_TREES);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay/tree");
    TCase *tcase = tcase_create("tree");
    tcase_set_timeout(tcase, 100);
    tcase_add_loop_test(tcase, a_wrong_property_is_named, 0, (int)ARRAY_SIZE(changes));
    tcase_add_test(tcase, a_tree_of_a_forgotten_version_is_refused);
    tcase_add_test(tcase, a_tree_of_too_many_devices_is_refused);
    tcase_add_test(tcase, an_interrupt_that_nobody_can_serve_ends_the_run);
    tcase_add_test(tcase, what_has_deadlines_is_bound_after_the_clock);
    tcase_add_test(tcase, without_a_clock_the_bus_waits_for_one);
    tcase_add_test(tcase, a_damaged_tree_does_no_harm);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
