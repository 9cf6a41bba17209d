/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the verifier claimed, held against what a run is: at each instruction the run must be in one of the
 * states that were walked there (registers, and the stack of every frame), and the facts given to the JITs
 * must be true. */
#pragma once
#include "generator.h"
#include "machine.h"

#include "walk.h"

#include <stdbool.h>

struct claims;

struct claims *claims_create(void);
void claims_destroy(struct claims *claims);
void claims_reset(struct claims *claims);
/* For struct probe. */
void claims_note(void *user, const struct verifier *v);
/* Does one of them hold before the instruction at m->pc? Sets *checked where there were all to look at. */
bool claims_hold(const struct claims *claims, struct machine *m, bool *checked);

/* Before the instruction at m->pc; false: m->escape says which is not true. */
bool facts_hold(struct machine *m, const struct bpf_prog *prog);
/* After a conditional jump at `pc`. */
bool fact_of_jump_holds(struct machine *m, const struct bpf_prog *prog, uint32_t pc);
