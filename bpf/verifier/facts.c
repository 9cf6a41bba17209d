/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Facts for the JITs: what holds at an instruction in every run.
 *
 * Every state that the walk comes to an instruction with is looked at, those of speculations that
 * failed too: a fact is what all of them share. Runs whose walk was cut short by a checkpoint are
 * covered by one that was looked at, if what the fact needs of numbers is precise: so they are
 * marked. Kinds and offsets of pointers always count.
 *
 * The facts are the program's memory, not the verifier's: where there is none, there are no facts. */
#include <bpf_internal/prog.h>

#include "call.h"

#define SEEN 1u /* bpf_insn_fact.unused, while the walk goes on */

void facts_begin(struct verifier *v)
{
    /* Nobody compiles where there is no memory for code. */
    if (v->env->exec != NULL)
        v->facts = bpf_env_alloc(v->env, v->insn_count * sizeof *v->facts);
}

void facts_destroy(struct verifier *v)
{
    if (v->facts != NULL)
        bpf_env_free(v->env, v->facts, v->insn_count * sizeof *v->facts);
    v->facts = NULL;
}

void facts_finish(struct verifier *v)
{
    for (uint32_t pc = 0; v->facts != NULL && pc < v->insn_count; pc++) {
        if (v->facts[pc].unused != SEEN)
            v->facts[pc] = (struct bpf_insn_fact){ .flags = BPF_FACT_NEVER_RUN };
        v->facts[pc].unused = 0;
    }
}

/* --- Memory --- */

static bool in_own_frame(const struct verifier *v, const struct reg *r)
{
    return r->type == REG_STACK && r->frame + 1u == v->state.frame_count;
}

/* Memory that a global function was given may lie in a frame of its callers, a dynptr's too. */
static bool may_be_stack(const struct reg *r)
{
    return r->type == REG_STACK || r->type == REG_MEM || r->type == REG_DYNPTR;
}

static void note_region(const struct verifier *v, struct bpf_insn_fact *now, const struct reg *r,
                        int64_t displacement, uint64_t size)
{
    if (r->type != REG_STACK && !may_be_stack(r)) {
        now->pointer = BPF_FACT_POINTER_OTHER;
        return;
    }
    if (!in_own_frame(v, r))
        return;
    now->pointer = BPF_FACT_POINTER_STACK;
    now->flags |= BPF_FACT_STACK_RANGE;
    now->stack_low = (int32_t)(r->n.smin + displacement);
    now->stack_high = (int32_t)(r->n.smax + displacement + (int64_t)size);
}

static uint32_t base_of(const struct bpf_insn *insn)
{
    return BPF_CLASS(insn->opcode) == BPF_LDX ? insn->src_reg : insn->dst_reg;
}

static bool accesses_memory(const struct bpf_insn *insn)
{
    uint32_t class = BPF_CLASS(insn->opcode);
    return (class == BPF_LDX || class == BPF_ST || class == BPF_STX) &&
           BPF_MODE(insn->opcode) != BPF_ATOMIC;
}

/* --- Calls --- */

/* No argument leads to a frame of this run: nor can what is called. */
static bool arguments_lead_elsewhere(struct verifier *v)
{
    for (uint32_t r = 1; r <= BPF_CALL_ARG_COUNT; r++) {
        const struct reg *is = state_reg(&v->state, r);
        if (may_be_stack(is) || is->type == REG_FUNCTION)
            return false;
    }
    return true;
}

static void note_map(struct verifier *v, struct bpf_insn_fact *now)
{
    struct state *s = &v->state;
    const struct reg *map = state_reg(s, 1), *at = state_reg(s, 2);
    if (map->type != REG_MAP || map->map >= v->request->map_count)
        return;
    now->flags |= BPF_FACT_MAP;
    now->map_index = map->map;
    if (v->request->maps[map->map]->key_size != 4 || at->type != REG_STACK ||
        !scalar_is_const(&at->n) || (at->n.smin & 3) != 0 || at->n.smin >= 0)
        return;
    const struct frame *frame = &s->frames[at->frame];
    uint32_t index = stack_slot_of(at->n.smin);
    if (index >= frame->slot_count)
        return;
    const struct slot *slot = &s->slots[frame->slot_base + index];
    if (slot->spill_size != 4 || slot->spill_start != stack_byte_of(at->n.smin) ||
        slot->value.type != REG_NUMBER || !scalar_is_const(&slot->value.n))
        return;
    mark_precise(v, slot->value.deps);
    now->flags |= BPF_FACT_KEY;
    now->key = (uint32_t)slot->value.n.umin;
}

static void note_call(struct verifier *v, const struct bpf_insn *insn, struct bpf_insn_fact *now)
{
    if (arguments_lead_elsewhere(v))
        now->pointer = BPF_FACT_POINTER_OTHER;
    if (insn->src_reg == 0)
        note_map(v, now);
}

/* --- Division --- */

static void note_division(struct verifier *v, const struct bpf_insn *insn,
                          const struct bpf_insn_fact *before, struct bpf_insn_fact *now)
{
    const struct reg *dst = state_reg(&v->state, insn->dst_reg);
    const struct reg *src = state_reg(&v->state, insn->src_reg);
    bool first = before->unused != SEEN, half = BPF_CLASS(insn->opcode) == BPF_ALU;
    if (BPF_SRC(insn->opcode) != BPF_X || dst->type != REG_NUMBER || src->type != REG_NUMBER)
        return;
    bool not_zero = half ? src->n.umin32 > 0 : src->n.umin > 0;
    if (not_zero && (first || (before->flags & BPF_FACT_DIVISOR_NOT_ZERO))) {
        mark_precise(v, src->deps);
        now->flags |= BPF_FACT_DIVISOR_NOT_ZERO;
    }
    bool small = dst->n.umax <= UINT32_MAX && src->n.umax <= UINT32_MAX;
    if (!half && small && (first || (before->flags & BPF_FACT_OPERANDS_32))) {
        mark_precise(v, dst->deps | src->deps);
        now->flags |= BPF_FACT_OPERANDS_32;
    }
}

/* --- All --- */

static void meet(struct bpf_insn_fact *all, const struct bpf_insn_fact *now)
{
    if (all->unused != SEEN) { /* by members: as a whole the copy would wait for what was just written */
        all->flags = now->flags;
        all->pointer = now->pointer;
        all->unused = SEEN;
        all->map_index = now->map_index;
        all->key = now->key;
        all->stack_low = now->stack_low;
        all->stack_high = now->stack_high;
        return;
    }
    uint16_t both = all->flags & now->flags;
    if (all->pointer != now->pointer) {
        all->pointer = BPF_FACT_POINTER_UNKNOWN;
        both &= (uint16_t)~BPF_FACT_STACK_RANGE;
    }
    if (all->map_index != now->map_index)
        both &= (uint16_t) ~(BPF_FACT_MAP | BPF_FACT_KEY);
    if (all->key != now->key)
        both &= (uint16_t)~BPF_FACT_KEY;
    if (now->stack_low < all->stack_low)
        all->stack_low = now->stack_low;
    if (now->stack_high > all->stack_high)
        all->stack_high = now->stack_high;
    all->flags = both;
}

/* Another visit takes away, and there is nothing left. */
static bool says_nothing(const struct bpf_insn_fact *all)
{
    return all->flags == 0 && all->pointer == BPF_FACT_POINTER_UNKNOWN;
}

/* Before the instruction at state.pc, which is not a jump. */
void facts_note(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op)
{
    struct bpf_insn_fact now = { 0 };
    if (v->facts == NULL)
        return;
    struct bpf_insn_fact *all = &v->facts[v->state.pc];
    uint8_t code = BPF_OP(insn->opcode), class = BPF_CLASS(insn->opcode);
    if (all->unused == SEEN && says_nothing(all))
        return;
    if (accesses_memory(insn))
        note_region(v, &now, state_reg(&v->state, base_of(insn)), insn->offset,
                    bpf_access_size(insn->opcode));
    else if (op == BPF_OP_CALL_HELPER || op == BPF_OP_CALL_LOCAL)
        note_call(v, insn, &now);
    else if ((class == BPF_ALU || class == BPF_ALU64) && (code == BPF_DIV || code == BPF_MOD))
        note_division(v, insn, all, &now);
    meet(all, &now);
}

/* The conditional jump at `pc` was decided. */
void facts_note_jump(struct verifier *v, uint32_t pc, bool both, bool jumped)
{
    struct bpf_insn_fact now = { 0 };
    if (v->facts == NULL)
        return;
    if (!both)
        now.flags = jumped ? BPF_FACT_ALWAYS_JUMPS : BPF_FACT_NEVER_JUMPS;
    meet(&v->facts[pc], &now);
}
