/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <axiom/errno.h>
#include <bpf/insn.h>

/* Registers that exist, and R10 never written (RFC 9669 §2: it is read-only). */
static int check_registers(const struct bpf_insn *insn, const struct bpf_insn_row *row,
                           uint64_t where, struct bpf_error *error)
{
    const uint32_t dst_fields = BPF_USES_DST | BPF_SETS_DST,
                   src_fields = BPF_USES_SRC | BPF_SETS_SRC;
    if ((row->fields & dst_fields) == 0 && insn->dst_reg != 0)
        return bpf_error_set(error, -EINVAL, where, "the field dst is r%u but must be 0 here",
                             insn->dst_reg);
    if (insn->dst_reg >= BPF_REG_COUNT)
        return bpf_error_set(error, -EINVAL, where, "there is no register r%u", insn->dst_reg);
    if ((row->fields & src_fields) == 0 && row->selector != BPF_BY_SRC && insn->src_reg != 0)
        return bpf_error_set(error, -EINVAL, where, "the field src is r%u but must be 0 here",
                             insn->src_reg);
    if (insn->src_reg >= BPF_REG_COUNT)
        return bpf_error_set(error, -EINVAL, where, "there is no register r%u", insn->src_reg);
    return 0;
}

static int check_numbers(const struct bpf_insn *insn, const struct bpf_insn_row *row,
                         uint64_t where, struct bpf_error *error)
{
    if ((row->fields & BPF_HAS_OFFSET) == 0 && row->selector != BPF_BY_OFFSET && insn->offset != 0)
        return bpf_error_set(error, -EINVAL, where, "the field offset is %d but must be 0 here",
                             insn->offset);
    if ((row->fields & BPF_HAS_IMM) == 0 && row->selector != BPF_BY_IMM && insn->imm != 0)
        return bpf_error_set(error, -EINVAL, where, "the field imm is %d but must be 0 here",
                             insn->imm);
    return 0;
}

/* RFC 9669 §3.2: the second half holds only the upper 32 bits, and those only where the form uses
 * them. */
static int check_second_slot(const struct bpf_insn *insn, bool have_second, uint64_t where,
                             struct bpf_error *error)
{
    if (!have_second)
        return bpf_error_set(error, -EINVAL, where,
                             "a 64-bit load is cut off: its second half is missing");
    const struct bpf_insn *second = insn + 1;
    if (second->opcode != 0 || second->dst_reg != 0 || second->src_reg != 0 || second->offset != 0)
        return bpf_error_set(error, -EINVAL, where,
                             "the second half of a 64-bit load has fields that must be 0");
    bool uses_high = insn->src_reg == 0 || insn->src_reg == BPF_PSEUDO_MAP_VALUE ||
                     insn->src_reg == BPF_PSEUDO_MAP_IDX_VALUE;
    if (!uses_high && second->imm != 0)
        return bpf_error_set(error, -EINVAL, where,
                             "the second half of this 64-bit load must be 0");
    return 0;
}

/* Nearly all are: no field that is not named, no register that there is not. */
static bool is_plain(const struct bpf_insn *insn, const struct bpf_insn_row *row)
{
    uint32_t fields = row->fields;
    bool dst = insn->dst_reg == 0 ||
               (insn->dst_reg < BPF_REG_COUNT && (fields & (BPF_USES_DST | BPF_SETS_DST)) != 0);
    bool src = insn->src_reg == 0 ||
               (insn->src_reg < BPF_REG_COUNT && (fields & (BPF_USES_SRC | BPF_SETS_SRC)) != 0);
    bool offset = insn->offset == 0 || (fields & BPF_HAS_OFFSET) != 0;
    bool imm = insn->imm == 0 || (fields & BPF_HAS_IMM) != 0;
    return dst & src & offset & imm & ((fields & BPF_WIDE) == 0);
}

int bpf_insn_check_encoding(const struct bpf_insn *insns, uint32_t insn_count, uint32_t index,
                            const struct bpf_insn_row **out, struct bpf_error *error)
{
    const struct bpf_insn *insn = &insns[index];
    uint64_t where = (uint64_t)index * sizeof *insn;
    const struct bpf_insn_row *row = bpf_insn_find(insn);
    if (row == NULL)
        return bpf_error_set(error, -EINVAL, where,
                             "unknown instruction (opcode 0x%02x, src %u, offset %d, imm %d)",
                             insn->opcode, insn->src_reg, insn->offset, insn->imm);
    *out = row;
    if (is_plain(insn, row))
        return 0;
    int err = check_registers(insn, row, where, error);
    if (err == 0)
        err = check_numbers(insn, row, where, error);
    if (err == 0 && (row->fields & BPF_WIDE) != 0)
        err = check_second_slot(insn, index + 1 < insn_count, where, error);
    return err;
}

int bpf_insn_refuse_frame_pointer(uint32_t index, struct bpf_error *error)
{
    return bpf_error_set(error, -EINVAL, (uint64_t)index * sizeof(struct bpf_insn),
                         "r10, the frame pointer, may not be written");
}

int bpf_insn_check(const struct bpf_insn *insns, uint32_t insn_count, uint32_t index,
                   struct bpf_error *error)
{
    const struct bpf_insn_row *row;
    int err = bpf_insn_check_encoding(insns, insn_count, index, &row, error);
    if (err == 0 && bpf_insn_writes_frame_pointer(&insns[index], row))
        err = bpf_insn_refuse_frame_pointer(index, error);
    return err;
}
