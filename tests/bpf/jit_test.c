/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Compiled programs where conformance and the engines' comparison do not look: memory that is never
 * writable and executable, buffers that are too short, memory that runs out, far jumps. */
#include "host_env.h"
#include "prog_builder.h"
#include <axiom/errno.h>
#include <bpf/context.h>
#include <bpf/jit.h>
#include <bpf/map.h>
#include <bpf/verifier.h>
#include <bpf_unverified/unverified.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/check_main.h>

static struct host_env host;
static _Alignas(16) uint8_t stack[BPF_RUN_STACK_SIZE];
static const struct bpf_jit_options counted = { .count_insns = true };

static void setup(void)
{
    host_env_init(&host);
}

static void teardown(void)
{
    ck_assert_int_eq(host.live_bytes, 0);
}

static struct bpf_prog *make(const struct bpf_insn *insns, uint32_t count)
{
    const struct bpf_verify_request request = {
        .env = &host.env, .name = "test", .insns = insns, .insn_count = count
    };
    struct bpf_prog *prog;
    struct bpf_error error;
    ck_assert_msg(bpf_prog_create_unverified(&request, &prog, &error) == 0, "%s", error.text);
    return prog;
}

/* R0 = the sum of 1 to 10, by a function. */
static const struct bpf_insn sum[] = {
    MOV_K(1, 10),
    CALL_FUNC(1),
    EXIT(),
    MOV_K(0, 0),
    ALU_X(BPF_ADD, 0, 1),
    ALU_K(BPF_ADD, 1, -1),
    JUMP_K(BPF_JNE, 1, 0, -3),
    EXIT(),
};

/* The rights of the mapping that holds `at`, as "r-xp". */
static void rights_of(const void *at, char rights[8])
{
    FILE *maps = fopen("/proc/self/maps", "r");
    ck_assert_ptr_nonnull(maps);
    char line[512];
    strcpy(rights, "none");
    while (fgets(line, sizeof line, maps) != NULL) {
        uint64_t from, to;
        char found[8];
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s", &from, &to, found) == 3 &&
            (uintptr_t)at >= from && (uintptr_t)at < to)
            strcpy(rights, found);
    }
    fclose(maps);
}

START_TEST(code_is_executable_and_not_writable)
{
    struct bpf_prog *prog = make(sum, sizeof sum / sizeof sum[0]);
    struct bpf_jit *jit;
    char rights[8];
    size_t size;
    ck_assert_int_eq(bpf_jit_create(prog, NULL, &counted, &jit, NULL), 0);
    rights_of(bpf_jit_code(jit, &size), rights);
    ck_assert_str_eq(rights, "r-xp");
    bpf_jit_destroy(jit);
    bpf_prog_destroy(prog);
}
END_TEST

START_TEST(counts_and_results_are_the_interpreters)
{
    struct bpf_prog *prog = make(sum, sizeof sum / sizeof sum[0]);
    struct bpf_jit *jit;
    ck_assert_int_eq(bpf_jit_create(prog, NULL, &counted, &jit, NULL), 0);
    struct bpf_run run = { .stack = stack, .stack_size = sizeof stack };
    ck_assert_uint_eq(bpf_prog_run(prog, NULL, &run), 55);
    uint64_t insn_count = run.insn_count;
    ck_assert_uint_eq(bpf_jit_run(jit, NULL, &run), 55);
    ck_assert_uint_eq(run.insn_count, insn_count);
    bpf_jit_destroy(jit);
    bpf_prog_destroy(prog);
}
END_TEST

START_TEST(every_target_refuses_a_buffer_one_byte_short)
{
    static const char *const names[] = { "x86_64", "aarch64", "riscv64" };
    struct bpf_prog *prog = make(sum, sizeof sum / sizeof sum[0]);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct ir_form *form;
        size_t size, again;
        ck_assert_int_eq(bpf_jit_lower(prog, bpf_jit_target_find(names[i]), &counted, &form, NULL),
                         0);
        ck_assert_int_eq(bpf_jit_encode(form, NULL, 0, &size), 0);
        uint8_t *exact = malloc(size), *small = malloc(size - 1);
        ck_assert_int_eq(bpf_jit_encode(form, exact, size, &again), 0);
        ck_assert_uint_eq(again, size);
        ck_assert_int_eq(bpf_jit_encode(form, small, size - 1, &again), -ENOSPC);
        ck_assert_uint_eq(again, size);
        free(exact);
        free(small);
        bpf_jit_form_destroy(form);
    }
    bpf_prog_destroy(prog);
}
END_TEST

START_TEST(every_failed_allocation_is_an_error_and_leaves_nothing)
{
    struct bpf_prog *prog = make(sum, sizeof sum / sizeof sum[0]);
    struct bpf_jit *jit = NULL;
    struct bpf_error error;
    uint32_t failures = 0;
    int64_t live = host.live_bytes;
    int err;
    do {
        host.allocation_count = 0;
        host.fail_at = ++failures;
        err = bpf_jit_create(prog, NULL, &counted, &jit, &error);
        if (err != 0) {
            ck_assert_int_eq(err, -ENOMEM);
            ck_assert_str_ne(error.text, "");
            ck_assert_int_eq(host.live_bytes, live);
        }
    } while (err != 0);
    host.fail_at = 0;
    ck_assert_uint_gt(failures, 4);
    bpf_jit_destroy(jit);
    bpf_prog_destroy(prog);
}
END_TEST

/* A loop whose body is `length` additions: jumps over far more than a byte, 32 KiB, 1 MiB. */
START_TEST(jumps_reach_over_any_distance)
{
    static const uint32_t lengths[] = { 10, 20, 30, 32, 34, 40, 60, 5000, 30000 };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint32_t count = 0, length = lengths[i];
        struct bpf_insn *insns = calloc(length + 16, sizeof *insns);
        insns[count++] = MOV_K(0, 0);
        insns[count++] = MOV_K(1, 3);
        insns[count++] = JUMP_K(BPF_JEQ, 1, 0, length + 2);
        for (uint32_t k = 0; k < length; k++)
            insns[count++] = k % 2 == 0 ? ALU_X(BPF_ADD, 0, 1) : ALU_K(BPF_XOR, 0, 0x12345);
        insns[count++] = ALU_K(BPF_ADD, 1, -1);
        insns[count] = JUMP((int64_t)2 - (count + 1));
        count++;
        insns[count++] = EXIT();
        struct bpf_prog *prog = make(insns, count);
        struct bpf_jit *jit;
        ck_assert_int_eq(bpf_jit_create(prog, NULL, &counted, &jit, NULL), 0);
        struct bpf_run run = { .stack = stack, .stack_size = sizeof stack };
        uint64_t expected = bpf_prog_run(prog, NULL, &run), insn_count = run.insn_count;
        ck_assert_uint_eq(bpf_jit_run(jit, NULL, &run), expected);
        ck_assert_uint_eq(run.insn_count, insn_count);
        bpf_jit_destroy(jit);
        bpf_prog_destroy(prog);
        free(insns);
    }
}
END_TEST

struct quotients {
    uint64_t value, quotient, rest;
    uint64_t quotient32, rest32; /* of the low half */
    uint64_t quotient16;         /* of the low 16 bits, as 64 */
};

static struct bpf_prog *make_divisions(int32_t divisor)
{
    const struct bpf_insn insns[] = {
        LDX(BPF_DW, 2, 1, 0),
        MOV_X(0, 2),
        ALU_K(BPF_DIV, 0, divisor),
        STX(BPF_DW, 1, 8, 0),
        MOV_X(0, 2),
        ALU_K(BPF_MOD, 0, divisor),
        STX(BPF_DW, 1, 16, 0),
        MOV_X(0, 2),
        ALU32_K(BPF_DIV, 0, divisor),
        STX(BPF_DW, 1, 24, 0),
        MOV_X(0, 2),
        ALU32_K(BPF_MOD, 0, divisor),
        STX(BPF_DW, 1, 32, 0),
        LDX(BPF_H, 0, 1, 0),
        ALU_K(BPF_DIV, 0, divisor),
        STX(BPF_DW, 1, 40, 0),
        EXIT(),
    };
    return make(insns, sizeof insns / sizeof insns[0]);
}

/* Immediates are sign-extended: negative ones are divisors near 2^64, and near 2^32. */
static void check_divisions(struct bpf_jit *jit, int32_t imm, uint64_t value)
{
    uint64_t divisor = (uint64_t)(int64_t)imm;
    uint32_t low = (uint32_t)value, divisor32 = (uint32_t)imm;
    struct quotients q = { .value = value };
    struct bpf_run run = { .stack = stack, .stack_size = sizeof stack };
    bpf_jit_run(jit, &q, &run);
    ck_assert_msg(q.quotient == value / divisor && q.rest == value % divisor &&
                      q.quotient32 == low / divisor32 && q.rest32 == low % divisor32 &&
                      q.quotient16 == (value & 0xffff) / divisor,
                  "%#" PRIx64 " by %d", value, imm);
}

START_TEST(quotients_by_constants_are_exact)
{
    static const int32_t divisors[] = {
        1,         2,     3,     5,       6,       7,       9,         10,         11,
        12,        13,    14,    19,      25,      28,      31,        60,         63,
        64,        65,    100,   125,     127,     641,     1000,      8191,       10000,
        16383,     65535, 65537, 1 << 20, 1000000, 6700417, 715827883, 1000000000, INT32_MAX,
        INT32_MIN, -1,    -2,    -3,      -7,      -10,     -641,      -65537,     -1000000000,
    };
    for (size_t i = 0; i < sizeof divisors / sizeof divisors[0]; i++) {
        struct bpf_prog *prog = make_divisions(divisors[i]);
        struct bpf_jit *jit;
        ck_assert_int_eq(bpf_jit_create(prog, NULL, NULL, &jit, NULL), 0);
        uint64_t divisor = (uint64_t)(int64_t)divisors[i], last = UINT64_MAX / divisor * divisor;
        for (int64_t near = -2; near <= 2; near++) {
            for (uint32_t bit = 0; bit < 64; bit++)
                check_divisions(jit, divisors[i], (UINT64_C(1) << bit) + (uint64_t)near);
            for (uint64_t k = 0, multiple = 0; k < 64; k++, multiple = multiple * 5 + divisor)
                check_divisions(jit, divisors[i], multiple / divisor * divisor + (uint64_t)near);
            check_divisions(jit, divisors[i], last + (uint64_t)near);
        }
        bpf_jit_destroy(jit);
        bpf_prog_destroy(prog);
    }
}
END_TEST

/* Stores 77 into the value at a key: `is_known`, as the verifier sees it, or from the context. R0: it
 * was there. */
static struct bpf_prog *make_lookup(struct bpf_map *map, bool is_known, int32_t key)
{
    const struct bpf_insn insns[] = {
        LDX(BPF_W, 3, 1, 0),
        is_known ? MOV_K(3, key) : MOV_X(3, 3),
        STX(BPF_W, 10, -4, 3),
        MOV_X(2, 10),
        ALU_K(BPF_ADD, 2, -4),
        LDDW_MAP(1, 0),
        CALL(1),
        JUMP_K(BPF_JEQ, 0, 0, 2),
        ST(BPF_DW, 0, 0, 77),
        MOV_K(0, 1),
        EXIT(),
    };
    const struct bpf_verify_request request = { .env = &host.env,
                                                .name = "lookup",
                                                .insns = insns,
                                                .insn_count = sizeof insns / sizeof insns[0],
                                                .maps = &map,
                                                .map_count = 1,
                                                .context = bpf_context_by_section("timer/1hz"),
                                                .memory_limit = 1 << 20,
                                                .ignore_budget = true };
    struct bpf_verify_result result;
    ck_assert_msg(bpf_verify(&request, &result) == 0, "%s", result.text);
    return result.prog;
}

/* The host says CPU 3; where there are fewer it counts as the first. */
START_TEST(per_cpu_lookups_find_the_value_of_this_cpu)
{
    static const uint32_t cpu_counts[] = { 0, 2, 5 }, ours[] = { 0, 0, 3 };
    const uint32_t cpus = cpu_counts[_i / 4], our = ours[_i / 4];
    const bool is_known = (_i & 1) != 0, is_there = (_i & 2) != 0;
    const uint32_t key = is_there ? 6 : 7;
    host.env.cpu_count = cpus;
    const struct bpf_map_spec spec = MAP_SPEC("values", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 24, 7, 0);
    struct bpf_map *map;
    struct bpf_error error;
    ck_assert_int_eq(bpf_map_create(&host.env, &spec, &map, &error), 0);
    struct bpf_prog *prog = make_lookup(map, is_known, (int32_t)key);
    struct bpf_jit *jit;
    ck_assert_int_eq(bpf_jit_create(prog, NULL, &counted, &jit, NULL), 0);
    struct bpf_run run = { .stack = stack, .stack_size = sizeof stack };
    uint64_t context[AXIOM_BPF_CONTEXT_SLOT_MAX] = { key };
    ck_assert_uint_eq(bpf_jit_run(jit, context, &run), is_there);
    for (uint32_t k = 0; k < 7; k++) {
        for (uint32_t cpu = 0; cpu < (cpus == 0 ? 1 : cpus); cpu++) {
            const uint64_t *value = bpf_map_lookup_cpu(map, &k, cpu);
            ck_assert_uint_eq(*value, is_there && k == key && cpu == our ? 77 : 0);
        }
    }
    bpf_jit_destroy(jit);
    bpf_prog_destroy(prog);
    bpf_map_put(map);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf_jit");
    TCase *tcase = tcase_create("jit");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, code_is_executable_and_not_writable);
    tcase_add_test(tcase, counts_and_results_are_the_interpreters);
    tcase_add_test(tcase, every_target_refuses_a_buffer_one_byte_short);
    tcase_add_test(tcase, every_failed_allocation_is_an_error_and_leaves_nothing);
    tcase_add_test(tcase, jumps_reach_over_any_distance);
    tcase_add_test(tcase, quotients_by_constants_are_exact);
    tcase_add_loop_test(tcase, per_cpu_lookups_find_the_value_of_this_cpu, 0, 12);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
