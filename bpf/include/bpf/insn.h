/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Instructions: RFC 9669's encoding, and one table that says which encodings exist.
 *
 * The table (bpf/insn_table.c) drives validity, decoding and disassembly: an encoding without a row
 * is refused, a field that a row does not name must be zero, the row's template is its text. */
#pragma once
#include <axiom/types.h>
#include <bpf/error.h>

/* RFC 9669 §3.1; a program in memory has the byte order of the host, and all our hosts are little
 * endian. */
struct bpf_insn {
    uint8_t opcode;
    uint8_t dst_reg : 4;
    uint8_t src_reg : 4;
    int16_t offset;
    int32_t imm;
};
_Static_assert(sizeof(struct bpf_insn) == 8, "RFC 9669 §3.1");

#define BPF_REG_COUNT      11u
#define BPF_REG_FP         10u
#define BPF_CALL_ARG_COUNT 5u

/* Opcode fields (RFC 9669 §3.2, §4, §5). */
#define BPF_CLASS(opcode) ((opcode)&0x07u)
#define BPF_LD            0x00u
#define BPF_LDX           0x01u
#define BPF_ST            0x02u
#define BPF_STX           0x03u
#define BPF_ALU           0x04u
#define BPF_JMP           0x05u
#define BPF_JMP32         0x06u
#define BPF_ALU64         0x07u

#define BPF_SRC(opcode) ((opcode)&0x08u)
#define BPF_K           0x00u
#define BPF_X           0x08u

#define BPF_OP(opcode) ((opcode)&0xf0u)
#define BPF_ADD        0x00u
#define BPF_SUB        0x10u
#define BPF_MUL        0x20u
#define BPF_DIV        0x30u
#define BPF_OR         0x40u
#define BPF_AND        0x50u
#define BPF_LSH        0x60u
#define BPF_RSH        0x70u
#define BPF_NEG        0x80u
#define BPF_MOD        0x90u
#define BPF_XOR        0xa0u
#define BPF_MOV        0xb0u
#define BPF_ARSH       0xc0u
#define BPF_END        0xd0u
#define BPF_JA         0x00u
#define BPF_JEQ        0x10u
#define BPF_JGT        0x20u
#define BPF_JGE        0x30u
#define BPF_JSET       0x40u
#define BPF_JNE        0x50u
#define BPF_JSGT       0x60u
#define BPF_JSGE       0x70u
#define BPF_CALL       0x80u
#define BPF_EXIT       0x90u
#define BPF_JLT        0xa0u
#define BPF_JLE        0xb0u
#define BPF_JSLT       0xc0u
#define BPF_JSLE       0xd0u
#define BPF_JCOND      0xe0u /* may_goto (Linux 6.9) */

#define BPF_SIZE(opcode) ((opcode)&0x18u)
#define BPF_W            0x00u
#define BPF_H            0x08u
#define BPF_B            0x10u
#define BPF_DW           0x18u
#define BPF_MODE(opcode) ((opcode)&0xe0u)
#define BPF_IMM          0x00u
#define BPF_ABS          0x20u
#define BPF_IND          0x40u
#define BPF_MEM          0x60u
#define BPF_MEMSX        0x80u
#define BPF_ATOMIC       0xc0u

#define BPF_LDDW (BPF_LD | BPF_IMM | BPF_DW)

/* src_reg of LDDW (RFC 9669 §5.4). The loader gives maps as indexes into the program's table of
 * maps (5, 6), so that instructions never hold an address. */
#define BPF_PSEUDO_MAP_FD        1u
#define BPF_PSEUDO_MAP_VALUE     2u
#define BPF_PSEUDO_BTF_ID        3u
#define BPF_PSEUDO_FUNC          4u
#define BPF_PSEUDO_MAP_IDX       5u
#define BPF_PSEUDO_MAP_IDX_VALUE 6u
/* src_reg of CALL (RFC 9669 §4.3.1). */
#define BPF_CALL_HELPER 0u
#define BPF_CALL_LOCAL  1u
#define BPF_CALL_BTF_ID 2u

/* imm of atomics (RFC 9669 §5.3). */
#define BPF_FETCH   0x01
#define BPF_XCHG    (0xe0 | BPF_FETCH)
#define BPF_CMPXCHG (0xf0 | BPF_FETCH)
/* Linux 6.15 (Documentation/bpf/standardization/instruction-set.rst, "Atomic operations"). */
#define BPF_LOAD_ACQUIRE  0x100
#define BPF_STORE_RELEASE 0x110

/* imm of addr_space_cast, MOV of offset 1 (Linux 6.9, kernel/bpf/verifier.c, check_alu_op()): to << 16 | from, where
 * 1 is the addresses of an arena as user space has them, 0 what programs load and store through. */
#define BPF_CAST_TO_KERNEL 1
#define BPF_CAST_TO_USER   (1 << 16)

/* Passes that the may_goto instructions of one call of a function have together before they jump:
 * Linux's BPF_MAX_LOOPS. */
#define BPF_MAY_GOTO_PASSES (UINT32_C(8) << 20)

/* Bytes that a load or store moves. */
static inline uint32_t bpf_access_size(uint8_t opcode)
{
    switch (BPF_SIZE(opcode)) {
    case BPF_B:
        return 1;
    case BPF_H:
        return 2;
    case BPF_W:
        return 4;
    default:
        return 8;
    }
}

/* What an instruction does with its fields: bits of bpf_insn_row.fields. A field that is not named
 * must be zero. */
enum bpf_insn_fields {
    BPF_USES_DST = 1u << 0,   /* reads the register dst */
    BPF_SETS_DST = 1u << 1,   /* writes it: then it must not be R10 */
    BPF_USES_SRC = 1u << 2,   /* reads the register src */
    BPF_SETS_SRC = 1u << 3,   /* atomics that fetch: then it must not be R10 */
    BPF_HAS_OFFSET = 1u << 4, /* memory displacement or jump distance */
    BPF_HAS_IMM = 1u << 5,
    BPF_WIDE = 1u << 6,   /* takes two slots: LDDW */
    BPF_JUMPS = 1u << 7,  /* may go elsewhere by `offset` (`imm` for gotol) */
    BPF_ENDS = 1u << 8,   /* never goes on to the next instruction: exit, goto, gotol */
    BPF_LEGACY = 1u << 9, /* packet access of classic BPF (RFC 9669 §5.5, deprecated): for packets
                             that the platform knows (bpf_platform_ops.packet_load) */
};

/* Which other field picks the row among those of one opcode. */
enum bpf_insn_selector {
    BPF_BY_OPCODE,
    BPF_BY_OFFSET, /* sdiv, smod, movsx */
    BPF_BY_IMM,    /* byte swaps, atomics */
    BPF_BY_SRC,    /* LDDW and CALL forms */
};

struct bpf_insn_row {
    uint8_t opcode;
    uint8_t selector; /* enum bpf_insn_selector */
    int16_t selected; /* value of the selecting field */
    uint16_t fields;  /* enum bpf_insn_fields */
    uint16_t op;      /* enum bpf_op: what the interpreter and the JITs do */
    /* Text: %D %S dst and src as r0, %d %s as w0 (32-bit), %i imm, %o offset as "+ 8", %j jump
     * distance "+3", %c the called helper or function, %m the LDDW constant, %a the cast's spaces "0, 1" (to, from);
     * other characters stand for themselves. */
    const char *text;
};

extern const struct bpf_insn_row bpf_insn_table[];
extern const uint32_t bpf_insn_table_count;

/* The row of this encoding, or NULL. Only the first slot is looked at. Any 8 bytes are fine. */
const struct bpf_insn_row *bpf_insn_find(const struct bpf_insn *insn);

/* Whether the encoding at `index` exists, its fields are legal and its second slot (LDDW) is there:
 * 0, or -EINVAL with the reason. Targets of jumps and calls are not checked here. */
int bpf_insn_check(const struct bpf_insn *insns, uint32_t insn_count, uint32_t index,
                   struct bpf_error *error);
/* The same, but R10 may be named as what is written, for code that is never run; and its row. */
int bpf_insn_check_encoding(const struct bpf_insn *insns, uint32_t insn_count, uint32_t index,
                            const struct bpf_insn_row **row, struct bpf_error *error);
static inline bool bpf_insn_writes_frame_pointer(const struct bpf_insn *insn,
                                                 const struct bpf_insn_row *row)
{
    return ((row->fields & BPF_SETS_DST) != 0 && insn->dst_reg == BPF_REG_FP) ||
           ((row->fields & BPF_SETS_SRC) != 0 && insn->src_reg == BPF_REG_FP);
}
/* Of an instruction that does: -EINVAL, with the reason. */
int bpf_insn_refuse_frame_pointer(uint32_t index, struct bpf_error *error);

/* Slots that the instruction takes: 2 for LDDW. */
static inline uint32_t bpf_insn_slots(const struct bpf_insn *insn)
{
    return insn->opcode == BPF_LDDW ? 2 : 1;
}

/* Distance of a jump or local call in slots, counted from the next instruction. */
static inline int32_t bpf_jump_distance(const struct bpf_insn *insn)
{
    bool by_imm = insn->opcode == (BPF_JMP32 | BPF_JA) || insn->opcode == (BPF_JMP | BPF_CALL);
    return by_imm ? insn->imm : insn->offset;
}
