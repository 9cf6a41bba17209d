/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* How much the verifier walks, and in how much memory: counts, not times. */
#include "complexity_run.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

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

#define HARD_INSNS  30000u
#define HARD_MEMORY ((size_t)1 << 20)
/* Of the CPU; far more than it takes, also with sanitizers. */
#define HARD_SECONDS 10

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Whatever a program was made for, the limits of instructions, of values handled and of memory bound its
 * verification, and where it ends at one of them it says where. */
START_TEST(hard_programs_end_soon)
{
    static const uint32_t sizes[] = { 5, 40, 300 };
    complexity_limit_hard(HARD_INSNS);
    for (int kind = COMPLEXITY_HARD; kind < COMPLEXITY_COUNT; kind++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            uint32_t insn_count;
            double start = cpu_seconds();
            int err = complexity_verify((enum complexity_kind)kind, sizes[i], 0, HARD_MEMORY,
                                        &result, &insn_count);
            double seconds = cpu_seconds() - start;
            printf("kind %2d %8u: %7u insns, walked %8" PRIu64 ", peak %zu bytes, %.2f s, %.40s\n",
                   kind, sizes[i], insn_count, result.bounds.insns_walked, result.memory_peak,
                   seconds, err == 0 ? "accepted" : result.text);
            ck_assert_msg(err == 0 || strstr(result.text, "too complex") != NULL, "kind %d, %u: %s",
                          kind, sizes[i], result.text);
            ck_assert_msg(err == 0 || strncmp(result.text, "insn ", 5) == 0, "says where: %s",
                          result.text);
            ck_assert_uint_le(result.bounds.insns_walked, HARD_INSNS + 1);
            ck_assert_uint_le(result.memory_peak, HARD_MEMORY);
            ck_assert_msg(seconds < HARD_SECONDS, "kind %d, %u: %.1f s", kind, sizes[i], seconds);
        }
    }
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
    tcase_add_test(cases, hard_programs_end_soon);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
