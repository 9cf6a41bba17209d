/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Cheaper forms of ALU operations and comparisons. */
#include "simplify.h"

static bool by_constant(const struct ir_insn *insn, enum ir_op op)
{
    return insn->op == op && insn->b == IR_NONE;
}

static uint32_t shift_count(const struct ir_insn *insn)
{
    return (uint32_t)insn->imm & (lower_bits(insn) - 1);
}

static void become_extension(struct ir_insn *insn, enum ir_op op, ir_place a, uint32_t from)
{
    insn->op = (uint8_t)op;
    insn->a = a;
    insn->b = IR_NONE;
    insn->imm = 0;
    insn->cond = (uint8_t)from;
    if (op == IR_ZEXT && from == 4) {
        insn->op = IR_MOV;
        insn->size = 4;
    }
}

/* Masks that are moves: all bits kept, or a whole number of bytes. */
static void simplify_and(struct simplifier *s, struct ir_insn *insn)
{
    uint64_t mask = insn->size == 4 ? (uint32_t)insn->imm : (uint64_t)insn->imm;
    uint32_t width = s->width[insn->a] < lower_bits(insn) ? s->width[insn->a] : lower_bits(insn);
    if (!is_mask(mask))
        return;
    uint32_t kept = (uint32_t)__builtin_popcountll(mask);
    if (kept >= s->width[insn->a])
        become_copy(insn, insn->a);
    else if (kept >= width) /* size 4 of a wider register */
        become_extension(insn, IR_ZEXT, insn->a, 4);
    else if (kept == 8 || kept == 16 || kept == 32)
        become_extension(insn, IR_ZEXT, insn->a, kept / 8);
}

/* (x << n) >> n, arithmetic or not, where what stays is whole bytes; (u32)x >> n. */
static void simplify_shift_pair(struct simplifier *s, struct ir_insn *insn)
{
    const struct ir_insn *left = made_by(s, insn->a, IR_SHL, insn->size);
    if (left == NULL || left->b != IR_NONE)
        return;
    uint32_t n = shift_count(left), m = shift_count(insn), kept = lower_bits(insn) - n;
    if (n == m && (kept == 8 || kept == 16 || kept == 32)) {
        become_extension(insn, insn->op == IR_SAR ? IR_SEXT : IR_ZEXT, left->a, kept / 8);
    } else if (insn->op == IR_SHR && insn->size == 8 && n == 32 && m > 32) {
        insn->a = left->a;
        insn->size = 4;
        insn->imm = m - 32;
    }
}

/* (x << n) + (x >> (bits - n)), with | or ^ as well: a rotation. */
static bool simplify_rotate(struct simplifier *s, struct ir_insn *insn)
{
    if ((s->f->target->features & IR_HAS_ROTATE) == 0 || insn->b == IR_NONE)
        return false;
    const struct ir_insn *left = made_by(s, insn->a, IR_SHL, insn->size);
    const struct ir_insn *right = made_by(s, insn->b, IR_SHR, insn->size);
    if (left == NULL || right == NULL) {
        left = made_by(s, insn->b, IR_SHL, insn->size);
        right = made_by(s, insn->a, IR_SHR, insn->size);
    }
    if (left == NULL || right == NULL || left->a != right->a || left->b != IR_NONE ||
        right->b != IR_NONE || shift_count(left) + shift_count(right) != lower_bits(insn))
        return false;
    *insn = (struct ir_insn){ .op = IR_ROL,
                              .size = insn->size,
                              .dst = insn->dst,
                              .a = left->a,
                              .b = IR_NONE,
                              .c = IR_NONE,
                              .d = IR_NONE,
                              .imm = left->imm };
    return true;
}

static bool has_lea(const struct simplifier *s, uint32_t size)
{
    uint32_t features = s->f->target->features;
    return (features & IR_HAS_LEA_SHIFT) != 0 && (size == 8 || (features & IR_HAS_LEA32) != 0);
}

/* a + (x << n), n at most 3, where the target has it in one instruction. */
static void simplify_scaled_add(struct simplifier *s, struct ir_insn *insn)
{
    if (!has_lea(s, insn->size) || insn->b == IR_NONE)
        return;
    for (uint32_t turn = 0; turn < 2; turn++) {
        const struct ir_insn *shift = made_by(s, insn->b, IR_SHL, insn->size);
        if (shift != NULL && shift->b == IR_NONE && shift_count(shift) <= 3) {
            insn->op = IR_LEA;
            insn->b = shift->a;
            insn->scale = (uint8_t)shift_count(shift);
            insn->imm = 0;
            insn->disp = 0;
            return;
        }
        ir_place a = insn->a;
        insn->a = insn->b;
        insn->b = a;
    }
}

static void simplify_add(struct simplifier *s, struct ir_insn *insn)
{
    if (insn->op == IR_SUB && insn->b == IR_NONE && insn->imm != INT64_MIN) {
        insn->op = IR_ADD;
        insn->imm = -insn->imm;
    }
    if (insn->op != IR_ADD || simplify_rotate(s, insn) || simplify_join(s, insn))
        return;
    if (insn->b != IR_NONE) {
        simplify_scaled_add(s, insn);
        return;
    }
    const struct ir_insn *inner = made_by(s, insn->a, IR_ADD, insn->size);
    int64_t sum;
    if (inner != NULL && inner->b == IR_NONE &&
        !__builtin_add_overflow(insn->imm, inner->imm, &sum) && sum >= INT32_MIN &&
        sum <= INT32_MAX) {
        insn->a = inner->a;
        insn->imm = sum;
    }
    if (insn->imm == 0 && (insn->size == 8 || s->width[insn->a] <= 32))
        become_copy(insn, insn->a);
}

/* dst = (x << n) + y, as what is cheapest; returns it when it needs no instruction after it. */
static void become_scaled_add(struct simplifier *s, struct ir_insn *insn, ir_place x, uint32_t n,
                              ir_place y)
{
    struct ir_insn sum = { .op = IR_LEA,
                           .size = insn->size,
                           .scale = (uint8_t)n,
                           .dst = insn->dst,
                           .a = y,
                           .b = x,
                           .c = IR_NONE,
                           .d = IR_NONE };
    if (n > 3 || !has_lea(s, insn->size)) {
        struct ir_insn shift = sum;
        shift.op = IR_SHL;
        shift.scale = 0;
        shift.dst = simplify_new(s, lower_bits(insn));
        shift.a = x;
        shift.b = IR_NONE;
        shift.imm = n;
        simplify_emit(s, &shift);
        sum.op = IR_ADD;
        sum.scale = 0;
        sum.b = shift.dst;
    }
    *insn = sum;
}

/* Powers of two; and what two additions and shifts give, which take two cycles where a
 * multiplication takes three or more. */
static void simplify_multiply(struct simplifier *s, struct ir_insn *insn)
{
    uint64_t factor = insn->size == 4 ? (uint32_t)insn->imm : (uint64_t)insn->imm;
    if (factor == 0)
        return;
    uint32_t even = (uint32_t)__builtin_ctzll(factor);
    uint64_t odd = factor >> even, above = odd - 1;
    if (above == 0) {
        insn->op = IR_SHL;
        insn->imm = even;
        return;
    }
    if ((above & (above - 1)) != 0 || (s->f->target->features & IR_HAS_LEA32) == 0)
        return;
    uint32_t n = (uint32_t)__builtin_ctzll(above);
    if (n > 3 && even != 0)
        return;
    ir_place x = insn->a;
    if (even != 0) { /* (x * odd) << even */
        struct ir_insn product = *insn;
        product.dst = simplify_new(s, lower_bits(insn));
        become_scaled_add(s, &product, x, n, x);
        simplify_emit(s, &product);
        insn->op = IR_SHL;
        insn->a = product.dst;
        insn->imm = even;
        return;
    }
    become_scaled_add(s, insn, x, n, x);
}

/* 1 or 0 by the condition; -1 or 0, and any other pair, are as cheap by choosing. */
static void simplify_select(struct simplifier *s, struct ir_insn *insn)
{
    int64_t c, d;
    if (!constant_of(s, insn->c, &c) || !constant_of(s, insn->d, &d) || (c != 0 && c != 1) ||
        d != 1 - c)
        return;
    insn->op = IR_SET;
    insn->cond ^= c == 0;
    insn->c = insn->d = IR_NONE;
}

void simplify_arithmetic(struct simplifier *s, struct ir_insn *insn)
{
    if (insn->op == IR_MOV && insn->a != IR_NONE && insn->size == 4 && s->width[insn->a] <= 32)
        insn->size = 8;
    else if (insn->op == IR_ZEXT && s->width[insn->a] <= IR_FROM(insn) * 8u)
        become_copy(insn, insn->a);
    else if (insn->op == IR_SEXT && s->width[insn->a] < IR_FROM(insn) * 8u)
        become_copy(insn, insn->a);
    else if (by_constant(insn, IR_AND))
        simplify_and(s, insn);
    else if (by_constant(insn, IR_SHR) || by_constant(insn, IR_SAR))
        simplify_shift_pair(s, insn);
    else if (insn->op == IR_ADD || insn->op == IR_SUB)
        simplify_add(s, insn);
    else if ((insn->op == IR_OR || insn->op == IR_XOR) && !simplify_rotate(s, insn))
        simplify_join(s, insn);
    else if (by_constant(insn, IR_MUL))
        simplify_multiply(s, insn);
    bool shifts = insn->op >= IR_SHL && insn->op <= IR_ROL && insn->b == IR_NONE;
    if (shifts && shift_count(insn) == 0 && s->width[insn->a] <= lower_bits(insn))
        become_copy(insn, insn->a);
}

/* Numbers below 2^32 compare alike in 32 bits, those below 2^31 also with signs; the encodings are
 * shorter, and immediates fit that did not. */
void simplify_compare_size(struct simplifier *s, struct ir_insn *insn)
{
    if (insn->size != 8)
        return;
    int64_t imm = insn->imm;
    uint32_t a = s->width[insn->a];
    bool tests = insn->cond == IR_TEST || insn->cond == IR_NOT_TEST;
    bool has_sign = insn->cond >= IR_LTS && !tests;
    uint32_t b = insn->b == IR_NONE
                     ? (imm < 0 ? 64 : 64u - (uint32_t)__builtin_clzll((uint64_t)imm | 1))
                     : s->width[insn->b];
    uint32_t most = has_sign ? 31 : 32;
    if (a <= most && (b <= most || tests)) {
        insn->size = 4;
        insn->imm = insn->b == IR_NONE ? (int32_t)imm : imm;
    }
}

void simplify_compare(struct simplifier *s, struct ir_insn *insn)
{
    /* (x & y) == 0, != 0 */
    bool with_zero = insn->b == IR_NONE && insn->imm == 0;
    if (with_zero && (insn->cond == IR_EQ || insn->cond == IR_NE)) {
        const struct ir_insn *mask = made_by(s, insn->a, IR_AND, insn->size);
        if (mask == NULL && insn->size == 8) /* a 32-bit result is zero or not as a whole */
            mask = made_by(s, insn->a, IR_AND, 4);
        else if (mask == NULL && s->width[insn->a] <= 32)
            mask = made_by(s, insn->a, IR_AND, 8);
        if (mask != NULL && (mask->b == IR_NONE || still_holds(s, mask, mask->b))) {
            insn->a = mask->a;
            insn->b = mask->b;
            insn->imm = mask->imm;
            insn->size = mask->size;
            insn->cond = insn->cond == IR_EQ ? IR_NOT_TEST : IR_TEST;
            simplify_compare_size(s, insn);
            simplify_constants(s, insn);
        }
    }
    if (insn->op == IR_SELECT)
        simplify_select(s, insn);
}
