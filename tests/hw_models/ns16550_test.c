/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The 16550 against the PC16550D's datasheet: register numbers and bits are written out, none is the
 * model's. */
#include "env.h"
#include <tests/check_main.h>

static const struct env_property properties[] = {
    { .name = "compatible", .text = "ns16550a" },
    { .name = "clock-frequency", .count = 1, .cells = { 1843200 } },
    { .name = NULL },
};
static const struct model_node node = { .name = "serial@10000000", .properties = properties };

static struct model *uart;
#define RBR 0
#define IER 1
#define IIR 2
#define FCR 2
#define LCR 3
#define MCR 4
#define LSR 5
#define MSR 6

/* 1843200 / (16 * 1) = 115200 baud; ten bits take 86805.6 ns. */
#define CHARACTER_NS 86806

static void setup(void)
{
    env_reset();
    uart = env_add(&ns16550_model, &node);
    env_start();
}

static uint32_t get(uint32_t reg)
{
    return env_read(uart, 0, reg);
}

static void set(uint32_t reg, uint32_t value)
{
    env_write(uart, 0, reg, value);
}

static void enable(uint32_t fcr, uint32_t lcr)
{
    set(LCR, 0x80);
    set(0, 1);
    set(1, 0);
    set(LCR, lcr);
    set(FCR, fcr);
}

static uint32_t sent_count(void)
{
    const uint8_t *bytes;
    return env_serial(&bytes);
}

START_TEST(registers_after_reset)
{
    ck_assert_uint_eq(get(MSR) & 0x0f, 0);
    static const struct env_register table[] = {
        { "IER", 1, 0, 0x0f }, { "LCR", 3, 0, 0xff }, { "MCR", 4, 0, 0x1f }, { "SCR", 7, 0, 0xff }
    };
    env_check_registers(uart, 0, table, ARRAY_SIZE(table));
    ck_assert_uint_eq(get(IIR), 0x01);
    ck_assert_uint_eq(get(LSR), 0x60);
    ck_assert_uint_eq(env_warnings(), 0);
    set(LSR, 0xff);
    ck_assert_uint_eq(env_warnings(), 1);
}
END_TEST

START_TEST(the_divisor_is_behind_dlab)
{
    set(LCR, 0x83);
    set(0, 0x34);
    set(1, 0x12);
    ck_assert_uint_eq(get(0), 0x34);
    ck_assert_uint_eq(get(1), 0x12);
    set(LCR, 0x03);
    ck_assert_uint_eq(get(IER), 0);
    ck_assert_uint_eq(get(LSR), 0x60);
}
END_TEST

START_TEST(a_character_takes_its_bit_times)
{
    /* LCR, bits in halves: 8N1, 8E2, 5 bits with one and a half stop bits. */
    static const uint32_t frames[][2] = { { 0x03, 20 }, { 0x1f, 24 }, { 0x04, 15 } };
    uint64_t now = 0;
    for (uint32_t i = 0; i < 3; i++) {
        uint64_t length = (frames[i][1] * 1000000000ull + 230399) / 230400;
        enable(0x01, frames[i][0]);
        set(RBR, 'a');
        set(RBR, 'b');
        ck_assert_uint_eq(get(LSR), 0x00);
        env_run_until(now + length - 1);
        ck_assert_uint_eq(sent_count(), 0);
        env_run_until(now + length);
        ck_assert_uint_eq(sent_count(), 1);
        ck_assert_uint_eq(get(LSR), 0x20); /* the second shifts */
        env_run_until(now + 2 * length);
        ck_assert_uint_eq(sent_count(), 1);
        ck_assert_uint_eq(get(LSR), 0x60);
        now += 2 * length;
    }
}
END_TEST

/* Reset by reading IIR where it is the source, or by writing THR (table II). */
START_TEST(transmit_interrupt_is_an_event)
{
    enable(0x01, 0x03);
    set(IER, 0x02);
    ck_assert(env_line(uart, 0)); /* empty when it is enabled */
    ck_assert_uint_eq(get(IIR), 0xc2);
    ck_assert(!env_line(uart, 0));
    ck_assert_uint_eq(get(IIR), 0xc1);
    for (uint32_t i = 0; i < 4; i++)
        set(RBR, i);
    ck_assert_uint_eq(get(LSR) & 0x20, 0);
    /* The first went to the shift register at once, and that was an event of an empty FIFO; the
     * second took it back. */
    ck_assert(!env_line(uart, 0));
    env_run_until(2 * CHARACTER_NS);
    ck_assert(!env_line(uart, 0));
    env_run_until(3 * CHARACTER_NS);
    ck_assert(env_line(uart, 0));
    ck_assert_uint_eq(get(LSR), 0x20);
    set(RBR, 0);
    set(RBR, 0);
    ck_assert_uint_eq(get(LSR) & 0x20, 0);
    ck_assert(!env_line(uart, 0));
    set(IER, 0x00);
    env_run_for(4 * CHARACTER_NS);
    ck_assert(!env_line(uart, 0));
    ck_assert_uint_eq(sent_count(), 6);
}
END_TEST

START_TEST(full_transmitter_loses_characters)
{
    enable(0x01, 0x03);
    for (uint32_t i = 0; i < 17; i++) /* 16 and the shift register */
        set(RBR, i);
    ck_assert_uint_eq(env_warnings(), 0);
    set(RBR, 99);
    ck_assert_uint_eq(env_warnings(), 1);
    const uint8_t *sent;
    env_run_until(40 * CHARACTER_NS);
    ck_assert_uint_eq(env_serial(&sent), 17);
    ck_assert_uint_eq(sent[16], 16);
}
END_TEST

START_TEST(without_a_baud_rate_nothing_leaves)
{
    set(LCR, 0x03);
    set(RBR, 'x');
    ck_assert_uint_eq(env_warnings(), 1);
    env_run_until(NSEC_PER_SEC);
    ck_assert_uint_eq(sent_count(), 0);
}
END_TEST

START_TEST(receiving_by_level_and_timeout)
{
    static const uint8_t text[] = "0123456789abcdefg";
    enable(0x81, 0x03); /* at 8 characters */
    set(IER, 0x01);
    ck_assert_uint_eq(uart->ops->serial_input(uart, text, 7), 7);
    ck_assert(!env_line(uart, 0));
    ck_assert_uint_eq(get(LSR), 0x61);
    env_run_until(4 * CHARACTER_NS - 10);
    ck_assert(!env_line(uart, 0));
    env_run_until(4 * CHARACTER_NS);
    ck_assert(env_line(uart, 0));
    ck_assert_uint_eq(get(IIR), 0xcc);
    /* The level is more urgent than the timeout; a read takes the timeout back. */
    ck_assert_uint_eq(uart->ops->serial_input(uart, text + 7, 1), 1);
    ck_assert_uint_eq(get(IIR), 0xc4);
    ck_assert_uint_eq(get(RBR), '0');
    ck_assert_uint_eq(get(IIR), 0xc1);
    ck_assert(!env_line(uart, 0));
    /* And starts the silence again. */
    env_run_for(4 * CHARACTER_NS - 10);
    ck_assert(!env_line(uart, 0));
    env_run_for(10);
    ck_assert_uint_eq(get(IIR), 0xcc);
    for (uint32_t i = 1; i < 8; i++)
        ck_assert_uint_eq(get(RBR), text[i]);
    ck_assert_uint_eq(get(LSR), 0x60);
    env_run_for(NSEC_PER_SEC);
    ck_assert(!env_line(uart, 0));
}
END_TEST

START_TEST(trigger_levels)
{
    static const uint32_t levels[4] = { 1, 4, 8, 14 };
    set(IER, 0x01);
    for (uint32_t i = 0; i < 4; i++) {
        enable(0x03 | i << 6, 0x03);
        for (uint32_t k = 1; k <= levels[i]; k++) {
            ck_assert(!env_line(uart, 0));
            ck_assert_uint_eq(uart->ops->serial_input(uart, (const uint8_t *)"x", 1), 1);
        }
        ck_assert(env_line(uart, 0));
    }
}
END_TEST

START_TEST(overruns)
{
    static const uint8_t text[] = "0123456789abcdefg";
    enable(0x01, 0x03);
    set(IER, 0x05);
    ck_assert_uint_eq(uart->ops->serial_input(uart, text, 17), 16);
    ck_assert_uint_eq(get(IIR), 0xc6); /* before the data */
    ck_assert_uint_eq(get(LSR), 0x63);
    ck_assert_uint_eq(get(LSR), 0x61); /* read once */
    ck_assert_uint_eq(get(IIR), 0xc4);
    for (uint32_t i = 0; i < 16; i++)
        ck_assert_uint_eq(get(RBR), text[i]); /* the FIFO kept what it had */
    /* Without FIFOs the new one overwrites the old one. */
    set(FCR, 0x00);
    (void)uart->ops->serial_input(uart, text, 1);
    (void)uart->ops->serial_input(uart, text + 1, 1);
    ck_assert_uint_eq(get(IIR), 0x06);
    ck_assert_uint_eq(get(LSR) & 0x03, 0x03);
    ck_assert_uint_eq(get(RBR), '1');
    ck_assert_uint_eq(get(LSR) & 0x03, 0x00);
}
END_TEST

START_TEST(fifos_are_emptied)
{
    enable(0x01, 0x03);
    (void)uart->ops->serial_input(uart, (const uint8_t *)"abc", 3);
    for (uint32_t i = 0; i < 5; i++)
        set(RBR, i);
    set(FCR, 0x03);
    ck_assert_uint_eq(get(LSR), 0x00); /* received is gone, sending is not */
    set(FCR, 0x05);
    ck_assert_uint_eq(get(LSR), 0x20); /* but for the shift register */
    env_run_until(NSEC_PER_SEC);
    ck_assert_uint_eq(sent_count(), 1);
    (void)uart->ops->serial_input(uart, (const uint8_t *)"abc", 3);
    set(FCR, 0x00);
    ck_assert_uint_eq(get(LSR), 0x60);
}
END_TEST

START_TEST(loopback)
{
    enable(0x01, 0x03);
    set(IER, 0x08);
    set(MCR, 0x10);
    ck_assert_uint_eq(get(MSR), 0x00);
    set(MCR, 0x1b); /* DTR, RTS, OUT2 */
    ck_assert_uint_eq(get(IIR), 0xc0);
    ck_assert_uint_eq(get(MSR), 0xbb);
    ck_assert_uint_eq(get(MSR), 0xb0);
    ck_assert_uint_eq(get(IIR), 0xc1);
    set(MCR, 0x1f);
    ck_assert_uint_eq(get(MSR), 0xf0); /* RI counts where it ends */
    set(MCR, 0x1b);
    ck_assert_uint_eq(get(MSR), 0xb4);
    set(RBR, 'L');
    ck_assert_uint_eq(uart->ops->serial_input(uart, (const uint8_t *)"x", 1), 0);
    env_run_until(CHARACTER_NS);
    ck_assert_uint_eq(sent_count(), 0);
    ck_assert_uint_eq(get(RBR), 'L');
}
END_TEST

START_TEST(registers_may_be_further_apart)
{
    static const struct env_property wide[] = {
        { .name = "compatible", .text = "ns16550a" },
        { .name = "reg-shift", .count = 1, .cells = { 2 } },
        { .name = NULL },
    };
    static const struct model_node other = { .name = "serial@0", .properties = wide };
    env_reset();
    uart = env_add(&ns16550_model, &other);
    env_start();
    set(7 << 2, 0x5a);
    ck_assert_uint_eq(get(7 << 2), 0x5a);
    ck_assert_uint_eq(get(5 << 2), 0x60);
    ck_assert_uint_eq(get(5), 0);
    ck_assert_uint_eq(env_warnings(), 0);
    set(7, 1);
    ck_assert_uint_eq(env_warnings(), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ns16550");
    TCase *cases = tcase_create("PC16550D");
    tcase_add_checked_fixture(cases, setup, env_free);
    tcase_add_test(cases, registers_after_reset);
    tcase_add_test(cases, the_divisor_is_behind_dlab);
    tcase_add_test(cases, a_character_takes_its_bit_times);
    tcase_add_test(cases, transmit_interrupt_is_an_event);
    tcase_add_test(cases, full_transmitter_loses_characters);
    tcase_add_test(cases, without_a_baud_rate_nothing_leaves);
    tcase_add_test(cases, receiving_by_level_and_timeout);
    tcase_add_test(cases, trigger_levels);
    tcase_add_test(cases, overruns);
    tcase_add_test(cases, fifos_are_emptied);
    tcase_add_test(cases, loopback);
    tcase_add_test(cases, registers_may_be_further_apart);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
