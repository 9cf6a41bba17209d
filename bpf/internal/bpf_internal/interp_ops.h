/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Which forms of which operation the interpreter has, and which operations leave what they wrote in
 * `acc` (interp_loop.h). */
#pragma once
#include <bpf/op.h>

/* Where an instruction takes its operands from. */
enum interp_form {
    INTERP_FORM_MEMORY,
    INTERP_FORM_DST_ACC, /* the destination's old value from acc */
    INTERP_FORM_SRC_ACC, /* the source's */
    INTERP_FORM_COUNT
};

// clang-format off
#define BPF_ARITHMETIC_OPS(X)                                                                                          \
    X(ADD) X(SUB) X(MUL) X(DIV) X(SDIV) X(OR) X(AND) X(LSH) X(RSH) X(MOD) X(SMOD) X(XOR) X(ARSH)
#define INTERP_OPS_DS(X) X(STX8) X(STX16) X(STX32) X(STX64)
#define INTERP_OPS_D(X)                                                                                                \
    X(NEG64) X(NEG32) X(LE16) X(LE32) X(LE64) X(BE16) X(BE32) X(BE64) X(BSWAP16) X(BSWAP32) X(BSWAP64)                 \
    X(ST8) X(ST16) X(ST32) X(ST64)
#define INTERP_OPS_S(X)                                                                                                \
    X(MOV64_X) X(MOV32_X) X(MOVSX8_64) X(MOVSX16_64) X(MOVSX32_64) X(MOVSX8_32) X(MOVSX16_32)                          \
    X(LDX8) X(LDX16) X(LDX32) X(LDX64) X(LDSX8) X(LDSX16) X(LDSX32)
#define INTERP_OPS_PLAIN(X)                                                                                            \
    X(MOV64_K) X(MOV32_K) X(JA) X(MAY_GOTO) X(CALL_HELPER) X(CALL_HELPER_CLEAR) X(CALL_HELPER_UNWIND)                  \
    X(CALL_HELPER_BACK) X(TAIL_CALL) X(CALL_LOCAL) X(CALLX) X(EXIT) X(LD_IMM64) X(LD_MAP) X(LD_MAP_VALUE) X(LD_FUNC)   \
    X(ATOMIC_ADD32) X(ATOMIC_OR32) X(ATOMIC_AND32) X(ATOMIC_XOR32)                                                     \
    X(ATOMIC_FETCH_ADD32) X(ATOMIC_FETCH_OR32) X(ATOMIC_FETCH_AND32) X(ATOMIC_FETCH_XOR32)                             \
    X(ATOMIC_XCHG32) X(ATOMIC_CMPXCHG32)                                                                               \
    X(ATOMIC_ADD64) X(ATOMIC_OR64) X(ATOMIC_AND64) X(ATOMIC_XOR64)                                                     \
    X(ATOMIC_FETCH_ADD64) X(ATOMIC_FETCH_OR64) X(ATOMIC_FETCH_AND64) X(ATOMIC_FETCH_XOR64)                             \
    X(ATOMIC_XCHG64) X(ATOMIC_CMPXCHG64)                                                                               \
    X(LOAD_ACQUIRE8) X(LOAD_ACQUIRE16) X(LOAD_ACQUIRE32) X(LOAD_ACQUIRE64)                                             \
    X(STORE_RELEASE8) X(STORE_RELEASE16) X(STORE_RELEASE32) X(STORE_RELEASE64)                                         \
    X(LEGACY_PACKET) X(FALL_OFF)
/* Besides the arithmetic: what writes its destination, and what writes no register. */
#define INTERP_OPS_WRITING(X)                                                                                          \
    X(NEG64) X(NEG32) X(LE16) X(LE32) X(LE64) X(BE16) X(BE32) X(BE64) X(BSWAP16) X(BSWAP32) X(BSWAP64)                 \
    X(MOVSX8_64) X(MOVSX16_64) X(MOVSX32_64) X(MOVSX8_32) X(MOVSX16_32)                                                \
    X(LDX8) X(LDX16) X(LDX32) X(LDX64) X(LDSX8) X(LDSX16) X(LDSX32) X(LD_IMM64) X(LD_MAP) X(LD_MAP_VALUE) X(LD_FUNC)
#define INTERP_OPS_STORING(X) X(ST8) X(ST16) X(ST32) X(ST64) X(STX8) X(STX16) X(STX32) X(STX64)
/* The decoder lets nobody reach these. */
#define INTERP_OPS_NONE(X) X(ADDR_SPACE_CAST) X(CALL_BTF) X(LD_MAP_FD) X(LD_MAP_VALUE_FD) X(LD_VAR)
// clang-format on
