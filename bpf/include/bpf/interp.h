/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Running a program.
 *
 * The instructions were decoded once, when the program was made; a run allocates nothing and takes
 * the memory for its stack frames from the caller. What a verified program does is defined by its
 * inputs alone. */
#pragma once
#include <axiom/types.h>
#include <bpf/profile.h>
#include <bpf/prog.h>

struct bpf_jit;

/* Memory that any program's frames fit into. */
#define BPF_RUN_STACK_SIZE BPF_PROFILE_STACK_SIZE

/* Memory that a helper lets the function read that it calls: a map's key. */
struct bpf_lent_memory {
    const struct bpf_lent_memory *outer;
    const void *start;
    uint32_t size_bytes;
};

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

    /* The engine's own, while a run goes on. */
    struct bpf_engine_state {
        /* Runs the function that begins at decoded instruction `index`, in a frame above `frame`. */
        uint64_t (*enter)(struct bpf_run *run, uint32_t index, const uint64_t *arguments);
        const void *checker;    /* of a checked run */
        uint64_t frame;         /* R10 of the function that called the helper */
        uint32_t depth;         /* its frame, 0 for the main program's */
        uint32_t tail_call_count;
        /* A JIT's: the program ended early, functions return at once; the highest R10 there may be;
         * the result of a tail call. */
        uint32_t ended;
        uint64_t frame_max, tail_result;
        const struct bpf_jit *jit;
        const struct bpf_lent_memory *lent; /* by helpers that are calling back; innermost first */
    } engine;
};

/* Runs `prog` with R1 = context and gives R0. `context` is what the program's layout says. Any
 * context, not re-entrant on one struct bpf_run. */
uint64_t bpf_prog_run(const struct bpf_prog *prog, void *context, struct bpf_run *run);

/* For the body of a helper with BPF_HELPER_CALLS_BACK: runs a function of the running program to its
 * exit and gives its R0. `function` is what LDDW of a function left in a register; `arguments` are R1
 * to R5. After an error (run->error is set, the result is 0) the body must return at once. */
uint64_t bpf_call_function(struct bpf_run *run, uint64_t function, const uint64_t arguments[5]);

/* By the env's CPU model. */
uint64_t bpf_run_duration_ns(const struct bpf_run *run);
