/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Variables to virtual registers: lives of one variable that never meet get registers of their own.
 *
 * In each block a variable that is live into it has one number, each definition makes a new one;
 * where control flows from block to block, the number at the end of the one and the number at the
 * start of the other are the same register (union-find). That is SSA form with every phi joined at
 * once, and needs no moves to leave it again. */
#include <axiom/errno.h>
#include <axiom/string.h>

#include "lower.h"

struct webs {
    struct lower *f;
    uint64_t *live_in; /* of each block: bit per variable */
    uint64_t *uses, *defines;
    uint32_t *in_base; /* number of the block's first live-in variable; the others follow */
    uint32_t *parent;  /* union-find over numbers */
    uint32_t number_count;
    uint32_t current[LOWER_VAR_MAX];
};
_Static_assert(LOWER_VAR_MAX <= 64, "one word per block");

static bool is_var(ir_place place)
{
    return place < LOWER_TEMP_FIRST;
}

static void find_uses(struct webs *w)
{
    struct lower *f = w->f;
    for (uint32_t block = 0; block < f->block_count; block++) {
        uint64_t uses = 0, defines = 0;
        if (block == 0) {
            for (uint32_t i = 0; i < IR_ARG_COUNT; i++) {
                if (f->params[i] != IR_NONE)
                    defines |= UINT64_C(1) << f->params[i];
            }
        }
        for (uint32_t i = f->blocks[block].first; i < f->blocks[block].end; i++) {
            ir_place *sources[LOWER_SOURCE_MAX];
            uint32_t count = lower_sources(f, &f->insns[i], sources);
            for (uint32_t s = 0; s < count; s++) {
                if (is_var(*sources[s]))
                    uses |= (UINT64_C(1) << *sources[s]) & ~defines;
            }
            if (is_var(f->insns[i].dst))
                defines |= UINT64_C(1) << f->insns[i].dst;
        }
        w->uses[block] = uses;
        w->defines[block] = defines;
        w->live_in[block] = uses;
    }
}

/* Backwards until nothing changes; programs are nearly in order, so a few rounds. */
static void find_live(struct webs *w)
{
    bool changed = true;
    while (changed) {
        changed = false;
        for (uint32_t block = w->f->block_count; block-- != 0;) {
            uint32_t to[2];
            uint32_t count = lower_successors(w->f, block, to);
            uint64_t out = 0;
            for (uint32_t i = 0; i < count; i++)
                out |= w->live_in[to[i]];
            uint64_t in = w->uses[block] | (out & ~w->defines[block]);
            changed |= in != w->live_in[block];
            w->live_in[block] = in;
        }
    }
}

static uint32_t find_root(struct webs *w, uint32_t number)
{
    while (w->parent[number] != number) {
        w->parent[number] = w->parent[w->parent[number]];
        number = w->parent[number];
    }
    return number;
}

static uint32_t new_number(struct webs *w)
{
    w->parent[w->number_count] = w->number_count;
    return w->number_count++;
}

/* Numbers become places after those of the temporaries, until compact() closes the gaps. */
static void rename_insn(struct webs *w, struct ir_insn *insn)
{
    ir_place *sources[LOWER_SOURCE_MAX];
    uint32_t count = lower_sources(w->f, insn, sources);
    for (uint32_t s = 0; s < count; s++) {
        if (is_var(*sources[s]))
            *sources[s] = w->f->place_count + w->current[*sources[s]];
    }
    if (is_var(insn->dst)) {
        uint32_t number = new_number(w);
        w->current[insn->dst] = number;
        insn->dst = w->f->place_count + number;
    }
}

static void start_block(struct webs *w, uint32_t block)
{
    uint32_t number = w->in_base[block];
    for (uint64_t live = w->live_in[block]; live != 0; live &= live - 1) {
        uint32_t var = (uint32_t)__builtin_ctzll(live);
        w->current[var] = number++;
    }
    if (block != 0)
        return;
    for (uint32_t i = 0; i < IR_ARG_COUNT; i++) {
        ir_place *param = &w->f->params[i];
        if (*param == IR_NONE)
            continue;
        w->current[*param] = new_number(w);
        *param = w->f->place_count + w->current[*param];
    }
}

static void join_successors(struct webs *w, uint32_t block)
{
    uint32_t to[2];
    uint32_t count = lower_successors(w->f, block, to);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = w->in_base[to[i]];
        for (uint64_t live = w->live_in[to[i]]; live != 0; live &= live - 1) {
            uint32_t var = (uint32_t)__builtin_ctzll(live);
            uint32_t a = find_root(w, w->current[var]);
            uint32_t b = find_root(w, number++);
            /* The smaller becomes the root: numbers stay in the order of the code. */
            if (a < b)
                w->parent[b] = a;
            else
                w->parent[a] = b;
        }
    }
}

/* Every root gets a dense number; temporaries come first. */
static void compact(struct webs *w, uint32_t *dense)
{
    struct lower *f = w->f;
    uint32_t first = f->place_count, count = first - LOWER_TEMP_FIRST;
    /* A root is the least of its numbers, so it has its own before the others ask. */
    for (uint32_t i = 0; i < w->number_count; i++)
        dense[i] = w->parent[i] == i ? count++ : dense[find_root(w, i)];
    for (uint32_t i = 0; i < f->insn_count; i++) {
        ir_place *places[LOWER_SOURCE_MAX + 1];
        uint32_t place_count = lower_sources(f, &f->insns[i], places);
        if (f->insns[i].dst != IR_NONE)
            places[place_count++] = &f->insns[i].dst;
        for (uint32_t s = 0; s < place_count; s++) {
            ir_place place = *places[s];
            *places[s] = place < first ? place - LOWER_TEMP_FIRST : dense[place - first];
        }
    }
    for (uint32_t i = 0; i < IR_ARG_COUNT; i++) {
        if (f->params[i] != IR_NONE)
            f->params[i] = dense[f->params[i] - first];
    }
    f->place_count = count;
}

int lower_webs(struct lower *f)
{
    struct webs w = { .f = f };
    w.uses = lower_alloc(f->pass, f->block_count, sizeof *w.uses);
    w.defines = lower_alloc(f->pass, f->block_count, sizeof *w.defines);
    w.live_in = lower_alloc(f->pass, f->block_count, sizeof *w.live_in);
    w.in_base = lower_alloc(f->pass, f->block_count, sizeof *w.in_base);
    if (w.uses == NULL || w.defines == NULL || w.live_in == NULL || w.in_base == NULL)
        return -ENOMEM;
    find_uses(&w);
    find_live(&w);
    /* What is live into the entry without being defined there is never read in a verified program;
     * in others it is what the entry left in the host register. build_entry() defines all. */
    uint32_t in_count = 0;
    for (uint32_t block = 0; block < f->block_count; block++) {
        w.in_base[block] = in_count;
        in_count += (uint32_t)__builtin_popcountll(w.live_in[block]);
    }
    size_t number_max = (size_t)in_count + f->insn_count + IR_ARG_COUNT;
    w.parent = lower_alloc_raw(f->pass, number_max, sizeof *w.parent);
    uint32_t *dense = lower_alloc_raw(f->pass, number_max, sizeof *dense);
    if (w.parent == NULL || dense == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < in_count; i++)
        new_number(&w);
    for (uint32_t block = 0; block < f->block_count; block++) {
        start_block(&w, block);
        for (uint32_t i = f->blocks[block].first; i < f->blocks[block].end; i++)
            rename_insn(&w, &f->insns[i]);
        join_successors(&w, block);
    }
    compact(&w, dense);
    return 0;
}
