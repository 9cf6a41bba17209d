/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What ranges do but arithmetic: intersection, casts, and what a conditional jump teaches. */
#include "range.c"
#include "tnum.c"

#include "range_any.h"

/* Proved by prove_deduce.c. */
CONTRACT bool range_deduce__contract(struct range *r, unsigned bits)
{
    return keeps_members(r, bits);
}

#define INTERSECT(bits)                                                   \
    void prove_range_intersect_##bits(void)                               \
    {                                                                     \
        uint64_t x = witness(0);                                          \
        struct range a = any_around(x, bits), b = any_around(x, bits);    \
        prove(range_intersect(&a, &b, bits));                             \
        prove_around(&a, x, bits);                                        \
    }                                                                     \
    void prove_range_const_##bits(void)                                   \
    {                                                                     \
        uint64_t x = any_u64();                                           \
        struct range r = range_const(x, bits), all = range_unknown(bits); \
        prove_around(&r, x &width_mask(bits), bits);                      \
        prove_around(&all, x &width_mask(bits), bits);                    \
    }
INTERSECT(64)
INTERSECT(32)

#define TRUNCATE(from, to)                               \
    void prove_range_truncate_##from##_##to(void)        \
    {                                                    \
        uint64_t x = any_u64();                          \
        struct range r = any_around(x, from);            \
        assume(witness(0) == (x & width_mask(to)));      \
        struct range out = range_truncate(&r, from, to); \
        prove_around(&out, witness(0), to);              \
    }
TRUNCATE(64, 64)
TRUNCATE(64, 32)
TRUNCATE(64, 16)
TRUNCATE(64, 8)
TRUNCATE(32, 32)
TRUNCATE(32, 16)
TRUNCATE(32, 8)

/* A range of `from` bits as one of 64. */
#define EXTEND(from)                                                                  \
    void prove_range_zext_##from(void)                                                \
    {                                                                                 \
        uint64_t x = any_u64();                                                       \
        struct range r = any_around(x, from), out = range_zext(&r);                   \
        prove_around(&out, x, 64);                                                    \
    }                                                                                 \
    void prove_range_sext_##from##_64(void)                                           \
    {                                                                                 \
        uint64_t x = any_u64();                                                       \
        struct range r = any_around(x, from);                                         \
        assume(witness(0) == (uint64_t)((int64_t)(x << (64 - from)) >> (64 - from))); \
        struct range out = range_sext(&r, from, 64);                                  \
        prove_around(&out, witness(0), 64);                                           \
    }
EXTEND(32)
EXTEND(16)
EXTEND(8)

#define SEXT_32(from)                                                                 \
    void prove_range_sext_##from##_32(void)                                           \
    {                                                                                 \
        uint64_t x = any_u64();                                                       \
        struct range r = any_around(x, from);                                         \
        assume(witness(0) == (uint32_t)((int64_t)(x << (64 - from)) >> (64 - from))); \
        struct range out = range_sext(&r, from, 32);                                  \
        prove_around(&out, witness(0), 32);                                           \
    }
SEXT_32(16)
SEXT_32(8)

CONTRACT bool range_intersect__contract(struct range *r, const struct range *with, unsigned bits)
{
    struct range out = any_range(bits);
    bool possible = any_bool();
    uint64_t x = witness(0);
    assume(!(range_has(r, x, bits) && range_has(with, x, bits)) ||
           (possible && range_has(&out, x, bits)));
    *r = out;
    return possible;
}

/* When the condition holds of x and y, so it must be possible, and both stay. `holds` is what the machine compares
 * (RFC 9669 §4.3): X, Y unsigned, SX, SY signed. */
#define ASSUME(name, cond, bits, holds)                                             \
    void prove_range_assume_##name##_##bits(void)                                   \
    {                                                                               \
        uint64_t x = witness(0), y = witness(1);                                    \
        struct range a = any_around(x, bits), b = any_around(y, bits);              \
        int64_t sx = (int64_t)(x << (64 - bits)), sy = (int64_t)(y << (64 - bits)); \
        (void)sx, (void)sy;                                                         \
        prove(cond_holds(cond, x, y, bits) == (holds));                             \
        assume(holds);                                                              \
        prove(range_assume(cond, &a, &b, bits));                                    \
        prove_around(&a, x, bits);                                                  \
        prove_around(&b, y, bits);                                                  \
    }
#define BOTH(name, cond, holds)   \
    ASSUME(name, cond, 64, holds) \
    ASSUME(name, cond, 32, holds)
BOTH(eq, COND_EQ, x == y)
BOTH(ne, COND_NE, x != y)
BOTH(set, COND_SET, (x & y) != 0)
BOTH(not_set, COND_NOT_SET, (x & y) == 0)
BOTH(gt, COND_GT, x > y)
BOTH(le, COND_LE, x <= y)
BOTH(ge, COND_GE, x >= y)
BOTH(lt, COND_LT, x < y)
BOTH(sgt, COND_SGT, sx > sy)
BOTH(sle, COND_SLE, sx <= sy)
BOTH(sge, COND_SGE, sx >= sy)
BOTH(slt, COND_SLT, sx < sy)

/* Each condition and its opposite leave no third. */
void prove_cond_opposite(void)
{
    uint64_t x = any_u64(), y = any_u64();
#define OPPOSITE(cond) \
    prove(cond_holds(cond, x, y, 64) != cond_holds(cond_opposite(cond), x, y, 64))
    OPPOSITE(COND_EQ);
    OPPOSITE(COND_NE);
    OPPOSITE(COND_SET);
    OPPOSITE(COND_NOT_SET);
    OPPOSITE(COND_GT);
    OPPOSITE(COND_LE);
    OPPOSITE(COND_GE);
    OPPOSITE(COND_LT);
    OPPOSITE(COND_SGT);
    OPPOSITE(COND_SLE);
    OPPOSITE(COND_SGE);
    OPPOSITE(COND_SLT);
}
