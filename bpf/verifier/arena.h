/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* arena.c: memory that the program shares with user space, by addresses that are never checked. */
#pragma once
#include "walk.h"

/* Before the walk: sets v->arena. A program names one arena at most. */
int arena_find(struct verifier *v);
/* LDDW of the arena's byte `at`: a number, the address that user space has it at. */
int arena_address(struct verifier *v, const struct bpf_map *map, uint32_t at, struct reg *out);
/* addr_space_cast. */
int arena_cast(struct verifier *v, const struct bpf_insn *insn);
/* Arithmetic: false if no address in an arena takes part; else *err is the verdict. The registers are set. */
bool arena_alu(struct verifier *v, const struct bpf_insn *insn, const struct reg *src, bool half,
               int *err);
/* A load of `size` bytes through the register. */
int arena_load(struct verifier *v, uint32_t reg_number, uint32_t size, bool sign_extends,
               struct reg *out);
/* An atomic operation on what dst points to. */
int arena_atomic(struct verifier *v, const struct bpf_insn *insn);

/* check_mem.c: Linux makes some instructions other ones, by the kind of what they are about. Notes that of the
 * instruction at state.pc; false if it had another on another path. */
bool kind_is_known(struct verifier *v, uint8_t kind);
