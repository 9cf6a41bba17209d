/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Which handler each instruction of a program gets.
 *
 * Along straight code it is known which BPF register was written last, so which one `acc` holds
 * (interp_loop.h). Where a jump, a call or a return may come in, nothing is known. */
#include <bpf_internal/interp_ops.h>
#include <bpf_internal/prog.h>

#define NOTHING 0xffu

/* What an operation does to acc; the first is that acc holds nothing known afterwards. */
enum effect {
    FORGETS,
    LEAVES,     /* writes no register */
    WRITES_DST, /* to acc, too */
    RETURNS_R0, /* acc holds R0 */
};

#define ROW_DST(op) [BPF_OP_##op] = WRITES_DST,
#define FOUR_DST(name) \
    ROW_DST(name##64_X) ROW_DST(name##64_K) ROW_DST(name##32_X) ROW_DST(name##32_K)
#define ROW_LEAVES(op) [BPF_OP_##op] = LEAVES,
#define FOUR_LEAVES(name) \
    ROW_LEAVES(name##64_X) ROW_LEAVES(name##64_K) ROW_LEAVES(name##32_X) ROW_LEAVES(name##32_K)
static const uint8_t effects[BPF_OP_COUNT] = {
    BPF_ALU_OPS(FOUR_DST) BPF_CONDITION_OPS(FOUR_LEAVES) INTERP_OPS_WRITING(ROW_DST)
        INTERP_OPS_STORING(ROW_LEAVES)[BPF_OP_MAY_GOTO] = LEAVES,
    [BPF_OP_CALL_HELPER] = RETURNS_R0,
    [BPF_OP_CALL_HELPER_CLEAR] = RETURNS_R0,
    [BPF_OP_CALL_HELPER_UNWIND] = RETURNS_R0,
    [BPF_OP_CALL_LOCAL] = RETURNS_R0,
};

#define ROW_JUMPS(op) [BPF_OP_##op] = true,
#define FOUR_JUMPS(name) \
    ROW_JUMPS(name##64_X) ROW_JUMPS(name##64_K) ROW_JUMPS(name##32_X) ROW_JUMPS(name##32_K)
static const bool has_distance[BPF_OP_COUNT] = { BPF_CONDITION_OPS(FOUR_JUMPS) ROW_JUMPS(JA)
                                                     ROW_JUMPS(MAY_GOTO) ROW_JUMPS(CALL_LOCAL) };

/* Handlers are not chosen yet: until then 1 marks an instruction that something jumps to. */
static void mark_targets(struct bpf_code *code, const struct bpf_code_origin *origins,
                         uint32_t code_count)
{
    for (uint32_t i = 0; i < code_count; i++)
        code[i].handler = 0;
    for (uint32_t i = 0; i < code_count; i++) {
        if (has_distance[origins[i].op])
            code[(int64_t)i + 1 + code[i].distance].handler = 1;
        else if (origins[i].op == BPF_OP_LD_FUNC)
            code[(uint64_t)code[i].imm & ~BPF_CODE_ADDRESS_TAG].handler = 1;
    }
}

static int32_t choose(enum bpf_op op, const struct bpf_code *code, uint32_t held)
{
    int32_t plain = bpf_interp_handler(op, INTERP_FORM_MEMORY);
    int32_t by_dst = bpf_interp_handler(op, INTERP_FORM_DST_ACC);
    if (code->dst == held && by_dst != plain)
        return by_dst;
    return code->src == held ? bpf_interp_handler(op, INTERP_FORM_SRC_ACC) : plain;
}

/* One handler for this instruction and the one behind it; it takes the first one's operands from acc
 * as `form` says, or the second one's source where the first reads nothing. */
static bool fuse(const struct bpf_code *code, const struct bpf_code_origin *origins, uint32_t held,
                 int32_t *out)
{
    enum bpf_op first = (enum bpf_op)origins[0].op, second = (enum bpf_op)origins[1].op;
    enum interp_form form = INTERP_FORM_MEMORY;
    switch (first) {
    case BPF_OP_MOV64_X:
    case BPF_OP_MOV32_X: /* dst = src; dst op= other */
        if (code[1].dst != code[0].dst || code[1].src == code[0].dst)
            return false;
        form = code[0].src == held ? INTERP_FORM_SRC_ACC : form;
        break;
    case BPF_OP_ADD64_K:
    case BPF_OP_ADD32_K:
    case BPF_OP_LSH64_K: /* dst += 1; if dst ...; dst <<= 32; dst >>= 32 */
        if (code[1].dst != code[0].dst)
            return false;
        form = code[0].dst == held ? INTERP_FORM_DST_ACC : form;
        break;
    case BPF_OP_LD_MAP_VALUE: /* dst = address; dst += index */
        if (code[1].dst != code[0].dst || code[1].src == code[0].dst)
            return false;
        form = code[1].src == held ? INTERP_FORM_SRC_ACC : form;
        break;
    case BPF_OP_ADD64_X: /* base += index; dst = *(base + offset) */
        if (code[1].src != code[0].dst)
            return false;
        form = code[0].dst == held   ? INTERP_FORM_DST_ACC
               : code[0].src == held ? INTERP_FORM_SRC_ACC
                                     : form;
        break;
    default:
        return false;
    }
    return bpf_interp_fused(first, second, form, out);
}

void bpf_interp_choose(struct bpf_code *code, const struct bpf_code_origin *origins,
                       uint32_t code_count)
{
    uint32_t held = NOTHING;
    mark_targets(code, origins, code_count);
    for (uint32_t i = 0; i < code_count; i++) {
        enum bpf_op op = (enum bpf_op)origins[i].op;
        if (code[i].handler != 0)
            held = NOTHING;
        if (i + 1 == code_count || !fuse(&code[i], &origins[i], held, &code[i].handler))
            code[i].handler = choose(op, &code[i], held);
        switch ((enum effect)effects[op]) {
        case FORGETS:
            held = NOTHING;
            break;
        case LEAVES:
            break;
        case WRITES_DST:
            held = code[i].dst;
            break;
        case RETURNS_R0:
            held = 0;
            break;
        }
    }
}
