/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The cases of bpf_conformance through the interpreter, plain and checked, compiled, and through the plugin's
 * own protocol. */
#include "host_env.h"
#include <bpf/jit.h>
#include <bpf_unverified/conformance.h>
#include <bpf_unverified/unverified.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/check_main.h>
#include <tests/shared.h>

#define LINE_MAX 65536

struct one_case {
    char name[128];
    uint64_t expected;
    uint8_t memory[4096];
    size_t memory_size;
    char memory_hex[8192 + 1];
    char program_hex[LINE_MAX];
    uint8_t program[LINE_MAX / 2];
    size_t program_size;
};

static size_t bytes_of(const char *hex, uint8_t *to)
{
    size_t count = strlen(hex) / 2;
    for (size_t i = 0; i < count; i++) {
        unsigned byte;
        ck_assert_int_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
        to[i] = (uint8_t)byte;
    }
    return count;
}

/* name expected-r0 memory program; - for no memory */
static bool parse(const char *line, struct one_case *out)
{
    char expected[64];
    if (line[0] == '#' || sscanf(line, "%127s %63s %8192s %65535s", out->name, expected,
                                 out->memory_hex, out->program_hex) != 4)
        return false;
    out->expected = strtoull(expected, NULL, 0);
    out->memory_size = out->memory_hex[0] == '-' ? 0 : bytes_of(out->memory_hex, out->memory);
    out->program_size = bytes_of(out->program_hex, out->program);
    return true;
}

enum engine { INTERPRETER, CHECKED, COMPILED };

static uint64_t run_compiled(const struct bpf_prog *prog, void *memory, uint64_t memory_size,
                             struct bpf_run *run)
{
    const struct bpf_jit_options options = { .count_insns = true };
    struct bpf_jit *jit;
    struct bpf_error error;
    ck_assert_msg(bpf_jit_create(prog, NULL, &options, &jit, &error) == 0, "%s", error.text);
    uint64_t r0 = bpf_jit_run_unverified(jit, memory, memory_size, run);
    bpf_jit_destroy(jit);
    return r0;
}

static uint64_t run_one(const struct one_case *one, enum engine engine, struct bpf_run *run)
{
    struct host_env host;
    host_env_init(&host);
    host.env.helpers = bpf_conformance_helpers;
    host.env.helper_count = bpf_conformance_helper_count;
    struct bpf_insn *insns = malloc(one->program_size);
    memcpy(insns, one->program, one->program_size);
    const struct bpf_verify_request request = { .env = &host.env,
                                                .name = one->name,
                                                .insns = insns,
                                                .insn_count = (uint32_t)(one->program_size / 8) };
    struct bpf_prog *prog;
    struct bpf_error error;
    run->error = bpf_prog_create_unverified(&request, &prog, &error);
    if (run->error != 0) {
        printf("%s: %s\n", one->name, error.text);
        free(insns);
        return 0;
    }
    /* A copy on the heap: the sanitizer sees what the checked loop would. */
    void *memory = one->memory_size == 0 ? NULL : malloc(one->memory_size);
    if (memory != NULL)
        memcpy(memory, one->memory, one->memory_size);
    const struct bpf_region region = { memory, one->memory_size, true };
    uint64_t r0;
    if (engine == CHECKED)
        r0 = bpf_prog_run_checked(prog, memory, one->memory_size, &region, 1, run);
    else if (engine == COMPILED)
        r0 = run_compiled(prog, memory, one->memory_size, run);
    else
        r0 = bpf_prog_run_unverified(prog, memory, one->memory_size, run);
    free(memory);
    free(insns);
    bpf_prog_destroy(prog);
    ck_assert_int_eq(host.live_bytes, 0);
    return r0;
}

/* One process, the program on stdin, R0 on stdout. */
static bool plugin_agrees(const struct one_case *one, const char *engine)
{
    char command[20000], answer[64] = "";
    snprintf(command, sizeof command,
             "printf '%%s\\n' '%.9000s' | '%s/tools/axiom-bpf-plugin/axiom-bpf-plugin' %s %s",
             one->program_hex, AXIOM_BINARY_DIR, engine,
             one->memory_size == 0 ? "" : one->memory_hex);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    bool got = fgets(answer, sizeof answer, pipe) != NULL;
    return pclose(pipe) == 0 && got && strtoull(answer, NULL, 16) == one->expected;
}

START_TEST(every_engine_passes_every_case)
{
    char path[512];
    if (!shared_path("conformance/cases.txt", path, sizeof path))
        return;
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    static struct one_case one;
    static char line[LINE_MAX + 16384];
    static _Alignas(16) uint8_t stack[BPF_RUN_STACK_SIZE];
    int count = 0, passed = 0, checked = 0, compiled = 0, plugin = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (!parse(line, &one))
            continue;
        count++;
        struct bpf_run run = { .stack = stack, .stack_size = sizeof stack, .insn_limit = 1000000 };
        uint64_t r0 = run_one(&one, INTERPRETER, &run);
        bool same = run.error == 0 && r0 == one.expected;
        passed += same;
        uint64_t insn_count = run.insn_count;
        uint64_t again = run_one(&one, CHECKED, &run);
        checked += run.error == 0 && again == one.expected && run.insn_count == insn_count;
        again = run_one(&one, COMPILED, &run);
        compiled += run.error == 0 && again == one.expected && run.insn_count == insn_count;
        plugin += plugin_agrees(&one, "--interpret") && plugin_agrees(&one, "--jit");
        if (!same)
            printf("%s: R0 0x%" PRIx64 ", expected 0x%" PRIx64 ", error %d at %u\n", one.name, r0,
                   one.expected, run.error, run.error_insn);
    }
    fclose(file);
    printf("bpf_conformance: %d cases, interpreter %d, checked %d, compiled %d, plugin %d\n", count,
           passed, checked, compiled, plugin);
    ck_assert_int_eq(count, 157);
    ck_assert_int_eq(passed, count);
    ck_assert_int_eq(checked, count);
    ck_assert_int_eq(compiled, count);
    ck_assert_int_eq(plugin, count);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf_conformance");
    TCase *tcase = tcase_create("cases");
    tcase_set_timeout(tcase, 100);
    tcase_add_test(tcase, every_engine_passes_every_case);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
