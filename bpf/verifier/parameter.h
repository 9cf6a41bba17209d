/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Parameters of global functions: what their types promise to them and demand of their callers. */
#pragma once
#include "walk.h"

enum parameter_kind {
    PARAMETER_NUMBER,
    PARAMETER_CONTEXT,
    PARAMETER_MEMORY, /* `size` bytes to read and write */
    PARAMETER_DYNPTR,
    PARAMETER_TRUSTED, /* a kernel object of type `type_id` */
    PARAMETER_ARENA,
};

struct parameter {
    enum parameter_kind kind;
    bool nullable;
    uint32_t size;
    uint32_t type_id;
};

struct parameters {
    uint32_t function;
    uint32_t count;
    struct parameter each[BPF_CALL_ARG_COUNT];
};

/* Refuses what cannot be promised. */
int parameters_of(struct verifier *v, uint32_t function, struct parameters *out);
/* The state at its beginning; for walk_nested(), `user` is a struct parameters. */
void parameters_set_up(struct verifier *v, void *user);
/* R1... at a call of it. */
int parameters_check_call(struct verifier *v, const struct parameters *parameters);
/* The same, of what the function was found to do with memory: where it changes the packet, nothing of that may be given,
 * for to it that is memory like any other; where it has atomic operations on what it is given, that must be aligned. */
int parameters_check_uses(struct verifier *v, const struct parameters *parameters);
