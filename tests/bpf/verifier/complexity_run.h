/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Verifies a program of complexity.h on the host. */
#pragma once
#include "complexity.h"

#include <bpf/verifier.h>

void complexity_begin(void);
void complexity_end(void);

/* How many instructions may be walked of programs from COMPLEXITY_HARD on; 0: what a load has. */
void complexity_limit_hard(uint64_t insns);

/* bpf_verify()'s result; a program that was made is destroyed. `memory_limit` 0: without end. */
int complexity_verify(enum complexity_kind kind, uint32_t size, uint64_t seed, size_t memory_limit,
                      struct bpf_verify_result *result, uint32_t *insn_count);
