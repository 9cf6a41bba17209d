/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Programs as text, in the words of the disassembler: the rows of bpf_insn_table are the grammar.
 *
 *     r0 = *(u8 *)(r1 + 0); if r0 > 5 goto big; r0 = 1; exit; big: r0 = 2; exit
 *
 * Statements end with ';' or a newline; '#' begins a comment; `name:` is a label, jumps go to
 * labels or to +N, calls to helpers by name, to labels, or to $N. `r1 = map[name]` and `r1 =
 * &map[name] + 8` load maps, `r1 = 5 ll` 64 bits, and
 * `.insn OPCODE DST SRC OFFSET IMM` is any encoding. */
#pragma once
#include <bpf/insn.h>
#include <bpf/map.h>

#include <stdbool.h>
#include <stddef.h>

#define ASSEMBLER_INSN_MAX 8192

struct assembly {
    struct bpf_insn insns[ASSEMBLER_INSN_MAX];
    uint32_t insn_count;
    char error[200]; /* "" if all went well */
};

/* `maps` may be NULL. */
bool assemble(const char *text, struct bpf_map *const *maps, uint32_t map_count,
              struct assembly *out);
