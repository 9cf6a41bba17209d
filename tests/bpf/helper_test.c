/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Helpers called from programs: what reaches the platform, what trace_printk prints, and no address
 * ever. */
#include "host_env.h"
#include "prog_builder.h"
#include <axiom/errno.h>
#include <bpf/helper.h>
#include <bpf_unverified/unverified.h>

#include <string.h>
#include <tests/check_main.h>

static struct host_env host;
static _Alignas(16) uint8_t stack[BPF_RUN_STACK_SIZE];

static void setup(void)
{
    host_env_init(&host);
}

/* Calls the helper with five numbers; memory that it needs is in `memory`. */
static int64_t call(uint32_t id, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
    const struct bpf_insn insns[] = { LDDW(1, r1), LDDW(2, r2), LDDW(3, r3), LDDW(4, r4),
                                      LDDW(5, r5), CALL(id),    EXIT() };
    const struct bpf_verify_request request = { .env = &host.env,
                                                .insns = insns,
                                                .insn_count = ARRAY_SIZE(insns) };
    struct bpf_prog *prog;
    struct bpf_run run = { .stack = stack, .stack_size = sizeof stack };
    ck_assert_int_eq(bpf_prog_create_unverified(&request, &prog, NULL), 0);
    int64_t r0 = (int64_t)bpf_prog_run(prog, NULL, &run);
    bpf_prog_destroy(prog);
    return r0;
}

static uint64_t address(const void *memory)
{
    return (uint64_t)(uintptr_t)memory;
}

static int64_t print(const char *format, uint64_t a, uint64_t b, uint64_t c)
{
    host.printed[0] = '\0';
    return call(BPF_FUNC_trace_printk, address(format), strlen(format) + 1, a, b, c);
}

START_TEST(actuators_and_sensors_are_reached)
{
    host.now_ns = 12345;
    ck_assert_int_eq(call(BPF_FUNC_ktime_get_ns, 0, 0, 0, 0, 0), 12345);
    ck_assert_int_eq(call(BPF_FUNC_gpio_set, 0, 5, 1, 0, 0), 0);
    ck_assert_uint_eq(host.gpio_level[5], 1);
    /* Only the low halves of 32-bit arguments count. */
    ck_assert_int_eq(call(BPF_FUNC_gpio_get, UINT64_C(7) << 32, (UINT64_C(7) << 32) + 5, 0, 0, 0),
                     1);
    ck_assert_int_eq(call(BPF_FUNC_gpio_set, 0, 5, 2, 0, 0), -EINVAL);
    ck_assert_int_eq(call(BPF_FUNC_gpio_set, 1, 5, 1, 0, 0), -ENODEV);
    ck_assert_int_eq(call(BPF_FUNC_pwm_set, 0, 0, 20000, 1500, 0), 0);
    struct axiom_pwm_state state = { 0 };
    ck_assert_int_eq(call(BPF_FUNC_pwm_get, 0, 0, address(&state), sizeof state, 0), 0);
    ck_assert_uint_eq(state.duty_ns, 1500);
    ck_assert_int_eq(call(BPF_FUNC_pwm_get, 0, 1, address(&state), sizeof state, 0), -ENODEV);
    ck_assert_uint_eq(state.duty_ns, 0);
    ck_assert_int_eq(call(BPF_FUNC_pwm_get, 0, 0, address(&state), 8, 0), -EINVAL);
    ck_assert_int_eq(call(BPF_FUNC_motor_emergency_stop, 9, 0, 0, 0, 0), 0);
    ck_assert_uint_eq(host.stop_reason, 9);
    ck_assert_int_eq(call(BPF_FUNC_sensor_last_timestamp, 2, 3, 0, 0, 0), 2003);
}
END_TEST

START_TEST(missing_platform_is_an_error_to_the_program)
{
    host.env.platform = NULL;
    ck_assert_int_eq(call(BPF_FUNC_gpio_set, 0, 5, 1, 0, 0), -EOPNOTSUPP);
    ck_assert_int_eq(call(BPF_FUNC_motor_emergency_stop, 0, 0, 0, 0, 0), -EOPNOTSUPP);
    ck_assert_int_eq(call(BPF_FUNC_ktime_get_ns, 0, 0, 0, 0, 0), 0);
    ck_assert_int_eq(print("x", 0, 0, 0), 1);
}
END_TEST

START_TEST(printk_prints_numbers)
{
    ck_assert_int_eq(print("a %d b %u\n", (uint64_t)-3, UINT64_MAX, 0), 17);
    ck_assert_str_eq(host.printed, "a -3 b 4294967295");
    print("%lld %llu %#lx", (uint64_t)-3, UINT64_MAX, 255);
    ck_assert_str_eq(host.printed, "-3 18446744073709551615 0xff");
    print("%hhd %hx %5d", 0xff, 0x12345, 42);
    ck_assert_str_eq(host.printed, "-1 2345    42");
    print("100%% %c%c", 'o', 7, 0);
    ck_assert_str_eq(host.printed, "100% o?");
}
END_TEST

START_TEST(printk_refuses_what_it_cannot_print)
{
    static const char *const bad[] = { "%s",          "%p", "%",  "%l",           "%99999d",
                                       "%d %d %d %d", "%n", "%f", "%-----------d" };
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        ck_assert_msg(print(bad[i], 1, 2, 3) == -EINVAL, "%s", bad[i]);
        ck_assert_str_eq(host.printed, "");
    }
    ck_assert_int_eq(call(BPF_FUNC_trace_printk, address("abc"), 3, 0, 0, 0), -EINVAL);
    ck_assert_int_eq(call(BPF_FUNC_trace_printk, address("abc"), 0, 0, 0, 0), -EINVAL);
}
END_TEST

START_TEST(printk_cuts_a_long_line)
{
    char format[600];
    memset(format, 'x', sizeof format);
    memcpy(format + 590, "%d%d%d", 7);
    ck_assert_int_eq(call(BPF_FUNC_trace_printk, address(format), sizeof format, 1, 2, 3),
                     LOG_LINE_MAX - 1);
    ck_assert_int_eq(print("%300d", 1, 0, 0), LOG_LINE_MAX - 1);
}
END_TEST

START_TEST(registers_hold_no_address_after_a_call_in_a_program_that_prints)
{
    /* r3 is left a map's address by the first call; printk must see 0. */
    const struct bpf_map_spec spec = MAP_SPEC("m", BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0);
    struct bpf_map *map;
    ck_assert_int_eq(bpf_map_create(&host.env, &spec, &map, NULL), 0);
    static const char format[] = "%llx";
    const struct bpf_insn insns[] = {
        LDDW_MAP(3, 0),          CALL(BPF_FUNC_ktime_get_ns), LDDW(1, (uint64_t)(uintptr_t)format),
        MOV_K(2, sizeof format), CALL(BPF_FUNC_trace_printk), EXIT(),
    };
    const struct bpf_verify_request request = { .env = &host.env,
                                                .insns = insns,
                                                .insn_count = ARRAY_SIZE(insns),
                                                .maps = &map,
                                                .map_count = 1 };
    struct bpf_prog *prog;
    struct bpf_run run = { .stack = stack, .stack_size = sizeof stack };
    ck_assert_int_eq(bpf_prog_create_unverified(&request, &prog, NULL), 0);
    bpf_prog_run(prog, NULL, &run);
    ck_assert_str_eq(host.printed, "0");
    bpf_prog_destroy(prog);
    bpf_map_put(map);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf helpers");
    TCase *tcase = tcase_create("helper");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, actuators_and_sensors_are_reached);
    tcase_add_test(tcase, missing_platform_is_an_error_to_the_program);
    tcase_add_test(tcase, printk_prints_numbers);
    tcase_add_test(tcase, printk_refuses_what_it_cannot_print);
    tcase_add_test(tcase, printk_cuts_a_long_line);
    tcase_add_test(tcase, registers_hold_no_address_after_a_call_in_a_program_that_prints);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
