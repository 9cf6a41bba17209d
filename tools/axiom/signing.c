/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Keys are made and objects signed here, with libsodium; the kernel only verifies.
 *
 * NAME.key holds the 32 secret bytes in hex, readable by its owner alone; NAME.pub is the line for
 * a keyring. */
#include "signing.h"

#include "cli.h"

#include <errno.h>

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#if AXIOM_HAVE_SODIUM
#include <sodium.h>
#endif

#define KEYRING_SIZE_MAX 65536
#define OBJECT_SIZE_MAX  (64u << 20)

int signing_read_keyring(const char *path, struct bpf_keyring *keyring, char **text, size_t *size)
{
    uint8_t *bytes;
    size_t read;
    struct bpf_error error = { .offset = BPF_ERROR_NO_OFFSET };
    int code = read_whole_file(path, KEYRING_SIZE_MAX, &bytes, &read);
    if (code != EXIT_OK)
        return code;
    if (bpf_keyring_parse(keyring, (const char *)bytes, read, &error) != 0)
        code = complain(EXIT_INPUT, "%s: offset %" PRIu64 ": %s", path, error.offset, error.text);
    if (code != EXIT_OK || text == NULL) {
        free(bytes);
        return code;
    }
    *text = (char *)bytes;
    *size = read;
    return EXIT_OK;
}

int signing_check(const char *name, const uint8_t *bytes, size_t size,
                  const struct bpf_keyring *keyring, bool required)
{
    static const struct bpf_keyring nobody;
    const struct bpf_public_key *key;
    size_t object_size;
    struct bpf_error error = { 0 };
    if (keyring == NULL && !required)
        return EXIT_OK;
    int err = bpf_signature_check(keyring == NULL ? &nobody : keyring, bytes, size, &object_size,
                                  &key, &error);
    if (err == 0 || (err == -ENODATA && !required))
        return EXIT_OK;
    return complain(EXIT_REFUSED, "%s: %s", name, error.text);
}

#if AXIOM_HAVE_SODIUM

static void put_hex(char *to, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        sprintf(to + 2 * i, "%02x", bytes[i]);
}

/* A new file: an old key is never overwritten. */
static int write_new(const char *path, mode_t mode, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return complain(EXIT_IO, "%s cannot be made: %m%s", path,
                        errno == EEXIST ? " (keys are never overwritten)" : "");
    size_t size = strlen(text);
    bool ok = write(fd, text, size) == (ssize_t)size;
    if (close(fd) != 0 || !ok)
        return complain(EXIT_IO, "%s cannot be written: %m", path);
    return EXIT_OK;
}

int signing_keygen(int argc, char **argv)
{
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES],
        seed[crypto_sign_SEEDBYTES];
    char path[4096], hex[65], line[256];
    if (argc != 1)
        return complain_usage("bpf", "bpf keygen wants a name for the key");
    const char *slash = strrchr(argv[0], '/'), *name = slash == NULL ? argv[0] : slash + 1;
    if (*name == '\0' || strlen(argv[0]) + 8 > sizeof path || strlen(name) > 100)
        return complain(EXIT_USAGE, "'%s' is no name for a key", argv[0]);
    if (sodium_init() < 0)
        return complain(EXIT_IO, "libsodium finds no source of randomness");
    randombytes_buf(seed, sizeof seed);
    crypto_sign_seed_keypair(public_key, secret, seed);
    put_hex(hex, seed, sizeof seed);
    snprintf(path, sizeof path, "%s.key", argv[0]);
    snprintf(line, sizeof line, "%s\n", hex);
    int code = write_new(path, 0600, line);
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(line, sizeof line);
    if (code != EXIT_OK)
        return code;
    printf("%s: the secret; keep it where only the one who signs can read it\n", path);
    put_hex(hex, public_key, sizeof public_key);
    snprintf(path, sizeof path, "%s.pub", argv[0]);
    snprintf(line, sizeof line, "ed25519 %s %s\n", hex, name);
    code = write_new(path, 0644, line);
    if (code == EXIT_OK)
        printf("%s: a keyring of this one key; put such lines together for more\n", path);
    return code;
}

static int read_secret(const char *path, uint8_t *public_key, uint8_t *secret)
{
    uint8_t *text, seed[crypto_sign_SEEDBYTES];
    size_t size, used = 0;
    int code = read_whole_file(path, 4096, &text, &size);
    if (code != EXIT_OK)
        return code;
    bool ok = size >= 64 &&
              sodium_hex2bin(seed, sizeof seed, (const char *)text, 64, NULL, &used, NULL) == 0 &&
              used == sizeof seed;
    sodium_memzero(text, size);
    free(text);
    if (!ok)
        return complain(EXIT_INPUT, "%s is no secret key: 64 hex digits (axiom bpf keygen)", path);
    crypto_sign_seed_keypair(public_key, secret, seed);
    sodium_memzero(seed, sizeof seed);
    return EXIT_OK;
}

/* Into a file beside it first: a full disk leaves the object as it was. */
static int replace_file(const char *path, const uint8_t *bytes, size_t size, const uint8_t *trailer)
{
    char temporary[4096];
    if (snprintf(temporary, sizeof temporary, "%s.signing", path) >= (int)sizeof temporary)
        return complain(EXIT_USAGE, "%s: the name is too long", path);
    FILE *file = fopen(temporary, "wb");
    bool ok = file != NULL && fwrite(bytes, 1, size, file) == size &&
              fwrite(trailer, 1, BPF_SIGNATURE_TRAILER, file) == BPF_SIGNATURE_TRAILER;
    if (file != NULL && fclose(file) != 0)
        ok = false;
    if (ok && rename(temporary, path) == 0)
        return EXIT_OK;
    int code = complain(EXIT_IO, "%s cannot be written: %m", path);
    remove(temporary);
    return code;
}

static const uint8_t elf_magic[] = { 0x7f, 'E', 'L', 'F' };

static int sign_file(const char *path, const uint8_t *public_key, const uint8_t *secret)
{
    uint8_t *bytes, digest[BPF_SHA3_SIZE], signature[BPF_SIGNATURE_SIZE],
        trailer[BPF_SIGNATURE_TRAILER];
    size_t size, object_size;
    struct bpf_signature old;
    int code = read_whole_file(path, OBJECT_SIZE_MAX, &bytes, &size);
    if (code != EXIT_OK)
        return code;
    if (size < sizeof elf_magic || memcmp(bytes, elf_magic, sizeof elf_magic) != 0) {
        free(bytes);
        return complain(EXIT_INPUT, "%s: offset 0: this is not an ELF file: nothing to sign", path);
    }
    bool was_signed = bpf_signature_find(bytes, size, &object_size, &old, NULL) == 0;
    bpf_sha3_256(bytes, object_size, digest);
    crypto_sign_detached(signature, NULL, digest, sizeof digest, secret);
    bpf_signature_trailer(trailer, signature, public_key, object_size);
    code = replace_file(path, bytes, object_size, trailer);
    free(bytes);
    if (code == EXIT_OK)
        printf("%s: signed%s\n", path, was_signed ? ", in place of an older signature" : "");
    return code;
}

int signing_sign(int argc, char **argv, const char *key_path)
{
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
    if (key_path == NULL || argc == 0)
        return complain_usage("bpf", "bpf sign wants --key FILE.key and object files");
    if (sodium_init() < 0)
        return complain(EXIT_IO, "libsodium finds no source of randomness");
    int code = read_secret(key_path, public_key, secret);
    for (int i = 0; i < argc && code == EXIT_OK; i++)
        code = sign_file(argv[i], public_key, secret);
    sodium_memzero(secret, sizeof secret);
    return code;
}

#else

int signing_keygen(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return complain(EXIT_IO, "this axiom was built without libsodium: it makes no keys");
}

int signing_sign(int argc, char **argv, const char *key_path)
{
    (void)argc;
    (void)argv;
    (void)key_path;
    return complain(EXIT_IO, "this axiom was built without libsodium: it signs nothing");
}

#endif
