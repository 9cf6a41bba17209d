/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Any bytes as a signed file, as a keyring, and as a signature: an answer each time, never a crash,
 * and no acceptance of what nobody signed. */
#include <bpf/sign.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* RFC 8032 §7.1, the key of test 1: its secret is public, but no fuzzer signs SHA3 digests. */
static const char trusted[] =
    "ed25519 d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a rfc\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bpf_keyring keyring;
    struct bpf_error error = { 0 };
    const struct bpf_public_key *key;
    size_t object_size;
    if (bpf_keyring_parse(&keyring, (const char *)data, size, &error) != 0 && error.text[0] == '\0')
        abort();
    bpf_keyring_parse(&keyring, trusted, sizeof trusted - 1, NULL);
    if (bpf_signature_check(&keyring, data, size, &object_size, &key, &error) == 0)
        abort();
    if (object_size > size)
        abort();
    if (size >= 96)
        bpf_ed25519_verify(data, data + 64, data + 96, size - 96);
    /* With a trailer that is right but for the signature. */
    if (size >= 64) {
        uint8_t *file = malloc(size - 64 + BPF_SIGNATURE_TRAILER);
        memcpy(file, data + 64, size - 64);
        bpf_signature_trailer(file + size - 64, data, keyring.keys[0].bytes, size - 64);
        if (bpf_signature_check(&keyring, file, size - 64 + BPF_SIGNATURE_TRAILER, &object_size,
                                &key, &error) == 0)
            abort();
        free(file);
    }
    return 0;
}
