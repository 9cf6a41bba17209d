/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The inside of signing: numbers modulo 2^255-19, and SHA-512. */
#pragma once
#include <bpf/sign.h>

/* Five limbs of 51 bits, least significant first. Limbs may grow to 54 bits between operations. */
struct fe {
    uint64_t limb[5];
};

extern const struct fe fe_zero, fe_one;

/* False for an encoding of p or above, which has a smaller one. The top bit is not looked at. */
bool fe_decode(struct fe *to, const uint8_t bytes[32]);
void fe_encode(uint8_t bytes[32], const struct fe *from); /* the only encoding */
void fe_add(struct fe *to, const struct fe *a, const struct fe *b);
void fe_sub(struct fe *to, const struct fe *a, const struct fe *b);
void fe_mul(struct fe *to, const struct fe *a, const struct fe *b);
void fe_invert(struct fe *to, const struct fe *a);  /* of zero: zero */
void fe_pow_p58(struct fe *to, const struct fe *a); /* a^((p-5)/8) */
bool fe_is_equal(const struct fe *a, const struct fe *b);
bool fe_is_odd(const struct fe *a); /* in its only encoding */

struct sha512 {
    uint64_t state[8];
    uint64_t size_bytes;
    uint8_t block[128];
};

void sha512_begin(struct sha512 *hash);
void sha512_add(struct sha512 *hash, const void *data, size_t size_bytes);
void sha512_end(struct sha512 *hash, uint8_t digest[64]);
