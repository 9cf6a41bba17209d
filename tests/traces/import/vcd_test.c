/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* VCD by the letter of IEEE 1364-2001 section 18, and what is not. */
#include "source_check.h"

#include <tests/check_main.h>

#define OPEN(text, option) opened(text, strlen(text), option)

static const char small[] = "$date today $end $version somebody's $end\n"
                            "$timescale 10 us $end\n"
                            "$scope module top $end\n"
                            "$scope module bus $end\n"
                            "$var wire 1 ! step $end\n"
                            "$var reg 3 \" code [2:0] $end\n"
                            "$upscope $end\n"
                            "$var real 64 # volt $end\n"
                            "$var integer 32 $ turns $end\n"
                            "$var wire 1 ! step_again $end\n"
                            "$upscope $end\n"
                            "$enddefinitions $end\n"
                            "#0\n$dumpvars\n0!\nb101 \"\nr0.5 #\n$end\n"
                            "#1 1!\n"
                            "#2\nb10 \" r-2.25 # b11111111111111111111111111111111 $\n"
                            "#3\nx!\nbx \"\n"
                            "#4\n$comment the recorder lost 1500 ns $end\n0!\n"
                            "#7\n";

START_TEST(values_become_records)
{
    struct trace_source *source = OPEN(small, NULL);
    char text[2048];
    ck_assert_str_eq(trace_format(source), "VCD");
    ck_assert_uint_eq(trace_channel_count(source), 6);
    ck_assert_str_eq(trace_channel_at(source, 0)->name, "bus.step");
    ck_assert_str_eq(trace_channel_at(source, 0)->note, "also top.step_again");
    ck_assert_int_eq(trace_channel_at(source, 0)->initial_level, 0);
    ck_assert_str_eq(trace_channel_at(source, 1)->name, "bus.code[0]");
    ck_assert_int_eq(trace_channel_at(source, 1)->initial_level, 1);
    ck_assert_int_eq(trace_channel_at(source, 2)->initial_level, 0);
    ck_assert_int_eq(trace_channel_at(source, 3)->initial_level, 1);
    print_all(source, text, sizeof text);
    ck_assert_str_eq(text, "0 volt 500000000;"
                           "10000 bus.step 1;"
                           "20000 bus.code[0] 0;20000 bus.code[1] 1;20000 bus.code[2] 0;"
                           "20000 volt -2250000000;20000 turns -1000000000;"
                           "40000 gap 1500;40000 bus.step 0;");
    ck_assert_uint_eq(trace_end_ns(source), 70000);
    /* x of step, and of the three bits of code. */
    ck_assert_ptr_nonnull(strstr(trace_warning(source), "4 changes to x or z"));
    struct trace_error error;
    ck_assert_int_eq(trace_rewind(source, &error), 0);
    char again[2048];
    print_all(source, again, sizeof again);
    ck_assert_str_eq(text, again);
    trace_close(source);
}
END_TEST

START_TEST(time_scales_are_those_of_the_standard)
{
    static const struct {
        const char *scale;
        unsigned long long ns; /* of 2000000 */
    } cases[] = { { "1 fs", 2 },
                  { "100ps", 200000 },
                  { "1 ns", 2000000 },
                  { "10\nus", 20000000000 },
                  { "1ms", 2000000000000 } };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "$timescale %s $end $var wire 1 ! a $end $enddefinitions $end #2000000 1!\n",
                 cases[i].scale);
        struct trace_source *source = OPEN(text, NULL);
        struct trace_record record;
        ck_assert(next(source, &record));
        ck_assert_uint_eq(record.time_ns, cases[i].ns);
        trace_close(source);
    }
}
END_TEST

START_TEST(time_may_begin_at_the_first_stamp)
{
    static const char text[] =
        "$timescale 1ns $end $var wire 1 ! a $end $enddefinitions $end #500 0! #600 1!\n";
    char got[256];
    struct trace_source *source = OPEN(text, "origin=first");
    ck_assert_int_eq(trace_channel_at(source, 0)->initial_level, 0);
    print_all(source, got, sizeof got);
    ck_assert_str_eq(got, "100 a 1;");
    trace_close(source);
    source = OPEN(text, NULL);
    print_all(source, got, sizeof got);
    ck_assert_str_eq(got, "500 a 0;600 a 1;");
    trace_close(source);
}
END_TEST

START_TEST(a_cut_file_gives_what_it_has)
{
    for (size_t size = strlen(small); size > 320; size--) {
        struct trace_source *source = opened(small, size, NULL);
        char text[2048];
        print_all(source, text, sizeof text);
        trace_close(source);
    }
}
END_TEST

#define HEAD \
    "$timescale 1 ns $end\n$var wire 1 ! a $end\n$var reg 2 \" b $end\n$enddefinitions $end\n"

START_TEST(what_is_wrong_is_told_with_its_line)
{
    static const struct {
        const char *text, *words;
    } closed[] = {
        { "$timescale 1 week $end $enddefinitions $end\n", "made.up:1: $timescale 1week" },
        { "$var wire 1 ! $end $enddefinitions $end\n", "$var wants" },
        { "$var wire 0 ! a $end $enddefinitions $end\n", "a size of" },
        { "$timescale 1 ns $end\n$var wire 1 ! a $end\n", "ends inside of its declarations" },
        { "$timescale 1 ns $end\n$enddefinitions $end\n", "declares no line and no number" },
        { "$timescale 1 ns $end\nhello\n", "made.up:2: \"hello\" among the declarations" },
        { HEAD "#0\n1? #9\n", "made.up:6: no variable has the code \"?\"" },
        { HEAD "#0\nquite\n#1\n", "neither a time nor a value" },
        { HEAD "#0\nb101 \"\n#1\n", "3 bits for the 2 of b" },
        { HEAD "#0\nr1.x \"\n#1\n", "for a line" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(closed); i++)
        refused(closed[i].text, strlen(closed[i].text), "format=vcd", -EBADMSG, closed[i].words);
    struct trace_source *source = OPEN(HEAD "#5\n1!\n#3\n0!\n", NULL);
    ends_in_error(source, -EBADMSG, "made.up:7: time runs backwards, from 5 to 3");
    trace_close(source);
    source = OPEN(HEAD "#5\n1!\n#99999999999999999999 0!\n", NULL);
    ends_in_error(source, -EBADMSG, "is no time");
    trace_close(source);
}
END_TEST

/* A vector's missing bits on the left are 0, or x if that is what is leftmost (18.2.2 table 18-2). */
START_TEST(vectors_are_extended_on_the_left)
{
    static const char text[] =
        "$var wire 4 ! v [0:3] $end $enddefinitions $end #0 b1111 ! #1 b1 ! #2 bz0 ! #3 b0 !\n";
    char got[512];
    struct trace_source *source = opened(text, strlen(text), "format=vcd");
    print_all(source, got, sizeof got);
    ck_assert_str_eq(got, "1 v[2] 0;1 v[1] 0;1 v[0] 0;2 v[3] 0;");
    trace_close(source);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vcd");
    TCase *tests = tcase_create("vcd");
    tcase_add_test(tests, values_become_records);
    tcase_add_test(tests, time_scales_are_those_of_the_standard);
    tcase_add_test(tests, time_may_begin_at_the_first_stamp);
    tcase_add_test(tests, a_cut_file_gives_what_it_has);
    tcase_add_test(tests, what_is_wrong_is_told_with_its_line);
    tcase_add_test(tests, vectors_are_extended_on_the_left);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
