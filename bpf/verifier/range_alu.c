/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Arithmetic on ranges: see range.h.
 *
 * Each operation says separately what it knows of bits, unsigned and signed interval, starting from
 * "anything", and range_deduce() carries knowledge across. Nothing here needs to be clever to be
 * sound: leaving a part unknown always is. */
#include "range.h"

#include <axiom/bug.h>

/* The verifier's own widths as constants: see range_alu_with_bits(). Proofs take each function by itself. */
#ifndef FOR_EACH_WIDTH
#define FOR_EACH_WIDTH static inline __attribute__((always_inline))
#endif

FOR_EACH_WIDTH struct range deduced(struct range r, unsigned bits)
{
    if (r.umin == 0 && r.umax == width_mask(bits) && r.smin == range_signed_min(bits) &&
        r.smax == range_signed_max(bits))
        return range_of_bits(r.t, bits);
    bool possible = range_deduce(&r, bits);
    BUG_ON(!possible);
    return r;
}

/* The unsigned interval low, low+1 ... low+span (modulo 2^bits), if it does not step over the seam.
 */
FOR_EACH_WIDTH void set_unsigned(struct range *r, uint64_t low, uint64_t span, unsigned bits)
{
    low &= width_mask(bits);
    if (span <= width_mask(bits) - low) {
        r->umin = low;
        r->umax = low + span;
    }
}

FOR_EACH_WIDTH void set_signed(struct range *r, uint64_t low, uint64_t span, unsigned bits)
{
    int64_t s = sign_extend(low, bits);
    uint64_t room =
        (width_mask(bits) >> 1) - (uint64_t)s; /* largest signed value - s, at most 2^bits - 1 */
    if (span <= (room & width_mask(bits))) {
        r->smin = s;
        r->smax = (int64_t)((uint64_t)s + span);
    }
}

/* a + b as a sum of spans; false if the sum has more values than the circle. */
FOR_EACH_WIDTH bool add_spans(uint64_t a, uint64_t b, unsigned bits, uint64_t *sum)
{
    *sum = a + b;
    return a <= width_mask(bits) && b <= width_mask(bits) - a;
}

FOR_EACH_WIDTH struct range add(const struct range *a, const struct range *b, struct tnum t, unsigned bits)
{
    struct range out = range_unknown(bits);
    uint64_t span;
    out.t = t;
    if (add_spans(a->umax - a->umin, b->umax - b->umin, bits, &span))
        set_unsigned(&out, a->umin + b->umin, span, bits);
    if (add_spans((uint64_t)a->smax - (uint64_t)a->smin, (uint64_t)b->smax - (uint64_t)b->smin,
                  bits, &span))
        set_signed(&out, (uint64_t)a->smin + (uint64_t)b->smin, span, bits);
    return deduced(out, bits);
}

FOR_EACH_WIDTH struct range sub(const struct range *a, const struct range *b, struct tnum t, unsigned bits)
{
    struct range out = range_unknown(bits);
    uint64_t span;
    out.t = t;
    if (add_spans(a->umax - a->umin, b->umax - b->umin, bits, &span))
        set_unsigned(&out, a->umin - b->umax, span, bits);
    if (add_spans((uint64_t)a->smax - (uint64_t)a->smin, (uint64_t)b->smax - (uint64_t)b->smin,
                  bits, &span))
        set_signed(&out, (uint64_t)a->smin - (uint64_t)b->smax, span, bits);
    return deduced(out, bits);
}

FOR_EACH_WIDTH bool fits_signed(int64_t value, unsigned bits)
{
    return sign_extend((uint64_t)value, bits) == value;
}

/* A number of which no bit is known times one that certainly ends in n zeros: only those are known.
 * Long multiplication says the same, slowly. */
static struct tnum mul_bits(struct tnum a, struct tnum b, unsigned bits)
{
    if (b.mask == width_mask(bits)) {
        struct tnum swap = a;
        a = b;
        b = swap;
    }
    uint64_t possible = tnum_umax(b);
    if (a.mask != width_mask(bits) || possible == 0)
        return tnum_cast(tnum_mul(a, b), bits);
    return (struct tnum){ 0, width_mask(bits) << __builtin_ctzll(possible) & width_mask(bits) };
}

FOR_EACH_WIDTH struct range mul(const struct range *a, const struct range *b, struct tnum t, unsigned bits)
{
    struct range out = range_unknown(bits);
    out.t = t;
    uint64_t most;
    if (!__builtin_mul_overflow(a->umax, b->umax, &most) && most <= width_mask(bits)) {
        out.umin = a->umin * b->umin;
        out.umax = most;
    }
    int64_t corner[4];
    if (!__builtin_mul_overflow(a->smin, b->smin, &corner[0]) && fits_signed(corner[0], bits) &&
        !__builtin_mul_overflow(a->smin, b->smax, &corner[1]) && fits_signed(corner[1], bits) &&
        !__builtin_mul_overflow(a->smax, b->smin, &corner[2]) && fits_signed(corner[2], bits) &&
        !__builtin_mul_overflow(a->smax, b->smax, &corner[3]) && fits_signed(corner[3], bits)) {
        out.smin = out.smax = corner[0];
        for (int i = 1; i < 4; i++) {
            out.smin = corner[i] < out.smin ? corner[i] : out.smin;
            out.smax = corner[i] > out.smax ? corner[i] : out.smax;
        }
    }
    return deduced(out, bits);
}

/* x / 0 is 0 (RFC 9669 §4.1). */
static struct range div_unsigned(const struct range *a, const struct range *b, unsigned bits)
{
    struct range out = range_unknown(bits);
    out.umin = b->umin == 0 ? 0 : a->umin / b->umax;
    out.umax = b->umax == 0 ? 0 : a->umax / (b->umin == 0 ? 1 : b->umin);
    return deduced(out, bits);
}

/* x % 0 is x (RFC 9669 §4.1); x % y never exceeds x, and is below y. */
static struct range mod_unsigned(const struct range *a, const struct range *b, unsigned bits)
{
    struct range out = range_unknown(bits);
    if (b->umax == 0 || a->umax < b->umin)
        return *a;
    out.umax = a->umax;
    if (b->umin != 0 && b->umax - 1 < out.umax)
        out.umax = b->umax - 1;
    if (range_is_const(b) && (b->umin & (b->umin - 1)) == 0)
        out.t = tnum_and(a->t, tnum_const(b->umin - 1));
    return deduced(out, bits);
}

/* |x| for an interval, as unsigned: the largest magnitude in it. */
static uint64_t magnitude(const struct range *r)
{
    uint64_t low = r->smin < 0 ? 0 - (uint64_t)r->smin : (uint64_t)r->smin;
    uint64_t high = r->smax < 0 ? 0 - (uint64_t)r->smax : (uint64_t)r->smax;
    return low > high ? low : high;
}

/* Truncates towards zero, so it is monotonic in x for a fixed y. Leaving out: INT_MIN / -1 is
 * INT_MIN (RFC 9669 §4.1), the one result larger in magnitude than may be expressed; and a divisor
 * that may be several things. */
static struct range div_signed(const struct range *a, const struct range *b, unsigned bits)
{
    struct range out = range_unknown(bits);
    int64_t most_negative = sign_extend(UINT64_C(1) << (bits - 1), bits);
    if (b->smin == 0 && b->smax == 0)
        return range_const(0, bits);
    if (b->smin == b->smax && b->smin != -1) {
        int64_t x = a->smin / b->smin, y = a->smax / b->smin;
        out.smin = x < y ? x : y;
        out.smax = x < y ? y : x;
    } else if (a->smin != most_negative) {
        out.smax = (int64_t)magnitude(a);
        out.smin = -out.smax;
    }
    return deduced(out, bits);
}

/* The result has the sign of x and is no further from zero than x; unless y may be 0, it is nearer
 * to zero than y. */
static struct range mod_signed(const struct range *a, const struct range *b, unsigned bits)
{
    struct range out = range_unknown(bits);
    out.smin = a->smin < 0 ? a->smin : 0;
    out.smax = a->smax > 0 ? a->smax : 0;
    if (b->smin > 0 || b->smax < 0) {
        uint64_t most = magnitude(b) - 1; /* at most 2^(bits-1) - 1 */
        if (out.smax > (int64_t)most)
            out.smax = (int64_t)most;
        if (out.smin < -(int64_t)most)
            out.smin = -(int64_t)most;
    }
    return deduced(out, bits);
}

FOR_EACH_WIDTH struct range bitwise(enum alu_op op, const struct range *a, const struct range *b,
                                    struct tnum t, unsigned bits)
{
    struct range out = range_unknown(bits);
    out.t = t;
    if (op == ALU_AND)
        out.umax = a->umax < b->umax ? a->umax : b->umax;
    if (op == ALU_OR)
        out.umin = a->umin > b->umin ? a->umin : b->umin;
    return deduced(out, bits);
}

static struct range shift_by(enum alu_op op, const struct range *a, unsigned amount, unsigned bits)
{
    struct range out = range_unknown(bits);
    switch (op) {
    case ALU_LSH:
        out.t = tnum_lsh(a->t, amount, bits);
        if (a->umax <= width_mask(bits) >> amount) {
            out.umin = a->umin << amount;
            out.umax = a->umax << amount;
        }
        int64_t low = sign_extend((uint64_t)a->smin << amount, bits);
        int64_t high = sign_extend((uint64_t)a->smax << amount, bits);
        if (low >> amount == a->smin && high >> amount == a->smax) {
            out.smin = low;
            out.smax = high;
        }
        break;
    case ALU_RSH:
        out.t = tnum_rsh(a->t, amount);
        out.umin = a->umin >> amount;
        out.umax = a->umax >> amount;
        break;
    default:
        out.t = tnum_arsh(a->t, amount, bits);
        out.smin = a->smin >> amount;
        out.smax = a->smax >> amount;
        break;
    }
    return deduced(out, bits);
}

static struct range range_union(const struct range *a, const struct range *b)
{
    return (struct range){
        .t = tnum_union(a->t, b->t),
        .umin = a->umin < b->umin ? a->umin : b->umin,
        .umax = a->umax > b->umax ? a->umax : b->umax,
        .smin = a->smin < b->smin ? a->smin : b->smin,
        .smax = a->smax > b->smax ? a->smax : b->smax,
    };
}

/* The amount counts modulo the width (RFC 9669 §4.1): there are at most `bits` amounts, so all are
 * tried. */
static struct range shift(enum alu_op op, const struct range *a, const struct range *b,
                          unsigned bits)
{
    if (range_is_const(b))
        return shift_by(op, a, (unsigned)(b->umin & (bits - 1)), bits);
    struct range mask = range_const(bits - 1, bits);
    struct range amount = range_alu(ALU_AND, b, &mask, bits);
    struct range out = shift_by(op, a, (unsigned)amount.umin, bits);
    for (unsigned i = (unsigned)amount.umin + 1; i <= amount.umax; i++) {
        if (!tnum_contains(amount.t, i))
            continue;
        struct range one = shift_by(op, a, i, bits);
        out = range_union(&out, &one);
    }
    return deduced(out, bits);
}

/* x / y and x % y, signed, as RFC 9669 §4.1 has them: y = 0 gives 0 and x; overflow gives x and 0. */
static uint64_t divide_signed(bool remainder, uint64_t x, uint64_t y, unsigned bits)
{
    int64_t sx = sign_extend(x, bits), sy = sign_extend(y, bits);
    if (y == 0)
        return remainder ? x : 0;
    if (sy == -1)
        return remainder ? 0 : 0 - x;
    return (uint64_t)(remainder ? sx % sy : sx / sy);
}

uint64_t alu_value(enum alu_op op, uint64_t x, uint64_t y, unsigned bits)
{
    unsigned amount = (unsigned)(y & (bits - 1));
    switch (op) {
    case ALU_ADD:
        return (x + y) & width_mask(bits);
    case ALU_SUB:
        return (x - y) & width_mask(bits);
    case ALU_MUL:
        return (x * y) & width_mask(bits);
    case ALU_DIV:
        return y == 0 ? 0 : x / y;
    case ALU_MOD:
        return y == 0 ? x : x % y;
    case ALU_SDIV:
    case ALU_SMOD:
        return divide_signed(op == ALU_SMOD, x, y, bits) & width_mask(bits);
    case ALU_AND:
        return x & y;
    case ALU_OR:
        return x | y;
    case ALU_XOR:
        return x ^ y;
    case ALU_LSH:
        return (x << amount) & width_mask(bits);
    case ALU_RSH:
        return x >> amount;
    case ALU_ARSH:
        return (uint64_t)(sign_extend(x, bits) >> amount) & width_mask(bits);
    case ALU_OP_COUNT:
        break;
    }
    panic("no such operation %d", op);
}

struct tnum range_alu_bits(enum alu_op op, struct tnum a, struct tnum b, unsigned bits)
{
    switch (op) {
    case ALU_ADD:
        return tnum_cast(tnum_add(a, b), bits);
    case ALU_SUB:
        return tnum_cast(tnum_sub(a, b), bits);
    case ALU_MUL:
        return mul_bits(a, b, bits);
    case ALU_AND:
        return tnum_and(a, b);
    case ALU_OR:
        return tnum_or(a, b);
    case ALU_XOR:
        return tnum_xor(a, b);
    default:
        return tnum_unknown(bits);
    }
}

FOR_EACH_WIDTH struct range with_bits(enum alu_op op, const struct range *dst, const struct range *src,
                                      struct tnum t, unsigned bits)
{
    switch (op) {
    case ALU_ADD:
        return add(dst, src, t, bits);
    case ALU_SUB:
        return sub(dst, src, t, bits);
    case ALU_MUL:
        return mul(dst, src, t, bits);
    default:
        return bitwise(op, dst, src, t, bits);
    }
}

struct range range_alu_with_bits(enum alu_op op, const struct range *dst, const struct range *src,
                                 struct tnum t, unsigned bits)
{
    if (bits == 64)
        return with_bits(op, dst, src, t, 64);
    return bits == 32 ? with_bits(op, dst, src, t, 32) : with_bits(op, dst, src, t, bits);
}

struct range range_alu(enum alu_op op, const struct range *dst, const struct range *src,
                       unsigned bits)
{
    switch (op) {
    case ALU_ADD:
    case ALU_SUB:
    case ALU_MUL:
    case ALU_AND:
    case ALU_OR:
    case ALU_XOR:
        return range_alu_with_bits(op, dst, src, range_alu_bits(op, dst->t, src->t, bits), bits);
    case ALU_DIV:
        return div_unsigned(dst, src, bits);
    case ALU_MOD:
        return mod_unsigned(dst, src, bits);
    case ALU_SDIV:
        return div_signed(dst, src, bits);
    case ALU_SMOD:
        return mod_signed(dst, src, bits);
    case ALU_LSH:
    case ALU_RSH:
    case ALU_ARSH:
        return shift(op, dst, src, bits);
    case ALU_OP_COUNT:
        break;
    }
    panic("no such operation %d", op);
}
