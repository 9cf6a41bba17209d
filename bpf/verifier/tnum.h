/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Tracked numbers: for each bit of a value, known 0, known 1, or unknown.
 *
 * The abstract domain of Vishwanathan et al., "Sound, Precise, and Fast Abstract Interpretation
 * with Tristate Numbers" (CGO 2022), whose formulas tnum.c uses. Invariant: (value & mask) == 0; a
 * set mask bit means unknown. Every operation over-approximates: each result the machine could give
 * is in the tnum, perhaps with others. Operations work on 64 bits; for a narrower width the caller
 * casts the result (low bits of sums and products depend on low bits only). */
#pragma once
#include <axiom/types.h>

struct tnum {
    uint64_t value;
    uint64_t mask;
};

static inline struct tnum tnum_const(uint64_t value)
{
    return (struct tnum){ value, 0 };
}

static inline bool tnum_is_const(struct tnum t)
{
    return t.mask == 0;
}

static inline bool tnum_contains(struct tnum t, uint64_t value)
{
    return (value & ~t.mask) == t.value;
}

/* Is every member of `inner` a member of `outer`? */
static inline bool tnum_subset(struct tnum inner, struct tnum outer)
{
    return (inner.mask & ~outer.mask) == 0 && tnum_contains(outer, inner.value);
}

/* The least and the greatest member, unsigned. */
static inline uint64_t tnum_umin(struct tnum t)
{
    return t.value;
}

static inline uint64_t tnum_umax(struct tnum t)
{
    return t.value | t.mask;
}

static inline uint64_t tnum_low_mask(unsigned bits)
{
    return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

/* The low `bits` bits (1 to 64); the rest becomes known 0. */
static inline struct tnum tnum_cast(struct tnum t, unsigned bits)
{
    return (struct tnum){ t.value & tnum_low_mask(bits), t.mask & tnum_low_mask(bits) };
}

/* Any value of `bits` bits. */
static inline struct tnum tnum_unknown(unsigned bits)
{
    return (struct tnum){ 0, tnum_low_mask(bits) };
}

/* The smallest tnum with all of min..max (unsigned, min <= max): their common leading bits are
 * known. */
static inline struct tnum tnum_range(uint64_t min, uint64_t max)
{
    uint64_t differ = min ^ max;
    uint64_t mask = differ == 0 ? 0 : UINT64_MAX >> __builtin_clzll(differ);
    return (struct tnum){ min & ~mask, mask };
}

/* All members of both. */
static inline struct tnum tnum_union(struct tnum a, struct tnum b)
{
    uint64_t mask = a.mask | b.mask | (a.value ^ b.value);
    return (struct tnum){ a.value & ~mask, mask };
}

/* Members of both; false when there is none (then *out is untouched). */
static inline bool tnum_intersect(struct tnum a, struct tnum b, struct tnum *out)
{
    if ((a.value ^ b.value) & ~a.mask & ~b.mask)
        return false;
    uint64_t mask = a.mask & b.mask;
    *out = (struct tnum){ (a.value | b.value) & ~mask, mask };
    return true;
}

/* Sum of the known parts and sum with every unknown bit set differ exactly where a carry may
 * differ. */
static inline struct tnum tnum_add(struct tnum a, struct tnum b)
{
    uint64_t least = a.value + b.value;
    uint64_t most = least + (a.mask + b.mask);
    uint64_t mask = (least ^ most) | a.mask | b.mask;
    return (struct tnum){ least & ~mask, mask };
}

static inline struct tnum tnum_sub(struct tnum a, struct tnum b)
{
    uint64_t difference = a.value - b.value;
    uint64_t most = difference + a.mask;
    uint64_t least = difference - b.mask;
    uint64_t mask = (most ^ least) | a.mask | b.mask;
    return (struct tnum){ difference & ~mask, mask };
}

static inline struct tnum tnum_and(struct tnum a, struct tnum b)
{
    uint64_t ones = a.value & b.value;
    uint64_t possible = (a.value | a.mask) & (b.value | b.mask);
    return (struct tnum){ ones, possible & ~ones };
}

static inline struct tnum tnum_or(struct tnum a, struct tnum b)
{
    uint64_t ones = a.value | b.value;
    return (struct tnum){ ones, (a.mask | b.mask) & ~ones };
}

static inline struct tnum tnum_xor(struct tnum a, struct tnum b)
{
    uint64_t mask = a.mask | b.mask;
    return (struct tnum){ (a.value ^ b.value) & ~mask, mask };
}

/* Shifts of a `bits` bit value by a known amount below `bits`. */
static inline struct tnum tnum_lsh(struct tnum a, unsigned amount, unsigned bits)
{
    return tnum_cast((struct tnum){ a.value << amount, a.mask << amount }, bits);
}

static inline struct tnum tnum_rsh(struct tnum a, unsigned amount)
{
    return (struct tnum){ a.value >> amount, a.mask >> amount };
}

struct tnum tnum_mul(struct tnum a, struct tnum b);
struct tnum tnum_arsh(struct tnum a, unsigned amount, unsigned bits);
/* Sign extension of the low `from` bits to `to` bits. */
struct tnum tnum_sext(struct tnum a, unsigned from, unsigned to);
/* The low `bytes` bytes (2, 4, 8) in reverse order; the rest is 0. */
struct tnum tnum_bswap(struct tnum a, unsigned bytes);

/* The least member > bound, the greatest member < bound, of a bound that is no member (unsigned, in
 * `bits` bits); false when there is none. */
bool tnum_least_above(struct tnum t, uint64_t bound, uint64_t *out);
bool tnum_greatest_below(struct tnum t, uint64_t bound, unsigned bits, uint64_t *out);

/* The least member >= bound, the greatest member <= bound. */
static inline bool tnum_least_from(struct tnum t, uint64_t bound, uint64_t *out)
{
    *out = bound;
    return tnum_contains(t, bound) || tnum_least_above(t, bound, out);
}

static inline bool tnum_greatest_to(struct tnum t, uint64_t bound, unsigned bits, uint64_t *out)
{
    *out = bound;
    return tnum_contains(t, bound) || tnum_greatest_below(t, bound, bits, out);
}
