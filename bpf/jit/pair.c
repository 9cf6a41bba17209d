/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Loads whose value one instruction reads go before that one, so that an encoder whose CPU computes
 * with operands in memory can make both one. Only if nothing between writes memory or what the
 * address is made of: it is the same load, once, as before. Only in functions with loops: what runs
 * once is not worth the time. */
#include <axiom/errno.h>

#include "lower.h"

#define WAY_MAX 12u /* instructions that a load goes past */

struct pairer {
    struct lower *f;
    uint32_t *reads, *writes;     /* of each register, how many */
    uint32_t *last_write;         /* of each register, in this block: instruction + 1 */
    uint32_t block_first, impure; /* the block's last instruction that may write memory, + 1 */
};

static bool is_candidate(const struct pairer *p, const struct ir_insn *load)
{
    return load->op == IR_LOAD && load->dst != IR_NONE && p->reads[load->dst] == 1 &&
           p->writes[load->dst] == 1;
}

/* Reads it as an operand that may lie in memory, all of it or its low part: not as part of an address, nor as what is
 * stored. Less than four bytes are compared with constants only. */
static bool takes_operand(const struct ir_insn *insn, const struct ir_insn *load)
{
    bool compares = insn->op == IR_SET || insn->op == IR_SELECT || insn->op == IR_BRANCH;
    bool computes = insn->op >= IR_ADD && insn->op <= IR_XOR;
    return (compares || computes) && (insn->a == load->dst || insn->b == load->dst) &&
           (load->size >= insn->size || (compares && insn->b == IR_NONE));
}

/* The load at `from` to just before `to`. */
static void move_load(struct pairer *p, uint32_t from, uint32_t to)
{
    struct ir_insn *insns = p->f->insns, load = insns[from];
    for (uint32_t i = from; i + 1 < to; i++) {
        insns[i] = insns[i + 1];
        if (insns[i].dst != IR_NONE && p->last_write[insns[i].dst] == i + 2)
            p->last_write[insns[i].dst] = i + 1;
    }
    insns[to - 1] = load;
    p->last_write[load.dst] = to;
}

static bool try_operand(struct pairer *p, uint32_t reader, ir_place place)
{
    if (place == IR_NONE || p->last_write[place] <= p->block_first)
        return false;
    uint32_t from = p->last_write[place] - 1;
    struct ir_insn *load = &p->f->insns[from];
    if (reader - from > WAY_MAX || !is_candidate(p, load) ||
        !takes_operand(&p->f->insns[reader], load) || p->impure > from ||
        p->last_write[load->a] > from + 1 ||
        (load->b != IR_NONE && p->last_write[load->b] > from + 1))
        return false;
    load->flags |= IR_ONE_READER;
    move_load(p, from, reader);
    return true;
}

static void pair_block(struct pairer *p, const struct ir_block *block)
{
    p->block_first = p->impure = block->first;
    for (uint32_t i = block->first; i < block->end; i++) {
        const struct ir_insn *insn = &p->f->insns[i];
        if (insn->op == IR_NOP)
            continue;
        if (!try_operand(p, i, insn->b))
            try_operand(p, i, insn->a);
        if (!lower_is_pure(insn))
            p->impure = i + 1;
        if (insn->dst != IR_NONE)
            p->last_write[insn->dst] = i + 1;
    }
}

int lower_pair(struct lower *f)
{
    struct pairer p = { .f = f };
    bool loops = false;
    for (uint32_t block = 0; block < f->block_count; block++)
        loops |= f->blocks[block].loop_depth != 0;
    if ((f->target->features & IR_MEMORY_OPERANDS) == 0 || !loops)
        return 0;
    p.reads = lower_alloc(f->pass, f->place_count + 1, sizeof *p.reads);
    p.writes = lower_alloc(f->pass, f->place_count + 1, sizeof *p.writes);
    p.last_write = lower_alloc(f->pass, f->place_count + 1, sizeof *p.last_write);
    if (p.reads == NULL || p.writes == NULL || p.last_write == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < f->insn_count; i++) {
        ir_place *sources[LOWER_SOURCE_MAX];
        uint32_t count = lower_sources(f, &f->insns[i], sources);
        for (uint32_t s = 0; s < count; s++)
            p.reads[*sources[s]]++;
        if (f->insns[i].dst != IR_NONE)
            p.writes[f->insns[i].dst]++;
    }
    for (uint32_t block = 0; block < f->block_count; block++)
        pair_block(&p, &f->blocks[block]);
    return 0;
}
