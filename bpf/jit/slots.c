/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Which places of a function's stack can live in registers: those that are read and written only
 * directly (R10 plus a constant), always as a whole and in one size, and that nothing else can
 * reach.
 *
 * Who has a pointer into the frame can reach all of it, unless the verifier said what an access or
 * call may touch. So without facts one copy of R10 anywhere keeps the whole stack in memory. */
#include "build.h"

static bool is_load(uint32_t op)
{
    return (op >= BPF_OP_LDX8 && op <= BPF_OP_LDX64) || (op >= BPF_OP_LDSX8 && op <= BPF_OP_LDSX32);
}

static bool is_store(uint32_t op)
{
    return op >= BPF_OP_ST8 && op <= BPF_OP_STX64;
}

/* The bytes of a load or store. */
static uint32_t access_size(uint32_t op)
{
    static const uint8_t log2_sizes[] = { 0, 1, 2, 3, 0, 1, 2, 0, 1, 2, 3, 0, 1, 2, 3 };
    return 1u << log2_sizes[op - BPF_OP_LDX8];
}
_Static_assert(BPF_OP_STX64 - BPF_OP_LDX8 == 14, "op.h");

/* A load or store through R10 inside the frame: its offset; 0: it is none. */
static int32_t direct_offset(const struct lower *f, uint32_t index)
{
    const struct bpf_code *code = &f->prog->code[index];
    if (code->dst != BPF_REG_FP && code->src != BPF_REG_FP)
        return 0;
    uint32_t op = f->prog->origins[index].op;
    bool direct =
        (is_load(op) && code->src == BPF_REG_FP) || (is_store(op) && code->dst == BPF_REG_FP);
    if (!direct || code->offset >= 0 || code->offset < -(int32_t)BPF_FRAME_SIZE_MAX ||
        code->offset + (int32_t)access_size(op) > 0)
        return 0;
    return code->offset;
}

/* Whether R10 itself goes anywhere but into the address of a direct access. */
static bool copies_fp(const struct lower *f, uint32_t index)
{
    const struct bpf_code *code = &f->prog->code[index];
    if (code->dst != BPF_REG_FP && code->src != BPF_REG_FP)
        return false;
    uint32_t op = f->prog->origins[index].op;
    bool stores_it = is_store(op) && op >= BPF_OP_STX8 && code->src == BPF_REG_FP;
    return direct_offset(f, index) == 0 || stores_it;
}

static bool may_reach_stack(uint32_t op)
{
    return is_load(op) || is_store(op) || (op >= BPF_OP_ATOMIC_ADD32 && op < BPF_OP_COUNT) ||
           op == BPF_OP_CALL_HELPER || op == BPF_OP_CALL_HELPER_CLEAR ||
           op == BPF_OP_CALL_HELPER_UNWIND || op == BPF_OP_CALL_LOCAL || op == BPF_OP_CALLX;
}

/* What the instruction may touch besides direct accesses, by its facts; false: anything. */
static bool note_touched(const struct lower *f, uint32_t index, uint8_t *touched)
{
    const struct bpf_insn_fact *fact = build_fact(f, index);
    if (fact->pointer == BPF_FACT_POINTER_OTHER)
        return true;
    if ((fact->flags & BPF_FACT_STACK_RANGE) == 0)
        return false;
    for (int32_t at = fact->stack_low; at < fact->stack_high; at++) {
        if (at < 0 && at >= -(int32_t)BPF_FRAME_SIZE_MAX)
            touched[at + (int32_t)BPF_FRAME_SIZE_MAX] = 1;
    }
    return true;
}

static bool find_touched(const struct lower *f, uint8_t *touched)
{
    bool copied = false;
    for (uint32_t i = f->low; i < f->high; i++) {
        if ((f->marks[i] & MARK_REACHED) != 0)
            copied |= copies_fp(f, i);
    }
    if (!copied)
        return true;
    for (uint32_t i = f->low; i < f->high; i++) {
        uint32_t op = f->prog->origins[i].op;
        if ((f->marks[i] & MARK_REACHED) == 0 || !may_reach_stack(op) || direct_offset(f, i) != 0)
            continue;
        if (!note_touched(f, i, touched))
            return false;
    }
    return true;
}

static void find_slots(struct lower *f)
{
    /* Of each byte: the size of the accesses that begin there; bytes that are inside of one, or
     * touched otherwise. Two sizes at one place, or an access into another, and it stays memory. */
    uint8_t begins[BPF_FRAME_SIZE_MAX] = { 0 }, spoilt[BPF_FRAME_SIZE_MAX] = { 0 };
    uint32_t uses[BPF_FRAME_SIZE_MAX] = { 0 };
    if (!find_touched(f, spoilt))
        return;
    for (uint32_t i = f->low; i < f->high; i++) {
        int32_t offset = (f->marks[i] & MARK_REACHED) != 0 ? direct_offset(f, i) : 0;
        if (offset == 0)
            continue;
        uint32_t at = (uint32_t)(offset + (int32_t)BPF_FRAME_SIZE_MAX);
        uint32_t size = access_size(f->prog->origins[i].op);
        if (begins[at] != 0 && begins[at] != size)
            spoilt[at] = 1;
        begins[at] = (uint8_t)(size > begins[at] ? size : begins[at]);
        uses[at]++;
    }
    for (uint32_t at = 0; at < BPF_FRAME_SIZE_MAX; at++) {
        for (uint32_t k = 1; k < begins[at]; k++) {
            if (begins[at + k] != 0)
                spoilt[at] = spoilt[at + k] = 1;
        }
    }
    for (uint32_t at = 0; at < BPF_FRAME_SIZE_MAX && f->slot_count < LOWER_SLOT_MAX; at++) {
        bool whole = begins[at] != 0 && uses[at] > 1;
        for (uint32_t k = 0; k < begins[at]; k++)
            whole &= spoilt[at + k] == 0;
        if (whole)
            f->slots[f->slot_count++] =
                (struct lower_slot){ .offset = (int16_t)((int32_t)at - (int32_t)BPF_FRAME_SIZE_MAX),
                                     .size = begins[at] };
    }
}

void build_find_slots(struct lower *f)
{
    f->slot_count = 0;
    if (f->uses_fp)
        find_slots(f);
}

ir_place build_slot_of(const struct lower *f, uint32_t index)
{
    int32_t offset = f->slot_count == 0 ? 0 : direct_offset(f, index);
    if (offset == 0)
        return IR_NONE;
    for (uint32_t i = 0; i < f->slot_count; i++) {
        if (f->slots[i].offset == offset)
            return VAR_SLOT_FIRST + i;
    }
    return IR_NONE;
}
