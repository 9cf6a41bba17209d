/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The generated functions by our engines: the same lines as c_programs_native.c prints, after
 * interpreter and compiled code (plain, and blinded with counting) agreed.
 *
 *     c_programs_run OBJECT */
#include "c_inputs.h"
#include "host_env.h"

#include <bpf/elf.h>
#include <bpf/interp.h>
#include <bpf/jit.h>
#include <bpf_host/exec_memory.h>
#include <bpf_unverified/unverified.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUND_COUNT 6

static struct host_env host;
static _Alignas(16) uint8_t stack[BPF_RUN_STACK_SIZE];
static uint32_t accepted;

static void *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    void *bytes = malloc(*size);
    bool fine = bytes != NULL && fread(bytes, 1, *size, file) == *size;
    fclose(file);
    return fine ? bytes : NULL;
}

/* `inputs` is the only global: .bss. */
static void set_inputs(struct bpf_object *object, uint32_t round)
{
    for (uint32_t m = 0; m < bpf_object_map_count(object); m++) {
        struct bpf_map *map = bpf_object_map(object, m);
        if (strstr(bpf_object_map_spec(object, m)->name, ".bss") == NULL)
            continue;
        uint64_t *at = map->ops->direct_value(map, 0);
        for (uint32_t i = 0; i < 8; i++)
            at[i] = c_input(round, i);
    }
}

/* Verified if the verifier can, so that what it finds is used; its refusals are others' tests. */
static struct bpf_prog *program_of(struct bpf_object *object, uint32_t index)
{
    struct bpf_verify_request request;
    struct bpf_verify_result result;
    struct bpf_error error;
    struct bpf_prog *prog;
    bpf_object_request(object, index, &request);
    request.ignore_budget = true;
    request.insn_limit = 10000;
    if (bpf_verify(&request, &result) == 0) {
        accepted++;
        return result.prog;
    }
    if (bpf_prog_create_unverified(&request, &prog, &error) == 0)
        return prog;
    fprintf(stderr, "%s\n", error.text);
    return NULL;
}

static bool run_program(struct bpf_object *object, uint32_t index)
{
    static const struct bpf_jit_options options[] = { { false, 0 }, { true, 0xb11d } };
    const char *name = bpf_object_program(object, index)->name;
    struct bpf_prog *prog = program_of(object, index);
    struct bpf_jit *jits[2] = { NULL, NULL };
    struct bpf_error error;
    bool fine = prog != NULL;
    for (uint32_t v = 0; v < 2 && fine; v++) {
        fine = bpf_jit_create(prog, NULL, &options[v], &jits[v], &error) == 0;
        if (!fine)
            fprintf(stderr, "%s: %s\n", name, error.text);
    }
    for (uint32_t round = 0; round < ROUND_COUNT && fine; round++) {
        uint64_t context[12] = { 0 };
        struct bpf_run run = { .stack = stack, .stack_size = sizeof stack };
        set_inputs(object, round);
        uint64_t r0 = bpf_prog_run(prog, context, &run), insn_count = run.insn_count;
        fine = run.error == 0;
        for (uint32_t v = 0; v < 2 && fine; v++) {
            set_inputs(object, round);
            uint64_t compiled = bpf_jit_run(jits[v], context, &run);
            fine = compiled == r0 && run.error == 0 && (v == 0 || run.insn_count == insn_count);
            if (!fine)
                fprintf(stderr,
                        "%s round %u: interpreted %" PRIx64 " in %" PRIu64 ", compiled %" PRIx64
                        " in %" PRIu64 ", error %d\n",
                        name, round, r0, insn_count, compiled, run.insn_count, run.error);
        }
        printf("%s %u %" PRIx64 "\n", name, round, r0);
    }
    for (uint32_t v = 0; v < 2; v++) {
        if (jits[v] != NULL)
            bpf_jit_destroy(jits[v]);
    }
    if (prog != NULL)
        bpf_prog_destroy(prog);
    return fine;
}

int main(int argc, char **argv)
{
    struct bpf_object *object;
    struct bpf_error error;
    size_t size;
    void *bytes = argc == 2 ? read_file(argv[1], &size) : NULL;
    if (bytes == NULL) {
        fprintf(stderr, "usage: c_programs_run OBJECT\n");
        return 2;
    }
    host_env_init(&host);
    host.env.exec = &bpf_host_exec;
    if (bpf_object_open(&host.env, bytes, size, &object, &error) != 0 ||
        bpf_object_create_maps(object, &error) != 0) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    free(bytes);
    bool fine = true;
    uint32_t count = bpf_object_program_count(object);
    for (uint32_t i = 0; i < count; i++)
        fine &= run_program(object, i);
    bpf_object_close(object);
    fprintf(stderr, "%u programs, %u of them verified\n", count, accepted);
    return fine && count > 0 ? 0 : 1;
}
