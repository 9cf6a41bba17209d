/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the sweep puts together: a kind of value in R6, and operations on it.
 *
 * Text is the assembler's, with {NAME} for the number of a kernel function and {struct NAME} for that of a struct. When an
 * operation begins, R6 is the value, R7 a number of 32 bits of which nothing is known, R8 points to a value of the map
 * "array", R9 is the context and R0 is 0; R1 to R5 are not set. The stack from R10 - 64 to R10 - 1 is zero. */
#pragma once
#include "ask.h"

struct sweep_kind {
    const char *name, *section;
    const char *target; /* what it attaches to, "iter/bpf_map_elem"'s; NULL: any of its kind */
    const char *begin;  /* sets R6 */
    const char *end;    /* gives back what begin took */
};
extern const struct sweep_kind sweep_kinds[];
extern const uint32_t sweep_kind_count;

/* Operations, made at the start. */
struct sweep_operation {
    char text[200];
    enum ask_function function; /* ASK_MAIN: it calls none; else "call +0" calls this */
    const char *body;
};
extern struct sweep_operation sweep_operations[];
extern uint32_t sweep_operation_count;
void sweep_make_operations(void);

/* Uses of a map, whose name takes the place of each '@' (sweep_maps.c). */
extern const char *const sweep_map_uses[];
extern const uint32_t sweep_map_use_count;
