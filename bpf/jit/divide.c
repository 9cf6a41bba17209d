/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Unsigned division by constants: shifts and masks for powers of two, else a multiplication by a
 * rounded-up reciprocal (Granlund and Montgomery, Division by Invariant Integers using
 * Multiplication, PLDI 1994, figure 4.1). */
#include "simplify.h"

/* floor(high * 2^64 / divisor), high < divisor. */
static uint64_t divide_wide(uint64_t high, uint64_t divisor)
{
    uint64_t quotient = 0;
    for (uint32_t bit = 0; bit < 64; bit++) {
        bool carry = high >> 63 != 0;
        high <<= 1;
        quotient <<= 1;
        if (carry || high >= divisor) {
            high -= divisor;
            quotient |= 1;
        }
    }
    return quotient;
}

static ir_place compute(struct simplifier *s, enum ir_op op, ir_place a, ir_place b, int64_t imm)
{
    ir_place dst = simplify_new(s, 64);
    struct ir_insn insn = { .op = (uint8_t)op,
                            .size = 8,
                            .dst = dst,
                            .a = a,
                            .b = b,
                            .c = IR_NONE,
                            .d = IR_NONE,
                            .imm = imm };
    s->width[dst] = (uint8_t)width_of_result(s, &insn);
    simplify_emit(s, &insn);
    return dst;
}

/* x / d = (x * m) >> p with m below 2^32, for x below 2^width: m = ceil(2^p / d) serves if it is at
 * most 2^(p - width) / d too large (Granlund and Montgomery, theorem 4.2). */
static bool short_reciprocal(uint32_t width, uint32_t divisor, uint64_t *factor, uint32_t *shift)
{
    for (uint32_t p = width; p < 64; p++) {
        uint64_t power = UINT64_C(1) << p, m = (power - 1) / divisor + 1;
        if (m > UINT32_MAX)
            return false;
        if (m * divisor - power <= UINT64_C(1) << (p - width)) {
            *factor = m;
            *shift = p;
            return true;
        }
    }
    return false;
}

/* Below 2^32: x / d = mulhi(x, floor(2^64 / d) + 1) exactly, since x * (2^64's error, below d) is
 * below 2^64. */
static ir_place quotient_32(struct simplifier *s, ir_place x, uint32_t divisor)
{
    uint64_t reciprocal;
    uint32_t shift;
    if (short_reciprocal(s->width[x], divisor, &reciprocal, &shift)) {
        ir_place product;
        if (reciprocal <= INT32_MAX) {
            product = compute(s, IR_MUL, x, IR_NONE, (int64_t)reciprocal);
        } else {
            ir_place m = compute(s, IR_MOV, IR_NONE, IR_NONE, (int64_t)reciprocal);
            product = compute(s, IR_MUL, x, m, 0);
        }
        return compute(s, IR_SHR, product, IR_NONE, shift);
    }
    reciprocal = divide_wide(1, divisor) + 1;
    ir_place factor = compute(s, IR_MOV, IR_NONE, IR_NONE, (int64_t)reciprocal);
    return compute(s, IR_MULHI, x, factor, 0);
}

/* m = ceil(2^(64 + k) / d) below 2^64, k as large as that allows, serves x below 2^width if it is at
 * most 2^(64 + k - width) / d too large (as above). */
static bool wide_reciprocal(uint32_t width, uint64_t divisor, uint64_t *factor, uint32_t *shift)
{
    *shift = 63u - (uint32_t)__builtin_clzll(divisor); /* 2^shift < divisor, no power of two */
    *factor = divide_wide(UINT64_C(1) << *shift, divisor) + 1;
    uint64_t excess = *factor * divisor; /* less 2^(64 + shift): below the divisor */
    uint32_t most = 64 + *shift - width;
    return most >= 64 || excess <= UINT64_C(1) << most;
}

static ir_place quotient_by(struct simplifier *s, ir_place x, uint64_t reciprocal, uint32_t shift)
{
    ir_place factor = compute(s, IR_MOV, IR_NONE, IR_NONE, (int64_t)reciprocal);
    ir_place high = compute(s, IR_MULHI, x, factor, 0);
    return compute(s, IR_SHR, high, IR_NONE, shift);
}

/* Else the reciprocal has 65 bits: its top bit is the addition of x itself, halved on the way so
 * that nothing overflows. */
static ir_place quotient_65(struct simplifier *s, ir_place x, uint64_t divisor)
{
    uint32_t length = 64u - (uint32_t)__builtin_clzll(divisor - 1); /* 2^length >= divisor */
    uint64_t power = length == 64 ? 0 - divisor : (UINT64_C(1) << length) - divisor;
    uint64_t reciprocal = divide_wide(power, divisor) + 1;
    ir_place factor = compute(s, IR_MOV, IR_NONE, IR_NONE, (int64_t)reciprocal);
    ir_place high = compute(s, IR_MULHI, x, factor, 0);
    ir_place rest = compute(s, IR_SUB, x, high, 0);
    ir_place half = compute(s, IR_SHR, rest, IR_NONE, 1);
    ir_place sum = compute(s, IR_ADD, half, high, 0);
    return compute(s, IR_SHR, sum, IR_NONE, length - 1);
}

/* An even divisor leaves x a bit less, and that is enough. */
static ir_place quotient_64(struct simplifier *s, ir_place x, uint64_t divisor)
{
    uint64_t reciprocal;
    uint32_t shift, even = (uint32_t)__builtin_ctzll(divisor), width = s->width[x];
    if (wide_reciprocal(width, divisor, &reciprocal, &shift))
        return quotient_by(s, x, reciprocal, shift);
    if (even == 0 || !wide_reciprocal(64 - even, divisor >> even, &reciprocal, &shift))
        return quotient_65(s, x, divisor);
    return quotient_by(s, compute(s, IR_SHR, x, IR_NONE, even), reciprocal, shift);
}

void simplify_divide(struct simplifier *s, struct ir_insn *insn)
{
    bool rest = insn->op == IR_MOD;
    if ((insn->op != IR_DIV && !rest) || insn->b != IR_NONE)
        return;
    uint64_t divisor = insn->size == 4 ? (uint32_t)insn->imm : (uint64_t)insn->imm;
    if (divisor == 0)
        return;
    if ((divisor & (divisor - 1)) == 0) {
        insn->op = rest ? IR_AND : IR_SHR;
        insn->imm = rest ? (int64_t)(divisor - 1) : __builtin_ctzll(divisor);
        insn->flags &= ~(uint32_t)IR_NOT_ZERO;
        return;
    }
    ir_place x = insn->a;
    if (insn->size == 4 && s->width[x] > 32) {
        ir_place low = simplify_new(s, 32);
        struct ir_insn mov = {
            .op = IR_MOV, .size = 4, .dst = low, .a = x, .b = IR_NONE, .c = IR_NONE, .d = IR_NONE
        };
        simplify_emit(s, &mov);
        x = low;
    }
    bool is_short = s->width[x] <= 32 && divisor <= UINT32_MAX;
    ir_place quotient =
        is_short ? quotient_32(s, x, (uint32_t)divisor) : quotient_64(s, x, divisor);
    if (!rest) {
        become_copy(insn, quotient);
        return;
    }
    ir_place product = compute(s, IR_MUL, quotient, IR_NONE, (int64_t)divisor);
    *insn = (struct ir_insn){
        .op = IR_SUB, .size = 8, .dst = insn->dst, .a = x, .b = product, .c = IR_NONE, .d = IR_NONE
    };
}
