/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* RP1 PWM, its clock and its way to the pads. Offsets and bits are written out; the clock is 50
 * MHz, 20 ns a tick. */
#include "suite.h"

enum { GLOBAL = 0x00, INTR = 0x54, INTE = 0x58, INTS = 0x60 };
#define SET_UPDATE (1u << 31)

static uint32_t ch(uint32_t channel, uint32_t reg)
{
    return 0x14 + 16 * channel + reg;
}

static void wr(uint32_t offset, uint32_t value)
{
    env_write(board.pwm0, 0, offset, value);
}

static uint32_t rd(uint32_t offset)
{
    return env_read(board.pwm0, 0, offset);
}

static void clock_on(void)
{
    env_write(board.clocks, 0, 0x78, 1);
    env_write(board.clocks, 0, 0x7c, 0);
    env_write(board.clocks, 0, 0x74, 2u << 5 | 1u << 11);
}

/* GPIO 12 shows PWM0 channel 0 (alt 0). */
static void route(void)
{
    env_write(board.gpio, 2, 0x04 + 4 * 12, 0x56); /* IE, pull down, OD 0 */
    env_write(board.gpio, 0, 8 * 12 + 4, 0x80);
}

/* The driver's order: DUTY, RANGE, CTRL, enable, SET_UPDATE. */
static void start(uint32_t channel, uint32_t range, uint32_t duty, uint32_t ctrl)
{
    wr(ch(channel, 12), duty);
    wr(ch(channel, 4), range);
    wr(ch(channel, 0), ctrl);
    wr(GLOBAL, rd(GLOBAL) | 1u << channel | SET_UPDATE);
}

static int pin(uint32_t line)
{
    return board.gpio->ops->line_level(board.gpio, line);
}

static const struct event_pwm *last(void)
{
    const struct env_event *event = env_last(EVENT_PWM);
    return event == NULL ? NULL : &event->event.pwm;
}

START_TEST(every_pwm_register)
{
    struct model *const blocks[] = { board.pwm0, board.pwm1 };
    for (uint32_t b = 0; b < 2; b++) {
        static const struct env_register table[] = {
            { "COMMON_RANGE", 0x08, 0, 0xffffffff },
            { "COMMON_DUTY", 0x0c, 0, 0xffffffff },
            { "INTE", 0x58, 0, 0x1ff },
            { "INTF", 0x5c, 0, 0x1ff },
        };
        env_check_registers(blocks[b], 0, table, ARRAY_SIZE(table));
        for (uint32_t channel = 0; channel < 4; channel++) {
            const struct env_register regs[] = {
                { "CHAN_CTRL", 0x14 + 16 * channel, 0x100, 0xfffff1ff },
                { "CHAN_RANGE", 0x18 + 16 * channel, 0, 0xffffffff },
                { "CHAN_PHASE", 0x1c + 16 * channel, 0, 0xffffffff },
                { "CHAN_DUTY", 0x20 + 16 * channel, 0, 0xffffffff },
            };
            env_check_registers(blocks[b], 0, regs, ARRAY_SIZE(regs));
        }
        ck_assert_uint_eq(env_read(blocks[b], 0, GLOBAL), 0);
        env_write(blocks[b], 0, GLOBAL, 0xffffffff);
        ck_assert_uint_eq(env_read(blocks[b], 0, GLOBAL), 0xf); /* SET_UPDATE clears itself */
        env_write(blocks[b], 0, GLOBAL, 0);
        ck_assert_uint_eq(env_read(blocks[b], 0, 0x10), 0);          /* DUTY_FIFO is write only */
        ck_assert_uint_eq(env_read(blocks[b], 0, 0x04), 0x00020040); /* DWELL_TIME 2, flush done */
        env_write(blocks[b], 0, 0x04, 0x801ff800);
        ck_assert_uint_eq(env_read(blocks[b], 0, 0x04), 0x801ff840);
        env_write(blocks[b], 0, 0x04, 0x00020000);
        ck_assert_uint_eq(env_read(blocks[b], 0, INTR), 0x14); /* empty, and so DREQ */
    }
}
END_TEST

START_TEST(every_clock_register)
{
    static const struct env_register table[] = {
        { "CLK_PWM0_CTRL", 0x74, 0, 0xbff },          { "CLK_PWM0_DIV_INT", 0x78, 0, 0xffff },
        { "CLK_PWM0_DIV_FRAC", 0x7c, 0, 0xffff0000 }, { "CLK_PWM1_CTRL", 0x84, 0, 0xbff },
        { "CLK_PWM1_DIV_INT", 0x88, 0, 0xffff },      { "CLK_PWM1_DIV_FRAC", 0x8c, 0, 0xffff0000 },
        { "CLK_UART_CTRL", 0x54, 0, 0xbff },          { "CLK_UART_DIV_INT", 0x58, 0, 0xff },
    };
    env_check_registers(board.clocks, 0, table, ARRAY_SIZE(table));
    ck_assert_uint_eq(env_read(board.clocks, 0, 0x80), 0);
    env_write(board.clocks, 0, 0x74, 2u << 5 | 1u << 11);
    ck_assert_uint_eq(env_read(board.clocks, 0, 0x80), 1);
    env_warnings();
    env_write(board.clocks, 0, 0x74, 1u << 11); /* audio PLL */
    ck_assert_uint_eq(env_warnings(), 1);
    env_write(board.clocks, 0, 0x8004, 1); /* PLL_SYS */
    ck_assert_uint_eq(env_warnings(), 1);
}
END_TEST

START_TEST(duty_appears_at_the_pin)
{
    clock_on();
    route();
    start(0, 1000, 250, 0x101); /* 20 us, high for 5 us */
    uint64_t t0 = env_now();
    for (uint32_t period = 0; period < 3; period++) {
        env_run_until(t0 + 20000 * period);
        ck_assert_int_eq(pin(12), 1);
        env_run_until(t0 + 20000 * period + 4999);
        ck_assert_int_eq(pin(12), 1);
        env_run_until(t0 + 20000 * period + 5000);
        ck_assert_int_eq(pin(12), 0);
        env_run_until(t0 + 20000 * period + 19999);
        ck_assert_int_eq(pin(12), 0);
    }
    ck_assert_uint_eq(env_count(EVENT_PWM), 1);
    const struct event_pwm *e = last();
    ck_assert(e->chip == 0 && e->channel == 0 && e->enabled && !e->inverted);
    ck_assert_uint_eq(e->period_ns, 20000);
    ck_assert_uint_eq(e->duty_ns, 5000);
    ck_assert_uint_eq(env_last(EVENT_PWM)->event.role, EVENT_ROLE_OUTPUT);
}
END_TEST

START_TEST(polarity_inverts_the_pin)
{
    clock_on();
    route();
    start(0, 1000, 250, 0x109);
    ck_assert_int_eq(pin(12), 0);
    env_run_for(5000);
    ck_assert_int_eq(pin(12), 1);
    ck_assert(last()->inverted && last()->duty_ns == 5000);
    wr(GLOBAL, SET_UPDATE); /* off: the inactive level */
    ck_assert_int_eq(pin(12), 1);
    ck_assert(!last()->enabled && last()->inverted);
}
END_TEST

START_TEST(nothing_happens_before_set_update)
{
    clock_on();
    route();
    wr(ch(0, 12), 250);
    wr(ch(0, 4), 1000);
    wr(ch(0, 0), 0x101);
    wr(GLOBAL, 1);
    env_run_for(100000);
    ck_assert_int_eq(pin(12), 0);
    ck_assert_uint_eq(env_count(EVENT_PWM), 0);
    wr(GLOBAL, 1 | SET_UPDATE);
    ck_assert_int_eq(pin(12), 1);
    wr(ch(0, 0), 0x109); /* polarity waits for SET_UPDATE */
    ck_assert_int_eq(pin(12), 1);
    wr(GLOBAL, 1 | SET_UPDATE);
    ck_assert_int_eq(pin(12), 0);
}
END_TEST

START_TEST(new_duty_and_range_take_effect_at_the_periods_end)
{
    clock_on();
    route();
    start(0, 1000, 250, 0x101);
    uint64_t t0 = env_now();
    env_run_until(t0 + 7000);
    wr(ch(0, 12), 1500);
    wr(ch(0, 4), 2000);
    wr(GLOBAL, 1 | SET_UPDATE);
    ck_assert_int_eq(pin(12), 0); /* the old period goes on */
    ck_assert_uint_eq(env_count(EVENT_PWM), 1);
    env_run_until(t0 + 19999);
    ck_assert_int_eq(pin(12), 0);
    env_run_until(t0 + 20000);
    ck_assert_int_eq(pin(12), 1);
    ck_assert_uint_eq(env_count(EVENT_PWM), 2);
    ck_assert_uint_eq(env_last(EVENT_PWM)->event.time_ns, t0 + 20000);
    ck_assert(last()->period_ns == 40000 && last()->duty_ns == 30000);
    env_run_until(t0 + 20000 + 29999);
    ck_assert_int_eq(pin(12), 1);
    env_run_until(t0 + 20000 + 30000);
    ck_assert_int_eq(pin(12), 0);
}
END_TEST

START_TEST(range_alone_changes_at_the_periods_end_too)
{
    clock_on();
    route();
    start(0, 1000, 250, 0x101);
    env_run_for(1000);
    wr(ch(0, 4), 500);
    env_run_for(18999);
    ck_assert_uint_eq(last()->period_ns, 20000);
    env_run_for(1);
    ck_assert(last()->period_ns == 10000 && last()->duty_ns == 5000);
    env_run_for(10000);
    ck_assert_int_eq(pin(12), 1); /* the next period, of the new length */
}
END_TEST

START_TEST(serialisers_record_the_ones_they_send)
{
    clock_on();
    route();
    start(0, 8, 0xf1000000, 0x104);
    ck_assert(last()->period_ns == 160 && last()->duty_ns == 100);
    wr(GLOBAL, SET_UPDATE);
    start(0, 8, 0xff0000f1, 0x107);
    ck_assert(last()->period_ns == 160 && last()->duty_ns == 100);
    wr(GLOBAL, SET_UPDATE);
    start(0, 8, 3, 0x105); /* pulse position: one tick */
    ck_assert_uint_eq(last()->duty_ns, 20);
    wr(GLOBAL, SET_UPDATE);
    start(0, 8, 3, 0x102); /* phase correct: twice as long */
    ck_assert(last()->period_ns == 320 && last()->duty_ns == 120);
}
END_TEST

START_TEST(disabling_is_immediate)
{
    clock_on();
    route();
    start(0, 1000, 900, 0x101);
    env_run_for(3000);
    ck_assert_int_eq(pin(12), 1);
    wr(GLOBAL, SET_UPDATE);
    ck_assert_int_eq(pin(12), 0);
    ck_assert(!last()->enabled);
}
END_TEST

START_TEST(without_a_clock_there_is_no_output)
{
    route();
    start(0, 1000, 500, 0x101);
    env_run_for(1000000);
    ck_assert_int_eq(pin(12), 0);
    ck_assert_uint_eq(env_count(EVENT_PWM), 0);
    clock_on();
    ck_assert_int_eq(pin(12), 1);
    ck_assert_uint_eq(env_count(EVENT_PWM), 1);
    env_run_for(3000);
    env_write(board.clocks, 0, 0x74, 2u << 5); /* off: frozen where it was */
    env_run_for(1000000);
    ck_assert_int_eq(pin(12), 1);
    ck_assert(!last()->enabled && last()->inverted);
    env_write(board.clocks, 0, 0x74, 2u << 5 | 1u << 11); /* goes on: 7 us of high left */
    env_run_for(6999);
    ck_assert_int_eq(pin(12), 1);
    env_run_for(1);
    ck_assert_int_eq(pin(12), 0);
}
END_TEST

START_TEST(clock_divider_scales_the_period)
{
    env_write(board.clocks, 0, 0x78, 2);
    env_write(board.clocks, 0, 0x7c, 0x80000000); /* 2.5: 20 MHz */
    env_write(board.clocks, 0, 0x74, 2u << 5 | 1u << 11);
    route();
    start(0, 1000, 500, 0x101);
    ck_assert(last()->period_ns == 50000 && last()->duty_ns == 25000);
}
END_TEST

START_TEST(pad_override_stops_in_the_middle_of_a_period)
{
    clock_on();
    route();
    start(0, 1000000, 900000, 0x101); /* 20 ms */
    env_run_for(1234567);
    ck_assert_int_eq(pin(12), 1);
    env_forget_events();
    env_write(board.gpio, 0, 8 * 12 + 4 + ALIAS_SET, 2u << 12); /* OUTOVER low */
    ck_assert_int_eq(pin(12), 0);
    ck_assert(!last()->enabled && !last()->inverted && last()->duty_ns == 0);
    ck_assert_uint_eq(env_last(EVENT_PWM)->event.time_ns, 1234567);
    const struct event *moved = &env_last(EVENT_GPIO)->event; /* the pin itself moved, now */
    ck_assert(moved->gpio.line == 12 && moved->gpio.level == 0 && moved->time_ns == 1234567);
    wr(ch(0, 12), 1000000); /* whoever writes, nothing moves */
    wr(GLOBAL, 1 | SET_UPDATE);
    env_run_for(100000000);
    ck_assert_int_eq(pin(12), 0);
    ck_assert_uint_eq(env_count(EVENT_PWM), 1);
    env_write(board.gpio, 0, 8 * 12 + 4 + ALIAS_CLR, 3u << 12); /* released */
    ck_assert_int_eq(pin(12), 1);
    ck_assert(last()->enabled && last()->duty_ns == 20000000);
}
END_TEST

START_TEST(output_disable_leaves_the_pin_to_its_pull)
{
    clock_on();
    route();
    start(0, 1000, 1000, 0x101);
    ck_assert_int_eq(pin(12), 1);
    env_write(board.gpio, 2, 0x04 + 4 * 12 + ALIAS_SET, 1u << 7);
    ck_assert_int_eq(pin(12), 0);
    ck_assert(!last()->enabled && !last()->inverted);
    env_write(board.gpio, 2, 0x04 + 4 * 12 + ALIAS_CLR, 1u << 7);
    ck_assert(last()->enabled);
    env_write(board.gpio, 0, 8 * 12 + 4 + ALIAS_SET, 3u << 12); /* safe level high */
    ck_assert_int_eq(pin(12), 1);
    ck_assert(!last()->enabled && last()->inverted);
}
END_TEST

START_TEST(channels_reach_the_pins_of_their_function)
{
    static const struct {
        uint32_t line, funcsel, block, channel;
    } ways[] = { { 12, 0, 0, 0 }, { 13, 0, 0, 1 }, { 14, 0, 0, 2 }, { 15, 0, 0, 3 },
                 { 18, 3, 0, 2 }, { 19, 3, 0, 3 }, { 45, 0, 1, 3 } };
    clock_on();
    env_write(board.clocks, 0, 0x88, 1);
    env_write(board.clocks, 0, 0x84, 2u << 5 | 1u << 11);
    for (uint32_t i = 0; i < ARRAY_SIZE(ways); i++) {
        struct model *pwm = ways[i].block == 0 ? board.pwm0 : board.pwm1;
        env_write(pwm, 0, ch(ways[i].channel, 12), 10);
        env_write(pwm, 0, ch(ways[i].channel, 4), 10);
        env_write(pwm, 0, ch(ways[i].channel, 0), 0x101);
        env_write(pwm, 0, GLOBAL, 1u << ways[i].channel | SET_UPDATE);
        ck_assert_int_eq(pin(ways[i].line), 0); /* not selected yet */
        env_write(board.gpio, 2, pad_of(ways[i].line), 0x56);
        env_write(board.gpio, 0, io_ctrl(ways[i].line), 0x80 | ways[i].funcsel);
        ck_assert_int_eq(pin(ways[i].line), 1);
        ck_assert(last()->chip == ways[i].block && last()->channel == ways[i].channel &&
                  last()->enabled);
        env_write(board.gpio, 0, io_ctrl(ways[i].line), 0x9f);
        ck_assert(!last()->enabled);
    }
}
END_TEST

START_TEST(modes_shape_the_period)
{
    clock_on();
    route();
    static const struct {
        uint32_t mode, range, duty;
        const char *levels; /* tick by tick */
    } modes[] = {
        { 0, 8, 3, "00000000" },          { 1, 8, 3, "11100000" },          { 6, 8, 3, "00000111" },
        { 2, 4, 1, "00011000" },          { 5, 8, 3, "00010000" },          { 3, 8, 3, "00100101" },
        { 4, 8, 0xb1000000, "10110001" }, { 7, 8, 0x0000008d, "10110001" }, { 1, 8, 0, "00000000" },
        { 1, 8, 8, "11111111" },          { 1, 8, 100, "11111111" },
    };
    for (uint32_t i = 0; i < ARRAY_SIZE(modes); i++) {
        wr(GLOBAL, SET_UPDATE);
        start(0, modes[i].range, modes[i].duty, 0x100 | modes[i].mode);
        for (uint32_t tick = 0; tick < 24; tick++) {
            ck_assert_msg(pin(12) == modes[i].levels[tick % 8] - '0', "mode %u, tick %u",
                          modes[i].mode, tick);
            env_run_for(20);
        }
    }
}
END_TEST

START_TEST(phase_offsets_a_channel)
{
    clock_on();
    route();
    wr(ch(0, 8), 750); /* starts 250 ticks before the overflow */
    start(0, 1000, 250, 0x101);
    ck_assert_int_eq(pin(12), 0);
    env_run_for(4999);
    ck_assert_int_eq(pin(12), 0);
    env_run_for(1);
    ck_assert_int_eq(pin(12), 1);
}
END_TEST

START_TEST(bound_channels_share_range_and_duty)
{
    clock_on();
    route();
    wr(0x08, 500);
    wr(0x0c, 100);
    start(0, 1, 1, 0x111);
    ck_assert(last()->period_ns == 10000 && last()->duty_ns == 2000);
    wr(0x0c, 200); /* at the overflow */
    env_run_for(9999);
    ck_assert_uint_eq(last()->duty_ns, 2000);
    env_run_for(1);
    ck_assert_uint_eq(last()->duty_ns, 4000);
}
END_TEST

START_TEST(fifo_feeds_a_word_each_period)
{
    clock_on();
    route();
    for (uint32_t i = 1; i <= 3; i++)
        wr(0x10, 100 * i);
    ck_assert_uint_eq(rd(0x04) & 0x1f, 3);
    wr(0x08, 1000);
    start(0, 0, 0, 0x131); /* BIND, USEFIFO */
    ck_assert_uint_eq(last()->duty_ns, 2000);
    env_run_for(20000);
    ck_assert_uint_eq(last()->duty_ns, 4000);
    env_run_for(20000);
    ck_assert_uint_eq(last()->duty_ns, 6000);
    ck_assert_uint_eq(rd(INTR) & 1, 0);
    env_run_for(20000); /* empty: keeps the last and says underflow */
    ck_assert_uint_eq(last()->duty_ns, 6000);
    ck_assert_uint_eq(rd(INTR) & 1, 1);
    wr(INTR, 1);
    for (uint32_t i = 0; i < 17; i++)
        wr(0x10, 5);
    ck_assert_uint_eq(rd(0x04) & 0x1f, 16);
    ck_assert_uint_eq(rd(INTR) & 0x0a, 0x0a); /* overflow, full */
    wr(0x04, 1u << 5);                        /* flush */
    ck_assert_uint_eq(rd(0x04) & 0x1f, 0);
}
END_TEST

START_TEST(reload_bits_follow_the_overflows)
{
    clock_on();
    start(0, 1000, 1, 0x101);
    start(2, 5000, 1, 0x101);
    ck_assert_uint_eq(rd(INTR) & 0x1e0, 0);
    env_run_for(20000);
    ck_assert_uint_eq(rd(INTR) & 0x1e0, 0x20);
    wr(INTR, 0x20);
    ck_assert_uint_eq(rd(INTR) & 0x1e0, 0);
    env_run_for(80000);
    ck_assert_uint_eq(rd(INTR) & 0x1e0, 0xa0);
    wr(INTR, 0x1e0);
    wr(INTE, 0x80); /* channel 2 */
    env_run_for(99999);
    ck_assert(!env_line(board.pwm0, 0));
    env_run_for(1);
    ck_assert(env_line(board.pwm0, 0));
    ck_assert_uint_eq(rd(INTS), 0x80);
    wr(INTR, 0x80);
    ck_assert(!env_line(board.pwm0, 0));
    wr(0x5c, 1); /* INTF */
    ck_assert(env_line(board.pwm0, 0));
}
END_TEST

START_TEST(what_the_datasheet_forbids_is_said)
{
    clock_on();
    env_warnings();
    start(0, 1000, 1, 0x121); /* USEFIFO without BIND */
    ck_assert_uint_eq(env_warnings(), 1);
    start(1, 1000, 1, 0x141); /* sigma-delta */
    ck_assert_uint_eq(env_warnings(), 1);
    wr(ch(2, 8), 2000);
    start(2, 1000, 1, 0x101);
    ck_assert_uint_eq(env_warnings(), 1);
    env_read_cpu(board.pwm0, 0, 0, 0, 2);
    ck_assert_uint_eq(env_warnings(), 1);
    env_write(board.pwm0, 0, 0x60, 1);
    ck_assert_uint_ge(env_warnings(), 1);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { every_pwm_register,
                                   every_clock_register,
                                   duty_appears_at_the_pin,
                                   polarity_inverts_the_pin,
                                   nothing_happens_before_set_update,
                                   new_duty_and_range_take_effect_at_the_periods_end,
                                   range_alone_changes_at_the_periods_end_too,
                                   serialisers_record_the_ones_they_send,
                                   disabling_is_immediate,
                                   without_a_clock_there_is_no_output,
                                   clock_divider_scales_the_period,
                                   pad_override_stops_in_the_middle_of_a_period,
                                   output_disable_leaves_the_pin_to_its_pull,
                                   channels_reach_the_pins_of_their_function,
                                   modes_shape_the_period,
                                   phase_offsets_a_channel,
                                   bound_channels_share_range_and_duty,
                                   fifo_feeds_a_word_each_period,
                                   reload_bits_follow_the_overflows,
                                   what_the_datasheet_forbids_is_said };
    return suite_run("rp1_pwm", board_setup, tests, ARRAY_SIZE(tests), NULL, NULL, 0);
}
