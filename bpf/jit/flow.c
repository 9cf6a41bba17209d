/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The shape of a function: before variables become registers, branches that only choose values go,
 * jumps to jumps are made straight, blocks that follow only each other are joined, and what is left
 * gets a new order (order.c). */
#include <axiom/errno.h>
#include <axiom/string.h>

#include "flow.h"

/* --- The graph --- */

static bool grow_insns(struct flow *w)
{
    struct lower *f = w->f;
    uint32_t capacity = f->insn_capacity;
    uint32_t *next = lower_alloc(f->pass, capacity, sizeof *next);
    uint32_t *previous = lower_alloc(f->pass, capacity, sizeof *previous);
    if (next == NULL || previous == NULL) {
        w->failed = true;
        return false;
    }
    if (w->insn_capacity != 0) {
        memcpy(next, w->next, w->insn_capacity * sizeof *next);
        memcpy(previous, w->previous, w->insn_capacity * sizeof *previous);
    }
    w->next = next;
    w->previous = previous;
    w->insn_capacity = capacity;
    return true;
}

static void link_last(struct flow *w, uint32_t block, uint32_t insn)
{
    struct flow_block *b = &w->blocks[block];
    w->next[insn] = FLOW_NONE;
    w->previous[insn] = b->tail;
    if (b->tail == FLOW_NONE)
        b->head = insn;
    else
        w->next[b->tail] = insn;
    b->tail = insn;
}

void flow_unlink(struct flow *w, uint32_t block, uint32_t insn)
{
    struct flow_block *b = &w->blocks[block];
    uint32_t next = w->next[insn], previous = w->previous[insn];
    if (previous == FLOW_NONE)
        b->head = next;
    else
        w->next[previous] = next;
    if (next == FLOW_NONE)
        b->tail = previous;
    else
        w->previous[next] = previous;
}

struct ir_insn *flow_append(struct flow *w, uint32_t block, const struct ir_insn *insn)
{
    struct ir_insn copy = *insn, *to = lower_append(w->f);
    if (to == NULL || (w->f->insn_capacity > w->insn_capacity && !grow_insns(w))) {
        w->failed = true;
        return NULL;
    }
    *to = copy;
    link_last(w, block, w->f->insn_count - 1);
    return to;
}

uint32_t flow_new_block(struct flow *w)
{
    if (w->block_count == w->block_capacity) {
        uint32_t capacity = w->block_capacity * 2 + 16;
        struct flow_block *blocks = lower_alloc(w->f->pass, capacity, sizeof *blocks);
        if (blocks == NULL) {
            w->failed = true;
            return FLOW_NONE;
        }
        if (w->block_count != 0)
            memcpy(blocks, w->blocks, w->block_count * sizeof *blocks);
        w->blocks = blocks;
        w->block_capacity = capacity;
    }
    w->blocks[w->block_count] = (struct flow_block){
        .head = FLOW_NONE, .tail = FLOW_NONE, .branch = FLOW_NONE, .yes = FLOW_NONE, .no = FLOW_NONE
    };
    return w->block_count++;
}

static void count_edge(struct flow *w, uint32_t to, bool more)
{
    if (to != FLOW_NONE)
        w->blocks[to].before_count += more ? 1u : -1u;
}

void flow_go(struct flow *w, uint32_t block, uint32_t branch, uint32_t yes, uint32_t no)
{
    struct flow_block *b = &w->blocks[block];
    count_edge(w, yes, true);
    count_edge(w, no, true);
    count_edge(w, b->yes, false);
    count_edge(w, b->no, false);
    b->branch = branch;
    b->yes = yes;
    b->no = no;
}

static void open_block(struct flow *w, uint32_t block)
{
    struct lower *f = w->f;
    const struct ir_block *from = &f->blocks[block];
    uint32_t branch = FLOW_NONE, yes = FLOW_NONE;
    uint32_t no = block + 1 < f->block_count ? block + 1 : FLOW_NONE;
    for (uint32_t i = from->first; i < from->end; i++) {
        const struct ir_insn *insn = &f->insns[i];
        if (insn->op == IR_BRANCH) {
            branch = i;
            yes = IR_TARGET(insn);
        } else if (insn->op == IR_JUMP) {
            no = IR_TARGET(insn);
        } else {
            link_last(w, block, i);
        }
        if (insn->op == IR_RETURN)
            no = FLOW_NONE;
    }
    flow_go(w, block, branch, yes, no);
}

static bool open_graph(struct flow *w)
{
    if (!grow_insns(w))
        return false;
    for (uint32_t i = 0; i < w->f->block_count; i++) {
        if (flow_new_block(w) == FLOW_NONE)
            return false;
    }
    for (uint32_t i = 0; i < w->f->block_count; i++)
        open_block(w, i);
    return true;
}

/* --- Simpler --- */

void flow_close(struct flow *w, uint32_t block)
{
    while (block != FLOW_NONE && !flow_is_reached(w, block)) {
        uint32_t yes = w->blocks[block].yes, no = w->blocks[block].no;
        if (yes == FLOW_NONE && no == FLOW_NONE)
            return;
        flow_go(w, block, FLOW_NONE, FLOW_NONE, FLOW_NONE);
        flow_close(w, yes);
        block = no;
    }
}

/* The end of a way through empty blocks. */
static uint32_t straight(const struct flow *w, uint32_t block)
{
    for (uint32_t steps = 0; block != FLOW_NONE && steps < 8; steps++) {
        const struct flow_block *b = &w->blocks[block];
        if (b->head != FLOW_NONE || b->branch != FLOW_NONE || b->no == FLOW_NONE)
            return block;
        block = b->no;
    }
    return block;
}

static void make_straight(struct flow *w, uint32_t block)
{
    struct flow_block *b = &w->blocks[block];
    uint32_t yes = b->yes, no = b->no;
    uint32_t new_yes = straight(w, yes), new_no = straight(w, no);
    if (b->branch != FLOW_NONE && new_yes == new_no) /* both ways are one */
        flow_go(w, block, FLOW_NONE, FLOW_NONE, new_no);
    else if (new_yes != yes || new_no != no)
        flow_go(w, block, b->branch, new_yes, new_no);
    else
        return;
    flow_close(w, yes);
    flow_close(w, no);
}

/* The only block that follows comes from nowhere else: they are one. */
static bool join_next(struct flow *w, uint32_t block)
{
    struct flow_block *b = &w->blocks[block];
    uint32_t next = b->no;
    if (b->branch != FLOW_NONE || next == FLOW_NONE || next == 0 || next == block ||
        w->blocks[next].before_count != 1)
        return false;
    struct flow_block *n = &w->blocks[next];
    if (n->head != FLOW_NONE && b->tail != FLOW_NONE) {
        w->next[b->tail] = n->head;
        w->previous[n->head] = b->tail;
        b->tail = n->tail;
    } else if (n->head != FLOW_NONE) {
        b->head = n->head;
        b->tail = n->tail;
    }
    n->head = n->tail = FLOW_NONE;
    if (n->loop_depth > b->loop_depth)
        b->loop_depth = n->loop_depth;
    flow_go(w, block, n->branch, n->yes, n->no);
    flow_go(w, next, FLOW_NONE, FLOW_NONE, FLOW_NONE);
    return true;
}

static void join_all(struct flow *w, uint32_t block)
{
    while (flow_is_reached(w, block) && join_next(w, block))
        ;
}

static bool simplify_block(struct flow *w, uint32_t block)
{
    bool changed = false, again = true;
    while (again && !w->failed) {
        make_straight(w, block);
        again = join_next(w, block) || flow_convert(w, block);
        changed |= again;
    }
    return changed;
}

/* What one block's conversion leaves may make another's possible: a few rounds. */
static void simplify_graph(struct flow *w)
{
    for (uint32_t round = 0; round < 4; round++) {
        bool changed = false;
        for (uint32_t block = 0; block < w->block_count && !w->failed; block++) {
            if (flow_is_reached(w, block))
                changed |= simplify_block(w, block);
        }
        uint32_t count = w->block_count;
        for (uint32_t block = 0; block < count && !w->failed; block++) {
            if (flow_is_reached(w, block))
                changed |= flow_thread(w, block);
        }
        if (!changed)
            return;
    }
}

int lower_flow(struct lower *f)
{
    struct flow w = { .f = f };
    if (!open_graph(&w))
        return -ENOMEM;
    int err = flow_find_loops(&w);
    if (err == 0 && f->options->count_insns)
        err = flow_count(&w);
    if (err)
        return err;
    simplify_graph(&w);
    err = w.failed ? -ENOMEM : flow_sink(&w);
    uint32_t before = w.block_count;
    if (err == 0)
        err = flow_unroll(&w);
    for (uint32_t block = 0; err == 0 && before != w.block_count && block < w.block_count; block++)
        join_all(&w, block);
    return err ? err : flow_write_back(&w);
}
