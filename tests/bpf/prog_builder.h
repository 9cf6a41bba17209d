/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Instructions for tests, written as initialisers. */
#pragma once
#include <bpf/insn.h>

#define I(opcode_, dst_, src_, offset_, imm_)         \
    ((struct bpf_insn){ .opcode = (uint8_t)(opcode_), \
                        .dst_reg = (dst_)&0xf,        \
                        .src_reg = (src_)&0xf,        \
                        .offset = (int16_t)(offset_), \
                        .imm = (int32_t)(imm_) })

#define MOV_K(dst, imm)             I(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm)
#define MOV_X(dst, src)             I(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define ALU_K(op, dst, imm)         I(BPF_ALU64 | (op) | BPF_K, dst, 0, 0, imm)
#define ALU_X(op, dst, src)         I(BPF_ALU64 | (op) | BPF_X, dst, src, 0, 0)
#define ALU32_K(op, dst, imm)       I(BPF_ALU | (op) | BPF_K, dst, 0, 0, imm)
#define ALU32_X(op, dst, src)       I(BPF_ALU | (op) | BPF_X, dst, src, 0, 0)
#define LDX(size, dst, src, offset) I(BPF_LDX | BPF_MEM | (size), dst, src, offset, 0)
#define STX(size, dst, offset, src) I(BPF_STX | BPF_MEM | (size), dst, src, offset, 0)
#define ST(size, dst, offset, imm)  I(BPF_ST | BPF_MEM | (size), dst, 0, offset, imm)
#define ATOMIC_INSN(size, dst, offset, src, op) \
    I(BPF_STX | BPF_ATOMIC | (size), dst, src, offset, op)
#define JUMP(offset)                 I(BPF_JMP | BPF_JA, 0, 0, offset, 0)
#define JUMP_K(op, dst, imm, offset) I(BPF_JMP | (op) | BPF_K, dst, 0, offset, imm)
#define CALL(id)                     I(BPF_JMP | BPF_CALL, 0, BPF_CALL_HELPER, 0, id)
#define CALL_FUNC(distance)          I(BPF_JMP | BPF_CALL, 0, BPF_CALL_LOCAL, 0, distance)
#define LDDW(dst, value) \
    I(BPF_LDDW, dst, 0, 0, (uint32_t)(value)), I(0, 0, 0, 0, (uint32_t)((uint64_t)(value) >> 32))
#define LDDW_MAP(dst, index) I(BPF_LDDW, dst, BPF_PSEUDO_MAP_IDX, 0, index), I(0, 0, 0, 0, 0)
#define LDDW_VALUE(dst, index, offset) \
    I(BPF_LDDW, dst, BPF_PSEUDO_MAP_IDX_VALUE, 0, index), I(0, 0, 0, 0, offset)
#define LDDW_FUNC(dst, distance) I(BPF_LDDW, dst, BPF_PSEUDO_FUNC, 0, distance), I(0, 0, 0, 0, 0)
#define EXIT()                   I(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
