/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Keys and signatures of objects on the host. */
#pragma once
#include <bpf/sign.h>

/* The keyring file, parsed and (unless `text` is NULL) as it stands, to be freed; an exit code. */
int signing_read_keyring(const char *path, struct bpf_keyring *keyring, char **text, size_t *size);
/* Says why the kernel will not take the object. `keyring` NULL: nobody is trusted. */
int signing_check(const char *name, const uint8_t *bytes, size_t size,
                  const struct bpf_keyring *keyring, bool required);

/* axiom bpf keygen NAME; axiom bpf sign --key NAME.key OBJECT... */
int signing_keygen(int argc, char **argv);
int signing_sign(int argc, char **argv, const char *key_path);
