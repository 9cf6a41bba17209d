/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* How fast each importer reads: megabytes of the file and records per second, the median of five passes
 * over files in memory's cache, made here (a capture as VCD, CSV and candump) or real ones
 * (shared/traces). Not a test.
 *
 * usage: import_bench FOLDER_FOR_FILES */
#include <traces/sink.h>
#include <traces/source.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tests/shared.h>
#include <time.h>

#define PASSES  5
#define RECORDS 1000000u

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Opening counts: some importers pass over the file then. */
static bool pass(const char *path, const char *const *word, size_t words, uint64_t *records,
                 double *seconds)
{
    struct trace_options options = { word, words };
    struct trace_source *source;
    struct trace_error error;
    struct trace_record record;
    double begin = seconds_now();
    int got;
    *records = 0;
    if (trace_open(path, &options, &source, &error) != 0) {
        printf("  %s\n", error.text);
        return false;
    }
    while ((got = trace_next(source, &record, &error)) == 1)
        ++*records;
    trace_close(source);
    *seconds = seconds_now() - begin;
    if (got < 0)
        printf("  %s\n", error.text);
    return got == 0;
}

static void measure(const char *what, const char *path, const char *const *word, size_t words)
{
    double seconds[PASSES];
    uint64_t records = 0;
    struct stat status;
    if (stat(path, &status) != 0)
        return;
    for (int i = 0; i < PASSES; i++)
        if (!pass(path, word, words, &records, &seconds[i]))
            return;
    qsort(seconds, PASSES, sizeof seconds[0], by_size);
    double median = seconds[PASSES / 2];
    printf("%-34s %8.1f MB/s %8.2f M records/s  (%.1f MB, %llu records, %.3f s)\n", what,
           (double)status.st_size / 1e6 / median, (double)records / 1e6 / median,
           (double)status.st_size / 1e6, (unsigned long long)records, median);
}

static void measure_shared(const char *what, const char *name, const char *option)
{
    char path[512];
    if (shared_path(name, path, sizeof path))
        measure(what, path, &option, option != NULL);
}

/* Four lines that change at irregular times, and a number; or frames. */
static void make(const char *path, enum trace_sink_format format)
{
    static const char *const names[] = { "step", "dir", "limit", "pwm", "volt" };
    struct trace_sink *sink;
    struct trace_error error;
    uint64_t seed = 1, now = 0;
    uint32_t index;
    uint8_t level[4] = { 0 };
    if (trace_sink_create(path, format, &sink, &error) != 0) {
        printf("%s\n", error.text);
        exit(1);
    }
    bool can = format == TRACE_SINK_CANDUMP;
    for (uint32_t i = 0; i < (can ? 1 : 5); i++) {
        struct trace_channel channel = { .name = can ? "can0" : names[i],
                                         .kind = can     ? TRACE_CAN
                                                 : i < 4 ? TRACE_LEVEL
                                                         : TRACE_SCALAR };
        trace_sink_channel(sink, &channel, &index, &error);
    }
    for (uint32_t i = 0; i < RECORDS; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        now += 1000 + (seed >> 52);
        struct trace_record record = { .time_ns = now, .source_ns = now };
        record.channel = can ? 0 : (uint32_t)(seed >> 33) % 5;
        if (can) {
            record.can.id = seed >> 40 & 0x7ff;
            record.can.dlc = record.can.size = 8;
            memcpy(record.can.data, &seed, 8);
        } else if (record.channel < 4) {
            record.level = level[record.channel] ^= 1;
        } else {
            record.nano = (int64_t)(seed >> 30);
        }
        trace_sink_put(sink, &record, &error);
    }
    trace_sink_close(sink, now, &error);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *what, *file;
        enum trace_sink_format format;
    } made[] = { { "VCD", "import.vcd", TRACE_SINK_VCD },
                 { "CSV, long", "import.csv", TRACE_SINK_CSV },
                 { "candump", "import.log", TRACE_SINK_CANDUMP } };
    char path[600];
    if (argc != 2) {
        fprintf(stderr, "usage: import_bench FOLDER\n");
        return 2;
    }
    for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
        snprintf(path, sizeof path, "%s/%s", argv[1], made[i].file);
        make(path, made[i].format);
        measure(made[i].what, path, NULL, 0);
        remove(path);
    }
    measure_shared("CSV, wide (a sensor)", "traces/st_lsm6dsv320x_serve/serve.csv", "rate=480");
    measure_shared("sigrok .sr (unpacked while read)", "traces/sigrok_smoothieware/smoothieware.sr",
                   NULL);
    measure_shared("sigrok .sr, I2C decoded",
                   "traces/sigrok_sht31_i2c/sensirion_sht31_25rh_28rh.sr", "i2c:scl=SCL,sda=SDA");
    measure_shared("Betaflight blackbox", "traces/betaflight_bfl37/LOG00037.BFL", NULL);
    measure_shared("PX4 ULog", "traces/px4_sample/sample.ulg", NULL);
    snprintf(path, sizeof path, "%s/view.mcap", argv[1]);
    measure("MCAP (ours, the viewer's file)", path, NULL, 0);
    return 0;
}
