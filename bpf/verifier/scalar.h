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

static inline struct scalar scalar_pack(const struct range *whole, const struct range *low)
{
    return (struct scalar){
        .t = whole->t,
        .umin = whole->umin,
        .umax = whole->umax,
        .smin = whole->smin,
        .smax = whole->smax,
        .umin32 = (uint32_t)low->umin,
        .umax32 = (uint32_t)low->umax,
        .smin32 = (int32_t)low->smin,
        .smax32 = (int32_t)low->smax,
    };
}

static inline struct scalar scalar_unknown(unsigned bits)
{
    struct range whole = range_unknown(bits), low = range_unknown(bits / 2);
    return scalar_pack(&whole, &low);
}

static inline struct scalar scalar_const(uint64_t value, unsigned bits)
{
    struct range whole = range_const(value, bits), low = range_const(value, bits / 2);
    return scalar_pack(&whole, &low);
}

/* All members of the tnum, and no others. */
static inline struct scalar scalar_of_bits(struct tnum t, unsigned bits)
{
    struct range whole = range_of_bits(t, bits);
    struct range low = range_of_bits(tnum_cast(t, bits / 2), bits / 2);
    return scalar_pack(&whole, &low);
}

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

/* The same sets of values, for both are deduced. */
static inline bool scalar_equal(const struct scalar *a, const struct scalar *b)
{
    return a->t.value == b->t.value && a->t.mask == b->t.mask && a->umin == b->umin &&
           a->umax == b->umax && a->smin == b->smin && a->smax == b->smax &&
           a->umin32 == b->umin32 && a->umax32 == b->umax32 && a->smin32 == b->smin32 &&
           a->smax32 == b->smax32;
}

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
