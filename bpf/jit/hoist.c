/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Constants that are made again in every round of a loop are made once, before it, as far as there
 * are registers that nothing else in the loop needs; beyond that an address or two that a round makes
 * several times: from a slot of the stack it is no dearer.
 *
 * A loop is here what stands between a block and the last that jumps back to it (so two loops may
 * lie in one another in part: then they are looked at as they come). Every block outside that leads
 * into it, wherever it enters, makes the constant before it goes there. Loops with calls are left
 * alone: registers that survive calls are few and better used. */
#include <axiom/errno.h>
#include <axiom/string.h>

#include "lower.h"

#define CANDIDATE_MAX 24u
#define DEAR_MAX      2u  /* beyond free registers */
#define DEAR_WORTH    12u /* of one: three times a round, of those that are dearest to make */
#define NO_BLOCK      UINT32_MAX

struct candidate {
    int64_t value;
    uint32_t flags;
    uint64_t worth;
    ir_place place; /* that keeps it */
};

struct insertion {
    uint32_t block;
    uint32_t flags;
    ir_place place;
    int64_t value;
    struct insertion *next; /* of those before the same block's end */
};

/* A loop whose constants are made before it. */
struct done_loop {
    struct done_loop *next;
    uint32_t first, last;
    uint32_t count;
    ir_place places[];
};

struct hoister {
    struct lower *f;
    struct done_loop *done;        /* the last first */
    uint32_t *writes;              /* of each register: instructions that write it */
    uint32_t *stamp;               /* of each register: block + 1 it was seen live in */
    uint32_t *latch;               /* of each block: the last that jumps back to it; NO_BLOCK */
    ir_place *instead;             /* of each register: the one that keeps its constant */
    struct insertion **before_end; /* of each block */
    uint32_t register_count;
    uint32_t inserted;
};

static bool is_constant(const struct hoister *h, const struct ir_insn *insn)
{
    return insn->op == IR_MOV && insn->a == IR_NONE && h->writes[insn->dst] == 1;
}

/* How many registers are in use at once inside of the block, at most. */
static uint32_t pressure_in(struct hoister *h, uint32_t number)
{
    struct lower *f = h->f;
    const struct ir_block *block = &f->blocks[number];
    uint32_t live = 0, most;
    for (const struct lower_live *out = f->live_out[number]; out != NULL; out = out->next) {
        h->stamp[out->place] = number + 1;
        live++;
    }
    most = live;
    for (uint32_t i = block->end; i-- != block->first;) {
        struct ir_insn *insn = &f->insns[i];
        if (insn->dst != IR_NONE && h->stamp[insn->dst] == number + 1) {
            h->stamp[insn->dst] = 0;
            live--;
        }
        ir_place *sources[LOWER_SOURCE_MAX];
        uint32_t count = lower_sources(f, insn, sources);
        for (uint32_t s = 0; s < count; s++) {
            if (h->stamp[*sources[s]] != number + 1) {
                h->stamp[*sources[s]] = number + 1;
                live++;
            }
        }
        most = live > most ? live : most;
    }
    /* Stamps of the next block are others; what is left says nothing there. */
    return most;
}

/* Registers that are free all through the loop; false: it calls. */
static bool free_registers(struct hoister *h, uint32_t first, uint32_t last, uint32_t *room)
{
    struct lower *f = h->f;
    uint32_t most = 0;
    for (uint32_t block = first; block <= last; block++) {
        for (uint32_t i = f->blocks[block].first; i < f->blocks[block].end; i++) {
            if (f->insns[i].op == IR_CALL)
                return false;
        }
        uint32_t pressure = pressure_in(h, block);
        most = pressure > most ? pressure : most;
    }
    uint32_t all = (uint32_t)f->target->caller_saved_count + f->target->callee_saved_count;
    *room = all > most + 1 ? all - most - 1 : 0;
    return true;
}

/* Bytes or instructions that making it takes, roughly. */
static uint32_t price(int64_t value)
{
    if (value >= -2048 && value <= 2047)
        return 1;
    return value >= INT32_MIN && value <= INT32_MAX ? 2 : 4;
}

static void add_candidate(struct candidate *list, uint32_t *count, const struct ir_insn *insn,
                          uint32_t frequency)
{
    uint32_t i = 0;
    while (i < *count && (list[i].value != insn->imm || list[i].flags != insn->flags))
        i++;
    if (i == CANDIDATE_MAX)
        return;
    if (i == *count)
        list[(*count)++] =
            (struct candidate){ .value = insn->imm, .flags = insn->flags, .place = insn->dst };
    list[i].worth += (uint64_t)price(insn->imm) * frequency;
}

/* The most worth first, `room` of them, and those that are worth `dear`. */
static uint32_t choose(struct candidate *list, uint32_t count, uint32_t room, uint64_t dear)
{
    uint32_t most = room + DEAR_MAX < count ? room + DEAR_MAX : count;
    for (uint32_t i = 0; i < most; i++) {
        uint32_t best = i;
        for (uint32_t k = i + 1; k < count; k++)
            best = list[k].worth > list[best].worth ? k : best;
        struct candidate first = list[i];
        list[i] = list[best];
        list[best] = first;
        if (i >= room && list[i].worth < dear)
            return i;
    }
    return most;
}

static int insert(struct hoister *h, uint32_t block, const struct candidate *candidate)
{
    struct insertion *insertion = lower_alloc(h->f->pass, 1, sizeof *insertion);
    if (insertion == NULL)
        return -ENOMEM;
    *insertion = (struct insertion){ .block = block,
                                     .flags = candidate->flags,
                                     .place = candidate->place,
                                     .value = candidate->value,
                                     .next = h->before_end[block] };
    h->before_end[block] = insertion;
    h->inserted++;
    return 0;
}

/* In every block that leads into the loop from outside. */
static int insert_before(struct hoister *h, uint32_t first, uint32_t last,
                         const struct candidate *list, uint32_t count)
{
    for (uint32_t block = 0; block < h->f->block_count; block++) {
        uint32_t to[2];
        uint32_t ways = block >= first && block <= last ? 0 : lower_successors(h->f, block, to);
        bool enters = false;
        for (uint32_t i = 0; i < ways; i++)
            enters |= to[i] >= first && to[i] <= last;
        for (uint32_t i = 0; enters && i < count; i++) {
            int err = insert(h, block, &list[i]);
            if (err)
                return err;
        }
    }
    return 0;
}

static int note_done(struct hoister *h, uint32_t first, uint32_t last, const struct candidate *list,
                     uint32_t count)
{
    struct done_loop *loop =
        lower_alloc_raw(h->f->pass, 1, sizeof *loop + count * sizeof loop->places[0]);
    if (loop == NULL)
        return -ENOMEM;
    loop->next = h->done;
    loop->first = first;
    loop->last = last;
    loop->count = count;
    for (uint32_t i = 0; i < count; i++)
        loop->places[i] = list[i].place;
    h->done = loop;
    return insert_before(h, first, last, list, count);
}

static int hoist_loop(struct hoister *h, uint32_t first, uint32_t last, bool *done)
{
    struct lower *f = h->f;
    struct candidate list[CANDIDATE_MAX];
    uint32_t count = 0, room;
    *done = false;
    if (!free_registers(h, first, last, &room))
        return 0;
    for (uint32_t block = first; block <= last; block++) {
        for (uint32_t i = f->blocks[block].first; i < f->blocks[block].end; i++) {
            if (is_constant(h, &f->insns[i]))
                add_candidate(list, &count, &f->insns[i], f->blocks[block].frequency);
        }
    }
    count = choose(list, count, room, (uint64_t)DEAR_WORTH * f->blocks[first].frequency);
    if (count == 0)
        return 0;
    for (uint32_t block = first; block <= last; block++) {
        for (uint32_t i = f->blocks[block].first; i < f->blocks[block].end; i++) {
            struct ir_insn *insn = &f->insns[i];
            for (uint32_t k = 0; k < count && is_constant(h, insn); k++) {
                if (insn->imm != list[k].value || insn->flags != list[k].flags)
                    continue;
                h->instead[insn->dst] = list[k].place;
                lower_erase(insn);
                break;
            }
        }
    }
    *done = true;
    return note_done(h, first, last, list, count);
}

/* Outer loops come before inner ones that begin later; those inside of one that was done are. The
 * work for loops in loops that call is bounded: a few times the function. */
static int hoist_all(struct hoister *h)
{
    struct lower *f = h->f;
    uint64_t work = 0, work_max = 8 * (uint64_t)f->insn_count + 1024;
    for (uint32_t block = 0; block < f->block_count; block++) {
        if (h->latch[block] == NO_BLOCK)
            continue;
        /* With the loops that overlap it: one that was turned round has parts on both sides. */
        uint32_t last = h->latch[block];
        for (uint32_t inner = block; inner <= last; inner++) {
            if (h->latch[inner] != NO_BLOCK && h->latch[inner] > last)
                last = h->latch[inner];
        }
        work += f->blocks[last].end - f->blocks[block].first + f->block_count;
        if (work > work_max)
            return 0;
        bool done;
        int err = hoist_loop(h, block, last, &done);
        if (err)
            return err;
        if (done)
            block = last;
    }
    return 0;
}

static void rename(struct hoister *h)
{
    struct lower *f = h->f;
    for (uint32_t i = 0; i < f->insn_count; i++) {
        ir_place *sources[LOWER_SOURCE_MAX];
        uint32_t count = lower_sources(f, &f->insns[i], sources);
        for (uint32_t s = 0; s < count; s++)
            *sources[s] = h->instead[*sources[s]];
    }
}

static void add_live(struct hoister *h, uint32_t block, ir_place place, uint32_t mark, int *err)
{
    if (h->stamp[place] == mark)
        return;
    h->stamp[place] = mark;
    struct lower_live *node = lower_alloc_raw(h->f->scratch, 1, sizeof *node);
    if (node == NULL) {
        *err = -ENOMEM;
        return;
    }
    *node = (struct lower_live){ .next = h->f->live_out[block], .place = place };
    h->f->live_out[block] = node;
}

/* What is live where, by its new names; a constant is all through its loop. */
static int rename_live(struct hoister *h)
{
    struct lower *f = h->f;
    const struct done_loop *loop = h->done;
    int err = 0;
    for (uint32_t block = f->block_count; block-- != 0;) {
        const uint32_t mark = f->block_count + 1 + block; /* no block's */
        struct lower_live *nodes = f->live_out[block];
        f->live_out[block] = NULL;
        while (nodes != NULL) {
            struct lower_live *node = nodes;
            nodes = node->next;
            node->place = h->instead[node->place];
            if (h->stamp[node->place] == mark)
                continue;
            h->stamp[node->place] = mark;
            node->next = f->live_out[block];
            f->live_out[block] = node;
        }
        while (loop != NULL && loop->first > block)
            loop = loop->next;
        for (uint32_t i = 0; loop != NULL && block <= loop->last && i < loop->count; i++)
            add_live(h, block, loop->places[i], mark, &err);
        for (const struct insertion *i = h->before_end[block]; i != NULL; i = i->next)
            add_live(h, block, i->place, mark, &err);
    }
    return err;
}

/* A new list with what is inserted, before the instruction that ends the block. */
static int write_list(struct hoister *h)
{
    struct lower *f = h->f;
    uint32_t next = 0;
    const struct ir_insn *old = f->insns;
    if (lower_expect(f, f->insn_count + h->inserted + 1) != 0)
        return -ENOMEM;
    struct ir_insn *insns = f->insns;
    for (uint32_t number = 0; number < f->block_count; number++) {
        struct ir_block *block = &f->blocks[number];
        const struct ir_insn *last = block->first == block->end ? NULL : &old[block->end - 1];
        bool jumps = last != NULL && (last->op == IR_JUMP || last->op == IR_BRANCH);
        uint32_t first = next, end = block->end - jumps;
        for (uint32_t i = block->first; i < end; i++)
            insns[next++] = old[i];
        for (const struct insertion *i = h->before_end[number]; i != NULL; i = i->next)
            insns[next++] = (struct ir_insn){ .op = IR_MOV,
                                              .size = 8,
                                              .flags = i->flags,
                                              .dst = i->place,
                                              .a = IR_NONE,
                                              .b = IR_NONE,
                                              .c = IR_NONE,
                                              .d = IR_NONE,
                                              .imm = i->value };
        if (jumps)
            insns[next++] = old[end];
        block->first = first;
        block->end = next;
    }
    f->insn_count = next;
    return 0;
}

/* `heads`: of each block, how many loops' heads stand before it. */
static bool find_latches(struct hoister *h, uint32_t *heads)
{
    struct lower *f = h->f;
    bool any = false;
    for (uint32_t block = 0; block < f->block_count; block++)
        heads[block + 1] = heads[block] + f->blocks[block].starts_loop;
    for (uint32_t block = 0; block < f->block_count; block++)
        h->latch[block] = NO_BLOCK;
    for (uint32_t block = 0; block < f->block_count; block++) {
        uint32_t to[2];
        uint32_t count = lower_successors(f, block, to);
        for (uint32_t i = 0; i < count; i++) {
            /* What seldom runs stands behind and jumps back without being a loop. */
            if (to[i] <= block && heads[block + 1] != heads[to[i]] &&
                (uint64_t)f->blocks[block].frequency * 8 >= f->blocks[to[i]].frequency) {
                h->latch[to[i]] = block;
                f->blocks[to[i]].loop_head = true;
                any = true;
            }
        }
    }
    return any;
}

int lower_hoist(struct lower *f)
{
    struct hoister h = { .f = f };
    h.latch = lower_alloc(f->pass, f->block_count, sizeof *h.latch);
    uint32_t *heads = lower_alloc(f->pass, f->block_count + 1, sizeof *heads);
    if (h.latch == NULL || heads == NULL)
        return -ENOMEM;
    if (!find_latches(&h, heads))
        return 0;
    h.writes = lower_alloc(f->pass, f->place_count, sizeof *h.writes);
    h.stamp = lower_alloc(f->pass, f->place_count, sizeof *h.stamp);
    h.instead = lower_alloc(f->pass, f->place_count, sizeof *h.instead);
    h.before_end = lower_alloc(f->pass, f->block_count, sizeof(struct insertion *));
    if (h.writes == NULL || h.stamp == NULL || h.instead == NULL || h.before_end == NULL)
        return -ENOMEM;
    for (ir_place p = 0; p < f->place_count; p++)
        h.instead[p] = p;
    for (uint32_t i = 0; i < IR_ARG_COUNT; i++) {
        if (f->params[i] != IR_NONE)
            h.writes[f->params[i]]++;
    }
    for (uint32_t i = 0; i < f->insn_count; i++) {
        if (f->insns[i].dst != IR_NONE)
            h.writes[f->insns[i].dst]++;
    }
    int err = hoist_all(&h);
    if (err || h.inserted == 0)
        return err;
    rename(&h);
    err = rename_live(&h);
    return err ? err : write_list(&h);
}
