/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Signing: NIST's and RFC 8032's vectors, libsodium as judge of every verdict, and trailers and
 * keyrings of any bytes. */
#include <axiom/errno.h>
#include <bpf/sign.h>

#include <tests/check_main.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if HAVE_SODIUM
#include <sodium.h>
#endif

static void from_hex(const char *hex, uint8_t *to)
{
    for (unsigned value; sscanf(hex, "%2x", &value) == 1; hex += 2)
        *to++ = (uint8_t)value;
}

static void sha3_is(const void *data, size_t size, const char *expected)
{
    uint8_t digest[32];
    char text[65];
    bpf_sha3_256(data, size, digest);
    for (int i = 0; i < 32; i++)
        sprintf(text + 2 * i, "%02x", digest[i]);
    ck_assert_str_eq(text, expected);
}

/* NIST, Cryptographic Standards and Guidelines, examples of SHA3-256. */
START_TEST(sha3_agrees_with_the_published_examples)
{
    const char *two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    const char *long_text =
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnop"
        "jklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";
    uint8_t a3[200];
    memset(a3, 0xa3, sizeof a3);
    sha3_is("", 0, "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a");
    sha3_is("abc", 3, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
    sha3_is(two_blocks, 56, "41c0dba2a9d6240849100376a8235e2c82e1b9998a999e21db32dd97496d3376");
    sha3_is(long_text, 112, "916f6061fe879741ca6469b43971dfdb28b1a32dc36cb3254e812be27aad1d18");
    sha3_is(a3, 200, "79f38adec5c20307a98ef76e8324afbfd46cfd81b22e3973c65fa1bd9de31787");
}
END_TEST

/* Every length around the block's, against OpenSSL where it is there. */
START_TEST(sha3_agrees_with_openssl)
{
    static const size_t sizes[] = { 1, 7, 135, 136, 137, 271, 272, 273, 4096, 100001 };
    uint8_t *data = malloc(100001);
    for (size_t i = 0; i < 100001; i++)
        data[i] = (uint8_t)(i * 7 + i / 256);
    if (system("openssl version >/dev/null 2>&1") != 0) {
        puts("skipped: no openssl to compare SHA3-256 with");
        free(data);
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        char path[] = "/tmp/axiom-sha3-XXXXXX", command[128], digest[65] = "";
        FILE *file = fdopen(mkstemp(path), "wb");
        fwrite(data, 1, sizes[i], file);
        fclose(file);
        snprintf(command, sizeof command, "openssl dgst -sha3-256 -r %s", path);
        FILE *judge = popen(command, "r");
        ck_assert_int_eq(fscanf(judge, "%64s", digest), 1);
        pclose(judge);
        remove(path);
        sha3_is(data, sizes[i], digest);
    }
    free(data);
}
END_TEST

struct vector {
    const char *key, *message, *signature;
};

/* RFC 8032 §7.1 */
static const struct vector vectors[] = {
    { "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
      "b4"
      "6bd25bf5f0595bbe24655141438e7a100b" },
    { "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
      "1d"
      "8c387b2eaeb4302aeeb00d291612bb0c00" },
    { "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
      "c6"
      "594a7c15e9716ed28dc027beceea1ec40a" },
};

START_TEST(ed25519_agrees_with_the_rfc)
{
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        uint8_t key[32], message[8], signature[64];
        size_t size = strlen(vectors[i].message) / 2;
        from_hex(vectors[i].key, key);
        from_hex(vectors[i].message, message);
        from_hex(vectors[i].signature, signature);
        ck_assert(bpf_ed25519_verify(signature, key, message, size));
        /* Any bit of signature, key or message that changes makes it wrong. */
        for (int bit = 0; bit < 512; bit++) {
            signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
            ck_assert_msg(!bpf_ed25519_verify(signature, key, message, size), "bit %d", bit);
            signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (int bit = 0; bit < 256; bit += 3) {
            key[bit / 8] ^= (uint8_t)(1u << bit % 8);
            ck_assert(!bpf_ed25519_verify(signature, key, message, size));
            key[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        message[size] = 0;
        ck_assert(!bpf_ed25519_verify(signature, key, message, size + 1));
    }
}
END_TEST

/* S + L is the same number modulo L, and must be refused. */
static void add_order(uint8_t *s)
{
    static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
                                       0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                                       0,    0,    0,    0,    0,    0,    0,    0,
                                       0,    0,    0,    0,    0,    0,    0,    0x10 };
    unsigned carry = 0;
    for (int i = 0; i < 32; i++) {
        carry += s[i] + (unsigned)order[i];
        s[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

START_TEST(ed25519_refuses_second_encodings)
{
    uint8_t key[32], signature[64], message[2] = { 0xaf, 0x82 };
    from_hex(vectors[2].key, key);
    from_hex(vectors[2].signature, signature);
    add_order(signature + 32);
    ck_assert(!bpf_ed25519_verify(signature, key, message, 2));
    /* y = p + 1 is y = 1 once more; x = 0 has no odd twin. */
    uint8_t one_again[32], minus_zero[32] = { 1 };
    memset(one_again, 0xff, 32);
    one_again[0] = 0xee;
    one_again[31] = 0x7f;
    minus_zero[31] = 0x80;
    ck_assert(!bpf_ed25519_key_is_valid(one_again));
    ck_assert(!bpf_ed25519_key_is_valid(minus_zero));
}
END_TEST

/* All points of small order: 1, -1, two of order 4, four of order 8. */
static const char *const small_order[] = {
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
};

START_TEST(ed25519_refuses_keys_of_small_order)
{
    /* With the neutral point as key, R = [S]B fits any message. */
    for (size_t i = 0; i < ARRAY_SIZE(small_order); i++) {
        uint8_t key[32], signature[64] = { 0 };
        from_hex(small_order[i], key);
        ck_assert(!bpf_ed25519_key_is_valid(key));
        signature[0] = 1;
        ck_assert(!bpf_ed25519_verify(signature, key, "any", 3));
    }
}
END_TEST

#if HAVE_SODIUM
START_TEST(ed25519_agrees_with_libsodium)
{
    uint8_t key[32], secret[64], message[200], signature[64];
    uint32_t accepted = 0, refused = 0;
    ck_assert_int_ge(sodium_init(), 0);
    srand(11);
    for (int round = 0; round < 400; round++) {
        uint8_t seed[32];
        for (int i = 0; i < 32; i++)
            seed[i] = (uint8_t)rand();
        size_t size = (size_t)rand() % sizeof message;
        for (size_t i = 0; i < size; i++)
            message[i] = (uint8_t)rand();
        crypto_sign_seed_keypair(key, secret, seed);
        crypto_sign_detached(signature, NULL, message, size, secret);
        switch (round % 8) {
        case 1:
            signature[rand() % 64] ^= (uint8_t)(1 << rand() % 8);
            break;
        case 2:
            key[rand() % 32] ^= (uint8_t)(1 << rand() % 8);
            break;
        case 3:
            add_order(signature + 32);
            break;
        case 4:
            from_hex(small_order[(size_t)rand() % ARRAY_SIZE(small_order)], key);
            break;
        case 5:
            from_hex(small_order[(size_t)rand() % ARRAY_SIZE(small_order)], signature);
            break;
        case 6:
            memset(key, 0xff, 32);
            key[0] = (uint8_t)rand();
            key[31] = (uint8_t)(rand() | 0x7f);
            break;
        default:
            break;
        }
        bool theirs = crypto_sign_verify_detached(signature, message, size, key) == 0;
        ck_assert_int_eq(bpf_ed25519_verify(signature, key, message, size), theirs);
        accepted += theirs;
        refused += !theirs;
    }
    printf("libsodium agrees on %u signatures accepted, %u refused\n", accepted, refused);
    ck_assert(accepted > 90 && refused > 200);
}
END_TEST

static size_t make_signed(uint8_t *file, size_t object_size, const uint8_t *key,
                          const uint8_t *secret)
{
    uint8_t digest[32], signature[64];
    for (size_t i = 0; i < object_size; i++)
        file[i] = (uint8_t)(i * 3);
    bpf_sha3_256(file, object_size, digest);
    crypto_sign_detached(signature, NULL, digest, sizeof digest, secret);
    bpf_signature_trailer(file + object_size, signature, key, object_size);
    return object_size + BPF_SIGNATURE_TRAILER;
}

START_TEST(signed_file_is_checked_byte_by_byte)
{
    uint8_t key[32], secret[64], other[32], other_secret[64], file[400];
    char text[256];
    ck_assert_int_ge(sodium_init(), 0);
    crypto_sign_seed_keypair(key, secret, (const uint8_t *)"0123456789abcdef0123456789abcdef");
    crypto_sign_seed_keypair(other, other_secret,
                             (const uint8_t *)"1123456789abcdef0123456789abcdef");
    size_t size = make_signed(file, 200, key, secret), object_size;
    int used = sprintf(text, "# the team's\n\ned25519 ");
    for (int i = 0; i < 32; i++)
        used += sprintf(text + used, "%02x", key[i]);
    used += sprintf(text + used, "  robot key\r\n");
    struct bpf_keyring keyring;
    struct bpf_error error;
    const struct bpf_public_key *found = NULL;
    ck_assert_int_eq(bpf_keyring_parse(&keyring, text, (size_t)used, &error), 0);
    ck_assert_uint_eq(keyring.count, 1);
    ck_assert_str_eq(keyring.keys[0].name, "robot key");
    ck_assert_int_eq(bpf_signature_check(&keyring, file, size, &object_size, &found, &error), 0);
    ck_assert_uint_eq(object_size, 200);
    ck_assert_ptr_eq(found, &keyring.keys[0]);
    for (size_t i = 0; i < size; i++) {
        file[i] ^= 0x10;
        error = (struct bpf_error){ 0 };
        int err = bpf_signature_check(&keyring, file, size, &object_size, &found, &error);
        ck_assert_msg(err < 0 && error.error == err && error.text[0] != '\0', "byte %zu", i);
        file[i] ^= 0x10;
    }
    for (size_t cut = 0; cut < size; cut++)
        ck_assert_int_lt(bpf_signature_check(&keyring, file, cut, &object_size, &found, &error), 0);
    size = make_signed(file, 200, other, other_secret);
    ck_assert_int_eq(bpf_signature_check(&keyring, file, size, &object_size, &found, &error),
                     -EACCES);
    ck_assert(strstr(error.text, "not in the keyring") != NULL);
    /* The right key's id on another's signature. */
    uint8_t digest[32];
    bpf_sha3_256(key, 32, digest);
    memcpy(file + 200 + 64, digest, 8);
    ck_assert_int_eq(bpf_signature_check(&keyring, file, size, &object_size, &found, &error),
                     -EACCES);
    ck_assert(strstr(error.text, "is wrong") != NULL);
}
END_TEST
#endif

START_TEST(keyrings_are_refused_with_the_line)
{
    struct bpf_keyring keyring;
    struct bpf_error error;
    static const char *const bad[] = {
        "hello",
        "ed25519",
        "ed25519 12",
        "ed25519 d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511g",
        "ed25519 d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a1",
        "ed25519 0100000000000000000000000000000000000000000000000000000000000000",
    };
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        char text[200];
        int size = sprintf(text, "# one\n%s\n", bad[i]);
        ck_assert_int_eq(bpf_keyring_parse(&keyring, text, (size_t)size, &error), -EINVAL);
        ck_assert_uint_eq(error.offset, 6);
        ck_assert_uint_eq(keyring.count, 0);
    }
    char many[2000];
    int used = 0;
    for (int i = 0; i < 17; i++)
        used += sprintf(many + used, "ed25519 %s k%d\n", vectors[0].key, i);
    ck_assert_int_eq(bpf_keyring_parse(&keyring, many, (size_t)used, &error), -E2BIG);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("signing");
    TCase *tcase = tcase_create("sign");
    tcase_set_timeout(tcase, 110);
    tcase_add_test(tcase, sha3_agrees_with_the_published_examples);
    tcase_add_test(tcase, sha3_agrees_with_openssl);
    tcase_add_test(tcase, ed25519_agrees_with_the_rfc);
    tcase_add_test(tcase, ed25519_refuses_second_encodings);
    tcase_add_test(tcase, ed25519_refuses_keys_of_small_order);
    tcase_add_test(tcase, keyrings_are_refused_with_the_line);
#if HAVE_SODIUM
    tcase_add_test(tcase, ed25519_agrees_with_libsodium);
    tcase_add_test(tcase, signed_file_is_checked_byte_by_byte);
#else
    puts("skipped: built without libsodium: it does not judge the signatures");
#endif
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
