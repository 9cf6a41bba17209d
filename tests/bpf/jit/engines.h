/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* All engines of this CPU against each other: a generated program that the verifier accepts is
 * interpreted and compiled, with and without constant blinding and counting; results, context, maps,
 * what helpers did outside and counts of executed instructions must be the same. */
#pragma once
#include "generator.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engines_counts {
    uint64_t programs, accepted, runs, insns;
    uint64_t digest; /* of all results: the same on every CPU */
};

void engines_begin(void);
void engines_end(void);

/* One program (tests/bpf/verifier/generator.h). False: `text` says what differs, with the program. */
bool engines_check(const struct generated *program, struct engines_counts *counts, char *text,
                   size_t text_size);
