/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Which virtual registers are live out of which block, and instructions that nobody needs.
 *
 * Registers are looked at one after the other: from each block that reads one before it writes it,
 * backwards to the blocks that write it. So the work is as much as there is liveness, and a program
 * with many short lives costs no more than its length. */
#include <axiom/errno.h>
#include <axiom/string.h>

#include "lower.h"

/* Blocks in lists that begin at an index (of a block, of a register): places + 1 in `items`. */
struct item {
    uint32_t next; /* 0: the last */
    uint32_t block;
};

struct live {
    struct lower *f;
    struct item *items;
    uint32_t item_count, item_capacity;
    uint32_t *before;  /* of each block: its predecessors */
    uint32_t *readers; /* of each register: blocks that read it before they write it */
    uint32_t *writers; /* of each register that has readers: blocks that write it */
    uint32_t *in_stamp, *out_stamp,
        *write_stamp; /* of each block: register + 1 it was last seen for */
    uint32_t *stack;
    bool failed;
};

static void grow_items(struct live *l)
{
    uint32_t capacity = l->item_capacity * 2 + 64;
    struct item *items = lower_alloc_raw(l->f->pass, capacity, sizeof *items);
    if (items == NULL) {
        l->failed = true;
        l->item_count = 0; /* over the old ones: nothing will be made of them */
        return;
    }
    if (l->item_count != 0)
        memcpy(items, l->items, l->item_count * sizeof *items);
    l->items = items;
    l->item_capacity = capacity;
}

static void add(struct live *l, uint32_t *list, uint32_t block)
{
    if (l->item_count == l->item_capacity)
        grow_items(l);
    if (l->item_capacity == 0)
        return;
    l->items[l->item_count] = (struct item){ *list, block };
    *list = ++l->item_count;
}

static void note_edges(struct live *l)
{
    for (uint32_t block = 0; block < l->f->block_count; block++) {
        uint32_t to[2];
        uint32_t count = lower_successors(l->f, block, to);
        for (uint32_t i = 0; i < count; i++)
            add(l, &l->before[to[i]], block);
    }
}

/* Who reads what from before: the first read of a register in a block that did not write it. */
static void note_readers(struct live *l, uint32_t *seen_in)
{
    struct lower *f = l->f;
    for (uint32_t block = 0; block < f->block_count; block++) {
        for (uint32_t i = f->blocks[block].first; i < f->blocks[block].end; i++) {
            ir_place *sources[LOWER_SOURCE_MAX];
            uint32_t source_count = lower_sources(f, &f->insns[i], sources);
            for (uint32_t s = 0; s < source_count; s++) {
                ir_place p = *sources[s];
                if (seen_in[p] == block + 1)
                    continue;
                seen_in[p] = block + 1;
                add(l, &l->readers[p], block);
            }
            if (f->insns[i].dst != IR_NONE)
                seen_in[f->insns[i].dst] = block + 1;
        }
    }
}

/* Who writes them; the others live in one block only, which nobody asks about. */
static void note_writers(struct live *l)
{
    struct lower *f = l->f;
    for (uint32_t block = 0; block < f->block_count; block++) {
        for (uint32_t i = f->blocks[block].first; i < f->blocks[block].end; i++) {
            ir_place dst = f->insns[i].dst;
            if (dst == IR_NONE || l->readers[dst] == 0)
                continue;
            uint32_t last = l->writers[dst];
            if (last == 0 || l->items[last - 1].block != block)
                add(l, &l->writers[dst], block);
        }
    }
}

/* The register is live into `block`: out of all before it, and into those that do not write it. */
static int spread(struct live *l, ir_place place, uint32_t depth)
{
    struct lower *f = l->f;
    while (depth != 0) {
        uint32_t block = l->stack[--depth];
        for (uint32_t i = l->before[block]; i != 0; i = l->items[i - 1].next) {
            uint32_t from = l->items[i - 1].block;
            if (l->out_stamp[from] == place + 1)
                continue;
            l->out_stamp[from] = place + 1;
            struct lower_live *node = lower_alloc_raw(f->scratch, 1, sizeof *node);
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
        for (uint32_t i = l->writers[place]; i != 0; i = l->items[i - 1].next)
            l->write_stamp[l->items[i - 1].block] = place + 1;
        for (uint32_t i = l->readers[place]; i != 0; i = l->items[i - 1].next) {
            uint32_t block = l->items[i - 1].block;
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

/* Backwards through each block: what is pure and writes what is not live goes. What only that read
 * stays live where it was: too long, which does no harm. */
static void remove_dead(struct lower *f, uint32_t *live_stamp)
{
    for (uint32_t block = 0; block < f->block_count; block++) {
        for (const struct lower_live *out = f->live_out[block]; out != NULL; out = out->next)
            live_stamp[out->place] = block + 1;
        for (uint32_t i = f->blocks[block].end; i-- != f->blocks[block].first;) {
            struct ir_insn *insn = &f->insns[i];
            if (insn->dst != IR_NONE && live_stamp[insn->dst] != block + 1) {
                if (lower_is_pure(insn)) {
                    lower_erase(insn);
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
}

static int analyse(struct lower *f)
{
    struct live l = { .f = f };
    f->live_out = lower_alloc(f->scratch, f->block_count, sizeof *f->live_out);
    if (f->live_out == NULL)
        return -ENOMEM;
    if (f->block_count == 1)
        return 0;
    l.before = lower_alloc(f->pass, f->block_count, sizeof *l.before);
    l.in_stamp = lower_alloc(f->pass, f->block_count, sizeof *l.in_stamp);
    l.out_stamp = lower_alloc(f->pass, f->block_count, sizeof *l.out_stamp);
    l.write_stamp = lower_alloc(f->pass, f->block_count, sizeof *l.write_stamp);
    l.stack = lower_alloc_raw(f->pass, f->block_count + 1, sizeof *l.stack);
    l.readers = lower_alloc(f->pass, f->place_count + 1, sizeof *l.readers);
    l.writers = lower_alloc(f->pass, f->place_count + 1, sizeof *l.writers);
    uint32_t *seen_in = lower_alloc(f->pass, f->place_count + 1, sizeof *seen_in);
    if (l.before == NULL || l.in_stamp == NULL || l.out_stamp == NULL || l.write_stamp == NULL ||
        l.stack == NULL || l.readers == NULL || l.writers == NULL || seen_in == NULL)
        return -ENOMEM;
    note_edges(&l);
    note_readers(&l, seen_in);
    note_writers(&l);
    return l.failed ? -ENOMEM : find_live(&l);
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
    /* In a single block remove_dead() sees as much. */
    int err = f->block_count == 1 ? 0 : remove_unread(f);
    if (err == 0)
        err = analyse(f);
    if (err == 0)
        remove_dead(f, live_stamp);
    return err;
}
