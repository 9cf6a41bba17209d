/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Programs from fixed seeds through verifier and machine; tests/fuzz/bpf_verifier_fuzz.c goes on
 * from here. */
#include "soundness.h"

#include "generated_btf.h"

#include <bpf/helper.h>

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PROGRAM_COUNT 8000

/* AXIOM_PROGRAMS=n and AXIOM_SEED=n for longer searches by hand. */
static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 0) : otherwise;
}

START_TEST(accepted_programs_do_no_harm_and_are_what_was_claimed)
{
    static char text[20000];
    struct soundness_counts counts = { 0 };
    uint64_t program_count = from_environment("AXIOM_PROGRAMS", PROGRAM_COUNT);
    uint64_t seed = from_environment("AXIOM_SEED", 1);
    soundness_begin();
    for (uint64_t i = 0; i < program_count; i++) {
        static uint8_t bytes[SOUNDNESS_BYTES_MAX];
        size_t size = soundness_bytes(seed, i, bytes);
        ck_assert_msg(soundness_check(bytes, size, &counts, text, sizeof text),
                      "program %" PRIu64 ": %s", i, text);
    }
    soundness_end();
    soundness_print(&counts);
    /* A generator whose programs are all refused would prove nothing. */
    ck_assert_uint_gt(counts.accepted, program_count * 3 / 10);
}
END_TEST

/* Its call counts, and what the exception callback takes. */
START_TEST(what_a_throw_takes_is_part_of_the_worst_case)
{
    static char text[20000];
    struct soundness_counts counts = { 0 };
    struct bpf_verify_result result;
    struct generated program = {
        .insns = { { BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ktime_get_ns },
                   { BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2, 5 },
                   { BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, 0 },
                   { BPF_JMP | BPF_CALL, 0, BPF_CALL_BTF_ID, 0, generated_kfunc_id(GENERATED_KFUNC_throw) },
                   { BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0 },
                   { BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
                   /* x(): */
                   { BPF_ALU64 | BPF_MOV | BPF_X, 0, 1, 0, 0 },
                   { BPF_JMP | BPF_EXIT, 0, 0, 0, 0 } },
        .insn_count = 8,
        .kind = GENERATED_XDP,
        .has_callback = true,
        .functions = { { .start = 6, .is_global = true, .is_callback = true } },
        .function_count = 1,
    };
    soundness_begin();
    ck_assert_msg(soundness_verify(&program, &result), "%s", result.text);
    ck_assert_uint_eq(result.bounds.worst_case_insns, 6);
    ck_assert_uint_eq(result.bounds.worst_case_calls, 2);
    ck_assert_msg(soundness_program(&program, &counts, text, sizeof text), "%s", text);
    ck_assert_uint_eq(counts.accepted, 1);
    soundness_end();
}
END_TEST

/* A timer's function that takes longer than a run may is cut short: what it holds then is not the next one's. */
START_TEST(a_function_that_is_cut_short_is_the_last)
{
    static char text[20000];
    struct soundness_counts counts = { 0 };
    struct bpf_verify_result result;
    int32_t new = generated_kfunc_id(GENERATED_KFUNC_iter_num_new);
    int32_t next = generated_kfunc_id(GENERATED_KFUNC_iter_num_next);
    int32_t destroy = generated_kfunc_id(GENERATED_KFUNC_iter_num_destroy);
    enum { TIMER_INIT = 169, TIMER_SET_CALLBACK }; /* Linux: include/uapi/linux/bpf.h */
#define TIMER_IN_R6                                              \
    { BPF_ALU64 | BPF_MOV | BPF_X, 1, 6, 0, 0 },                 \
    {                                                            \
        BPF_ALU64 | BPF_ADD | BPF_K, 1, 0, 0, GENERATOR_TIMER_AT \
    }
#define SET_UP(function)                                                                          \
    TIMER_IN_R6, { BPF_LDDW, 2, BPF_PSEUDO_MAP_IDX, 0, GENERATOR_SPECIAL_BSS }, { 0 },            \
        { BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 1 }, { BPF_JMP | BPF_CALL, 0, 0, 0, TIMER_INIT }, \
        TIMER_IN_R6, { BPF_LDDW, 2, BPF_PSEUDO_FUNC, 0, function }, { 0 },                        \
    {                                                                                             \
        BPF_JMP | BPF_CALL, 0, 0, 0, TIMER_SET_CALLBACK                                           \
    }
#define ITERATOR                                  \
    { BPF_ALU64 | BPF_MOV | BPF_X, 1, 10, 0, 0 }, \
    {                                             \
        BPF_ALU64 | BPF_ADD | BPF_K, 1, 0, 0, -8  \
    }
    struct generated program = {
        .insns = { { BPF_LDDW, 6, BPF_PSEUDO_MAP_IDX_VALUE, 0, GENERATOR_SPECIAL_BSS },
                   { 0 },
                   SET_UP(15), /* 2 to 12; counted from 10 */
                   SET_UP(18), /* 13 to 23; from 21 */
                   { BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0 },
                   { BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
                   /* 26: */
                   ITERATOR,
                   { BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 0 },
                   { BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 1000000 },
                   { BPF_JMP | BPF_CALL, 0, BPF_CALL_BTF_ID, 0, new },
                   ITERATOR,
                   { BPF_JMP | BPF_CALL, 0, BPF_CALL_BTF_ID, 0, next },
                   { BPF_JMP | BPF_JNE | BPF_K, 0, 0, -4, 0 },
                   ITERATOR,
                   { BPF_JMP | BPF_CALL, 0, BPF_CALL_BTF_ID, 0, destroy },
                   { BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0 },
                   { BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
                   /* 40: */
                   { BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0 },
                   { BPF_JMP | BPF_EXIT, 0, 0, 0, 0 } },
        .insn_count = 42,
        .kind = GENERATED_XDP,
        .flags = GENERATE_OBJECTS,
        .functions = { { .start = 26 }, { .start = 40 } },
        .function_count = 2,
    };
    soundness_begin();
    ck_assert_msg(soundness_verify(&program, &result), "%s", result.text);
    ck_assert_msg(soundness_program(&program, &counts, text, sizeof text), "%s", text);
    ck_assert_uint_eq(counts.accepted, 1);
    soundness_end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf/verifier/soundness");
    TCase *cases = tcase_create("soundness");
    tcase_set_timeout(cases, 0);
    tcase_add_test(cases, what_a_throw_takes_is_part_of_the_worst_case);
    tcase_add_test(cases, a_function_that_is_cut_short_is_the_last);
    tcase_add_test(cases, accepted_programs_do_no_harm_and_are_what_was_claimed);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
