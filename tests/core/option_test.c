/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The command line's words: which are found, and what the log is told of those that nobody knows. */
#include "port.h"

#include <check.h>
#include <core/log.h>
#include <core/option.h>
#include <hw/device.h>
#include <stdio.h>
#include <string.h>
#include <tests/check_main.h>

extern const struct driver port_board_driver;
const struct driver *const driver_table[] = { &port_board_driver, NULL };

static char told[4096]; /* the log's lines that speak of the command line, each with its end */

static void collect(void *argument)
{
    (void)argument;
    told[0] = '\0';
    for (uint64_t i = 0; i < log_count(); i++) {
        struct log_entry entry;
        if (log_read(i, &entry) != 0 || strstr(entry.text, "command line") == NULL)
            continue;
        size_t length = strlen(told);
        snprintf(told + length, sizeof told - length, "%s\n", entry.text);
    }
}

static const char *boot(const char *line)
{
    const struct port_options options = { .command_line = line };
    ck_assert_int_eq(port_run(&options, collect, NULL), 0);
    return told;
}

START_TEST(a_right_line_is_not_spoken_of)
{
    ck_assert_str_eq(boot(""), "");
    ck_assert_str_eq(boot("   "), "");
    ck_assert_str_eq(boot("exit=debug record record.print  bpf.required bpf.require_signed "
                          "bpf.ignore_budget bpf.engine=jit bpf.engine=interp rp1.keep"),
                     "");
    ck_assert_str_eq(boot(" bench-shift=3 ktest=off gpio.poll_us=100 bpf.start_ns=5 "
                          "stop_after_ms=100000000 exit=debug "),
                     "");
}
END_TEST

START_TEST(each_word_that_is_not_known_is_named)
{
    ck_assert_str_eq(boot("foo=1"), "command line: 'foo=1' is not known\n");
    ck_assert_str_eq(boot("exit=debug quiet bpf.requird"),
                     "command line: 'quiet' is not known\n"
                     "command line: 'bpf.requird' is not known\n");
    /* A value where none belongs, none where one does, and what begins like a word. */
    ck_assert_str_eq(boot("record=1"), "command line: 'record=1' is not known\n");
    ck_assert_str_eq(boot("ktest"), "command line: 'ktest' is not known\n");
    ck_assert_str_eq(boot("ktests=1"), "command line: 'ktests=1' is not known\n");
    ck_assert_str_eq(boot("bpf.engine=fast"), "command line: 'bpf.engine=fast' is not known\n");
    ck_assert_str_eq(boot("exit=debugger"), "command line: 'exit=debugger' is not known\n");
    /* The one that asks tells of a number that is none. */
    ck_assert_str_eq(
        boot("stop_after_ms=soon"),
        "stop_after_ms on the command line is a number from 1 to 4294967295; ignored\n");
}
END_TEST

START_TEST(only_so_many_are_named_and_only_so_much_of_each)
{
    const char *said = boot("a b c d e f g h i j k");
    ck_assert_ptr_nonnull(strstr(said, "'h' is not known"));
    ck_assert_ptr_null(strstr(said, "'i'"));
    ck_assert_ptr_nonnull(strstr(said, "command line: 3 more words are not known\n"));
    ck_assert_ptr_null(strstr(boot("a b c d e f g h"), "more words"));

    char line[5000];
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    said = boot(line);
    ck_assert_uint_eq(strlen(said), strlen("command line: '...' is not known\n") + 48);
    ck_assert_ptr_nonnull(strstr(said, "xxx...' is not known"));
    ck_assert_str_eq(boot("a\nb\x1b[2J\xff\tc"), "command line: 'a?b?[2J??c' is not known\n");
}
END_TEST

static void ask(void *argument)
{
    (void)argument;
    uint64_t value = 7;
    ck_assert(option_given("record"));
    ck_assert(!option_given("record.print"));
    ck_assert(!option_number("bpf.start_ns", 1, 10, &value)); /* out of range */
    ck_assert(option_number("gpio.poll_us", 20, 100, &value));
    ck_assert_uint_eq(value, 100);
    ck_assert(!option_number("stop_after_ms", 1, 10, &value));
}

START_TEST(words_are_found_whole)
{
    const struct port_options options = { .command_line = "record.prints  record gpio.poll_us=100 "
                                                          "bpf.start_ns=11 stop_after_ms" };
    ck_assert_int_eq(port_run(&options, ask, NULL), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("option");
    TCase *cases = tcase_create("option");
    tcase_add_test(cases, a_right_line_is_not_spoken_of);
    tcase_add_test(cases, each_word_that_is_not_known_is_named);
    tcase_add_test(cases, only_so_many_are_named_and_only_so_much_of_each);
    tcase_add_test(cases, words_are_found_whole);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
