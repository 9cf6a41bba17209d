/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* How fast do programs run: the interpreter and the JIT against native code of the same source and compiler, and against
 * the running Linux's JIT where bpf(2) may be called.
 *
 * Engines take turns within each repetition, so that whatever else the machine does hits all of them; a row shows
 * medians and their ratio to native. Every engine's result of every run must be the native one's. */
#include "bpf_engines.h"
#include "bpf_workloads.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPETITIONS  15
#define TURN_NS      2000000u /* an engine's turn takes about this long */
#define ENGINE_COUNT BENCH_ENGINES

#define DECLARE(name)                            \
    extern struct workload_memory memory_##name; \
    int run_##name(void *context);
BENCH_WORKLOADS(DECLARE)

static const struct workload {
    const char *name;
    const char *object;
    int (*native)(void *context);
    struct workload_memory *memory;
} workloads[] = {
#define ROW(name) { #name, BENCH_OBJECTS "/" #name ".o", run_##name, &memory_##name },
    BENCH_WORKLOADS(ROW)
};

static int by_value(const void *a, const void *b)
{
    double difference = *(const double *)a - *(const double *)b;
    return difference < 0 ? -1 : difference > 0;
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, by_value);
    return values[count / 2];
}

struct totals {
    double log_sum[ENGINE_COUNT];
    int count[ENGINE_COUNT];
    bool wrong;
};

static void print_cell(double ns, double native_ns, bool there)
{
    if (there)
        printf(" %9.0f %6.2f", ns, ns / native_ns);
    else
        printf(" %9s %6s", "-", "-");
}

static void measure(const struct workload *workload, struct totals *totals)
{
    struct workload_memory input;
    struct bench_engines engines;
    bench_fill(&input);
    *workload->memory = input;
    if (!bench_engines_open(&engines, workload->object, workload->native, &input, sizeof input))
        return;
    double samples[ENGINE_COUNT][REPETITIONS];
    uint32_t rounds[ENGINE_COUNT];
    uint32_t expected = (uint32_t)workload->native(NULL);
    for (uint32_t e = 0; e < ENGINE_COUNT; e++) {
        if (!engines.there[e])
            continue;
        uint32_t result;
        double once = bench_engine_run(&engines, e, 20, &result);
        rounds[e] = once <= 0 || once > TURN_NS ? 1 : (uint32_t)(TURN_NS / once) + 1;
    }
    for (int repetition = 0; repetition < REPETITIONS; repetition++) {
        for (uint32_t e = 0; e < ENGINE_COUNT; e++) {
            uint32_t result = expected;
            if (!engines.there[e])
                continue;
            samples[e][repetition] = bench_engine_run(&engines, e, rounds[e], &result);
            if (result != expected) {
                printf("%s: %s gives 0x%x, native code 0x%x\n", workload->name,
                       bench_engine_name(e), result, expected);
                totals->wrong = true;
            }
        }
    }
    double native_ns = median(samples[BENCH_NATIVE], REPETITIONS);
    printf("%-11s %9.0f", workload->name, native_ns);
    for (uint32_t e = BENCH_NATIVE + 1; e < ENGINE_COUNT; e++) {
        double ns = engines.there[e] ? median(samples[e], REPETITIONS) : 0;
        print_cell(ns, native_ns, engines.there[e]);
        if (engines.there[e]) {
            totals->log_sum[e] += log(ns / native_ns);
            totals->count[e]++;
        }
    }
    printf("   %6.1f %5zu\n", engines.verify_us, engines.memory_peak / 1024);
    bench_engines_close(&engines);
}

int main(int argc, char **argv)
{
    struct totals totals = { 0 };
    const char *why = bench_linux_missing();
    if (why != NULL)
        printf("Linux's column is empty: %s\n", why);
    printf("ns for one run and ratio to native clang -O2; medians of %d interleaved turns; "
           "verifier: us and KiB\n",
           REPETITIONS);
    printf("%-11s %9s", "", "native");
    for (uint32_t e = BENCH_NATIVE + 1; e < ENGINE_COUNT; e++)
        printf(" %16s", bench_engine_name(e));
    printf("   %12s\n", "verifier");
    for (size_t i = 0; i < sizeof workloads / sizeof workloads[0]; i++) {
        if (argc > 1 && strcmp(argv[1], workloads[i].name) != 0)
            continue;
        measure(&workloads[i], &totals); /* a refusal is told, and is no result */
        fflush(stdout);
    }
    printf("%-11s %9s", "geometric", "1.00");
    for (uint32_t e = BENCH_NATIVE + 1; e < ENGINE_COUNT; e++) {
        if (totals.count[e] > 0)
            printf(" %9d %6.2f", totals.count[e], exp(totals.log_sum[e] / totals.count[e]));
        else
            printf(" %9s %6s", "-", "-");
    }
    printf("   (count, mean)\n");
    return totals.wrong ? 1 : 0;
}
