/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Which blocks begin loops, and how deep in loops each block is.
 *
 * An edge to a block that is still open in a depth-first walk closes a loop; the loop is that block
 * and all from which the edge is reached without passing it (Aho, Lam, Sethi, Ullman, Compilers,
 * 2nd edition, section 9.6.6). Guesses are made of it, nothing depends on it: where loops are nested
 * so deep that it would take long, it stops. */
#include <axiom/errno.h>

#include "flow.h"

#define WORK_FACTOR 16u /* visits of each block, on average, until it stops */

enum { NEW, OPEN, DONE };

struct loops {
    struct flow *w;
    uint32_t *stack;
    uint8_t *state, *way;     /* of each block: where the walk is, which ways it has taken */
    uint32_t *start, *before; /* of each block: its predecessors' part of `before` */
    uint32_t *seen_for;       /* of each block: the loop it was last counted into, + 1 */
    uint32_t *edges;          /* from, to of those that close loops */
    uint32_t edge_count;
};

static uint32_t next_of(const struct loops *l, uint32_t block, uint32_t way)
{
    const struct flow_block *b = &l->w->blocks[block];
    return way == 0 ? b->yes : b->no;
}

static void find_edges(struct loops *l)
{
    uint32_t depth = 0;
    l->stack[depth++] = 0;
    l->state[0] = OPEN;
    while (depth != 0) {
        uint32_t block = l->stack[depth - 1];
        if (l->way[block] == 2) {
            l->state[block] = DONE;
            depth--;
            continue;
        }
        uint32_t to = next_of(l, block, l->way[block]++);
        if (to == FLOW_NONE || l->state[to] == DONE)
            continue;
        if (l->state[to] == OPEN) {
            l->edges[l->edge_count++] = block;
            l->edges[l->edge_count++] = to;
            l->w->blocks[to].starts_loop = true;
            continue;
        }
        l->state[to] = OPEN;
        l->stack[depth++] = to;
    }
}

static int list_before(struct loops *l)
{
    uint32_t count = l->w->block_count;
    uint32_t *place = lower_alloc(l->w->f->pass, count + 1, sizeof *place);
    if (place == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < 2 * count; i++) {
        uint32_t to = next_of(l, i / 2, i % 2);
        if (to != FLOW_NONE)
            l->start[to + 1]++;
    }
    for (uint32_t block = 0; block < count; block++) {
        l->start[block + 1] += l->start[block];
        place[block + 1] = l->start[block + 1];
    }
    for (uint32_t i = 0; i < 2 * count; i++) {
        uint32_t to = next_of(l, i / 2, i % 2);
        if (to != FLOW_NONE)
            l->before[place[to]++] = i / 2;
    }
    return 0;
}

static void count_block(struct loops *l, uint32_t block, uint32_t head)
{
    l->seen_for[block] = head + 1;
    if (l->w->blocks[block].loop_depth < 200)
        l->w->blocks[block].loop_depth++;
}

/* Counts the loop's blocks that were not in it yet; how many it looked at. */
static uint32_t count_loop(struct loops *l, uint32_t from, uint32_t head)
{
    uint32_t depth = 0, work = 0;
    if (l->seen_for[head] != head + 1)
        count_block(l, head, head);
    if (l->seen_for[from] != head + 1)
        l->stack[depth++] = from;
    while (depth != 0) {
        uint32_t block = l->stack[--depth];
        work++;
        if (l->seen_for[block] == head + 1)
            continue;
        count_block(l, block, head);
        for (uint32_t i = l->start[block]; i < l->start[block + 1]; i++) {
            uint32_t before = l->before[i];
            if (l->state[before] == DONE && l->seen_for[before] != head + 1)
                l->stack[depth++] = before;
        }
    }
    return work;
}

int flow_find_loops(struct flow *w)
{
    struct loops l = { .w = w };
    size_t count = w->block_count;
    l.stack = lower_alloc(w->f->pass, 2 * count + 2, sizeof *l.stack);
    l.state = lower_alloc(w->f->pass, count, sizeof *l.state);
    l.way = lower_alloc(w->f->pass, count, sizeof *l.way);
    l.start = lower_alloc(w->f->pass, count + 2, sizeof *l.start);
    l.before = lower_alloc(w->f->pass, 2 * count + 1, sizeof *l.before);
    l.seen_for = lower_alloc(w->f->pass, count, sizeof *l.seen_for);
    l.edges = lower_alloc(w->f->pass, 4 * count + 2, sizeof *l.edges);
    if (l.stack == NULL || l.state == NULL || l.way == NULL || l.start == NULL ||
        l.before == NULL || l.seen_for == NULL || l.edges == NULL)
        return -ENOMEM;
    find_edges(&l);
    if (l.edge_count == 0)
        return 0;
    int err = list_before(&l);
    if (err)
        return err;
    uint64_t work = 0;
    for (uint32_t i = 0; i < l.edge_count && work < WORK_FACTOR * (uint64_t)count; i += 2)
        work += count_loop(&l, l.edges[i], l.edges[i + 1]);
    return 0;
}
