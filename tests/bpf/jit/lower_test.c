/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the lowering makes of small programs, as text: one case for each thing it does. Registers are
 * x86-64's numbers (0 rax, 1 rcx, 2 rdx, 3 rbx, 6 rsi, 7 rdi, ...). Changing a case is fine if the new text is better. */
#include "host_env.h"
#include "prog_builder.h"
#include <bpf/context.h>
#include <bpf/jit.h>
#include <bpf/map.h>
#include <bpf/verifier.h>
#include <bpf_unverified/unverified.h>

#include "ir.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct host_env host;

static void setup(void)
{
    host_env_init(&host);
}

static void teardown(void)
{
    ck_assert_int_eq(host.live_bytes, 0);
}

static const struct golden {
    const char *name; /* "counted: ...": with instructions counted, as the kernel wants it */
    struct bpf_insn insns[24];
    const char *text;
} goldens[] = {
    { "a branch around a move becomes a choice",
      { MOV_X(0, 1), JUMP_K(BPF_JGT, 1, 5, 1), MOV_X(0, 2), EXIT() },
      "f0( - r6 r2 - - - ) slots 0\n"
      "b0:\n"
      "    r2 = select.8 r6 u> 5 r6 r2\n"
      "    return.8 r2\n" },
    { "one or zero becomes SET",
      { MOV_K(0, 1), JUMP_K(BPF_JEQ, 1, 7, 1), MOV_K(0, 0), EXIT() },
      "f0( - r6 - - - - ) slots 0\n"
      "b0:\n"
      "    r7 = set.8 r6 == 7\n"
      "    return.8 r7\n" },
    { "a branch beside a jump is turned round",
      { MOV_K(0, 0), ALU_X(BPF_ADD, 0, 1), ALU_K(BPF_SUB, 1, 1), JUMP_K(BPF_JEQ, 1, 0, 1), JUMP(-4),
        EXIT() },
      "f0( - r6 - - - - ) slots 0\n"
      "b0:\n"
      "    r7 = mov.8 0\n"
      "b1: loop\n"
      "    r7 = add.8 r7 r6\n"
      "    r6 = add.8 r6 -1\n"
      "    branch.8 r6 != 0 b1\n"
      "b2:\n"
      "    return.8 r7\n" },
    { "what is asked twice is asked once",
      { MOV_K(0, 1), JUMP_K(BPF_JEQ, 1, 3, 1), ST(BPF_W, 2, 0, 1), JUMP_K(BPF_JEQ, 1, 3, 1),
        ST(BPF_W, 2, 4, 1), EXIT() },
      "f0( - r6 r2 - - - ) slots 0\n"
      "b0:\n"
      "    r7 = mov.8 1\n"
      "    branch.8 r6 == 3 b2\n"
      "b1:\n"
      "    store.4 [ r2 +0 ] 1\n"
      "    store.4 [ r2 +4 ] 1\n"
      "b2:\n"
      "    return.8 r7\n" },
    { "a counted loop runs rounds in a row, its sum in parts",
      { MOV_K(0, 0), MOV_K(2, 0), MOV_X(3, 1), ALU_X(BPF_ADD, 3, 2), LDX(BPF_W, 3, 3, 0),
        ALU_X(BPF_ADD, 0, 3), ALU_K(BPF_ADD, 2, 4), JUMP_K(BPF_JNE, 2, 36, -6), EXIT() },
      "f0( - r6 - - - - ) slots 0\n"
      "b0:\n"
      "    r7 = mov.8 0\n"
      "    r2 = mov.8 0\n"
      "b1: loop\n"
      "    r8 = load.4 [ r6 r2<<0 +0 ]\n"
      "    r9 = load.4 [ r6 r2<<0 +4 ]\n"
      "    r8 = add.8 r8 r9\n"
      "    r9 = load.4 [ r6 r2<<0 +8 ]\n"
      "    r8 = add.8 r8 r9\n"
      "    r2 = add.8 r2 12\n"
      "    r7 = add.8 r7 r8\n"
      "    branch.8 r2 != 36 b1\n"
      "b2:\n"
      "    return.8 r7\n" },
    { "rounds that do not come out even keep the test between",
      { MOV_K(2, 22), ST(BPF_W, 1, 0, 7), ALU_K(BPF_ADD, 2, -2), JUMP_K(BPF_JGT, 2, 0, -3),
        MOV_K(0, 0), EXIT() },
      "f0( - r6 - - - - ) slots 0\n"
      "b0:\n"
      "    r7 = mov.8 22\n"
      "b1: loop\n"
      "    store.4 [ r6 +0 ] 7\n"
      "    store.4 [ r6 +0 ] 7\n"
      "    store.4 [ r6 +0 ] 7\n"
      "    r7 = add.8 r7 -6\n"
      "    branch.8 r7 u<= 0 b3\n"
      "b2:\n"
      "    store.4 [ r6 +0 ] 7\n"
      "    r7 = add.8 r7 -2\n"
      "    jump.8 b1\n"
      "b3:\n"
      "    r7 = mov.8 0\n"
      "    return.8 r7\n" },
    { "what only the way out reads is made there",
      { MOV_K(3, 0), LDX(BPF_W, 2, 1, 0), MOV_K(0, 7), ALU_X(BPF_ADD, 3, 2),
        JUMP_K(BPF_JLT, 3, 50, -4), ALU_X(BPF_ADD, 0, 3), EXIT() },
      "f0( - r6 - - - - ) slots 0\n"
      "b0:\n"
      "    r7 = mov.8 0\n"
      "b1: loop\n"
      "    r2 = load.4 [ r6 +0 ]\n"
      "    r7 = add.8 r7 r2\n"
      "    branch.8 r7 u< 50 b1\n"
      "b2:\n"
      "    r7 = add.8 r7 7\n"
      "    return.8 r7\n" },
    { "of a copy that leaves the loop the other end stays",
      { MOV_K(3, 0), LDX(BPF_DW, 0, 1, 0), ALU_X(BPF_ADD, 0, 3), MOV_X(3, 0), ALU_K(BPF_ADD, 1, 8),
        JUMP_K(BPF_JLT, 3, 50, -5), EXIT() },
      "f0( - r6 - - - - ) slots 0\n"
      "b0:\n"
      "    r7 = mov.8 0\n"
      "b1: loop\n"
      "    r2 = load.8 [ r6 +0 ]\n"
      "    r7 = add.8 r2 r7\n"
      "    r6 = add.8 r6 8\n"
      "    branch.8 r7 u< 50 b1\n"
      "b2:\n"
      "    return.8 r7\n" },
    { "a search keeps its branch",
      { MOV_K(0, 0), MOV_X(3, 1), ALU_X(BPF_ADD, 3, 0), LDX(BPF_W, 4, 3, 0),
        JUMP_K(BPF_JGT, 4, 9, 1), MOV_X(0, 4), JUMP_K(BPF_JLT, 0, 100, -6), EXIT() },
      "f0( - r6 - - - - ) slots 0\n"
      "b0:\n"
      "    r7 = mov.8 0\n"
      "    jump.8 b2\n"
      "b1: loop\n"
      "    branch.4 r7 u>= 100 b4\n"
      "b2:\n"
      "    r2 = load.4 [ r6 r7<<0 +0 ]\n"
      "    branch.4 r2 u> 9 b1\n"
      "b3:\n"
      "    r7 = mov.8 r2\n"
      "    jump.8 b1\n"
      "b4:\n"
      "    return.8 r7\n" },
    { "shift pairs are extensions, and masks of bytes",
      { MOV_X(0, 1), ALU_K(BPF_LSH, 0, 48), ALU_K(BPF_ARSH, 0, 48), ALU_K(BPF_AND, 2, 0xff),
        ALU_X(BPF_ADD, 0, 2), EXIT() },
      "f0( - r6 r2 - - - ) slots 0\n"
      "b0:\n"
      "    r6 = sext.8 r6 from 2\n"
      "    r2 = zext.8 r2 from 1\n"
      "    r6 = add.8 r6 r2\n"
      "    return.8 r6\n" },
    { "a rotation",
      { MOV_X(0, 1), MOV_X(2, 1), ALU_K(BPF_LSH, 0, 13), ALU_K(BPF_RSH, 2, 51), ALU_X(BPF_OR, 0, 2),
        EXIT() },
      "f0( - r6 - - - - ) slots 0\n"
      "b0:\n"
      "    r6 = rol.8 r6 13\n"
      "    return.8 r6\n" },
    { "an address of three parts",
      { ALU_K(BPF_LSH, 2, 3), ALU_X(BPF_ADD, 1, 2), LDX(BPF_DW, 0, 1, 16), EXIT() },
      "f0( - r6 r2 - - - ) slots 0\n"
      "b0:\n"
      "    r7 = load.8 [ r6 r2<<3 +16 ]\n"
      "    return.8 r7\n" },
    { "multiplication by 5 and by 40 without multiplying",
      { MOV_X(0, 1), ALU_K(BPF_MUL, 0, 5), ALU_K(BPF_MUL, 2, 40), ALU_X(BPF_ADD, 0, 2), EXIT() },
      "f0( - r6 r2 - - - ) slots 0\n"
      "b0:\n"
      "    r7 = lea.8 [ r6 r6<<2 +0 ]\n"
      "    r6 = lea.8 [ r2 r2<<2 +0 ]\n"
      "    r7 = lea.8 [ r7 r6<<3 +0 ]\n"
      "    return.8 r7\n" },
    { "division by constants without dividing",
      { ALU32_K(BPF_DIV, 1, 10), MOV_X(0, 1), ALU_K(BPF_MOD, 2, 8), ALU_X(BPF_ADD, 0, 2), EXIT() },
      "f0( - r6 r2 - - - ) slots 0\n"
      "b0:\n"
      "    r6 = mov.4 r6\n"
      "    r7 = mov.8 3435973837\n"
      "    r6 = mul.8 r6 r7\n"
      "    r6 = shr.8 r6 35\n"
      "    r2 = and.8 r2 7\n"
      "    r6 = add.8 r6 r2\n"
      "    return.8 r6\n" },
    { "a mask that is compared with zero",
      { MOV_K(0, 2), ALU_K(BPF_AND, 1, 0x10), JUMP_K(BPF_JEQ, 1, 0, 1), ST(BPF_B, 2, 0, 1),
        EXIT() },
      "f0( - r6 r2 - - - ) slots 0\n"
      "b0:\n"
      "    r7 = mov.8 2\n"
      "    branch.8 r6 !& 16 b2\n"
      "b1:\n"
      "    store.1 [ r2 +0 ] 1\n"
      "b2:\n"
      "    return.8 r7\n" },
    { "a constant leaves its loop",
      { MOV_K(0, 0), LDDW(3, 0x123456789abcdef), ALU_X(BPF_XOR, 0, 3), ALU_K(BPF_ADD, 0, 1),
        ALU_K(BPF_SUB, 2, 1), JUMP_K(BPF_JNE, 2, 0, -6), EXIT() },
      "f0( - - r2 - - - ) slots 0\n"
      "b0:\n"
      "    r7 = mov.8 0\n"
      "    r6 = mov.8 81985529216486895\n"
      "b1: loop\n"
      "    r7 = xor.8 r7 r6\n"
      "    r7 = add.8 r7 1\n"
      "    r2 = add.8 r2 -1\n"
      "    branch.8 r2 != 0 b1\n"
      "b2:\n"
      "    return.8 r7\n" },
    { "a place on the stack is a register",
      { STX(BPF_DW, 10, -8, 1), LDX(BPF_DW, 0, 10, -8), ALU_X(BPF_ADD, 0, 2), EXIT() },
      "f0( - r6 r2 - - - ) slots 0\n"
      "b0:\n"
      "    r6 = add.8 r6 r2\n"
      "    return.8 r6\n" },
    { "four bytes put together are one load",
      { LDX(BPF_B, 2, 1, 5), LDX(BPF_B, 3, 1, 6), ALU_K(BPF_LSH, 3, 8), ALU_X(BPF_OR, 3, 2),
        LDX(BPF_B, 2, 1, 7), LDX(BPF_B, 0, 1, 8), ALU_K(BPF_LSH, 0, 8), ALU_X(BPF_OR, 0, 2),
        ALU_K(BPF_LSH, 0, 16), ALU_X(BPF_OR, 0, 3), EXIT() },
      "f0( - r6 - - - - ) slots 0\n"
      "b0:\n"
      "    r7 = load.4 [ r6 +5 ]\n"
      "    return.8 r7\n" },
    { "the first byte uppermost: one load and a swap",
      { LDX(BPF_B, 2, 1, 5), LDX(BPF_B, 0, 1, 6), ALU_K(BPF_LSH, 2, 8), ALU_X(BPF_OR, 0, 2),
        EXIT() },
      "f0( - r6 - - - - ) slots 0\n"
      "b0:\n"
      "    r7 = load.2 [ r6 +5 ]\n"
      "    r7 = bswap.2 r7\n"
      "    return.8 r7\n" },
    { "not over a store, which may be in between",
      { LDX(BPF_B, 2, 1, 5), STX(BPF_B, 1, 6, 2), LDX(BPF_B, 0, 1, 6), ALU_K(BPF_LSH, 2, 8),
        ALU_X(BPF_OR, 0, 2), EXIT() },
      "f0( - r6 - - - - ) slots 0\n"
      "b0:\n"
      "    r7 = load.1 [ r6 +5 ]\n"
      "    store.1 [ r6 +6 ] r7\n"
      "    r6 = load.1 [ r6 +6 ]\n"
      "    r7 = shl.8 r7 8\n"
      "    r6 = or.8 r6 r7\n"
      "    return.8 r6\n" },
    { "nor where the base has changed, or bytes are not neighbours",
      { LDX(BPF_B, 2, 1, 5), LDX(BPF_B, 0, 1, 7), ALU_K(BPF_LSH, 2, 8), ALU_X(BPF_OR, 0, 2),
        LDX(BPF_B, 2, 1, 0), ALU_K(BPF_ADD, 1, 1), LDX(BPF_B, 3, 1, 1), ALU_K(BPF_LSH, 3, 8),
        ALU_X(BPF_OR, 3, 2), ALU_X(BPF_ADD, 0, 3), EXIT() },
      "f0( - r6 - - - - ) slots 0\n"
      "b0:\n"
      "    r7 = load.1 [ r6 +5 ]\n"
      "    r2 = load.1 [ r6 +7 ]\n"
      "    r7 = shl.8 r7 8\n"
      "    r2 = or.8 r2 r7\n"
      "    r7 = load.1 [ r6 +0 ]\n"
      "    r6 = load.1 [ r6 +2 ]\n"
      "    r6 = shl.8 r6 8\n"
      "    r6 = or.8 r6 r7\n"
      "    r2 = add.8 r2 r6\n"
      "    return.8 r2\n" },
    { "counted: a loop counts once a round, also what jumps back",
      { MOV_K(0, 0), ALU_X(BPF_ADD, 0, 1), ALU_K(BPF_SUB, 1, 1), JUMP_K(BPF_JEQ, 1, 0, 1), JUMP(-4),
        EXIT() },
      "f0( r7 r6 - - - - ) slots 0\n"
      "b0:\n"
      "    r2 = mov.8 0\n"
      "    r8 = mov.8 0\n"
      "b1: loop\n"
      "    r2 = add.8 r2 4\n"
      "    r8 = add.8 r8 r6\n"
      "    r6 = add.8 r6 -1\n"
      "    branch.8 r6 != 0 b1\n"
      "b2:\n"
      "    r2 = add.8 r2 1\n"
      "    r6 = load.8 [ r7 +40 ]\n"
      "    r6 = add.8 r6 r2\n"
      "    store.8 [ r7 +40 ] r6\n"
      "    return.8 r8\n" },
    { "counted: of two ways only the longer counts",
      { MOV_K(0, 0), JUMP_K(BPF_JEQ, 1, 0, 2), STX(BPF_DW, 2, 0, 0), JUMP(1), STX(BPF_DW, 2, 8, 0),
        ALU_K(BPF_ADD, 0, 1), ALU_K(BPF_SUB, 1, 1), JUMP_K(BPF_JNE, 1, 0, -7), EXIT() },
      "f0( r7 r6 r2 - - - ) slots 0\n"
      "b0:\n"
      "    r8 = mov.8 0\n"
      "    r8 = add.8 r8 1\n"
      "    r9 = mov.8 0\n"
      "    branch.8 r6 == 0 b4\n"
      "b1:\n"
      "    store.8 [ r2 +0 ] r9\n"
      "b2:\n"
      "    r8 = add.8 r8 6\n"
      "    r9 = add.8 r9 1\n"
      "    r6 = add.8 r6 -1\n"
      "    branch.8 r6 != 0 b1\n"
      "b3:\n"
      "    r8 = add.8 r8 1\n"
      "    r6 = load.8 [ r7 +40 ]\n"
      "    r6 = add.8 r6 r8\n"
      "    store.8 [ r7 +40 ] r6\n"
      "    return.8 r9\n"
      "b4:\n"
      "    r8 = add.8 r8 -1\n"
      "    store.8 [ r2 +8 ] r9\n"
      "    jump.8 b2\n" },
    { "counted: a choice counts by its condition",
      { MOV_X(0, 1), JUMP_K(BPF_JGT, 1, 5, 1), MOV_X(0, 2), EXIT() },
      "f0( r7 r6 r2 - - - ) slots 0\n"
      "b0:\n"
      "    r8 = mov.8 0\n"
      "    r8 = add.8 r8 2\n"
      "    r9 = set.8 r6 u<= 5\n"
      "    r2 = select.8 r6 u> 5 r6 r2\n"
      "    r8 = add.8 r8 r9\n"
      "    r8 = add.8 r8 1\n"
      "    r6 = load.8 [ r7 +40 ]\n"
      "    r6 = add.8 r6 r8\n"
      "    store.8 [ r7 +40 ] r6\n"
      "    return.8 r2\n" },
};

static uint32_t length_of(const struct bpf_insn *insns)
{
    uint32_t count = 0;
    while (insns[count].opcode != (BPF_JMP | BPF_EXIT))
        count++;
    return count + 1;
}

static void print(const struct bpf_prog *prog, bool counts, char *text, size_t size)
{
    struct ir_form *form;
    const struct bpf_jit_options options = { .count_insns = counts };
    ck_assert_int_eq(bpf_jit_lower(prog, &bpf_jit_x86_64, &options, &form, NULL), 0);
    size_t length = 0;
    for (uint32_t i = 0; i < form->function_count; i++)
        length += bpf_jit_print(form, i, text + length, size - length);
    bpf_jit_form_destroy(form);
}

START_TEST(lowered_as_told)
{
    const struct golden *golden = &goldens[_i];
    const struct bpf_verify_request request = { .env = &host.env,
                                                .name = "golden",
                                                .insns = golden->insns,
                                                .insn_count = length_of(golden->insns) };
    struct bpf_prog *prog;
    struct bpf_error error;
    char text[4000];
    ck_assert_msg(bpf_prog_create_unverified(&request, &prog, &error) == 0, "%s", error.text);
    print(prog, strncmp(golden->name, "counted", 7) == 0, text, sizeof text);
    if (getenv("AXIOM_PRINT") != NULL)
        printf("=== %s\n%s", golden->name, text);
    else
        ck_assert_msg(strcmp(text, golden->text) == 0, "%s:\n%sexpected\n%s", golden->name, text,
                      golden->text);
    bpf_prog_destroy(prog);
}
END_TEST

/* --- With facts of the verifier --- */

static void lower_verified(const struct bpf_insn *insns, uint32_t count, struct bpf_map *map,
                           bool counts, char *text, size_t size)
{
    const struct bpf_verify_request request = { .env = &host.env,
                                                .name = "golden",
                                                .insns = insns,
                                                .insn_count = count,
                                                .maps = &map,
                                                .map_count = map == NULL ? 0 : 1,
                                                .context = bpf_context_by_section("timer/1hz"),
                                                .memory_limit = 1u << 20,
                                                .ignore_budget = true };
    struct bpf_verify_result result;
    ck_assert_msg(bpf_verify(&request, &result) == 0, "%s", result.text);
    print(result.prog, counts, text, size);
    if (getenv("AXIOM_PRINT") != NULL)
        printf("===\n%s", text);
    bpf_prog_destroy(result.prog);
}

START_TEST(small_functions_are_inlined)
{
    static const struct bpf_insn insns[] = {
        MOV_K(1, 20),         MOV_K(2, 22), CALL_FUNC(1),          EXIT(),
        ALU_X(BPF_ADD, 1, 2), MOV_X(0, 1),  ALU_K(BPF_AND, 0, 63), EXIT(),
    };
    char text[4000];
    for (uint32_t counts = 0; counts < 2; counts++) {
        lower_verified(insns, sizeof insns / sizeof insns[0], NULL, counts != 0, text, sizeof text);
        const char *second = strstr(text, "f1(");
        ck_assert_ptr_nonnull(second);
        ck_assert_msg(strstr(text, "call") == NULL, "%s", text);
    }
}
END_TEST

START_TEST(array_lookups_call_nothing)
{
    const struct bpf_map_spec spec = { .name = "values",
                                       .type = BPF_MAP_TYPE_ARRAY,
                                       .key_size = 4,
                                       .value_size = 8,
                                       .max_entries = 16 };
    static const struct bpf_insn insns[] = {
        LDX(BPF_DW, 3, 1, 0),     STX(BPF_W, 10, -4, 3), MOV_X(2, 10),
        ALU_K(BPF_ADD, 2, -4),    LDDW_MAP(1, 0),        CALL(1),
        JUMP_K(BPF_JEQ, 0, 0, 1), LDX(BPF_DW, 0, 0, 0),  EXIT(),
    };
    struct bpf_map *map;
    struct bpf_error error;
    char text[4000];
    ck_assert_int_eq(bpf_map_create(&host.env, &spec, &map, &error), 0);
    lower_verified(insns, sizeof insns / sizeof insns[0], map, false, text, sizeof text);
    ck_assert_msg(strstr(text, "call") == NULL, "%s", text);
    ck_assert_msg(strstr(text, "u>= 16") != NULL || strstr(text, "u< 16") != NULL, "%s", text);
    bpf_map_put(map);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf_lower");
    TCase *cases = tcase_create("all");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_loop_test(cases, lowered_as_told, 0, (int)(sizeof goldens / sizeof goldens[0]));
    tcase_add_test(cases, small_functions_are_inlined);
    tcase_add_test(cases, array_lookups_call_nothing);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
