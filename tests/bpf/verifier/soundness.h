/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Soundness by execution: a program that the verifier accepts is run in the machine that believes
 * nothing. */
#pragma once
#include "generator.h"

#include <bpf/verifier.h>

#include <stdbool.h>

struct soundness_counts {
    uint64_t programs, accepted, runs, steps, claims_checked;
    uint64_t reasons[BPF_REJECT_COUNT];
    /* [1]: accepted */
    uint64_t kinds[GENERATED_KIND_COUNT][2], features[GENERATED_FEATURE_COUNT][2];
};

/* The bytes of program `index` of a seed; returns how many. */
#define SOUNDNESS_BYTES_MAX 700
size_t soundness_bytes(uint64_t seed, uint64_t index, uint8_t bytes[SOUNDNESS_BYTES_MAX]);
/* How many of each kind, on standard output. */
void soundness_print(const struct soundness_counts *counts);

/* How often each accepted program runs, with other inputs each time. */
#define SOUNDNESS_INPUTS 5
void soundness_inputs(uint32_t count);

void soundness_begin(void);
void soundness_end(void);

/* One program from bytes: verified as usual, with checkpoints wherever paths meet, with every number
 * counted as precise, and without pruning; the verdicts must fit each other. Where accepted, it runs
 * with different inputs: every register and every slot of the stack at every instruction must be what
 * the verifier claimed, the facts for the JITs must be true, and no run may take more than the worst
 * case. False: `text` says what is wrong, with the program. */
bool soundness_check(const uint8_t *bytes, size_t size, struct soundness_counts *counts, char *text,
                     size_t text_size);
bool soundness_program(const struct generated *program, struct soundness_counts *counts, char *text,
                       size_t text_size);
/* Only the usual verdict. */
bool soundness_verify(const struct generated *program, struct bpf_verify_result *result);
/* Is the instruction walked at all? */
bool soundness_walks(const struct generated *program, uint32_t pc);
