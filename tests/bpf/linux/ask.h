/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One program, two judges: this verifier by Linux's rules, and the running kernel. Both see the same maps and types. */
#pragma once
#include <bpf/btf.h>
#include <bpf/context.h>
#include <bpf/insn.h>
#include <bpf/map.h>
#include <bpf/verifier.h>

/* Functions that programs of questions may have, by their types. */
enum ask_function {
    ASK_MAIN,
    ASK_STATIC,        /* int (u64) */
    ASK_GLOBAL_NUMBER, /* int (u64) */
    ASK_GLOBAL_MEMORY, /* int (u32 *) */
    ASK_GLOBAL_CONTEXT,
    ASK_GLOBAL_TRUSTED, /* int (struct task_struct *), trusted */
    ASK_GLOBAL_NONNULL, /* int (u32 *), not NULL */
    ASK_GLOBAL_DYNPTR,
    ASK_FUNCTION_COUNT
};
#define ASK_FUNCTION_MAX 4

struct question {
    const struct bpf_context_layout *layout;
    uint32_t attach_btf_id;
    const struct bpf_insn *insns; /* maps by index */
    uint32_t insn_count;
    struct {
        uint32_t insn_index, type; /* enum ask_function */
    } functions[ASK_FUNCTION_MAX]; /* the first is the program */
    uint32_t function_count;       /* 0: none are told, no types are given */
};

/* Makes maps and types for both. False, with the reason printed: Linux cannot be asked. */
bool ask_begin(void);
void ask_end(void);

/* The maps, by index, for the assembler. */
struct bpf_map *const *ask_maps(uint32_t *count);
struct bpf_btf *ask_kernel_types(void);
/* The program's own struct node, for objects that programs make. */
uint32_t ask_node_type(void);
/* Something that programs of the kind attach to, or 0. */
uint32_t ask_attach_target(const struct bpf_context_layout *layout);

/* 0 or a negative errno. `why`: the last line of the log, or the reason; NULL: not wanted, which is faster. */
int ask_linux(const struct question *question, char *why, size_t why_size);
int ask_us(const struct question *question, char *why, size_t why_size);
