/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Where a program came from: its functions' names and the source lines of its instructions
 * (.BTF.ext). */
#pragma once
#include <axiom/types.h>

struct bpf_debug_func {
    uint32_t insn_index; /* of its first instruction */
    const char *name;
    uint32_t type_id; /* of its FUNC in the program's BTF; 0: not known */
    bool is_global;   /* checked on its own, by its types; meaningful with a type_id only */
};

struct bpf_debug_line {
    uint32_t insn_index; /* holds until the next line's insn_index */
    uint32_t line;       /* from 1 */
    uint32_t column;     /* from 1, 0 unknown */
    const char *file;
    const char *text; /* the source line as compiled, "" if not recorded */
};

/* Both sorted by insn_index; either may be empty. */
struct bpf_debug_info {
    const struct bpf_debug_func *funcs;
    uint32_t func_count;
    const struct bpf_debug_line *lines;
    uint32_t line_count;
};

/* The function or line that the instruction belongs to, or NULL. `info` may be NULL. */
const struct bpf_debug_func *bpf_debug_func_at(const struct bpf_debug_info *info,
                                               uint32_t insn_index);
const struct bpf_debug_line *bpf_debug_line_at(const struct bpf_debug_info *info,
                                               uint32_t insn_index);
