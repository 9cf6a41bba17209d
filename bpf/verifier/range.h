/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What is known of one value of `bits` bits: its bits as a tnum, an unsigned interval and a signed
 * interval.
 *
 * A value is possible if all three allow it. Values are kept in 64-bit words: unsigned parts below
 * 2^bits, signed parts sign extended. The width is a parameter of every operation: the verifier
 * uses 64 and 32, the tests check the same code exhaustively at 3, 4 and 8. scalar.h puts the 64-
 * and the 32-bit view of a register together. */
#pragma once
#include "tnum.h"

struct range {
    struct tnum t;
    uint64_t umin, umax;
    int64_t smin, smax;
};

/* The operations of a BPF ALU (RFC 9669 §4.1), without their width and operand forms. */
enum alu_op {
    ALU_ADD,
    ALU_SUB,
    ALU_MUL,
    ALU_DIV,
    ALU_MOD,
    ALU_SDIV,
    ALU_SMOD,
    ALU_AND,
    ALU_OR,
    ALU_XOR,
    ALU_LSH,
    ALU_RSH,
    ALU_ARSH,
    ALU_OP_COUNT,
};

/* Conditions of jumps (RFC 9669 §4.3). */
enum jump_cond {
    COND_EQ,
    COND_NE,
    COND_SET,
    COND_NOT_SET, /* only as the opposite of SET: no instruction has it */
    COND_GT,
    COND_LE,
    COND_GE,
    COND_LT,
    COND_SGT,
    COND_SLE,
    COND_SGE,
    COND_SLT,
    COND_COUNT,
};

/* EQ <-> NE, SET <-> NOT_SET, GT <-> LE ...: the pairs stand together in the enum. */
static inline enum jump_cond cond_opposite(enum jump_cond cond)
{
    static const uint8_t opposite[COND_COUNT] = {
        COND_NE, COND_EQ, COND_NOT_SET, COND_SET, COND_LE,  COND_GT,
        COND_LT, COND_GE, COND_SLE,     COND_SGT, COND_SLT, COND_SGE,
    };
    return (enum jump_cond)opposite[cond];
}

static inline uint64_t width_mask(unsigned bits)
{
    return UINT64_MAX >> (64 - bits);
}

/* The low `bits` bits as a signed number. */
static inline int64_t sign_extend(uint64_t value, unsigned bits)
{
    unsigned up = 64 - bits;
    return (int64_t)(value << up) >> up;
}

static inline uint64_t range_sign_bit(unsigned bits)
{
    return UINT64_C(1) << (bits - 1);
}

static inline int64_t range_signed_max(unsigned bits)
{
    return (int64_t)(width_mask(bits) >> 1);
}

static inline int64_t range_signed_min(unsigned bits)
{
    return -range_signed_max(bits) - 1;
}

static inline struct range range_unknown(unsigned bits)
{
    return (struct range){ tnum_unknown(bits), 0, width_mask(bits), range_signed_min(bits),
                           range_signed_max(bits) };
}

static inline struct range range_const(uint64_t value, unsigned bits)
{
    uint64_t v = value & width_mask(bits);
    int64_t s = sign_extend(v, bits);
    return (struct range){ tnum_const(v), v, v, s, s };
}

/* All members of the tnum, and no others: deduced. */
static inline struct range range_of_bits(struct tnum t, unsigned bits)
{
    uint64_t sign = t.mask & range_sign_bit(bits);
    return (struct range){ t, tnum_umin(t), tnum_umax(t), sign_extend(t.value | sign, bits),
                           sign_extend(tnum_umax(t) & ~sign, bits) };
}

/* Is nothing known but bits? */
static inline bool range_is_bits(const struct range *r, unsigned bits)
{
    struct range all = range_of_bits(r->t, bits);
    return r->umin == all.umin && r->umax == all.umax && r->smin == all.smin && r->smax == all.smax;
}

static inline bool range_is_const(const struct range *r)
{
    return r->umin == r->umax;
}

/* Could the value be this one? For tests and oracles; `value` has no bits above `bits`. */
bool range_contains(const struct range *r, uint64_t value, unsigned bits);

/* Tightens each part by the others; false when no value is left (the range is then garbage). */
bool range_deduce(struct range *r, unsigned bits);

/* Values allowed by both; false when there is none. */
bool range_intersect(struct range *r, const struct range *with, unsigned bits);

/* dst = dst OP src, as the machine of that width computes it (division by zero and overflow as RFC
 * 9669 §4.1 defines them, shift amounts modulo the width, which must be a power of two). The result
 * is deduced. */
struct range range_alu(enum alu_op op, const struct range *dst, const struct range *src,
                       unsigned bits);

/* In two steps, for addition, subtraction, multiplication and bitwise operations, of which the low
 * bits depend on low bits only: the bits `t` of one width, cast, serve a narrower one. */
struct tnum range_alu_bits(enum alu_op op, struct tnum a, struct tnum b, unsigned bits);
struct range range_alu_with_bits(enum alu_op op, const struct range *dst, const struct range *src,
                                 struct tnum t, unsigned bits);

/* The same of two known values. */
uint64_t alu_value(enum alu_op op, uint64_t x, uint64_t y, unsigned bits);

/* The low `to` bits; zero or sign extension from `from` to `to` bits. */
struct range range_truncate(const struct range *r, unsigned from, unsigned to);
struct range range_zext(const struct range *r);
struct range range_sext(const struct range *r, unsigned from, unsigned to);

/* Keeps of both what is possible when `a COND b` holds; false when it cannot hold. */
bool range_assume(enum jump_cond cond, struct range *a, struct range *b, unsigned bits);

/* Of two known values of that width. */
bool cond_holds(enum jump_cond cond, uint64_t x, uint64_t y, unsigned bits);
