/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Random functions of the JITs' internal form, for one target's registers, and what they mean: a
 * reference that follows bpf/jit/ir.h's text, not any encoder. */
#pragma once
#include "ir.h"

#define IR_VALUE_COUNT 14 /* places that hold numbers */
#define IR_INSN_MAX    2000
#define IR_BLOCK_MAX   64
#define IR_BUFFER_SIZE 512
#define IR_BUFFER_FAR  (40 << 10) /* bytes from the block of memory to its second half */

/* The block of memory that a function works on: R1 points to it. */
struct ir_memory {
    uint64_t in[IR_VALUE_COUNT];
    uint64_t out[IR_VALUE_COUNT];
    uint64_t counter;
    uint64_t calls; /* what the called C function noted */
    uint8_t buffer[IR_BUFFER_SIZE];
    uint8_t between[IR_BUFFER_FAR - IR_BUFFER_SIZE];
    uint8_t far_buffer[IR_BUFFER_SIZE];
};

struct ir_program {
    struct ir_form form;
    struct ir_function functions[2];
    struct ir_insn insns[2][IR_INSN_MAX];
    struct ir_block blocks[2][IR_BLOCK_MAX];
    struct ir_call calls[IR_INSN_MAX];
    ir_place pointer; /* holds the address of the memory in both functions */
    ir_place values[IR_VALUE_COUNT];
};

/* `helper` is called by address: sum of weighted arguments, noted in memory->calls. */
void ir_program_make(struct ir_program *p, const struct bpf_jit_target *target, uint64_t seed,
                     uint64_t blinding_seed,
                     uint64_t (*helper)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                                        uint64_t));
/* What the main function returns; memory as it leaves it. */
uint64_t ir_program_reference(const struct ir_program *p, struct ir_memory *memory);

uint64_t ir_random(uint64_t *state);
/* Near 0, the ends of 32 and 64 bits, powers of two; or any. */
uint64_t ir_random_number(uint64_t *state);
