/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The interpreter where bpf_conformance does not look: extremes, frames, limits, counts, and the
 * checked loop. */
#include "host_env.h"
#include "prog_builder.h"
#include <axiom/errno.h>
#include <bpf/helper.h>
#include <bpf_unverified/unverified.h>

#include <string.h>
#include <tests/check_main.h>

static struct host_env host;
static _Alignas(16) uint8_t stack[BPF_RUN_STACK_SIZE];

static void setup(void)
{
    host_env_init(&host);
}

static void teardown(void)
{
    ck_assert_int_eq(host.live_bytes, 0);
}

static struct bpf_prog *make(const struct bpf_insn *insns, uint32_t count,
                             struct bpf_map *const *maps, uint32_t map_count)
{
    const struct bpf_verify_request request = { .env = &host.env,
                                                .name = "test",
                                                .insns = insns,
                                                .insn_count = count,
                                                .maps = maps,
                                                .map_count = map_count };
    struct bpf_prog *prog;
    struct bpf_error error;
    int err = bpf_prog_create_unverified(&request, &prog, &error);
    ck_assert_msg(err == 0, "%s", error.text);
    return prog;
}

/* Both loops must agree; the answer of the plain one. */
static uint64_t run_limited(const struct bpf_insn *insns, uint32_t count, uint64_t limit,
                            struct bpf_run *run)
{
    struct bpf_prog *prog = make(insns, count, NULL, 0);
    struct bpf_run checked = { .stack = stack, .stack_size = sizeof stack, .insn_limit = limit };
    uint64_t same = bpf_prog_run_checked(prog, NULL, 0, NULL, 0, &checked);
    *run = (struct bpf_run){ .stack = stack, .stack_size = sizeof stack, .insn_limit = limit };
    uint64_t r0 = bpf_prog_run(prog, NULL, run);
    ck_assert_uint_eq(r0, same);
    ck_assert_int_eq(run->error, checked.error);
    ck_assert_uint_eq(run->insn_count, checked.insn_count);
    ck_assert_uint_eq(run->error_insn, checked.error_insn);
    run->prog = NULL;
    bpf_prog_destroy(prog);
    return r0;
}

#define RUN(insns, run) run_limited(insns, ARRAY_SIZE(insns), 0, run)

static uint64_t compute(struct bpf_insn operation, uint64_t a, uint64_t b)
{
    const struct bpf_insn insns[] = { LDDW(0, a), LDDW(1, b), operation, EXIT() };
    struct bpf_run run;
    uint64_t r0 = RUN(insns, &run);
    ck_assert_int_eq(run.error, 0);
    ck_assert_uint_eq(run.insn_count, 4);
    return r0;
}

#define SIGNED(op, class) I((class) | (op) | BPF_X, 0, 1, 1, 0)

START_TEST(arithmetic_has_the_results_that_c_leaves_open)
{
    const uint64_t min64 = UINT64_C(1) << 63;
    ck_assert_uint_eq(compute(ALU_X(BPF_DIV, 0, 1), 5, 0), 0);
    ck_assert_uint_eq(compute(ALU_X(BPF_MOD, 0, 1), 5, 0), 5);
    ck_assert_uint_eq(compute(ALU32_X(BPF_MOD, 0, 1), UINT64_C(0xffffffff00000005), 0), 5);
    ck_assert_uint_eq(compute(ALU32_X(BPF_DIV, 0, 1), 5, UINT64_C(0xffffffff00000000)), 0);
    ck_assert_uint_eq(compute(SIGNED(BPF_DIV, BPF_ALU64), min64, UINT64_MAX), min64);
    ck_assert_uint_eq(compute(SIGNED(BPF_MOD, BPF_ALU64), min64, UINT64_MAX), 0);
    ck_assert_uint_eq(compute(SIGNED(BPF_DIV, BPF_ALU), 0x80000000, UINT32_MAX), 0x80000000);
    ck_assert_uint_eq(compute(SIGNED(BPF_MOD, BPF_ALU), 0x80000000, UINT32_MAX), 0);
    ck_assert_uint_eq(compute(SIGNED(BPF_DIV, BPF_ALU64), (uint64_t)-7, 2), (uint64_t)-3);
    ck_assert_uint_eq(compute(SIGNED(BPF_MOD, BPF_ALU64), (uint64_t)-7, 2), (uint64_t)-1);
    ck_assert_uint_eq(compute(SIGNED(BPF_MOD, BPF_ALU64), 7, 0), 7);
    ck_assert_uint_eq(compute(SIGNED(BPF_DIV, BPF_ALU), (uint32_t)-7, 2), (uint32_t)-3);
    ck_assert_uint_eq(compute(ALU_X(BPF_LSH, 0, 1), 1, 65), 2);
    ck_assert_uint_eq(compute(ALU32_X(BPF_LSH, 0, 1), 1, 33), 2);
    ck_assert_uint_eq(compute(ALU_X(BPF_ARSH, 0, 1), min64, 127), UINT64_MAX);
    ck_assert_uint_eq(compute(ALU32_X(BPF_ARSH, 0, 1), 0x80000000, 63), UINT32_MAX);
    ck_assert_uint_eq(compute(ALU_K(BPF_MUL, 0, -1), min64, 0), min64);
    ck_assert_uint_eq(compute(ALU_K(BPF_AND, 0, -16), UINT64_MAX, 0), UINT64_MAX - 15);
    ck_assert_uint_eq(compute(ALU32_K(BPF_OR, 0, -16), UINT64_MAX << 32, 0), UINT32_MAX - 15);
    ck_assert_uint_eq(compute(I(BPF_ALU | BPF_NEG, 0, 0, 0, 0), 1, 0), UINT32_MAX);
    ck_assert_uint_eq(compute(I(BPF_ALU | BPF_MOV | BPF_X, 0, 1, 8, 0), 0, 0x80), 0xffffff80);
    ck_assert_uint_eq(compute(I(BPF_ALU64 | BPF_MOV | BPF_X, 0, 1, 16, 0), 0, 0x8000),
                      UINT64_C(0xffffffffffff8000));
    ck_assert_uint_eq(compute(I(BPF_ALU64 | BPF_MOV | BPF_X, 0, 1, 32, 0), 0, 0x80000000),
                      UINT64_C(0xffffffff80000000));
    ck_assert_uint_eq(compute(I(BPF_ALU64 | BPF_END, 0, 0, 0, 32), UINT64_C(0x1122334455667788), 0),
                      0x88776655);
    ck_assert_uint_eq(compute(I(BPF_ALU | BPF_END, 0, 0, 0, 16), UINT64_C(0x1122334455667788), 0),
                      0x7788);
}
END_TEST

/* main: r6 = 1; call add(2) twice. add: writes its own frame and r6..r9. */
START_TEST(functions_have_their_own_frame_and_registers)
{
    const struct bpf_insn insns[] = {
        MOV_K(6, 1),
        ST(BPF_DW, 10, -8, 77),
        MOV_K(1, 2),
        CALL_FUNC(5),
        ALU_X(BPF_ADD, 6, 0),
        LDX(BPF_DW, 7, 10, -8),
        ALU_X(BPF_ADD, 6, 7),
        MOV_X(0, 6),
        EXIT(),
        ST(BPF_DW, 10, -8, 5),
        MOV_K(6, 100),
        MOV_K(7, 100),
        LDX(BPF_DW, 0, 10, -8),
        ALU_X(BPF_ADD, 0, 1),
        EXIT(),
    };
    struct bpf_run run;
    ck_assert_uint_eq(RUN(insns, &run), 1 + 7 + 77);
    ck_assert_int_eq(run.error, 0);
    ck_assert_uint_eq(run.insn_count, 15);
}
END_TEST

START_TEST(recursion_ends_at_eight_frames)
{
    /* f(n): n == 0 ? 0 : 1 + f(n - 1) */
    struct bpf_insn insns[] = {
        MOV_K(1, 7), CALL_FUNC(1),         EXIT(),        JUMP_K(BPF_JNE, 1, 0, 2), MOV_K(0, 0),
        EXIT(),      ALU_K(BPF_SUB, 1, 1), CALL_FUNC(-5), ALU_K(BPF_ADD, 0, 1),     EXIT(),
    };
    struct bpf_run run;
    RUN(insns, &run);
    ck_assert_int_eq(run.error, -ELOOP);
    ck_assert_uint_eq(run.error_insn, 7);
    insns[0].imm = 6;
    ck_assert_uint_eq(RUN(insns, &run), 6);
    ck_assert_int_eq(run.error, 0);
}
END_TEST

START_TEST(stack_that_is_too_small_is_an_error)
{
    const struct bpf_insn insns[] = { CALL_FUNC(1), EXIT(), MOV_K(0, 1), EXIT() };
    struct bpf_prog *prog = make(insns, ARRAY_SIZE(insns), NULL, 0);
    struct bpf_run run = { .stack = stack, .stack_size = 1024 };
    ck_assert_uint_eq(bpf_prog_run(prog, NULL, &run), 1);
    run.stack_size = 1023;
    bpf_prog_run(prog, NULL, &run);
    ck_assert_int_eq(run.error, -ELOOP);
    run.stack_size = 511;
    bpf_prog_run(prog, NULL, &run);
    ck_assert_int_eq(run.error, -ENOBUFS);
    bpf_prog_destroy(prog);
}
END_TEST

START_TEST(endless_program_ends_at_its_limit)
{
    const struct bpf_insn loop[] = { MOV_K(0, 0), ALU_K(BPF_ADD, 0, 1), JUMP(-2) };
    struct bpf_run run;
    ck_assert_uint_eq(run_limited(loop, 3, 1000, &run), 0);
    ck_assert_int_eq(run.error, -ETIME);
    ck_assert_uint_eq(run.insn_count, 1001);
    const struct bpf_insn back_to_start[] = { JUMP(-1) };
    run_limited(back_to_start, 1, 1000, &run);
    ck_assert_int_eq(run.error, -ETIME);
    ck_assert_uint_eq(run.error_insn, 0);
}
END_TEST

START_TEST(every_instruction_is_counted_once)
{
    /* r0 counts 10 loops of 2; then a jump not taken, one taken over one instruction. */
    const struct bpf_insn insns[] = {
        MOV_K(0, 0),
        ALU_K(BPF_ADD, 0, 1),
        JUMP_K(BPF_JLT, 0, 10, -2),
        JUMP_K(BPF_JEQ, 0, 0, 1),
        JUMP(1),
        MOV_K(0, 0),
        LDDW(1, 5),
        EXIT(),
    };
    struct bpf_run run;
    ck_assert_uint_eq(RUN(insns, &run), 10);
    ck_assert_uint_eq(run.insn_count, 1 + 20 + 2 + 2);
}
END_TEST

START_TEST(falling_off_the_end_is_an_error)
{
    const struct bpf_insn insns[] = { MOV_K(0, 5) };
    struct bpf_run run;
    ck_assert_uint_eq(RUN(insns, &run), 0);
    ck_assert_int_eq(run.error, -EFAULT);
    ck_assert_uint_eq(run.error_insn, 1);
}
END_TEST

START_TEST(function_pointers_are_called)
{
    const struct bpf_insn insns[] = {
        LDDW_FUNC(2, 3), MOV_K(1, 40), I(BPF_JMP | BPF_CALL | BPF_X, 2, 0, 0, 0),
        EXIT(),          MOV_X(0, 1),  ALU_K(BPF_ADD, 0, 2),
        EXIT(),
    };
    struct bpf_insn fixed[ARRAY_SIZE(insns)];
    memcpy(fixed, insns, sizeof insns);
    fixed[0].imm = 4; /* from slot 1 to slot 5 */
    struct bpf_run run;
    ck_assert_uint_eq(RUN(fixed, &run), 42);
    const struct bpf_insn wild[] = { LDDW(2, UINT64_C(0xbf00000000001000)),
                                     I(BPF_JMP | BPF_CALL | BPF_X, 2, 0, 0, 0), EXIT() };
    RUN(wild, &run);
    ck_assert_int_eq(run.error, -EFAULT);
    const struct bpf_insn no_helper[] = { MOV_K(2, 12345),
                                          I(BPF_JMP | BPF_CALL | BPF_X, 2, 0, 0, 0), EXIT() };
    RUN(no_helper, &run);
    ck_assert_int_eq(run.error, -EFAULT);
}
END_TEST

START_TEST(atomics_need_alignment)
{
    const struct bpf_insn insns[] = {
        ST(BPF_DW, 10, -16, 0),
        ST(BPF_DW, 10, -8, 0),
        MOV_K(1, 1),
        ATOMIC_INSN(BPF_DW, 10, -12, 1, BPF_ADD),
        EXIT(),
    };
    struct bpf_run run;
    RUN(insns, &run);
    ck_assert_int_eq(run.error, -EFAULT);
    ck_assert_uint_eq(run.error_insn, 3);
}
END_TEST

/* A packet of 4 bytes. */
static bool packet_load(void *user, void *context, int32_t offset, uint32_t size_bytes,
                        uint32_t *out)
{
    static const uint8_t packet[] = { 1, 2, 3, 4 };
    (void)user;
    ck_assert_ptr_null(context);
    if (offset < 0 || (uint32_t)offset + size_bytes > sizeof packet)
        return false;
    *out = 0;
    for (uint32_t i = 0; i < size_bytes; i++)
        *out = *out << 8 | packet[(uint32_t)offset + i];
    return true;
}

START_TEST(packet_loads_end_the_program_outside_of_the_packet)
{
    const struct bpf_insn insns[] = {
        MOV_K(6, 0),
        MOV_K(7, 1),
        I(BPF_LD | BPF_ABS | BPF_H, 0, 0, 0, 0), /* 0x0102 */
        MOV_X(8, 0),
        I(BPF_LD | BPF_IND | BPF_B, 0, 7, 0, 2), /* 4 */
        ALU_X(BPF_ADD, 8, 0),
        MOV_X(0, 8),
        EXIT(),
    };
    struct bpf_run run;
    ck_assert_uint_eq(RUN(insns, &run), 0); /* no packets here */
    ck_assert_uint_eq(run.insn_count, 3);
    host.ops.packet_load = packet_load;
    ck_assert_uint_eq(RUN(insns, &run), 0x106);
    struct bpf_insn outside[ARRAY_SIZE(insns)];
    memcpy(outside, insns, sizeof insns);
    outside[4].imm = 3;
    ck_assert_uint_eq(RUN(outside, &run), 0);
    ck_assert_int_eq(run.error, 0);
    ck_assert_uint_eq(run.insn_count, 5);
}
END_TEST

START_TEST(helper_costs_add_up)
{
    const struct bpf_insn insns[] = { CALL(BPF_FUNC_ktime_get_ns),
                                      CALL(BPF_FUNC_get_smp_processor_id), EXIT() };
    host.env.insn_cost_ps = 1500;
    struct bpf_prog *prog = make(insns, ARRAY_SIZE(insns), NULL, 0);
    struct bpf_run run = { .stack = stack, .stack_size = sizeof stack };
    ck_assert_uint_eq(bpf_prog_run(prog, NULL, &run), 3);
    uint64_t helpers = bpf_helper_find(&host.env, BPF_FUNC_ktime_get_ns)->cost_ns +
                       bpf_helper_find(&host.env, BPF_FUNC_get_smp_processor_id)->cost_ns;
    ck_assert_uint_eq(bpf_run_duration_ns(&run), helpers + 4);
    bpf_prog_destroy(prog);
}
END_TEST

static void refused(const struct bpf_insn *insns, uint32_t count, const char *words)
{
    const struct bpf_verify_request request = { .env = &host.env,
                                                .insns = insns,
                                                .insn_count = count };
    struct bpf_prog *prog;
    struct bpf_error error = { .text = "" };
    ck_assert_int_lt(bpf_prog_create_unverified(&request, &prog, &error), 0);
    ck_assert_msg(strstr(error.text, words) != NULL, "%s", error.text);
}

#define REFUSED(words, ...)                               \
    do {                                                  \
        const struct bpf_insn insns_[] = { __VA_ARGS__ }; \
        refused(insns_, ARRAY_SIZE(insns_), words);       \
    } while (0)

START_TEST(decoder_refuses_what_would_leave_the_code)
{
    refused(NULL, 0, "1 to 1000000 instructions");
    REFUSED("not an instruction: 2", JUMP(1), EXIT());
    REFUSED("not an instruction: -1", JUMP(-2), EXIT());
    REFUSED("not an instruction: 2", JUMP(1), LDDW(0, 1), EXIT());
    REFUSED("not an instruction: 9", CALL_FUNC(8), EXIT());
    REFUSED("not an instruction: -2147483647", I(BPF_JMP32 | BPF_JA, 0, 0, 0, INT32_MIN), EXIT());
    REFUSED("no helper with number 4242", CALL(4242), EXIT());
    REFUSED("no map with index 0", LDDW_MAP(1, 0), EXIT());
    REFUSED("must be resolved", I(BPF_LDDW, 1, BPF_PSEUDO_MAP_FD, 0, 0), I(0, 0, 0, 0, 0), EXIT());
    REFUSED("there are no arenas here", I(BPF_ALU64 | BPF_MOV | BPF_X, 1, 1, 1, BPF_CAST_TO_KERNEL), EXIT());
    REFUSED("unknown instruction", I(0xff, 0, 0, 0, 0), EXIT());
}
END_TEST

static int checked_error(const struct bpf_insn *insns, uint32_t count, struct bpf_map *const *maps,
                         uint32_t map_count, uint8_t *memory, size_t size, bool writable)
{
    struct bpf_prog *prog = make(insns, count, maps, map_count);
    struct bpf_run run = { .stack = stack, .stack_size = sizeof stack, .insn_limit = 1000 };
    const struct bpf_region region = { memory, size, writable };
    bpf_prog_run_checked(prog, memory, size, &region, 1, &run);
    bpf_prog_destroy(prog);
    return run.error;
}

START_TEST(checked_loop_sees_what_is_outside)
{
    uint8_t memory[16] = { 0 };
    for (int offset = -2; offset <= 16; offset++) {
        const struct bpf_insn load[] = { LDX(BPF_W, 0, 1, offset), EXIT() };
        int expected = offset >= 0 && offset <= 12 ? 0 : -EFAULT;
        ck_assert_int_eq(checked_error(load, 2, NULL, 0, memory, sizeof memory, true), expected);
    }
    const struct bpf_insn store[] = { ST(BPF_B, 1, 0, 1), EXIT() };
    ck_assert_int_eq(checked_error(store, 2, NULL, 0, memory, sizeof memory, true), 0);
    ck_assert_int_eq(checked_error(store, 2, NULL, 0, memory, sizeof memory, false), -EFAULT);
    for (int offset = -516; offset <= 0; offset += 4) {
        const struct bpf_insn frame[] = { ST(BPF_DW, 10, offset, 1), EXIT() };
        int expected = offset >= -512 && offset <= -8 ? 0 : -EFAULT;
        ck_assert_int_eq(checked_error(frame, 2, NULL, 0, memory, sizeof memory, true), expected);
    }
    const struct bpf_insn null[] = { MOV_K(2, 0), LDX(BPF_B, 0, 2, 0), EXIT() };
    ck_assert_int_eq(checked_error(null, 3, NULL, 0, memory, sizeof memory, true), -EFAULT);
}
END_TEST

START_TEST(checked_loop_knows_maps)
{
    const struct bpf_map_spec spec = {
        .name = "m", .type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 12, .max_entries = 2
    };
    struct bpf_map_spec read_only = spec, one = spec;
    read_only.flags = BPF_F_RDONLY_PROG;
    one.max_entries = 1;
    struct bpf_map *maps[3];
    ck_assert_int_eq(bpf_map_create(&host.env, &spec, &maps[0], NULL), 0);
    ck_assert_int_eq(bpf_map_create(&host.env, &read_only, &maps[1], NULL), 0);
    ck_assert_int_eq(bpf_map_create(&host.env, &one, &maps[2], NULL), 0);
    for (int map = 0; map < 2; map++) {
        for (int offset = -4; offset <= 12; offset += 2) {
            struct bpf_insn insns[] = {
                ST(BPF_W, 10, -4, 0),
                MOV_X(2, 10),
                ALU_K(BPF_ADD, 2, -4),
                LDDW_MAP(1, map),
                CALL(BPF_FUNC_map_lookup_elem),
                ST(BPF_W, 0, offset, 7),
                EXIT(),
            };
            bool inside = offset >= 0 && offset <= 8;
            ck_assert_int_eq(checked_error(insns, ARRAY_SIZE(insns), maps, 3, NULL, 0, true),
                             map == 0 && inside ? 0 : -EFAULT);
            insns[6] = LDX(BPF_W, 3, 0, offset);
            ck_assert_int_eq(checked_error(insns, ARRAY_SIZE(insns), maps, 3, NULL, 0, true),
                             inside ? 0 : -EFAULT);
        }
    }
    const struct bpf_insn direct[] = { LDDW_VALUE(1, 2, 8), ST(BPF_W, 1, 0, 7), EXIT() };
    uint64_t generation = bpf_map_generation(maps[2]);
    ck_assert_int_eq(checked_error(direct, ARRAY_SIZE(direct), maps, 3, NULL, 0, true), 0);
    ck_assert_uint_eq(bpf_map_generation(maps[2]), generation + 1);
    const struct bpf_insn bad_key[] = { LDDW_MAP(1, 0), MOV_K(2, 64),
                                        CALL(BPF_FUNC_map_lookup_elem), EXIT() };
    ck_assert_int_eq(checked_error(bad_key, ARRAY_SIZE(bad_key), maps, 3, NULL, 0, true), -EFAULT);
    const struct bpf_insn bad_map[] = { MOV_X(2, 10), MOV_X(1, 10), CALL(BPF_FUNC_map_lookup_elem),
                                        EXIT() };
    ck_assert_int_eq(checked_error(bad_map, ARRAY_SIZE(bad_map), maps, 3, NULL, 0, true), -EFAULT);
    for (int i = 0; i < 3; i++)
        bpf_map_put(maps[i]);
}
END_TEST

START_TEST(program_outlives_its_request_and_survives_failed_allocation)
{
    const struct bpf_debug_func func = { .insn_index = 0, .name = "main" };
    const struct bpf_debug_line line = { .line = 3, .file = "x.c", .text = "return 1;" };
    const struct bpf_debug_info debug = { &func, 1, &line, 1 };
    const struct bpf_insn insns[] = { MOV_K(0, 1), EXIT() };
    const struct bpf_verify_request request = {
        .env = &host.env, .name = "named", .insns = insns, .insn_count = 2, .debug = &debug
    };
    struct bpf_prog *prog = NULL;
    host.fail_at = 1;
    ck_assert_int_eq(bpf_prog_create_unverified(&request, &prog, NULL), -ENOMEM);
    ck_assert_ptr_null(prog);
    ck_assert_int_eq(bpf_prog_create_unverified(&request, &prog, NULL), 0);
    ck_assert_str_eq(bpf_prog_name(prog), "named");
    ck_assert_str_eq(bpf_debug_line_at(bpf_prog_debug_info(prog), 1)->text, "return 1;");
    ck_assert_ptr_ne(bpf_debug_line_at(bpf_prog_debug_info(prog), 1)->text, line.text);
    bpf_prog_destroy(prog);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf interpreter");
    TCase *tcase = tcase_create("interp");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, arithmetic_has_the_results_that_c_leaves_open);
    tcase_add_test(tcase, functions_have_their_own_frame_and_registers);
    tcase_add_test(tcase, recursion_ends_at_eight_frames);
    tcase_add_test(tcase, stack_that_is_too_small_is_an_error);
    tcase_add_test(tcase, endless_program_ends_at_its_limit);
    tcase_add_test(tcase, every_instruction_is_counted_once);
    tcase_add_test(tcase, falling_off_the_end_is_an_error);
    tcase_add_test(tcase, function_pointers_are_called);
    tcase_add_test(tcase, atomics_need_alignment);
    tcase_add_test(tcase, packet_loads_end_the_program_outside_of_the_packet);
    tcase_add_test(tcase, helper_costs_add_up);
    tcase_add_test(tcase, decoder_refuses_what_would_leave_the_code);
    tcase_add_test(tcase, checked_loop_sees_what_is_outside);
    tcase_add_test(tcase, checked_loop_knows_maps);
    tcase_add_test(tcase, program_outlives_its_request_and_survives_failed_allocation);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
