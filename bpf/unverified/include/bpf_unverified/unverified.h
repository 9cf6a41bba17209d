/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Programs without a verifier, for conformance tests and fuzzers only: no kernel image links this
 * library. */
#pragma once
#include <bpf/error.h>
#include <bpf/interp.h>
#include <bpf/prog.h>
#include <bpf/verifier.h>

/* As bpf_verify(), from the same request, but only what the decoder needs is checked: encodings,
 * targets of jumps and calls, map indexes, helper numbers. `context` may be NULL. */
int bpf_prog_create_unverified(const struct bpf_verify_request *request, struct bpf_prog **out,
                               struct bpf_error *error);

/* bpf_prog_run() with a second argument for the program: its length, as bpf_conformance wants. */
uint64_t bpf_prog_run_unverified(const struct bpf_prog *prog, void *context, uint64_t r2,
                                 struct bpf_run *run);

/* The same for a compiled program. */
struct bpf_jit;
uint64_t bpf_jit_run_unverified(const struct bpf_jit *jit, void *context, uint64_t r2,
                                struct bpf_run *run);

/* Memory that a checked run may touch, besides its own stack frames and its maps' values. */
struct bpf_region {
    const void *start;
    size_t size_bytes;
    bool writable;
};

/* bpf_prog_run(), slower, with each access checked: one outside `regions`, the run's live frames,
 * values of the program's maps and ring buffer records ends the run with -EFAULT. The stack is
 * cleared first. The fuzzers' oracle: a verified program never gets -EFAULT here. R1 = context (put
 * its bytes into `regions`), R2 = r2. */
uint64_t bpf_prog_run_checked(const struct bpf_prog *prog, void *context, uint64_t r2,
                              const struct bpf_region *regions, uint32_t region_count,
                              struct bpf_run *run);
