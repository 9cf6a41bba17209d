/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Trailers and keyrings (bpf/sign.h has the layout). */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf/sign.h>

#define KEY_ID_AT  64
#define SIZE_AT    72
#define VERSION_AT 80
#define MAGIC_AT   88
#define MAGIC_SIZE 8

static const char magic[MAGIC_SIZE + 1] = "AXIOMSIG";

static void key_id(const uint8_t *public_key, uint8_t id[BPF_KEY_ID_SIZE])
{
    uint8_t digest[BPF_SHA3_SIZE];
    bpf_sha3_256(public_key, BPF_PUBLIC_KEY_SIZE, digest);
    memcpy(id, digest, BPF_KEY_ID_SIZE);
}

void bpf_signature_trailer(uint8_t to[BPF_SIGNATURE_TRAILER], const uint8_t *signature,
                           const uint8_t *public_key, uint64_t object_size)
{
    memset(to, 0, BPF_SIGNATURE_TRAILER);
    memcpy(to, signature, BPF_SIGNATURE_SIZE);
    key_id(public_key, to + KEY_ID_AT);
    put_le64(to + SIZE_AT, object_size);
    put_le32(to + VERSION_AT, 1);
    memcpy(to + MAGIC_AT, magic, MAGIC_SIZE);
}

int bpf_signature_find(const void *file, size_t size_bytes, size_t *object_size,
                       struct bpf_signature *out, struct bpf_error *error)
{
    *object_size = size_bytes;
    if (size_bytes < BPF_SIGNATURE_TRAILER)
        return bpf_error_set(error, -ENODATA, BPF_ERROR_NO_OFFSET, "the object is not signed");
    size_t at = size_bytes - BPF_SIGNATURE_TRAILER;
    const uint8_t *trailer = (const uint8_t *)file + at;
    if (memcmp(trailer + MAGIC_AT, magic, MAGIC_SIZE) != 0)
        return bpf_error_set(error, -ENODATA, BPF_ERROR_NO_OFFSET, "the object is not signed");
    if (get_le32(trailer + VERSION_AT) != 1 || get_le32(trailer + VERSION_AT + 4) != 0)
        return bpf_error_set(error, -EINVAL, at + VERSION_AT,
                             "the signature is of version %u, known is 1",
                             get_le32(trailer + VERSION_AT));
    if (get_le64(trailer + SIZE_AT) != at)
        return bpf_error_set(error, -EINVAL, at + SIZE_AT,
                             "the signature is for an object of %llu bytes, this one has %llu",
                             (unsigned long long)get_le64(trailer + SIZE_AT),
                             (unsigned long long)at);
    *object_size = at;
    memcpy(out->bytes, trailer, BPF_SIGNATURE_SIZE);
    memcpy(out->key_id, trailer + KEY_ID_AT, BPF_KEY_ID_SIZE);
    return 0;
}

int bpf_signature_check(const struct bpf_keyring *keyring, const void *file, size_t size_bytes,
                        size_t *object_size, const struct bpf_public_key **key,
                        struct bpf_error *error)
{
    struct bpf_signature signature;
    uint8_t id[BPF_KEY_ID_SIZE], digest[BPF_SHA3_SIZE];
    int err = bpf_signature_find(file, size_bytes, object_size, &signature, error);
    if (err)
        return err;
    bpf_sha3_256(file, *object_size, digest);
    for (uint32_t i = 0; i < keyring->count; i++) {
        key_id(keyring->keys[i].bytes, id);
        if (memcmp(id, signature.key_id, sizeof id) != 0)
            continue;
        if (!bpf_ed25519_verify(signature.bytes, keyring->keys[i].bytes, digest, sizeof digest))
            return bpf_error_set(error, -EACCES, *object_size,
                                 "the signature by key '%s' is wrong: object or signature was "
                                 "changed after signing",
                                 keyring->keys[i].name);
        *key = &keyring->keys[i];
        return 0;
    }
    return bpf_error_set(error, -EACCES, *object_size + KEY_ID_AT,
                         "the object is signed by key %02x%02x%02x%02x%02x%02x%02x%02x, which is "
                         "not in the keyring",
                         signature.key_id[0], signature.key_id[1], signature.key_id[2],
                         signature.key_id[3], signature.key_id[4], signature.key_id[5],
                         signature.key_id[6], signature.key_id[7]);
}

/* --- Keyrings --- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_key(const char *digits, uint8_t key[BPF_PUBLIC_KEY_SIZE])
{
    for (int i = 0; i < BPF_PUBLIC_KEY_SIZE; i++) {
        int high = hex_digit(digits[2 * i]), low = hex_digit(digits[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        key[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

#define WORD      "ed25519 "
#define WORD_SIZE 8
#define LINE_MIN  (WORD_SIZE + 2 * BPF_PUBLIC_KEY_SIZE)

static int read_line(struct bpf_keyring *keyring, const char *line, size_t length, uint64_t offset,
                     struct bpf_error *error)
{
    while (length > 0 && is_blank(line[length - 1]))
        length--;
    if (length == 0 || line[0] == '#')
        return 0;
    if (keyring->count == BPF_KEYRING_MAX)
        return bpf_error_set(error, -E2BIG, offset, "a keyring has at most %d keys",
                             BPF_KEYRING_MAX);
    struct bpf_public_key *key = &keyring->keys[keyring->count];
    if (length < LINE_MIN || strncmp(line, WORD, WORD_SIZE) != 0 ||
        !read_key(line + WORD_SIZE, key->bytes) || (length > LINE_MIN && !is_blank(line[LINE_MIN])))
        return bpf_error_set(error, -EINVAL, offset,
                             "a keyring's lines are: ed25519, 64 hex digits, a name");
    if (!bpf_ed25519_key_is_valid(key->bytes))
        return bpf_error_set(error, -EINVAL, offset,
                             "this is no key: not a point of the curve, or one of small order");
    size_t at = LINE_MIN, used = 0;
    while (at < length && is_blank(line[at]))
        at++;
    while (at < length && used + 1 < sizeof key->name)
        key->name[used++] = line[at++];
    key->name[used] = '\0';
    keyring->count++;
    return 0;
}

int bpf_keyring_parse(struct bpf_keyring *keyring, const char *text, size_t size_bytes,
                      struct bpf_error *error)
{
    memset(keyring, 0, sizeof *keyring);
    for (size_t at = 0; at < size_bytes;) {
        size_t end = at;
        while (end < size_bytes && text[end] != '\n')
            end++;
        int err = read_line(keyring, text + at, end - at, at, error);
        if (err) {
            memset(keyring, 0, sizeof *keyring);
            return err;
        }
        at = end + 1;
    }
    return 0;
}
