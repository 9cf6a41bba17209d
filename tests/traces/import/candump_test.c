/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* candump logs as can-utils' lib.h describes them, and what is none. */
#include "source_check.h"
#include <tests/check_main.h>

static const char log_text[] = "(1436509052.249713) vcan0 044#2A366C2BBA\n"
                               "(1436509052.249713) can1 1F334455#1122334455667788\n"
                               "(1436509052.449847) vcan0 123#R\n"
                               "(1436509052.549847) vcan0 1F334455#R8 R\n"
                               "(1436509052.649847) vcan0 12A##511223344 T\n"
                               "(1436509052.649846) can1 123#0011223344556677_C\n"
                               "(1436509053.000000) vcan0 20000004#0004000000000000\n"
                               "(1436509053.100000) vcan0 123#11.22.33\n";

START_TEST(frames_are_what_the_log_says)
{
    struct trace_source *source = opened(log_text, strlen(log_text), NULL);
    struct trace_record r;
    ck_assert_str_eq(trace_format(source), "candump log");
    ck_assert_uint_eq(trace_channel_count(source), 2);
    ck_assert_str_eq(trace_channel_at(source, 1)->name, "can1");
    ck_assert_uint_eq(trace_channel_at(source, 0)->count, 6);
    ck_assert(next(source, &r));
    ck_assert_uint_eq(r.time_ns, 0); /* UNIX times: from the first */
    ck_assert_uint_eq(r.source_ns, UINT64_C(1436509052249713000));
    ck_assert(r.can.id == 0x44 && !r.can.extended && r.can.size == 5 && r.can.data[4] == 0xba);
    ck_assert(next(source, &r));
    ck_assert(r.channel == 1 && r.can.id == 0x1f334455 && r.can.extended && r.can.dlc == 8);
    ck_assert(next(source, &r));
    ck_assert(r.can.remote && r.can.dlc == 0 && r.can.size == 0);
    ck_assert(next(source, &r));
    ck_assert(r.can.remote && r.can.dlc == 8 && r.can.size == 0 && !r.can.transmitted);
    ck_assert(next(source, &r));
    ck_assert(r.can.fd && r.can.bit_rate_switch && !r.can.error_state && r.can.transmitted);
    ck_assert(r.can.size == 4 && r.can.data[0] == 0x11 && r.can.id == 0x12a);
    ck_assert(next(source, &r)); /* its stamp lies 1 us back: it stands where it was written */
    ck_assert_uint_eq(r.time_ns, 400134000);
    ck_assert_uint_eq(r.source_ns, UINT64_C(1436509052649846000));
    ck_assert(r.can.size == 8 && r.can.dlc == 12 && !r.can.fd);
    ck_assert(next(source, &r));
    ck_assert(r.can.error && r.can.id == 4 && r.can.size == 8);
    ck_assert(next(source, &r));
    ck_assert(r.can.size == 3 && r.can.data[2] == 0x33);
    ck_assert(!next(source, &r));
    ck_assert_ptr_nonnull(strstr(trace_warning(source), "1 frames stand behind later ones"));
    trace_close(source);
}
END_TEST

START_TEST(a_cut_last_line_is_left_out)
{
    struct trace_source *source = opened(log_text, strlen(log_text) - 5, NULL);
    struct trace_record record;
    unsigned count = 0;
    while (next(source, &record))
        count++;
    ck_assert_uint_eq(count, 7);
    ck_assert_ptr_nonnull(strstr(trace_warning(source), "line 8"));
    trace_close(source);
}
END_TEST

START_TEST(what_is_wrong_is_told_with_its_line)
{
    static const struct {
        const char *line, *words;
    } cases[] = {
        { "(1.0) can0 12#11", "identifier" },
        { "(1.0) can0 1234#11", "identifier" },
        { "(1.0) can0 FFF#11", "11" },
        { "(1.0) can0 9FFFFFFF#11", "29" },
        { "(1.0) can0 123#1", "half a byte" },
        { "(1.0) can0 123#112233445566778899", "more bytes" },
        { "(1.0) can0 123#R9", "up to 8" },
        { "(1.0) can0 123##", "digit of flags" },
        { "(1.0) can0 123#11 what", "left behind" },
        { "(1.0) waytoolonginterface 123#11", "interface" },
        { "(1) can0 123#11", "seconds" },
        { "can0 123#11", "seconds" },
        { "(1.0) can0 123#11_9", "DLC" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char text[256];
        snprintf(text, sizeof text, "(0.5) can0 123#\n%s\n(2.0) can0 123#\n", cases[i].line);
        refused(text, strlen(text), "format=candump", -EBADMSG, cases[i].words);
        refused(text, strlen(text), "format=candump", -EBADMSG, "made.up:2: ");
    }
    static const char back[] = "(10.0) can0 123#\n(5.0) can0 123#\n(6.0) can0 123#\n";
    refused(back, strlen(back), NULL, -EBADMSG, "time runs backwards by 5000 ms");
    refused("(", 1, "format=candump", -EBADMSG, "no whole frame");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("candump");
    TCase *tests = tcase_create("candump");
    tcase_add_test(tests, frames_are_what_the_log_says);
    tcase_add_test(tests, a_cut_last_line_is_left_out);
    tcase_add_test(tests, what_is_wrong_is_told_with_its_line);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
