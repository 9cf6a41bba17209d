/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Deduction between the three parts of a range: no member is lost. */
#include "range.c"
#include "tnum.c"

#include "range_any.h"

/* Proved by prove_tnum.c. */
CONTRACT bool tnum_least_from__contract(struct tnum t, uint64_t bound, uint64_t *out)
{
    uint64_t x = witness(0);
    bool found = any_bool();
    *out = any_u64();
    assume(!found || (bound <= *out && tnum_contains(t, *out)));
    assume(!(bound <= x && tnum_contains(t, x)) || (found && *out <= x));
    return found;
}

CONTRACT bool tnum_greatest_to__contract(struct tnum t, uint64_t bound, unsigned bits,
                                         uint64_t *out)
{
    uint64_t x = witness(0);
    bool found = any_bool();
    prove(tnum_umax(t) <= width_mask(bits) && bound <= width_mask(bits));
    *out = any_u64();
    assume(!found || (*out <= bound && tnum_contains(t, *out)));
    assume(!(x <= bound && tnum_contains(t, x)) || (found && x <= *out));
    return found;
}

CONTRACT struct tnum tnum_range__contract(uint64_t min, uint64_t max)
{
    uint64_t x = witness(0);
    struct tnum t = { any_u64(), any_u64() };
    assume((t.value & t.mask) == 0);
    assume(!(min <= x && x <= max) || tnum_contains(t, x));
    for (unsigned bits = 8; bits <= 32; bits *= 2)
        assume(max > width_mask(bits) || tnum_umax(t) <= width_mask(bits));
    return t;
}

/* One turn; and no bit that was known becomes unknown, so range_deduce() ends after 64 turns. */
#define ONCE(bits)                                             \
    void prove_deduce_once_##bits(void)                        \
    {                                                          \
        uint64_t x = witness(0);                               \
        struct range before = any_around(x, bits), r = before; \
        cases(x >> (bits - 1));                       \
        cases(before.smin < 0);                       \
        cases(before.umax >> (bits - 1));             \
        prove(deduce_once(&r, bits));                          \
        prove_around(&r, x, bits);                             \
        prove((r.t.mask & ~before.t.mask) == 0);               \
    }
ONCE(64)
ONCE(32)
ONCE(16)
ONCE(8)

/* A turn may give any range that has the witness: so what holds for two turns holds for any number. */
CONTRACT bool deduce_once__contract(struct range *r, unsigned bits)
{
    return keeps_members(r, bits);
}

#define DEDUCE(bits)                          \
    void prove_range_deduce_##bits(void)      \
    {                                         \
        uint64_t x = witness(0);              \
        struct range r = any_around(x, bits); \
        prove(range_deduce(&r, bits));        \
        prove_around(&r, x, bits);            \
    }
DEDUCE(64)
DEDUCE(32)
DEDUCE(16)
DEDUCE(8)
