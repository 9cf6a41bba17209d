/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The PL011 against DDI 0183G: register numbers and bits are written out, none is the model's. */
#include "env.h"
#include <tests/check_main.h>

static const struct env_property properties[] = {
    { .name = "compatible", .text = "arm,pl011" },
    { .name = "clock-frequency", .count = 1, .cells = { 9216000 } },
    { .name = NULL },
};
static const struct model_node node = { .name = "serial@7d001000", .properties = properties };

static struct model *uart;
#define DR    0x00
#define FR    0x18
#define IBRD  0x24
#define LCR_H 0x2c
#define CR    0x30
#define IFLS  0x34
#define IMSC  0x38
#define RIS   0x3c
#define MIS   0x40
#define ICR   0x44

/* 9216000 / (16 * 5) = 115200 baud; ten bits take 86805.6 ns. */
#define CHARACTER_NS 86806

static void setup(void)
{
    env_reset();
    uart = env_add(&pl011_model, &node);
    env_start();
}

static void enable(uint32_t lcr_h)
{
    env_write(uart, 0, IBRD, 5);
    env_write(uart, 0, 0x28, 0);
    env_write(uart, 0, LCR_H, lcr_h);
    env_write(uart, 0, CR, 0x301);
}

START_TEST(registers_after_reset)
{
    static const struct env_register table[] = {
        { "ILPR", 0x20, 0, 0xff },  { "IBRD", 0x24, 0, 0xffff },  { "FBRD", 0x28, 0, 0x3f },
        { "LCR_H", 0x2c, 0, 0xff }, { "IFLS", 0x34, 0x12, 0x3f }, { "IMSC", 0x38, 0, 0x7ff },
        { "DMACR", 0x48, 0, 7 },
    };
    env_check_registers(uart, 0, table, ARRAY_SIZE(table));
    ck_assert_uint_eq(env_read(uart, 0, CR), 0x300);
    ck_assert_uint_eq(env_read(uart, 0, FR), 0x90);
    static const uint32_t identity[8] = { 0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };
    for (uint32_t i = 0; i < 8; i++)
        ck_assert_uint_eq(env_read(uart, 0, 0xfe0 + 4 * i), identity[i]);
}
END_TEST

START_TEST(a_character_takes_ten_bit_times)
{
    const uint8_t *sent;
    enable(0x70);
    env_write(uart, 0, DR, 'a');
    env_write(uart, 0, DR, 'b');
    ck_assert_uint_eq(env_read(uart, 0, FR) & 0x88, 0x08); /* busy, not empty */
    env_run_until(CHARACTER_NS - 1);
    ck_assert_uint_eq(env_serial(&sent), 0);
    env_run_until(CHARACTER_NS);
    ck_assert_uint_eq(env_serial(&sent), 1);
    ck_assert_uint_eq(sent[0], 'a');
    env_run_until(2 * CHARACTER_NS);
    ck_assert_uint_eq(env_serial(&sent), 1);
    ck_assert_uint_eq(sent[0], 'b');
    ck_assert_uint_eq(env_read(uart, 0, FR) & 0x88, 0x80);
}
END_TEST

/* The interrupt comes where the level is reached from above, and goes with filling or ICR. */
START_TEST(transmit_interrupt_is_a_transition)
{
    enable(0x70);
    env_write(uart, 0, IFLS, 0x02); /* half: 16 of 32 */
    env_write(uart, 0, IMSC, 0x20);
    ck_assert(!env_line(uart, 0));
    for (uint32_t i = 0; i < 18; i++)
        env_write(uart, 0, DR, i);
    env_run_until(CHARACTER_NS);
    ck_assert(!env_line(uart, 0));
    env_run_until(2 * CHARACTER_NS);
    ck_assert(env_line(uart, 0));
    ck_assert_uint_eq(env_read(uart, 0, MIS), 0x20);
    env_write(uart, 0, ICR, 0x20);
    ck_assert(!env_line(uart, 0));
    env_run_until(3 * CHARACTER_NS);
    ck_assert(!env_line(uart, 0));
    env_write(uart, 0, DR, 0);
    env_write(uart, 0, DR, 0);
    env_run_until(4 * CHARACTER_NS);
    ck_assert(env_line(uart, 0));
    env_write(uart, 0, DR, 0);
    ck_assert(!env_line(uart, 0));
}
END_TEST

START_TEST(full_transmitter_loses_characters)
{
    enable(0x70);
    for (uint32_t i = 0; i < 32; i++)
        env_write(uart, 0, DR, i);
    ck_assert_uint_eq(env_read(uart, 0, FR) & 0x20, 0x20);
    ck_assert_uint_eq(env_warnings(), 0);
    env_write(uart, 0, DR, 99);
    ck_assert_uint_eq(env_warnings(), 1);
    const uint8_t *sent;
    env_run_until(40 * CHARACTER_NS);
    ck_assert_uint_eq(env_serial(&sent), 32);
    ck_assert_uint_eq(sent[31], 31);
}
END_TEST

START_TEST(without_a_baud_rate_nothing_leaves)
{
    env_write(uart, 0, CR, 0x301);
    env_warnings();
    env_write(uart, 0, DR, 'x');
    ck_assert_uint_eq(env_warnings(), 1);
    const uint8_t *sent;
    env_run_until(NSEC_PER_SEC);
    ck_assert_uint_eq(env_serial(&sent), 0);
}
END_TEST

START_TEST(receiving)
{
    static const uint8_t text[33] = "0123456789abcdefghijklmnopqrstuv";
    enable(0x70);
    env_write(uart, 0, IMSC, 0x50); /* RX and its timeout */
    ck_assert_uint_eq(uart->ops->serial_input(uart, text, 15), 15);
    ck_assert(!env_line(uart, 0));
    env_run_until(32 * 8681); /* 32 bit times of silence */
    ck_assert_uint_eq(env_read(uart, 0, RIS), 0x40);
    ck_assert(env_line(uart, 0));
    ck_assert_uint_eq(uart->ops->serial_input(uart, text + 15, 1), 1);
    ck_assert_uint_eq(env_read(uart, 0, RIS) & 0x50, 0x50);
    for (uint32_t i = 0; i < 16; i++)
        ck_assert_uint_eq(env_read(uart, 0, DR), text[i]);
    ck_assert_uint_eq(env_read(uart, 0, RIS) & 0x50, 0);
    ck_assert_uint_eq(env_read(uart, 0, FR) & 0x10, 0x10);
    /* 33 characters for 32 places. */
    ck_assert_uint_eq(uart->ops->serial_input(uart, text, 33), 32);
    ck_assert_uint_eq(env_read(uart, 0, RIS) & 0x400, 0x400);
    ck_assert_uint_eq(env_read(uart, 0, DR) & 0x800, 0x800);
}
END_TEST

START_TEST(loopback)
{
    enable(0x70);
    env_write(uart, 0, CR, 0x381);
    env_write(uart, 0, DR, 'L');
    env_run_until(CHARACTER_NS);
    const uint8_t *sent;
    ck_assert_uint_eq(env_serial(&sent), 0);
    ck_assert_uint_eq(env_read(uart, 0, DR), 'L');
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pl011");
    TCase *cases = tcase_create("DDI 0183G");
    tcase_add_checked_fixture(cases, setup, env_free);
    tcase_add_test(cases, registers_after_reset);
    tcase_add_test(cases, a_character_takes_ten_bit_times);
    tcase_add_test(cases, transmit_interrupt_is_a_transition);
    tcase_add_test(cases, full_transmitter_loses_characters);
    tcase_add_test(cases, without_a_baud_rate_nothing_leaves);
    tcase_add_test(cases, receiving);
    tcase_add_test(cases, loopback);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
