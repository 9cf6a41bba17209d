/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Ranges of one width: see range.h. The arithmetic is in range_alu.c; here are the deduction
 * between the three parts and what a conditional jump teaches. tests/bpf/verifier/range_test.c
 * checks both against every value at small widths. */
#include "range.h"

#include <axiom/bug.h>

bool range_contains(const struct range *r, uint64_t value, unsigned bits)
{
    int64_t s = sign_extend(value, bits);
    return tnum_contains(r->t, value) && value >= r->umin && value <= r->umax && s >= r->smin &&
           s <= r->smax;
}

static uint64_t max_u(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t min_u(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* One half of the number circle: values low..high (unsigned), cut to members of the tnum. False:
 * empty. */
struct piece {
    uint64_t low, high;
};

static inline bool piece_trim(struct piece *p, struct tnum t, unsigned bits)
{
    return p->low <= p->high && tnum_least_from(t, p->low, &p->low) &&
           tnum_greatest_to(t, p->high, bits, &p->high) && p->low <= p->high;
}

/* Everything lies on one half: both orders are one. */
static inline bool deduce_piece(struct range *r, struct piece p, unsigned bits)
{
    if (!piece_trim(&p, r->t, bits))
        return false;
    r->umin = p.low;
    r->umax = p.high;
    r->smin = sign_extend(p.low, bits);
    r->smax = sign_extend(p.high, bits);
    return tnum_intersect(r->t, tnum_range(p.low, p.high), &r->t);
}

/* The unsigned and the signed order agree on the non-negative half and on the negative half of the
 * circle. So the possible values are cut into these two pieces, each piece is made as small as the
 * tnum allows, and all three parts are read off the pieces again. The ends of the pieces are members
 * of the new tnum too: the result is as tight as intervals can say, and a second turn would find
 * nothing more. */
static inline bool deduce_once(struct range *r, unsigned bits)
{
    uint64_t sign = range_sign_bit(bits);
    struct piece pos = {
        max_u(r->umin, r->smin < 0 ? 0 : (uint64_t)r->smin),
        min_u(r->umax, r->smax < 0 ? 0 : (uint64_t)r->smax),
    };
    struct piece neg = {
        max_u(r->umin, r->smin < 0 ? (uint64_t)r->smin & width_mask(bits) : sign),
        min_u(r->umax, r->smax < 0 ? (uint64_t)r->smax & width_mask(bits) : width_mask(bits)),
    };
    if (r->smin >= 0 || r->umax < sign)
        return r->smax >= 0 && deduce_piece(r, pos, bits);
    if (r->smax < 0 || r->umin >= sign)
        return neg.low >= sign && deduce_piece(r, neg, bits);
    bool has_pos = piece_trim(&pos, r->t, bits);
    bool has_neg = neg.low >= sign && piece_trim(&neg, r->t, bits);
    if (!has_pos || !has_neg)
        return (has_pos || has_neg) && deduce_piece(r, has_pos ? pos : neg, bits);
    struct tnum seen = tnum_union(tnum_range(pos.low, pos.high), tnum_range(neg.low, neg.high));
    r->umin = pos.low;
    r->umax = neg.high;
    r->smin = sign_extend(neg.low, bits);
    r->smax = sign_extend(pos.high, bits);
    return tnum_intersect(r->t, seen, &r->t);
}

/* Most values are of two kinds: nothing is known of them, or everything. */
static inline bool knows_nothing(const struct range *r, unsigned bits)
{
    return r->t.mask == width_mask(bits) && r->umin == 0 && r->umax == width_mask(bits) &&
           r->smin == range_signed_min(bits) && r->smax == range_signed_max(bits);
}

static inline bool deduce(struct range *r, unsigned bits)
{
    if (r->umin > r->umax || r->smin > r->smax)
        return false;
    if (knows_nothing(r, bits))
        return true;
    if (r->umin == r->umax) {
        uint64_t value = r->umin;
        bool possible = range_contains(r, value, bits);
        *r = range_const(value, bits);
        return possible;
    }
    return deduce_once(r, bits);
}

bool range_deduce(struct range *r, unsigned bits)
{
    /* The verifier's own widths as constants: half the time. */
    if (bits == 64)
        return deduce(r, 64);
    return bits == 32 ? deduce(r, 32) : deduce(r, bits);
}

bool range_intersect(struct range *r, const struct range *with, unsigned bits)
{
    r->umin = max_u(r->umin, with->umin);
    r->umax = min_u(r->umax, with->umax);
    r->smin = r->smin > with->smin ? r->smin : with->smin;
    r->smax = r->smax < with->smax ? r->smax : with->smax;
    return tnum_intersect(r->t, with->t, &r->t) && range_deduce(r, bits);
}

struct range range_truncate(const struct range *r, unsigned from, unsigned to)
{
    if (from == to)
        return *r;
    /* Nothing is cut off, and no sign appears. */
    if (r->umax <= (uint64_t)range_signed_max(to))
        return (struct range){ tnum_cast(r->t, to), r->umin, r->umax, (int64_t)r->umin,
                               (int64_t)r->umax };
    struct range out = range_unknown(to);
    out.t = tnum_cast(r->t, to);
    /* An interval narrower than the target's circle that does not step over its seam keeps its
     * order. */
    if (r->umax - r->umin <= width_mask(to) &&
        (r->umin & width_mask(to)) <= (r->umax & width_mask(to))) {
        out.umin = r->umin & width_mask(to);
        out.umax = r->umax & width_mask(to);
    }
    int64_t low = sign_extend((uint64_t)r->smin, to), high = sign_extend((uint64_t)r->smax, to);
    if ((uint64_t)r->smax - (uint64_t)r->smin <= width_mask(to) && low <= high) {
        out.smin = low;
        out.smax = high;
    }
    bool possible = range_deduce(&out, to);
    BUG_ON(!possible);
    return out;
}

struct range range_zext(const struct range *r)
{
    struct range out = *r;
    out.smin = (int64_t)r->umin;
    out.smax = (int64_t)r->umax;
    return out;
}

struct range range_sext(const struct range *r, unsigned from, unsigned to)
{
    if (from == to)
        return *r;
    struct range out = range_unknown(to);
    out.t = tnum_sext(r->t, from, to);
    out.smin = r->smin;
    out.smax = r->smax;
    bool possible = range_deduce(&out, to);
    BUG_ON(!possible);
    return out;
}

/* Unsigned a < b, or a <= b where `or_equal`. */
static bool assume_below(struct range *a, struct range *b, bool or_equal, unsigned bits)
{
    uint64_t gap = or_equal ? 0 : 1;
    if (b->umax < gap || a->umin > width_mask(bits) - gap)
        return false;
    a->umax = min_u(a->umax, b->umax - gap);
    b->umin = max_u(b->umin, a->umin + gap);
    return true;
}

static bool assume_below_signed(struct range *a, struct range *b, bool or_equal, unsigned bits)
{
    int64_t gap = or_equal ? 0 : 1;
    if (b->smax < range_signed_min(bits) + gap || a->smin > range_signed_max(bits) - gap)
        return false;
    int64_t high = b->smax - gap, low = a->smin + gap;
    a->smax = a->smax < high ? a->smax : high;
    b->smin = b->smin > low ? b->smin : low;
    return true;
}

/* a != the one value c: only an end of an interval can be cut off. */
static bool exclude(struct range *a, uint64_t c, unsigned bits)
{
    int64_t s = sign_extend(c, bits);
    if (a->umin == a->umax)
        return a->umin != c;
    if (a->umin == c)
        a->umin++;
    if (a->umax == c)
        a->umax--;
    if (a->smin == s && a->smin < a->smax)
        a->smin++;
    if (a->smax == s && a->smin < a->smax)
        a->smax--;
    return true;
}

static bool assume_differ(struct range *a, struct range *b, unsigned bits)
{
    if (range_is_const(b) && !exclude(a, b->umin, bits))
        return false;
    return !range_is_const(a) || exclude(b, a->umin, bits);
}

/* (a & b) != 0, for one side: if b has a single possible bit, a has it. */
static bool assume_common_bit(struct range *a, const struct range *b)
{
    uint64_t possible = tnum_umax(a->t) & tnum_umax(b->t);
    if (possible == 0)
        return false;
    if ((possible & (possible - 1)) == 0) {
        a->t.value |= possible;
        a->t.mask &= ~possible;
    }
    return true;
}

/* (a & b) == 0, for one side: where b is known 1, a is 0. */
static bool assume_no_common_bit(struct range *a, const struct range *b)
{
    if (a->t.value & b->t.value)
        return false;
    a->t.mask &= ~b->t.value;
    return true;
}

static bool assume_raw(enum jump_cond cond, struct range *a, struct range *b, unsigned bits)
{
    switch (cond) {
    case COND_EQ:
        if (!range_intersect(a, b, bits))
            return false;
        *b = *a;
        return true;
    case COND_NE:
        return assume_differ(a, b, bits);
    case COND_SET:
        return assume_common_bit(a, b) && assume_common_bit(b, a);
    case COND_NOT_SET:
        return assume_no_common_bit(a, b) && assume_no_common_bit(b, a);
    case COND_GT:
        return assume_below(b, a, false, bits);
    case COND_LE:
        return assume_below(a, b, true, bits);
    case COND_GE:
        return assume_below(b, a, true, bits);
    case COND_LT:
        return assume_below(a, b, false, bits);
    case COND_SGT:
        return assume_below_signed(b, a, false, bits);
    case COND_SLE:
        return assume_below_signed(a, b, true, bits);
    case COND_SGE:
        return assume_below_signed(b, a, true, bits);
    case COND_SLT:
        return assume_below_signed(a, b, false, bits);
    case COND_COUNT:
        break;
    }
    panic("no such condition %d", cond);
}

bool cond_holds(enum jump_cond cond, uint64_t x, uint64_t y, unsigned bits)
{
    int64_t sx = sign_extend(x, bits), sy = sign_extend(y, bits);
    switch (cond) {
    case COND_EQ:
        return x == y;
    case COND_NE:
        return x != y;
    case COND_SET:
        return (x & y) != 0;
    case COND_NOT_SET:
        return (x & y) == 0;
    case COND_GT:
        return x > y;
    case COND_LE:
        return x <= y;
    case COND_GE:
        return x >= y;
    case COND_LT:
        return x < y;
    case COND_SGT:
        return sx > sy;
    case COND_SLE:
        return sx <= sy;
    case COND_SGE:
        return sx >= sy;
    case COND_SLT:
        return sx < sy;
    case COND_COUNT:
        break;
    }
    panic("no such condition %d", cond);
}

bool range_assume(enum jump_cond cond, struct range *a, struct range *b, unsigned bits)
{
    return assume_raw(cond, a, b, bits) && range_deduce(a, bits) && range_deduce(b, bits);
}
