/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Scalars: see scalar.h. Each operation computes both views by range.c and lets scalar_deduce()
 * carry knowledge across; where the views contradict each other the path is impossible and
 * "anything" is a sound answer. */
#include "scalar.h"

/* With the verifier's own width as a constant: see scalar_alu(). Proofs take each function by itself. */
#ifndef FOR_EACH_WIDTH
#define FOR_EACH_WIDTH static inline __attribute__((always_inline))
#endif

struct range scalar_whole(const struct scalar *s)
{
    return (struct range){ s->t, s->umin, s->umax, s->smin, s->smax };
}

struct range scalar_low(const struct scalar *s, unsigned bits)
{
    return (struct range){ tnum_cast(s->t, bits / 2), s->umin32, s->umax32, s->smin32, s->smax32 };
}

bool scalar_contains(const struct scalar *s, uint64_t value, unsigned bits)
{
    struct range whole = scalar_whole(s), low = scalar_low(s, bits);
    return range_contains(&whole, value, bits) &&
           range_contains(&low, value & width_mask(bits / 2), bits / 2);
}

bool scalar_subset(const struct scalar *inner, const struct scalar *outer)
{
    return inner->umin >= outer->umin && inner->umax <= outer->umax && inner->smin >= outer->smin &&
           inner->smax <= outer->smax && inner->umin32 >= outer->umin32 &&
           inner->umax32 <= outer->umax32 && inner->smin32 >= outer->smin32 &&
           inner->smax32 <= outer->smax32 && tnum_subset(inner->t, outer->t);
}

/* The least value >= bound whose low half lies in min..max (unsigned); false when the upper half
 * would overflow. */
static bool raise_to_low(uint64_t *bound, uint64_t min, uint64_t max, unsigned bits)
{
    uint64_t half_mask = width_mask(bits / 2);
    uint64_t upper = *bound & ~half_mask, low = *bound & half_mask;
    if (low >= min && low <= max)
        return true;
    if (low > max) {
        if (upper == (width_mask(bits) & ~half_mask))
            return false;
        upper += half_mask + 1;
    }
    *bound = upper | min;
    return true;
}

static bool lower_to_low(uint64_t *bound, uint64_t min, uint64_t max, unsigned bits)
{
    uint64_t half_mask = width_mask(bits / 2);
    uint64_t upper = *bound & ~half_mask, low = *bound & half_mask;
    if (low >= min && low <= max)
        return true;
    if (low < min) {
        if (upper == 0)
            return false;
        upper -= half_mask + 1;
    }
    *bound = upper | max;
    return true;
}

/* The same for the signed ends: adding 2^(bits-1) maps the signed order to the unsigned one and, as
 * half a circle is a multiple of the low half's size, leaves the low half alone. */
static bool trim_signed(struct range *whole, const struct range *low, unsigned bits)
{
    uint64_t flip = UINT64_C(1) << (bits - 1);
    uint64_t min = ((uint64_t)whole->smin & width_mask(bits)) ^ flip;
    uint64_t max = ((uint64_t)whole->smax & width_mask(bits)) ^ flip;
    if (!raise_to_low(&min, low->umin, low->umax, bits) ||
        !lower_to_low(&max, low->umin, low->umax, bits))
        return false;
    whole->smin = sign_extend(min ^ flip, bits);
    whole->smax = sign_extend(max ^ flip, bits);
    return true;
}

/* One turn of knowledge from the low half to the whole. */
static bool deduce_whole(struct range *whole, const struct range *low, unsigned bits)
{
    uint64_t half_mask = width_mask(bits / 2);
    struct tnum spread = { low->t.value, low->t.mask | (width_mask(bits) & ~half_mask) };
    if (!tnum_intersect(whole->t, spread, &whole->t))
        return false;
    if (!raise_to_low(&whole->umin, low->umin, low->umax, bits) ||
        !lower_to_low(&whole->umax, low->umin, low->umax, bits) || !trim_signed(whole, low, bits))
        return false;
    int64_t half_smax = (int64_t)(half_mask >> 1), half_smin = -half_smax - 1;
    if (whole->smin >= half_smin && whole->smax <= half_smax) {
        /* The value is its own low half, sign extended. */
        whole->smin = whole->smin > low->smin ? whole->smin : low->smin;
        whole->smax = whole->smax < low->smax ? whole->smax : low->smax;
    }
    return range_deduce(whole, bits);
}

/* Both are deduced. */
static bool meet(struct range *r, const struct range *with, unsigned bits)
{
    bool tighter = with->umin > r->umin || with->umax < r->umax || with->smin > r->smin ||
                   with->smax < r->smax || !tnum_subset(r->t, with->t);
    return !tighter || range_intersect(r, with, bits);
}

static bool same(const struct range *a, const struct range *b)
{
    return a->t.mask == b->t.mask && a->umin == b->umin && a->umax == b->umax &&
           a->smin == b->smin && a->smax == b->smax;
}

/* Three turns reach the fixed point in all but contrived cases; stopping early only loses
 * knowledge. */
static bool deduce(struct range *whole, struct range *low, unsigned bits)
{
    for (int turn = 0; turn < 3; turn++) {
        struct range before = *whole;
        struct range from_whole = range_truncate(whole, bits, bits / 2);
        if (!meet(low, &from_whole, bits / 2) || !deduce_whole(whole, low, bits))
            return false;
        if (same(&before, whole))
            return true;
    }
    /* The stored low tnum is the low half of the whole's: the last turn may have found bits that
     * `low` lacks. */
    struct range from_whole = range_truncate(whole, bits, bits / 2);
    return meet(low, &from_whole, bits / 2);
}

/* The value is its own low half, and not negative. */
static bool is_own_half(const struct range *whole, unsigned bits)
{
    return whole->umax <= (uint64_t)range_signed_max(bits / 2);
}

static bool same_bits(struct tnum a, struct tnum b)
{
    return a.value == b.value && a.mask == b.mask;
}

/* Both are deduced; *out untouched where they contradict each other. */
static bool join(const struct range *whole, const struct range *low, unsigned bits,
                 struct scalar *out)
{
    struct range w = *whole, l = *low;
    if (is_own_half(&w, bits)) {
        /* Both speak of one number. */
        if (!meet(&w, &l, bits))
            return false;
        *out = scalar_pack(&w, &w);
        return true;
    }
    bool settled = same_bits(l.t, tnum_cast(w.t, bits / 2)) && range_is_bits(&l, bits / 2) &&
                   range_is_bits(&w, bits);
    if (!settled && !deduce(&w, &l, bits))
        return false;
    *out = scalar_pack(&w, &l);
    return true;
}

static struct scalar joined(const struct range *whole, const struct range *low, unsigned bits)
{
    struct scalar out;
    return join(whole, low, bits, &out) ? out : scalar_unknown(bits);
}

bool scalar_join_halves(const struct range *whole, const struct range *low, unsigned bits,
                        struct scalar *out)
{
    struct range w = *whole, l = *low;
    return range_deduce(&w, bits) && range_deduce(&l, bits / 2) && join(&w, &l, bits, out);
}

/* Nothing is known of the low half but what the whole, which is deduced, says. */
static struct scalar from_whole(const struct range *whole, unsigned bits)
{
    if (range_is_bits(whole, bits))
        return scalar_of_bits(whole->t, bits);
    struct range low = range_truncate(whole, bits, bits / 2);
    return scalar_pack(whole, &low);
}

static struct scalar from_whole_undeduced(struct range whole, unsigned bits)
{
    return range_deduce(&whole, bits) ? from_whole(&whole, bits) : scalar_unknown(bits);
}

/* Is nothing known but bits? */
FOR_EACH_WIDTH bool is_bits(const struct scalar *s, unsigned bits)
{
    struct scalar all = scalar_of_bits(s->t, bits);
    return s->umin == all.umin && s->umax == all.umax && s->smin == all.smin &&
           s->smax == all.smax && s->umin32 == all.umin32 && s->umax32 == all.umax32 &&
           s->smin32 == all.smin32 && s->smax32 == all.smax32;
}

FOR_EACH_WIDTH bool knows_nothing(const struct scalar *s, unsigned bits)
{
    return s->t.mask == width_mask(bits) && is_bits(s, bits);
}

struct scalar scalar_between(uint64_t umin, uint64_t umax, unsigned bits)
{
    /* What a load of some bytes may give. */
    if (umin == 0 && (umax & (umax + 1)) == 0)
        return scalar_of_bits((struct tnum){ 0, umax }, bits);
    struct range whole = range_unknown(bits);
    whole.umin = umin;
    whole.umax = umax;
    if (umin <= umax && umax <= (uint64_t)range_signed_max(bits / 2)) {
        whole = (struct range){ tnum_range(umin, umax), umin, umax, (int64_t)umin, (int64_t)umax };
        return scalar_pack(&whole, &whole);
    }
    return from_whole_undeduced(whole, bits);
}

/* Where the low half of the result depends on the low halves of the operands only. */
static bool low_half_is_separate(enum alu_op op)
{
    return op == ALU_ADD || op == ALU_SUB || op == ALU_MUL || op == ALU_AND || op == ALU_OR ||
           op == ALU_XOR;
}

/* The operation in both widths. */
FOR_EACH_WIDTH struct scalar alu_in_halves(enum alu_op op, const struct scalar *dst,
                                           const struct scalar *src, unsigned bits)
{
    bool bitwise = op == ALU_AND || op == ALU_OR || op == ALU_XOR;
    struct tnum t = range_alu_bits(op, dst->t, src->t, bits);
    /* Bits are computed one by one. */
    if (bitwise && is_bits(dst, bits) && is_bits(src, bits))
        return scalar_of_bits(t, bits);
    /* Each value of the one operand can be met by one of the other, whatever the result is to be. */
    if (t.mask == width_mask(bits) && (op == ALU_ADD || op == ALU_SUB || op == ALU_XOR) &&
        (knows_nothing(dst, bits) || knows_nothing(src, bits)))
        return scalar_unknown(bits);
    struct range a = scalar_whole(dst), b = scalar_whole(src);
    struct range low_a = scalar_low(dst, bits), low_b = scalar_low(src, bits);
    struct range whole = range_alu_with_bits(op, &a, &b, t, bits);
    struct range low = range_alu_with_bits(op, &low_a, &low_b, tnum_cast(t, bits / 2), bits / 2);
    return joined(&whole, &low, bits);
}

FOR_EACH_WIDTH struct scalar alu(enum alu_op op, const struct scalar *dst, const struct scalar *src,
                                 unsigned bits)
{
    if (scalar_is_const(dst) && scalar_is_const(src))
        return scalar_const(alu_value(op, dst->umin, src->umin, bits), bits);
    if (low_half_is_separate(op))
        return alu_in_halves(op, dst, src, bits);
    struct range a = scalar_whole(dst), b = scalar_whole(src);
    struct range whole = range_alu(op, &a, &b, bits);
    if (op != ALU_LSH || !scalar_is_const(src) || (src->umin & (bits - 1)) >= bits / 2)
        return from_whole(&whole, bits);
    struct range low_a = scalar_low(dst, bits), low_b = scalar_low(src, bits);
    struct range low = range_alu(op, &low_a, &low_b, bits / 2);
    return joined(&whole, &low, bits);
}

struct scalar scalar_alu(enum alu_op op, const struct scalar *dst, const struct scalar *src,
                         unsigned bits)
{
    return bits == 64 ? alu(op, dst, src, 64) : alu(op, dst, src, bits);
}

/* The upper half is zero: the whole knows nothing that the low half does not. */
static struct scalar from_low(const struct range *low)
{
    struct range whole = range_zext(low);
    return scalar_pack(&whole, low);
}

struct scalar scalar_alu_half(enum alu_op op, const struct scalar *dst, const struct scalar *src,
                              unsigned bits)
{
    struct range a = scalar_low(dst, bits), b = scalar_low(src, bits);
    if (range_is_const(&a) && range_is_const(&b))
        return scalar_const(alu_value(op, a.umin, b.umin, bits / 2), bits);
    struct range low = range_alu(op, &a, &b, bits / 2);
    return from_low(&low);
}

/* The best range of the low `to` bits: a narrow value is often bounded in the low half only. */
static struct range narrow(const struct scalar *s, unsigned to, unsigned bits)
{
    struct range whole = scalar_whole(s), low = scalar_low(s, bits);
    struct range out = range_truncate(&whole, bits, to);
    if (to <= bits / 2) {
        struct range from_low_half = range_truncate(&low, bits / 2, to), both = out;
        if (range_intersect(&both, &from_low_half, to))
            out = both;
    }
    return out;
}

struct scalar scalar_zext(const struct scalar *s, unsigned from, unsigned bits)
{
    if (s->umax <= width_mask(from))
        return *s;
    if (is_bits(s, bits))
        return scalar_of_bits(tnum_cast(s->t, from), bits);
    struct range whole = narrow(s, from, bits);
    whole = range_zext(&whole);
    return from_whole_undeduced(whole, bits);
}

struct scalar scalar_sext(const struct scalar *s, unsigned from, unsigned to, unsigned bits)
{
    struct range narrowed = narrow(s, from, bits);
    struct range whole = range_sext(&narrowed, from, to);
    if (to != bits)
        whole = range_zext(&whole);
    return from_whole_undeduced(whole, bits);
}

struct scalar scalar_bswap(const struct scalar *s, unsigned bytes, unsigned bits)
{
    struct range whole = range_unknown(bits);
    whole.t = tnum_bswap(s->t, bytes);
    return from_whole_undeduced(whole, bits);
}

/* What was learnt of one half or the other becomes the scalar; both are deduced. */
static bool set_learnt(struct scalar *s, const struct range *whole, const struct range *low,
                       unsigned bits)
{
    struct scalar now = scalar_pack(whole, low);
    /* A scalar has the bits of the whole only. */
    bool nothing = scalar_equal(s, &now) && same_bits(low->t, tnum_cast(s->t, bits / 2));
    return nothing || join(whole, low, bits, s);
}

bool scalar_assume(enum jump_cond cond, struct scalar *a, struct scalar *b, bool half,
                   unsigned bits)
{
    unsigned width = half ? bits / 2 : bits;
    if (scalar_is_const(a) && scalar_is_const(b))
        return cond_holds(cond, a->umin & width_mask(width), b->umin & width_mask(width), width);
    struct range a_whole = scalar_whole(a), b_whole = scalar_whole(b);
    struct range a_low = scalar_low(a, bits), b_low = scalar_low(b, bits);
    if (half) {
        if (!range_assume(cond, &a_low, &b_low, bits / 2))
            return false;
    } else {
        if (!range_assume(cond, &a_whole, &b_whole, bits))
            return false;
        /* Equal values have equal halves. */
        if (cond == COND_EQ) {
            if (!range_intersect(&a_low, &b_low, bits / 2))
                return false;
            b_low = a_low;
        }
    }
    return set_learnt(a, &a_whole, &a_low, bits) && set_learnt(b, &b_whole, &b_low, bits);
}
