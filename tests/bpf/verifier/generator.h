/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Programs from bytes: whatever the bytes are, something comes out that is shaped like a program,
 * so that a good part of them gets past the verifier and what does not is refused for reasons worth
 * having. */
#pragma once
#include <bpf/insn.h>

#include <stddef.h>
#include <stdint.h>

#define GENERATED_INSN_MAX 400

/* The maps that generated programs know, by their index. */
enum generator_map {
    GENERATOR_ARRAY8,  /* value 8 */
    GENERATOR_ARRAY48, /* value 48 */
    GENERATOR_HASH16,  /* key 8, value 16 */
    GENERATOR_RING,
    GENERATOR_BSS,    /* value 64, reached directly */
    GENERATOR_RODATA, /* value 32, read-only, reached directly */
    GENERATOR_MAP_COUNT,
};

struct generated {
    struct bpf_insn insns[GENERATED_INSN_MAX];
    uint32_t insn_count;
};

void generate_program(const uint8_t *bytes, size_t size, struct generated *out);
