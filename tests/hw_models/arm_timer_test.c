/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The generic timer against the Arm ARM, chapter D11, at the Pi 5's 54 MHz. */
#include "suite.h"
#include <hw/regs/arm_timer.h>
#include <hw_models/scale.h>

static uint64_t reg(enum sysreg which, uint32_t cpu)
{
    return board.timer->ops->sysreg_read(board.timer, which, cpu);
}

static void set(enum sysreg which, uint32_t cpu, uint64_t value)
{
    board.timer->ops->sysreg_write(board.timer, which, cpu, value);
}

START_TEST(count_is_the_floor_of_virtual_time)
{
    ck_assert_uint_eq(reg(SYSREG_CNTFRQ_EL0, 0), 54000000);
    static const uint64_t times[] = { 0, 1, 18, 19, 999, 1000, 1000000000, 123456789012345 };
    for (uint32_t i = 0; i < ARRAY_SIZE(times); i++) {
        env_run_until(times[i]);
        uint64_t expected = (uint64_t)((unsigned __int128)times[i] * 54 / 1000);
        ck_assert_uint_eq(reg(SYSREG_CNTVCT_EL0, 0), expected);
        ck_assert_uint_eq(reg(SYSREG_CNTPCT_EL0, 1), expected);
    }
}
END_TEST

START_TEST(scaling_is_exact_and_saturates)
{
    uint64_t value = 1;
    for (uint32_t i = 0; i < 10000; i++) {
        value = value * 6364136223846793005u + 1442695040888963407u;
        uint64_t v = value >> (i % 40), n = 1 + (value >> 33) % 1000000000,
                 d = 1 + (value >> 11) % 1000000000;
        unsigned __int128 floor = (unsigned __int128)v * n / d;
        unsigned __int128 ceil = ((unsigned __int128)v * n + d - 1) / d;
        ck_assert_uint_eq(scale_floor(v, n, d), floor > UINT64_MAX ? UINT64_MAX : (uint64_t)floor);
        ck_assert_uint_eq(scale_ceil(v, n, d), ceil > UINT64_MAX ? UINT64_MAX : (uint64_t)ceil);
    }
}
END_TEST

START_TEST(registers_keep_what_is_written)
{
    static const enum sysreg ctl[] = { SYSREG_CNTV_CTL_EL0, SYSREG_CNTP_CTL_EL0 };
    static const enum sysreg cval[] = { SYSREG_CNTV_CVAL_EL0, SYSREG_CNTP_CVAL_EL0 };
    for (uint32_t i = 0; i < 2; i++) {
        ck_assert_uint_eq(reg(ctl[i], 0), 0);
        ck_assert_uint_eq(reg(cval[i], 0), 0);
        set(cval[i], 0, 0x123456789abcdef0);
        ck_assert_uint_eq(reg(cval[i], 0), 0x123456789abcdef0);
        ck_assert_uint_eq(reg(cval[i], 1), 0);
        set(ctl[i], 0, 0xffffffff);
        ck_assert_uint_eq(reg(ctl[i], 0), 3); /* ISTATUS is read only and not met */
        set(ctl[i], 0, 0);
    }
    env_warnings();
    set(SYSREG_CNTFRQ_EL0, 0, 1);
    ck_assert_uint_eq(env_warnings(), 1);
    ck_assert_uint_eq(reg(SYSREG_CNTFRQ_EL0, 0), 54000000);
}
END_TEST

START_TEST(output_rises_at_the_first_nanosecond_of_the_count)
{
    set(SYSREG_CNTV_CVAL_EL0, 0, 5400); /* 100 us */
    set(SYSREG_CNTV_CTL_EL0, 0, 1);
    env_run_until(99999);
    ck_assert(!env_timer_line(board.timer, 2, 0));
    ck_assert_uint_eq(reg(SYSREG_CNTV_CTL_EL0, 0), 1);
    env_run_until(100000);
    ck_assert(env_timer_line(board.timer, 2, 0));
    ck_assert(!env_timer_line(board.timer, 1, 0));
    ck_assert_uint_eq(reg(SYSREG_CNTV_CTL_EL0, 0), 5);
    ck_assert_uint_eq(env_read(board.gic, 0, 0xd00), 1u << 11); /* PPI 11 = INTID 27 */
}
END_TEST

START_TEST(fractional_counts_never_fire_early)
{
    for (uint64_t count = 6000; count < 6100; count++) {
        set(SYSREG_CNTP_CTL_EL0, 0, 0);
        set(SYSREG_CNTP_CVAL_EL0, 0, count);
        set(SYSREG_CNTP_CTL_EL0, 0, 1);
        uint64_t due = (count * 1000 + 53) / 54;
        env_run_until(due - 1);
        ck_assert(!env_timer_line(board.timer, 1, 0));
        env_run_until(due);
        ck_assert(env_timer_line(board.timer, 1, 0));
        ck_assert_uint_eq(reg(SYSREG_CNTPCT_EL0, 0), count);
    }
}
END_TEST

START_TEST(output_is_a_level_that_only_software_ends)
{
    set(SYSREG_CNTV_CVAL_EL0, 0, 54);
    set(SYSREG_CNTV_CTL_EL0, 0, 1);
    env_run_until(5000);
    ck_assert(env_timer_line(board.timer, 2, 0));
    set(SYSREG_CNTV_CTL_EL0, 0, 3); /* IMASK */
    ck_assert(!env_timer_line(board.timer, 2, 0));
    ck_assert_uint_eq(reg(SYSREG_CNTV_CTL_EL0, 0), 7);
    set(SYSREG_CNTV_CTL_EL0, 0, 1);
    ck_assert(env_timer_line(board.timer, 2, 0));
    set(SYSREG_CNTV_CVAL_EL0, 0, 54000);
    ck_assert(!env_timer_line(board.timer, 2, 0));
    env_run_until(1000000);
    ck_assert(env_timer_line(board.timer, 2, 0));
    set(SYSREG_CNTV_CTL_EL0, 0, 0);
    ck_assert(!env_timer_line(board.timer, 2, 0));
}
END_TEST

START_TEST(a_past_deadline_is_due_at_once)
{
    env_run_until(1000000);
    set(SYSREG_CNTV_CVAL_EL0, 0, 1);
    set(SYSREG_CNTV_CTL_EL0, 0, 1);
    ck_assert(env_timer_line(board.timer, 2, 0));
    set(SYSREG_CNTV_CVAL_EL0, 0, UINT64_MAX); /* never */
    ck_assert(!env_timer_line(board.timer, 2, 0));
    env_run_until(1000000000000000);
    ck_assert(!env_timer_line(board.timer, 2, 0));
}
END_TEST

START_TEST(each_cpu_has_its_own)
{
    set(SYSREG_CNTV_CVAL_EL0, 3, 54);
    set(SYSREG_CNTV_CTL_EL0, 3, 1);
    set(SYSREG_CNTV_CVAL_EL0, 1, 108);
    set(SYSREG_CNTV_CTL_EL0, 1, 1);
    env_run_until(1000);
    ck_assert(env_timer_line(board.timer, 2, 3) && !env_timer_line(board.timer, 2, 1));
    env_run_until(2000);
    ck_assert(env_timer_line(board.timer, 2, 1) && !env_timer_line(board.timer, 2, 0));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        count_is_the_floor_of_virtual_time, scaling_is_exact_and_saturates,
        registers_keep_what_is_written,     output_rises_at_the_first_nanosecond_of_the_count,
        fractional_counts_never_fire_early, output_is_a_level_that_only_software_ends,
        a_past_deadline_is_due_at_once
    };
    const TTest *const others[] = { each_cpu_has_its_own };
    return suite_run("arm_timer", board_setup, tests, ARRAY_SIZE(tests), board_setup_four_cpus,
                     others, ARRAY_SIZE(others));
}
