/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Branches that were decided before: two in a row ask the same (what a C compiler leaves of two
 * choices by one condition on a machine without conditional moves). The ways that come from the
 * first skip the second, by copies of the few instructions before it. */
#include "flow.h"

#define COPY_MAX 3u

/* Short, without anything that must stand once, and what is compared is what it was at the start. */
static bool can_copy(const struct flow *w, uint32_t block, const struct ir_insn *branch)
{
    uint32_t count = 0;
    for (uint32_t i = w->blocks[block].head; i != FLOW_NONE; i = w->next[i]) {
        const struct ir_insn *insn = &w->f->insns[i];
        if (++count > COPY_MAX || insn->op == IR_CALL)
            return false;
        if (insn->dst != IR_NONE && (insn->dst == branch->a || insn->dst == branch->b))
            return false;
    }
    return true;
}

/* Goes from `from`, instead of into `block`, into a copy of it that ends at `to`. */
static bool go_by_copy(struct flow *w, uint32_t from, uint32_t block, uint32_t to)
{
    uint32_t copy = flow_new_block(w);
    if (copy == FLOW_NONE)
        return false;
    w->blocks[copy].loop_depth = w->blocks[block].loop_depth;
    for (uint32_t i = w->blocks[block].head; i != FLOW_NONE && !w->failed; i = w->next[i])
        flow_append(w, copy, &w->f->insns[i]);
    flow_go(w, copy, FLOW_NONE, FLOW_NONE, to);
    const struct flow_block *f = &w->blocks[from];
    flow_go(w, from, f->branch, f->yes == block ? copy : f->yes, f->no == block ? copy : f->no);
    flow_close(w, block);
    return true;
}

/* The block after one way of `from`'s branch: `block` itself, or one that only `from` enters, keeps
 * the operands and goes on to `block`; FLOW_NONE: neither. */
static uint32_t way_into(const struct flow *w, uint32_t from, uint32_t next, uint32_t block,
                         const struct ir_insn *branch)
{
    if (next == block)
        return from;
    const struct flow_block *n = &w->blocks[next];
    if (n->branch != FLOW_NONE || n->no != block || n->before_count != 1 || next == 0)
        return FLOW_NONE;
    for (uint32_t i = n->head; i != FLOW_NONE; i = w->next[i]) {
        ir_place dst = w->f->insns[i].dst;
        if (dst != IR_NONE && (dst == branch->a || dst == branch->b))
            return FLOW_NONE;
    }
    return next;
}

/* `from` decides; the second branch is in a block after one of its ways. */
static bool thread_way(struct flow *w, uint32_t from, bool holds)
{
    struct flow_block *b = &w->blocks[from];
    const struct ir_insn *first = &w->f->insns[b->branch];
    uint32_t next = holds ? b->yes : b->no;
    uint32_t block = next, decided = from;
    if (w->blocks[next].branch == FLOW_NONE) {
        block = w->blocks[next].no;
        if (block == FLOW_NONE)
            return false;
        decided = way_into(w, from, next, block, first);
    }
    if (decided == FLOW_NONE || block == from || w->blocks[block].branch == FLOW_NONE)
        return false;
    struct ir_insn second = w->f->insns[w->blocks[block].branch];
    bool inverse = second.cond == (first->cond ^ 1);
    if ((second.cond != first->cond && !inverse) || !flow_same_operands(first, &second) ||
        !can_copy(w, block, &second))
        return false;
    bool second_holds = holds != inverse;
    uint32_t to = second_holds ? w->blocks[block].yes : w->blocks[block].no;
    return to != block && go_by_copy(w, decided, block, to);
}

bool flow_thread(struct flow *w, uint32_t block)
{
    const struct flow_block *b = &w->blocks[block];
    if (b->branch == FLOW_NONE || b->yes == b->no)
        return false;
    bool changed = thread_way(w, block, true);
    b = &w->blocks[block];
    changed |= !w->failed && b->yes != b->no && thread_way(w, block, false);
    return changed;
}
