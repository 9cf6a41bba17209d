/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a round of a loop computes only for after the loop is computed on the way out: a C compiler for BPF leaves
 * the results that several exits share before the branch of each (Knoop, Rüthing, Steffen, Partial Dead Code
 * Elimination, PLDI 1994; here for the ways out of loops alone, block by block).
 *
 * Where one variable goes on around the loop and its copy goes out, or the other way round, the one that stays
 * is computed, and the copy is made on the way out. */
#include <axiom/errno.h>

#include "flow.h"

struct sink {
    struct flow *w;
    uint64_t *live_in; /* of each block there was at the beginning: bit per variable */
    uint32_t block_count;
};

/* One block that leads out of a loop. */
struct leaving {
    struct flow *w;
    uint32_t block, out, edge; /* where it leads; the block on the way, FLOW_NONE: none yet */
    bool out_is_yes;
    uint64_t out_live, loop_live; /* variables that are read after the one way and the other */
    uint64_t read, written;       /* by what stands behind in the block */
};

static uint64_t bit_of(ir_place place)
{
    return place < LOWER_VAR_MAX ? UINT64_C(1) << place : 0;
}

static uint64_t reads_of(const struct flow *w, struct ir_insn *insn)
{
    ir_place *sources[LOWER_SOURCE_MAX];
    uint64_t reads = 0;
    uint32_t count = lower_sources(w->f, insn, sources);
    for (uint32_t s = 0; s < count; s++)
        reads |= bit_of(*sources[s]);
    return reads;
}

/* --- What is live --- */

static uint64_t live_out(const struct sink *s, uint32_t block)
{
    const struct flow_block *b = &s->w->blocks[block];
    return (b->yes == FLOW_NONE ? 0 : s->live_in[b->yes]) |
           (b->no == FLOW_NONE ? 0 : s->live_in[b->no]);
}

static void find_uses(const struct flow *w, uint32_t block, uint64_t *uses, uint64_t *defines)
{
    const struct flow_block *b = &w->blocks[block];
    *uses = b->branch == FLOW_NONE ? 0 : reads_of(w, &w->f->insns[b->branch]);
    for (uint32_t i = b->tail; i != FLOW_NONE; i = w->previous[i]) {
        uint64_t own = bit_of(w->f->insns[i].dst);
        *defines |= own;
        *uses = (*uses & ~own) | reads_of(w, &w->f->insns[i]);
    }
}

static int find_live(struct sink *s)
{
    const struct flow *w = s->w;
    struct lower_memory *memory = w->f->pass;
    s->live_in = lower_alloc(memory, s->block_count, sizeof *s->live_in);
    uint64_t *uses = lower_alloc(memory, s->block_count, sizeof *uses);
    uint64_t *defines = lower_alloc(memory, s->block_count, sizeof *defines);
    if (s->live_in == NULL || uses == NULL || defines == NULL)
        return -ENOMEM;
    for (uint32_t block = 0; block < s->block_count; block++) {
        if (flow_is_reached(w, block))
            find_uses(w, block, &uses[block], &defines[block]);
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t block = s->block_count; block-- != 0;) {
            if (!flow_is_reached(w, block))
                continue;
            uint64_t in = uses[block] | (live_out(s, block) & ~defines[block]);
            changed |= in != s->live_in[block];
            s->live_in[block] = in;
        }
    }
    return 0;
}

/* --- Moving --- */

/* The block that only the way out enters. */
static uint32_t edge_block(struct leaving *l)
{
    struct flow *w = l->w;
    if (l->edge != FLOW_NONE)
        return l->edge;
    l->edge = l->out;
    if (w->blocks[l->out].before_count == 1 && l->out != 0)
        return l->edge;
    l->edge = flow_new_block(w);
    if (l->edge == FLOW_NONE)
        return FLOW_NONE;
    const struct flow_block *b = &w->blocks[l->block];
    w->blocks[l->edge].loop_depth = w->blocks[l->out].loop_depth;
    flow_go(w, l->edge, FLOW_NONE, FLOW_NONE, l->out);
    flow_go(w, l->block, b->branch, l->out_is_yes ? l->edge : b->yes,
            l->out_is_yes ? b->no : l->edge);
    return l->edge;
}

/* Becomes the first of what is done on the way out. */
static void move_out(struct leaving *l, uint32_t insn)
{
    struct flow *w = l->w;
    uint32_t edge = edge_block(l);
    if (edge == FLOW_NONE)
        return;
    flow_unlink(w, l->block, insn);
    struct flow_block *to = &w->blocks[edge];
    w->next[insn] = to->head;
    w->previous[insn] = FLOW_NONE;
    if (to->head == FLOW_NONE)
        to->tail = insn;
    else
        w->previous[to->head] = insn;
    to->head = insn;
    l->out_live = (l->out_live & ~bit_of(w->f->insns[insn].dst)) | reads_of(w, &w->f->insns[insn]);
}

/* Of variables alone, so that what it reads has no other place to be written at. */
static bool can_move(const struct flow *w, struct ir_insn *insn)
{
    ir_place *sources[LOWER_SOURCE_MAX];
    if (bit_of(insn->dst) == 0 || insn->dst == VAR_COUNT || insn->op == IR_LOAD ||
        insn->op == IR_CALL || !lower_is_pure(insn))
        return false;
    uint32_t count = lower_sources(w->f, insn, sources);
    for (uint32_t s = 0; s < count; s++) {
        if (bit_of(*sources[s]) == 0)
            return false;
    }
    return true;
}

/* --- Copies --- */

static void rename_reads(struct flow *w, uint32_t insn, ir_place from, ir_place to)
{
    ir_place *sources[LOWER_SOURCE_MAX];
    uint32_t count = lower_sources(w->f, &w->f->insns[insn], sources);
    for (uint32_t s = 0; s < count; s++) {
        if (*sources[s] == from)
            *sources[s] = to;
    }
}

/* What makes the value of `var` that `copy` reads, when `other` is neither read nor written from there
 * on; FLOW_NONE. */
static uint32_t find_maker(const struct flow *w, uint32_t copy, ir_place var, ir_place other)
{
    for (uint32_t i = w->previous[copy]; i != FLOW_NONE; i = w->previous[i]) {
        struct ir_insn *insn = &w->f->insns[i];
        if (insn->dst == other)
            return FLOW_NONE;
        if (insn->dst == var)
            return i;
        if ((reads_of(w, insn) & bit_of(other)) != 0)
            return FLOW_NONE;
    }
    return FLOW_NONE;
}

static bool is_copy(const struct ir_insn *insn)
{
    return insn->op == IR_MOV && insn->size == 8 && insn->a != IR_NONE && insn->a != insn->dst &&
           bit_of(insn->a) != 0 && bit_of(insn->dst) != 0 && insn->a != VAR_COUNT &&
           insn->dst != VAR_COUNT;
}

/* y = x where y stays in the loop and x leaves it: y is made in x's place, and x = y leaves. Where
 * nobody reads x afterwards, nothing does: true. */
static bool turn_copy(struct leaving *l, uint32_t copy)
{
    struct flow *w = l->w;
    struct ir_insn *insn = &w->f->insns[copy];
    if (!is_copy(insn))
        return false;
    ir_place y = insn->dst, x = insn->a;
    bool leaves = (l->out_live & bit_of(x)) != 0;
    if (((l->written | l->loop_live) & bit_of(x)) != 0 || (l->written & bit_of(y)) != 0 ||
        (leaves && (l->out_live & bit_of(y)) != 0) || (l->loop_live & bit_of(y)) == 0)
        return false;
    uint32_t maker = find_maker(w, copy, x, y);
    if (maker == FLOW_NONE)
        return false;
    w->f->insns[maker].dst = y;
    for (uint32_t i = w->next[maker]; i != FLOW_NONE; i = w->next[i])
        rename_reads(w, i, x, y);
    rename_reads(w, w->blocks[l->block].branch, x, y);
    insn->dst = x;
    insn->a = y;
    l->read = (l->read & bit_of(x)) != 0 ? (l->read & ~bit_of(x)) | bit_of(y) : l->read;
    if (!leaves)
        flow_unlink(w, l->block, copy);
    return !leaves;
}

static void leave(struct leaving *l)
{
    struct flow *w = l->w;
    l->read = reads_of(w, &w->f->insns[w->blocks[l->block].branch]);
    for (uint32_t i = w->blocks[l->block].tail, before; i != FLOW_NONE && !w->failed; i = before) {
        before = w->previous[i];
        if (turn_copy(l, i))
            continue;
        struct ir_insn *insn = &w->f->insns[i];
        uint64_t own = bit_of(insn->dst), reads = reads_of(w, insn);
        if (can_move(w, insn) && (own & (l->read | l->written | l->loop_live)) == 0 &&
            (own & l->out_live) != 0 && (reads & l->written) == 0) {
            move_out(l, i);
            continue;
        }
        l->read |= reads;
        l->written |= own;
    }
}

int flow_sink(struct flow *w)
{
    struct sink s = { .w = w, .block_count = w->block_count };
    bool loops = false;
    for (uint32_t block = 0; block < w->block_count; block++)
        loops |= w->blocks[block].loop_depth != 0;
    if (!loops)
        return 0;
    int err = find_live(&s);
    for (uint32_t block = 0; err == 0 && block < s.block_count && !w->failed; block++) {
        const struct flow_block *b = &w->blocks[block];
        if (!flow_is_reached(w, block) || b->branch == FLOW_NONE || b->yes == b->no ||
            b->yes >= s.block_count || b->no >= s.block_count)
            continue;
        uint8_t yes = w->blocks[b->yes].loop_depth, no = w->blocks[b->no].loop_depth;
        if ((yes >= b->loop_depth) == (no >= b->loop_depth))
            continue;
        bool is_yes = yes < no;
        struct leaving l = { .w = w,
                             .block = block,
                             .edge = FLOW_NONE,
                             .out = is_yes ? b->yes : b->no,
                             .out_is_yes = is_yes,
                             .out_live = s.live_in[is_yes ? b->yes : b->no],
                             .loop_live = s.live_in[is_yes ? b->no : b->yes] };
        leave(&l);
        /* A block that was entered from here alone begins with what was moved there. */
        if (l.edge == l.out)
            s.live_in[l.out] = l.out_live;
    }
    return err != 0 || !w->failed ? err : -ENOMEM;
}
