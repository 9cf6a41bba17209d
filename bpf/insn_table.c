/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The instruction table (insn_rows.inc) and the way into it: every instruction of RFC 9669, in the
 * order of its opcode table (appendix A), and what Linux added since: load_acquire and store_release
 * (6.15), may_goto (6.9), addr_space_cast (6.9). bpf/insn.h describes a row.
 *
 * Sorted by opcode, then by the selecting field. */
#include <bpf/insn.h>
#include <bpf/op.h>

/* The combinations of fields, by what the instruction is. */
#define F_RD     (BPF_USES_DST | BPF_SETS_DST)
#define F_RD_I   (F_RD | BPF_HAS_IMM)
#define F_RD_S   (F_RD | BPF_USES_SRC)
#define F_D_I    (BPF_SETS_DST | BPF_HAS_IMM)
#define F_D_S    (BPF_SETS_DST | BPF_USES_SRC)
#define F_IF_I   (BPF_USES_DST | BPF_HAS_OFFSET | BPF_HAS_IMM | BPF_JUMPS)
#define F_IF_S   (BPF_USES_DST | BPF_USES_SRC | BPF_HAS_OFFSET | BPF_JUMPS)
#define F_GOTO_O (BPF_HAS_OFFSET | BPF_JUMPS | BPF_ENDS)
#define F_GOTO_I (BPF_HAS_IMM | BPF_JUMPS | BPF_ENDS)
#define F_I      BPF_HAS_IMM
#define F_R      BPF_USES_DST
#define F_END    BPF_ENDS
#define F_LDDW   (BPF_SETS_DST | BPF_HAS_IMM | BPF_WIDE)
#define F_LDX    (BPF_SETS_DST | BPF_USES_SRC | BPF_HAS_OFFSET)
#define F_ST     (BPF_USES_DST | BPF_HAS_OFFSET | BPF_HAS_IMM)
#define F_STX    (BPF_USES_DST | BPF_USES_SRC | BPF_HAS_OFFSET)
#define F_FETCH  (F_STX | BPF_SETS_SRC)
#define F_MAYBE  (BPF_HAS_OFFSET | BPF_JUMPS)
#define F_ABS    (BPF_HAS_IMM | BPF_LEGACY)
#define F_CAST   (F_D_S | BPF_HAS_IMM)
#define F_IND    (BPF_USES_SRC | BPF_HAS_IMM | BPF_LEGACY)

const struct bpf_insn_row bpf_insn_table[] = {
#define ROW(opcode, selector, selected, fields, op, text) \
    { opcode, BPF_BY_##selector, selected, F_##fields, BPF_OP_##op, text },
#include "insn_rows.inc"
#undef ROW
};
const uint32_t bpf_insn_table_count = sizeof bpf_insn_table / sizeof bpf_insn_table[0];

/* The last row of an opcode, counted from 1; each row of an opcode overrides the one before it. */
#pragma GCC diagnostic push
#ifdef __clang__
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#else
#pragma GCC diagnostic ignored "-Woverride-init"
#endif
enum { FIRST_COUNT = __COUNTER__ };
static const uint8_t last_row[256] = {
#define ROW(opcode, selector, selected, fields, op, text) [opcode] = __COUNTER__ - FIRST_COUNT,
#include "insn_rows.inc"
#undef ROW
};
#pragma GCC diagnostic pop
_Static_assert(sizeof bpf_insn_table / sizeof bpf_insn_table[0] < 256, "a row's number is a byte");

static int32_t selecting_field(const struct bpf_insn_row *row, const struct bpf_insn *insn)
{
    switch ((enum bpf_insn_selector)row->selector) {
    case BPF_BY_OFFSET:
        return insn->offset;
    case BPF_BY_IMM:
        return insn->imm;
    case BPF_BY_SRC:
        return insn->src_reg;
    case BPF_BY_OPCODE:
        break;
    }
    return 0;
}

const struct bpf_insn_row *bpf_insn_find(const struct bpf_insn *insn)
{
    for (uint32_t at = last_row[insn->opcode]; at > 0; at--) {
        const struct bpf_insn_row *row = &bpf_insn_table[at - 1];
        if (row->opcode != insn->opcode)
            break;
        if (row->selector == BPF_BY_OPCODE || selecting_field(row, insn) == row->selected)
            return row;
    }
    return NULL;
}
