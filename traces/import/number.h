/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Decimal text to nano, and the units that texts use.
 *
 * A number is taken as the exact decimal that it is and multiplied by the unit's ratio once; the
 * one rounding is to the nearest nano, ties away from zero. There is no binary floating point on
 * the way, so 0.488 mg is 0.488 mg. */
#pragma once
#include <axiom/types.h>

/* What a unit measures, as far as it matters to us. */
enum unit_quantity {
    UNIT_NONE, /* a plain number, or a unit that is passed on as text */
    UNIT_ACCEL,
    UNIT_ANGL_VEL,
    UNIT_TEMP,
    UNIT_HUMIDITY,
    UNIT_TIME,
};

/* value in nano SI = number * numerator / denominator */
struct unit {
    const char *name;
    enum unit_quantity quantity;
    uint64_t numerator, denominator;
};

/* The unit of that name ("mg", "dps", "us", "degC", ...), upper and lower case as written; NULL if
 * unknown. */
const struct unit *unit_find(const char *name, size_t length);
extern const struct unit unit_plain; /* nano of the number itself */

enum number_result {
    NUMBER_OK,
    NUMBER_BAD,             /* no number */
    NUMBER_UNREPRESENTABLE, /* nan, inf, or beyond what nano can hold */
};

/* The whole text as [+-]digits[.digits][e[+-]digits], or nan, or inf, or true/false (1 and 0). */
enum number_result number_to_nano(const char *text, size_t length, const struct unit *unit,
                                  int64_t *nano);
/* A time in units of `unit` (UNIT_TIME), rounded down to whole ns, as the sample rule does. */
enum number_result number_to_ns(const char *text, size_t length, const struct unit *unit,
                                int64_t *ns);
/* float64 and float32 bits as they are found in files. */
enum number_result number_from_double_bits(uint64_t bits, int64_t *nano);
enum number_result number_from_float_bits(uint32_t bits, int64_t *nano);
enum number_result number_from_integer(int64_t integer, int64_t *nano);
