/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Fixed point and IEEE 754 bits, in integers. The quotient nano / 1e9 is computed to 64 bits and a sticky bit, which is
 * enough to round a 53- or 24-bit significand correctly (ties to even). */
#include <axiom/decimal.h>

/* |nano| / 1e9 as significand * 2^exponent, significand normalised to bit 63; `sticky` if the quotient had more. */
struct quotient {
    uint64_t significand;
    int exponent;
    bool sticky;
};

static struct quotient quotient_of(uint64_t magnitude)
{
    int shift = __builtin_clzll(magnitude);
    unsigned __int128 numerator = (unsigned __int128)(magnitude << shift) << 32;
    /* numerator is in [2^95, 2^96): the quotient has 65 or 66 bits. */
    unsigned __int128 whole = numerator / NANO;
    bool sticky = numerator % NANO != 0;
    int exponent = -shift - 32;
    while (whole >> 64) {
        sticky |= (whole & 1) != 0;
        whole >>= 1;
        exponent++;
    }
    return (struct quotient){ (uint64_t)whole, exponent, sticky };
}

/* Rounds to `precision` bits; the result may carry to precision + 1 bits, which encode() below absorbs. */
static uint64_t round_to(struct quotient q, int precision)
{
    int drop = 64 - precision;
    uint64_t kept = q.significand >> drop;
    uint64_t rest = q.significand << precision;
    uint64_t half = UINT64_C(1) << 63;
    if (rest > half || (rest == half && (q.sticky || (kept & 1))))
        kept++;
    return kept;
}

static uint64_t encode(int64_t nano, int precision, int bias)
{
    if (nano == 0)
        return 0;
    uint64_t magnitude = nano < 0 ? -(uint64_t)nano : (uint64_t)nano;
    struct quotient q = quotient_of(magnitude);
    uint64_t kept = round_to(q, precision);
    /* The value is kept * 2^(exponent + 64 - precision). Adding instead of or-ing lets a carry out of the significand
     * step into the exponent, as it should. All nano values are far inside the range of normal numbers. */
    int biased = q.exponent + 63 + bias;
    return ((uint64_t)biased << (precision - 1)) + (kept - (UINT64_C(1) << (precision - 1)));
}

uint64_t double_bits_from_nano(int64_t nano)
{
    return encode(nano, 53, 1023) | (nano < 0 ? UINT64_C(1) << 63 : 0);
}

uint32_t float_bits_from_nano(int64_t nano)
{
    return (uint32_t)encode(nano, 24, 127) | (nano < 0 ? UINT32_C(1) << 31 : 0);
}

int64_t nano_from_double_bits(uint64_t bits)
{
    bool negative = bits >> 63;
    int exponent = (int)((bits >> 52) & 0x7ff);
    uint64_t significand = bits & ((UINT64_C(1) << 52) - 1);
    if (exponent == 0x7ff && significand != 0)
        return 0;
    if (exponent == 0)
        return 0; /* subnormal: below 1e-300 */
    significand |= UINT64_C(1) << 52;
    int shift = exponent - 1075; /* value = significand * 2^shift */
    unsigned __int128 product = (unsigned __int128)significand * NANO;
    if (shift >= 11)
        return negative ? INT64_MIN : INT64_MAX;
    if (shift >= 0) {
        product <<= shift;
    } else if (-shift > 100) {
        return 0;
    } else {
        product += (unsigned __int128)1 << (-shift - 1);
        product >>= -shift;
    }
    if (product > INT64_MAX)
        return negative ? INT64_MIN : INT64_MAX;
    return negative ? -(int64_t)product : (int64_t)product;
}
