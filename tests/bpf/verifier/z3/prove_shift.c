/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A shift by an amount that is not known: the union of the shifts by all that it may be. prove_alu.c proves those. */
#include "range.c"
#include "tnum.c"

#include "range_alu.c"

#include "range_any.h"

/* Proved by prove_alu.c. The only call is for the amount's low bits. */
CONTRACT struct range range_alu__contract(enum alu_op op, const struct range *dst, const struct range *src,
                                          unsigned bits)
{
    (void)src;
    prove(op == ALU_AND && range_has(dst, witness(2), bits));
    return any_around(witness(1), bits);
}

CONTRACT struct range deduced__contract(struct range r, unsigned bits)
{
    prove_around(&r, witness(0), bits);
    return any_around(witness(0), bits);
}

/* Of x, whose range is `a`, witness(0) is what a shift by witness(1) gives. */
CONTRACT struct range shift_by__contract(enum alu_op op, const struct range *a, unsigned amount,
                                       unsigned bits)
{
    struct range out = any_range(bits);
    prove(amount < bits);
    assume(amount != witness(1) || range_has(&out, witness(0), bits));
    return out;
}

CONTRACT struct range range_union__contract(const struct range *a, const struct range *b)
{
    struct range out = any_range(64);
    uint64_t x = witness(0);
    assume(!(range_has(a, x, 64) || range_has(b, x, 64)) || range_has(&out, x, 64));
    return out;
}

/* (range_union() has no width: it sees values of 32 bits as its own of 64; so only 64 here.) What the shift by
 * witness(1) gives may be any number: prove_alu.c says which. */
#define SHIFT(name, op)                                            \
    void prove_range_##name##_64(void)                             \
    {                                                              \
        uint64_t x = any_u64(), y = witness(2);                    \
        struct range a = any_around(x, 64), b = any_around(y, 64); \
        assume(witness(1) == (y & 63));                            \
        struct range out = shift(op, &a, &b, 64);                  \
        prove_around(&out, witness(0), 64);                        \
    }
SHIFT(lsh, ALU_LSH)
SHIFT(rsh, ALU_RSH)
SHIFT(arsh, ALU_ARSH)
