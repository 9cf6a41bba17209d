/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The instruction table: order, completeness, what is refused, and the text of instructions. */
#include "prog_builder.h"
#include <axiom/errno.h>
#include <bpf/disasm.h>
#include <bpf/op.h>

#include <stdlib.h>
#include <string.h>
#include <tests/check_main.h>

START_TEST(table_is_sorted_and_reaches_every_operation)
{
    bool reached[BPF_OP_COUNT] = { false };
    for (uint32_t i = 0; i < bpf_insn_table_count; i++) {
        const struct bpf_insn_row *row = &bpf_insn_table[i], *before = row - 1;
        reached[row->op] = true;
        if (i > 0)
            ck_assert(before->opcode < row->opcode ||
                      (before->opcode == row->opcode && before->selected < row->selected));
    }
    for (uint32_t op = 0; op < BPF_OP_COUNT; op++) {
        bool made_by_decoder = op == BPF_OP_FALL_OFF || op == BPF_OP_CALL_HELPER_CLEAR ||
                               op == BPF_OP_CALL_HELPER_UNWIND || op == BPF_OP_CALL_HELPER_BACK ||
                               op == BPF_OP_TAIL_CALL;
        ck_assert_msg(reached[op] != made_by_decoder, "operation %u", op);
    }
}
END_TEST

/* An instruction that this row describes. */
static struct bpf_insn example(const struct bpf_insn_row *row)
{
    struct bpf_insn insn = { .opcode = row->opcode };
    if (row->selector == BPF_BY_OFFSET)
        insn.offset = row->selected;
    if (row->selector == BPF_BY_IMM)
        insn.imm = row->selected;
    if (row->selector == BPF_BY_SRC)
        insn.src_reg = (uint8_t)row->selected & 0xfu;
    return insn;
}

static int check_one(struct bpf_insn insn)
{
    const struct bpf_insn two[2] = { insn, { 0 } };
    return bpf_insn_check(two, 2, 0, NULL);
}

START_TEST(fields_that_a_row_does_not_name_must_be_zero)
{
    for (uint32_t i = 0; i < bpf_insn_table_count; i++) {
        const struct bpf_insn_row *row = &bpf_insn_table[i];
        struct bpf_insn insn = example(row), changed;
        ck_assert_ptr_eq(bpf_insn_find(&insn), row);
        ck_assert_int_eq(check_one(insn), 0);
        changed = insn, changed.dst_reg = 1;
        ck_assert_int_eq(check_one(changed) == 0,
                         (row->fields & (BPF_USES_DST | BPF_SETS_DST)) != 0);
        changed = insn, changed.dst_reg = 10;
        ck_assert_int_eq(check_one(changed) == 0,
                         (row->fields & (BPF_USES_DST | BPF_SETS_DST)) == BPF_USES_DST);
        changed = insn, changed.dst_reg = 11;
        ck_assert_int_eq(check_one(changed), -EINVAL);
        if (row->selector != BPF_BY_SRC) {
            changed = insn, changed.src_reg = 1;
            ck_assert_int_eq(check_one(changed) == 0, (row->fields & BPF_USES_SRC) != 0);
            changed = insn, changed.src_reg = 10;
            ck_assert_int_eq(check_one(changed) == 0,
                             (row->fields & (BPF_USES_SRC | BPF_SETS_SRC)) == BPF_USES_SRC);
            changed = insn, changed.src_reg = 15;
            ck_assert_int_eq(check_one(changed), -EINVAL);
        }
        if (row->selector != BPF_BY_OFFSET) {
            changed = insn, changed.offset = 4;
            ck_assert_int_eq(check_one(changed) == 0, (row->fields & BPF_HAS_OFFSET) != 0);
        }
        if (row->selector != BPF_BY_IMM) {
            changed = insn, changed.imm = 4;
            ck_assert_int_eq(check_one(changed) == 0, (row->fields & BPF_HAS_IMM) != 0);
        }
    }
}
END_TEST

START_TEST(encodings_without_a_row_are_refused)
{
    const struct bpf_insn unknown[] = {
        I(0xff, 0, 0, 0, 0),
        I(0, 0, 0, 0, 0),
        I(BPF_ALU64 | BPF_DIV, 1, 0, 2, 1),
        I(BPF_ALU | BPF_MOV | BPF_X, 1, 2, 32, 0),
        I(BPF_ALU | BPF_END, 1, 0, 0, 24),
        I(BPF_STX | BPF_ATOMIC | BPF_DW, 1, 2, 0, 2),
        I(BPF_STX | BPF_ATOMIC | BPF_B, 1, 2, 0, 0),
        I(BPF_LDDW, 1, 7, 0, 0),
        I(BPF_JMP | BPF_CALL, 0, 3, 0, 0),
        I(BPF_LDX | BPF_MEMSX | BPF_DW, 1, 2, 0, 0),
    };
    for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
        ck_assert_int_eq(check_one(unknown[i]), -EINVAL);
}
END_TEST

START_TEST(lddw_needs_its_second_half)
{
    struct bpf_insn insns[2] = { LDDW(1, 5) };
    struct bpf_error error;
    ck_assert_int_eq(bpf_insn_check(insns, 1, 0, &error), -EINVAL);
    ck_assert_str_eq(error.text, "a 64-bit load is cut off: its second half is missing");
    ck_assert_int_eq(bpf_insn_check(insns, 2, 0, NULL), 0);
    insns[1].dst_reg = 1;
    ck_assert_int_eq(bpf_insn_check(insns, 2, 0, NULL), -EINVAL);
    const struct bpf_insn map[2] = { I(BPF_LDDW, 1, BPF_PSEUDO_MAP_IDX, 0, 0), I(0, 0, 0, 0, 9) };
    ck_assert_int_eq(bpf_insn_check(map, 2, 0, NULL), -EINVAL);
}
END_TEST

static void text_is(struct bpf_insn first, struct bpf_insn second, const char *expected)
{
    const struct bpf_insn insns[2] = { first, second };
    char text[128];
    int length = bpf_disasm_insn(text, sizeof text, insns, 2, 0, NULL);
    ck_assert_str_eq(text, expected);
    ck_assert_int_eq(length, (int)strlen(expected));
    char cut[6];
    ck_assert_int_eq(bpf_disasm_insn(cut, sizeof cut, insns, 2, 0, NULL), length);
    ck_assert_int_eq(strncmp(cut, expected, 5), 0);
}

START_TEST(text_is_what_the_field_prints)
{
    const struct bpf_insn none = { 0 };
    text_is(LDX(BPF_B, 0, 1, 0), none, "r0 = *(u8 *)(r1 + 0)");
    text_is(LDX(BPF_DW, 0, 10, -8), none, "r0 = *(u64 *)(r10 - 8)");
    text_is(I(BPF_LDX | BPF_MEMSX | BPF_H, 3, 4, 2, 0), none, "r3 = *(s16 *)(r4 + 2)");
    text_is(STX(BPF_W, 10, -32768, 1), none, "*(u32 *)(r10 - 32768) = r1");
    text_is(ST(BPF_H, 10, -2, -5), none, "*(u16 *)(r10 - 2) = -5");
    text_is(MOV_K(1, -1), none, "r1 = -1");
    text_is(ALU32_X(BPF_ADD, 1, 2), none, "w1 += w2");
    text_is(ALU_X(BPF_ARSH, 1, 2), none, "r1 s>>= r2");
    text_is(ALU_K(BPF_MOD, 1, 3), none, "r1 %= 3");
    text_is(I(BPF_ALU64 | BPF_MOD | BPF_X, 1, 2, 1, 0), none, "r1 s%= r2");
    text_is(I(BPF_ALU64 | BPF_MOV | BPF_X, 1, 2, 8, 0), none, "r1 = (s8)r2");
    text_is(I(BPF_ALU64 | BPF_MOV | BPF_X, 1, 2, 1, BPF_CAST_TO_KERNEL), none, "r1 = addr_space_cast(r2, 0, 1)");
    text_is(I(BPF_ALU64 | BPF_MOV | BPF_X, 1, 2, 1, BPF_CAST_TO_USER), none, "r1 = addr_space_cast(r2, 1, 0)");
    text_is(I(BPF_ALU | BPF_NEG, 7, 0, 0, 0), none, "w7 = -w7");
    text_is(I(BPF_ALU | BPF_END | BPF_X, 7, 0, 0, 32), none, "r7 = be32 r7");
    text_is(I(BPF_ALU64 | BPF_END, 7, 0, 0, 16), none, "r7 = bswap16 r7");
    text_is(JUMP_K(BPF_JSGT, 3, -4, 5), none, "if r3 s> -4 goto +5");
    text_is(I(BPF_JMP32 | BPF_JSET | BPF_X, 3, 4, -6, 0), none, "if w3 & w4 goto -6");
    text_is(JUMP(-1), none, "goto -1");
    text_is(I(BPF_JMP32 | BPF_JA, 0, 0, 0, 70000), none, "gotol +70000");
    text_is(CALL(1), none, "call bpf_map_lookup_elem#1");
    text_is(CALL(AXIOM_BPF_BASE + 1), none, "call bpf_gpio_set#65537");
    text_is(CALL(99999), none, "call unknown#99999");
    text_is(CALL_FUNC(3), none, "call pc 4");
    text_is(I(BPF_JMP | BPF_CALL | BPF_X, 2, 0, 0, 0), none, "callx r2");
    text_is(EXIT(), none, "exit");
    text_is(I(BPF_LDDW, 1, 0, 0, 0x55667788), I(0, 0, 0, 0, 0x11223344),
            "r1 = 0x1122334455667788 ll");
    text_is(I(BPF_LDDW, 1, BPF_PSEUDO_MAP_IDX, 0, 2), none, "r1 = map[2]");
    text_is(I(BPF_LDDW, 1, BPF_PSEUDO_MAP_IDX_VALUE, 0, 2), I(0, 0, 0, 0, 8),
            "r1 = map[2].value + 8");
    text_is(ATOMIC_INSN(BPF_DW, 1, 8, 2, BPF_ADD), none, "lock *(u64 *)(r1 + 8) += r2");
    text_is(ATOMIC_INSN(BPF_W, 1, 8, 2, BPF_XOR | BPF_FETCH), none,
            "w2 = atomic_fetch_xor((u32 *)(r1 + 8), w2)");
    text_is(ATOMIC_INSN(BPF_DW, 1, 0, 2, BPF_CMPXCHG), none,
            "r0 = atomic64_cmpxchg((u64 *)(r1 + 0), r0, r2)");
    text_is(I(0xff, 0, 0, 0, 1), none, ".quad 0x00000001000000ff");
}
END_TEST

START_TEST(any_bytes_have_a_text_and_an_answer)
{
    srand(1);
    for (int i = 0; i < 200000; i++) {
        struct bpf_insn insns[2];
        uint8_t *bytes = (uint8_t *)insns;
        for (size_t b = 0; b < sizeof insns; b++)
            bytes[b] = (uint8_t)(rand() >> 7);
        char text[64];
        ck_assert_int_gt(bpf_disasm_insn(text, sizeof text, insns, 2, 0, NULL), 0);
        int err = bpf_insn_check(insns, 2, 0, NULL);
        ck_assert(err == 0 || err == -EINVAL);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf instructions");
    TCase *tcase = tcase_create("insn");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, table_is_sorted_and_reaches_every_operation);
    tcase_add_test(tcase, fields_that_a_row_does_not_name_must_be_zero);
    tcase_add_test(tcase, encodings_without_a_row_are_refused);
    tcase_add_test(tcase, lddw_needs_its_second_half);
    tcase_add_test(tcase, text_is_what_the_field_prints);
    tcase_add_test(tcase, any_bytes_have_a_text_and_an_answer);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
