/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Bits: each operation keeps every result that the machine could give. */
#include "obligation.h"

#include "tnum.c"

static struct tnum any_tnum(void)
{
    struct tnum t = { any_u64(), any_u64() };
    assume((t.value & t.mask) == 0);
    return t;
}

/* A tnum of `bits` bits and one of its members. */
static struct tnum any_member(uint64_t *member, unsigned bits)
{
    struct tnum t = any_tnum();
    uint64_t x = any_u64();
    assume(tnum_umax(t) <= tnum_low_mask(bits));
    assume(tnum_contains(t, x));
    *member = x;
    return t;
}

static void prove_member(struct tnum t, uint64_t x)
{
    prove((t.value & t.mask) == 0);
    prove(tnum_contains(t, x));
}

#define BINARY(name, result)                     \
    void prove_tnum_##name##_64(void)            \
    {                                            \
        uint64_t x, y;                           \
        struct tnum a = any_member(&x, 64);      \
        struct tnum b = any_member(&y, 64);      \
        prove_member(tnum_##name(a, b), result); \
    }
BINARY(add, x + y)
BINARY(sub, x - y)
BINARY(and, x &y)
BINARY(or, x | y)
BINARY(xor, x ^ y)

static int64_t signed_of(uint64_t value, unsigned bits)
{
    return (int64_t)(value << (64 - bits)) >> (64 - bits);
}

#define SHIFTS(bits)                                                                  \
    void prove_tnum_lsh_##bits(void)                                                  \
    {                                                                                 \
        uint64_t x;                                                                   \
        struct tnum a = any_member(&x, bits);                                         \
        unsigned amount = any_u32();                                                  \
        assume(amount < bits);                                                        \
        prove_member(tnum_lsh(a, amount, bits), x << amount & tnum_low_mask(bits));   \
    }                                                                                 \
    void prove_tnum_rsh_##bits(void)                                                  \
    {                                                                                 \
        uint64_t x;                                                                   \
        struct tnum a = any_member(&x, bits);                                         \
        unsigned amount = any_u32();                                                  \
        assume(amount < bits);                                                        \
        prove_member(tnum_rsh(a, amount), x >> amount);                               \
    }                                                                                 \
    void prove_tnum_arsh_##bits(void)                                                 \
    {                                                                                 \
        uint64_t x;                                                                   \
        struct tnum a = any_member(&x, bits);                                         \
        unsigned amount = any_u32();                                                  \
        assume(amount < bits);                                                        \
        prove_member(tnum_arsh(a, amount, bits),                                      \
                     (uint64_t)(signed_of(x, bits) >> amount) & tnum_low_mask(bits)); \
    }
SHIFTS(64)
SHIFTS(32)

#define SEXT(from, to)                                                                          \
    void prove_tnum_sext_##from##_##to(void)                                                    \
    {                                                                                           \
        uint64_t x;                                                                             \
        struct tnum a = any_member(&x, 64);                                                     \
        prove_member(tnum_sext(a, from, to), (uint64_t)signed_of(x, from) & tnum_low_mask(to)); \
    }
SEXT(8, 32)
SEXT(16, 32)
SEXT(8, 64)
SEXT(16, 64)
SEXT(32, 64)

/* The machine's own: bytes picked one by one. */
static uint64_t reversed(uint64_t x, unsigned bytes)
{
    uint64_t out = 0;
    for (unsigned i = 0; i < bytes; i++)
        out |= (x >> 8 * i & 0xff) << 8 * (bytes - 1 - i);
    return out;
}

#define BSWAP(bytes)                                            \
    void prove_tnum_bswap_##bytes(void)                         \
    {                                                           \
        uint64_t x;                                             \
        struct tnum a = any_member(&x, 64);                     \
        prove_member(tnum_bswap(a, bytes), reversed(x, bytes)); \
    }
BSWAP(2)
BSWAP(4)
BSWAP(8)

void prove_tnum_cast_any(void)
{
    uint64_t x;
    struct tnum a = any_member(&x, 64);
    unsigned bits = any_u32();
    assume(bits >= 1 && bits <= 64);
    prove_member(tnum_cast(a, bits), x & tnum_low_mask(bits));
}

void prove_tnum_range_64(void)
{
    uint64_t min = any_u64(), max = any_u64(), x = any_u64();
    assume(min <= x && x <= max);
    struct tnum t = tnum_range(min, max);
    prove_member(t, x);
    for (unsigned bits = 8; bits <= 32; bits *= 2)
        prove(max > tnum_low_mask(bits) || tnum_umax(t) <= tnum_low_mask(bits));
}

void prove_tnum_union_64(void)
{
    uint64_t x;
    struct tnum a = any_member(&x, 64), b = any_tnum();
    prove_member(tnum_union(a, b), x);
    prove_member(tnum_union(b, a), x);
}

void prove_tnum_intersect_64(void)
{
    uint64_t x;
    struct tnum a = any_member(&x, 64), b = any_tnum(), both = tnum_unknown(64);
    assume(tnum_contains(b, x));
    prove(tnum_intersect(a, b, &both));
    prove_member(both, x);
    prove(tnum_subset(both, a) && tnum_subset(both, b));
}

/* Of two tnums: subset says so only when every member is one. */
void prove_tnum_subset_64(void)
{
    uint64_t x;
    struct tnum a = any_member(&x, 64), b = any_tnum();
    assume(tnum_subset(a, b));
    prove(tnum_contains(b, x));
}

/* The answer is a member on the right side of the bound, and no member is between them: so if there is a member there,
 * there is an answer. */
#define NEIGHBOURS(bits)                                                           \
    void prove_tnum_least_from_##bits(void)                                        \
    {                                                                              \
        uint64_t x, bound = any_u64(), out = 0;                                    \
        struct tnum t = any_member(&x, bits);                                      \
        assume(bound <= tnum_low_mask(bits));                                      \
        bool found = tnum_least_from(t, bound, &out);                              \
        prove(!found || (bound <= out && tnum_contains(t, out)));                  \
        prove(x < bound || (found && out <= x));                                   \
    }                                                                              \
    void prove_tnum_greatest_to_##bits(void)                                       \
    {                                                                              \
        uint64_t x, bound = any_u64(), out = 0;                                    \
        struct tnum t = any_member(&x, bits);                                      \
        assume(bound <= tnum_low_mask(bits));                                      \
        bool found = tnum_greatest_to(t, bound, bits, &out);                       \
        prove(!found || (out <= bound && tnum_contains(t, out)));                  \
        prove(x > bound || (found && x <= out));                                   \
    }
NEIGHBOURS(64)
NEIGHBOURS(32)
