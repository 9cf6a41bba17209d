/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One profile's library keeps the profile's figures: instructions, stack, memory. Built once with
 * each. */
#include <axiom/errno.h>
#include <bpf/helper.h>
#include <bpf/interp.h>
#include <bpf/profile.h>
#include <bpf/static_pool.h>
#include <bpf/verifier.h>

#include <tests/check_main.h>

#include <string.h>

#ifdef AXIOM_PROFILE_EMBEDDED
#define EXPECTED_NAME  "embedded"
#define EXPECTED_INSNS 100000u
#define EXPECTED_STACK 8192u
#define pool_alloc     bpf_static_pool_alloc
#define pool_free      bpf_static_pool_free
#else
#define EXPECTED_NAME  "cloud"
#define EXPECTED_INSNS 1000000u
#define EXPECTED_STACK 524288u
static void *pool_alloc(void *user, size_t size)
{
    (void)user;
    return calloc(1, size);
}

static void pool_free(void *user, void *at, size_t size)
{
    (void)user;
    (void)size;
    free(at);
}
#endif

static void *heap_alloc(void *user, size_t size)
{
    (void)user;
    return calloc(1, size);
}

static void heap_free(void *user, void *at, size_t size)
{
    (void)user;
    (void)size;
    free(at);
}

static struct bpf_env env;
static _Alignas(16) uint8_t stack[BPF_RUN_STACK_SIZE];

static void setup(void)
{
#ifdef AXIOM_PROFILE_EMBEDDED
    bpf_static_pool_init();
#endif
    env = (struct bpf_env){ .alloc = pool_alloc,
                            .free = pool_free,
                            .helpers = bpf_helpers,
                            .helper_count = bpf_helper_count };
}

static int verify(const struct bpf_insn *insns, uint32_t count, struct bpf_verify_result *result)
{
    const struct bpf_verify_request request = { .env = &env,
                                                .name = "program",
                                                .insns = insns,
                                                .insn_count = count,
                                                .ignore_budget = true,
                                                .memory_limit = 64u << 20,
                                                .context = bpf_context_by_section("timer/10hz") };
    return bpf_verify(&request, result);
}

START_TEST(figures_are_the_profiles)
{
    ck_assert_str_eq(bpf_profile_name, EXPECTED_NAME);
    ck_assert_uint_eq(BPF_PROG_INSN_MAX, EXPECTED_INSNS);
    ck_assert_uint_eq(BPF_RUN_STACK_SIZE, EXPECTED_STACK);
    ck_assert_uint_eq(bpf_context_by_section("timer/10hz")->stack_limit, EXPECTED_STACK / 8);
}
END_TEST

/* One instruction more than the profile has is refused for that. */
START_TEST(instructions_are_limited)
{
    static struct bpf_verify_result result;
    struct bpf_insn *insns = calloc(EXPECTED_INSNS + 1, sizeof *insns);
    env.alloc = heap_alloc; /* the program itself is larger than the pool */
    env.free = heap_free;
    for (uint32_t i = 0; i < EXPECTED_INSNS; i++)
        insns[i] = (struct bpf_insn){ .opcode = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 1 };
    insns[EXPECTED_INSNS] = (struct bpf_insn){ .opcode = BPF_JMP | BPF_EXIT };
    ck_assert_int_lt(verify(insns, EXPECTED_INSNS + 1, &result), 0);
    ck_assert_int_eq(result.reason, BPF_REJECT_EMPTY);
    int err = verify(insns + 1, EXPECTED_INSNS, &result);
    ck_assert_msg(err == 0, "%s", result.text);
    bpf_prog_destroy(result.prog);
    free(insns);
}
END_TEST

/* The lowest eight bytes of the frame are written and read; below it nothing. */
START_TEST(frames_are_as_deep_as_the_profile_has_it)
{
    static struct bpf_verify_result result;
    int16_t depth = EXPECTED_STACK / 8 > 32760 ? 32760 : EXPECTED_STACK / 8;
    struct bpf_insn insns[] = {
        { .opcode = BPF_ST | BPF_MEM | BPF_DW,
          .dst_reg = 10,
          .offset = (int16_t)-depth,
          .imm = 42 },
        { .opcode = BPF_LDX | BPF_MEM | BPF_DW, .src_reg = 10, .offset = (int16_t)-depth },
        { .opcode = BPF_JMP | BPF_EXIT },
    };
    int err = verify(insns, ARRAY_SIZE(insns), &result);
    ck_assert_msg(err == 0, "%s", result.text);
    uint64_t context[AXIOM_BPF_CONTEXT_SLOT_MAX] = { 0 };
    struct bpf_run run = { .stack = stack, .stack_size = sizeof stack };
    ck_assert_uint_eq(bpf_prog_run(result.prog, context, &run), 42);
    ck_assert_int_eq(run.error, 0);
    bpf_prog_destroy(result.prog);
    if (EXPECTED_STACK / 8 < 32760) {
        insns[0].offset = insns[1].offset = (int16_t)(-depth - 8);
        ck_assert_int_lt(verify(insns, ARRAY_SIZE(insns), &result), 0);
    }
}
END_TEST

#ifdef AXIOM_PROFILE_EMBEDDED
START_TEST(exhaustion_of_the_pool_is_an_error)
{
    const struct bpf_map_spec spec = {
        .name = "m", .type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 1000, .max_entries = 8
    };
    struct bpf_map *maps[64];
    struct bpf_error error;
    int count = 0, err = 0;
    while (count < 64 && (err = bpf_map_create(&env, &spec, &maps[count], &error)) == 0)
        count++;
    ck_assert_int_eq(err, -ENOMEM);
    ck_assert_int_ge(count, 6);
    ck_assert_int_lt(count, 9);
    ck_assert_int_gt((int)strlen(error.text), 0);
    for (int i = 0; i < count; i += 2)
        bpf_map_put(maps[i]);
    ck_assert_int_eq(bpf_map_create(&env, &spec, &maps[0], &error), 0);
    bpf_map_put(maps[0]);
    for (int i = 1; i < count; i += 2)
        bpf_map_put(maps[i]);
    ck_assert_uint_eq(bpf_static_pool_used(), 0);
    ck_assert_ptr_null(bpf_static_pool_alloc(NULL, BPF_PROFILE_POOL_SIZE));
    ck_assert_ptr_null(bpf_static_pool_alloc(NULL, SIZE_MAX));
    void *all = bpf_static_pool_alloc(NULL, BPF_PROFILE_POOL_SIZE - 16);
    ck_assert_ptr_nonnull(all);
    bpf_static_pool_free(NULL, all, BPF_PROFILE_POOL_SIZE - 16);
}
END_TEST
#endif

int main(void)
{
    Suite *suite = suite_create("profile " EXPECTED_NAME);
    TCase *tcase = tcase_create("profile");
    tcase_set_timeout(tcase, 110);
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, figures_are_the_profiles);
    tcase_add_test(tcase, instructions_are_limited);
    tcase_add_test(tcase, frames_are_as_deep_as_the_profile_has_it);
#ifdef AXIOM_PROFILE_EMBEDDED
    tcase_add_test(tcase, exhaustion_of_the_pool_is_an_error);
#endif
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
