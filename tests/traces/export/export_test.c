/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Exports: to the letter, back through our own importer, and through other people's readers where
 * they are installed. */
#include <traces/sink.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/check_main.h>
#include <unistd.h>

static const char trace[] = "time_ns,channel,value\n"
                            "0,step,0\n"
                            "0,dir,1\n"
                            "1000,step,1\n"
                            "1000,volt,-1.25\n"
                            "2000,imu.accel_x,0.000000001\n"
                            "2000,imu.accel_y,-9.80665\n"
                            "3000,step,0\n"
                            "3000,dir,0\n"
                            "5000,step,1\n"
                            "9000,step,0\n";

static char *read_all(const char *path)
{
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    char *text = calloc(1, 1 << 20);
    ck_assert_uint_lt(fread(text, 1, 1 << 20, file), 1 << 20);
    fclose(file);
    return text;
}

static void make_path(char *path, size_t size, const char *suffix)
{
    snprintf(path, size, "%s/export_test.%d%s", AXIOM_BINARY_DIR, (int)getpid(), suffix);
}

static void export_text(const char *text, const char *option, enum trace_sink_format format,
                        const char *path)
{
    struct trace_options options = { &option, option != NULL };
    struct trace_source *source;
    struct trace_sink *sink;
    struct trace_error error;
    ck_assert_msg(trace_open_memory(text, strlen(text), "made.up", &options, &source, &error) == 0,
                  "%s", error.text);
    ck_assert_msg(trace_sink_create(path, format, &sink, &error) == 0, "%s", error.text);
    uint64_t records;
    ck_assert_msg(trace_export(source, sink, &records, &error) == 0, "%s", error.text);
    ck_assert_uint_gt(records, 0);
    trace_close(source);
}

START_TEST(vcd_is_as_the_standard_says)
{
    char path[256];
    make_path(path, sizeof path, ".vcd");
    export_text(trace, NULL, TRACE_SINK_VCD, path);
    char *got = read_all(path);
    ck_assert_str_eq(got, "$version Axiom $end\n"
                          "$timescale 1 ns $end\n"
                          "$scope module trace $end\n"
                          "$var wire 1 ! step $end\n"
                          "$var wire 1 \" dir $end\n"
                          "$var real 64 # volt $end\n"
                          "$scope module imu $end\n"
                          "$var real 64 $ accel_x $end\n"
                          "$var real 64 % accel_y $end\n"
                          "$upscope $end\n"
                          "$upscope $end\n"
                          "$enddefinitions $end\n"
                          "#0\n"
                          "$dumpvars\n0!\n1\"\n$end\n"
                          "#1000\n1!\nr-1.25 #\n"
                          "#2000\nr0.000000001 $\nr-9.80665 %\n"
                          "#3000\n0!\n0\"\n"
                          "#5000\n1!\n"
                          "#9000\n0!\n");
    free(got);
    unlink(path);
}
END_TEST

START_TEST(csv_comes_back_as_it_went)
{
    char path[256], again[256];
    make_path(path, sizeof path, ".csv");
    make_path(again, sizeof again, ".again.csv");
    export_text(trace, NULL, TRACE_SINK_CSV, path);
    char *first = read_all(path);
    export_text(first, NULL, TRACE_SINK_CSV, again);
    char *second = read_all(again);
    ck_assert_str_eq(first, second);
    /* Initial levels first, as rows at time 0; then the records; then the end. */
    ck_assert_ptr_nonnull(
        strstr(first, "time_ns,channel,value\n0,step,0\n0,dir,1\n1000,step,1\n1000,volt,-1.25\n"
                      "2000,imu.accel_x,0.000000001\n2000,imu.accel_y,-9.80665\n3000,step,0\n"));
    ck_assert_ptr_nonnull(strstr(first, "# 9000,end\n"));
    free(first);
    free(second);
    unlink(path);
    unlink(again);
}
END_TEST

START_TEST(names_and_buses_do_not_break_a_file)
{
    static const char text[] =
        "time_ns,\"a,b\",scl,sda\n0,2.5,1,1\n1,,1,0\n2,,0,0\n3,,1,0\n4,,1,1\n";
    char path[256];
    make_path(path, sizeof path, ".vcd");
    export_text(text, "i2c:scl=scl,sda=sda", TRACE_SINK_VCD, path);
    char *got = read_all(path);
    ck_assert_ptr_nonnull(strstr(got, "$var real 64 ! a_b $end\n"));
    ck_assert_ptr_nonnull(strstr(got, "$var string 1 $ i2c $end\n"));
    free(got);
    export_text(text, "i2c:scl=scl,sda=sda", TRACE_SINK_CSV, path);
    got = read_all(path);
    ck_assert_ptr_nonnull(strstr(got, "0,\"a,b\",2.5\n"));
    free(got);
    unlink(path);
}
END_TEST

static struct trace_record i2c_record(void)
{
    static const uint8_t written[] = { 0x24, 0x00 }, read[] = { 0xbe, 0xef };
    return (struct trace_record){
        .time_ns = 7,
        .type = TRACE_RECORD_VALUE,
        .i2c = { .address = 0x45,
                 .stopped = true,
                 .has_write = true,
                 .has_read = true,
                 .write_size = 2,
                 .read_size = 2,
                 .write_data = written,
                 .read_data = read },
    };
}

START_TEST(transactions_and_gaps_are_written)
{
    static const struct trace_channel bus = { .name = "bus", .kind = TRACE_I2C };
    static const char *const expected[] = {
        "#7\ns0x45_w2400_rbeef !\n#8\n$comment the recorder lost 5 ns $end\n#20\n",
        "# 7,bus,0x45 w2400 rbeef\n# 8,gap,5 ns\n# 20,end\n"
    };
    for (int format = TRACE_SINK_VCD; format <= TRACE_SINK_CSV; format++) {
        char path[256];
        struct trace_sink *sink;
        struct trace_error error;
        uint32_t index;
        make_path(path, sizeof path, ".i2c");
        ck_assert_int_eq(trace_sink_create(path, (enum trace_sink_format)format, &sink, &error), 0);
        ck_assert_int_eq(trace_sink_channel(sink, &bus, &index, &error), 0);
        struct trace_record record = i2c_record();
        ck_assert_int_eq(trace_sink_put(sink, &record, &error), 0);
        ck_assert_int_eq(trace_sink_channel(sink, &bus, &index, &error), -EBUSY);
        struct trace_record gap = { .time_ns = 8, .type = TRACE_RECORD_GAP, .gap_ns = 5 };
        ck_assert_int_eq(trace_sink_put(sink, &gap, &error), 0);
        ck_assert_int_eq(trace_sink_put(sink, &record, &error), -EINVAL); /* older */
        gap.type = TRACE_RECORD_VALUE;
        gap.channel = 9;
        ck_assert_int_eq(trace_sink_put(sink, &gap, &error), -EINVAL); /* no such channel */
        ck_assert_int_eq(trace_sink_close(sink, 20, &error), 0);
        char *got = read_all(path);
        size_t length = strlen(got), tail = strlen(expected[format]);
        ck_assert_uint_ge(length, tail);
        ck_assert_str_eq(got + length - tail, expected[format]);
        free(got);
        unlink(path);
    }
}
END_TEST

START_TEST(a_full_disk_is_an_error)
{
    struct trace_sink *sink;
    struct trace_error error;
    ck_assert_int_eq(trace_sink_create("/dev/full", TRACE_SINK_CSV, &sink, &error), 0);
    ck_assert_int_eq(trace_sink_close(sink, 0, &error), -ENOSPC);
    ck_assert_ptr_nonnull(strstr(error.text, "/dev/full: cannot be written"));
    ck_assert_int_eq(trace_sink_create("/nowhere/x.vcd", TRACE_SINK_VCD, &sink, &error), -ENOENT);
}
END_TEST

static bool installed(const char *program)
{
    char command[128];
    snprintf(command, sizeof command, "command -v %s >/dev/null", program);
    if (system(command) == 0)
        return true;
    printf("skipped: %s is not installed\n", program);
    return false;
}

/* sigrok reads our VCD and prints the lines as bits, one a sample of 1 us. */
START_TEST(sigrok_reads_our_vcd)
{
    if (!installed("sigrok-cli"))
        return;
    char path[256], command[512], line[256];
    make_path(path, sizeof path, ".vcd");
    export_text("time_us,step,dir\n0,0,1\n1,1,1\n3,0,0\n5,1,0\n9,0,0\n", NULL, TRACE_SINK_VCD,
                path);
    snprintf(command, sizeof command,
             "sigrok-cli -I vcd:downsample=1000 -i '%s' -O bits:width=0 2>/dev/null", path);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    char step[64] = "", dir[64] = "";
    while (fgets(line, sizeof line, pipe) != NULL) {
        char *bits = strchr(line, ':');
        char *to = strstr(line, "step:") ? step : strstr(line, "dir:") ? dir : NULL;
        for (char *at = bits; to != NULL && *at != '\0'; at++)
            if (*at == '0' || *at == '1')
                strncat(to, at, 1);
    }
    pclose(pipe);
    ck_assert_msg(strncmp(step, "011001111", 9) == 0, "step: %s", step);
    ck_assert_msg(strncmp(dir, "111000000", 9) == 0, "dir: %s", dir);
    unlink(path);
}
END_TEST

/* GTKWave's converter reads every kind of variable that we write; back from its format, values are
 * the same. */
START_TEST(gtkwave_reads_our_vcd)
{
    if (!installed("vcd2fst") || !installed("fst2vcd"))
        return;
    char path[256], command[1024], line[256];
    make_path(path, sizeof path, ".vcd");
    export_text(trace, NULL, TRACE_SINK_VCD, path);
    snprintf(command, sizeof command, "vcd2fst '%s' '%s.fst' >/dev/null && fst2vcd '%s.fst'", path,
             path, path);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    unsigned volts = 0, times = 0;
    while (fgets(line, sizeof line, pipe) != NULL) {
        volts += strncmp(line, "r-1.25 ", 7) == 0;
        times += strcmp(line, "#3000\n") == 0 || strcmp(line, "#9000\n") == 0;
    }
    ck_assert_int_eq(pclose(pipe), 0);
    ck_assert_uint_eq(volts, 1);
    ck_assert_uint_eq(times, 2);
    unlink(path);
    strcat(path, ".fst");
    unlink(path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("export");
    TCase *tests = tcase_create("export");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, vcd_is_as_the_standard_says);
    tcase_add_test(tests, csv_comes_back_as_it_went);
    tcase_add_test(tests, names_and_buses_do_not_break_a_file);
    tcase_add_test(tests, transactions_and_gaps_are_written);
    tcase_add_test(tests, a_full_disk_is_an_error);
    tcase_add_test(tests, sigrok_reads_our_vcd);
    tcase_add_test(tests, gtkwave_reads_our_vcd);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
