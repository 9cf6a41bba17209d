/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Tracked numbers: see tnum.h. tests/bpf/verifier/tnum_test.c checks each operation against every
 * pair of members at small widths. */
#include "tnum.h"

/* Long multiplication; the uncertain part of each partial product is summed as a tnum of its own
 * and meets the known product once at the end, which loses less than adding partial products one
 * after the other. No bit of that sum is known to be 1, so tnum_add() of it comes down to this. */
struct tnum tnum_mul(struct tnum a, struct tnum b)
{
    uint64_t left = a.value | a.mask, uncertain = 0;
    for (uint64_t bit = 1; left != 0; left >>= 1, bit <<= 1) {
        if (left & 1) {
            uint64_t part = (a.value & bit ? b.mask : b.value | b.mask) * bit;
            uncertain |= part | (uncertain + part);
        }
    }
    return tnum_add(tnum_const(a.value * b.value), (struct tnum){ 0, uncertain });
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
    uint64_t from_top = top == 63 ? UINT64_MAX : tnum_low_mask(top + 1);
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
    struct tnum mirrored = { ~(t.value | t.mask) & tnum_low_mask(bits), t.mask };
    uint64_t least;
    if (!tnum_least_above(mirrored, ~bound & tnum_low_mask(bits), &least))
        return false;
    *out = ~least & tnum_low_mask(bits);
    return true;
}
