/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What is known of a 64-bit register that holds a number: a range of 64 bits and one of its low 32
 * bits.
 *
 * The 32-bit view is kept because programs compare and compute in 32 bits (ALU32, JMP32) and its
 * bounds are lost when the upper half is unknown. Its tnum is the low half of the 64-bit one and is
 * not stored twice. Between operations the two are deduced against each other as far as
 * scalar_deduce() goes.
 *
 * The width is a parameter again: `bits` is 64 in the verifier; tests use 8 with a 4-bit half. */
#pragma once
#include "range.h"

struct scalar {
    struct tnum t;
    uint64_t umin, umax;
    int64_t smin, smax;
    uint32_t umin32, umax32;
    int32_t smin32, smax32;
};

struct scalar scalar_unknown(unsigned bits);
struct scalar scalar_const(uint64_t value, unsigned bits);
/* An unsigned interval, as a load of less than 8 bytes or a helper's result gives. */
struct scalar scalar_between(uint64_t umin, uint64_t umax, unsigned bits);

static inline bool scalar_is_const(const struct scalar *s)
{
    return s->umin == s->umax;
}

bool scalar_contains(const struct scalar *s, uint64_t value, unsigned bits);
/* Is everything that `inner` allows allowed by `outer`? May say no though it is (which costs time,
 * never safety). */
bool scalar_subset(const struct scalar *inner, const struct scalar *outer);

/* The whole and the low half as ranges, and back. scalar_from_* are deduced; false if they
 * contradict each other. */
struct range scalar_whole(const struct scalar *s);
struct range scalar_low(const struct scalar *s, unsigned bits);
bool scalar_join_halves(const struct range *whole, const struct range *low, unsigned bits,
                        struct scalar *out);

/* dst = dst OP src in `bits` bits, or in the low half with the upper half zeroed (ALU32). */
struct scalar scalar_alu(enum alu_op op, const struct scalar *dst, const struct scalar *src,
                         unsigned bits);
struct scalar scalar_alu_half(enum alu_op op, const struct scalar *dst, const struct scalar *src,
                              unsigned bits);

/* The low `from` bits, zero extended; the low `from` bits, sign extended to `to` bits, then zero
 * extended to `bits`. */
struct scalar scalar_zext(const struct scalar *s, unsigned from, unsigned bits);
struct scalar scalar_sext(const struct scalar *s, unsigned from, unsigned to, unsigned bits);
/* The low `bytes` bytes reversed, the rest zero. */
struct scalar scalar_bswap(const struct scalar *s, unsigned bytes, unsigned bits);

/* Keeps of both what is possible when `a COND b` holds in `bits` bits, or in the low half (`half`,
 * JMP32); false when it cannot hold (then *a and *b are garbage). */
bool scalar_assume(enum jump_cond cond, struct scalar *a, struct scalar *b, bool half,
                   unsigned bits);
