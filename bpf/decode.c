/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Decoding: once, when a program is made, each instruction becomes a bpf_code that the interpreter
 * runs as it stands.
 *
 * LDDW becomes one instruction, so jump distances are counted anew. Map indexes become addresses,
 * helper numbers become rows. Everything that would let the interpreter leave `code` is refused
 * here, verified or not: bad encodings, targets outside or inside an LDDW; and a last instruction
 * FALL_OFF stops what runs past the end.
 *
 * In a program that calls a variadic helper (trace_printk) every helper call is a
 * CALL_HELPER_CLEAR, which zeroes R1-R5: the helper may be called with registers that the program
 * did not set, and must not see addresses left there. */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf/helper.h>
#include <bpf_internal/prog.h>

#define NO_CODE     UINT32_MAX
#define NO_REGISTER 0xffu

struct decoder {
    const struct bpf_verify_request *request;
    struct bpf_prog *prog;
    struct bpf_code *code;
    struct bpf_code_origin *origins;
    struct bpf_map **touched;
    struct bpf_error *error;
    bool clears;
};

static int fail(struct decoder *d, uint32_t slot, const char *what, int64_t value)
{
    return bpf_error_set(d->error, -EINVAL, (uint64_t)slot * sizeof(struct bpf_insn), "%s %lld",
                         what, (long long)value);
}

/* Which decoded instruction begins at `slot`: origins are in order of their slots. */
static uint32_t code_at_slot(const struct decoder *d, int64_t slot)
{
    uint32_t low = 0, high = d->prog->code_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (d->origins[middle].slot < slot)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < d->prog->code_count && d->origins[low].slot == slot;
    return found ? low : NO_CODE;
}

static int decode_distance(struct decoder *d, uint32_t index)
{
    uint32_t slot = d->origins[index].slot;
    int64_t target = (int64_t)slot + 1 + bpf_jump_distance(&d->request->insns[slot]);
    uint32_t to =
        target >= 0 && target < d->request->insn_count ? code_at_slot(d, target) : NO_CODE;
    if (to == NO_CODE)
        return fail(d, slot, "jump or call to a place that is not an instruction:", target);
    d->code[index].distance = (int32_t)((int64_t)to - index - 1);
    return 0;
}

/* Calls of what is not there may stand where a verified program never comes: CO-RE and weak symbols
 * leave them behind checks that this kernel answers with no. */
static bool is_never_reached(const struct decoder *d)
{
    return d->prog->is_verified;
}

static int decode_helper(struct decoder *d, uint32_t index, const struct bpf_insn *insn)
{
    const struct bpf_helper *helper = bpf_helper_find(d->request->env, (uint32_t)insn->imm);
    if (helper == NULL && is_never_reached(d)) {
        d->origins[index].op = BPF_OP_FALL_OFF;
        return 0;
    }
    if (helper == NULL)
        return fail(d, d->origins[index].slot, "there is no helper with number", insn->imm);
    if (helper->body == NULL && (helper->flags & BPF_HELPER_TAIL_CALL) == 0)
        return fail(d, d->origins[index].slot, "only to be verified, not run here: helper",
                    insn->imm);
    d->code[index].imm = (int64_t)(uintptr_t)helper;
    if ((helper->flags & BPF_HELPER_UNWIND) != 0)
        d->origins[index].op = BPF_OP_CALL_HELPER_UNWIND;
    else if ((helper->flags & BPF_HELPER_CALLS_BACK) != 0)
        d->origins[index].op = BPF_OP_CALL_HELPER_BACK;
    else if ((helper->flags & BPF_HELPER_TAIL_CALL) != 0)
        d->origins[index].op = BPF_OP_TAIL_CALL;
    else if (d->clears && (helper->flags & BPF_HELPER_KEEPS_REGISTERS) == 0)
        d->origins[index].op = BPF_OP_CALL_HELPER_CLEAR;
    return 0;
}

static void note_touched(struct decoder *d, struct bpf_map *map)
{
    if (bpf_map_values_read_only(map))
        return;
    for (uint32_t i = 0; i < d->prog->touched_count; i++) {
        if (d->touched[i] == map)
            return;
    }
    d->touched[d->prog->touched_count++] = map;
}

/* A tail call hands the context on, so all must take the same (Linux: bpf_prog_map_compatible()). */
static bool is_of_strangers(const struct decoder *d, struct bpf_map *map)
{
    return d->prog->is_verified && map->ops->type == BPF_MAP_TYPE_PROG_ARRAY &&
           !bpf_prog_array_accepts(map, d->request->context);
}

static int decode_map(struct decoder *d, uint32_t index, const struct bpf_insn *insn)
{
    uint32_t slot = d->origins[index].slot;
    if (insn->imm < 0 || (uint32_t)insn->imm >= d->request->map_count)
        return fail(d, slot, "there is no map with index", insn->imm);
    struct bpf_map *map = d->request->maps[insn->imm];
    if (d->origins[index].op == BPF_OP_LD_MAP && is_of_strangers(d, map))
        return bpf_error_set(d->error, -EINVAL, (uint64_t)slot * sizeof *insn,
                             "the programs in map '%s' are of another kind than this one: tail "
                             "calls stay among programs of one attach point",
                             map->name);
    if (d->origins[index].op == BPF_OP_LD_MAP) {
        d->code[index].imm = (int64_t)(uintptr_t)map;
        return 0;
    }
    uint32_t offset = (uint32_t)insn[1].imm;
    if (offset >= bpf_map_direct_size(map))
        return fail(d, slot, "outside of the map's value: offset", offset);
    d->code[index].imm = (int64_t)(uintptr_t)map->ops->direct_value(map, offset);
    note_touched(d, map);
    return 0;
}

static int decode_function_address(struct decoder *d, uint32_t index, const struct bpf_insn *insn)
{
    uint32_t slot = d->origins[index].slot;
    int64_t target = (int64_t)slot + 1 + insn->imm;
    uint32_t to =
        target >= 0 && target < d->request->insn_count ? code_at_slot(d, target) : NO_CODE;
    if (to == NO_CODE)
        return fail(d, slot, "address of a place that is not an instruction:", target);
    d->code[index].imm = (int64_t)(BPF_CODE_ADDRESS_TAG | to);
    return 0;
}

/* First pass: every instruction on its own. */
static int decode_encodings(struct decoder *d)
{
    const struct bpf_verify_request *request = d->request;
    uint32_t count = 0;
    /* Linux lets what is never run write R10, so the verifier does. */
    bool lax = request->context != NULL && bpf_context_has_rule(request->context, BPF_RULE_LINUX);
    for (uint32_t slot = 0; slot < request->insn_count;) {
        const struct bpf_insn *insn = &request->insns[slot];
        const struct bpf_insn_row *row;
        int err =
            bpf_insn_check_encoding(request->insns, request->insn_count, slot, &row, d->error);
        if (err == 0 && !lax && bpf_insn_writes_frame_pointer(insn, row))
            err = bpf_insn_refuse_frame_pointer(slot, d->error);
        if (err)
            return err;
        d->code[count] = (struct bpf_code){
            .dst = insn->dst_reg, .src = insn->src_reg, .offset = insn->offset, .imm = insn->imm
        };
        d->origins[count++] = (struct bpf_code_origin){ .slot = slot, .op = row->op };
        if (row->op == BPF_OP_CALL_HELPER) {
            const struct bpf_helper *helper = bpf_helper_find(request->env, (uint32_t)insn->imm);
            d->clears |= helper != NULL && (helper->flags & BPF_HELPER_VARIADIC) != 0;
        }
        slot += bpf_insn_slots(insn);
    }
    d->prog->code_count = count;
    return 0;
}

/* Second pass: what refers to other instructions, maps and helpers. */
static int decode_references(struct decoder *d, uint32_t index)
{
    const struct bpf_insn *insn = &d->request->insns[d->origins[index].slot];
    switch ((enum bpf_op)d->origins[index].op) {
    case BPF_OP_LD_IMM64:
        d->code[index].imm = (int64_t)((uint32_t)insn->imm | (uint64_t)(uint32_t)insn[1].imm << 32);
        return 0;
    case BPF_OP_LD_MAP:
    case BPF_OP_LD_MAP_VALUE:
        return decode_map(d, index, insn);
    case BPF_OP_LD_FUNC:
        return decode_function_address(d, index, insn);
    case BPF_OP_LD_MAP_FD:
    case BPF_OP_LD_MAP_VALUE_FD:
    case BPF_OP_LD_VAR:
        return fail(d, d->origins[index].slot,
                    "64-bit load whose form (src) must be resolved before loading:", insn->src_reg);
    case BPF_OP_ADDR_SPACE_CAST:
        return bpf_error_set(d->error, -EINVAL, (uint64_t)d->origins[index].slot * sizeof *insn,
                             "addr_space_cast: there are no arenas here; such programs can only be verified");
    case BPF_OP_CALL_BTF:
        if (is_never_reached(d) && d->request->env->kfunc_count == 0) {
            d->origins[index].op = BPF_OP_FALL_OFF;
            return 0;
        }
        return fail(d, d->origins[index].slot, "there are no kernel functions to call by BTF id",
                    insn->imm);
    case BPF_OP_CALL_HELPER:
        return decode_helper(d, index, insn);
    case BPF_OP_CALL_LOCAL:
        return decode_distance(d, index);
    case BPF_OP_LEGACY_PACKET:
        d->code[index].offset = (int16_t)bpf_access_size(insn->opcode);
        if (BPF_MODE(insn->opcode) == BPF_ABS)
            d->code[index].src = NO_REGISTER;
        return 0;
    default:
        if (BPF_CLASS(insn->opcode) != BPF_JMP && BPF_CLASS(insn->opcode) != BPF_JMP32)
            return 0;
        if ((bpf_insn_find(insn)->fields & BPF_JUMPS) != 0)
            return decode_distance(d, index);
        return 0;
    }
}

int bpf_decode(const struct bpf_verify_request *request, struct bpf_prog *prog,
               struct bpf_code *code, struct bpf_code_origin *origins, struct bpf_map **touched,
               struct bpf_error *error)
{
    struct decoder d = { .request = request,
                         .prog = prog,
                         .code = code,
                         .origins = origins,
                         .touched = touched,
                         .error = error };
    int err = decode_encodings(&d);
    for (uint32_t i = 0; err == 0 && i < prog->code_count; i++)
        err = decode_references(&d, i);
    if (err)
        return err;
    origins[prog->code_count] =
        (struct bpf_code_origin){ .slot = request->insn_count, .op = BPF_OP_FALL_OFF };
    prog->code_count++;
    bpf_interp_choose(code, origins, prog->code_count);
    return 0;
}
