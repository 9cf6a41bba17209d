/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The UARTs' drivers on models of them, in a booted kernel in sim. */
#include "driver_check.h"
#include "uart_line.h"

#include <axiom/bits.h>
#include <axiom/errno.h>
#include <core/console.h>
#include <core/irq.h>
#include <core/thread.h>
#include <core/time.h>
#include <hw/irq.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>
#include <tests/check_main.h>

#define CHARACTER_NS 86806u /* ten bits at 115200 baud; at 230400 half of it */

static struct driver_run on_board(driver_body *body, uint32_t cpus, uint64_t seed)
{
    struct driver_run run = driver_on_board("uart", body, cpus, seed);
    run.serial = line_serial;
    return run;
}

static void check_run(driver_body *body, uint32_t cpus, uint64_t seed)
{
    struct driver_run run = on_board(body, cpus, seed);
    driver_check(&run, 0);
}

static uint8_t bytes[4096], other[4096];

/* --- both ways --- */

static const char *echo_at(uint32_t index)
{
    struct console_device *port = console_device_at(index);
    BODY(port != NULL);
    BODY(console_read(port, bytes, 10, ktime_get_ns() + NSEC_PER_MSEC) == -ETIMEDOUT);
    for (uint32_t round = 0; round < 6; round++) {
        uint32_t size = 1 + round * 150, got = 0;
        driver_pattern(other, size, round);
        BODY(console_write(port, other, size) == 0);
        while (got < size) {
            int count = console_read(port, bytes + got, (uint32_t)sizeof bytes - got,
                                     ktime_get_ns() + NSEC_PER_SEC);
            BODY(count > 0);
            got += (uint32_t)count;
        }
        BODY(got == size && memcmp(bytes, other, size) == 0);
    }
    BODY(port->lost_count == 0);
    return NULL;
}

static const char *echo_body(void)
{
    const char *said = echo_at(0);
    return said != NULL ? said : echo_at(1);
}

START_TEST(bytes_go_both_ways)
{
    for (uint32_t cpus = 1; cpus <= 3; cpus += 2) {
        lines_reset();
        lines[LINE_PL011].echo = lines[LINE_NS16550].echo = true;
        check_run(echo_body, cpus, cpus);
        ck_assert_uint_eq(lines[LINE_PL011].input_lost, 0);
        ck_assert_uint_eq(lines[LINE_NS16550].input_lost, 0);
    }
}
END_TEST

/* --- more than the ring holds, by interrupt and without gaps --- */

static const char *long_body(void)
{
    uint64_t taken, spurious, before;
    driver_pattern(other, 3000, 9);
    irq_counts(&before, &spurious);
    for (uint32_t i = 0; i < 2; i++)
        BODY(console_write(console_device_at(i), other, 3000) == 0);
    irq_counts(&taken, &spurious);
    /* 2000 have left each, up to 28 an interrupt of the PL011, 16 of the 16550 (and the clock's). */
    BODY(taken - before > 2000 / 32 + 2000 / 16 && taken - before < 1000 && spurious == 0);
    return NULL;
}

/* What is in the ring when the kernel ends is sent too: by looking, in sim without time passing, so
 * that only what the UART itself has then can leave. */
START_TEST(a_long_text_leaves_at_the_line_s_speed)
{
    static const uint32_t character_ns[LINE_COUNT] = { CHARACTER_NS, CHARACTER_NS / 2 };
    lines_reset();
    check_run(long_body, 1, 3);
    for (uint32_t i = 0; i < LINE_COUNT; i++) {
        const struct line *line = &lines[i];
        ck_assert_uint_ge(line->sent_count, 1900);
        ck_assert_int_eq(memcmp(line->sent, other, line->sent_count), 0);
        uint64_t took = line->last_ns - line->first_ns,
                 least = (line->sent_count - 1) * (uint64_t)character_ns[i];
        ck_assert_uint_ge(took + line->sent_count, least);
        ck_assert_uint_le(took, least + least / 50 + line->sent_count);
        ck_assert_uint_gt(line->divisor_writes, 0);
    }
}
END_TEST

/* --- what firmware has set up --- */

static const char *hello_body(void)
{
    for (uint32_t i = 0; i < 2; i++)
        BODY(console_write(console_device_at(i), "hello", 5) == 0);
    thread_sleep_for(20 * NSEC_PER_MSEC);
    return NULL;
}

START_TEST(a_baud_rate_that_is_set_stays)
{
    static const uint64_t bits[LINE_COUNT] = { 10, 9 };
    lines_reset();
    lines[LINE_PL011].firmware = lines[LINE_NS16550].firmware = true;
    check_run(hello_body, 1, 1);
    for (uint32_t i = 0; i < LINE_COUNT; i++) {
        ck_assert_uint_eq(lines[i].divisor_writes, 0);
        ck_assert_uint_eq(lines[i].sent_count, 5);
        ck_assert_int_eq(memcmp(lines[i].sent, "hello", 5), 0);
        uint64_t took = lines[i].last_ns - lines[i].first_ns,
                 want = 4 * bits[i] * 1000000000 / 9600;
        ck_assert_uint_ge(took, want);
        ck_assert_uint_le(took, want + 8);
    }
}
END_TEST

/* --- input that nobody asked for --- */

static const char *input_body(void)
{
    for (uint32_t i = 0; i < 2; i++) {
        struct console_device *port = console_device_at(i);
        /* Below the level: by the timeout. */
        BODY(line_input(i, "abc", 3) == 3);
        BODY(console_read(port, bytes, sizeof bytes, ktime_get_ns() + NSEC_PER_SEC) == 3);
        BODY(memcmp(bytes, "abc", 3) == 0);
        /* More than anybody reads; it lives on. */
        for (uint32_t k = 0; k < 150; k++) {
            (void)line_input(i, "0123456789", 10);
            thread_sleep_for(NSEC_PER_MSEC);
        }
        BODY(port->lost_count == 1500 - CONSOLE_INPUT_SIZE);
        BODY(console_read(port, bytes, sizeof bytes, ktime_get_ns() + NSEC_PER_SEC) ==
             CONSOLE_INPUT_SIZE);
        BODY(line_input(i, "x", 1) == 1);
        BODY(console_read(port, bytes, sizeof bytes, ktime_get_ns() + NSEC_PER_SEC) == 1);
    }
    return NULL;
}

START_TEST(input_waits_for_a_reader)
{
    lines_reset();
    check_run(input_body, 1, 1);
}
END_TEST

/* --- a PC's interrupt, which is an edge --- */

static uint32_t noise_each;

static const char *noise_body(void)
{
    struct console_device *port = console_device_at(LINE_NS16550);
    struct line *line = &lines[LINE_NS16550];
    uint32_t got = 0;
    line->noise_each = noise_each; /* not before: a driver's start empties the FIFOs */
    for (uint32_t round = 0; round < 4; round++) {
        driver_pattern(other, 200, round);
        BODY(console_write(port, other, 200) == 0);
        int count;
        while ((count = console_read(port, bytes, sizeof bytes, ktime_get_ns() + NSEC_PER_SEC)) > 0)
            got += (uint32_t)count;
    }
    BODY(line->noise_count == NOISE_MAX && line->sent_count == 4 * 200);
    BODY(got + port->lost_count == line->sent_count + 8 * NOISE_MAX - line->input_lost);
    return NULL;
}

/* Characters come while the driver looks, and as one has left: the line does not go down between
 * the causes, and there is no other edge. */
START_TEST(nothing_waits_for_an_edge_that_cannot_come)
{
    for (uint32_t each = 2; each < 30; each++) {
        lines_reset();
        lines[LINE_NS16550].echo = true;
        noise_each = each;
        struct driver_run run = on_board(noise_body, 1, 1);
        void *tree = malloc(run.fdt_size);
        memcpy(tree, run.fdt, run.fdt_size);
        fdt32_t *interrupts =
            fdt_getprop_w(tree, fdt_path_offset(tree, "/serial@9010000"), "interrupts", NULL);
        interrupts[2] = cpu_to_fdt32(IRQ_TYPE_EDGE_RISING);
        run.fdt = tree;
        driver_survives(&run);
        free(tree);
    }
}
END_TEST

/* --- UARTs that are none --- */

static const char *stuck_body(void)
{
    for (uint32_t i = 0; i < 2; i++) {
        struct console_device *port = console_device_at(i);
        uint64_t before = ktime_get_ns();
        BODY(port != NULL && console_write(port, other, 3000) == -EIO);
        BODY(ktime_get_ns() - before < 3 * NSEC_PER_SEC);
    }
    return NULL;
}

START_TEST(a_transmitter_that_never_has_room_is_an_error)
{
    lines_reset();
    lines[LINE_PL011].silent = lines[LINE_NS16550].silent = true;
    check_run(stuck_body, 1, 1);
}
END_TEST

static const char *endless_body(void)
{
    uint64_t taken, spurious, before;
    thread_sleep_for(20 * NSEC_PER_MSEC);
    irq_counts(&before, &spurious);
    thread_sleep_for(NSEC_PER_SEC);
    irq_counts(&taken, &spurious);
    BODY(taken - before < 10);
    for (uint32_t i = 0; i < 2; i++) {
        BODY(console_read(console_device_at(i), bytes, sizeof bytes, ktime_get_ns()) > 0);
        BODY(console_write(console_device_at(i), other, 10) == -EIO);
    }
    return NULL;
}

START_TEST(a_receiver_that_is_never_empty_is_given_up)
{
    lines_reset();
    lines[LINE_PL011].endless = lines[LINE_NS16550].endless = true;
    struct driver_run run = on_board(endless_body, 1, 1);
    driver_survives(&run);
    ck_assert_uint_eq(run.errors, 2); /* each is told once */
}
END_TEST

static const char *use_body(void)
{
    for (uint32_t round = 0; round < 4; round++) {
        for (uint32_t i = 0; i < 2; i++) {
            struct console_device *port = console_device_at(i);
            if (port == NULL)
                continue;
            (void)console_write(port, other, 700);
            (void)console_read(port, bytes, sizeof bytes, ktime_get_ns() + NSEC_PER_MSEC);
        }
    }
    return NULL;
}

/* At each access from the first on. */
START_TEST(a_uart_may_vanish)
{
    for (uint32_t n = 1; n < 60; n += n < 30 ? 1 : 7) {
        lines_reset();
        lines[LINE_PL011].gone_after = lines[LINE_NS16550].gone_after = n;
        struct driver_run run = on_board(use_body, 1, 1);
        driver_survives(&run);
        ck_assert_uint_ge(run.errors, 1); /* and it is said */
    }
}
END_TEST

START_TEST(nothing_that_a_uart_says_is_believed)
{
    for (uint32_t seed = 1; seed <= 40; seed++) {
        lines_reset();
        lines[LINE_PL011].lies_seed = lines[LINE_NS16550].lies_seed = seed;
        lines[LINE_PL011].echo = lines[LINE_NS16550].echo = seed % 2 == 0;
        struct driver_run run = on_board(use_body, 1 + seed % 2, seed);
        driver_survives(&run);
        ck_assert_uint_eq(run.result.leaked_stacks, 0);
    }
}
END_TEST

/* --- the nth allocation fails --- */

START_TEST(a_boot_without_memory_leaves_nothing_behind)
{
    lines_reset();
    driver_check_without_memory(on_board(NULL, 1, 1), 20);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("drivers/uart");
    TCase *cases = tcase_create("uart");
    tcase_add_test(cases, bytes_go_both_ways);
    tcase_add_test(cases, a_long_text_leaves_at_the_line_s_speed);
    tcase_add_test(cases, a_baud_rate_that_is_set_stays);
    tcase_add_test(cases, input_waits_for_a_reader);
    tcase_add_test(cases, nothing_waits_for_an_edge_that_cannot_come);
    tcase_add_test(cases, a_transmitter_that_never_has_room_is_an_error);
    tcase_add_test(cases, a_receiver_that_is_never_empty_is_given_up);
    tcase_add_test(cases, a_uart_may_vanish);
    tcase_add_test(cases, nothing_that_a_uart_says_is_believed);
    tcase_add_test(cases, a_boot_without_memory_leaves_nothing_behind);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
