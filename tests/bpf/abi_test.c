/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What compiled programs rely on, written out a second time: numbers and layouts never move. Append
 * here, change nothing. */
#include <axiom/errno.h>
#include <bpf/context.h>
#include <bpf/helper.h>
#include <bpf/map.h>

#include <string.h>
#include <tests/check_main.h>

#define SLOT(type, member, number) \
    _Static_assert(offsetof(struct type, member) == (number)*8, #type "." #member)

SLOT(axiom_gpio_ctx, time_ns, 0);
SLOT(axiom_gpio_ctx, chip, 1);
SLOT(axiom_gpio_ctx, line, 2);
SLOT(axiom_gpio_ctx, edge, 3);
SLOT(axiom_gpio_ctx, level, 4);
SLOT(axiom_gpio_ctx, bank, 5);
SLOT(axiom_gpio_ctx, bank_level, 6);
SLOT(axiom_gpio_ctx, sequence, 7);
SLOT(axiom_iio_ctx, time_ns, 0);
SLOT(axiom_iio_ctx, device, 1);
SLOT(axiom_iio_ctx, channel, 2);
SLOT(axiom_iio_ctx, value, 3);
SLOT(axiom_iio_ctx, scale_nano, 4);
SLOT(axiom_iio_ctx, nano, 5);
SLOT(axiom_iio_ctx, sequence, 6);
SLOT(axiom_timer_ctx, scheduled_ns, 0);
SLOT(axiom_timer_ctx, now_ns, 1);
SLOT(axiom_timer_ctx, number, 2);
SLOT(axiom_timer_ctx, period_ns, 3);
SLOT(axiom_timer_ctx, sequence, 4);
SLOT(axiom_pwm_ctx, time_ns, 0);
SLOT(axiom_pwm_ctx, chip, 1);
SLOT(axiom_pwm_ctx, channel, 2);
SLOT(axiom_pwm_ctx, origin, 3);
SLOT(axiom_pwm_ctx, old_period_ns, 4);
SLOT(axiom_pwm_ctx, old_duty_ns, 5);
SLOT(axiom_pwm_ctx, old_polarity, 6);
SLOT(axiom_pwm_ctx, old_enabled, 7);
SLOT(axiom_pwm_ctx, period_ns, 8);
SLOT(axiom_pwm_ctx, duty_ns, 9);
SLOT(axiom_pwm_ctx, polarity, 10);
SLOT(axiom_pwm_ctx, enabled, 11);
SLOT(axiom_guard_gpio_ctx, time_ns, 0);
SLOT(axiom_guard_gpio_ctx, chip, 1);
SLOT(axiom_guard_gpio_ctx, line, 2);
SLOT(axiom_guard_gpio_ctx, origin, 3);
SLOT(axiom_guard_gpio_ctx, old_level, 4);
SLOT(axiom_guard_gpio_ctx, level, 5);

START_TEST(numbers_of_helpers_never_change)
{
    static const struct {
        uint32_t id;
        const char *name;
    } held[] = {
        { 1, "map_lookup_elem" },
        { 2, "map_update_elem" },
        { 3, "map_delete_elem" },
        { 5, "ktime_get_ns" },
        { 6, "trace_printk" },
        { 8, "get_smp_processor_id" },
        { 130, "ringbuf_output" },
        { 131, "ringbuf_reserve" },
        { 132, "ringbuf_submit" },
        { 133, "ringbuf_discard" },
        { 134, "ringbuf_query" },
        { 65536, "gpio_get" },
        { 65537, "gpio_set" },
        { 65538, "pwm_get" },
        { 65539, "pwm_set" },
        { 65540, "motor_emergency_stop" },
        { 65541, "timeseries_push" },
        { 65542, "timeseries_last" },
        { 65543, "timeseries_window" },
        { 65544, "sensor_last_timestamp" },
        { 7, "get_prandom_u32" },
        { 12, "tail_call" },
        { 14, "get_current_pid_tgid" },
        { 15, "get_current_uid_gid" },
        { 16, "get_current_comm" },
        { 28, "csum_diff" },
        { 42, "get_numa_node_id" },
        { 87, "map_push_elem" },
        { 88, "map_pop_elem" },
        { 89, "map_peek_elem" },
        { 93, "spin_lock" },
        { 94, "spin_unlock" },
        { 105, "strtol" },
        { 106, "strtoul" },
        { 113, "probe_read_kernel" },
        { 115, "probe_read_kernel_str" },
        { 118, "jiffies64" },
        { 125, "ktime_get_boot_ns" },
        { 160, "ktime_get_coarse_ns" },
        { 164, "for_each_map_elem" },
        { 165, "snprintf" },
        { 177, "trace_vprintk" },
        { 181, "loop" },
        { 182, "strncmp" },
        { 195, "map_lookup_percpu_elem" },
        { 208, "ktime_get_tai_ns" },
    };
    const struct bpf_env env = { .helpers = bpf_helpers, .helper_count = bpf_helper_count };
    for (size_t i = 0; i < ARRAY_SIZE(held); i++) {
        const struct bpf_helper *helper = bpf_helper_find(&env, held[i].id);
        ck_assert_ptr_nonnull(helper);
        ck_assert_str_eq(helper->name, held[i].name);
    }
    ck_assert_ptr_null(bpf_helper_find(&env, 4));
    ck_assert_ptr_null(bpf_helper_find(&env, UINT32_MAX));
}
END_TEST

/* What AXIOM_BPF_HELPERS declares and what the table has are the same; each row is complete. */
START_TEST(every_declared_helper_has_a_row)
{
#define NAME(name, number, returns, parameters) { number, #name },
    static const struct {
        uint32_t id;
        const char *name;
    } declared[] = { AXIOM_BPF_HELPERS(NAME) };
    ck_assert_uint_eq(ARRAY_SIZE(declared), bpf_helper_count);
    for (uint32_t i = 0; i < bpf_helper_count; i++) {
        const struct bpf_helper *row = &bpf_helpers[i];
        ck_assert_uint_eq(row->id, declared[i].id);
        ck_assert_str_eq(row->name, declared[i].name);
        ck_assert(row->body != NULL);
        ck_assert_uint_gt(row->cost_ns, 0);
        if (i > 0)
            ck_assert_uint_gt(row->id, row[-1].id);
        bool ended = false;
        for (int arg = 0; arg < BPF_HELPER_ARG_MAX; arg++) {
            ended |= row->args[arg] == BPF_ARG_NONE;
            ck_assert(!ended || row->args[arg] == BPF_ARG_NONE);
            enum bpf_arg_type base = row->args[arg] & BPF_ARG_BASE;
            bool memory =
                base == BPF_ARG_MEM_READ || base == BPF_ARG_MEM_WRITE || base == BPF_ARG_MEM_UPDATE;
            if (memory)
                ck_assert(row->args[arg + 1] == BPF_ARG_SIZE ||
                          row->args[arg + 1] == BPF_ARG_SIZE_OR_ZERO);
            ck_assert(row->args[arg] != BPF_ARG_MAP || row->map_types != 0);
        }
    }
}
END_TEST

START_TEST(layouts_match_their_structs)
{
    static const struct {
        const char *section, *struct_name;
        size_t size;
        bool actuators;
        enum bpf_return_rule result;
    } held[] = {
        { "gpio/chip0/line17/rising", "axiom_gpio_ctx", sizeof(struct axiom_gpio_ctx), true,
          BPF_RESULT_IGNORED },
        { "iio/imu0/accel_x", "axiom_iio_ctx", sizeof(struct axiom_iio_ctx), true,
          BPF_RESULT_FILTER },
        { "timer/1000hz", "axiom_timer_ctx", sizeof(struct axiom_timer_ctx), true,
          BPF_RESULT_IGNORED },
        { "pwm/chip0/channel0", "axiom_pwm_ctx", sizeof(struct axiom_pwm_ctx), false,
          BPF_RESULT_POLICY },
        { "guard/gpio", "axiom_guard_gpio_ctx", sizeof(struct axiom_guard_gpio_ctx), false,
          BPF_RESULT_POLICY },
        { "guard/pwm", "axiom_pwm_ctx", sizeof(struct axiom_pwm_ctx), false, BPF_RESULT_POLICY },
    };
    ck_assert_uint_eq(ARRAY_SIZE(held), bpf_context_layout_count);
    for (size_t i = 0; i < ARRAY_SIZE(held); i++) {
        const struct bpf_context_layout *layout = bpf_context_by_section(held[i].section);
        ck_assert_ptr_nonnull(layout);
        ck_assert_str_eq(layout->struct_name, held[i].struct_name);
        ck_assert_uint_eq(bpf_context_size(layout), held[i].size);
        ck_assert_uint_le(layout->slot_count, AXIOM_BPF_CONTEXT_SLOT_MAX);
        ck_assert_int_eq(layout->actuators_allowed, held[i].actuators);
        ck_assert_int_eq(layout->result, held[i].result);
        ck_assert_ptr_eq(bpf_context_by_attach_type(layout->attach_type), layout);
        for (uint32_t slot = 0; slot < AXIOM_BPF_CONTEXT_SLOT_MAX; slot++)
            ck_assert_int_eq(layout->slot_names[slot] != NULL, slot < layout->slot_count);
    }
    ck_assert_ptr_null(bpf_context_by_section("guard/gpiox"));
    ck_assert_ptr_null(bpf_context_by_section("kprobe/x"));
    ck_assert_ptr_null(bpf_context_by_section(""));
    ck_assert_ptr_nonnull(bpf_context_by_section("guard/gpio/chip0"));
}
END_TEST

START_TEST(only_the_new_values_of_a_pwm_change_are_writable)
{
    const struct bpf_context_layout *pwm = bpf_context_by_attach_type(BPF_ATTACH_PWM);
    for (int64_t offset = -8; offset <= 96; offset++) {
        bool new_value = offset >= 64 && offset < 96 && offset % 8 == 0;
        ck_assert_int_eq(bpf_context_may_write(pwm, offset, 8), new_value);
        ck_assert(!bpf_context_may_write(pwm, offset, 4));
        ck_assert_int_eq(bpf_context_may_read(pwm, offset, 4),
                         offset >= 0 && offset <= 92 && offset % 4 == 0);
    }
    ck_assert_uint_eq(bpf_context_by_attach_type(BPF_ATTACH_GUARD_PWM)->writable_slots, 0);
}
END_TEST

START_TEST(results_are_32_bits)
{
    ck_assert_int_eq(bpf_result_errno(0), 0);
    ck_assert_int_eq(bpf_result_errno(UINT64_C(1) << 32), 0);
    ck_assert_int_eq(bpf_result_errno((uint64_t)-EBUSY), -EBUSY);
    ck_assert_int_eq(bpf_result_errno((uint32_t)-EBUSY), -EBUSY);
    ck_assert_int_eq(bpf_result_errno(1), -EPERM);
    ck_assert_int_eq(bpf_result_errno((uint64_t)-5000), -EPERM);
    ck_assert(bpf_result_keeps(1));
    ck_assert(!bpf_result_keeps(UINT64_C(1) << 32));
}
END_TEST

START_TEST(guards_may_stop_but_not_move)
{
    const struct bpf_env env = { .helpers = bpf_helpers, .helper_count = bpf_helper_count };
    const struct bpf_context_layout *guard = bpf_context_by_attach_type(BPF_ATTACH_GUARD_GPIO);
    ck_assert(!bpf_helper_allowed(bpf_helper_find(&env, BPF_FUNC_gpio_set), guard));
    ck_assert(!bpf_helper_allowed(bpf_helper_find(&env, BPF_FUNC_pwm_set), guard));
    ck_assert(bpf_helper_allowed(bpf_helper_find(&env, BPF_FUNC_motor_emergency_stop), guard));
    ck_assert(bpf_helper_allowed(bpf_helper_find(&env, BPF_FUNC_gpio_get), guard));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf abi");
    TCase *tcase = tcase_create("abi");
    tcase_add_test(tcase, numbers_of_helpers_never_change);
    tcase_add_test(tcase, every_declared_helper_has_a_row);
    tcase_add_test(tcase, layouts_match_their_structs);
    tcase_add_test(tcase, only_the_new_values_of_a_pwm_change_are_writable);
    tcase_add_test(tcase, results_are_32_bits);
    tcase_add_test(tcase, guards_may_stop_but_not_move);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
