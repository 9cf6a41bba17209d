/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* How fast does a trace become a record, where does the time go, and what does that compare to?
 *
 * An event is one input edge: read from an MCAP file, through the pin's model, RP1's interrupt path, the GIC, the drivers,
 * the attached program, into a recording. Rows that leave parts of this out tell by their differences what each part
 * takes. Beside it, in the same run and interleaved, the same recording is copied message by message with our own reader
 * and writer. Medians of the repetitions, with their spread; CPU time of the process, so that what else the machine does
 * does not count. */
#include "replay_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REPETITIONS 7

enum row {
    ROW_MACHINE,
    ROW_EMPTY,
    ROW_COUNT,
    ROW_READ,
    ROW_MEMORY,
    ROW_DISK,
    ROW_MEMORY_ALONE,
    ROW_DISK_ALONE,
    ROW_COPY_MEMORY,
    ROW_COPY_DISK,
    ROWS
};

static const struct {
    const char *name;
    enum source source;
    enum destination destination;
    const char *program;
} rows[ROWS] = {
    [ROW_MACHINE] = { "machine alone: no trace file, nobody listens", FROM_GENERATOR, TO_NOWHERE,
                      NULL },
    [ROW_EMPTY] = { "  with kernel and an empty program", FROM_GENERATOR, TO_NOWHERE, BENCH_EMPTY },
    [ROW_COUNT] = { "  with a program that counts steps", FROM_GENERATOR, TO_NOWHERE, BENCH_COUNT },
    [ROW_READ] = { "  the same, inputs from an MCAP file", FROM_FILE, TO_NOWHERE, BENCH_COUNT },
    [ROW_MEMORY] = { "trace to record in memory, with the program", FROM_FILE, TO_MEMORY,
                     BENCH_COUNT },
    [ROW_DISK] = { "trace to record on disk, with the program", FROM_FILE, TO_DISK, BENCH_COUNT },
    [ROW_MEMORY_ALONE] = { "trace to record in memory, nobody listens", FROM_FILE, TO_MEMORY,
                           NULL },
    [ROW_DISK_ALONE] = { "trace to record on disk, nobody listens", FROM_FILE, TO_DISK, NULL },
    [ROW_COPY_MEMORY] = { "copying the recording (with program) to memory", FROM_FILE, TO_MEMORY,
                          NULL },
    [ROW_COPY_DISK] = { "  to disk", FROM_FILE, TO_DISK, NULL },
};

static struct outcome measure(enum row row, uint64_t edges)
{
    if (row == ROW_COPY_MEMORY || row == ROW_COPY_DISK)
        return copy_once(rows[row].destination);
    return replay_once(rows[row].source, edges, rows[row].program, rows[row].destination);
}

static int by_cpu_time(const void *a, const void *b)
{
    double difference = ((const struct outcome *)a)->cpu_s - ((const struct outcome *)b)->cpu_s;
    return difference < 0 ? -1 : difference > 0;
}

static void print_parts(const double *ns)
{
    const struct {
        const char *name;
        double ns;
    } parts[] = {
        { "machine: clock, inputs, pin model", ns[ROW_MACHINE] },
        { "interrupt, drivers, way to the program", ns[ROW_EMPTY] - ns[ROW_MACHINE] },
        { "the program's instructions", ns[ROW_COUNT] - ns[ROW_EMPTY] },
        { "reading the trace", ns[ROW_READ] - ns[ROW_COUNT] },
        { "encoding and writing the record", ns[ROW_MEMORY] - ns[ROW_READ] },
    };
    printf("\nwhere the time goes, trace to record in memory:\n");
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        printf("  %-48s %7.0f ns  %3.0f %%\n", parts[i].name, parts[i].ns,
               parts[i].ns * 100 / ns[ROW_MEMORY]);
}

static void throughput(uint64_t edges)
{
    /* Disk without the program first, so that the copies find the recording with it. */
    static const enum row order[ROWS] = { ROW_MACHINE,    ROW_EMPTY,  ROW_COUNT,
                                          ROW_READ,       ROW_MEMORY, ROW_MEMORY_ALONE,
                                          ROW_DISK_ALONE, ROW_DISK,   ROW_COPY_MEMORY,
                                          ROW_COPY_DISK };
    static struct outcome outcomes[ROWS][REPETITIONS];
    double ns[ROWS];
    printf("%" PRIu64 " edges, %d repetitions interleaved; CPU time, medians (least to most)\n\n",
           edges, REPETITIONS);
    for (int repetition = 0; repetition < REPETITIONS; repetition++) {
        for (int i = 0; i < ROWS; i++)
            outcomes[order[i]][repetition] = measure(order[i], edges);
    }
    for (int row = 0; row < ROWS; row++) {
        qsort(outcomes[row], REPETITIONS, sizeof outcomes[row][0], by_cpu_time);
        ns[row] = outcomes[row][REPETITIONS / 2].cpu_s * 1e9 / (double)edges;
    }
    for (int row = 0; row < ROWS; row++) {
        const struct outcome *o = outcomes[row];
        printf("%-50s %6.0f ns an edge (%.0f to %.0f), %9.0f edges/s", rows[row].name, ns[row],
               o[0].cpu_s * 1e9 / (double)edges, o[REPETITIONS - 1].cpu_s * 1e9 / (double)edges,
               1e9 / ns[row]);
        if (row == ROW_MEMORY)
            printf(", %.2f x copying", ns[row] / ns[ROW_COPY_MEMORY]);
        if (row == ROW_DISK)
            printf(", %.2f x copying", ns[row] / ns[ROW_COPY_DISK]);
        printf("\n");
    }
    print_parts(ns);
    printf("\nan edge with a program leaves %.1f events, the recording has %" PRIu64 " messages\n",
           (double)outcomes[ROW_DISK][0].events / (double)edges,
           outcomes[ROW_COPY_DISK][0].messages);
}

/* --- memory --- */

/* Of a process image that does nothing else: what Linux counts of a child would have this one's peak in it. */
static int print_own_peak(uint64_t edges)
{
    char line[256];
    replay_once(FROM_FILE, edges, BENCH_COUNT, TO_DISK);
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0)
            printf("  %8" PRIu64 " edges: %6ld KiB\n", edges, strtol(line + 6, NULL, 10));
    }
    if (status != NULL)
        fclose(status);
    return 0;
}

/* Runs a program to its end; returns its wait status. */
static int run_program(char *const *arguments, bool silent)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (silent && freopen("/dev/null", "w", stdout) == NULL)
            _exit(1);
        execv(arguments[0], arguments);
        _exit(1);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) < 0)
        die("a process cannot be started");
    return status;
}

static void memory(char *self)
{
    char text[24], option[] = "--peak";
    printf(
        "\npeak memory against length (the board's 64 MiB of RAM are in it as far as touched)\n");
    for (uint64_t edges = 10000; edges <= 4000000; edges *= 20) {
        snprintf(text, sizeof text, "%" PRIu64, edges);
        trace_make(edges);
        if (run_program((char *[]){ self, option, text, NULL }, false) != 0)
            die("the measured process failed");
    }
}

/* --- start-up --- */

static int by_value(const void *a, const void *b)
{
    double difference = *(const double *)a - *(const double *)b;
    return difference < 0 ? -1 : difference > 0;
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void start_up(void)
{
    static char axiom[] = BENCH_AXIOM, run[] = "run", option[] = "--for", time[] = "1ms";
    double ms[9];
    for (size_t i = 0; i < ARRAY_SIZE(ms); i++) {
        double started = now_s();
        if (run_program((char *[]){ axiom, run, option, time, NULL }, true) != 0)
            die("axiom run --for 1ms failed");
        ms[i] = (now_s() - started) * 1e3;
    }
    qsort(ms, ARRAY_SIZE(ms), sizeof ms[0], by_value);
    printf("\nstart-up: axiom run --for 1ms, process start to exit: %.1f ms (%.1f to %.1f)\n",
           ms[4], ms[0], ms[8]);
}

static uint64_t number(const char *text)
{
    uint64_t value = strtoull(text, NULL, 10);
    if (value == 0)
        die("usage: replay_bench [EDGES] | --trace EDGES | --row ROW EDGES (one run, to be "
            "profiled, after --trace) | --peak EDGES");
    return value;
}

/* What tells more about one run than the table: to be called under a profiler. */
static int one_part(const char *what, const char *argument, const char *edges)
{
    uint64_t row = strtoull(argument, NULL, 10);
    if (strcmp(what, "--trace") == 0)
        trace_make(number(argument));
    else if (strcmp(what, "--peak") == 0)
        return print_own_peak(number(argument));
    else if (strcmp(what, "--row") == 0 && edges != NULL && row < ROWS)
        printf("%.0f ns an edge\n",
               measure((enum row)row, number(edges)).cpu_s * 1e9 / (double)number(edges));
    else
        return (int)number("");
    return 0;
}

int main(int argc, char **argv)
{
    if (argc >= 3)
        return one_part(argv[1], argv[2], argv[3]);
    uint64_t edges = argc > 1 ? number(argv[1]) : 1000000;
    trace_make(edges);
    throughput(edges);
    memory(argv[0]);
    start_up();
    unlink(TRACE_FILE);
    unlink(RECORD_FILE);
    unlink(COPY_FILE);
    return 0;
}
