/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Running a program.
 *
 * The instructions were decoded once, when the program was made; a run allocates nothing and takes
 * the memory for its stack frames from the caller. What a verified program does is defined by its
 * inputs alone. */
#pragma once
#include <axiom/types.h>
#include <bpf/prog.h>

/* Memory that any program's frames fit into. */
#define BPF_RUN_STACK_SIZE (BPF_CALL_DEPTH_MAX * BPF_FRAME_SIZE_MAX)

/* One run. The caller sets the first group and may use it again for the next run; the second is the
 * answer. */
struct bpf_run {
    void *stack;         /* 16-byte aligned; contents do not matter */
    uint32_t stack_size; /* BPF_RUN_STACK_SIZE serves every program */
    uint64_t insn_limit; /* 0: none. A verified program ends by itself; unverified ones need it */
    void *user;          /* for helpers of the caller's own */

    const struct bpf_prog *prog;
    uint64_t insn_count; /* executed, LDDW counted once */
    uint64_t helper_ns;  /* what the helpers called cost by the CPU model */
    int error; /* 0, or why the run ended early (R0 is then 0): -ELOOP depth, -ETIME insn_limit,
                  -EFAULT ... */
    uint32_t error_insn; /* slot index where it ended early */
};

/* Runs `prog` with R1 = context and gives R0. `context` is what the program's layout says. Any
 * context, not re-entrant on one struct bpf_run. */
uint64_t bpf_prog_run(const struct bpf_prog *prog, void *context, struct bpf_run *run);

/* By the env's CPU model. */
uint64_t bpf_run_duration_ns(const struct bpf_run *run);
