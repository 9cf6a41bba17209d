/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Where the kernel and bpf/ meet: programs given at boot are verified, attached to what their
 * sections name, and run when it happens. */
#pragma once
#include <axiom/types.h>
#include <arch/entry.h>

/* The boot module of this name is no object but the keyring (bpf/sign.h): objects that carry a
 * signature must be signed by one of its keys. */
#define BPF_GLUE_KEYRING "bpf.keyring"

enum bpf_glue_flags {
    BPF_GLUE_REQUIRED = 1u << 0, /* the first failure is the result, and nothing stays attached */
    BPF_GLUE_SIGNED = 1u << 1,   /* objects without signature are failures */
};

/* Loads every boot module: its programs are verified and attached in the order of the files. A
 * module that fails is logged with the reason and left out whole. After all drivers are bound.
 * Process context. */
int bpf_glue_init(const struct boot_module *modules, uint32_t module_count, uint32_t flags);

/* Detaches everything, emits the final contents of all maps (EVENT_BPF_MAP), gives everything
 * back. Process context. */
void bpf_glue_exit(void);
