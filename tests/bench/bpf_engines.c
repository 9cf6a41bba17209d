/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "bpf_engines.h"
#include "../bpf/linux_bpf.h"
#include <bpf_host/exec_memory.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static _Alignas(64) uint8_t stack[BPF_RUN_STACK_SIZE];

const char *bench_engine_name(uint32_t engine)
{
    static const char *const names[] = { "native", "our JIT", "Linux's JIT", "our interpreter" };
    return names[engine];
}

const char *bench_linux_missing(void)
{
    const char *why = NULL;
    return linux_bpf_available(&why) ? NULL : why;
}

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    void *bytes = malloc(*size);
    if (fread(bytes, 1, *size, file) != *size)
        *size = 0;
    fclose(file);
    return bytes;
}

static bool verify(struct bench_engines *engines, const char *name)
{
    struct bpf_verify_request request;
    struct bpf_verify_result result;
    bpf_object_request(engines->object, 0, &request);
    request.ignore_budget = true;
    request.memory_limit = 64u << 20;
    request.insn_limit = UINT64_C(10000000);
    double start = now_ns();
    if (bpf_verify(&request, &result) != 0) {
        printf("%s: refused: %s\n", name, result.text);
        return false;
    }
    engines->verify_us = (now_ns() - start) / 1000;
    engines->memory_peak = result.memory_peak;
    engines->prog = result.prog;
    return true;
}

/* The same instructions, maps as the running kernel's. */
static void open_linux(struct bench_engines *engines, const void *data, size_t data_size)
{
    const struct bpf_object_program *program = bpf_object_program(engines->object, 0);
    engines->linux_map = linux_bpf_array((uint32_t)data_size, data);
    if (engines->linux_map < 0)
        return;
    struct bpf_insn *insns = malloc(program->insn_count * sizeof *insns);
    memcpy(insns, program->insns, program->insn_count * sizeof *insns);
    for (uint32_t i = 0; i < program->insn_count; i += bpf_insn_slots(&insns[i])) {
        if (insns[i].opcode != BPF_LDDW || insns[i].src_reg != BPF_PSEUDO_MAP_IDX_VALUE)
            continue;
        insns[i].src_reg = BPF_PSEUDO_MAP_VALUE;
        insns[i].imm = engines->linux_map;
    }
    engines->linux_prog = linux_bpf_load(insns, program->insn_count, NULL, 0);
    engines->there[BENCH_LINUX] = engines->linux_prog >= 0;
    free(insns);
}

bool bench_engines_open(struct bench_engines *engines, const char *object,
                        int (*native)(void *context), const void *data, size_t data_size)
{
    struct bpf_error error = { .text = "" };
    size_t size = 0;
    *engines = (struct bench_engines){ .native = native, .linux_prog = -1, .linux_map = -1 };
    host_env_init(&engines->host);
    engines->host.env.exec = &bpf_host_exec;
    void *bytes = read_file(object, &size);
    int err = bytes == NULL
                  ? -2
                  : bpf_object_open(&engines->host.env, bytes, size, &engines->object, &error);
    free(bytes);
    if (err == 0)
        err = bpf_object_create_maps(engines->object, &error);
    if (err != 0 || bpf_object_program_count(engines->object) != 1) {
        printf("%s: %s\n", object, error.text);
        return false;
    }
    const uint32_t key = 0;
    struct bpf_map *map = bpf_object_map(engines->object, 0);
    if (map == NULL || map->value_size != data_size || bpf_map_update(map, &key, data, 0) != 0) {
        printf("%s: its global data is not what the bench fills\n", object);
        return false;
    }
    if (!verify(engines, object))
        return false;
    engines->there[BENCH_NATIVE] = engines->there[BENCH_INTERPRETER] = true;
    engines->there[BENCH_JIT] =
        bpf_jit_create(engines->prog, NULL, NULL, &engines->jit, &error) == 0;
    if (!engines->there[BENCH_JIT])
        printf("%s: not compiled: %s\n", object, error.text);
    open_linux(engines, data, data_size);
    return true;
}

void bench_engines_close(struct bench_engines *engines)
{
    if (engines->jit != NULL)
        bpf_jit_destroy(engines->jit);
    bpf_prog_destroy(engines->prog);
    bpf_object_close(engines->object);
    if (engines->linux_prog >= 0)
        close(engines->linux_prog);
    if (engines->linux_map >= 0)
        close(engines->linux_map);
}

double bench_engine_run(struct bench_engines *engines, uint32_t engine, uint32_t rounds,
                        uint32_t *result)
{
    struct bpf_run run = { .stack = stack, .stack_size = sizeof stack };
    uint64_t context[AXIOM_BPF_CONTEXT_SLOT_MAX] = { 0 };
    uint32_t duration_ns = 0;
    double start = now_ns();
    switch ((enum bench_engine)engine) {
    case BENCH_NATIVE:
        for (uint32_t i = 0; i < rounds; i++)
            *result = (uint32_t)engines->native(context);
        break;
    case BENCH_JIT:
        for (uint32_t i = 0; i < rounds; i++)
            *result = (uint32_t)bpf_jit_run(engines->jit, context, &run);
        break;
    case BENCH_INTERPRETER:
        for (uint32_t i = 0; i < rounds; i++)
            *result = (uint32_t)bpf_prog_run(engines->prog, context, &run);
        break;
    default:
        if (linux_bpf_run(engines->linux_prog, rounds, result, &duration_ns) != 0)
            *result = ~0u;
        return duration_ns;
    }
    return (now_ns() - start) / rounds;
}
