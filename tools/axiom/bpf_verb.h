/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The verbs of `axiom bpf`, and what their options say. cmd_bpf.c has the table of which verb takes which option. */
#pragma once
#include <bpf/elf.h>

#define OBJECT_SIZE_MAX (64u << 20) /* bytes of an object file */

struct bpf_options {
    bool as_json, as_c, of_linux, of_kernel, ignore_budget, compiled;
    enum bpf_verify_log log_level;
    uint64_t insn_limit, memory_limit; /* 0: the verifier's own */
    uint64_t repeat;
    const char *base;              /* types that those of the files go on from, or NULL */
    const char *btf;               /* of the Linux that is meant; NULL: the running one */
    const char *kconfig;           /* its .config; NULL: the running one's, if that is meant */
    const char *program, *context; /* NULL: all, or the only one; every slot 0 */
    const char *key, *keyring, *output;
};

/* Each gets the words after it, as many as its row in the table says, and gives an exit code. */
int bpf_verify_verb(int argc, char **argv, const struct bpf_options *options);
int bpf_disasm_verb(int argc, char **argv, const struct bpf_options *options);
int bpf_run_verb(int argc, char **argv, const struct bpf_options *options);
int bpf_info_verb(int argc, char **argv, const struct bpf_options *options);
int bpf_btf_verb(int argc, char **argv, const struct bpf_options *options);
int bpf_init_verb(int argc, char **argv, const struct bpf_options *options);
int bpf_build_verb(int argc, char **argv, const struct bpf_options *options);

/* What several of them do. Between begin and end, objects are Linux's with options->of_linux. */
int bpf_desk_begin(const struct bpf_options *options);
void bpf_desk_end(const struct bpf_options *options);
int bpf_open_file(const char *path, const struct bpf_options *options, struct bpf_object **out);
/* The program that is meant: by its name, or (NULL) the only one. Complains and gives an exit code. */
int bpf_find_program(const struct bpf_object *object, const char *path, const char *name,
                     uint32_t *out);
/* As bpf_object_verify(), with what the options say of it. Linux's programs get a verdict only. */
int bpf_verify_one(const struct bpf_object *object, uint32_t index,
                   const struct bpf_options *options, struct bpf_verify_result *result);

/* The types that this command has in it become the desk's (desk.h). */
void bpf_use_kernel_types(void);
