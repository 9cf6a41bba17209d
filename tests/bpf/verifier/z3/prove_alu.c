/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Arithmetic on ranges: whatever the operands are, the result's range has the machine's result. */
#include "range.c"
#include "tnum.c"

#include "range_alu.c"

#include "range_any.h"

/* Proved by prove_deduce.c. */
CONTRACT bool range_deduce__contract(struct range *r, unsigned bits)
{
    return keeps_members(r, bits);
}

#define DEDUCED(bits)                            \
    void prove_deduced_##bits(void)              \
    {                                            \
        uint64_t x = witness(0);                 \
        struct range r = any_around(x, bits);    \
        r = deduced(r, bits);                    \
        prove_around(&r, x, bits);               \
    }
DEDUCED(64)
DEDUCED(32)

CONTRACT struct range deduced__contract(struct range r, unsigned bits)
{
    prove_around(&r, witness(0), bits);
    return any_around(witness(0), bits);
}

/* An interval given by its start and span has each value that is no further from the start. */
#define SET(bits)                                                  \
    void prove_set_unsigned_##bits(void)                           \
    {                                                              \
        uint64_t x = any_u64(), low = any_u64(), span = any_u64(); \
        struct range r = any_around(x, bits);                      \
        assume(((x - low) & width_mask(bits)) <= span);            \
        set_unsigned(&r, low, span, bits);                         \
        prove_around(&r, x, bits);                                 \
    }                                                              \
    void prove_set_signed_##bits(void)                             \
    {                                                              \
        uint64_t x = any_u64(), low = any_u64(), span = any_u64(); \
        struct range r = any_around(x, bits);                      \
        assume(((x - low) & width_mask(bits)) <= span);            \
        set_signed(&r, low, span, bits);                           \
        prove_around(&r, x, bits);                                 \
    }
SET(64)
SET(32)

static void keep_in_span(struct range *r, uint64_t low, uint64_t span, unsigned bits)
{
    uint64_t x = witness(0);
    struct range out = any_range(bits);
    out.t = r->t;
    assume(!(range_has(r, x, bits) && ((x - low) & width_mask(bits)) <= span) ||
           range_has(&out, x, bits));
    *r = out;
}

CONTRACT void set_unsigned__contract(struct range *r, uint64_t low, uint64_t span, unsigned bits)
{
    keep_in_span(r, low, span, bits);
}

CONTRACT void set_signed__contract(struct range *r, uint64_t low, uint64_t span, unsigned bits)
{
    keep_in_span(r, low, span, bits);
}

/* Operators on bits, proved by prove_tnum.c (but for tnum_mul(), which tnum_test.c checks exhaustively at small widths):
 * any tnum that has the result of the two operands which the obligation follows. */
static uint64_t left, right;

static struct tnum bits_of(struct tnum a, struct tnum b, uint64_t result)
{
    struct tnum t = { any_u64(), any_u64() };
    assume((t.value & t.mask) == 0);
    assume(!(tnum_contains(a, left) && tnum_contains(b, right)) || tnum_contains(t, result));
    return t;
}

CONTRACT struct tnum tnum_add__contract(struct tnum a, struct tnum b)
{
    return bits_of(a, b, left + right);
}

CONTRACT struct tnum tnum_sub__contract(struct tnum a, struct tnum b)
{
    return bits_of(a, b, left - right);
}

CONTRACT struct tnum tnum_mul__contract(struct tnum a, struct tnum b)
{
    struct tnum t = bits_of(a, b, left * right);
    assume(!(tnum_contains(b, left) && tnum_contains(a, right)) || tnum_contains(t, left * right));
    return t;
}

#define MUL_BITS(bits)                                              \
    void prove_mul_bits_##bits(void)                                \
    {                                                               \
        uint64_t x = any_u64(), y = any_u64();                      \
        struct range a = any_around(x, bits), b = any_around(y, bits); \
        left = x;                                                   \
        right = y;                                                  \
        struct tnum t = mul_bits(a.t, b.t, bits);                   \
        prove((t.value & t.mask) == 0);                             \
        prove(tnum_umax(t) <= width_mask(bits));                    \
        prove(tnum_contains(t, (x * y) & width_mask(bits)));        \
    }
MUL_BITS(64)
MUL_BITS(32)

CONTRACT struct tnum mul_bits__contract(struct tnum a, struct tnum b, unsigned bits)
{
    struct tnum t = { any_u64(), any_u64() };
    prove((a.value & a.mask) == 0 && (b.value & b.mask) == 0);
    prove(tnum_umax(a) <= width_mask(bits) && tnum_umax(b) <= width_mask(bits));
    prove(tnum_contains(a, left) && tnum_contains(b, right));
    assume((t.value & t.mask) == 0 && tnum_umax(t) <= width_mask(bits));
    assume(tnum_contains(t, (left * right) & width_mask(bits)));
    return t;
}

/* RFC 9669 §4.1, from its text: what the machine computes of `bits` bits. */
static uint64_t machine(enum alu_op op, uint64_t x, uint64_t y, unsigned bits)
{
    int64_t sx = (int64_t)(x << (64 - bits)) >> (64 - bits);
    int64_t sy = (int64_t)(y << (64 - bits)) >> (64 - bits);
    uint64_t all = width_mask(bits), amount = y % bits;
    switch (op) {
    case ALU_ADD:
        return (x + y) & all;
    case ALU_SUB:
        return (x - y) & all;
    case ALU_MUL:
        /* The signed product has the same bits: say so, for prove.py knows products by their laws. */
        assume((((uint64_t)sx * (uint64_t)sy) & all) == ((x * y) & all));
        return (x * y) & all;
    case ALU_DIV:
        return y == 0 ? 0 : x / y;
    case ALU_MOD:
        return y == 0 ? x : x % y;
    case ALU_SDIV:
        if (y == 0)
            return 0;
        return (sy == -1 ? 0 - x : (uint64_t)(sx / sy)) & all;
    case ALU_SMOD:
        if (y == 0)
            return x;
        return (sy == -1 ? 0 : (uint64_t)(sx % sy)) & all;
    case ALU_AND:
        return x & y;
    case ALU_OR:
        return x | y;
    case ALU_XOR:
        return x ^ y;
    case ALU_LSH:
        return x << amount & all;
    case ALU_RSH:
        return x >> amount;
    default:
        return (uint64_t)(sx >> amount) & all;
    }
}

/* --- Sums and differences: the result is as far from the interval's start as both operands are from theirs. */

/* x is between: so far from the start, at most. */
LEMMA(distance, (uint64_t low, uint64_t x, uint64_t high),
      !(low <= x && x <= high) || (x - low <= high - low && high - x <= high - low))
LEMMA(distance_signed, (int64_t low, int64_t x, int64_t high),
      !(low <= x && x <= high) ||
          ((uint64_t)x - (uint64_t)low <= (uint64_t)high - (uint64_t)low &&
           (uint64_t)high - (uint64_t)x <= (uint64_t)high - (uint64_t)low))
LEMMA(sum, (uint64_t d, uint64_t dx, uint64_t dy, uint64_t a, uint64_t b, uint64_t all),
      !(d == ((dx + dy) & all) && dx <= a && dy <= b && a <= all && b <= all - a) || d <= a + b)

void prove_lemma_distance(void)
{
    lemma_distance(any_u64(), any_u64(), any_u64());
}

void prove_lemma_distance_signed(void)
{
    lemma_distance_signed((int64_t)any_u64(), (int64_t)any_u64(), (int64_t)any_u64());
}

void prove_lemma_sum(void)
{
    uint64_t d = any_u64(), dx = any_u64(), dy = any_u64(), a = any_u64(), b = any_u64();
    lemma_sum(d, dx, dy, a, b, UINT64_MAX);
    lemma_sum(d, dx, dy, a, b, UINT32_MAX);
}

/* A lemma of this place, proved where it stands. */
#define NOTE(condition)      \
    do {                     \
        bool holds_ = (condition); \
        prove(holds_);       \
        assume(holds_);      \
    } while (0)

/* Of ends and values on one circle: `z` is so far from the sum's start as both are from theirs. */
static void follow_sum(enum alu_op op, uint64_t z, uint64_t x, uint64_t y, uint64_t amin, uint64_t amax,
                       uint64_t bmin, uint64_t bmax, uint64_t all)
{
    uint64_t low = op == ALU_ADD ? amin + bmin : amin - bmax;
    uint64_t dx = x - amin, dy = op == ALU_ADD ? y - bmin : bmax - y;
    uint64_t wide = op == ALU_ADD ? x + y : x - y;
    NOTE(z == (wide & all));
    NOTE(((z - low) & all) == ((wide - low) & all));
    NOTE(((wide - low) & all) == ((dx + dy) & all));
    lemma_sum((z - low) & all, dx, dy, amax - amin, bmax - bmin, all);
}

#define SUM(name, op, bits)                                                                   \
    void prove_range_##name##_##bits(void)                                                    \
    {                                                                                         \
        uint64_t x = any_u64(), y = any_u64();                                                \
        struct range a = any_around(x, bits), b = any_around(y, bits);                        \
        uint64_t z = op == ALU_ADD ? x + y : x - y;                                           \
        int64_t sx = sign_extend(x, bits), sy = sign_extend(y, bits);                         \
        lemma_distance(a.umin, x, a.umax);                                                    \
        lemma_distance(b.umin, y, b.umax);                                                    \
        lemma_distance_signed(a.smin, sx, a.smax);                                            \
        lemma_distance_signed(b.smin, sy, b.smax);                                            \
        left = x;                                                                             \
        right = y;                                                                            \
        assume(witness(0) == (z & width_mask(bits)));                                         \
        follow_sum(op, witness(0), x, y, a.umin, a.umax, b.umin, b.umax, width_mask(bits));            \
        follow_sum(op, witness(0), (uint64_t)sx, (uint64_t)sy, (uint64_t)a.smin, (uint64_t)a.smax,     \
                   (uint64_t)b.smin, (uint64_t)b.smax, width_mask(bits));                     \
        struct range out = range_alu(op, &a, &b, bits);                                       \
        prove_around(&out, witness(0), bits);                                                 \
    }
SUM(add, ALU_ADD, 64)
SUM(add, ALU_ADD, 32)
SUM(sub, ALU_SUB, 64)
SUM(sub, ALU_SUB, 32)

#define BINARY(name, op, bits)                                                       \
    void prove_range_##name##_##bits(void)                                           \
    {                                                                                \
        uint64_t x = any_u64(), y = any_u64();                                       \
        struct range a = any_around(x, bits), b = any_around(y, bits);               \
        assume(witness(0) == machine(op, x, y, bits));                               \
        struct range out = range_alu(op, &a, &b, bits);                              \
        prove_around(&out, witness(0), bits);                                        \
    }                                                                                \
    void prove_value_##name##_##bits(void)                                           \
    {                                                                                \
        uint64_t x = any_u64() & width_mask(bits), y = any_u64() & width_mask(bits); \
        prove(alu_value(op, x, y, bits) == machine(op, x, y, bits));                 \
    }
#define BOTH(name, op)   \
    BINARY(name, op, 64) \
    BINARY(name, op, 32)
BOTH(and, ALU_AND)
BOTH(or, ALU_OR)
BOTH(xor, ALU_XOR)
BOTH(mul, ALU_MUL)
BOTH(div, ALU_DIV)
BOTH(mod, ALU_MOD)
BOTH(sdiv, ALU_SDIV)
BOTH(smod, ALU_SMOD)

/* A shift by a known amount, and a union: prove_shift.c has a shift by one of several of them. */
#define SHIFT_BY(name, op, bits)                            \
    void prove_shift_by_##name##_##bits(void)               \
    {                                                       \
        uint64_t x = any_u64();                             \
        unsigned amount = any_u32();                        \
        assume(amount < bits);                              \
        struct range a = any_around(x, bits);               \
        assume(witness(0) == machine(op, x, amount, bits)); \
        struct range out = shift_by(op, &a, amount, bits);  \
        prove_around(&out, witness(0), bits);               \
    }
SHIFT_BY(lsh, ALU_LSH, 64)
SHIFT_BY(lsh, ALU_LSH, 32)
SHIFT_BY(rsh, ALU_RSH, 64)
SHIFT_BY(rsh, ALU_RSH, 32)
SHIFT_BY(arsh, ALU_ARSH, 64)
SHIFT_BY(arsh, ALU_ARSH, 32)

#define UNION(bits)                                                      \
    void prove_range_union_##bits(void)                                  \
    {                                                                    \
        uint64_t x = any_u64();                                          \
        struct range a = any_around(x, bits), b = any_range(bits);       \
        struct range ab = range_union(&a, &b), ba = range_union(&b, &a); \
        prove_around(&ab, x, bits);                                      \
        prove_around(&ba, x, bits);                                      \
    }
UNION(64)
UNION(32)
