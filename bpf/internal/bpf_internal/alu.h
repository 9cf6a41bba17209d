/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Arithmetic as RFC 9669 §4.1 defines it where C does not: division by zero gives 0, modulo by zero
 * the dividend, shift counts are masked, signed overflow wraps. */
#pragma once
#include <axiom/types.h>

static inline uint64_t alu_div64(uint64_t a, uint64_t b)
{
    return b == 0 ? 0 : a / b;
}

static inline uint32_t alu_div32(uint32_t a, uint32_t b)
{
    return b == 0 ? 0 : a / b;
}

static inline uint64_t alu_mod64(uint64_t a, uint64_t b)
{
    return b == 0 ? a : a % b;
}

static inline uint32_t alu_mod32(uint32_t a, uint32_t b)
{
    return b == 0 ? a : a % b;
}

/* The most negative number divided by -1 overflows: the result is the dividend, the remainder 0. */
static inline uint64_t alu_sdiv64(uint64_t a, uint64_t b)
{
    if (b == 0)
        return 0;
    return b == UINT64_MAX ? 0 - a : (uint64_t)((int64_t)a / (int64_t)b);
}

static inline uint32_t alu_sdiv32(uint32_t a, uint32_t b)
{
    if (b == 0)
        return 0;
    return b == UINT32_MAX ? 0 - a : (uint32_t)((int32_t)a / (int32_t)b);
}

static inline uint64_t alu_smod64(uint64_t a, uint64_t b)
{
    if (b == 0)
        return a;
    return b == UINT64_MAX ? 0 : (uint64_t)((int64_t)a % (int64_t)b);
}

static inline uint32_t alu_smod32(uint32_t a, uint32_t b)
{
    if (b == 0)
        return a;
    return b == UINT32_MAX ? 0 : (uint32_t)((int32_t)a % (int32_t)b);
}

/* gcc and clang define >> of a negative number as arithmetic (C11 §6.5.7 leaves it to them). */
static inline uint64_t alu_arsh64(uint64_t a, uint64_t b)
{
    return (uint64_t)((int64_t)a >> (b & 63));
}

static inline uint32_t alu_arsh32(uint32_t a, uint32_t b)
{
    return (uint32_t)((int32_t)a >> (b & 31));
}
