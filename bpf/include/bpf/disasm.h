/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Text of instructions, in the words that Linux's verifier and llvm-objdump print: "r0 = *(u8 *)(r1
 * + 0)". */
#pragma once
#include <axiom/types.h>
#include <bpf/btf.h>
#include <bpf/debug_info.h>
#include <bpf/env.h>
#include <bpf/insn.h>
#include <bpf/map.h>

/* What makes the text richer; every member may be NULL/0. */
struct bpf_disasm_names {
    const struct bpf_env *env;        /* names of helpers; NULL: the library's own table */
    const struct bpf_btf *kernel_btf; /* names of the kernel's functions and variables */
    struct bpf_map *const *maps;
    uint32_t map_count;
    const struct bpf_debug_info *debug;
};

/* One instruction into `to`, always terminated; its length as format_text() gives it. Undefined
 * encodings give
 * ".quad 0x...". */
int bpf_disasm_insn(char *to, size_t size, const struct bpf_insn *insns, uint32_t insn_count,
                    uint32_t index, const struct bpf_disasm_names *names);

/* The whole program line by line, with function names and, as comments, the source lines. `emit`
 * gets each line without newline. */
void bpf_disasm_program(const struct bpf_insn *insns, uint32_t insn_count,
                        const struct bpf_disasm_names *names,
                        void (*emit)(void *user, const char *line), void *user);
