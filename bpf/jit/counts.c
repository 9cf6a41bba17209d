/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Where instructions are counted: in as few places as tell the sum, and seldom ones.
 *
 * Every block adds its number of instructions to VAR_COUNT (build.c). What the sum must be is asked
 * in few places: where it goes into the run. Between those the register may be off by what is known
 * of each place: its potential. With the right potentials nothing is added on the edges of a spanning
 * tree of the graph, and the others add a difference (Knuth and Stevenson, Optimal Measurement Points
 * for Program Frequency Counts, BIT 13, 1973; Ball and Larus, Optimally Profiling and Tracing
 * Programs, TOPLAS 1994, section 3.3). Nodes are the beginnings and ends of blocks, edges the ways
 * between blocks and through them. Into the tree come first those of the innermost loops, of these
 * first the ways between blocks, which may need a block of their own, then those through blocks that
 * do nothing else, which are empty then. So a loop adds once a round, and a loop that is left sets
 * right what was added too early. */
#include <axiom/errno.h>
#include <axiom/string.h>

#include "flow.h"

#define DEPTH_MAX 7u /* loops that are deeper count as this deep */

struct counts {
    struct flow *w;
    uint32_t block_count; /* those that there were before edges got blocks */
    /* Union-find over nodes, with potentials: what the register holds at a node is the sum that it
     * should plus the potential; offset[] is the potential less the parent's. */
    uint32_t *parent;
    int64_t *offset;
    int64_t *added;    /* by each block in all; of a fixed one: 0 */
    int64_t *to_add;   /* by each block from now on */
    uint8_t *is_fixed; /* it asks for the sum, or sets it: stays as it is */
    uint8_t *only_counts;
};

static uint32_t begin_of(uint32_t block)
{
    return 2 * block;
}

static uint32_t end_of(uint32_t block)
{
    return 2 * block + 1;
}

static uint32_t find_root(struct counts *c, uint32_t node, int64_t *potential)
{
    uint32_t root = node;
    int64_t sum = 0;
    while (c->parent[root] != root) {
        sum += c->offset[root];
        root = c->parent[root];
    }
    *potential = sum;
    while (c->parent[node] != root && node != root) {
        uint32_t next = c->parent[node];
        int64_t rest = sum - c->offset[node];
        c->parent[node] = root;
        c->offset[node] = sum;
        sum = rest;
        node = next;
    }
    return root;
}

/* potential(b) = potential(a) + step, if that is open still. */
static void tie(struct counts *c, uint32_t a, uint32_t b, int64_t step)
{
    int64_t of_a, of_b;
    uint32_t root_a = find_root(c, a, &of_a), root_b = find_root(c, b, &of_b);
    if (root_a == root_b)
        return;
    c->parent[root_b] = root_a;
    c->offset[root_b] = of_a + step - of_b;
}

static int64_t difference(struct counts *c, uint32_t a, uint32_t b)
{
    int64_t of_a, of_b;
    find_root(c, a, &of_a);
    find_root(c, b, &of_b);
    return of_b - of_a;
}

/* --- What there is --- */

static bool adds_constant(const struct ir_insn *insn)
{
    return insn->op == IR_ADD && insn->dst == VAR_COUNT && insn->a == VAR_COUNT &&
           insn->b == IR_NONE;
}

static bool names_count(struct flow *w, struct ir_insn *insn)
{
    ir_place *sources[LOWER_SOURCE_MAX];
    uint32_t count = lower_sources(w->f, insn, sources);
    bool names = insn->dst == VAR_COUNT;
    for (uint32_t s = 0; s < count; s++)
        names |= *sources[s] == VAR_COUNT;
    return names;
}

static void look_at(struct counts *c, uint32_t block)
{
    struct flow *w = c->w;
    c->only_counts[block] = w->blocks[block].branch == FLOW_NONE;
    c->is_fixed[block] = block == 0;
    for (uint32_t i = w->blocks[block].head; i != FLOW_NONE; i = w->next[i]) {
        struct ir_insn *insn = &w->f->insns[i];
        if (adds_constant(insn)) {
            c->added[block] += insn->imm;
            continue;
        }
        c->only_counts[block] = false;
        c->is_fixed[block] |= names_count(w, insn);
    }
    if (c->is_fixed[block])
        c->added[block] = 0;
}

/* --- The tree --- */

static uint32_t depth_of(const struct counts *c, uint32_t block)
{
    uint32_t depth = c->w->blocks[block].loop_depth;
    return depth > DEPTH_MAX ? DEPTH_MAX : depth;
}

static void tie_way(struct counts *c, uint32_t from, uint32_t to, uint32_t depth)
{
    if (to == FLOW_NONE)
        return;
    uint32_t of_from = depth_of(c, from), of_to = depth_of(c, to);
    if ((of_from < of_to ? of_from : of_to) == depth)
        tie(c, end_of(from), begin_of(to), 0);
}

static void grow_tree(struct counts *c, uint32_t depth)
{
    struct flow *w = c->w;
    for (uint32_t block = 0; block < c->block_count; block++) {
        if (flow_is_reached(w, block)) {
            tie_way(c, block, w->blocks[block].yes, depth);
            tie_way(c, block, w->blocks[block].no, depth);
        }
    }
    for (uint32_t turn = 0; turn < 2; turn++) {
        for (uint32_t block = 0; block < c->block_count; block++) {
            if (flow_is_reached(w, block) && depth_of(c, block) == depth &&
                c->only_counts[block] == (turn == 0))
                tie(c, begin_of(block), end_of(block), -c->added[block]);
        }
    }
}

static void make_tree(struct counts *c)
{
    for (uint32_t node = 0; node < 2 * c->block_count; node++)
        c->parent[node] = node;
    uint32_t deepest = 0;
    for (uint32_t block = 0; block < c->block_count; block++) {
        if (!flow_is_reached(c->w, block))
            continue;
        look_at(c, block);
        deepest = depth_of(c, block) > deepest ? depth_of(c, block) : deepest;
        if (c->is_fixed[block]) {
            tie(c, begin_of(0), begin_of(block), 0);
            tie(c, begin_of(0), end_of(block), 0);
        }
    }
    for (uint32_t depth = deepest + 1; depth-- != 0;)
        grow_tree(c, depth);
}

/* --- What is added then --- */

static void append_add(struct flow *w, uint32_t block, int64_t number)
{
    const struct ir_insn add = { .op = IR_ADD,
                                 .size = 8,
                                 .dst = VAR_COUNT,
                                 .a = VAR_COUNT,
                                 .b = IR_NONE,
                                 .c = IR_NONE,
                                 .d = IR_NONE,
                                 .imm = number };
    flow_append(w, block, &add);
}

static bool has_one_way(const struct flow_block *b)
{
    return b->yes == FLOW_NONE || b->no == FLOW_NONE;
}

/* On the way from one block to another: by one of them if only this way leads from it or to it, else
 * by a block of its own. */
static void add_on_way(struct counts *c, uint32_t from, bool is_yes, int64_t number)
{
    struct flow *w = c->w;
    const struct flow_block *b = &w->blocks[from];
    uint32_t to = is_yes ? b->yes : b->no;
    if (has_one_way(b) && !c->is_fixed[from]) {
        c->to_add[from] += number;
    } else if (w->blocks[to].before_count == 1 && to != 0 && !c->is_fixed[to]) {
        c->to_add[to] += number;
    } else {
        uint32_t between = flow_new_block(w);
        if (between == FLOW_NONE)
            return;
        b = &w->blocks[from];
        uint8_t depth = w->blocks[to].loop_depth;
        w->blocks[between].loop_depth = depth < b->loop_depth ? depth : b->loop_depth;
        append_add(w, between, number);
        flow_go(w, between, FLOW_NONE, FLOW_NONE, to);
        flow_go(w, from, b->branch, is_yes ? between : b->yes, is_yes ? b->no : between);
    }
}

static void count_ways(struct counts *c, uint32_t block)
{
    const struct flow_block b = c->w->blocks[block];
    int64_t yes = b.yes == FLOW_NONE ? 0 : difference(c, end_of(block), begin_of(b.yes));
    int64_t no = b.no == FLOW_NONE ? 0 : difference(c, end_of(block), begin_of(b.no));
    if (yes != 0)
        add_on_way(c, block, true, yes);
    if (no != 0 && !c->w->failed)
        add_on_way(c, block, false, no);
}

/* The block's additions become one, or none. */
static void set_added(struct counts *c, uint32_t block)
{
    struct flow *w = c->w;
    for (uint32_t i = w->blocks[block].head, next; i != FLOW_NONE; i = next) {
        next = w->next[i];
        struct ir_insn *insn = &w->f->insns[i];
        if (!adds_constant(insn))
            continue;
        insn->imm = c->to_add[block];
        c->to_add[block] = 0;
        if (insn->imm == 0)
            flow_unlink(w, block, i);
    }
    if (c->to_add[block] != 0)
        append_add(w, block, c->to_add[block]);
}

int flow_count(struct flow *w)
{
    struct lower *f = w->f;
    struct counts c = { .w = w, .block_count = w->block_count };
    c.parent = lower_alloc_raw(f->pass, 2 * (size_t)w->block_count, sizeof *c.parent);
    c.offset = lower_alloc(f->pass, 2 * (size_t)w->block_count, sizeof *c.offset);
    c.added = lower_alloc(f->pass, w->block_count, sizeof *c.added);
    c.to_add = lower_alloc(f->pass, w->block_count, sizeof *c.to_add);
    c.is_fixed = lower_alloc(f->pass, w->block_count, sizeof *c.is_fixed);
    c.only_counts = lower_alloc(f->pass, w->block_count, sizeof *c.only_counts);
    if (c.parent == NULL || c.offset == NULL || c.added == NULL || c.to_add == NULL ||
        c.is_fixed == NULL || c.only_counts == NULL)
        return -ENOMEM;
    make_tree(&c);
    for (uint32_t block = 0; block < c.block_count; block++) {
        if (flow_is_reached(w, block) && !c.is_fixed[block])
            c.to_add[block] = c.added[block] + difference(&c, begin_of(block), end_of(block));
    }
    for (uint32_t block = 0; block < c.block_count && !w->failed; block++) {
        if (flow_is_reached(w, block))
            count_ways(&c, block);
    }
    for (uint32_t block = 0; block < c.block_count && !w->failed; block++) {
        if (flow_is_reached(w, block) && !c.is_fixed[block])
            set_added(&c, block);
    }
    return w->failed ? -ENOMEM : 0;
}
