/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What Linux added after RFC 9669, assembled by hand: load_acquire, store_release, may_goto. Each program's result is
 * written here; the engine and the running kernel, where it knows the instruction, must both give it. */
#include "host_env.h"
#include "linux_bpf.h"
#include "prog_builder.h"
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <bpf/helper.h>
#include <bpf_unverified/unverified.h>

#include <stdio.h>
#include <string.h>
#include <tests/check_main.h>
#include <unistd.h>

#define LOAD_ACQUIRE(size, dst, src, offset)  ATOMIC_INSN(size, dst, offset, src, BPF_LOAD_ACQUIRE)
#define STORE_RELEASE(size, dst, offset, src) ATOMIC_INSN(size, dst, offset, src, BPF_STORE_RELEASE)
#define MAY_GOTO(offset)                      I(BPF_JMP | BPF_JCOND, 0, 0, offset, 0)
#define PROGRAM_MAX                           16u

struct sample {
    const char *name;
    uint32_t expected; /* low half of R0 */
    struct bpf_insn insns[PROGRAM_MAX];
};

#define VALUE UINT64_C(0x8182838485868788)

/* Bytes of VALUE are put on the stack and read back in pieces: a load zero-extends, a store leaves its neighbours. */
static const struct sample samples[] = {
    { "load_acquire, 8 bits",
      0x88,
      { LDDW(1, VALUE), STX(BPF_DW, 10, -8, 1), LOAD_ACQUIRE(BPF_B, 0, 10, -8), EXIT() } },
    { "load_acquire, 16 bits",
      0x8384,
      { LDDW(1, VALUE), STX(BPF_DW, 10, -8, 1), LOAD_ACQUIRE(BPF_H, 0, 10, -4), EXIT() } },
    { "load_acquire, 32 bits",
      0x85868788,
      { LDDW(1, VALUE), STX(BPF_DW, 10, -8, 1), LOAD_ACQUIRE(BPF_W, 0, 10, -8), EXIT() } },
    { "load_acquire, 32 bits: the upper half is zero",
      0,
      { LDDW(1, VALUE), STX(BPF_DW, 10, -8, 1), MOV_K(0, -1), LOAD_ACQUIRE(BPF_W, 0, 10, -8),
        ALU_K(BPF_RSH, 0, 32), EXIT() } },
    { "load_acquire, 64 bits",
      0x81828384,
      { LDDW(1, VALUE), STX(BPF_DW, 10, -8, 1), LOAD_ACQUIRE(BPF_DW, 0, 10, -8),
        ALU_K(BPF_RSH, 0, 32), EXIT() } },
    { "load_acquire into its own address",
      7,
      { ST(BPF_DW, 10, -16, 7), MOV_X(2, 10), ALU_K(BPF_ADD, 2, -16), LOAD_ACQUIRE(BPF_DW, 2, 2, 0),
        MOV_X(0, 2), EXIT() } },
    { "store_release, 8 bits",
      0x99888888,
      { LDDW(1, UINT64_C(0x8888888888888888)), STX(BPF_DW, 10, -8, 1), MOV_K(2, 0x7799),
        STORE_RELEASE(BPF_B, 10, -5, 2), LDX(BPF_W, 0, 10, -8), EXIT() } },
    { "store_release, 16 bits",
      0x77998888,
      { LDDW(1, UINT64_C(0x8888888888888888)), STX(BPF_DW, 10, -8, 1), MOV_K(2, 0x557799),
        STORE_RELEASE(BPF_H, 10, -6, 2), LDX(BPF_W, 0, 10, -8), EXIT() } },
    { "store_release, 32 bits",
      0x557799,
      { LDDW(1, UINT64_C(0x8888888888888888)), STX(BPF_DW, 10, -8, 1), MOV_K(2, 0x557799),
        STORE_RELEASE(BPF_W, 10, -4, 2), LDX(BPF_DW, 0, 10, -8), ALU_K(BPF_RSH, 0, 32), EXIT() } },
    { "store_release, 64 bits",
      0x81828384,
      { LDDW(1, VALUE), ST(BPF_DW, 10, -8, 0), STORE_RELEASE(BPF_DW, 10, -8, 1),
        LDX(BPF_DW, 0, 10, -8), ALU_K(BPF_RSH, 0, 32), EXIT() } },
    { "may_goto falls through at first",
      1,
      { MOV_K(0, 1), MAY_GOTO(1), EXIT(), MOV_K(0, 2), EXIT() } },
    { "may_goto lets a loop end by itself",
      100,
      { MOV_K(0, 0), MAY_GOTO(2), ALU_K(BPF_ADD, 0, 1), JUMP_K(BPF_JLT, 0, 100, -3), EXIT() } },
    { "may_goto ends a loop that would not", 1, { MOV_K(0, 1), MAY_GOTO(1), JUMP(-2), EXIT() } },
};

static uint32_t length(const struct sample *sample)
{
    uint32_t count = PROGRAM_MAX;
    while (sample->insns[count - 1].opcode == 0)
        count--;
    return count;
}

START_TEST(engine_gives_the_written_results)
{
    static _Alignas(16) uint8_t stack[BPF_RUN_STACK_SIZE];
    struct host_env host;
    host_env_init(&host);
    const struct sample *sample = &samples[_i];
    const struct bpf_verify_request request = {
        .env = &host.env, .name = sample->name, .insns = sample->insns, .insn_count = length(sample)
    };
    struct bpf_prog *prog;
    struct bpf_error error;
    ck_assert_msg(bpf_prog_create_unverified(&request, &prog, &error) == 0, "%s: %s", sample->name,
                  error.text);
    struct bpf_run run = { .stack = stack, .stack_size = sizeof stack };
    ck_assert_msg((uint32_t)bpf_prog_run(prog, NULL, &run) == sample->expected, "%s", sample->name);
    ck_assert_int_eq(run.error, 0);
    ck_assert_uint_eq((uint32_t)bpf_prog_run_checked(prog, NULL, 0, NULL, 0, &run),
                      sample->expected);
    ck_assert_int_eq(run.error, 0);
    bpf_prog_destroy(prog);
}
END_TEST

/* Linux 6.12 has no load_acquire: a kernel that refuses the plainest one is no judge of the others. */
static bool kernel_knows(uint8_t opcode, int32_t imm)
{
    for (uint32_t i = 0; i < ARRAY_SIZE(samples); i++) {
        bool uses = false;
        for (uint32_t at = 0; at < length(&samples[i]); at++)
            uses |= samples[i].insns[at].opcode == opcode && samples[i].insns[at].imm == imm;
        if (!uses)
            continue;
        int fd = linux_bpf_load(samples[i].insns, length(&samples[i]), NULL, 0);
        if (fd >= 0)
            close(fd);
        return fd >= 0;
    }
    return false;
}

static bool judged(const struct sample *sample)
{
    for (uint32_t at = 0; at < length(sample); at++) {
        const struct bpf_insn *insn = &sample->insns[at];
        bool ordered = BPF_CLASS(insn->opcode) == BPF_STX && BPF_MODE(insn->opcode) == BPF_ATOMIC;
        bool jumps = insn->opcode == (BPF_JMP | BPF_JCOND);
        if ((ordered && !kernel_knows(BPF_STX | BPF_ATOMIC | BPF_DW, BPF_LOAD_ACQUIRE)) ||
            (jumps && !kernel_knows(insn->opcode, 0)))
            return false;
    }
    return true;
}

START_TEST(running_kernel_gives_the_written_results)
{
    const char *why;
    if (!linux_bpf_available(&why)) {
        printf("skipped: %s\n", why);
        return;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < ARRAY_SIZE(samples); i++) {
        const struct sample *sample = &samples[i];
        char log[2048];
        uint32_t r0;
        if (!judged(sample))
            continue;
        int fd = linux_bpf_load(sample->insns, length(sample), log, sizeof log);
        ck_assert_msg(fd >= 0, "%s: %s", sample->name, log);
        ck_assert_int_eq(linux_bpf_run(fd, 1, &r0, NULL), 0);
        ck_assert_msg(r0 == sample->expected, "%s: the kernel says 0x%x", sample->name, r0);
        close(fd);
        count++;
    }
    printf("%u of %zu judged by the running kernel\n", count, ARRAY_SIZE(samples));
}
END_TEST

START_TEST(ordered_accesses_need_alignment)
{
    static _Alignas(16) uint8_t stack[BPF_RUN_STACK_SIZE];
    struct host_env host;
    host_env_init(&host);
    const struct bpf_insn load[] = { LOAD_ACQUIRE(BPF_W, 0, 10, -6), EXIT() };
    const struct bpf_insn store[] = { MOV_K(0, 0), STORE_RELEASE(BPF_H, 10, -7, 0), EXIT() };
    const struct bpf_verify_request requests[] = {
        { .env = &host.env, .name = "load", .insns = load, .insn_count = 2 },
        { .env = &host.env, .name = "store", .insns = store, .insn_count = 3 },
    };
    for (uint32_t i = 0; i < 2; i++) {
        struct bpf_prog *prog;
        ck_assert_int_eq(bpf_prog_create_unverified(&requests[i], &prog, NULL), 0);
        struct bpf_run run = { .stack = stack, .stack_size = sizeof stack };
        bpf_prog_run(prog, NULL, &run);
        ck_assert_int_eq(run.error, -EFAULT);
        ck_assert_uint_eq(run.error_insn, i);
        bpf_prog_destroy(prog);
    }
}
END_TEST

/* A helper that calls back: R1 times the function R2 with the round and R3, until it gives something else than 0. */
static uint64_t repeat(struct bpf_run *run, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4,
                       uint64_t r5)
{
    (void)r4, (void)r5;
    uint64_t round = 0;
    while (round < r1 && run->error == 0) {
        const uint64_t arguments[5] = { round++, r3 };
        if (bpf_call_function(run, r2, arguments) != 0)
            break;
    }
    return round;
}

static const struct bpf_helper repeat_helper[] = {
    { .id = 7,
      .name = "repeat",
      .body = repeat,
      .returns = BPF_RETURN_SCALAR,
      .flags = BPF_HELPER_CALLS_BACK },
};

START_TEST(helpers_call_functions_of_the_program)
{
    static _Alignas(16) uint8_t stack[BPF_RUN_STACK_SIZE];
    struct host_env host;
    host_env_init(&host);
    host.env.helpers = repeat_helper;
    host.env.helper_count = 1;
    const struct bpf_insn insns[] = {
        /* 0: R6 survives; the sum is at R10 - 8. */
        MOV_K(6, 1000),
        ST(BPF_DW, 10, -8, 0),
        MOV_K(1, 5),
        LDDW_FUNC(2, 8),
        MOV_X(3, 10),
        ALU_K(BPF_ADD, 3, -8),
        CALL(7),
        LDX(BPF_DW, 1, 10, -8),
        ALU_X(BPF_ADD, 0, 1),
        ALU_X(BPF_ADD, 0, 6),
        EXIT(),
        /* 12: *(R2) += round + what a further function gives; R6 is its own. */
        MOV_X(6, 2),
        MOV_X(7, 1),
        CALL_FUNC(6),
        ALU_X(BPF_ADD, 0, 7),
        LDX(BPF_DW, 1, 6, 0),
        ALU_X(BPF_ADD, 1, 0),
        STX(BPF_DW, 6, 0, 1),
        MOV_K(0, 0),
        EXIT(),
        /* 21 */
        MOV_K(0, 100),
        EXIT(),
    };
    struct bpf_insn fixed[ARRAY_SIZE(insns)];
    memcpy(fixed, insns, sizeof insns);
    fixed[3].imm = 12 - 4;
    const struct bpf_verify_request request = {
        .env = &host.env, .name = "back", .insns = fixed, .insn_count = ARRAY_SIZE(fixed)
    };
    struct bpf_prog *prog;
    struct bpf_error error;
    ck_assert_msg(bpf_prog_create_unverified(&request, &prog, &error) == 0, "%s", error.text);
    struct bpf_run run = { .stack = stack, .stack_size = sizeof stack };
    /* 5 rounds: 0+1+2+3+4 + 5 * 100 + the count 5 + 1000. */
    ck_assert_uint_eq(bpf_prog_run(prog, NULL, &run), 1515);
    ck_assert_int_eq(run.error, 0);
    ck_assert_uint_eq(run.insn_count, 11 + 5 * (9 + 2));
    ck_assert_uint_eq(bpf_prog_run_checked(prog, NULL, 0, NULL, 0, &run), 1515);
    run.stack_size = 512; /* no room for the function's frame */
    bpf_prog_run(prog, NULL, &run);
    ck_assert_int_eq(run.error, -ENOBUFS);
    bpf_prog_destroy(prog);
    fixed[3].imm = 1; /* not a beginning, but an instruction: unverified programs may */
    fixed[2].imm = 0;
    ck_assert_int_eq(bpf_prog_create_unverified(&request, &prog, NULL), 0);
    run.stack_size = sizeof stack;
    ck_assert_uint_eq(bpf_prog_run(prog, NULL, &run), 1000);
    bpf_prog_destroy(prog);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf after RFC 9669");
    TCase *tcase = tcase_create("ordered");
    tcase_add_loop_test(tcase, engine_gives_the_written_results, 0, (int)ARRAY_SIZE(samples));
    tcase_add_test(tcase, running_kernel_gives_the_written_results);
    tcase_add_test(tcase, ordered_accesses_need_alignment);
    tcase_add_test(tcase, helpers_call_functions_of_the_program);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
