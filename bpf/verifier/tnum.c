/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Tracked numbers: see tnum.h. tests/bpf/verifier/tnum_test.c checks each operation against every
 * pair of members at small widths. */
#include "tnum.h"

static uint64_t low_mask(unsigned bits)
{
    return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

struct tnum tnum_cast(struct tnum t, unsigned bits)
{
    return (struct tnum){ t.value & low_mask(bits), t.mask & low_mask(bits) };
}

struct tnum tnum_unknown(unsigned bits)
{
    return (struct tnum){ 0, low_mask(bits) };
}

struct tnum tnum_range(uint64_t min, uint64_t max)
{
    uint64_t differ = min ^ max;
    if (differ == 0)
        return tnum_const(min);
    unsigned unknown_bits = 64 - (unsigned)__builtin_clzll(differ);
    uint64_t mask = low_mask(unknown_bits);
    return (struct tnum){ min & ~mask, mask };
}

struct tnum tnum_union(struct tnum a, struct tnum b)
{
    uint64_t mask = a.mask | b.mask | (a.value ^ b.value);
    return (struct tnum){ a.value & ~mask, mask };
}

bool tnum_intersect(struct tnum a, struct tnum b, struct tnum *out)
{
    if ((a.value ^ b.value) & ~a.mask & ~b.mask)
        return false;
    uint64_t mask = a.mask & b.mask;
    *out = (struct tnum){ (a.value | b.value) & ~mask, mask };
    return true;
}

/* Sum of the known parts and sum with every unknown bit set differ exactly where a carry may
 * differ. */
struct tnum tnum_add(struct tnum a, struct tnum b)
{
    uint64_t least = a.value + b.value;
    uint64_t most = least + (a.mask + b.mask);
    uint64_t mask = (least ^ most) | a.mask | b.mask;
    return (struct tnum){ least & ~mask, mask };
}

struct tnum tnum_sub(struct tnum a, struct tnum b)
{
    uint64_t difference = a.value - b.value;
    uint64_t most = difference + a.mask;
    uint64_t least = difference - b.mask;
    uint64_t mask = (most ^ least) | a.mask | b.mask;
    return (struct tnum){ difference & ~mask, mask };
}

/* Long multiplication; the uncertain part of each partial product is summed as a tnum of its own
 * and meets the known product once at the end, which loses less than adding partial products one
 * after the other. */
struct tnum tnum_mul(struct tnum a, struct tnum b)
{
    struct tnum known = tnum_const(a.value * b.value);
    struct tnum uncertain = tnum_const(0);
    while (a.value | a.mask) {
        if (a.value & 1)
            uncertain = tnum_add(uncertain, (struct tnum){ 0, b.mask });
        else if (a.mask & 1)
            uncertain = tnum_add(uncertain, (struct tnum){ 0, b.value | b.mask });
        a = tnum_rsh(a, 1);
        b = (struct tnum){ b.value << 1, b.mask << 1 };
    }
    return tnum_add(known, uncertain);
}

struct tnum tnum_and(struct tnum a, struct tnum b)
{
    uint64_t ones = a.value & b.value;
    uint64_t possible = (a.value | a.mask) & (b.value | b.mask);
    return (struct tnum){ ones, possible & ~ones };
}

struct tnum tnum_or(struct tnum a, struct tnum b)
{
    uint64_t ones = a.value | b.value;
    return (struct tnum){ ones, (a.mask | b.mask) & ~ones };
}

struct tnum tnum_xor(struct tnum a, struct tnum b)
{
    uint64_t mask = a.mask | b.mask;
    return (struct tnum){ (a.value ^ b.value) & ~mask, mask };
}

struct tnum tnum_lsh(struct tnum a, unsigned amount, unsigned bits)
{
    return tnum_cast((struct tnum){ a.value << amount, a.mask << amount }, bits);
}

struct tnum tnum_rsh(struct tnum a, unsigned amount)
{
    return (struct tnum){ a.value >> amount, a.mask >> amount };
}

/* An unknown sign bit is copied as unknown, a known one as itself: shift both words arithmetically.
 */
struct tnum tnum_arsh(struct tnum a, unsigned amount, unsigned bits)
{
    unsigned up = 64 - bits;
    uint64_t value = (uint64_t)((int64_t)(a.value << up) >> (amount + up < 64 ? amount + up : 63));
    uint64_t mask = (uint64_t)((int64_t)(a.mask << up) >> (amount + up < 64 ? amount + up : 63));
    return tnum_cast((struct tnum){ value, mask }, bits);
}

struct tnum tnum_sext(struct tnum a, unsigned from, unsigned to)
{
    unsigned up = 64 - from;
    uint64_t value = (uint64_t)((int64_t)(a.value << up) >> up);
    uint64_t mask = (uint64_t)((int64_t)(a.mask << up) >> up);
    return tnum_cast((struct tnum){ value, mask }, to);
}

struct tnum tnum_bswap(struct tnum a, unsigned bytes)
{
    unsigned down = 64 - 8 * bytes;
    return (struct tnum){ __builtin_bswap64(a.value) >> down, __builtin_bswap64(a.mask) >> down };
}

bool tnum_least_above(struct tnum t, uint64_t bound, uint64_t *out)
{
    uint64_t wrong = (bound ^ t.value) & ~t.mask;
    unsigned top = 63 - (unsigned)__builtin_clzll(wrong);
    uint64_t from_top = top == 63 ? UINT64_MAX : low_mask(top + 1);
    if (t.value >> top & 1) {
        /* The tnum has a 1 where the bound has a 0: already greater, so the rest may be least. */
        *out = (bound & ~from_top) | (t.value & from_top);
        return true;
    }
    /* The bound has a 1 that no member has: the lowest unknown bit above, 0 in the bound, must
     * carry. */
    uint64_t carry = t.mask & ~bound & ~from_top;
    if (carry == 0)
        return false;
    uint64_t bit = carry & -carry;
    *out = (bound & ~(bit | (bit - 1))) | bit | (t.value & (bit - 1));
    return true;
}

bool tnum_greatest_below(struct tnum t, uint64_t bound, unsigned bits, uint64_t *out)
{
    /* Complementing turns the order round. */
    struct tnum mirrored = { ~(t.value | t.mask) & low_mask(bits), t.mask };
    uint64_t least;
    if (!tnum_least_above(mirrored, ~bound & low_mask(bits), &least))
        return false;
    *out = ~least & low_mask(bits);
    return true;
}
