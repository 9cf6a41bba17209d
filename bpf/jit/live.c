/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Which virtual registers are live out of which block, and instructions that nobody needs.
 *
 * Registers are looked at one after the other: from each block that reads one before it writes it,
 * backwards to the blocks that write it. So the work is as much as there is liveness, and a program
 * with many short lives costs no more than its length. */
#include <axiom/errno.h>
#include <axiom/string.h>

#include "lower.h"

/* For every block its predecessors, for every register the blocks that read it from before, in
 * counting-sorted lists. */
struct lists {
    uint32_t *start; /* of each key's part of `items`; one more at the end */
    uint32_t *items;
};

struct live {
    struct lower *f;
    struct lists before;  /* block: predecessors */
    struct lists readers; /* register: blocks that read it before they write it */
    struct lists writers; /* register: blocks that write it */
    uint32_t *in_stamp, *out_stamp,
        *write_stamp; /* of each block: register + 1 it was last seen for */
    uint32_t *stack;
};

/* What goes into a list: called with NULL `items` to count. */
static void add(struct lists *lists, uint32_t key, uint32_t item, bool fill)
{
    if (fill)
        lists->items[--lists->start[key + 1]] = item;
    else
        lists->start[key + 1]++;
}

/* After counting: start[k + 1] becomes the end of k's part, which filling moves to its start. */
static int open_lists(struct lower *f, struct lists *lists, uint32_t key_count)
{
    uint32_t total = 0;
    for (uint32_t k = 0; k < key_count; k++) {
        total += lists->start[k + 1];
        lists->start[k + 1] = total;
    }
    lists->items = lower_alloc(f->pass, total + 1, sizeof *lists->items);
    return lists->items == NULL ? -ENOMEM : 0;
}

/* After filling start[k + 1] is the start of k's part: move down, and close the end. */
static void close_lists(struct lists *lists, uint32_t key_count, uint32_t total)
{
    for (uint32_t k = 0; k < key_count; k++)
        lists->start[k] = lists->start[k + 1];
    lists->start[key_count] = total;
}

static void walk_edges(struct live *l, bool fill)
{
    for (uint32_t block = 0; block < l->f->block_count; block++) {
        uint32_t to[2];
        uint32_t count = lower_successors(l->f, block, to);
        for (uint32_t i = 0; i < count; i++)
            add(&l->before, to[i], block, fill);
    }
}

/* Notes who reads what from before: `read_in` of a register is the last block + 1 that does, 0: none. */
static uint32_t walk_readers(struct live *l, bool fill, uint32_t *read_in, uint32_t *written_in)
{
    struct lower *f = l->f;
    uint32_t count = 0;
    for (uint32_t block = 0; block < f->block_count; block++) {
        for (uint32_t i = f->blocks[block].first; i < f->blocks[block].end; i++) {
            ir_place *sources[LOWER_SOURCE_MAX];
            uint32_t source_count = lower_sources(f, &f->insns[i], sources);
            for (uint32_t s = 0; s < source_count; s++) {
                ir_place p = *sources[s];
                if (written_in[p] == block + 1 || read_in[p] == block + 1)
                    continue;
                read_in[p] = block + 1;
                add(&l->readers, p, block, fill);
                count++;
            }
            if (f->insns[i].dst != IR_NONE)
                written_in[f->insns[i].dst] = block + 1;
        }
    }
    return count;
}

/* Who writes them; the others live in one block only, which nobody asks about. */
static void walk_writers(struct live *l, bool fill, const uint32_t *read_in, uint32_t *written_in)
{
    struct lower *f = l->f;
    for (uint32_t block = 0; block < f->block_count; block++) {
        for (uint32_t i = f->blocks[block].first; i < f->blocks[block].end; i++) {
            ir_place dst = f->insns[i].dst;
            if (dst == IR_NONE || read_in[dst] == 0 || written_in[dst] == block + 1)
                continue;
            written_in[dst] = block + 1;
            add(&l->writers, dst, block, fill);
        }
    }
}

/* *any false: nothing is live from one block to another, and the lists are not made. */
static int make_lists(struct live *l, bool *any)
{
    struct lower *f = l->f;
    uint32_t blocks = f->block_count, places = f->place_count;
    l->before.start = lower_alloc(f->pass, blocks + 1, sizeof(uint32_t));
    l->readers.start = lower_alloc(f->pass, places + 1, sizeof(uint32_t));
    uint32_t *read_in = lower_alloc(f->pass, places + 1, sizeof(uint32_t));
    uint32_t *written_in = lower_alloc(f->pass, places + 1, sizeof(uint32_t));
    if (l->before.start == NULL || l->readers.start == NULL || read_in == NULL ||
        written_in == NULL)
        return -ENOMEM;
    *any = walk_readers(l, false, read_in, written_in) != 0;
    if (!*any)
        return 0;
    l->writers.start = lower_alloc(f->pass, places + 1, sizeof(uint32_t));
    if (l->writers.start == NULL)
        return -ENOMEM;
    memset(written_in, 0, (places + 1) * sizeof *written_in);
    walk_edges(l, false);
    walk_writers(l, false, read_in, written_in);
    if (open_lists(f, &l->before, blocks) != 0 || open_lists(f, &l->readers, places) != 0 ||
        open_lists(f, &l->writers, places) != 0)
        return -ENOMEM;
    uint32_t totals[3] = { l->before.start[blocks], l->readers.start[places],
                           l->writers.start[places] };
    memset(written_in, 0, (places + 1) * sizeof *written_in);
    walk_edges(l, true);
    walk_writers(l, true, read_in, written_in);
    memset(read_in, 0, (places + 1) * sizeof *read_in);
    memset(written_in, 0, (places + 1) * sizeof *written_in);
    walk_readers(l, true, read_in, written_in);
    close_lists(&l->before, blocks, totals[0]);
    close_lists(&l->readers, places, totals[1]);
    close_lists(&l->writers, places, totals[2]);
    return 0;
}

/* The register is live into `block`: out of all before it, and into those that do not write it. */
static int spread(struct live *l, ir_place place, uint32_t depth)
{
    struct lower *f = l->f;
    while (depth != 0) {
        uint32_t block = l->stack[--depth];
        for (uint32_t i = l->before.start[block]; i < l->before.start[block + 1]; i++) {
            uint32_t from = l->before.items[i];
            if (l->out_stamp[from] == place + 1)
                continue;
            l->out_stamp[from] = place + 1;
            struct lower_live *node = lower_alloc(f->scratch, 1, sizeof *node);
            if (node == NULL)
                return -ENOMEM;
            node->place = place;
            node->next = f->live_out[from];
            f->live_out[from] = node;
            if (l->write_stamp[from] == place + 1 || l->in_stamp[from] == place + 1)
                continue;
            l->in_stamp[from] = place + 1;
            l->stack[depth++] = from;
        }
    }
    return 0;
}

static int find_live(struct live *l)
{
    struct lower *f = l->f;
    for (ir_place place = 0; place < f->place_count; place++) {
        uint32_t depth = 0;
        for (uint32_t i = l->writers.start[place]; i < l->writers.start[place + 1]; i++)
            l->write_stamp[l->writers.items[i]] = place + 1;
        for (uint32_t i = l->readers.start[place]; i < l->readers.start[place + 1]; i++) {
            uint32_t block = l->readers.items[i];
            if (l->in_stamp[block] == place + 1)
                continue;
            l->in_stamp[block] = place + 1;
            l->stack[depth++] = block;
        }
        int err = spread(l, place, depth);
        if (err)
            return err;
    }
    return 0;
}

/* Backwards through each block: what is pure and writes what is not live goes. True: some did. */
static bool remove_dead(struct lower *f, uint32_t *live_stamp)
{
    bool removed = false;
    for (uint32_t block = 0; block < f->block_count; block++) {
        for (const struct lower_live *out = f->live_out[block]; out != NULL; out = out->next)
            live_stamp[out->place] = block + 1;
        for (uint32_t i = f->blocks[block].end; i-- != f->blocks[block].first;) {
            struct ir_insn *insn = &f->insns[i];
            if (insn->dst != IR_NONE && live_stamp[insn->dst] != block + 1) {
                if (lower_is_pure(insn)) {
                    lower_erase(insn);
                    removed = true;
                    continue;
                }
                if (insn->op == IR_CALL || (insn->op >= IR_ATOMIC_ADD && insn->op <= IR_ATOMIC_XOR))
                    insn->dst = IR_NONE;
            }
            if (insn->dst != IR_NONE)
                live_stamp[insn->dst] = 0;
            ir_place *sources[LOWER_SOURCE_MAX];
            uint32_t count = lower_sources(f, insn, sources);
            for (uint32_t s = 0; s < count; s++)
                live_stamp[*sources[s]] = block + 1;
        }
    }
    return removed;
}

static int analyse(struct lower *f)
{
    struct live l = { .f = f };
    f->live_out = lower_alloc(f->scratch, f->block_count, sizeof *f->live_out);
    l.in_stamp = lower_alloc(f->pass, f->block_count, sizeof *l.in_stamp);
    l.out_stamp = lower_alloc(f->pass, f->block_count, sizeof *l.out_stamp);
    l.write_stamp = lower_alloc(f->pass, f->block_count, sizeof *l.write_stamp);
    l.stack = lower_alloc(f->pass, f->block_count + 1, sizeof *l.stack);
    if (f->live_out == NULL || l.in_stamp == NULL || l.out_stamp == NULL || l.write_stamp == NULL ||
        l.stack == NULL)
        return -ENOMEM;
    bool any = false;
    int err = make_lists(&l, &any);
    return err != 0 || !any ? err : find_live(&l);
}

/* What nobody reads at all goes without asking where things are live: backwards, so that what only it
 * read goes, too. */
static int remove_unread(struct lower *f)
{
    uint32_t *reads = lower_alloc(f->pass, f->place_count + 1, sizeof *reads);
    if (reads == NULL)
        return -ENOMEM;
    ir_place *sources[LOWER_SOURCE_MAX];
    for (uint32_t i = 0; i < f->insn_count; i++) {
        uint32_t count = lower_sources(f, &f->insns[i], sources);
        for (uint32_t s = 0; s < count; s++)
            reads[*sources[s]]++;
    }
    for (uint32_t i = f->insn_count; i-- != 0;) {
        struct ir_insn *insn = &f->insns[i];
        if (insn->dst == IR_NONE || reads[insn->dst] != 0 || !lower_is_pure(insn))
            continue;
        uint32_t count = lower_sources(f, insn, sources);
        for (uint32_t s = 0; s < count; s++)
            reads[*sources[s]]--;
        lower_erase(insn);
    }
    return 0;
}

int lower_live(struct lower *f)
{
    uint32_t *live_stamp = lower_alloc(f->pass, f->place_count + 1, sizeof *live_stamp);
    if (live_stamp == NULL)
        return -ENOMEM;
    int err = remove_unread(f);
    if (err == 0)
        err = analyse(f);
    /* What a removed instruction read may be dead in other blocks now: once more, not for ever. */
    if (err == 0 && remove_dead(f, live_stamp))
        err = analyse(f);
    return err;
}
