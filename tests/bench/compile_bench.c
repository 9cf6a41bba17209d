/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* For work on the JIT's own time: ns an instruction of the verifier, of the lowering and of all of bpf_jit_create(), the
 * least of many turns, for programs of several shapes and for each workload's object.
 *
 *     compile_bench [WORD]          only programs whose name has it
 *     compile_bench --codes         no times, but a hash of the code made for each CPU
 *
 * Hashes are of code in which every C function has the same address, from maps at a fixed one, so that two builds that
 * should make the same code can be compared. */
#include "../bpf/host_env.h"
#include "bench_shapes.h"
#include "bpf_workloads.h"
#include "encode.h"
#include "ir.h"
#include <bpf/elf.h>
#include <bpf/jit.h>
#include <bpf/verifier.h>
#include <bpf_host/exec_memory.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define TURN_NS 60e6 /* spent on each program, at least */

extern const struct bpf_jit_target bpf_jit_x86_64, bpf_jit_aarch64, bpf_jit_riscv64;

static struct host_env host;
static uint8_t *arena; /* what the environment gives out when codes are compared */
static size_t arena_used;

static void *arena_alloc(void *user, size_t size_bytes)
{
    (void)user;
    void *at = arena + arena_used;
    arena_used += (size_bytes + 63) & ~(size_t)63;
    memset(at, 0, size_bytes);
    return at;
}

static void arena_free(void *user, void *at, size_t size_bytes)
{
    (void)user, (void)at, (void)size_bytes;
}

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* --- Shapes --- */

static void diamonds(struct shape_program *p, uint32_t size)
{
    shape_diamonds(p, size / 5);
    PUT(p, EXIT());
}

/* Values of the map read, changed, written, spilled to the stack and back. */
static void memory(struct shape_program *p, uint32_t size)
{
    PUT(p, LDDW_VALUE(6, 0, 0), MOV_K(0, 0));
    for (uint32_t i = 0; i < size / 7; i++) {
        int16_t at = (int16_t)(i * 8 % SHAPE_VALUE_SIZE), slot = (int16_t)(-8 - (int)(i * 8 % 128));
        PUT(p, LDX(BPF_DW, 1, 6, at), ALU_X(BPF_ADD, 1, 0), STX(BPF_DW, 10, slot, 1),
            LDX(BPF_W, 2, 6, at), LDX(BPF_DW, 0, 10, slot), ALU_X(BPF_ADD, 0, 2),
            STX(BPF_DW, 6, at, 0));
    }
    PUT(p, MOV_K(0, 0), EXIT());
}

static void lookups(struct shape_program *p, uint32_t size)
{
    shape_lookups(p, size / 10);
}

static const struct shape {
    const char *name;
    void (*make)(struct shape_program *p, uint32_t size);
    uint32_t size;
} shapes[] = {
    { "straight, 20", shape_straight, 20 },
    { "straight, 60", shape_straight, 60 },
    { "straight, 4,096", shape_straight, 4096 },
    { "straight, 100,000", shape_straight, 100000 },
    { "diamonds, 40", diamonds, 40 },
    { "diamonds, 400", diamonds, 400 },
    { "memory, 40", memory, 40 },
    { "memory, 4,096", memory, 4096 },
    { "lookups, 30", lookups, 30 },
    { "lookups, 4,000", lookups, 4000 },
};

/* --- Measuring --- */

static uint64_t hash(const uint8_t *bytes, size_t size)
{
    uint64_t sum = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ bytes[i]) * UINT64_C(1099511628211);
    return sum;
}

static void print_codes(const char *name, const struct bpf_prog *prog)
{
    static const struct bpf_jit_target *const targets[] = { &bpf_jit_x86_64, &bpf_jit_aarch64,
                                                            &bpf_jit_riscv64 };
    static const struct bpf_jit_options options[] = { { .count_insns = false },
                                                      { .count_insns = true },
                                                      { .blinding_seed = 99 } };
    static uint8_t code[32 << 20];
    printf("%-20s", name);
    for (uint32_t t = 0; t < 3; t++) {
        for (uint32_t o = 0; o < 3; o++) {
            struct ir_form *form;
            size_t size = 0;
            if (bpf_jit_lower(prog, targets[t], &options[o], &form, NULL) != 0) {
                printf(" not lowered");
                continue;
            }
            for (uint32_t f = 0; f < form->function_count; f++)
                for (uint32_t c = 0; c < form->functions[f].call_count; c++)
                    form->functions[f].calls[c].address = UINT64_C(0x123456789abc);
            if (bpf_jit_encode(form, code, sizeof code, &size) != 0)
                size = 0;
            printf(" %zu:%08x", size, (uint32_t)hash(code, size));
            bpf_jit_form_destroy(form);
        }
    }
    printf("\n");
}

static void print_times(const char *name, uint32_t insns, const struct bpf_verify_request *request)
{
    double least[3] = { 1e30, 1e30, 1e30 }, begin = now_ns();
    do {
        struct bpf_verify_result result;
        struct bpf_jit *jit = NULL;
        struct ir_form *form = NULL;
        double start = now_ns();
        if (bpf_verify(request, &result) != 0) {
            printf("%-20s refused: %s\n", name, result.text);
            return;
        }
        double verified = now_ns();
        bpf_jit_lower(result.prog, bpf_jit_host_target(), NULL, &form, NULL);
        double lowered = now_ns();
        bpf_jit_form_destroy(form);
        double before = now_ns();
        int err = bpf_jit_create(result.prog, NULL, NULL, &jit, NULL);
        double compiled = now_ns();
        const double turn[3] = { verified - start, lowered - verified, compiled - before };
        for (uint32_t i = 0; i < 3; i++)
            least[i] = turn[i] < least[i] ? turn[i] : least[i];
        if (err == 0)
            bpf_jit_destroy(jit);
        bpf_prog_destroy(result.prog);
    } while (now_ns() - begin < TURN_NS);
    printf("%-20s %7u %9.0f %9.0f %9.0f %12.1f\n", name, insns, least[0] / insns, least[1] / insns,
           least[2] / insns, (least[0] + least[2]) / 1000);
    fflush(stdout);
}

static bool codes;

static void measure(const char *name, uint32_t insns, struct bpf_verify_request *request)
{
    request->ignore_budget = true;
    request->memory_limit = 64u << 20;
    request->insn_limit = UINT64_C(10000000);
    if (!codes) {
        print_times(name, insns, request);
        return;
    }
    struct bpf_verify_result result;
    if (bpf_verify(request, &result) == 0)
        print_codes(name, result.prog);
    bpf_prog_destroy(result.prog);
}

static void measure_shape(const struct shape *shape)
{
    arena_used = 0;
    struct shape_program p = { calloc(shape->size * 2 + 64, sizeof *p.insns), 0 };
    const struct bpf_map_spec spec =
        MAP_SPEC("values", BPF_MAP_TYPE_ARRAY, 4, SHAPE_VALUE_SIZE, 1, 0);
    struct bpf_map *map;
    struct bpf_error error;
    if (bpf_map_create(&host.env, &spec, &map, &error) != 0)
        return;
    shape->make(&p, shape->size);
    struct bpf_verify_request request = { .env = &host.env,
                                          .name = "load",
                                          .insns = p.insns,
                                          .insn_count = p.count,
                                          .maps = &map,
                                          .map_count = 1,
                                          .context = bpf_context_by_section("timer/1hz") };
    measure(shape->name, p.count, &request);
    bpf_map_put(map);
    free(p.insns);
}

static void measure_object(const char *name, const char *path)
{
    static uint8_t bytes[1 << 20];
    arena_used = 0;
    FILE *file = fopen(path, "rb");
    struct bpf_object *object;
    struct bpf_error error;
    size_t size = file == NULL ? 0 : fread(bytes, 1, sizeof bytes, file);
    if (file != NULL)
        fclose(file);
    if (bpf_object_open(&host.env, bytes, size, &object, &error) != 0)
        return;
    struct bpf_verify_request request;
    if (bpf_object_create_maps(object, &error) == 0) {
        bpf_object_request(object, 0, &request);
        measure(name, request.insn_count, &request);
    }
    bpf_object_close(object);
}

int main(int argc, char **argv)
{
    static const char *const names[] = {
#define NAME(name) #name,
        BENCH_WORKLOADS(NAME)
    };
    codes = argc > 1 && strcmp(argv[1], "--codes") == 0;
    const char *word = argc > 1 && !codes ? argv[1] : "";
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    host_env_init(&host);
    host.env.exec = &bpf_host_exec;
    if (codes) {
        arena = mmap((void *)(uintptr_t)0x10000000000, (size_t)16 << 30, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
        host.env.alloc = arena_alloc;
        host.env.free = arena_free;
    } else {
        printf("%-20s %7s %9s %9s %9s %12s\n", "least ns an insn", "insns", "verifier", "lowering",
               "compiling", "all, us");
    }
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        if (strstr(shapes[i].name, word) != NULL)
            measure_shape(&shapes[i]);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s.o", BENCH_OBJECTS, names[i]);
        if (strstr(names[i], word) != NULL)
            measure_object(names[i], path);
    }
    return 0;
}
