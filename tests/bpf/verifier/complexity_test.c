/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* How much the verifier walks, and in how much memory: counts, not times. */
#include "complexity_run.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>

#define SMALL_MEMORY ((size_t)50 * 1024)

static struct bpf_verify_result result;

static void verify(enum complexity_kind kind, uint32_t size, uint64_t seed, size_t memory)
{
    uint32_t insn_count;
    int err = complexity_verify(kind, size, seed, memory, &result, &insn_count);
    ck_assert_msg(err == 0, "kind %d, %u: %s", (int)kind, size, result.text);
    printf("kind %2d %8u: %7u insns, walked %8" PRIu64 ", at most %" PRIu64 ", peak %zu bytes\n",
           (int)kind, size, insn_count, result.bounds.insns_walked, result.bounds.worst_case_insns,
           result.memory_peak);
}

/* Linux walks 303,003 and 651,000 instructions for the first two. */
START_TEST(loops_with_a_bound_are_walked_a_few_times)
{
    verify(COMPLEXITY_NEST, 1000, 0, SMALL_MEMORY);
    ck_assert_uint_lt(result.bounds.insns_walked, 2000);
    ck_assert_uint_eq(result.bounds.worst_case_insns, 3 + 1000 * (3 + 100 * 3));
    verify(COMPLEXITY_CRC, 4096, 0, SMALL_MEMORY);
    ck_assert_uint_lt(result.bounds.insns_walked, 30000);
    verify(COMPLEXITY_ROUNDS, 10000000, 0, SMALL_MEMORY);
    ck_assert_uint_lt(result.bounds.insns_walked, 200);
    ck_assert_uint_eq(result.bounds.worst_case_insns, 3 + 30000000);
    verify(COMPLEXITY_NEST_3, 100, 0, SMALL_MEMORY);
    ck_assert_uint_lt(result.bounds.insns_walked, 10000);
}
END_TEST

/* Linux gives up at 1,000,000 instructions. */
START_TEST(diamonds_do_not_multiply)
{
    for (uint32_t size = 10; size <= 60; size += 10) {
        verify(COMPLEXITY_DIAMONDS, size, 0, SMALL_MEMORY);
        ck_assert_uint_lt(result.bounds.insns_walked, size * 400);
    }
    verify(COMPLEXITY_IFS, 400, 0, SMALL_MEMORY);
    verify(COMPLEXITY_BRANCHES, 800, 0, SMALL_MEMORY);
    verify(COMPLEXITY_CALLS, 200, 0, SMALL_MEMORY);
}
END_TEST

START_TEST(fifty_kilobytes_are_enough_for_4096_instructions)
{
    for (uint64_t seed = 1; seed <= 12; seed++)
        verify(COMPLEXITY_ORDINARY, 4096, seed, SMALL_MEMORY);
    verify(COMPLEXITY_LOOKUPS, 400, 0, SMALL_MEMORY);
    verify(COMPLEXITY_STRAIGHT, 4096, 0, SMALL_MEMORY);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf/verifier/complexity");
    TCase *cases = tcase_create("complexity");
    tcase_add_unchecked_fixture(cases, complexity_begin, complexity_end);
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, loops_with_a_bound_are_walked_a_few_times);
    tcase_add_test(cases, diamonds_do_not_multiply);
    tcase_add_test(cases, fifty_kilobytes_are_enough_for_4096_instructions);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
