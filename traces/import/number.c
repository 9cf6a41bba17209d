/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Decimal text to nano: see number.h. The arithmetic is in 128 bits; a number with so many digits
 * that the product would not fit loses its last digits, which are then far below one nano. */
#include "number.h"
#include <axiom/decimal.h>

#include <string.h>
#include <strings.h>

/* The standard acceleration g is 9.80665 m/s^2 exactly (3rd CGPM 1901, ISO 80000-3). Degrees are
 * irrational in radians: pi / 180 = 0.017453292519943295769236907684886...; 20 digits leave less
 * than 1e-10 nano at 1e9 degrees. */
static const struct unit unit_table[] = {
    // clang-format off
    { "mg",      UNIT_ACCEL,    9806650, 1 },
    { "g",       UNIT_ACCEL,    9806650000, 1 },
    { "ug",      UNIT_ACCEL,    980665, 100 },
    { "m/s^2",   UNIT_ACCEL,    NANO, 1 },
    { "m/s2",    UNIT_ACCEL,    NANO, 1 },
    { "m/s²", UNIT_ACCEL,  NANO, 1 },
    { "m/s/s",   UNIT_ACCEL,    NANO, 1 },
    { "mm/s^2",  UNIT_ACCEL,    1000000, 1 },
    { "dps",     UNIT_ANGL_VEL, 17453292519943295769u, 1000000000000u },
    { "mdps",    UNIT_ANGL_VEL, 17453292519943295769u, 1000000000000000u },
    { "deg/s",   UNIT_ANGL_VEL, 17453292519943295769u, 1000000000000u },
    { "°/s", UNIT_ANGL_VEL, 17453292519943295769u, 1000000000000u },
    { "rad/s",   UNIT_ANGL_VEL, NANO, 1 },
    { "mrad/s",  UNIT_ANGL_VEL, 1000000, 1 },
    { "degC",    UNIT_TEMP,     NANO, 1 },
    { "°C", UNIT_TEMP,     NANO, 1 },
    { "C",       UNIT_TEMP,     NANO, 1 },
    { "mdegC",   UNIT_TEMP,     1000000, 1 },
    { "%RH",     UNIT_HUMIDITY, 10000000, 1 },
    { "%rH",     UNIT_HUMIDITY, 10000000, 1 },
    { "s",       UNIT_TIME,     1000000000, 1 },
    { "sec",     UNIT_TIME,     1000000000, 1 },
    { "ms",      UNIT_TIME,     1000000, 1 },
    { "us",      UNIT_TIME,     1000, 1 },
    { "µs", UNIT_TIME,     1000, 1 },
    { "ns",      UNIT_TIME,     1, 1 },
    // clang-format on
};

const struct unit unit_plain = { "", UNIT_NONE, NANO, 1 };

const struct unit *unit_find(const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_SIZE(unit_table); i++)
        if (strlen(unit_table[i].name) == length && memcmp(unit_table[i].name, name, length) == 0)
            return &unit_table[i];
    return NULL;
}

typedef unsigned __int128 u128;

struct decimal {
    bool negative;
    bool inexact; /* digits were dropped */
    u128 digits;
    int exponent; /* of ten */
};

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* 10^27 keeps every product with a 30-bit ratio inside 128 bits without dropping anything. */
static const u128 digits_full = (u128)1000000000000000000u * 1000000000u;

static void decimal_append(struct decimal *number, char c, bool fraction)
{
    if (number->digits >= digits_full) {
        number->inexact |= c != '0';
        number->exponent += fraction ? 0 : 1;
        return;
    }
    number->digits = number->digits * 10 + (unsigned)(c - '0');
    number->exponent -= fraction ? 1 : 0;
}

static bool exponent_parse(const char *at, const char *end, int *exponent)
{
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (at == end)
        return false;
    int value = 0;
    for (; at < end; at++) {
        if (!digit(*at))
            return false;
        if (value < 10000)
            value = value * 10 + (*at - '0');
    }
    *exponent += negative ? -value : value;
    return true;
}

static bool decimal_parse(const char *text, size_t length, struct decimal *number)
{
    const char *at = text, *end = text + length;
    *number = (struct decimal){ .negative = at < end && *at == '-' };
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    bool any = false, fraction = false;
    for (; at < end && (digit(*at) || (*at == '.' && !fraction)); at++) {
        if (*at == '.') {
            fraction = true;
            continue;
        }
        any = true;
        decimal_append(number, *at, fraction);
    }
    if (!any)
        return false;
    if (at < end && (*at == 'e' || *at == 'E'))
        return exponent_parse(at + 1, end, &number->exponent);
    return at == end;
}

/* Multiplies by a ratio and by 10^exponent. Gives the whole part and whether a fraction of a half
 * or more, or any fraction at all, is left. False: beyond 64 bits. */
static bool decimal_scale(struct decimal number, const struct unit *unit, uint64_t *whole,
                          bool *half, bool *rest)
{
    *whole = 0;
    *half = false;
    *rest = number.inexact;
    if (number.digits == 0)
        return true;
    u128 product;
    while (__builtin_mul_overflow(number.digits, (u128)unit->numerator, &product)) {
        *rest |= number.digits % 10 != 0;
        number.digits /= 10;
        number.exponent++;
    }
    u128 divisor = unit->denominator;
    for (; number.exponent < 0; number.exponent++) {
        if (divisor > product &&
            divisor / 10 > product) { /* the quotient is below 0.1: only the fact of a rest */
            *rest = true;
            return true;
        }
        divisor *= 10; /* product is below 2^128 and divisor / 10 not above it: fits, but for the
                          last step */
        if (divisor > ((u128)1 << 124)) {
            *rest |= product % 10 != 0;
            divisor /= 10;
            product /= 10;
        }
    }
    for (; number.exponent > 0; number.exponent--)
        if (__builtin_mul_overflow(product, (u128)10, &product))
            return false;
    u128 quotient = product / divisor, left = product % divisor;
    if (quotient > UINT64_MAX)
        return false;
    *whole = (uint64_t)quotient;
    *half = left >= divisor - left;
    *rest |= left != 0;
    return true;
}

static enum number_result signed_result(uint64_t magnitude, bool negative, int64_t *out)
{
    if (magnitude > INT64_MAX)
        return NUMBER_UNREPRESENTABLE;
    *out = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    return NUMBER_OK;
}

static bool is_word(const char *text, size_t length, const char *word)
{
    return strlen(word) == length && strncasecmp(text, word, length) == 0;
}

/* Words that programs print where a number stands. */
static enum number_result word_to_nano(const char *text, size_t length, int64_t *nano)
{
    if (is_word(text, length, "true") || is_word(text, length, "false")) {
        *nano = length == 4 ? NANO : 0;
        return NUMBER_OK;
    }
    if (length > 0 && (*text == '-' || *text == '+')) {
        text++;
        length--;
    }
    if (is_word(text, length, "nan") || is_word(text, length, "inf") ||
        is_word(text, length, "infinity"))
        return NUMBER_UNREPRESENTABLE;
    return NUMBER_BAD;
}

enum number_result number_to_nano(const char *text, size_t length, const struct unit *unit,
                                  int64_t *nano)
{
    struct decimal number;
    if (!decimal_parse(text, length, &number))
        return word_to_nano(text, length, nano);
    uint64_t whole;
    bool half, rest;
    if (!decimal_scale(number, unit, &whole, &half, &rest))
        return NUMBER_UNREPRESENTABLE;
    if (half && whole < UINT64_MAX)
        whole++;
    return signed_result(whole, number.negative, nano);
}

enum number_result number_to_ns(const char *text, size_t length, const struct unit *unit,
                                int64_t *ns)
{
    struct decimal number;
    if (!decimal_parse(text, length, &number))
        return NUMBER_BAD;
    uint64_t whole;
    bool half, rest;
    if (!decimal_scale(number, unit, &whole, &half, &rest))
        return NUMBER_UNREPRESENTABLE;
    if (number.negative && (rest || half) && whole < UINT64_MAX)
        whole++;
    return signed_result(whole, number.negative, ns);
}

enum number_result number_from_double_bits(uint64_t bits, int64_t *nano)
{
    if (((bits >> 52) & 0x7ff) == 0x7ff)
        return NUMBER_UNREPRESENTABLE;
    int64_t value = nano_from_double_bits(bits);
    if (value == INT64_MAX || value == INT64_MIN)
        return NUMBER_UNREPRESENTABLE; /* saturated */
    *nano = value;
    return NUMBER_OK;
}

/* Every float32 is a float64: shift the significand, rebias the exponent, normalise what was
 * subnormal (which is below 1e-37 and so is 0 nano). */
enum number_result number_from_float_bits(uint32_t bits, int64_t *nano)
{
    uint64_t sign = (uint64_t)(bits >> 31) << 63;
    uint32_t exponent = (bits >> 23) & 0xff;
    uint64_t significand = (uint64_t)(bits & 0x7fffff) << 29;
    if (exponent == 0xff)
        return NUMBER_UNREPRESENTABLE;
    if (exponent == 0) {
        *nano = 0;
        return NUMBER_OK;
    }
    return number_from_double_bits(sign | (uint64_t)(exponent + 1023 - 127) << 52 | significand,
                                   nano);
}

enum number_result number_from_integer(int64_t integer, int64_t *nano)
{
    return __builtin_mul_overflow(integer, (int64_t)NANO, nano) ? NUMBER_UNREPRESENTABLE
                                                                : NUMBER_OK;
}
