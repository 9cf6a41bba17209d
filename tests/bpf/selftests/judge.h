/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The judge's hands: how an object is opened, verified and run as Linux would (engine.c). */
#pragma once
#include <bpf/btf.h>
#include <bpf/elf.h>
#include <bpf/env.h>
#include <bpf/verifier.h>

/* The packet of a test run (selftests' test_loader.c): so many zero bytes. */
#define TEST_DATA_SIZE 64

/* Everything below works with this env; once, first. */
struct bpf_env *judge_env(void);
void judge_end(void);

/* Opened, maps made as the kernel's runner does, or NULL with the reason. */
struct bpf_object *judge_open(const char *name, const void *bytes, size_t size,
                              struct bpf_btf *kernel_types, struct bpf_error *error);
/* The types in an object file, to stand for the kernel's (test_btf_path), or NULL. */
struct bpf_btf *judge_read_types(const char *path);
/* As bpf_verify(), by Linux's rules; `flags` are those of BPF_PROG_LOAD. `to_run`: a program is made,
 * which fails where it calls what only Linux has. */
int judge_verify(struct bpf_object *object, uint32_t index, uint32_t flags, bool to_run,
                 struct bpf_verify_result *result);
/* The verifier said that it does not know something, not that it is wrong. */
bool judge_is_unsupported(const struct bpf_verify_result *result);

/* The running kernel's types, or NULL. */
struct bpf_btf *judge_kernel_types(void);

/* Runs a verified program as BPF_PROG_TEST_RUN does, over `packet` (TEST_DATA_SIZE bytes; NULL: zeros).
 * -EOPNOTSUPP: it needs what only Linux has (a helper without body, a context that cannot be made); another errno: it
 * was ended, `text` says why. */
int test_run(const struct bpf_prog *prog, const uint8_t *packet, uint64_t *r0, char *text, size_t text_size);
