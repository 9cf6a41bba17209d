/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What instructions do, once decoded: one name per operation, whatever its encoding.
 *
 * The interpreter has one handler per name; JITs will lower from the same. ALU operations come in
 * four forms: 64 or 32 bits, register (X) or immediate (K); conditions likewise. CALL_HELPER_CLEAR,
 * CALL_HELPER_UNWIND, CALL_HELPER_BACK, TAIL_CALL and FALL_OFF have no encoding: the decoder makes them (bpf/decode.c
 * says why). */
#pragma once

// clang-format off
#define BPF_ALU_OPS(X)                                                                                                 \
    X(ADD) X(SUB) X(MUL) X(DIV) X(SDIV) X(OR) X(AND) X(LSH) X(RSH) X(MOD) X(SMOD) X(XOR) X(MOV) X(ARSH)
#define BPF_CONDITION_OPS(X) X(JEQ) X(JGT) X(JGE) X(JSET) X(JNE) X(JSGT) X(JSGE) X(JLT) X(JLE) X(JSLT) X(JSLE)
#define BPF_OTHER_OPS(X)                                                                                               \
    X(NEG64) X(NEG32) X(MOVSX8_64) X(MOVSX16_64) X(MOVSX32_64) X(MOVSX8_32) X(MOVSX16_32)                              \
    X(LE16) X(LE32) X(LE64) X(BE16) X(BE32) X(BE64) X(BSWAP16) X(BSWAP32) X(BSWAP64)                                   \
    X(ADDR_SPACE_CAST)                                                                                                 \
    X(JA) X(CALL_HELPER) X(CALL_HELPER_CLEAR) X(CALL_HELPER_UNWIND) X(CALL_HELPER_BACK) X(CALL_LOCAL) X(CALL_BTF) X(CALLX) X(EXIT)    \
    X(LD_IMM64) X(LD_MAP) X(LD_MAP_VALUE) X(LD_FUNC) X(LD_MAP_FD) X(LD_MAP_VALUE_FD) X(LD_VAR)                                                                   \
    X(LDX8) X(LDX16) X(LDX32) X(LDX64) X(LDSX8) X(LDSX16) X(LDSX32)                                                    \
    X(ST8) X(ST16) X(ST32) X(ST64) X(STX8) X(STX16) X(STX32) X(STX64)                                                  \
    X(ATOMIC_ADD32) X(ATOMIC_OR32) X(ATOMIC_AND32) X(ATOMIC_XOR32)                                                     \
    X(ATOMIC_FETCH_ADD32) X(ATOMIC_FETCH_OR32) X(ATOMIC_FETCH_AND32) X(ATOMIC_FETCH_XOR32)                             \
    X(ATOMIC_XCHG32) X(ATOMIC_CMPXCHG32)                                                                               \
    X(ATOMIC_ADD64) X(ATOMIC_OR64) X(ATOMIC_AND64) X(ATOMIC_XOR64)                                                     \
    X(ATOMIC_FETCH_ADD64) X(ATOMIC_FETCH_OR64) X(ATOMIC_FETCH_AND64) X(ATOMIC_FETCH_XOR64)                             \
    X(ATOMIC_XCHG64) X(ATOMIC_CMPXCHG64)                                                                               \
    X(LOAD_ACQUIRE8) X(LOAD_ACQUIRE16) X(LOAD_ACQUIRE32) X(LOAD_ACQUIRE64)                                             \
    X(STORE_RELEASE8) X(STORE_RELEASE16) X(STORE_RELEASE32) X(STORE_RELEASE64)                                         \
    X(MAY_GOTO) X(TAIL_CALL) X(LEGACY_PACKET) X(FALL_OFF)
// clang-format on

/* BPF_OP_ADD64_X, BPF_OP_ADD64_K, BPF_OP_ADD32_X, ... BPF_OP_JEQ64_X, ... BPF_OP_NEG64, ... */
#define BPF_OP_FOUR(name) \
    BPF_OP_##name##64_X, BPF_OP_##name##64_K, BPF_OP_##name##32_X, BPF_OP_##name##32_K,
#define BPF_OP_ONE(name) BPF_OP_##name,
enum bpf_op {
    BPF_ALU_OPS(BPF_OP_FOUR) BPF_CONDITION_OPS(BPF_OP_FOUR) BPF_OTHER_OPS(BPF_OP_ONE) BPF_OP_COUNT
};
#undef BPF_OP_FOUR
#undef BPF_OP_ONE
