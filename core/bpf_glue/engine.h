/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What runs programs: the interpreter, or machine code made by this CPU's encoder.
 *
 * engine_jit.c or engine_interpreter.c is linked, as the image's profile says (profiles.cmake): an
 * image without JIT has no code of one. Both engines give the same results, effects, errors and
 * instruction counts, so the choice is not in a recording. Internal to core/bpf_glue. */
#pragma once
#include <bpf/env.h>
#include <bpf/error.h>
#include <bpf/interp.h>
#include <bpf/prog.h>

enum engine_choice {
    ENGINE_BEST,        /* compiled where that can be done, else interpreted */
    ENGINE_INTERPRETER, /* never compiled */
    ENGINE_JIT,         /* what cannot be compiled is refused */
};

/* For struct bpf_env; NULL: nothing is compiled in this image. */
extern const struct bpf_exec_ops *const engine_exec;

/* Readies a program that was just verified. 0, or with ENGINE_JIT why it cannot be compiled.
 * Process context. */
int engine_prepare(struct bpf_prog *prog, enum engine_choice choice, struct bpf_error *error);

/* As bpf_prog_run(). */
uint64_t engine_run(const struct bpf_prog *prog, void *context, struct bpf_run *run);
