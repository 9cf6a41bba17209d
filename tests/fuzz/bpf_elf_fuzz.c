/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Object files from anywhere: opened, maps created, each program disassembled, decoded, and run in
 * the checked loop, and verified. */
#include <axiom/errno.h>
#include <bpf/disasm.h>
#include <bpf/elf.h>
#include <bpf/helper.h>
#include <bpf_unverified/unverified.h>

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file of a few bytes may ask for a map of a gigabyte: a small board says no, and so do we. */
#define MEMORY_MAX (32u << 20)

static size_t in_use;

static void *fuzz_alloc(void *user, size_t size_bytes)
{
    (void)user;
    if (size_bytes > MEMORY_MAX - in_use)
        return NULL;
    in_use += size_bytes;
    return calloc(1, size_bytes);
}

static void fuzz_free(void *user, void *at, size_t size_bytes)
{
    (void)user;
    in_use -= size_bytes;
    free(at);
}

static void forget_line(void *user, const char *line)
{
    *(uint32_t *)user += line[0] != '\0';
}

static int run(struct bpf_prog *prog, uint32_t context_size)
{
    static _Alignas(16) uint8_t stack[BPF_RUN_STACK_SIZE];
    uint64_t context[AXIOM_BPF_CONTEXT_SLOT_MAX] = { 1, 2, 3 };
    const struct bpf_region region = { context, context_size, true };
    struct bpf_run state = { .stack = stack, .stack_size = sizeof stack, .insn_limit = 10000 };
    bpf_prog_run_checked(prog, context, 0, &region, 1, &state);
    return state.error;
}

#define VERIFIED_MAX 16u

/* What the verifier accepts never touches memory that is not its own, also not by tail calls of what
 * the object's program arrays hold. */
static void run_verified(struct bpf_object *object)
{
    static struct bpf_verify_result result;
    struct bpf_prog *progs[VERIFIED_MAX] = { NULL };
    uint32_t count = bpf_object_program_count(object);
    if (count > VERIFIED_MAX)
        return;
    for (uint32_t i = 0; i < count; i++) {
        if (bpf_object_verify(object, i, &result) == 0)
            progs[i] = result.prog;
    }
    bpf_object_fill_programs(object, progs, NULL);
    for (uint32_t i = 0; i < count; i++) {
        int error =
            progs[i] == NULL ? 0 : run(progs[i], bpf_context_size(bpf_prog_context(progs[i])));
        if (error != 0 && error != -ETIME)
            abort();
    }
    for (uint32_t i = 0; i < bpf_object_map_count(object); i++)
        bpf_map_clear_objects(bpf_object_map(object, i));
    for (uint32_t i = 0; i < count; i++)
        bpf_prog_put(progs[i]);
}

/* The object's own types stand for those of the kernel: CO-RE has something to match. */
static struct bpf_btf *find_types(const struct bpf_env *env, const uint8_t *data, size_t size)
{
    struct bpf_btf *btf;
    for (size_t at = 64; at + 24 < size; at += 1) {
        if (data[at] == 0x9f && data[at + 1] == 0xeb && data[at + 4] == 24 &&
            bpf_btf_parse(env, data + at, size - at, &btf, NULL) == 0)
            return btf;
    }
    return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bpf_env env = { .alloc = fuzz_alloc,
                                 .free = fuzz_free,
                                 .helpers = bpf_helpers,
                                 .helper_count = bpf_helper_count };
    struct bpf_object *object;
    struct bpf_error error;
    uint32_t line_count = 0;
    struct bpf_btf *target = find_types(&env, data, size);
    const struct bpf_object_options options = { .kernel_btf = target,
                                                .kconfig = "CONFIG_A=y\nCONFIG_B=0x10\n"
                                                           "CONFIG_C=\"text\"\nCONFIG_D=-3" };
    int err = bpf_object_open_with(&env, data, size, &options, &object, &error);
    bpf_btf_put(target);
    if (err != 0)
        return in_use == 0 ? 0 : (abort(), 0);
    bool have_maps = bpf_object_create_maps(object, &error) == 0;
    for (uint32_t i = 0; i < bpf_object_program_count(object); i++) {
        const struct bpf_object_program *program = bpf_object_program(object, i);
        const struct bpf_disasm_names names = { .env = &env, .debug = &program->debug };
        struct bpf_verify_request request;
        struct bpf_prog *prog;
        bpf_disasm_program(program->insns, program->insn_count, &names, forget_line, &line_count);
        bpf_object_request(object, i, &request);
        if (have_maps && bpf_prog_create_unverified(&request, &prog, &error) == 0) {
            run(prog, sizeof(uint64_t) * AXIOM_BPF_CONTEXT_SLOT_MAX);
            bpf_prog_destroy(prog);
        }
    }
    if (have_maps)
        run_verified(object);
    bpf_object_close(object);
    if (in_use != 0)
        abort();
    return 0;
}
