/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Programs from fixed seeds through verifier and machine; tests/fuzz/bpf_verifier_fuzz.c goes on
 * from here. */
#include "soundness.h"

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
