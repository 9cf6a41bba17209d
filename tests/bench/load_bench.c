/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* How long does it take until a program may run, and how much memory on the way: our verifier and JIT against the
 * running Linux's BPF_PROG_LOAD (which verifies and compiles), on the same instructions.
 *
 * Four shapes: straight code, diamonds that depend on data (their values stay precise, for the sum indexes a map
 * value), nested counting loops, many map lookups. Linux's memory is what its memory cgroup counted at most above
 * what it had before, where this process may make one; many of the verifier's allocations are counted only by newer
 * kernels. */
#include "../bpf/host_env.h"
#include "../bpf/linux_bpf.h"
#include "bench_shapes.h"
#include <bpf/interp.h>
#include <bpf/jit.h>
#include <bpf/verifier.h>
#include <bpf_host/exec_memory.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REPETITIONS 7

/* The sum indexes a value of the map, so that all numbers on the way stay precise. */
static void precise_diamonds(struct shape_program *p, uint32_t size)
{
    shape_diamonds(p, size);
    PUT(p, LDDW_VALUE(4, 0, 0), ALU_X(BPF_ADD, 4, 0), LDX(BPF_B, 0, 4, 0), EXIT());
}

static void nested_loops(struct shape_program *p, uint32_t size)
{
    PUT(p, MOV_K(0, 0), MOV_K(2, 0), /* outer */ MOV_K(3, 0), /* inner */ ALU_X(BPF_ADD, 0, 3),
        ALU_K(BPF_ADD, 3, 1), JUMP_K(BPF_JLT, 3, 100, -3), ALU_K(BPF_ADD, 2, 1),
        JUMP_K(BPF_JLT, 2, (int32_t)size, -6), EXIT());
}

static const struct shape {
    const char *name;
    void (*make)(struct shape_program *p, uint32_t size);
    uint32_t size;
} shapes[] = {
    { "straight code, 1,000 insns", shape_straight, 1000 },
    { "straight code, 10,000 insns", shape_straight, 10000 },
    { "straight code, 100,000 insns", shape_straight, 100000 },
    { "diamonds, 10", precise_diamonds, 10 },
    { "diamonds, 30", precise_diamonds, 30 },
    { "diamonds, 300", precise_diamonds, 300 },
    { "nested loops, 100 x 100", nested_loops, 100 },
    { "nested loops, 1,000 x 100", nested_loops, 1000 },
    { "map lookups, 100", shape_lookups, 100 },
    { "map lookups, 1,000", shape_lookups, 1000 },
};

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* others may share the machine */
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Verify and compile; false, with the reason in `why`, when it is refused. */
static bool load_ours(const struct bpf_env *env, const struct shape_program *p, struct bpf_map *map,
                      double *us, double *compile_us, size_t *peak, char *why, size_t why_size)
{
    struct bpf_verify_request request = { .env = env,
                                          .name = "load",
                                          .insns = p->insns,
                                          .insn_count = p->count,
                                          .maps = &map,
                                          .map_count = 1,
                                          .context = bpf_context_by_section("timer/1hz"),
                                          .memory_limit = 64u << 20,
                                          .ignore_budget = true };
    struct bpf_verify_result result;
    struct bpf_jit *jit = NULL;
    struct bpf_error error = { .text = "" };
    double start = now_us();
    int err = bpf_verify(&request, &result);
    *peak = result.memory_peak;
    double verified = now_us();
    if (err == 0)
        err = bpf_jit_create(result.prog, NULL, NULL, &jit, &error);
    *us = now_us() - start;
    *compile_us = now_us() - verified;
    snprintf(why, why_size, "%.60s", result.prog == NULL ? result.text : error.text);
    if (jit != NULL)
        bpf_jit_destroy(jit);
    bpf_prog_destroy(result.prog);
    return err == 0;
}

static bool load_linux(const struct shape_program *p, int map, double *us)
{
    struct bpf_insn *insns = malloc(p->count * sizeof *insns);
    memcpy(insns, p->insns, p->count * sizeof *insns);
    for (uint32_t i = 0; i < p->count; i += bpf_insn_slots(&insns[i])) {
        if (insns[i].opcode != BPF_LDDW)
            continue;
        insns[i].src_reg =
            insns[i].src_reg == BPF_PSEUDO_MAP_IDX ? BPF_PSEUDO_MAP_FD : BPF_PSEUDO_MAP_VALUE;
        insns[i].imm = map;
    }
    double start = now_us();
    int fd = linux_bpf_load(insns, p->count, NULL, 0);
    *us = now_us() - start;
    if (fd >= 0)
        close(fd);
    free(insns);
    return fd >= 0;
}

static bool read_number(const char *path, long long *out)
{
    FILE *file = fopen(path, "r");
    bool got = file != NULL && fscanf(file, "%lld", out) == 1;
    if (file != NULL)
        fclose(file);
    return got;
}

static bool write_number(const char *path, long long value)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return false;
    fprintf(file, "%lld\n", value);
    return fclose(file) == 0;
}

/* KiB that a load took at most, in a memory cgroup (v1) of its own; -1: not to be had here. */
static long long linux_peak_kib(const struct shape_program *p, int map)
{
    static const char group[] = "/sys/fs/cgroup/memory/axiom-bench";
    char procs[96], usage[96], peak[96];
    snprintf(procs, sizeof procs, "%s/cgroup.procs", group);
    snprintf(usage, sizeof usage, "%s/memory.usage_in_bytes", group);
    snprintf(peak, sizeof peak, "%s/memory.max_usage_in_bytes", group);
    if (mkdir(group, 0700) != 0)
        return -1;
    int ends[2];
    long long kib = -1;
    if (pipe(ends) == 0) {
        pid_t child = fork();
        if (child == 0) {
            long long before = 0, most = 0, result = -1;
            double us;
            if (write_number(procs, getpid()) && load_linux(p, map, &us) && write_number(peak, 0) &&
                read_number(usage, &before)) {
                load_linux(p, map, &us);
                if (read_number(peak, &most))
                    result = (most - before) / 1024;
            }
            _exit(write(ends[1], &result, sizeof result) == sizeof result ? 0 : 1);
        }
        close(ends[1]);
        if (read(ends[0], &kib, sizeof kib) != sizeof kib)
            kib = -1;
        close(ends[0]);
        waitpid(child, NULL, 0);
    }
    rmdir(group);
    return kib;
}

static int by_value(const void *a, const void *b)
{
    double difference = *(const double *)a - *(const double *)b;
    return difference < 0 ? -1 : difference > 0;
}

static double median(double *values)
{
    qsort(values, REPETITIONS, sizeof *values, by_value);
    return values[REPETITIONS / 2];
}

static void measure(const struct shape *shape, const struct bpf_env *env, struct bpf_map *map,
                    int linux_map)
{
    struct shape_program p = { calloc(shape->size * 10 + 16, sizeof *p.insns), 0 };
    shape->make(&p, shape->size);
    double ours[REPETITIONS], compile[REPETITIONS], theirs[REPETITIONS];
    bool accepted = false, taken = false;
    size_t peak = 0;
    char why[64] = "";
    for (int i = 0; i < REPETITIONS; i++) {
        accepted = load_ours(env, &p, map, &ours[i], &compile[i], &peak, why, sizeof why);
        if (linux_map >= 0)
            taken = load_linux(&p, linux_map, &theirs[i]);
    }
    double us = median(ours);
    printf("%-30s %9u %10.0f %8.0f %9zu", shape->name, p.count, us,
           median(compile) * 1000 / p.count, peak / 1024);
    if (linux_map >= 0) {
        double linux_us = median(theirs);
        printf(" %10.0f %9lld %8.3f%s", linux_us, linux_peak_kib(&p, linux_map), us / linux_us,
               taken ? "" : "  refused by Linux");
    }
    printf("%s%s\n", accepted ? "" : "  refused by us: ", accepted ? "" : why);
    fflush(stdout);
    free(p.insns);
}

int main(int argc, char **argv)
{
    static uint8_t zeros[SHAPE_VALUE_SIZE];
    /* A kernel keeps its memory: it is not to be taken from the host anew for each load. */
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    struct host_env host;
    host_env_init(&host);
    host.env.exec = &bpf_host_exec;
    const char *why = NULL;
    int linux_map = linux_bpf_available(&why) ? linux_bpf_array(SHAPE_VALUE_SIZE, zeros) : -1;
    const struct bpf_map_spec spec = { .name = "values",
                                       .type = BPF_MAP_TYPE_ARRAY,
                                       .key_size = 4,
                                       .value_size = SHAPE_VALUE_SIZE,
                                       .max_entries = 1 };
    struct bpf_map *map;
    struct bpf_error error;
    if (bpf_map_create(&host.env, &spec, &map, &error) != 0)
        return 1;
    if (why != NULL)
        printf("Linux's columns are missing: %s\n", why);
    printf("verify and compile: medians of %d interleaved loads in us, of which the JIT in ns an "
           "instruction; peak memory in KiB (-1: cannot be told here)\n",
           REPETITIONS);
    printf("%-30s %9s %10s %8s %9s %10s %9s %8s\n", "", "insns", "ours us", "JIT ns", "KiB",
           "Linux us", "KiB", "ratio");
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        if (argc < 2 || strstr(shapes[i].name, argv[1]) != NULL)
            measure(&shapes[i], &host.env, map, linux_map);
    bpf_map_put(map);
    if (linux_map >= 0)
        close(linux_map);
    return 0;
}
