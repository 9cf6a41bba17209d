/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Ed25519, verification only (RFC 8032 §5.1.7), strictly: what has two encodings, or would be
 * accepted for many messages, is refused, as libsodium does.
 *
 * Points are in extended coordinates (§5.1.4): x = X/Z, y = Y/Z, T = XY/Z. The addition formula is
 * complete: it also doubles and adds the neutral point. Time depends on the input, which is public. */
#include <axiom/bits.h>
#include <axiom/string.h>
#include <bpf_internal/sign.h>

struct point {
    struct fe x, y, z, t;
};

/* §5.1: d = -121665/121666, 2d, and the square root of -1, as little-endian bytes. */
static const uint8_t d_bytes[32] = {
    0xa3, 0x78, 0x59, 0x13, 0xca, 0x4d, 0xeb, 0x75, 0xab, 0xd8, 0x41, 0x41, 0x4d, 0x0a, 0x70, 0x00,
    0x98, 0xe8, 0x79, 0x77, 0x79, 0x40, 0xc7, 0x8c, 0x73, 0xfe, 0x6f, 0x2b, 0xee, 0x6c, 0x03, 0x52,
};
static const uint8_t root_bytes[32] = {
    0xb0, 0xa0, 0x0e, 0x4a, 0x27, 0x1b, 0xee, 0xc4, 0x78, 0xe4, 0x2f, 0xad, 0x06, 0x18, 0x43, 0x2f,
    0xa7, 0xd7, 0xfb, 0x3d, 0x99, 0x00, 0x4d, 0x2b, 0x0b, 0xdf, 0xc1, 0x4f, 0x80, 0x24, 0x83, 0x2b,
};
/* The base point: y = 4/5, x even. */
static const uint8_t base_bytes[32] = {
    0x58, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
    0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
};
/* L, the order of the base point: 2^252 + 27742317777372353535851937790883648493. */
static const uint64_t order[4] = { 0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0x0000000000000000,
                                   0x1000000000000000 };

static const struct point neutral = {
    { { 0, 0, 0, 0, 0 } }, { { 1, 0, 0, 0, 0 } }, { { 1, 0, 0, 0, 0 } }, { { 0, 0, 0, 0, 0 } }
};

static void add(struct point *to, const struct point *p, const struct point *q)
{
    struct fe a, b, c, d, e, f, g, h, t, two_d;
    fe_decode(&two_d, d_bytes);
    fe_add(&two_d, &two_d, &two_d);
    fe_sub(&a, &p->y, &p->x);
    fe_sub(&t, &q->y, &q->x);
    fe_mul(&a, &a, &t);
    fe_add(&b, &p->y, &p->x);
    fe_add(&t, &q->y, &q->x);
    fe_mul(&b, &b, &t);
    fe_mul(&c, &p->t, &two_d);
    fe_mul(&c, &c, &q->t);
    fe_mul(&d, &p->z, &q->z);
    fe_add(&d, &d, &d);
    fe_sub(&e, &b, &a);
    fe_sub(&f, &d, &c);
    fe_add(&g, &d, &c);
    fe_add(&h, &b, &a);
    fe_mul(&to->x, &e, &f);
    fe_mul(&to->y, &g, &h);
    fe_mul(&to->t, &e, &h);
    fe_mul(&to->z, &f, &g);
}

static void double_point(struct point *to, const struct point *p)
{
    struct fe a, b, c, e, f, g, h, t;
    fe_mul(&a, &p->x, &p->x);
    fe_mul(&b, &p->y, &p->y);
    fe_mul(&c, &p->z, &p->z);
    fe_add(&c, &c, &c);
    fe_add(&h, &a, &b);
    fe_add(&t, &p->x, &p->y);
    fe_mul(&t, &t, &t);
    fe_sub(&e, &h, &t);
    fe_sub(&g, &a, &b);
    fe_add(&f, &c, &g);
    fe_mul(&to->x, &e, &f);
    fe_mul(&to->y, &g, &h);
    fe_mul(&to->t, &e, &h);
    fe_mul(&to->z, &f, &g);
}

static void negate(struct point *to, const struct point *p)
{
    *to = *p;
    fe_sub(&to->x, &fe_zero, &p->x);
    fe_sub(&to->t, &fe_zero, &p->t);
}

static void encode(uint8_t bytes[32], const struct point *p)
{
    struct fe inverse, x, y;
    fe_invert(&inverse, &p->z);
    fe_mul(&x, &p->x, &inverse);
    fe_mul(&y, &p->y, &inverse);
    fe_encode(bytes, &y);
    bytes[31] |= (uint8_t)(fe_is_odd(&x) << 7);
}

/* §5.1.3: x^2 = (y^2 - 1) / (d y^2 + 1); the root by one power. */
static bool decode(struct point *to, const uint8_t bytes[32])
{
    struct fe d, root, u, v, v3, x, check, minus_u;
    bool is_odd = bytes[31] >> 7;
    if (!fe_decode(&to->y, bytes))
        return false;
    fe_decode(&d, d_bytes);
    fe_decode(&root, root_bytes);
    fe_mul(&u, &to->y, &to->y);
    fe_mul(&v, &u, &d);
    fe_sub(&u, &u, &fe_one);
    fe_add(&v, &v, &fe_one);
    fe_mul(&v3, &v, &v);
    fe_mul(&v3, &v3, &v);
    fe_mul(&x, &v3, &v3);
    fe_mul(&x, &x, &v);
    fe_mul(&x, &x, &u); /* u v^7 */
    fe_pow_p58(&x, &x);
    fe_mul(&x, &x, &v3);
    fe_mul(&x, &x, &u); /* u v^3 (u v^7)^((p-5)/8) */
    fe_mul(&check, &x, &x);
    fe_mul(&check, &check, &v);
    fe_sub(&minus_u, &fe_zero, &u);
    if (fe_is_equal(&check, &minus_u))
        fe_mul(&x, &x, &root);
    else if (!fe_is_equal(&check, &u))
        return false;
    if (fe_is_equal(&x, &fe_zero) && is_odd)
        return false;
    if (fe_is_odd(&x) != is_odd)
        fe_sub(&x, &fe_zero, &x);
    to->x = x;
    to->z = fe_one;
    fe_mul(&to->t, &to->x, &to->y);
    return true;
}

/* Of order 1, 2, 4 or 8: such a point as key or R fits signatures of many messages. */
static bool is_small_order(const struct point *p)
{
    struct point eight = *p;
    for (int i = 0; i < 3; i++)
        double_point(&eight, &eight);
    return fe_is_equal(&eight.x, &fe_zero) && fe_is_equal(&eight.y, &eight.z);
}

static bool is_below_order(const uint64_t number[4])
{
    for (int i = 3; i >= 0; i--) {
        if (number[i] != order[i])
            return number[i] < order[i];
    }
    return false;
}

/* 64 bytes modulo L: bit by bit, as it is done once. */
static void reduce(uint64_t to[4], const uint8_t bytes[64])
{
    memset(to, 0, 32);
    for (uint32_t bit = 512; bit-- > 0;) {
        for (int i = 3; i > 0; i--)
            to[i] = to[i] << 1 | to[i - 1] >> 63;
        to[0] = to[0] << 1 | ((uint32_t)bytes[bit / 8] >> bit % 8 & 1u);
        if (is_below_order(to))
            continue;
        uint64_t borrow = 0;
        for (int i = 0; i < 4; i++) {
            uint64_t part = to[i] - order[i];
            uint64_t next = (to[i] < order[i]) | (part < borrow);
            to[i] = part - borrow;
            borrow = next;
        }
    }
}

static uint32_t bit_of(const uint64_t number[4], uint32_t bit)
{
    return number[bit / 64] >> bit % 64 & 1u;
}

/* [a]P + [b]Q, both at once. */
static void multiply_add(struct point *to, const uint64_t a[4], const struct point *p,
                         const uint64_t b[4], const struct point *q)
{
    struct point both;
    const struct point *const choice[4] = { NULL, p, q, &both };
    add(&both, p, q);
    *to = neutral;
    for (uint32_t bit = 256; bit-- > 0;) {
        const struct point *addend = choice[bit_of(a, bit) | bit_of(b, bit) << 1];
        double_point(to, to);
        if (addend != NULL)
            add(to, to, addend);
    }
}

bool bpf_ed25519_key_is_valid(const uint8_t key[BPF_PUBLIC_KEY_SIZE])
{
    struct point a;
    return decode(&a, key) && !is_small_order(&a);
}

bool bpf_ed25519_verify(const uint8_t signature[BPF_SIGNATURE_SIZE],
                        const uint8_t key[BPF_PUBLIC_KEY_SIZE], const void *message,
                        size_t size_bytes)
{
    struct point a, r, base, found;
    uint64_t s[4], k[4];
    uint8_t digest[64], encoded[32];
    for (int i = 0; i < 4; i++)
        s[i] = get_le64(signature + 32 + 8 * i);
    if (!is_below_order(s) || !decode(&a, key) || is_small_order(&a) || !decode(&r, signature) ||
        is_small_order(&r) || !decode(&base, base_bytes))
        return false;
    struct sha512 hash;
    sha512_begin(&hash);
    sha512_add(&hash, signature, 32);
    sha512_add(&hash, key, BPF_PUBLIC_KEY_SIZE);
    sha512_add(&hash, message, size_bytes);
    sha512_end(&hash, digest);
    reduce(k, digest);
    negate(&a, &a);
    multiply_add(&found, s, &base, k, &a);
    encode(encoded, &found);
    return memcmp(encoded, signature, 32) == 0;
}
