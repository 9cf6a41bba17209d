/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* For work on the JIT: native code and compiled program of each workload in many short turns, of which the least of each
 * counts, so that a loaded machine hardly shows.
 *
 *     jit_bench [--count] [--dump FOLDER] [WORKLOAD...]
 *
 * --count compiles as the kernel does, which counts instructions. --dump writes each program's machine code (objdump -D
 * -b binary -m i386:x86-64) and its form. */
#include "bpf_engines.h"
#include "bpf_workloads.h"
#include "ir.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TURNS   600
#define TURN_NS 150000.0

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

static bool counts;

static void write_file(const char *folder, const char *name, const char *ending, const void *bytes,
                       size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s%s", folder, name, ending);
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return;
    fwrite(bytes, 1, size, file);
    fclose(file);
}

static void dump(const char *folder, const char *name, const struct bench_engines *engines)
{
    size_t size;
    const void *code = bpf_jit_code(engines->jit, &size);
    struct ir_form *form;
    static char text[1 << 20];
    write_file(folder, name, ".bin", code, size);
    const struct bpf_jit_options options = { .count_insns = counts };
    if (bpf_jit_lower(engines->prog, bpf_jit_host_target(), &options, &form, NULL) != 0)
        return;
    size_t length = 0;
    for (uint32_t i = 0; i < form->function_count; i++)
        length += bpf_jit_print(form, i, text + length, sizeof text - length);
    write_file(folder, name, ".form", text, length);
    bpf_jit_form_destroy(form);
}

/* The ratio; 0: none. */
static double measure(const struct workload *workload, const char *dump_folder)
{
    struct workload_memory input;
    struct bench_engines engines;
    bench_fill(&input);
    *workload->memory = input;
    if (!bench_engines_open(&engines, workload->object, workload->native, &input, sizeof input) ||
        !engines.there[BENCH_JIT])
        return 0;
    const struct bpf_jit_options options = { .count_insns = counts };
    bpf_jit_destroy(engines.jit);
    if (bpf_jit_create(engines.prog, NULL, &options, &engines.jit, NULL) != 0)
        return 0;
    if (dump_folder != NULL)
        dump(dump_folder, workload->name, &engines);
    double least[2] = { 1e30, 1e30 };
    uint32_t results[2] = { 0, 1 };
    for (int turn = 0; turn < TURNS; turn++) {
        for (uint32_t e = 0; e < 2; e++) {
            uint32_t rounds = least[e] > TURN_NS ? 1 : (uint32_t)(TURN_NS / least[e]) + 1;
            double ns = bench_engine_run(&engines, e, rounds, &results[e]);
            least[e] = ns < least[e] ? ns : least[e];
            if (results[0] != results[1] && e == 1)
                printf("%s: wrong result 0x%x, native 0x%x\n", workload->name, results[1],
                       results[0]);
        }
    }
    size_t size;
    bpf_jit_code(engines.jit, &size);
    printf("%-11s %9.0f %9.0f %6.2f %6zu\n", workload->name, least[0], least[1],
           least[1] / least[0], size);
    fflush(stdout);
    bench_engines_close(&engines);
    return least[1] / least[0];
}

int main(int argc, char **argv)
{
    const char *folder = NULL;
    if (argc > 1 && strcmp(argv[1], "--count") == 0) {
        counts = true;
        argv++;
        argc--;
    }
    if (argc > 2 && strcmp(argv[1], "--dump") == 0) {
        folder = argv[2];
        argv += 2;
        argc -= 2;
    }
    double log_sum = 0;
    int count = 0;
    printf("%-11s %9s %9s %6s %6s\n", "least ns", "native", "JIT", "ratio", "bytes");
    for (size_t i = 0; i < sizeof workloads / sizeof workloads[0]; i++) {
        bool wanted = argc <= 1;
        for (int k = 1; k < argc; k++)
            wanted |= strcmp(argv[k], workloads[i].name) == 0;
        double ratio = wanted ? measure(&workloads[i], folder) : 0;
        log_sum += ratio > 0 ? log(ratio) : 0;
        count += ratio > 0;
    }
    printf("%d, geometric mean %.3f\n", count, exp(log_sum / (count == 0 ? 1 : count)));
    return 0;
}
