/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Programs from fixed seeds through verifier and machine; tests/fuzz/bpf_verifier_fuzz.c goes on
 * from here. */
#include "soundness.h"

#include "domain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PROGRAM_COUNT 20000

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
        uint8_t bytes[400];
        uint64_t state = seed * 1000003 + i;
        for (size_t b = 0; b < sizeof bytes; b++)
            bytes[b] = (uint8_t)machine_random(&state);
        ck_assert_msg(soundness_check(bytes, sizeof bytes, &counts, text, sizeof text),
                      "program %" PRIu64 ": %s", i, text);
    }
    soundness_end();
    printf("%" PRIu64 " programs, %" PRIu64 " accepted, %" PRIu64 " runs, %" PRIu64
           " steps, %" PRIu64 " claims checked\n",
           counts.programs, counts.accepted, counts.runs, counts.steps, counts.claims_checked);
    for (int r = 1; r < BPF_REJECT_COUNT; r++)
        if (counts.reasons[r] != 0)
            printf("  %7" PRIu64 " %s\n", counts.reasons[r], bpf_reject_name((enum bpf_reject)r));
    /* A generator whose programs are all refused would prove nothing. */
    ck_assert_uint_gt(counts.accepted, program_count / 10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf/verifier/soundness");
    TCase *cases = tcase_create("soundness");
    tcase_set_timeout(cases, 0);
    tcase_add_test(cases, accepted_programs_do_no_harm_and_are_what_was_claimed);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
