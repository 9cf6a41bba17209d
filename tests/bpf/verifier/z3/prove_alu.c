/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Arithmetic on ranges: whatever the operands are, the result's range has the machine's result. */
#include "tnum.c"
#include "range.c"

#include "range_alu.c"

#include "range_any.h"

/* Proved by prove_deduce.c. */
bool range_deduce__contract(struct range *r, unsigned bits)
{
    return keeps_members(r, bits);
}

/* An interval given by its start and span has each value that is no further from the start. */
#define SET(bits)                                                            \
    void prove_set_unsigned_##bits(void)                                     \
    {                                                                        \
        uint64_t x = any_u64(), low = any_u64(), span = any_u64();           \
        struct range r = any_around(x, bits);                                \
        assume(((x - low) & width_mask(bits)) <= span);                      \
        set_unsigned(&r, low, span, bits);                                   \
        prove_around(&r, x, bits);                                           \
    }                                                                        \
    void prove_set_signed_##bits(void)                                       \
    {                                                                        \
        uint64_t x = any_u64(), low = any_u64(), span = any_u64();           \
        struct range r = any_around(x, bits);                                \
        assume(((x - low) & width_mask(bits)) <= span);                      \
        set_signed(&r, low, span, bits);                                     \
        prove_around(&r, x, bits);                                           \
    }
SET(64)
SET(32)

static void set__contract(struct range *r, uint64_t low, uint64_t span, unsigned bits)
{
    uint64_t x = witness(0);
    struct range out = any_range(bits);
    out.t = r->t;
    assume(!(range_has(r, x, bits) && ((x - low) & width_mask(bits)) <= span) ||
           range_has(&out, x, bits));
    *r = out;
}

static void set_unsigned__contract(struct range *r, uint64_t low, uint64_t span, unsigned bits)
{
    set__contract(r, low, span, bits);
}

static void set_signed__contract(struct range *r, uint64_t low, uint64_t span, unsigned bits)
{
    set__contract(r, low, span, bits);
}

/* tnum_mul() is checked exhaustively at small widths by tnum_test.c; here it is any tnum that has the product. */
static struct tnum any_tnum_with(uint64_t x)
{
    struct tnum t = { any_u64(), any_u64() };
    assume((t.value & t.mask) == 0 && tnum_contains(t, x));
    return t;
}

static uint64_t product;
struct tnum tnum_mul__contract(struct tnum a, struct tnum b)
{
    (void)a, (void)b;
    return any_tnum_with(product);
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
        product = x * y;
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

/* Sums of distances: said here, because z3 sees it at once in this form, and for the sums below hardly at all. */
#define DISTANCES(bits, far, near_, a, b, c, d)                                                      \
    do {                                                                                             \
        bool same_ = (((far) - (near_)) & width_mask(bits)) ==                                       \
                     ((((a) - (b)) + ((c) - (d))) & width_mask(bits));                               \
        prove(same_);                                                                                \
        assume(same_);                                                                               \
    } while (0)
#define SIGNED(n, bits) ((uint64_t)sign_extend(n, bits))
#define SUM(name, op, bits)                                                                          \
    void prove_range_##name##_##bits(void)                                                           \
    {                                                                                                \
        uint64_t x = any_u64(), y = any_u64();                                                       \
        struct range a = any_around(x, bits), b = any_around(y, bits);                               \
        bool adds = op == ALU_ADD;                                                                   \
        uint64_t z = adds ? x + y : x - y;                                                           \
        uint64_t low = adds ? a.umin + b.umin : a.umin - b.umax;                                     \
        uint64_t slow = adds ? (uint64_t)a.smin + (uint64_t)b.smin : (uint64_t)a.smin - (uint64_t)b.smax; \
        if (adds) {                                                                                  \
            DISTANCES(bits, z, low, x, a.umin, y, b.umin);                                           \
            DISTANCES(bits, z, slow, SIGNED(x, bits), (uint64_t)a.smin, SIGNED(y, bits), (uint64_t)b.smin); \
        } else {                                                                                     \
            DISTANCES(bits, z, low, x, a.umin, b.umax, y);                                           \
            DISTANCES(bits, z, slow, SIGNED(x, bits), (uint64_t)a.smin, (uint64_t)b.smax, SIGNED(y, bits)); \
        }                                                                                            \
        assume(witness(0) == (z & width_mask(bits)));                                                \
        struct range out = range_alu(op, &a, &b, bits);                                              \
        prove_around(&out, witness(0), bits);                                                        \
    }
SUM(add, ALU_ADD, 64)
SUM(add, ALU_ADD, 32)
SUM(sub, ALU_SUB, 64)
SUM(sub, ALU_SUB, 32)

#define BINARY(name, op, bits)                                            \
    void prove_range_##name##_##bits(void)                                \
    {                                                                     \
        uint64_t x = any_u64(), y = any_u64();                            \
        struct range a = any_around(x, bits), b = any_around(y, bits);    \
        assume(witness(0) == machine(op, x, y, bits));                    \
        struct range out = range_alu(op, &a, &b, bits);                   \
        prove_around(&out, witness(0), bits);                             \
    }                                                                     \
    void prove_value_##name##_##bits(void)                                \
    {                                                                     \
        uint64_t x = any_u64() & width_mask(bits), y = any_u64() & width_mask(bits); \
        prove(alu_value(op, x, y, bits) == machine(op, x, y, bits));      \
    }
#define BOTH(name, op)    \
    BINARY(name, op, 64)  \
    BINARY(name, op, 32)
BOTH(and, ALU_AND)
BOTH(or, ALU_OR)
BOTH(xor, ALU_XOR)
BOTH(mul, ALU_MUL)
BOTH(div, ALU_DIV)
BOTH(mod, ALU_MOD)
BOTH(sdiv, ALU_SDIV)
BOTH(smod, ALU_SMOD)

/* A shift by a known amount, and a union: then, with both as contracts, a shift by one of several. */
#define SHIFT_BY(name, op, bits)                                    \
    void prove_shift_by_##name##_##bits(void)                       \
    {                                                               \
        uint64_t x = any_u64();                                     \
        unsigned amount = any_u32();                                \
        assume(amount < bits);                                      \
        struct range a = any_around(x, bits);                       \
        assume(witness(0) == machine(op, x, amount, bits));         \
        struct range out = shift_by(op, &a, amount, bits);          \
        prove_around(&out, witness(0), bits);                       \
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

/* Of x, whose range is `a`, witness(0) is what a shift by witness(1) gives. */
static struct range shift_by__contract(enum alu_op op, const struct range *a, unsigned amount,
                                       unsigned bits)
{
    struct range out = any_range(bits);
    prove(amount < bits);
    assume(amount != witness(1) || range_has(&out, witness(0), bits));
    return out;
}

static struct range range_union__contract(const struct range *a, const struct range *b)
{
    struct range out = any_range(64);
    uint64_t x = witness(0);
    assume(!(range_has(a, x, 64) || range_has(b, x, 64)) || range_has(&out, x, 64));
    return out;
}

/* (range_union() has no width: it sees values of 32 bits as its own of 64; so only 64 here.) */
#define SHIFT(name, op)                                                     \
    void prove_range_##name##_64(void)                                      \
    {                                                                       \
        uint64_t x = any_u64(), y = any_u64();                              \
        struct range a = any_around(x, 64), b = any_around(y, 64);          \
        assume(witness(1) == (y & 63));                                     \
        assume(witness(0) == machine(op, x, y, 64));                        \
        struct range out = range_alu(op, &a, &b, 64);                       \
        prove_around(&out, witness(0), 64);                                 \
    }
SHIFT(lsh, ALU_LSH)
SHIFT(rsh, ALU_RSH)
SHIFT(arsh, ALU_ARSH)
