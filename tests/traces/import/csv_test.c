/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* CSV: both forms, decimals, units, names, and everything that can be wrong with a text file. */
#include "source_check.h"

#include <stdlib.h>
#include <tests/check_main.h>

static struct trace_source *csv(const char *text, const char *option)
{
    return opened(text, strlen(text), option);
}

static void gives(const char *text, const char *option, const char *expected)
{
    char got[4096];
    struct trace_source *source = csv(text, option);
    print_all(source, got, sizeof got);
    ck_assert_str_eq(got, expected);
    struct trace_error error;
    ck_assert_int_eq(trace_rewind(source, &error), 0);
    print_all(source, got, sizeof got);
    ck_assert_str_eq(got, expected);
    trace_close(source);
}

static void is_refused(const char *text, const char *option, const char *words)
{
    refused(text, strlen(text), option, -EBADMSG, words);
}

static const struct trace_channel *channel(const struct trace_source *source, const char *name)
{
    int64_t index = trace_channel_find(source, name);
    ck_assert_msg(index >= 0, "no channel %s", name);
    return trace_channel_at(source, (uint32_t)index);
}

/* --- long form --- */

START_TEST(rows_are_records)
{
    gives("time_ns,channel,value\n0,button,0\n5,button,1\n5,t,21.5\n9,button,0\n", NULL,
          "5 button 1;5 t 21500000000;9 button 0;");
}
END_TEST

START_TEST(the_level_before_the_first_row_is_inferred)
{
    struct trace_source *source =
        csv("time_ns,channel,value\n"
            "0,at_zero,1\n3,edge,1\n4,sampled,1\n5,sampled,1\n6,sampled,0\n7,edge,0\n",
            NULL);
    ck_assert_int_eq(channel(source, "at_zero")->initial_level, 1);
    ck_assert_int_eq(channel(source, "edge")->initial_level, 0);    /* rows alternate: edges */
    ck_assert_int_eq(channel(source, "sampled")->initial_level, 1); /* a level repeats: samples */
    ck_assert_uint_eq(channel(source, "edge")->count, 2);
    ck_assert_uint_eq(channel(source, "sampled")->count, 1);
    ck_assert_uint_eq(channel(source, "at_zero")->count, 0);
    char got[256];
    print_all(source, got, sizeof got);
    ck_assert_str_eq(got, "3 edge 1;6 sampled 0;7 edge 0;");
    trace_close(source);
}
END_TEST

START_TEST(parts_of_a_scan_are_put_together)
{
    gives("time_ns,channel,value\n1,imu.accel_x,1\n1,imu.accel_y,2\n1,imu.accel_z,-9.80665\n"
          "3,imu.accel_x,4\n3,imu.accel_y,5\n3,imu.accel_z,6\n",
          NULL, "1 imu 1000000000 2000000000 -9806650000;3 imu 4000000000 5000000000 6000000000;");
    struct trace_source *source =
        csv("time_ns,channel,value\n1,i.accel_x,1\n1,i.accel_y,1\n2,i.accel_x,1\n3,i.accel_y,1\n",
            NULL);
    ends_in_error(source, -EBADMSG, "made.up:5: \"i.accel_y\" is missing at 2 ns");
    trace_close(source);
}
END_TEST

START_TEST(columns_may_stand_in_any_order_and_in_other_units)
{
    gives("value;channel;time_ms\n1;a;0.5\n0;a;1.25\n", NULL, "500000 a 1;1250000 a 0;");
    gives("time,channel,value\n1,a,0\n2,a,1\n", "unit:time=us", "1000 a 0;2000 a 1;");
    is_refused("time,channel,value\n1,a,0\n", NULL, "names no unit");
}
END_TEST

START_TEST(the_origin_can_be_the_first_stamp)
{
    gives("time_s,channel,value\n1700000000.5,a,2\n1700000001,a,3\n", "origin=first",
          "0 a 2000000000;500000000 a 3000000000;");
    is_refused("time_s,channel,value\n-1,a,2\n", NULL, "before 0; origin=first");
    gives("time_s,channel,value\n-1,a,2\n0,a,3\n", "origin=first",
          "0 a 2000000000;1000000000 a 3000000000;");
}
END_TEST

/* --- wide form --- */

START_TEST(columns_are_channels)
{
    gives(
        "time_us,limit,volt[V]\n0,0,1.5\n10,1,1.5\n20,1,\n30,0,-1e-3\n", NULL,
        "0 volt 1500000000;10000 limit 1;10000 volt 1500000000;30000 limit 0;30000 volt -1000000;");
    struct trace_source *source = csv("time_us,limit,volt[V]\n0,0,1.5\n10,1,1.5\n", NULL);
    ck_assert_int_eq(channel(source, "limit")->kind, TRACE_LEVEL);
    ck_assert_int_eq(channel(source, "limit")->initial_level, 0);
    ck_assert_str_eq(channel(source, "volt")->unit, "V");
    ck_assert_uint_eq(trace_end_ns(source), 10000);
    trace_close(source);
}
END_TEST

START_TEST(units_in_the_header_make_an_imu)
{
    struct trace_source *source =
        csv("A_x [mg]\tA_y [mg]\tA_z [mg]\tG_x [mdps]\tG_y [mdps]\tG_z [mdps]\tTemp [degC]\n"
            "0.488\t-0.488\t1000\t70\t-70\t180000\t21.25\n",
            "rate=7.5");
    const struct trace_channel *imu = channel(source, "imu");
    ck_assert_uint_eq(imu->scan_count, 6);
    ck_assert_uint_eq(imu->rate_millihertz, 7500);
    ck_assert_uint_eq(channel(source, "Temp")->quantity[0], IIO_TEMP);
    char got[512];
    print_all(source, got, sizeof got);
    /* 0.488 mg = 4785645.2 nano m/s^2; 70 mdps = 1221730.4764 nano rad/s; 180 dps = pi rad/s */
    ck_assert_str_eq(
        got, "0 imu 4785645 -4785645 9806650000 1221730 -1221730 3141592654;0 Temp 21250000000;");
    ck_assert_uint_eq(trace_end_ns(source), 133333333);
    trace_close(source);
}
END_TEST

START_TEST(a_unit_may_be_given_by_option_and_is_asked_for)
{
    struct trace_source *source = csv("time_ms,acc_x\n0,1\n1,2\n", NULL);
    ck_assert_int_eq(channel(source, "acc_x")->kind, TRACE_SCALAR);
    ck_assert_ptr_nonnull(strstr(channel(source, "acc_x")->note, "unit:COLUMN=mg"));
    trace_close(source);
    gives("time_ms,acc_x\n0,1\n1,2\n", "unit:acc_x=g", "0 imu 9806650000;1000000 imu 19613300000;");
}
END_TEST

START_TEST(samples_are_at_floor_of_k_over_rate)
{
    char text[4096] = "v\n", expected[8192] = "";
    for (unsigned k = 0; k < 50; k++) {
        strcat(text, k % 2 ? "2\n" : "3\n");
        sprintf(expected + strlen(expected), "%llu v %u000000000;", k * 1000000000ull / 7,
                k % 2 ? 2 : 3);
    }
    gives(text, "rate=7", expected);
}
END_TEST

/* --- numbers --- */

static int64_t number(const char *text, const char *unit)
{
    char file[256], option[64];
    snprintf(file, sizeof file, "time_ns,v\n0,%s\n0,7\n", text);
    snprintf(option, sizeof option, "unit:v=%s", unit);
    struct trace_source *source = csv(file, option);
    struct trace_record record;
    ck_assert(next(source, &record));
    int64_t nano = record.nano;
    trace_close(source);
    return nano;
}

START_TEST(decimals_are_exact_and_rounded_once)
{
    ck_assert_int_eq(number("0.1", "V"), 100000000);
    ck_assert_int_eq(number("-0.0000000005", "V"), -1); /* a tie goes away from zero */
    ck_assert_int_eq(number("0.00000000049999999999999999999999999", "V"), 0);
    ck_assert_int_eq(number("0.00000000050000000000000000000000000000000000000000", "V"), 1);
    ck_assert_int_eq(number("1234567.123456789", "V"), INT64_C(1234567123456789));
    ck_assert_int_eq(number("9223372036.854775807", "V"), INT64_MAX);
    ck_assert_int_eq(number("+12.e1", "V"), INT64_C(120000000000));
    ck_assert_int_eq(number(".5E-2", "V"), 5000000);
    ck_assert_int_eq(number("1e-400", "V"), 0);
    ck_assert_int_eq(number("0e400", "V"), 0);
    ck_assert_int_eq(number("0.000000000000000000000000000000000000001e39", "V"), 1000000000);
    ck_assert_int_eq(number("100000000000000000000000000000000000000e-38", "V"), 1000000000);
    ck_assert_int_eq(number("2000", "dps"),
                     INT64_C(34906585040)); /* 34.906585039886591538... as a scalar */
}
END_TEST

START_TEST(what_nano_cannot_hold_is_left_out_and_counted)
{
    struct trace_source *source =
        csv("time_ns,v,w\n0,nan,1.5\n1,1e10,2\n2,-inf,3\n3,4,9223372036.854775808\n", NULL);
    char got[256];
    print_all(source, got, sizeof got);
    ck_assert_str_eq(got, "0 w 1500000000;1 w 2000000000;2 w 3000000000;3 v 4000000000;");
    ck_assert_uint_eq(trace_unrepresentable(source), 4);
    trace_close(source);
}
END_TEST

/* --- text files as they are --- */

START_TEST(files_of_other_systems_are_read)
{
    gives("\xef\xbb\xbf# made by hand\r\n\r\n\"time_ns\" , \"a b\"\r\n0, 5 \r\n \r\n2,6", NULL,
          "0 a b 5000000000;2 a b 6000000000;");
    gives("; CSV generated by libsigrok\nTime [us],D0,D1\n0,0,1\n1,1,0\n", NULL,
          "1000 D0 1;1000 D1 0;");
}
END_TEST

START_TEST(equal_names_are_told_apart)
{
    gives("time_ns,v,v\n0,5,6\n", NULL, "0 v 5000000000;0 v#2 6000000000;");
}
END_TEST

/* --- what is wrong --- */

START_TEST(errors_name_line_and_column)
{
    is_refused("time_ns,a,b\n0,1,2\n1,x,2\n", NULL, "made.up:3:3: \"x\" is no number");
    is_refused("time_ns,a,b\n0,1,2\n\n1,2\n", NULL,
               "made.up:4: 2 fields, but the header names 3 columns");
    is_refused("time_ns,channel,value\n5,a,1\n4,a,0\n", NULL,
               "made.up:3:1: time runs backwards: 4 ns after 5 ns");
    is_refused("time_ns,a\n5,1\n4,0\n", NULL, "made.up:3:1: time runs backwards");
    is_refused("time_ns,channel,value\nsoon,a,1\n", NULL, "made.up:2:1: \"soon\" is no time in ns");
    is_refused("time_ns,channel,value\n1,,1\n", NULL, "made.up:2:3: the channel has no name");
    is_refused("time_ns,channel,value\n", NULL, "no rows");
    is_refused("time_ns,acc_x[mg],acc_y[mg]\n0,1,2\n1,,2\n", NULL,
               "made.up:3: only 1 of the 2 values of \"imu\"");
    is_refused("a,b\n1,2\n", NULL, "rate=480");
    is_refused("1,2\n3,4\n", NULL, "numbers where the header should be");
    is_refused("time_ns\n1\n", NULL, "a time column and nothing else");
    is_refused("time_ns,a\n1,2\n", "rate=5", "leave rate= out");
    is_refused("time_ns,channel,value\n99999999999999999999,a,1\n", NULL, "is no time in ns");
    is_refused("# only a comment\n", NULL, "no header line");
}
END_TEST

START_TEST(a_line_has_an_end)
{
    size_t size = 1 << 20;
    char *text = malloc(size);
    memset(text, 'a', size);
    refused(text, size, NULL, -EBADMSG, "longer than");
    memcpy(text, "time_ns,a\n", 10);
    refused(text, size, NULL, -EBADMSG, "made.up:2: the line is longer than");
    memset(text, ',', 60000);
    text[60000] = '\n';
    refused(text, size, NULL, -EBADMSG, "columns");
    free(text);
    refused("time_ns,a\n0,1\0\n", 15, "format=csv", -EBADMSG, "made.up:2: a zero byte");
}
END_TEST

START_TEST(options_are_checked)
{
    const char *text = "time_ns,a\n0,1\n";
    refused(text, strlen(text), "speed=3", -EINVAL, "unknown import option \"speed=3\"");
    refused(text, strlen(text), "rate=0", -EINVAL, "no rate above 0");
    refused(text, strlen(text), "rate=fast", -EINVAL, "no rate above 0");
    refused(text, strlen(text), "origin=last", -EINVAL, "origin=first or origin=zero");
    refused(text, strlen(text), "limit=lots", -EINVAL, "a number of bytes");
    refused(text, strlen(text), "format=xls", -EINVAL,
            "sr, csv, vcd, candump, blackbox, ulog and mcap");
    refused(text, strlen(text), "i2c:scl=a", -EINVAL, "i2c:scl=LINE,sda=LINE");
    refused(text, strlen(text), "i2c:scl=b,sda=a", -ENOENT, "no line \"b\"");
}
END_TEST

START_TEST(what_is_no_trace_is_said_to_be_what_it_is)
{
    refused("", 0, NULL, -EBADMSG, "empty");
    refused("\x01\x02\x03", 3, NULL, -EBADMSG, "no trace of a known kind");
    refused("#ROSBAG V2.0\n", 13, NULL, -EBADMSG, "a ROS 1 bag");
    refused("\x7f"
            "ELF",
            4, NULL, -EBADMSG, "--bpf");
    struct trace_source *source;
    struct trace_error error;
    ck_assert_int_eq(trace_open("/dev/zero", NULL, &source, &error), -ESPIPE);
    ck_assert_ptr_nonnull(strstr(error.text, "not a regular file"));
    ck_assert_int_eq(trace_open("/nowhere/x.csv", NULL, &source, &error), -ENOENT);
    ck_assert_int_eq(trace_open("/", NULL, &source, &error), -ESPIPE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("csv");
    TCase *tests = tcase_create("csv");
    tcase_add_test(tests, rows_are_records);
    tcase_add_test(tests, the_level_before_the_first_row_is_inferred);
    tcase_add_test(tests, parts_of_a_scan_are_put_together);
    tcase_add_test(tests, columns_may_stand_in_any_order_and_in_other_units);
    tcase_add_test(tests, the_origin_can_be_the_first_stamp);
    tcase_add_test(tests, columns_are_channels);
    tcase_add_test(tests, units_in_the_header_make_an_imu);
    tcase_add_test(tests, a_unit_may_be_given_by_option_and_is_asked_for);
    tcase_add_test(tests, samples_are_at_floor_of_k_over_rate);
    tcase_add_test(tests, decimals_are_exact_and_rounded_once);
    tcase_add_test(tests, what_nano_cannot_hold_is_left_out_and_counted);
    tcase_add_test(tests, files_of_other_systems_are_read);
    tcase_add_test(tests, equal_names_are_told_apart);
    tcase_add_test(tests, errors_name_line_and_column);
    tcase_add_test(tests, a_line_has_an_end);
    tcase_add_test(tests, options_are_checked);
    tcase_add_test(tests, what_is_no_trace_is_said_to_be_what_it_is);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
