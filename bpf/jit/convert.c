/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Branches around a few cheap instructions become SELECTs: both ways are computed, into temporaries,
 * and each variable that one of them writes takes its value from the one or the other.
 *
 * A branch that is guessed right costs nothing, and what depends on it need not wait for the
 * condition. So one stays where the condition comes from a load whose address the chosen value
 * leads to (a search going left or right): there, waiting would make each round as slow as memory.
 * X86's compilers decide alike (LLVM's X86CmovConversion). */
#include "flow.h"

#define SIDE_COST_MAX  1u /* instructions computed for nothing; moves are free */
#define SIDE_INSN_MAX  6u
#define SELECT_MAX     3u
#define LOOK_BACK_MAX  48u
#define LOOK_AHEAD_MAX 16u
#define LOOK_PLACE_MAX 24u

struct side {
    uint32_t block; /* FLOW_NONE: nothing is computed on this way */
    uint32_t count, cost;
    struct {
        ir_place var, value;
    } writes[SIDE_INSN_MAX];
    uint32_t write_count;
    int64_t counted; /* instructions, into VAR_COUNT */
};

/* --- What may be computed for nothing --- */

static bool is_cheap(const struct ir_insn *insn)
{
    if (insn->dst == IR_NONE)
        return false;
    switch ((enum ir_op)insn->op) {
    case IR_MOV:
    case IR_ADD:
    case IR_SUB:
    case IR_AND:
    case IR_OR:
    case IR_XOR:
    case IR_SHL:
    case IR_SHR:
    case IR_SAR:
    case IR_NEG:
    case IR_SEXT:
    case IR_ZEXT:
    case IR_SELECT:
        return true;
    default:
        return false;
    }
}

/* Counts the instructions of its block: goes on being counted, by the condition (count_sides()). */
static bool counts(const struct ir_insn *insn)
{
    return insn->op == IR_ADD && insn->dst == VAR_COUNT && insn->a == VAR_COUNT &&
           insn->b == IR_NONE;
}

/* The block can be computed ahead: it is entered from here alone, and short. */
static bool open_side(const struct flow *w, uint32_t block, struct side *side)
{
    *side = (struct side){ .block = block };
    const struct flow_block *b = &w->blocks[block];
    if (block == 0 || b->before_count != 1 || b->branch != FLOW_NONE || b->no == FLOW_NONE)
        return false;
    for (uint32_t i = b->head; i != FLOW_NONE; i = w->next[i]) {
        const struct ir_insn *insn = &w->f->insns[i];
        if (counts(insn)) {
            side->counted += insn->imm;
            continue;
        }
        if (++side->count > SIDE_INSN_MAX || !is_cheap(insn) || insn->dst == VAR_COUNT)
            return false;
        side->cost += insn->op != IR_MOV;
    }
    return side->cost <= SIDE_COST_MAX;
}

static bool writes_any(const struct flow *w, const struct side *side, const ir_place *places,
                       uint32_t count)
{
    if (side->block == FLOW_NONE)
        return false;
    for (uint32_t i = w->blocks[side->block].head; i != FLOW_NONE; i = w->next[i]) {
        for (uint32_t k = 0; k < count; k++) {
            if (w->f->insns[i].dst == places[k])
                return true;
        }
    }
    return false;
}

/* --- Conditions that wait for memory --- */

struct places {
    ir_place list[LOOK_PLACE_MAX];
    uint32_t count;
    bool full;
};

static bool has_place(const struct places *set, ir_place place)
{
    for (uint32_t i = 0; i < set->count; i++) {
        if (set->list[i] == place)
            return true;
    }
    return false;
}

static bool take_place(struct places *set, ir_place place)
{
    for (uint32_t i = 0; i < set->count; i++) {
        if (set->list[i] == place) {
            set->list[i] = set->list[--set->count];
            return true;
        }
    }
    return false;
}

static void add_place(struct places *set, ir_place place)
{
    if (place == IR_NONE)
        return;
    take_place(set, place);
    if (set->count == LOOK_PLACE_MAX)
        set->full = true;
    else
        set->list[set->count++] = place;
}

/* Whether a side writes what the address of a load was made of that the condition waits for. */
static bool chooses_address(struct flow *w, uint32_t block, const struct side sides[2])
{
    const struct flow_block *b = &w->blocks[block];
    const struct ir_insn *branch = &w->f->insns[b->branch];
    struct places compared = { .count = 0 }, addresses = { .count = 0 };
    add_place(&compared, branch->a);
    add_place(&compared, branch->b);
    uint32_t looked = 0;
    for (uint32_t i = b->tail; i != FLOW_NONE && looked < LOOK_BACK_MAX; i = w->previous[i]) {
        struct ir_insn *insn = &w->f->insns[i];
        looked++;
        if (insn->dst == IR_NONE)
            continue;
        bool in_compared = take_place(&compared, insn->dst);
        bool in_addresses = take_place(&addresses, insn->dst);
        if (!in_compared && !in_addresses)
            continue;
        ir_place *sources[LOWER_SOURCE_MAX];
        uint32_t count = lower_sources(w->f, insn, sources);
        bool loads = insn->op == IR_LOAD;
        for (uint32_t s = 0; s < count; s++)
            add_place(loads || in_addresses ? &addresses : &compared, *sources[s]);
    }
    return !addresses.full && (writes_any(w, &sides[0], addresses.list, addresses.count) ||
                               writes_any(w, &sides[1], addresses.list, addresses.count));
}

/* Whether the condition waits for a load in its block. */
static bool waits_for_load(struct flow *w, uint32_t block)
{
    const struct flow_block *b = &w->blocks[block];
    struct places compared = { .count = 0 };
    add_place(&compared, w->f->insns[b->branch].a);
    add_place(&compared, w->f->insns[b->branch].b);
    uint32_t looked = 0;
    for (uint32_t i = b->tail; i != FLOW_NONE && looked < LOOK_BACK_MAX; i = w->previous[i]) {
        struct ir_insn *insn = &w->f->insns[i];
        ir_place *sources[LOWER_SOURCE_MAX];
        looked++;
        if (insn->dst == IR_NONE || !take_place(&compared, insn->dst))
            continue;
        if (insn->op == IR_LOAD)
            return true;
        uint32_t count = lower_sources(w->f, insn, sources);
        for (uint32_t s = 0; s < count; s++)
            add_place(&compared, *sources[s]);
    }
    return false;
}

/* Whether a load soon after the sides meet has an address made of what they write. */
static bool leads_to_load(struct flow *w, const struct side sides[2], uint32_t next)
{
    uint32_t looked = 0;
    struct places made = { .count = 0 };
    for (uint32_t s = 0; s < 2; s++) {
        uint32_t i = sides[s].block == FLOW_NONE ? FLOW_NONE : w->blocks[sides[s].block].head;
        for (; i != FLOW_NONE; i = w->next[i])
            add_place(&made, w->f->insns[i].dst == VAR_COUNT ? IR_NONE : w->f->insns[i].dst);
    }
    for (uint32_t i = w->blocks[next].head; i != FLOW_NONE && looked < LOOK_AHEAD_MAX;
         i = w->next[i]) {
        struct ir_insn *insn = &w->f->insns[i];
        ir_place *sources[LOWER_SOURCE_MAX];
        uint32_t count = lower_sources(w->f, insn, sources);
        bool uses = false;
        looked++;
        for (uint32_t s = 0; s < count; s++)
            uses |= has_place(&made, *sources[s]);
        if (uses && insn->op == IR_LOAD)
            return !made.full;
        take_place(&made, insn->dst);
        if (uses && insn->op != IR_CALL)
            add_place(&made, insn->dst);
    }
    return false;
}

/* --- Converting --- */

static ir_place written(const struct side *side, ir_place var)
{
    for (uint32_t i = side->write_count; i-- != 0;) {
        if (side->writes[i].var == var)
            return side->writes[i].value;
    }
    return var;
}

static ir_place new_temp(struct flow *w)
{
    return w->f->place_count++;
}

/* The side's instructions, at the end of `block`, with results of their own. */
static void compute_side(struct flow *w, uint32_t block, struct side *side)
{
    if (side->block == FLOW_NONE)
        return;
    for (uint32_t i = w->blocks[side->block].head; i != FLOW_NONE && !w->failed; i = w->next[i]) {
        struct ir_insn insn = w->f->insns[i];
        if (counts(&insn))
            continue;
        ir_place *sources[LOWER_SOURCE_MAX], var = insn.dst;
        uint32_t count = lower_sources(w->f, &insn, sources);
        for (uint32_t s = 0; s < count; s++)
            *sources[s] = written(side, *sources[s]);
        insn.dst = new_temp(w);
        flow_append(w, block, &insn);
        side->writes[side->write_count].var = var;
        side->writes[side->write_count++].value = insn.dst;
    }
}

static uint32_t written_vars(const struct side sides[2], ir_place *vars)
{
    uint32_t count = 0;
    for (uint32_t s = 0; s < 2; s++) {
        for (uint32_t i = 0; i < sides[s].write_count; i++) {
            bool known = false;
            for (uint32_t k = 0; k < count; k++)
                known |= vars[k] == sides[s].writes[i].var;
            if (!known)
                vars[count++] = sides[s].writes[i].var;
        }
    }
    return count;
}

static void copy_operand(struct flow *w, uint32_t block, ir_place *place)
{
    if (*place == IR_NONE)
        return;
    struct ir_insn mov = { .op = IR_MOV,
                           .size = 8,
                           .dst = new_temp(w),
                           .a = *place,
                           .b = IR_NONE,
                           .c = IR_NONE,
                           .d = IR_NONE };
    flow_append(w, block, &mov);
    *place = mov.dst;
}

/* What one side counts more than the other: 1 or 0 by the condition, before anything it compares
 * changes. IR_NONE: no difference. */
static ir_place ask_which(struct flow *w, uint32_t block, const struct side sides[2])
{
    if (sides[0].counted == sides[1].counted)
        return IR_NONE;
    struct ir_insn set = w->f->insns[w->blocks[block].branch];
    set.op = IR_SET;
    set.cond ^= sides[0].counted < sides[1].counted;
    set.d = IR_NONE;
    set.dst = new_temp(w);
    flow_append(w, block, &set);
    return set.dst;
}

/* VAR_COUNT += what both count, and the difference if `more` says 1. */
static void count_sides(struct flow *w, uint32_t block, const struct side sides[2], ir_place more)
{
    int64_t yes = sides[0].counted, no = sides[1].counted, both = yes < no ? yes : no;
    struct ir_insn add = { .op = IR_ADD,
                           .size = 8,
                           .dst = VAR_COUNT,
                           .a = VAR_COUNT,
                           .b = IR_NONE,
                           .c = IR_NONE,
                           .d = IR_NONE,
                           .imm = both };
    if (both != 0)
        flow_append(w, block, &add);
    if (more == IR_NONE)
        return;
    struct ir_insn product = add;
    product.op = IR_MUL;
    product.a = more;
    product.imm = yes + no - 2 * both;
    product.dst = new_temp(w);
    flow_append(w, block, &product);
    add.b = product.dst;
    flow_append(w, block, &add);
}

static void choose(struct flow *w, uint32_t block, struct side sides[2])
{
    ir_place vars[2 * SIDE_INSN_MAX];
    struct ir_insn select = w->f->insns[w->blocks[block].branch];
    ir_place more = ask_which(w, block, sides);
    select.op = IR_SELECT;
    compute_side(w, block, &sides[0]);
    compute_side(w, block, &sides[1]);
    uint32_t count = written_vars(sides, vars);
    if (count > 1) { /* one choice must not change what the next compares */
        copy_operand(w, block, &select.a);
        copy_operand(w, block, &select.b);
    }
    for (uint32_t i = 0; i < count && !w->failed; i++) {
        select.dst = vars[i];
        select.c = written(&sides[0], vars[i]);
        select.d = written(&sides[1], vars[i]);
        flow_append(w, block, &select);
    }
    count_sides(w, block, sides, more);
}

static uint32_t count_writes(const struct flow *w, const struct side *side)
{
    uint64_t vars = 0;
    uint32_t others = 0;
    if (side->block == FLOW_NONE)
        return 0;
    for (uint32_t i = w->blocks[side->block].head; i != FLOW_NONE; i = w->next[i]) {
        ir_place dst = w->f->insns[i].dst;
        if (counts(&w->f->insns[i]))
            continue;
        if (dst < LOWER_VAR_MAX)
            vars |= UINT64_C(1) << dst;
        else
            others++;
    }
    return others + (uint32_t)__builtin_popcountll(vars);
}

/* The same was asked just before, and that branch stayed one: thread.c makes both one. */
static bool is_kept(const struct flow *w, const struct flow_block *b)
{
    if (b->kept_by == FLOW_NONE || w->blocks[b->kept_by].branch == FLOW_NONE)
        return false;
    return flow_same_operands(&w->f->insns[w->blocks[b->kept_by].branch], &w->f->insns[b->branch]);
}

bool flow_convert(struct flow *w, uint32_t block)
{
    struct flow_block *b = &w->blocks[block];
    if ((w->f->target->features & IR_HAS_SELECT) == 0 || b->branch == FLOW_NONE)
        return false;
    struct side sides[2];
    bool yes = open_side(w, b->yes, &sides[0]), no = open_side(w, b->no, &sides[1]);
    uint32_t next;
    if (yes && no && w->blocks[b->yes].no == w->blocks[b->no].no) {
        next = w->blocks[b->yes].no;
    } else if (yes && w->blocks[b->yes].no == b->no) {
        next = b->no;
        sides[1] = (struct side){ .block = FLOW_NONE };
    } else if (no && w->blocks[b->no].no == b->yes) {
        next = b->yes;
        sides[0] = (struct side){ .block = FLOW_NONE };
    } else {
        return false;
    }
    if (next == block || count_writes(w, &sides[0]) + count_writes(w, &sides[1]) > SELECT_MAX)
        return false;
    if (b->loop_depth != 0 && (is_kept(w, b) || chooses_address(w, block, sides) ||
                               (waits_for_load(w, block) && leads_to_load(w, sides, next)))) {
        w->blocks[next].kept_by = block;
        return false;
    }
    choose(w, block, sides);
    flow_go(w, block, FLOW_NONE, FLOW_NONE, next);
    for (uint32_t s = 0; s < 2; s++) {
        if (sides[s].block != FLOW_NONE)
            flow_go(w, sides[s].block, FLOW_NONE, FLOW_NONE, FLOW_NONE);
    }
    return true;
}
