/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Numbers modulo p = 2^255 - 19, in five limbs of 51 bits: products of limbs fit 128 bits with room
 * to sum, and what overflows the top comes back 19-fold at the bottom.
 *
 * Invariant: what a function here returns has limbs below 2^52; fe_add's and fe_sub's results are
 * carried too, so that any of them may be an argument of any other. */
#include <axiom/bits.h>
#include <bpf_internal/sign.h>

#define MASK ((UINT64_C(1) << 51) - 1)

__extension__ typedef unsigned __int128 wide;

const struct fe fe_zero = { { 0, 0, 0, 0, 0 } }, fe_one = { { 1, 0, 0, 0, 0 } };

static void carry(struct fe *a)
{
    for (int i = 0; i < 4; i++) {
        a->limb[i + 1] += a->limb[i] >> 51;
        a->limb[i] &= MASK;
    }
    a->limb[0] += 19 * (a->limb[4] >> 51);
    a->limb[4] &= MASK;
}

void fe_add(struct fe *to, const struct fe *a, const struct fe *b)
{
    for (int i = 0; i < 5; i++)
        to->limb[i] = a->limb[i] + b->limb[i];
    carry(to);
}

/* a + 4p - b: never below zero, as limbs of b are below 2^52. */
void fe_sub(struct fe *to, const struct fe *a, const struct fe *b)
{
    for (int i = 0; i < 5; i++)
        to->limb[i] = a->limb[i] + 4 * (i == 0 ? MASK - 18 : MASK) - b->limb[i];
    carry(to);
}

void fe_mul(struct fe *to, const struct fe *a, const struct fe *b)
{
    wide sum[5] = { 0 };
    for (int i = 0; i < 5; i++) {
        for (int j = 0; j < 5; j++) {
            uint64_t factor = i + j >= 5 ? 19 * b->limb[j] : b->limb[j];
            sum[(i + j) % 5] += (wide)a->limb[i] * factor;
        }
    }
    for (int i = 0; i < 4; i++) {
        sum[i + 1] += (uint64_t)(sum[i] >> 51);
        to->limb[i] = (uint64_t)sum[i] & MASK;
    }
    to->limb[4] = (uint64_t)sum[4] & MASK;
    to->limb[0] += 19 * (uint64_t)(sum[4] >> 51);
    carry(to);
}

static void square_times(struct fe *a, int times)
{
    for (int i = 0; i < times; i++)
        fe_mul(a, a, a);
}

/* a^(2^250 - 1), and a^11 on the way: both exponents below begin with many ones. */
static void pow_250_ones(struct fe *to, struct fe *eleven, const struct fe *a)
{
    struct fe ones[6], t; /* a^(2^n - 1) for n = 5, 10, 20, 40, 50, 100 */
    struct fe two = *a, nine = *a;
    square_times(&two, 1);
    square_times(&nine, 3);
    fe_mul(&nine, &nine, a);
    fe_mul(eleven, &nine, &two);
    t = *eleven;
    square_times(&t, 1);
    fe_mul(&ones[0], &t, &nine); /* 22 + 9 = 31 */
    static const struct {
        uint8_t from, by, and, to;
    } steps[] = {
        { 0, 5, 0, 1 }, { 1, 10, 1, 2 }, { 2, 20, 2, 3 }, { 3, 10, 1, 4 }, { 4, 50, 4, 5 }
    };
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        t = ones[steps[i].from];
        square_times(&t, steps[i].by);
        fe_mul(&ones[steps[i].to], &t, &ones[steps[i].and ]);
    }
    t = ones[5];
    square_times(&t, 100);
    fe_mul(&t, &t, &ones[5]);
    square_times(&t, 50);
    fe_mul(to, &t, &ones[4]);
}

/* a^(p-2) = a^(2^255 - 21) */
void fe_invert(struct fe *to, const struct fe *a)
{
    struct fe t, eleven;
    pow_250_ones(&t, &eleven, a);
    square_times(&t, 5);
    fe_mul(to, &t, &eleven);
}

/* (p-5)/8 = 2^252 - 3 */
void fe_pow_p58(struct fe *to, const struct fe *a)
{
    struct fe t, eleven;
    pow_250_ones(&t, &eleven, a);
    square_times(&t, 2);
    fe_mul(to, &t, a);
}

bool fe_decode(struct fe *to, const uint8_t bytes[32])
{
    uint64_t word[4];
    for (int i = 0; i < 4; i++)
        word[i] = get_le64(bytes + 8 * i);
    word[3] &= UINT64_MAX >> 1;
    to->limb[0] = word[0] & MASK;
    to->limb[1] = (word[0] >> 51 | word[1] << 13) & MASK;
    to->limb[2] = (word[1] >> 38 | word[2] << 26) & MASK;
    to->limb[3] = (word[2] >> 25 | word[3] << 39) & MASK;
    to->limb[4] = word[3] >> 12;
    bool is_high = true; /* all bits above the lowest word are ones */
    for (int i = 1; i < 5; i++)
        is_high = is_high && to->limb[i] == MASK;
    return !(is_high && to->limb[0] >= MASK - 18);
}

void fe_encode(uint8_t bytes[32], const struct fe *from)
{
    struct fe a = *from;
    carry(&a);
    carry(&a);
    /* Now below 2p: adding 19 overflows 2^255 just when it is p or more. */
    uint64_t over = a.limb[0] + 19;
    for (int i = 1; i < 5; i++)
        over = a.limb[i] + (over >> 51);
    a.limb[0] += 19 * (over >> 51);
    for (int i = 0; i < 4; i++) {
        a.limb[i + 1] += a.limb[i] >> 51;
        a.limb[i] &= MASK;
    }
    a.limb[4] &= MASK;
    put_le64(bytes, a.limb[0] | a.limb[1] << 51);
    put_le64(bytes + 8, a.limb[1] >> 13 | a.limb[2] << 38);
    put_le64(bytes + 16, a.limb[2] >> 26 | a.limb[3] << 25);
    put_le64(bytes + 24, a.limb[3] >> 39 | a.limb[4] << 12);
}

bool fe_is_equal(const struct fe *a, const struct fe *b)
{
    uint8_t x[32], y[32];
    fe_encode(x, a);
    fe_encode(y, b);
    for (int i = 0; i < 32; i++) {
        if (x[i] != y[i])
            return false;
    }
    return true;
}

bool fe_is_odd(const struct fe *a)
{
    uint8_t bytes[32];
    fe_encode(bytes, a);
    return bytes[0] & 1;
}
