/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The order of a function's blocks, and the list of instructions again.
 *
 * How often each block runs is guessed: loops go round eight times, comparisons for equality mostly
 * fail (Ball and Larus, Branch Prediction for Free, PLDI 1993). Then chains (Pettis and Hansen,
 * Profile Guided Code Positioning, PLDI 1990, section 3.1): from the most frequent edge to the least,
 * the chain that ends at the one block is joined to the chain that begins at the other. */
#include <axiom/errno.h>

#include "flow.h"

#define ENTRY_FREQUENCY 256u
#define FREQUENCY_MAX   (1u << 28)
#define LOOP_ROUNDS     8u
#define CLASS_COUNT     116u /* of frequencies: four per octave */

struct order {
    struct flow *w;
    uint32_t *sorted; /* blocks, each after those it is reached from but by loops */
    uint32_t sorted_count;
    uint32_t *number;         /* of each block in `sorted` */
    uint32_t *frequency;      /* of each block */
    uint32_t *after, *before; /* of each block: its neighbours in its chain */
    uint32_t *chain;          /* union-find: blocks of one chain */
};

/* --- How often --- */

/* Depth first; blocks in the order in which they are left, backwards. */
static void sort_blocks(struct order *o, uint32_t *stack, uint8_t *state)
{
    struct flow *w = o->w;
    uint32_t depth = 0, place = w->block_count;
    stack[depth++] = 0;
    state[0] = 1;
    while (depth != 0) {
        uint32_t block = stack[depth - 1];
        const struct flow_block *b = &w->blocks[block];
        /* `no` first: it ends up behind. */
        uint32_t to[2] = { b->yes, b->no };
        uint32_t next = FLOW_NONE;
        while (state[block] < 3 && next == FLOW_NONE) {
            uint32_t candidate = to[state[block]++ - 1];
            if (candidate != FLOW_NONE && state[candidate] == 0)
                next = candidate;
        }
        if (next != FLOW_NONE) {
            state[next] = 1;
            stack[depth++] = next;
            continue;
        }
        o->sorted[--place] = block;
        depth--;
    }
    o->sorted_count = w->block_count - place;
    for (uint32_t i = 0; i < o->sorted_count; i++) {
        o->sorted[i] = o->sorted[place + i];
        o->number[o->sorted[i]] = i;
    }
}

/* How many of 16 times the condition holds. */
static uint32_t likelihood(const struct flow *w, const struct flow_block *b)
{
    const struct ir_insn *branch = &w->insns[b->branch];
    uint8_t own = b->loop_depth, yes = w->blocks[b->yes].loop_depth,
            no = w->blocks[b->no].loop_depth;
    if (own != 0 && yes != no && (yes < own || no < own))
        return yes < no ? 2 : 14;
    if ((branch->flags & (IR_LIKELY | IR_UNLIKELY)) != 0)
        return (branch->flags & IR_LIKELY) != 0 ? 15 : 1;
    switch (branch->cond) {
    case IR_EQ:
        return 5;
    case IR_NE:
        return 11;
    case IR_LTS:
        return branch->b == IR_NONE && branch->imm == 0 ? 5 : 8;
    case IR_GES:
        return branch->b == IR_NONE && branch->imm == 0 ? 11 : 8;
    default:
        return 8;
    }
}

static uint32_t edge_frequency(const struct order *o, uint32_t block, bool is_yes)
{
    const struct flow_block *b = &o->w->blocks[block];
    uint32_t all = o->frequency[block];
    if (b->branch == FLOW_NONE)
        return is_yes ? 0 : all;
    uint32_t holds = likelihood(o->w, b);
    return (uint32_t)((uint64_t)all * (is_yes ? holds : 16 - holds) / 16);
}

static void add_frequency(struct order *o, uint32_t from, uint32_t to, uint32_t frequency)
{
    if (to == FLOW_NONE || o->number[to] <= o->number[from])
        return;
    uint64_t sum = (uint64_t)o->frequency[to] + frequency;
    if (o->w->blocks[to].loop_depth > o->w->blocks[from].loop_depth)
        sum = o->frequency[to] + (uint64_t)frequency * LOOP_ROUNDS;
    o->frequency[to] = sum > FREQUENCY_MAX ? FREQUENCY_MAX : (uint32_t)sum;
}

static void guess_frequencies(struct order *o)
{
    o->frequency[0] = ENTRY_FREQUENCY;
    for (uint32_t i = 0; i < o->sorted_count; i++) {
        uint32_t block = o->sorted[i];
        const struct flow_block *b = &o->w->blocks[block];
        o->frequency[block] += o->frequency[block] == 0;
        add_frequency(o, block, b->yes, edge_frequency(o, block, true));
        add_frequency(o, block, b->no, edge_frequency(o, block, false));
    }
}

/* --- Chains --- */

static uint32_t find_chain(struct order *o, uint32_t block)
{
    while (o->chain[block] != block) {
        o->chain[block] = o->chain[o->chain[block]];
        block = o->chain[block];
    }
    return block;
}

static void join_chains(struct order *o, uint32_t from, uint32_t to)
{
    if (to == FLOW_NONE || to == 0 || o->after[from] != FLOW_NONE || o->before[to] != FLOW_NONE ||
        find_chain(o, from) == find_chain(o, to))
        return;
    o->after[from] = to;
    o->before[to] = from;
    o->chain[find_chain(o, to)] = find_chain(o, from);
}

static uint32_t class_of(uint32_t frequency)
{
    if (frequency < 4)
        return frequency;
    uint32_t octave = 31u - (uint32_t)__builtin_clz(frequency);
    return (octave - 1) * 4 + (frequency >> (octave - 2) & 3);
}

/* Edge 2 b: from b on, edge 2 b + 1: from b by its branch. Those into the next block of the program
 * come first among equals. */
static int make_chains(struct order *o)
{
    struct flow *w = o->w;
    uint32_t start[2 * CLASS_COUNT + 1] = { 0 };
    uint32_t *edges = lower_alloc(w->f->pass, 2 * (size_t)w->block_count + 1, sizeof *edges);
    if (edges == NULL)
        return -ENOMEM;
    for (uint32_t fill = 0; fill < 2; fill++) {
        for (uint32_t i = 0; i < 2 * o->sorted_count; i++) {
            uint32_t block = o->sorted[i / 2];
            bool is_yes = (i & 1) != 0;
            uint32_t to = is_yes ? w->blocks[block].yes : w->blocks[block].no;
            if (to == FLOW_NONE)
                continue;
            uint32_t key = 2 * (CLASS_COUNT - 1 - class_of(edge_frequency(o, block, is_yes))) +
                           (to != block + 1);
            if (fill != 0)
                edges[start[key]++] = 2 * block + is_yes;
            else
                start[key + 1]++;
        }
        for (uint32_t k = 1; fill == 0 && k <= 2 * CLASS_COUNT; k++)
            start[k] += start[k - 1];
    }
    for (uint32_t i = 0; i < start[2 * CLASS_COUNT - 1]; i++) {
        const struct flow_block *b = &w->blocks[edges[i] / 2];
        join_chains(o, edges[i] / 2, (edges[i] & 1) != 0 ? b->yes : b->no);
    }
    return 0;
}

/* The blocks in order; how many; 0 without memory. */
static uint32_t find_order(struct order *o, uint32_t *list)
{
    struct flow *w = o->w;
    struct lower *f = w->f;
    size_t count = w->block_count;
    uint32_t *stack = lower_alloc(f->pass, count, sizeof *stack);
    uint8_t *state = lower_alloc(f->pass, count, sizeof *state);
    o->sorted = lower_alloc(f->pass, count, sizeof(uint32_t));
    o->number = lower_alloc(f->pass, count, sizeof(uint32_t));
    o->frequency = lower_alloc(f->pass, count, sizeof(uint32_t));
    o->after = lower_alloc(f->pass, count, sizeof(uint32_t));
    o->before = lower_alloc(f->pass, count, sizeof(uint32_t));
    o->chain = lower_alloc(f->pass, count, sizeof(uint32_t));
    if (stack == NULL || state == NULL || o->sorted == NULL || o->number == NULL ||
        o->frequency == NULL || o->after == NULL || o->before == NULL || o->chain == NULL)
        return 0;
    for (uint32_t i = 0; i < w->block_count; i++) {
        o->after[i] = o->before[i] = FLOW_NONE;
        o->chain[i] = i;
    }
    sort_blocks(o, stack, state);
    guess_frequencies(o);
    if (make_chains(o) != 0)
        return 0;
    uint32_t length = 0;
    for (uint32_t head = 0; head < w->block_count; head++) {
        if (o->before[head] != FLOW_NONE || state[head] == 0)
            continue;
        for (uint32_t block = head; block != FLOW_NONE; block = o->after[block])
            list[length++] = block;
    }
    return length;
}

/* --- Back to a list --- */

struct writer {
    struct flow *w;
    struct order order;
    uint32_t *list, *places;
    uint32_t list_count;
};

static void open_block(struct writer *x, uint32_t block)
{
    struct lower *f = x->w->f;
    struct ir_block *own = lower_append_block(f); /* there is room */
    own->loop_depth = x->w->blocks[block].loop_depth;
    own->frequency = x->order.frequency[block];
    own->starts_loop = x->w->blocks[block].starts_loop;
}

/* What ends the block, when `next` stands behind it; a jump behind a branch is a block of its own.
 */
static void put_end(struct writer *x, uint32_t block, uint32_t next)
{
    struct lower *f = x->w->f;
    const struct flow_block *b = &x->w->blocks[block];
    uint32_t no = b->no;
    if (b->branch != FLOW_NONE) {
        struct ir_insn branch = x->w->insns[b->branch];
        branch.d = x->places[b->yes];
        bool jumps = no != next && b->yes != next;
        if (no != next && (!jumps || edge_frequency(&x->order, block, true) <
                                         edge_frequency(&x->order, block, false))) {
            /* What is more frequent takes the branch: the jump behind it costs the other. */
            branch.cond ^= 1;
            branch.d = x->places[no];
            no = b->yes;
        }
        *lower_append(f) = branch;
        f->blocks[f->block_count - 1].end = f->insn_count;
        if (no != next) {
            open_block(x, block);
            f->blocks[f->block_count - 1].starts_loop = false;
        }
    }
    if (no != FLOW_NONE && no != next) {
        struct ir_insn *jump = lower_append(f);
        jump->op = IR_JUMP;
        jump->target = x->places[no];
    }
    f->blocks[f->block_count - 1].end = f->insn_count;
}

/* Room for all is there: the lists of before have become the graph's own. */
static int open_lists(struct writer *x)
{
    struct flow *w = x->w;
    struct lower *f = w->f;
    /* Each block ends with two more at most, and splits into two. */
    size_t insn_max = (size_t)f->insn_count + 2 * (size_t)w->block_count;
    if (lower_expect(f, (uint32_t)insn_max) != 0)
        return -ENOMEM;
    f->blocks = lower_alloc(f->scratch, 2 * (size_t)w->block_count, sizeof *f->blocks);
    if (f->blocks == NULL)
        return -ENOMEM;
    f->block_count = 0;
    f->block_capacity = 2 * w->block_count;
    return 0;
}

int flow_write_back(struct flow *w)
{
    struct writer x = { .w = w, .order.w = w };
    w->insns = w->f->insns;
    x.list = lower_alloc(w->f->pass, w->block_count, sizeof *x.list);
    x.places = lower_alloc(w->f->pass, w->block_count, sizeof *x.places);
    if (x.list == NULL || x.places == NULL)
        return -ENOMEM;
    x.list_count = find_order(&x.order, x.list);
    if (x.list_count == 0 || open_lists(&x) != 0)
        return -ENOMEM;
    uint32_t place = 0;
    for (uint32_t i = 0; i < x.list_count; i++) {
        const struct flow_block *b = &w->blocks[x.list[i]];
        uint32_t next = i + 1 < x.list_count ? x.list[i + 1] : FLOW_NONE;
        x.places[x.list[i]] = place;
        place += 1u + (b->branch != FLOW_NONE && b->yes != next && b->no != next);
    }
    for (uint32_t i = 0; i < x.list_count; i++) {
        open_block(&x, x.list[i]);
        for (uint32_t k = w->blocks[x.list[i]].head; k != FLOW_NONE; k = w->next[k])
            *lower_append_raw(w->f) = w->insns[k];
        put_end(&x, x.list[i], i + 1 < x.list_count ? x.list[i + 1] : FLOW_NONE);
    }
    return 0;
}
