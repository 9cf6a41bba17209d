/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the verifier tells the JITs, held against a run. */
#include "claims.h"
#include "machine_inside.h"

#include <bpf_internal/prog.h>

#include <string.h>

static bool in_frame(struct machine *m, uint64_t at, uint32_t *frame)
{
    const struct machine_object *o = machine_object_at(m, at, 1);
    if (o == NULL || o->kind != OBJECT_FRAME)
        return false;
    *frame = (uint32_t)((o->base + 512 - machine_frame_top(0)) >> 40);
    return true;
}

static bool access_holds(struct machine *m, const struct bpf_insn *insn,
                         const struct bpf_insn_fact *fact)
{
    uint32_t base = BPF_CLASS(insn->opcode) == BPF_LDX ? insn->src_reg : insn->dst_reg, frame;
    uint64_t at = reg(m, base)->value + (uint64_t)(int64_t)insn->offset;
    bool stack = in_frame(m, at, &frame), own = stack && frame + 1 == m->frame_count;
    int64_t offset = (int64_t)(at - machine_frame_top(m->frame_count - 1));
    if (fact->pointer == BPF_FACT_POINTER_STACK && !own)
        return escape(m, "the fact that it accesses its own frame is none");
    if (fact->pointer == BPF_FACT_POINTER_OTHER && stack)
        return escape(m, "the fact that it accesses no frame is none");
    if ((fact->flags & BPF_FACT_STACK_RANGE) != 0 &&
        (offset < fact->stack_low ||
         offset + (int64_t)bpf_access_size(insn->opcode) > fact->stack_high))
        return escape(m, "it accesses r10%+d, the fact is %d to %d", (int)offset,
                      (int)fact->stack_low, (int)fact->stack_high);
    return true;
}

/* Does the helper look at it? What functions of the program do not read may be anything. */
static bool is_argument(const struct machine *m, const struct bpf_insn *insn, uint32_t number)
{
    const struct bpf_helper *helper =
        insn->src_reg != BPF_CALL_HELPER
            ? NULL
            : bpf_helper_find_for(m->request->env, (uint32_t)insn->imm, m->request->context);
    return helper != NULL && helper->args[number - 1] != BPF_ARG_NONE;
}

static bool call_holds(struct machine *m, const struct bpf_insn *insn,
                       const struct bpf_insn_fact *fact)
{
    uint32_t frame, key;
    for (uint32_t r = 1; r <= 5 && fact->pointer == BPF_FACT_POINTER_OTHER; r++)
        if (is_argument(m, insn, r) && reg(m, r)->set && reg(m, r)->address && in_frame(m, reg(m, r)->value, &frame))
            return escape(m, "the fact that r%u leads to no frame is none", r);
    if ((fact->flags & BPF_FACT_MAP) != 0 &&
        reg(m, 1)->value != MACHINE_MAP_BASE + fact->map_index * 4096u)
        return escape(m, "the fact of which map it is called with is none");
    const struct machine_object *o = machine_object_at(m, reg(m, 2)->value, 4);
    if ((fact->flags & BPF_FACT_KEY) == 0)
        return true;
    if (o == NULL)
        return escape(m, "the fact of a key that is nowhere");
    memcpy(&key, o->bytes + (reg(m, 2)->value - o->base), 4);
    return key == fact->key ? true : escape(m, "the key is %u, the fact is %u", key, fact->key);
}

static bool division_holds(struct machine *m, const struct bpf_insn *insn,
                           const struct bpf_insn_fact *fact)
{
    uint64_t mask = BPF_CLASS(insn->opcode) == BPF_ALU ? UINT32_MAX : UINT64_MAX;
    uint64_t dst = reg(m, insn->dst_reg)->value & mask, src = reg(m, insn->src_reg)->value & mask;
    if ((fact->flags & BPF_FACT_DIVISOR_NOT_ZERO) != 0 && src == 0)
        return escape(m, "the fact that the divisor is not 0 is none");
    if ((fact->flags & BPF_FACT_OPERANDS_32) != 0 && (dst > UINT32_MAX || src > UINT32_MAX))
        return escape(m, "the fact that the operands have 32 bits is none");
    if ((fact->flags & BPF_FACT_SIGNED_NO_OVERFLOW) != 0 && src == mask &&
        dst == (mask >> 1) + 1)
        return escape(m, "the fact that the division does not overflow is none");
    return true;
}

bool facts_hold(struct machine *m, const struct bpf_prog *prog)
{
    const struct bpf_insn *insn = &m->request->insns[m->pc];
    uint8_t class = BPF_CLASS(insn->opcode), code = BPF_OP(insn->opcode);
    if (prog == NULL || prog->facts == NULL)
        return true;
    const struct bpf_insn_fact *fact = &prog->facts[m->pc];
    if ((fact->flags & BPF_FACT_NEVER_RUN) != 0)
        return escape(m, "the fact that it is never run is none");
    if ((class == BPF_LDX || class == BPF_ST || class == BPF_STX) &&
        BPF_MODE(insn->opcode) != BPF_ATOMIC)
        return access_holds(m, insn, fact);
    if (class == BPF_JMP && code == BPF_CALL)
        return call_holds(m, insn, fact);
    if ((class == BPF_ALU || class == BPF_ALU64) && (code == BPF_DIV || code == BPF_MOD) &&
        BPF_SRC(insn->opcode) == BPF_X)
        return division_holds(m, insn, fact);
    return true;
}

bool fact_of_jump_holds(struct machine *m, const struct bpf_prog *prog, uint32_t pc)
{
    if (prog == NULL || prog->facts == NULL)
        return true;
    uint16_t flags = prog->facts[pc].flags;
    if (m->request->insns[pc].offset == 0)
        return true; /* both ways are one */
    if ((m->jumped && (flags & BPF_FACT_NEVER_JUMPS) != 0) ||
        (!m->jumped && (flags & BPF_FACT_ALWAYS_JUMPS) != 0))
        return escape(m, "the fact of where the jump at insn %u goes is none", pc);
    return true;
}
