/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Where the kernel and bpf/ meet: programs given at boot are verified, attached to what their
 * sections name, and run when it happens. */
#pragma once
#include <axiom/types.h>
#include <arch/entry.h>

/* The boot module of this name is no object but the keyring (bpf/sign.h): objects that carry a
 * signature must be signed by one of its keys. */
#define BPF_GLUE_KEYRING "bpf.keyring"
/* And this one the kernel's own types, in BTF: objects that ask for them (CO-RE) are relocated
 * against these. */
#define BPF_GLUE_TYPES "bpf.types"

enum bpf_glue_flags {
    BPF_GLUE_REQUIRED = 1u << 0, /* the first failure is the result, and nothing stays attached */
    BPF_GLUE_SIGNED = 1u << 1,   /* objects without signature are failures */
    BPF_GLUE_JIT = 1u << 2,      /* programs that cannot be compiled are failures */
    BPF_GLUE_INTERPRETER = 1u << 3, /* programs are interpreted, not compiled where that can be done */
    BPF_GLUE_IGNORE_BUDGET = 1u << 4, /* programs may exceed their attach points' budgets */
};

/* Loads every boot module: its programs are verified and attached in the order of the files. A
 * module that fails is logged with the reason and left out whole. After all drivers are bound.
 * Process context. */
int bpf_glue_init(const struct boot_module *modules, uint32_t module_count, uint32_t flags);

/* Detaches everything, emits the final contents of all maps (EVENT_BPF_MAP), gives everything
 * back. Process context. */
void bpf_glue_exit(void);

/* Puts the module's programs in the place of those that are attached, each in that of the same name
 * at the same attach point; the attach point's other programs stay. Its maps are new. An event that
 * comes meanwhile runs either the old program or the new one, once. All of the module's programs are
 * replaced or, on failure, none: -ENOENT nothing of that name is attached there, else why the module
 * cannot be loaded, with a reason. Process context, not inside of a program; one at a time. */
int bpf_glue_replace(const struct boot_module *module, char *reason, size_t reason_size);

struct bpf_context_layout;

/* Does the section name a place where this kernel attaches programs of that kind (whether the board has it or not)?
 * -EINVAL: `reason` says what is wrong, and a name that would do. Any context. */
int bpf_glue_check_section(const char *section, const struct bpf_context_layout *layout, char *reason,
                           size_t reason_size);
