/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The verifier's time and memory on programs of complexity.h. `./tools/bench verifier` runs it; with
 * the name of a row it is that row only, many times (for a profiler). Times are medians of CPU time. */
#include "complexity_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
    const char *name;
    enum complexity_kind kind;
    uint32_t size;
} rows[] = {
    { "straight 4096", COMPLEXITY_STRAIGHT, 4096 },
    { "ordinary 4096", COMPLEXITY_ORDINARY, 4096 },
    { "ordinary 30000", COMPLEXITY_ORDINARY, 30000 },
    { "100 map lookups", COMPLEXITY_LOOKUPS, 100 },
    { "1000 map lookups", COMPLEXITY_LOOKUPS, 1000 },
    { "800 early exits", COMPLEXITY_BRANCHES, 800 },
    { "800 ifs", COMPLEXITY_IFS, 800 },
    { "30 diamonds", COMPLEXITY_DIAMONDS, 30 },
    { "60 diamonds", COMPLEXITY_DIAMONDS, 60 },
    { "nest 1000 x 100", COMPLEXITY_NEST, 1000 },
    { "nest 100^3", COMPLEXITY_NEST_3, 100 },
    { "CRC of 4096 bytes", COMPLEXITY_CRC, 4096 },
    { "10000000 rounds", COMPLEXITY_ROUNDS, 10000000 },
    { "200 calls", COMPLEXITY_CALLS, 200 },
    { "ordinary 100000", COMPLEXITY_ORDINARY, 100000 },
    { "ordinary 1000000", COMPLEXITY_ORDINARY, 1000000 },
    { "straight 1000000", COMPLEXITY_STRAIGHT, 1000000 },
    /* Made to explode: with the limits that a load has. */
    { "spills 200", COMPLEXITY_SPILLS, 200 },
    { "kinds 64", COMPLEXITY_KINDS, 64 },
    { "copies 400", COMPLEXITY_COPIES, 400 },
    { "states 64", COMPLEXITY_STATES, 64 },
    { "tree 10", COMPLEXITY_TREE, 10 },
    { "deep 30", COMPLEXITY_DEEP, 30 },
    { "unbounded 100", COMPLEXITY_UNBOUNDED, 100 },
    { "counted 100000", COMPLEXITY_COUNTED, 100000 },
    { "ladder 200", COMPLEXITY_LADDER, 200 },
    { "wide 5000", COMPLEXITY_WIDE, 5000 },
    { "doubling 60", COMPLEXITY_DOUBLING, 60 },
    { "collatz 97", COMPLEXITY_COLLATZ, 97 },
};

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

#define REPEAT_MAX 2001

static void run(uint32_t row, uint32_t repeat)
{
    static struct bpf_verify_result result;
    static double times[REPEAT_MAX];
    uint32_t insn_count = 0;
    int err = 0;
    for (uint32_t i = 0; i < repeat; i++) {
        double from = now_ns();
        err = complexity_verify(rows[row].kind, rows[row].size, 1, 0, &result, &insn_count);
        times[i] = now_ns() - from;
    }
    qsort(times, repeat, sizeof *times, by_value);
    double ns = times[repeat / 2];
    printf("%-18s %8u %9" PRIu64 " %10.3f %8.0f %9.1f %12" PRIu64 " %s\n", rows[row].name,
           insn_count, result.bounds.insns_walked, ns / 1e6,
           ns / (double)(result.bounds.insns_walked + 1), (double)result.memory_peak / 1024,
           result.bounds.worst_case_insns, err == 0 ? "" : result.text);
}

int main(int argc, char **argv)
{
    complexity_begin();
    printf("%-18s %8s %9s %10s %8s %9s %12s\n", "program", "insns", "walked", "ms", "ns/insn",
           "peak KiB", "worst case");
    for (uint32_t row = 0; row < sizeof rows / sizeof *rows; row++) {
        if (argc > 1 && strcmp(argv[1], rows[row].name) != 0)
            continue;
        run(row, argc > 2 ? (uint32_t)atoi(argv[2]) % REPEAT_MAX
                 : rows[row].size > 30000 || rows[row].kind >= COMPLEXITY_HARD ? 1
                                                                               : 7);
    }
    complexity_end();
    return 0;
}
