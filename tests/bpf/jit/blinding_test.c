/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Constant blinding on every encoder: constants that a program chooses are in the code without it,
 * as bytes or as the fields of the instructions that would build them, and nowhere with it. */
#include "host_env.h"

#include <bpf/insn.h>
#include <bpf/jit.h>
#include <bpf_unverified/unverified.h>

#include <stdlib.h>
#include <string.h>
#include <tests/check_main.h>

/* Neither small, nor a bit mask, nor near a power of two; LUI takes its upper 20 bits, or one more
 * where the lower 12 are negative. */
#define CHOSEN 0x5ca1d3b7

#define K(class, op, dst)                         \
    {                                             \
        (class) | (op) | BPF_K, dst, 0, 0, CHOSEN \
    }
#define STORE(size, at)                              \
    {                                                \
        BPF_ST | BPF_MEM | (size), 10, 0, at, CHOSEN \
    }
#define JUMP(class, op)                         \
    {                                           \
        (class) | (op) | BPF_K, 1, 0, 1, CHOSEN \
    }
#define ADD_ONE                                 \
    {                                           \
        BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, 1 \
    }

/* Every instruction with a 32-bit constant, on numbers that nobody knows. */
static const struct bpf_insn program[] = {
    { BPF_LDX | BPF_MEM | BPF_DW, 2, 1, 0, 0 },
    { BPF_LDX | BPF_MEM | BPF_DW, 3, 1, 8, 0 },
    { BPF_LDX | BPF_MEM | BPF_DW, 1, 1, 16, 0 },
    K(BPF_ALU64, BPF_MOV, 4),
    { BPF_ALU64 | BPF_XOR | BPF_X, 3, 4, 0, 0 },
    { BPF_LDDW, 5, 0, 0, CHOSEN },
    { 0, 0, 0, 0, CHOSEN },
    { BPF_ALU64 | BPF_MUL | BPF_X, 3, 5, 0, 0 },
    K(BPF_ALU64, BPF_ADD, 1),
    K(BPF_ALU64, BPF_SUB, 2),
    K(BPF_ALU64, BPF_MUL, 3),
    K(BPF_ALU64, BPF_AND, 1),
    K(BPF_ALU64, BPF_OR, 2),
    K(BPF_ALU64, BPF_XOR, 1),
    K(BPF_ALU, BPF_ADD, 3),
    K(BPF_ALU, BPF_SUB, 1),
    K(BPF_ALU, BPF_MUL, 2),
    K(BPF_ALU, BPF_AND, 3),
    K(BPF_ALU, BPF_OR, 1),
    K(BPF_ALU, BPF_XOR, 2),
    STORE(BPF_W, -8),
    STORE(BPF_DW, -16),
    JUMP(BPF_JMP, BPF_JEQ),
    ADD_ONE,
    JUMP(BPF_JMP, BPF_JGT),
    ADD_ONE,
    JUMP(BPF_JMP32, BPF_JSLT),
    ADD_ONE,
    JUMP(BPF_JMP, BPF_JSET),
    ADD_ONE,
    { BPF_ALU64 | BPF_MOV | BPF_X, 0, 1, 0, 0 },
    { BPF_ALU64 | BPF_XOR | BPF_X, 0, 2, 0, 0 },
    { BPF_ALU64 | BPF_XOR | BPF_X, 0, 3, 0, 0 },
    { BPF_LDX | BPF_MEM | BPF_DW, 4, 10, -8, 0 },
    { BPF_ALU64 | BPF_XOR | BPF_X, 0, 4, 0, 0 },
    { BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
};

static bool is_aarch64(const char *name)
{
    return strncmp(name, "aarch64", 7) == 0;
}

/* MOVZ, MOVN, MOVK (DDI 0487 C4.1.92: bits 28:23 are 100101) of half of the constant, or of its
 * complement; LUI and ADDI(W) of its parts. */
static bool word_shows(const char *name, uint32_t word)
{
    uint32_t low = CHOSEN & 0xffff, high = (uint32_t)CHOSEN >> 16;
    if (is_aarch64(name)) {
        uint32_t piece = word >> 5 & 0xffff;
        bool moves = (word >> 23 & 0x3f) == 0x25;
        return moves && (piece == low || piece == high || piece == (low ^ 0xffff) ||
                         piece == (high ^ 0xffff));
    }
    return (word & 0x7f) == 0x37 && (word >> 12) - ((uint32_t)CHOSEN >> 12) <= 1;
}

/* Places where the constant can be read out of the code. */
static uint32_t shown(const char *name, const uint8_t *code, size_t size)
{
    const uint32_t chosen = CHOSEN;
    uint32_t count = 0;
    for (size_t i = 0; i + 4 <= size; i++) {
        uint32_t word;
        memcpy(&word, code + i, 4);
        count += word == chosen || word == ~chosen || word == 0 - chosen;
        if (i % 4 == 0 && strncmp(name, "x86_64", 6) != 0)
            count += word_shows(name, word);
    }
    return count;
}

static uint32_t shown_by(const struct bpf_prog *prog, const char *name, uint64_t seed)
{
    const struct bpf_jit_target *target = bpf_jit_target_find(name);
    const struct bpf_jit_options options = { .blinding_seed = seed };
    struct ir_form *form;
    struct bpf_error error;
    size_t size, again;
    ck_assert_ptr_nonnull(target);
    ck_assert_msg(bpf_jit_lower(prog, target, &options, &form, &error) == 0, "%s", error.text);
    ck_assert_int_eq(bpf_jit_encode(form, NULL, 0, &size), 0);
    uint8_t *code = malloc(size);
    ck_assert_int_eq(bpf_jit_encode(form, code, size, &again), 0);
    ck_assert_uint_eq(size, again);
    bpf_jit_form_destroy(form);
    uint32_t count = shown(name, code, size);
    free(code);
    return count;
}

START_TEST(chosen_constants_do_not_stand_in_the_code)
{
    static const char *const names[] = { "x86_64",  "aarch64",         "aarch64+lse",
                                         "riscv64", "riscv64+zba+zbb", "riscv64+zba+zbb+zicond" };
    struct host_env host;
    host_env_init(&host);
    const struct bpf_verify_request request = { .env = &host.env,
                                                .name = "constants",
                                                .insns = program,
                                                .insn_count = sizeof program / sizeof program[0] };
    struct bpf_prog *prog;
    struct bpf_error error;
    ck_assert_msg(bpf_prog_create_unverified(&request, &prog, &error) == 0, "%s", error.text);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        uint32_t plain = shown_by(prog, names[i], 0);
        /* What is looked for is there, many times, as long as nobody hides it. */
        ck_assert_msg(plain >= 8, "%s: %u", names[i], plain);
        for (uint64_t seed = 1; seed <= 20; seed++) {
            uint32_t blinded = shown_by(prog, names[i], seed * UINT64_C(0x9e3779b97f4a7c15));
            ck_assert_msg(blinded == 0, "%s: %u of %u are left", names[i], blinded, plain);
        }
    }
    bpf_prog_destroy(prog);
    ck_assert_int_eq(host.live_bytes, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf_blinding");
    TCase *tcase = tcase_create("constants");
    tcase_add_test(tcase, chosen_constants_do_not_stand_in_the_code);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
