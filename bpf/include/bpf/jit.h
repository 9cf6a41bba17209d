/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* JIT compilers: programs as machine code.
 *
 * One lowering (bpf/jit/lower.c) makes an internal form of a program, encoders make bytes of it.
 * Encoders know their target only by struct bpf_jit_target: all are compiled on every host, and
 * make the same bytes there. Nothing of the outside is needed except the env's memory; code that is
 * to run here goes into executable memory from env->exec, which is writable until it is sealed and
 * never both (W^X).
 *
 * The code does what bpf_prog_run() does: same R0, same effects, same error, and with
 * options.count_insns the same insn_count. */
#pragma once
#include <axiom/types.h>
#include <bpf/error.h>
#include <bpf/interp.h>
#include <bpf/prog.h>

struct bpf_jit_target;
extern const struct bpf_jit_target bpf_jit_x86_64, bpf_jit_aarch64, bpf_jit_riscv64;
/* The same with what newer CPUs have: BMI2; Armv8.1's atomics; RISC-V's Zba and Zbb; these and Zicond. */
extern const struct bpf_jit_target bpf_jit_x86_64_bmi2, bpf_jit_aarch64_lse, bpf_jit_riscv64_zb,
    bpf_jit_riscv64_zicond;

struct bpf_jit_options {
    /* run->insn_count is kept (per basic block); without, it is 0 and duration comes out as helpers
     * only. */
    bool count_insns;
    /* Not 0: constants of the program do not stand in the code as they are (constant blinding); the
     * masks are made from this seed, which the caller takes from where it takes randomness. */
    uint64_t blinding_seed;
};

/* A program, lowered for a target. */
struct ir_form;

/* The target of the machine this was compiled for; NULL if there is none. */
const struct bpf_jit_target *bpf_jit_host_target(void);
/* By name: "x86_64", "aarch64", "riscv64"; NULL. */
const struct bpf_jit_target *bpf_jit_target_find(const char *name);

/* Lowers `prog`; the result is read only and the caller's, bpf_jit_form_destroy(). -ENOMEM; -E2BIG;
 * -EOPNOTSUPP for what no encoder does, with the reason. The program must outlive it. */
int bpf_jit_lower(const struct bpf_prog *prog, const struct bpf_jit_target *target,
                  const struct bpf_jit_options *options, struct ir_form **out,
                  struct bpf_error *error);
void bpf_jit_form_destroy(struct ir_form *form);

/* Bytes of the form. `buffer` NULL: only *size_out. Else buffer_size bytes are used at most:
 * -ENOSPC if that is too little, and *size_out says what it takes. The bytes do not depend on where
 * they will stand, the entry is the first. */
int bpf_jit_encode(const struct ir_form *form, void *buffer, size_t buffer_size, size_t *size_out);

/* A program ready to run on this machine. */
struct bpf_jit;

/* Compiles `prog` for `target` (NULL: this machine's) into memory of the env's exec operations.
 * -EOPNOTSUPP where the env has none. The program must outlive it; destroy with bpf_jit_destroy(),
 * when nothing runs it. */
int bpf_jit_create(const struct bpf_prog *prog, const struct bpf_jit_target *target,
                   const struct bpf_jit_options *options, struct bpf_jit **out,
                   struct bpf_error *error);
void bpf_jit_destroy(struct bpf_jit *jit);
/* The same for this machine, and the program owns the result: it goes with the program's last
 * reference. -EEXIST if the program is compiled. */
int bpf_prog_compile(struct bpf_prog *prog, const struct bpf_jit_options *options,
                     struct bpf_error *error);
/* What it was compiled to; NULL: it was not. */
const struct bpf_jit *bpf_prog_jit(const struct bpf_prog *prog);
/* The sealed bytes, for disassembly. */
const void *bpf_jit_code(const struct bpf_jit *jit, size_t *size_bytes);

/* As bpf_prog_run(); insn_limit is not looked at. */
uint64_t bpf_jit_run(const struct bpf_jit *jit, void *context, struct bpf_run *run);
/* As bpf_prog_run(), by what bpf_prog_compile() made; interpreted where there is nothing. */
uint64_t bpf_prog_run_compiled(const struct bpf_prog *prog, void *context, struct bpf_run *run);
