/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* RP1 GPIO: every register of the three banks, then what pins do. Offsets and bits are the facts
 * table's, written out. */
#include "suite.h"
#include <stdio.h>

enum { IO = 0, RIO = 1, PADS = 2 };
enum { INTR = 0x100, INTE = 0x11c, INTF = 0x120, INTS = 0x124 };
enum { OUT = 0, OE = 4, IN = 8, NOSYNC = 0xc };
#define FALL     (1u << 20)
#define RISE     (1u << 21)
#define LOW      (1u << 22)
#define HIGH     (1u << 23)
#define F_FALL   (1u << 24)
#define F_RISE   (1u << 25)
#define DB_LOW   (1u << 26)
#define DB_HIGH  (1u << 27)
#define IRQRESET (1u << 28)

static struct model *gpio(void)
{
    return board.gpio;
}

static void ctrl_set(uint32_t line, uint32_t bits)
{
    env_write(gpio(), IO, io_ctrl(line) + ALIAS_SET, bits);
}

static void ctrl_clr(uint32_t line, uint32_t bits)
{
    env_write(gpio(), IO, io_ctrl(line) + ALIAS_CLR, bits);
}

static uint32_t status(uint32_t line)
{
    return env_read(gpio(), IO, io_status(line));
}

static uint32_t ints(uint32_t line)
{
    return env_read(gpio(), IO, bank_base(line) + INTS);
}

static uint64_t bit(uint32_t line)
{
    return (uint64_t)1 << line;
}

static int level(uint32_t line)
{
    return gpio()->ops->line_level(gpio(), line);
}

static uint32_t rio_in(uint32_t line)
{
    return (env_read(gpio(), RIO, bank_base(line) + IN) & bank_bit(line)) != 0;
}

/* One line of each bank, and the ends. */
static const uint32_t some_lines[] = { 0, 8, 9, 17, 27, 28, 33, 34, 45, 53 };
static const uint32_t bank_pins[3] = { 28, 6, 20 };

START_TEST(every_ctrl_and_pad_register)
{
    for (uint32_t line = 0; line < 54; line++) {
        char name[32];
        snprintf(name, sizeof name, "GPIO%u", line);
        const struct env_register ctrl = { name, io_ctrl(line), 0x9f, 0xcff3ffff };
        const struct env_register pad = { name, pad_of(line), line <= 8 ? 0x9a : 0x96, 0xff };
        env_check_registers(gpio(), IO, &ctrl, 1);
        env_check_registers(gpio(), PADS, &pad, 1);
    }
}
END_TEST

START_TEST(every_bank_register)
{
    for (uint32_t bank = 0; bank < 3; bank++) {
        uint32_t base = 0x4000 * bank, all = (1u << bank_pins[bank]) - 1;
        const struct env_register io[] = {
            { "PROC0_INTE", base + 0x104, 0, all }, { "PROC0_INTF", base + 0x108, 0, all },
            { "PROC1_INTE", base + 0x110, 0, all }, { "PROC1_INTF", base + 0x114, 0, all },
            { "PCIE_INTE", base + 0x11c, 0, all },  { "PCIE_INTF", base + 0x120, 0, all },
        };
        const struct env_register rio[] = { { "OUT", base, 0, all }, { "OE", base + 4, 0, all } };
        const struct env_register pads = { "VOLTAGE_SELECT", base, 0, 1 };
        env_check_registers(gpio(), IO, io, ARRAY_SIZE(io));
        env_check_registers(gpio(), RIO, rio, ARRAY_SIZE(rio));
        env_check_registers(gpio(), PADS, &pads, 1);
        static const uint32_t read_only[] = { 0x100, 0x10c, 0x118, 0x124 };
        for (uint32_t i = 0; i < 4; i++) {
            ck_assert_uint_eq(env_read(gpio(), IO, base + read_only[i]), 0);
            env_write(gpio(), IO, base + read_only[i], 0xffffffff);
            ck_assert_uint_eq(env_warnings(), 1);
            ck_assert_uint_eq(env_read(gpio(), IO, base + read_only[i]), 0);
        }
        /* Beyond the bank's pins there is nothing. */
        env_write(gpio(), IO, base + 8 * bank_pins[bank] + 4, 0x5);
        ck_assert_uint_eq(env_warnings(), 1);
        ck_assert_uint_eq(env_read(gpio(), IO, base + 8 * bank_pins[bank] + 4), 0);
        env_write(gpio(), PADS, base + 4 + 4 * bank_pins[bank], 0x5);
        ck_assert_uint_eq(env_warnings(), 1);
    }
}
END_TEST

START_TEST(aliases_of_all_blocks)
{
    static const struct {
        uint32_t region, offset;
    } at[] = { { IO, 8 * 5 + 4 },   { IO, 0x11c },      { RIO, OUT },    { RIO, OE },
               { PADS, 4 + 4 * 5 }, { IO, 0x8000 + 4 }, { RIO, 0x4000 }, { PADS, 0x8004 } };
    for (uint32_t i = 0; i < ARRAY_SIZE(at); i++) {
        uint32_t region = at[i].region, offset = at[i].offset;
        env_write(gpio(), region, offset, 0x12);
        env_write(gpio(), region, offset + 0x2000, 0x21);
        ck_assert_uint_eq(env_read(gpio(), region, offset), 0x33);
        env_write(gpio(), region, offset + 0x3000, 0x12);
        ck_assert_uint_eq(env_read(gpio(), region, offset), 0x21);
        env_write(gpio(), region, offset + 0x1000, 0x03);
        ck_assert_uint_eq(env_read(gpio(), region, offset), 0x22);
        for (uint32_t alias = 0x1000; alias <= 0x3000; alias += 0x1000)
            ck_assert_uint_eq(env_read(gpio(), region, offset + alias), 0x22);
    }
}
END_TEST

START_TEST(only_whole_registers_are_accessed)
{
    env_warnings();
    env_read_cpu(gpio(), 0, IO, 4, 1);
    env_write_cpu(gpio(), 0, RIO, 0, 8, 1);
    env_read(gpio(), 3, 0);
    env_read(gpio(), IO, 0xc000);
    ck_assert_uint_eq(env_warnings(), 4);
}
END_TEST

START_TEST(an_input_needs_its_pad_and_its_function)
{
    for (uint32_t i = 0; i < ARRAY_SIZE(some_lines); i++) {
        uint32_t line = some_lines[i];
        board_pins(bit(line), bit(line));
        ck_assert_int_eq(level(line), 1); /* the board sees it anyway */
        ck_assert_uint_eq(rio_in(line), 0);
        ck_assert_uint_eq(status(line) & (1u << 17), 0);
        board_input(line);
        ck_assert_uint_eq(rio_in(line), 1);
        ck_assert_uint_eq(env_read(gpio(), RIO, bank_base(line) + NOSYNC) & bank_bit(line),
                          bank_bit(line));
        ck_assert_uint_ne(status(line) & (1u << 17), 0);
        env_write(gpio(), PADS, pad_of(line) + ALIAS_CLR, 1u << 6);
        ck_assert_uint_eq(rio_in(line), 0);
        ck_assert_uint_eq(status(line) & (1u << 17), 0);
        env_write(gpio(), PADS, pad_of(line) + ALIAS_SET, 1u << 6);
        env_write(gpio(), IO, io_ctrl(line), 0x9f);
        ck_assert_uint_eq(rio_in(line), 0);
        ck_assert_uint_ne(status(line) & (1u << 17), 0); /* the pad's own stage does not mind */
        board_pins(bit(line), 0);
    }
}
END_TEST

START_TEST(pulls_decide_an_open_pin)
{
    ck_assert_int_eq(level(4), 1);  /* pulled up after reset */
    ck_assert_int_eq(level(17), 0); /* pulled down */
    env_write(gpio(), PADS, pad_of(17), 0x92 | 2u << 2);
    ck_assert_int_eq(level(17), 1);
    env_write(gpio(), PADS, pad_of(17), 0x92);
    ck_assert_int_eq(level(17), -1); /* floating */
    env_write(gpio(), PADS, pad_of(17), 0x92 | 1u << 2);
    ck_assert_int_eq(level(17), 0);
    board_pins(bit(17), bit(17));
    ck_assert_int_eq(level(17), 1); /* a driver beats a pull */
    gpio()->ops->pins_release(gpio(), bit(17));
    ck_assert_int_eq(level(17), 0);
    env_write(gpio(), PADS, pad_of(17), 0x92 | 3u << 2); /* both: keeper */
    board_pins(bit(17), bit(17));
    gpio()->ops->pins_release(gpio(), bit(17));
    ck_assert_int_eq(level(17), 1);
}
END_TEST

START_TEST(an_output_follows_rio)
{
    for (uint32_t i = 0; i < ARRAY_SIZE(some_lines); i++) {
        uint32_t line = some_lines[i];
        board_output(line, true);
        ck_assert_int_eq(level(line), 1);
        ck_assert_uint_eq(rio_in(line), 1); /* reads back its own pin */
        env_write(gpio(), RIO, bank_base(line) + OUT + ALIAS_CLR, bank_bit(line));
        ck_assert_int_eq(level(line), 0);
        env_write(gpio(), RIO, bank_base(line) + OUT + ALIAS_XOR, bank_bit(line));
        ck_assert_int_eq(level(line), 1);
        ck_assert_uint_eq(status(line) & 0x3300, 0x3300);
    }
}
END_TEST

START_TEST(overrides_and_output_disable_win)
{
    board_output(17, true);
    ctrl_set(17, 2u << 12); /* OUTOVER low */
    ck_assert_int_eq(level(17), 0);
    ck_assert_uint_eq(status(17) & 0x3300, 0x3100); /* OUTFROMPERI stays, OUTTOPAD is low */
    ctrl_set(17, 3u << 12);
    ck_assert_int_eq(level(17), 1);
    ctrl_clr(17, 3u << 12);
    ctrl_set(17, 1u << 12); /* inverted */
    ck_assert_int_eq(level(17), 0);
    ctrl_clr(17, 3u << 12);
    ctrl_set(17, 2u << 14);         /* OEOVER disable */
    ck_assert_int_eq(level(17), 0); /* pulled down */
    ck_assert_uint_eq(status(17) & 0x3000, 0x1000);
    ctrl_clr(17, 3u << 14);
    ck_assert_int_eq(level(17), 1);
    env_write(gpio(), RIO, OE + ALIAS_CLR, 1u << 17);
    ck_assert_int_eq(level(17), 0);
    ctrl_set(17, 3u << 14); /* OEOVER enable */
    ck_assert_int_eq(level(17), 1);
    ctrl_clr(17, 3u << 14);
    ctrl_set(17, 1u << 14); /* OEOVER inverted: OE 0 drives */
    ck_assert_int_eq(level(17), 1);
    env_write(gpio(), PADS, pad_of(17) + ALIAS_SET, 1u << 7); /* OD wins over all */
    ck_assert_int_eq(level(17), 0);
}
END_TEST

START_TEST(input_override_shows_in_rio)
{
    board_pins(bit(17), 0);
    board_input(17);
    ctrl_set(17, 1u << 16);
    ck_assert_uint_eq(rio_in(17), 1);
    ck_assert_uint_eq(status(17) & (1u << 19), 1u << 19);
    ctrl_set(17, 3u << 16);
    board_pins(bit(17), bit(17));
    ck_assert_uint_eq(rio_in(17), 1);
    ctrl_clr(17, 1u << 16); /* low */
    ck_assert_uint_eq(rio_in(17), 0);
}
END_TEST

START_TEST(edges_latch_until_irqreset)
{
    for (uint32_t i = 0; i < ARRAY_SIZE(some_lines); i++) {
        uint32_t line = some_lines[i], ctrl = io_ctrl(line);
        board_pins(bit(line), 0);
        board_input(line);
        ck_assert_uint_eq(status(line) & (RISE | FALL | LOW | HIGH), LOW);
        board_pins(bit(line), bit(line));
        ck_assert_uint_eq(status(line) & (RISE | FALL | LOW | HIGH), RISE | HIGH);
        board_pins(bit(line), 0);
        ck_assert_uint_eq(status(line) & (RISE | FALL | LOW | HIGH), RISE | FALL | LOW);
        env_write(gpio(), IO, ctrl + ALIAS_CLR, IRQRESET); /* clearing it does nothing */
        ck_assert_uint_eq(status(line) & (RISE | FALL), RISE | FALL);
        env_write(gpio(), IO, ctrl + ALIAS_SET, IRQRESET);
        ck_assert_uint_eq(status(line) & (RISE | FALL), 0);
        ck_assert_uint_eq(env_read(gpio(), IO, ctrl) & IRQRESET, 0);
        board_pins(bit(line), bit(line));
        env_write(gpio(), IO, ctrl, 0x85 | IRQRESET);
        ck_assert_uint_eq(status(line) & (RISE | FALL), 0);
    }
}
END_TEST

START_TEST(interrupt_needs_event_enable_and_inte)
{
    for (uint32_t i = 0; i < ARRAY_SIZE(some_lines); i++) {
        uint32_t line = some_lines[i], bank = line < 28 ? 0 : line < 34 ? 1 : 2;
        board_pins(bit(line), 0);
        board_input(line);
        board_pins(bit(line), bit(line));
        ck_assert_uint_eq(env_read(gpio(), IO, bank_base(line) + INTR), 0);
        ctrl_set(line, RISE);
        ck_assert_uint_eq(env_read(gpio(), IO, bank_base(line) + INTR), bank_bit(line));
        ck_assert_uint_eq(ints(line), 0);
        ck_assert_uint_eq(status(line) & (3u << 28), 3u << 28);
        ck_assert(!env_line(gpio(), bank));
        env_write(gpio(), IO, bank_base(line) + INTE + ALIAS_SET, bank_bit(line));
        ck_assert_uint_eq(ints(line), bank_bit(line));
        ck_assert(env_line(gpio(), bank));
        ctrl_set(line, IRQRESET);
        ck_assert_uint_eq(ints(line), 0);
        ck_assert(!env_line(gpio(), bank));
        ctrl_clr(line, RISE);
        env_write(gpio(), IO, bank_base(line) + INTE + ALIAS_CLR, bank_bit(line));
    }
}
END_TEST

START_TEST(level_interrupts_follow_the_pin)
{
    board_pins(bit(17), 0);
    board_input(17);
    env_write(gpio(), IO, INTE, 1u << 17);
    ctrl_set(17, HIGH);
    ck_assert(!env_line(gpio(), 0));
    board_pins(bit(17), bit(17));
    ck_assert(env_line(gpio(), 0));
    ctrl_set(17, IRQRESET); /* does not end a level */
    ck_assert(env_line(gpio(), 0));
    board_pins(bit(17), 0);
    ck_assert(!env_line(gpio(), 0));
    ctrl_set(17, LOW);
    ck_assert(env_line(gpio(), 0));
}
END_TEST

START_TEST(interrupt_can_be_forced_and_overridden)
{
    env_write(gpio(), IO, INTF, 1u << 3);
    ck_assert(env_line(gpio(), 0));
    ck_assert_uint_eq(env_read(gpio(), IO, INTS), 1u << 3);
    env_write(gpio(), IO, INTF, 0);
    ck_assert(!env_line(gpio(), 0));
    env_write(gpio(), IO, INTE, 1u << 5);
    env_write(gpio(), IO, io_ctrl(5), 0x85 | 3u << 30); /* IRQOVER high */
    ck_assert(env_line(gpio(), 0));
    env_write(gpio(), IO, io_ctrl(5), 0x85 | 1u << 30); /* inverted */
    ck_assert(env_line(gpio(), 0));
    env_write(gpio(), IO, io_ctrl(5), 0x85 | 2u << 30);
    ck_assert(!env_line(gpio(), 0));
}
END_TEST

START_TEST(lines_of_one_bank_change_together)
{
    uint64_t both = bit(17) | bit(18), all = both | bit(40);
    board_pins(all, 0);
    board_input(17);
    board_input(18);
    board_input(40);
    for (uint32_t line = 17; line <= 18; line++)
        ctrl_set(line, RISE | FALL);
    env_write(gpio(), IO, INTE, (uint32_t)both);
    env_forget_events();
    uint32_t before = env_activations(gpio(), 0);
    board_pins(all, all);
    ck_assert_uint_eq(env_activations(gpio(), 0), before + 1);
    ck_assert_uint_eq(ints(17), both);
    ck_assert_uint_eq(env_count(EVENT_GPIO), 3);
    static const uint8_t lines[] = { 17, 18, 40 };
    for (uint32_t i = 0; i < 3; i++) {
        const struct event *event = &env_event(i)->event;
        ck_assert_uint_eq(event->gpio.line, lines[i]);
        ck_assert_uint_eq(event->gpio.level, 1);
        ck_assert_uint_eq(event->gpio.driven, 0);
        ck_assert_uint_eq(event->role, EVENT_ROLE_INPUT);
    }
    /* Both events carry the level after the whole change (GPIO 0-8 are pulled up). */
    ck_assert_uint_eq(env_event(0)->event.gpio.bank_level, both | 0x1ff);
    ck_assert_uint_eq(env_event(1)->event.gpio.bank_level, both | 0x1ff);
    ck_assert_uint_eq(env_event(2)->event.gpio.bank_level, 1u << 6);
    board_pins(all, all); /* nothing changes, nothing is said */
    ck_assert_uint_eq(env_count(EVENT_GPIO), 3);
}
END_TEST

START_TEST(events_say_who_moved_the_pin)
{
    env_forget_events();
    board_output(17, true);
    ck_assert_uint_eq(env_count(EVENT_GPIO), 1);
    const struct event *event = &env_last(EVENT_GPIO)->event;
    ck_assert(event->role == EVENT_ROLE_OUTPUT && event->gpio.driven == 1 &&
              event->gpio.line == 17);
    env_write(gpio(), RIO, OE + ALIAS_CLR, 1u << 17); /* released: the pull moves it */
    event = &env_last(EVENT_GPIO)->event;
    ck_assert(event->role == EVENT_ROLE_OUTPUT && event->gpio.driven == 0 &&
              event->gpio.level == 0);
    env_write(gpio(), PADS, pad_of(20), 0x92 | 2u << 2);
    event = &env_last(EVENT_GPIO)->event;
    ck_assert(event->role == EVENT_ROLE_OBSERVATION && event->gpio.line == 20 &&
              event->gpio.level == 1);
    gpio()->ops->line_input(gpio(), 22, 0, true); /* another chip's output on the board */
    event = &env_last(EVENT_GPIO)->event;
    ck_assert(event->role == EVENT_ROLE_OBSERVATION && event->gpio.line == 22 &&
              event->gpio.level == 1);
    ck_assert_int_eq(level(22), 1);
}
END_TEST

START_TEST(contention_is_said_and_the_chip_wins)
{
    board_pins(bit(17), 0);
    env_warnings();
    board_output(17, true);
    ck_assert_uint_eq(env_warnings(), 1);
    ck_assert_int_eq(level(17), 1);
    board_pins(bit(17), bit(17)); /* agree */
    ck_assert_uint_eq(env_warnings(), 0);
    board_pins(bit(17), 0);
    ck_assert_uint_eq(env_warnings(), 1);
}
END_TEST

START_TEST(filter_passes_what_is_stable_for_its_time)
{
    board_pins(bit(17), 0);
    board_input(17);
    env_write(gpio(), IO, io_ctrl(17), 5 | 20u << 5); /* M = 20: 20 us */
    env_run_for(1000000);
    ctrl_set(17, IRQRESET | F_RISE | F_FALL);
    env_write(gpio(), IO, INTE, 1u << 17);
    board_pins(bit(17), bit(17)); /* 19.999 us: a glitch */
    env_run_for(19999);
    board_pins(bit(17), 0);
    env_run_for(100000);
    ck_assert(!env_line(gpio(), 0));
    ck_assert_uint_eq(status(17) & (F_RISE | F_FALL), 0);
    ck_assert_uint_eq(status(17) & (RISE | FALL), RISE | FALL); /* the raw detectors saw it */
    board_pins(bit(17), bit(17));
    env_run_for(19999);
    ck_assert(!env_line(gpio(), 0));
    ck_assert_uint_eq(status(17) & (1u << 18), 0);
    ck_assert_uint_ne(status(17) & (1u << 17), 0);
    env_run_for(1);
    ck_assert(env_line(gpio(), 0));
    ck_assert_uint_eq(status(17) & (F_RISE | F_FALL | DB_LOW | DB_HIGH), F_RISE | DB_HIGH);
    ck_assert_uint_ne(status(17) & (1u << 18), 0);
    ctrl_set(17, IRQRESET);
    ck_assert(!env_line(gpio(), 0));
    board_pins(bit(17), 0);
    env_run_for(20000);
    ck_assert_uint_eq(status(17) & (F_RISE | F_FALL | DB_LOW | DB_HIGH), F_FALL | DB_LOW);
    ck_assert(env_line(gpio(), 0));
}
END_TEST

START_TEST(filter_settles_without_a_timer_too)
{
    board_pins(bit(17), 0);
    board_input(17);
    env_run_for(1000000);
    board_pins(bit(17), bit(17));
    env_run_for(3999); /* M = 4 after reset */
    ck_assert_uint_eq(status(17) & F_RISE, 0);
    env_run_for(1);
    ck_assert_uint_eq(status(17) & F_RISE, F_RISE);
    board_pins(bit(17), 0);
    env_run_for(5000);
    board_pins(bit(17), bit(17)); /* the low phase counts although nobody looked */
    ck_assert_uint_eq(status(17) & (F_RISE | F_FALL), F_RISE | F_FALL);
    env_write(gpio(), IO, io_ctrl(18), 5); /* M = 0 passes at once */
    env_write(gpio(), PADS, pad_of(18) + ALIAS_SET, 1u << 6);
    board_pins(bit(18), bit(18));
    ck_assert_uint_eq(status(18) & (F_RISE | DB_HIGH), F_RISE | DB_HIGH);
}
END_TEST

START_TEST(debounced_levels_interrupt)
{
    board_pins(bit(17), 0);
    board_input(17);
    env_write(gpio(), IO, INTE, 1u << 17);
    ctrl_set(17, DB_HIGH);
    board_pins(bit(17), bit(17));
    ck_assert(!env_line(gpio(), 0));
    env_run_for(4000);
    ck_assert(env_line(gpio(), 0));
    board_pins(bit(17), 0);
    ck_assert(env_line(gpio(), 0));
    env_run_for(4000);
    ck_assert(!env_line(gpio(), 0));
}
END_TEST

START_TEST(a_stuck_line_keeps_its_level)
{
    board_pins(bit(17) | bit(18), 0);
    board_input(17);
    env_fault(gpio(), FAULT_STUCK_LINE, 17, 1);
    board_pins(bit(17) | bit(18), bit(17) | bit(18));
    ck_assert_int_eq(level(17), 0);
    ck_assert_int_eq(level(18), 1);
    board_pins(bit(17), bit(17)); /* the fault is over */
    ck_assert_int_eq(level(17), 1);
}
END_TEST

START_TEST(specifiers_translate)
{
    uint32_t line = 99;
    ck_assert_int_eq(gpio()->ops->translate(gpio(), (uint32_t[]){ 53, 1 }, 2, &line), 0);
    ck_assert_uint_eq(line, 53);
    ck_assert_int_lt(gpio()->ops->translate(gpio(), (uint32_t[]){ 54, 1 }, 2, &line), 0);
    ck_assert_int_lt(gpio()->ops->translate(gpio(), NULL, 0, &line), 0);
    ck_assert_int_eq(level(54), -1);
}
END_TEST

START_TEST(state_hash_follows_registers_and_pins)
{
    board_pins(bit(17), 0);
    board_input(17);
    uint64_t start = env_hash();
    board_pins(bit(17), bit(17));
    uint64_t high = env_hash();
    ck_assert_uint_ne(high, start);
    board_pins(bit(17), 0);
    ck_assert_uint_ne(env_hash(), start); /* latched edges */
    ctrl_set(17, IRQRESET);
    ck_assert_uint_eq(env_hash(), start);
    env_write(gpio(), RIO, OUT, 1);
    ck_assert_uint_ne(env_hash(), start);
    env_write(gpio(), RIO, OUT, 0);
    ck_assert_uint_eq(env_hash(), start);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { every_ctrl_and_pad_register,
                                   every_bank_register,
                                   aliases_of_all_blocks,
                                   only_whole_registers_are_accessed,
                                   an_input_needs_its_pad_and_its_function,
                                   pulls_decide_an_open_pin,
                                   an_output_follows_rio,
                                   overrides_and_output_disable_win,
                                   input_override_shows_in_rio,
                                   edges_latch_until_irqreset,
                                   interrupt_needs_event_enable_and_inte,
                                   level_interrupts_follow_the_pin,
                                   interrupt_can_be_forced_and_overridden,
                                   lines_of_one_bank_change_together,
                                   events_say_who_moved_the_pin,
                                   contention_is_said_and_the_chip_wins,
                                   filter_passes_what_is_stable_for_its_time,
                                   filter_settles_without_a_timer_too,
                                   debounced_levels_interrupt,
                                   a_stuck_line_keeps_its_level,
                                   specifiers_translate,
                                   state_hash_follows_registers_and_pins };
    return suite_run("rp1_gpio", board_setup, tests, ARRAY_SIZE(tests), NULL, NULL, 0);
}
