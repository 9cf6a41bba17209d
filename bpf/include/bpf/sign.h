/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Signed objects: who may load programs.
 *
 * A signed object file is the object's bytes and, behind them, a trailer of 96 bytes (little
 * endian; ELF readers never look there):
 *
 *     0  64  signature: Ed25519 (RFC 8032) over the SHA3-256 (FIPS 202) of the object's bytes
 *    64   8  key id: the first 8 bytes of the SHA3-256 of the public key
 *    72   8  size of the object in bytes
 *    80   4  version: 1
 *    84   4  zero
 *    88   8  "AXIOMSIG"
 *
 * Here signatures are only verified: keys are made and objects signed on the host (`axiom bpf
 * keygen`, `axiom bpf sign`). Nothing verified is secret, so nothing needs constant time. */
#pragma once
#include <axiom/types.h>
#include <bpf/error.h>

#define BPF_SHA3_SIZE         32
#define BPF_PUBLIC_KEY_SIZE   32
#define BPF_SIGNATURE_SIZE    64
#define BPF_KEY_ID_SIZE       8
#define BPF_SIGNATURE_TRAILER 96
#define BPF_KEYRING_MAX       16

/* Keys that are trusted. Made once, then only read. */
struct bpf_keyring {
    uint32_t count;
    struct bpf_public_key {
        uint8_t bytes[BPF_PUBLIC_KEY_SIZE];
        char name[32];
    } keys[BPF_KEYRING_MAX];
};

struct bpf_signature {
    uint8_t bytes[BPF_SIGNATURE_SIZE];
    uint8_t key_id[BPF_KEY_ID_SIZE];
};

/* A text: lines "ed25519 64_HEX_DIGITS [NAME]"; empty lines and those that begin with # say
 * nothing. Keys that no honest signer has (small order, not a point) are refused: -EINVAL with the
 * offset of the line. */
int bpf_keyring_parse(struct bpf_keyring *keyring, const char *text, size_t size_bytes,
                      struct bpf_error *error);

/* Finds the trailer. *object_size is what of the file is the object, also when there is no trailer
 * (-ENODATA, or -EINVAL for a damaged one). */
int bpf_signature_find(const void *file, size_t size_bytes, size_t *object_size,
                       struct bpf_signature *out, struct bpf_error *error);
/* 0: signed by `key`, which points into the keyring. -ENODATA: not signed; -EINVAL: the trailer is
 * damaged; -EACCES: signed by a key that is not in the keyring, or the signature is wrong. */
int bpf_signature_check(const struct bpf_keyring *keyring, const void *file, size_t size_bytes,
                        size_t *object_size, const struct bpf_public_key **key,
                        struct bpf_error *error);
/* Lays out a trailer: for who signs. */
void bpf_signature_trailer(uint8_t to[BPF_SIGNATURE_TRAILER], const uint8_t *signature,
                           const uint8_t *public_key, uint64_t object_size);

void bpf_sha3_256(const void *data, size_t size_bytes, uint8_t digest[BPF_SHA3_SIZE]);
/* Strict: S below the group's order, points in their only encoding, neither key nor R of small
 * order; without cofactor: [S]B = R + [k]A. */
bool bpf_ed25519_verify(const uint8_t signature[BPF_SIGNATURE_SIZE],
                        const uint8_t key[BPF_PUBLIC_KEY_SIZE], const void *message,
                        size_t size_bytes);
/* Whether it is the encoding of a point that may be a key. */
bool bpf_ed25519_key_is_valid(const uint8_t key[BPF_PUBLIC_KEY_SIZE]);
