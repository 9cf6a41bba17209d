/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Blackbox logs: a flight, against figures of another decoder (parser.c of betaflight/blackbox-tools, run
 * on the same file: sums of its columns); encodings one by one, from the writer's side
 * (blackbox_encoding.c); damage. */
#include "source_check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <tests/check_main.h>
#include <tests/shared.h>

/* --- the flight --- */

/* Sums over the 16,774 main frames, plain and weighted with the frame's number modulo 997. */
static const struct {
    const char *name;
    int64_t sum, weighted;
} flight[] = {
    { "axisP[0]", -2359, -4388178 },
    { "axisI[0]", -273966, -133867367 },
    { "axisD[1]", 6001, 5942295 },
    { "axisF[2]", -206, -104792 },
    { "rcCommand[1]", -32860, 194192 },
    { "rcCommand[3]", 22075239, 10856133168 },
    { "setpoint[2]", -48725, -23407053 },
    { "vbatLatest", 36676543, 18110760446 },
    { "amperageLatest", 36640129, 17790477349 },
    { "magADC[0]", -5887140, -2961391620 },
    { "rssi", 17159802, 8472002121 },
    { "debug[1]", -5891, 2782436 },
    { "motor[0]", 13178869, 6441416729 },
    { "motor[1]", 13332219, 6506416491 },
    { "motor[2]", 11922348, 5818501497 },
    { "motor[3]", 12439591, 6053151075 },
};
/* accSmooth and gyroADC. */
static const int64_t imu_sum[] = { 299484, -2647148, 35188888, 2617, -5645, -47505 };
static const int64_t imu_weighted[] = { 144437892, -1326867413, 17109939594,
                                        9776940,   3072300,     -22427987 };

struct sums {
    uint64_t count;
    int64_t sum, weighted;
};

static void add(struct sums *sums, int64_t value)
{
    sums->sum += value;
    sums->weighted += (int64_t)(sums->count % 997) * value;
    sums->count++;
}

static int64_t counts_of(int64_t nano, unsigned slot)
{
    double count = slot < 3 ? (double)nano / 9806650000.0 * 2048
                            : (double)nano / 1e9 * 180 / 3.14159265358979324;
    return (int64_t)(count + (count < 0 ? -0.5 : 0.5));
}

START_TEST(a_flight_is_what_another_decoder_reads)
{
    char path[512];
    if (!shared_path("traces/betaflight_bfl37/LOG00037.BFL", path, sizeof path))
        return;
    struct trace_source *source;
    struct trace_error error;
    ck_assert_msg(trace_open(path, NULL, &source, &error) == 0, "%s", error.text);
    struct sums *sums = calloc(trace_channel_count(source), sizeof *sums), imu[6] = { 0 };
    struct trace_record record;
    uint64_t last_us = 0, gaps = 0;
    while (next(source, &record)) {
        const struct trace_channel *channel = trace_channel_at(source, record.channel);
        if (record.type == TRACE_RECORD_GAP)
            gaps++;
        else if (channel->kind == TRACE_SCALAR)
            add(&sums[record.channel], record.nano / 1000000000);
        for (unsigned i = 0; channel->kind == TRACE_SCAN && i < 6; i++)
            add(&imu[i], counts_of(record.scan[i], i));
        if (channel->kind == TRACE_SCAN)
            last_us = record.source_ns / 1000;
    }
    ck_assert_uint_eq(gaps, 0);
    ck_assert_uint_eq(last_us, 469230773);
    ck_assert_str_eq(trace_warning(source), "");
    for (size_t i = 0; i < ARRAY_SIZE(flight); i++) {
        const struct sums *got = &sums[trace_channel_find(source, flight[i].name)];
        ck_assert_uint_eq(got->count, 16774);
        ck_assert_msg(got->sum == flight[i].sum && got->weighted == flight[i].weighted, "%s",
                      flight[i].name);
    }
    for (unsigned i = 0; i < 6; i++) {
        ck_assert_uint_eq(imu[i].count, 16774);
        ck_assert_int_eq(imu[i].sum, imu_sum[i]);
        ck_assert_int_eq(imu[i].weighted, imu_weighted[i]);
    }
    ck_assert_uint_eq(sums[trace_channel_find(source, "flightModeFlags")].count, 3);
    ck_assert_uint_eq(sums[trace_channel_find(source, "GPS_numSat")].count, 86);
    ck_assert_int_eq(sums[trace_channel_find(source, "GPS_numSat")].sum, 688);
    ck_assert_int_eq(sums[trace_channel_find(source, "GPS_time")].sum, 39617982708);
    ck_assert_int_eq(sums[trace_channel_find(source, "GPS_altitude")].sum, 53694);
    ck_assert_uint_eq(sums[trace_channel_find(source, "GPS_home[0]")].count, 1);
    free(sums);
    trace_close(source);
}
END_TEST

/* --- one frame, made by hand --- */

#define START "H Product:Blackbox flight data recorder by Nicholas Sherlock\nH Data version:2\n"
#define END \
    "E\xff" \
    "End of log\0"

struct log {
    uint8_t bytes[4096];
    size_t size;
};

static void put(struct log *log, const char *bytes, size_t size)
{
    memcpy(log->bytes + log->size, bytes, size);
    log->size += size;
}
#define PUT(log, bytes) put(log, bytes, sizeof bytes - 1)

static void wants(const struct log *log, const char *records)
{
    struct trace_source *source = opened(log->bytes, log->size, NULL);
    char text[4096];
    print_all(source, text, sizeof text);
    ck_assert_str_eq(text, records);
    trace_close(source);
}

START_TEST(each_encoding_gives_what_was_encoded)
{
    struct log log = { .size = 0 };
    PUT(&log, START "H I interval:1\nH Field I name:time,a,b,c,d,e,f,g,h,i,j,k,l,m,n,o\n"
                    "H Field I signed:0,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1\n"
                    "H Field I predictor:0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n"
                    "H Field I encoding:1,0,3,6,6,7,7,7,8,8,8,8,10,10,10,9\n"
                    "H Field P predictor:0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n"
                    "H Field P encoding:1,0,3,6,6,7,7,7,8,8,8,8,10,10,10,9\n");
    PUT(&log, "I\x05");                /* time 5 */
    PUT(&log, "\x03");                 /* signed VB: -2 */
    PUT(&log, "\xac\x02");             /* neg 14 bit: 300, so -300 */
    PUT(&log, "\x02\x06");             /* 8SVB, only the second: 3 */
    PUT(&log, "\x47\x9a");             /* 3S32, 4 bits each: 7, -7, -6 */
    PUT(&log, "\xe4\x12\x34\xf5\x67"); /* 4S16 0, 4, 8, 16 bits: 0, 1, 0x23, 0x4f56 */
    PUT(&log, "\x7f\x0a");             /* 3SVariable, 5 5 4: -1, -16, -6 */
    PUT(&log, "I\x06\x00\x00\x00");
    PUT(&log, "\x1b");         /* 3S32, 2 bits each: 1, -2, -1 */
    PUT(&log, "\x00");         /* 4S16: nothing */
    PUT(&log, "\x80\x40\xbf"); /* 3SVariable, 8 7 7: 1, 1, 63 */
    PUT(&log, "I\x07\x00\x00\x00");
    PUT(&log, "\xe4\x80\x00\x80\x00\x00\x80"); /* 3S32 1, 2, 3 bytes */
    PUT(&log, "\x00\x00");
    PUT(&log, END);
    wants(&log, "0 a -2000000000;0 b -300000000000;0 c 0;0 d 3000000000;"
                "0 e 7000000000;0 f -7000000000;0 g -6000000000;"
                "0 h 0;0 i 1000000000;0 j 35000000000;0 k 20310000000000;"
                "0 l -1000000000;0 m -16000000000;0 n -6000000000;0 o 0;"
                "1000 a 0;1000 b 0;1000 c 0;1000 d 0;"
                "1000 e 1000000000;1000 f -2000000000;1000 g -1000000000;"
                "1000 h 0;1000 i 0;1000 j 0;1000 k 0;"
                "1000 l 1000000000;1000 m 1000000000;1000 n 63000000000;1000 o 0;"
                "2000 a 0;2000 b 0;2000 c 0;2000 d 0;"
                "2000 e -128000000000;2000 f -32768000000000;2000 g -8388608000000000;"
                "2000 h 0;2000 i 0;2000 j 0;2000 k 0;2000 l 0;2000 m 0;2000 n 0;2000 o 0;"
                "2000 event 255000000000;");
}
END_TEST

#define PREDICTED                                                                  \
    START "H I interval:4\nH P interval:1/1\nH minthrottle:1100\nH vbatref:50\n"   \
          "H motorOutput:158,2047\n"                                               \
          "H Field I name:loopIteration,time,motor[0],a,b,c,d\n"                   \
          "H Field I signed:0,0,0,0,1,1,1\n"                                       \
          "H Field I predictor:0,0,4,5,8,9,11\nH Field I encoding:1,1,0,0,0,0,0\n" \
          "H Field P predictor:6,2,1,1,3,2,1\nH Field P encoding:9,0,0,0,0,0,0\n"

START_TEST(each_predictor_predicts)
{
    struct log log = { .size = 0 };
    PUT(&log, PREDICTED);
    PUT(&log, "I\x04\x64\x04\x01\x02\x00\x06"); /* 4, 100, +2, -1, +1, 0, +3 */
    PUT(&log, "P\x14\x02\x00\x04\x02\x00");     /* 5, 110, +1, 0, +2, +1, 0 */
    PUT(&log, "P\x00\x00\x00\x01\x02\x00");     /* 6, 120, 0, 0, -1, +1, 0 */
    PUT(&log, END);
    wants(&log, "0 loopIteration 4000000000;0 motor[0] 1102000000000;0 a 1101000000000;"
                "0 b 1501000000000;0 c 50000000000;0 d 161000000000;"
                "10000 loopIteration 5000000000;10000 motor[0] 1103000000000;10000 a 1101000000000;"
                "10000 b 1503000000000;10000 c 51000000000;10000 d 161000000000;"
                "20000 loopIteration 6000000000;20000 motor[0] 1103000000000;20000 a 1101000000000;"
                "20000 b 1501000000000;20000 c 53000000000;20000 d 161000000000;"
                "20000 event 255000000000;");
}
END_TEST

START_TEST(damage_costs_what_is_damaged)
{
    struct log log = { .size = 0 };
    PUT(&log, PREDICTED);
    PUT(&log, "I\x04\x64\x04\x01\x02\x00\x06");
    PUT(&log, "P\x14\x02\x00\x04\x02\x00");
    PUT(&log, "P\xff\xff\xff\xff\xff\xff\xff\xff\xff"); /* a number of more than five bytes */
    PUT(&log, "P\x00\x00\x00\x01\x02\x00"); /* sound, but a difference to what is not known */
    PUT(&log, "I\x08\x96\x01\x04\x01\x02\x00\x06"); /* 8, 150: goes on */
    PUT(&log, END);
    wants(&log, "0 loopIteration 4000000000;0 motor[0] 1102000000000;0 a 1101000000000;"
                "0 b 1501000000000;0 c 50000000000;0 d 161000000000;"
                "10000 loopIteration 5000000000;10000 motor[0] 1103000000000;10000 a 1101000000000;"
                "10000 b 1503000000000;10000 c 51000000000;10000 d 161000000000;"
                "10000 gap 40000;"
                "50000 loopIteration 8000000000;50000 motor[0] 1102000000000;50000 a 1101000000000;"
                "50000 b 1501000000000;50000 c 50000000000;50000 d 161000000000;"
                "50000 event 255000000000;");
    struct trace_source *source = opened(log.bytes, log.size, NULL);
    char text[4096];
    print_all(source, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(trace_warning(source), "1 places are damaged"));
    trace_close(source);
    /* Cut anywhere behind the header, it opens and gives frames until there. */
    for (size_t size = sizeof PREDICTED - 1; size < log.size; size++) {
        source = opened(log.bytes, size, NULL);
        print_all(source, text, sizeof text);
        ck_assert_str_ne(trace_warning(source), "");
        trace_close(source);
    }
}
END_TEST

START_TEST(one_of_several_logs_is_chosen)
{
    struct log log = { .size = 0 };
    PUT(&log, PREDICTED "I\x04\x64\x04\x01\x02\x00\x06" END);
    PUT(&log, PREDICTED "I\x08\x64\x04\x01\x02\x00\x06" END);
    struct trace_source *source = opened(log.bytes, log.size, NULL);
    struct trace_record record;
    ck_assert(next(source, &record));
    ck_assert_int_eq(record.nano, 4000000000);
    ck_assert_ptr_nonnull(strstr(trace_warning(source), "holds 2 logs"));
    trace_close(source);
    source = opened(log.bytes, log.size, "log=2");
    ck_assert(next(source, &record));
    ck_assert_int_eq(record.nano, 8000000000);
    trace_close(source);
    refused(log.bytes, log.size, "log=3", -EINVAL, "it holds 2 logs");
}
END_TEST

START_TEST(a_wrong_header_is_told_with_its_line)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        { START, "declares no main frames" },
        { START "H Field I name:time,a\nH Field I encoding:1\n", "fewer predictors" },
        { START "H Field I name:time\nH Field I name:time\n", "made.up:4: field names" },
        { START "H Field I name:time\nH Field I encoding:1x\n", "no list of small numbers" },
        { START "H Field I name:time\nH Field I signed:0\nH Field I predictor:0\n"
                "H Field I encoding:4\nH Field P predictor:0\nH Field P encoding:0\n",
          "encoding 4" },
        { START "H Field I name:time\nH Field I signed:0\nH Field I predictor:77\n"
                "H Field I encoding:1\nH Field P predictor:0\nH Field P encoding:0\n",
          "predictor 77" },
        { START "H Data version:3\nH Field I name:time\n", "data version 3" },
        { START "H Field I na", "ends inside of the log's header" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        refused(cases[i].text, strlen(cases[i].text), NULL, -EBADMSG, cases[i].words);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("blackbox");
    TCase *tests = tcase_create("blackbox");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_flight_is_what_another_decoder_reads);
    tcase_add_test(tests, each_encoding_gives_what_was_encoded);
    tcase_add_test(tests, each_predictor_predicts);
    tcase_add_test(tests, damage_costs_what_is_damaged);
    tcase_add_test(tests, one_of_several_logs_is_chosen);
    tcase_add_test(tests, a_wrong_header_is_told_with_its_line);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
