/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A program that may be run.
 *
 * "Verified" is a type: struct bpf_prog is opaque, only bpf_verify() makes one, and interpreter and
 * JITs take nothing else. (Conformance tests and fuzzers run unverified programs too: that
 * constructor lives in axiom_bpf_unverified.) A program never changes once made. It holds a
 * reference on each of its maps. */
#pragma once
#include <axiom/types.h>
#include <bpf/context.h>
#include <bpf/debug_info.h>
#include <bpf/env.h>
#include <bpf/insn.h>
#include <bpf/map.h>
#include <bpf/profile.h>

struct bpf_prog;

#define BPF_CALL_DEPTH_MAX 8u       /* frames, the main program's own counted */
#define BPF_FRAME_SIZE_MAX 512u     /* bytes of stack of one frame */
#define BPF_PROG_INSN_MAX  BPF_PROFILE_INSN_MAX /* slots */
#define BPF_PROG_MAP_MAX   256u

/* What the verifier found out; 0 where it did not look. */
struct bpf_prog_bounds {
    uint64_t worst_case_insns;  /* instructions of the longest path */
    uint64_t worst_case_ns;     /* by the env's CPU model, helpers included */
    uint64_t worst_case_calls;  /* of helpers */
    uint64_t insns_walked;      /* the verifier's own work */
    uint32_t stack_depth_bytes; /* of the deepest chain of frames */
    uint32_t call_depth;        /* frames of that chain */
    uint32_t frame_bytes;       /* of the largest frame */
};

/* A program is made with one reference; bpf_prog_destroy() and bpf_prog_put() give one back, and
 * the last one releases it. NULL is fine for both. */
struct bpf_prog *bpf_prog_get(struct bpf_prog *prog);
void bpf_prog_put(struct bpf_prog *prog);
void bpf_prog_destroy(struct bpf_prog *prog);

const char *bpf_prog_name(const struct bpf_prog *prog);
const struct bpf_env *bpf_prog_env(const struct bpf_prog *prog);
/* NULL for programs of the unverified constructor that were given none. */
const struct bpf_context_layout *bpf_prog_context(const struct bpf_prog *prog);
const struct bpf_prog_bounds *bpf_prog_bounds(const struct bpf_prog *prog);
/* Stack that serves every run of it, whatever tail calls lead to if those programs need no more. */
uint32_t bpf_prog_stack_size(const struct bpf_prog *prog);
const struct bpf_debug_info *bpf_prog_debug_info(const struct bpf_prog *prog);
/* The instructions it was made of; maps as indexes into its table of maps. */
const struct bpf_insn *bpf_prog_insns(const struct bpf_prog *prog, uint32_t *insn_count);
struct bpf_map *const *bpf_prog_maps(const struct bpf_prog *prog, uint32_t *map_count);
