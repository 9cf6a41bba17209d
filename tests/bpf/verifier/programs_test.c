/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Programs in C through clang, loader and verifier: those of programs/newcomer.bpf.c must be
 * accepted and run, those of programs/mistakes.bpf.c must be refused in the source line that says
 * "refused:", for the reason given there. */
#include "assembler.h"
#include "host_env.h"

#include <axiom/errno.h>
#include <bpf/elf.h>
#include <bpf/interp.h>
#include <bpf_unverified/unverified.h>

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct host_env host;
static struct bpf_object *object;
static _Alignas(16) uint8_t stack[BPF_RUN_STACK_SIZE];

static void open_object(const char *name)
{
    char path[512];
    struct bpf_error error;
    host_env_init(&host);
    snprintf(path, sizeof path, "%s/tests/bpf/verifier/%s.bpf.o", AXIOM_BINARY_DIR, name);
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s", path);
    static uint8_t bytes[1 << 20];
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    int err = bpf_object_open(&host.env, bytes, size, &object, &error);
    ck_assert_msg(err == 0, "%s", error.text);
    err = bpf_object_create_maps(object, &error);
    ck_assert_msg(err == 0, "%s", error.text);
}

static void close_object(void)
{
    bpf_object_close(object);
    ck_assert_int_eq(host.live_bytes, 0);
}

static void run_some(const struct bpf_prog *prog)
{
    uint64_t state = 1;
    for (int i = 0; i < 200; i++) {
        uint64_t context[AXIOM_BPF_CONTEXT_SLOT_MAX];
        for (int s = 0; s < AXIOM_BPF_CONTEXT_SLOT_MAX; s++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            context[s] = state >> 20 >> (i % 44);
        }
        struct bpf_run run = { .stack = stack, .stack_size = sizeof stack, .insn_limit = 1000000 };
        struct bpf_region region = { context, bpf_context_size(bpf_prog_context(prog)), true };
        bpf_prog_run_checked(prog, context, 0, &region, 1, &run);
        ck_assert_msg(run.error == 0, "%s: insn %u: %d", bpf_prog_name(prog), run.error_insn,
                      run.error);
        ck_assert_uint_le(run.insn_count, bpf_prog_bounds(prog)->worst_case_insns);
        ck_assert_uint_le(run.helper_ns, bpf_prog_bounds(prog)->worst_case_ns);
    }
}

START_TEST(what_newcomers_write_is_accepted)
{
    open_object("newcomer");
    ck_assert_uint_ge(bpf_object_program_count(object), 20);
    for (uint32_t i = 0; i < bpf_object_program_count(object); i++) {
        const char *name = bpf_object_program(object, i)->name;
        struct bpf_verify_result result;
        int err = bpf_object_verify(object, i, &result);
        ck_assert_msg(err == 0, "%s: %s", name, result.text);
        printf("%-20s %3u insns, walked %6" PRIu64 ", at most %6" PRIu64 " (%6" PRIu64
               " ns), stack %3u, memory %6zu\n",
               name, bpf_object_program(object, i)->insn_count, result.bounds.insns_walked,
               result.bounds.worst_case_insns, result.bounds.worst_case_ns,
               result.bounds.stack_depth_bytes, result.memory_peak);
        run_some(result.prog);
        bpf_prog_destroy(result.prog);
    }
    close_object();
}
END_TEST

START_TEST(mistakes_are_named_in_their_line)
{
    open_object("mistakes");
    ck_assert_uint_ge(bpf_object_program_count(object), 10);
    for (uint32_t i = 0; i < bpf_object_program_count(object); i++) {
        const char *name = bpf_object_program(object, i)->name;
        struct bpf_verify_result result;
        char marker[80];
        int err = bpf_object_verify(object, i, &result);
        ck_assert_msg(err != 0, "%s: accepted", name);
        ck_assert_ptr_null(result.prog);
        snprintf(marker, sizeof marker, "refused: %s */", bpf_reject_name(result.reason));
        ck_assert_msg(strstr(result.source_text, marker) != NULL, "%s: %s: %s", name,
                      bpf_reject_name(result.reason), result.text);
        ck_assert_msg(strstr(result.text, "mistakes.bpf.c:") != NULL, "%s: %s", name, result.text);
        ck_assert_msg(strstr(result.text, "usually mended so:") != NULL, "%s: %s", name,
                      result.text);
        ck_assert_uint_gt(result.source_line, 20);
        printf("%s: %s\n", name, result.text);
    }
    close_object();
}
END_TEST

static int verify_largest(size_t memory_limit, struct bpf_verify_result *result)
{
    struct bpf_verify_request request;
    for (uint32_t i = 0; i < bpf_object_program_count(object); i++)
        if (strcmp(bpf_object_program(object, i)->name, "loop_with_branches") == 0)
            bpf_object_request(object, i, &request);
    request.memory_limit = memory_limit;
    return bpf_verify(&request, result);
}

START_TEST(too_little_memory_is_said)
{
    struct bpf_verify_result result;
    open_object("newcomer");
    bool accepted = false;
    /* From hopeless to plenty: refused for memory, then accepted, never anything else. */
    for (size_t limit = 4096; limit <= 512 << 10; limit += limit / 8) {
        int err = verify_largest(limit, &result);
        ck_assert_msg(result.memory_peak <= limit || err != 0, "%zu of %zu", result.memory_peak,
                      limit);
        if (err == 0) {
            accepted = true;
            bpf_prog_destroy(result.prog);
        } else {
            ck_assert_int_eq(err, -ENOMEM);
            ck_assert_int_eq(result.reason, BPF_REJECT_MEMORY);
        }
        ck_assert(err == 0 || limit < 65536);
    }
    ck_assert(accepted);
    close_object();
}
END_TEST

START_TEST(a_failed_allocation_is_an_answer)
{
    open_object("newcomer");
    int err = -ENOMEM;
    for (uint32_t n = 1; err != 0; n++) {
        struct bpf_verify_result result;
        host.allocation_count = 0;
        host.fail_at = n;
        int64_t before = host.live_bytes;
        err = verify_largest(0, &result);
        if (err == 0) {
            bpf_prog_destroy(result.prog);
            /* Checkpoints are forgotten to make room: a failed allocation need not end the walk. */
            err = host.allocation_count >= n ? -ENOMEM : 0;
        } else {
            ck_assert_int_eq(err, -ENOMEM);
            ck_assert_int_eq(result.reason, BPF_REJECT_MEMORY);
        }
        ck_assert_int_eq(host.live_bytes, before);
        ck_assert_uint_lt(n, 10000);
    }
    host.fail_at = 0;
    close_object();
}
END_TEST

START_TEST(the_limit_of_instructions_is_said)
{
    struct bpf_verify_request request;
    struct bpf_verify_result result;
    open_object("newcomer");
    bpf_object_request(object, 3, &request);
    request.insn_limit = 20;
    ck_assert_int_eq(bpf_verify(&request, &result), -E2BIG);
    ck_assert_int_eq(result.reason, BPF_REJECT_TOO_COMPLEX);
    close_object();
}
END_TEST

/* Eight frames full of numbers and a branch at every step: each state is large. */
START_TEST(large_states_are_bounded_work)
{
    static char text[40000];
    static struct assembly assembly;
    struct bpf_verify_result result;
    host_env_init(&host);
    for (int f = 0; f < 8; f++) {
        sprintf(text + strlen(text), "f%d: r9 = r1;", f);
        for (int slot = 1; slot <= 64; slot++)
            sprintf(text + strlen(text), "r2 = *(u64 *)(r9 + 0); *(u64 *)(r10 - %d) = r2;",
                    slot * 8);
        if (f < 7)
            sprintf(text + strlen(text), "r1 = r9; call f%d; exit;", f + 1);
    }
    strcat(
        text,
        "r3 = 0; loop: r3 += 1; r0 = *(u64 *)(r9 + 0); if r0 == r3 goto out; r0 = *(u64 *)(r9 + 8);"
        "if r0 > r3 goto loop; out: r0 = 0; exit");
    ck_assert_msg(assemble(text, NULL, 0, &assembly), "%s", assembly.error);
    struct bpf_verify_request request = { .env = &host.env,
                                          .name = "large",
                                          .insns = assembly.insns,
                                          .insn_count = assembly.insn_count,
                                          .context = bpf_context_by_section("gpio/"),
                                          .insn_limit = 10000,
                                          .memory_limit = 64 << 20,
                                          .ignore_budget = true };
    ck_assert_int_eq(bpf_verify(&request, &result), -E2BIG);
    ck_assert_int_eq(result.reason, BPF_REJECT_TOO_COMPLEX);
    ck_assert_msg(strstr(result.text, "large and many") != NULL, "%s", result.text);
    ck_assert_int_eq(host.live_bytes, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf/verifier/programs");
    TCase *cases = tcase_create("programs");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, what_newcomers_write_is_accepted);
    tcase_add_test(cases, mistakes_are_named_in_their_line);
    tcase_add_test(cases, too_little_memory_is_said);
    tcase_add_test(cases, a_failed_allocation_is_an_answer);
    tcase_add_test(cases, large_states_are_bounded_work);
    tcase_add_test(cases, the_limit_of_instructions_is_said);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
