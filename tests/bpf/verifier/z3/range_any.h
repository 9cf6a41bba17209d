/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Ranges of which nothing is known but that they are well formed, and what was proved of range_deduce(). */
#pragma once
#include "obligation.h"

static bool range_is_well_formed(const struct range *r, unsigned bits)
{
    return (r->t.value & r->t.mask) == 0 && tnum_umax(r->t) <= width_mask(bits) &&
           r->umin <= r->umax && r->umax <= width_mask(bits) && r->smin <= r->smax &&
           r->smin == sign_extend((uint64_t)r->smin, bits) &&
           r->smax == sign_extend((uint64_t)r->smax, bits);
}

static struct range any_range(unsigned bits)
{
    struct range r = {
        { any_u64(), any_u64() }, any_u64(), any_u64(), (int64_t)any_u64(), (int64_t)any_u64(),
    };
    assume(range_is_well_formed(&r, bits));
    return r;
}

/* Written without range.c's own words. */
static bool range_has(const struct range *r, uint64_t x, unsigned bits)
{
    int64_t s = (int64_t)(x << (64 - bits)) >> (64 - bits);
    return (x & ~r->t.mask) == r->t.value && r->umin <= x && x <= r->umax && r->smin <= s &&
           s <= r->smax;
}

/* A value of `bits` bits and a range that allows it. */
static struct range any_around(uint64_t x, unsigned bits)
{
    struct range r = any_range(bits);
    assume(x <= width_mask(bits) && range_has(&r, x, bits));
    return r;
}

/* One obligation for each bound: z3 decides them one by one where it does not decide all at once. */
static void prove_around(const struct range *r, uint64_t x, unsigned bits)
{
    int64_t s = (int64_t)(x << (64 - bits)) >> (64 - bits);
    prove((r->t.value & r->t.mask) == 0);
    prove(tnum_umax(r->t) <= width_mask(bits));
    prove(r->umin <= r->umax);
    prove(r->umax <= width_mask(bits));
    prove(r->smin <= r->smax);
    prove(r->smin == sign_extend((uint64_t)r->smin, bits));
    prove(r->smax == sign_extend((uint64_t)r->smax, bits));
    prove((x & ~r->t.mask) == r->t.value);
    prove(r->umin <= x);
    prove(x <= r->umax);
    prove(r->smin <= s);
    prove(s <= r->smax);
}

/* What keeps members may give any range that has those which were there: here, of the witnesses. */
#define WITNESSES 2
static bool keeps_members(struct range *r, unsigned bits)
{
    struct range out = any_range(bits);
    bool possible = any_bool();
    for (int i = 0; i < WITNESSES; i++) {
        uint64_t x = witness(i) & width_mask(bits);
        prove(!range_has(r, x, bits) || range_is_well_formed(r, bits));
        assume(!range_has(r, x, bits) || (possible && range_has(&out, x, bits)));
    }
    *r = out;
    return possible;
}
