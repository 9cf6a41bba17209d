/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The pass: sources become what they are copies of, constants become immediates, and each kind of
 * instruction what is cheaper and the same. */
#include <axiom/errno.h>
#include <axiom/string.h>

#include "simplify.h"

/* --- Values --- */

bool still_holds_changed(const struct simplifier *s, const struct ir_insn *def, ir_place place)
{
    uint32_t index = (uint32_t)(def - s->f->insns);
    if (index < s->block_first)
        return false;
    return s->last_def[place] == NO_INSN || s->last_def[place] < index;
}

static bool grow_places(struct simplifier *s)
{
    struct lower *f = s->f;
    uint32_t capacity = f->place_count + f->place_count / 2 + 16;
    uint32_t *def_count = lower_alloc(f->pass, capacity, sizeof *def_count);
    uint32_t *last_def = lower_alloc_raw(f->pass, capacity, sizeof *last_def);
    uint8_t *width = lower_alloc(f->pass, capacity, sizeof *width);
    if (def_count == NULL || last_def == NULL || width == NULL) {
        s->failed = true;
        return false;
    }
    if (s->place_capacity != 0) {
        memcpy(def_count, s->def_count, f->place_count * sizeof *def_count);
        memcpy(last_def, s->last_def, f->place_count * sizeof *last_def);
        memcpy(width, s->width, f->place_count * sizeof *width);
    }
    s->def_count = def_count;
    s->last_def = last_def;
    s->width = width;
    s->place_capacity = capacity;
    return true;
}

ir_place simplify_new(struct simplifier *s, uint32_t width)
{
    struct lower *f = s->f;
    if (f->place_count == s->place_capacity && !grow_places(s))
        return 0;
    ir_place place = f->place_count++;
    s->def_count[place] = 1;
    s->last_def[place] = NO_INSN;
    s->width[place] = (uint8_t)width;
    return place;
}

void simplify_emit(struct simplifier *s, const struct ir_insn *insn)
{
    struct ir_insn *to = lower_append_raw(s->f);
    if (to == NULL) {
        s->failed = true;
        return;
    }
    *to = *insn;
    if (insn->op == IR_SET)
        s->last_set = s->f->insn_count - 1;
    if (!lower_is_pure(insn))
        s->memory_since = s->f->insn_count;
    if (insn->dst != IR_NONE)
        s->last_def[insn->dst] = s->f->insn_count - 1;
}

/* --- Sources --- */

/* Looks through copies. With `low` also through what only clears upper halves. */
static ir_place look_through(const struct simplifier *s, ir_place place, bool low)
{
    for (uint32_t depth = 0; depth < 8; depth++) {
        const struct ir_insn *def = value_of(s, place);
        if (def == NULL || def->op != IR_MOV || (def->size != 8 && !low) || def->a == IR_NONE ||
            !still_holds(s, def, def->a))
            return place;
        place = def->a;
    }
    return place;
}

/* Whether only the low 32 bits of the sources a and b count. */
static bool reads_low_half(const struct ir_insn *insn)
{
    if (insn->size != 4)
        return false;
    return (insn->op >= IR_MOV && insn->op <= IR_ROL) ||
           (insn->op >= IR_DIV && insn->op <= IR_NEG) || insn->op == IR_SET ||
           insn->op == IR_SELECT || insn->op == IR_BRANCH || insn->op == IR_RSUB;
}

static void forward_copies(struct simplifier *s, struct ir_insn *insn)
{
    ir_place *sources[LOWER_SOURCE_MAX];
    uint32_t count = lower_sources(s->f, insn, sources);
    bool low = reads_low_half(insn);
    for (uint32_t i = 0; i < count; i++)
        *sources[i] =
            look_through(s, *sources[i], low && (sources[i] == &insn->a || sources[i] == &insn->b));
}

static bool fits_immediate(const struct simplifier *s, int64_t value)
{
    if ((s->f->target->features & IR_FREE_IMM32) != 0)
        return value >= INT32_MIN && value <= INT32_MAX;
    return value >= -2048 && value <= 2047;
}

static bool swaps(const struct ir_insn *insn)
{
    return insn->op == IR_ADD || insn->op == IR_MUL || insn->op == IR_AND || insn->op == IR_OR ||
           insn->op == IR_XOR;
}

/* The condition that holds for (b, a) when this one holds for (a, b). */
static uint8_t mirrored(uint32_t cond)
{
    static const uint8_t mirror[] = { IR_EQ,  IR_NE,  IR_GTU, IR_LEU, IR_GEU,  IR_LTU,
                                      IR_GTS, IR_LES, IR_GES, IR_LTS, IR_TEST, IR_NOT_TEST };
    return mirror[cond];
}

void simplify_constants(struct simplifier *s, struct ir_insn *insn)
{
    int64_t value;
    bool compares = insn->op == IR_SET || insn->op == IR_SELECT || insn->op == IR_BRANCH;
    bool computes = insn->op >= IR_ADD && insn->op <= IR_ROL;
    if (compares && insn->b != IR_NONE && constant_of(s, insn->a, &value)) {
        ir_place a = insn->a;
        insn->a = insn->b;
        insn->b = a;
        insn->cond = mirrored(insn->cond);
    }
    if (swaps(insn) && insn->b != IR_NONE && constant_of(s, insn->a, &value)) {
        ir_place a = insn->a;
        insn->a = insn->b;
        insn->b = a;
    }
    bool divides = insn->op >= IR_DIV && insn->op <= IR_SMOD;
    if ((compares || computes || divides) && constant_of(s, insn->b, &value) &&
        (fits_immediate(s, value) || (insn->size == 4 && fits_immediate(s, (int32_t)value)))) {
        insn->b = IR_NONE;
        insn->imm = insn->size == 4 ? (int32_t)value : value;
        insn->flags |= IR_BLIND;
        if (divides && insn->imm != 0)
            insn->flags |= IR_NOT_ZERO;
    }
    if (insn->op == IR_STORE && constant_of(s, insn->c, &value) &&
        (s->f->target->features & IR_FREE_IMM32) != 0 && value >= INT32_MIN && value <= INT32_MAX) {
        insn->c = IR_NONE;
        insn->imm = value;
        insn->flags |= IR_BLIND;
    }
    if (insn->op == IR_MOV && constant_of(s, insn->a, &value)) {
        insn->a = IR_NONE;
        insn->imm = insn->size == 4 ? (int64_t)(uint32_t)value : value;
        insn->size = 8;
    }
}

/* Stores keep only the low bits: what was done to clear others is not needed. */
static void simplify_stored(struct simplifier *s, struct ir_insn *insn)
{
    if (insn->c == IR_NONE || insn->size == 8)
        return;
    uint64_t mask = (UINT64_C(1) << lower_bits(insn)) - 1;
    const struct ir_insn *def = value_of(s, insn->c);
    if (def == NULL || def->a == IR_NONE || !still_holds(s, def, def->a))
        return;
    bool keeps = (def->op == IR_MOV && def->size == 4) ||
                 ((def->op == IR_ZEXT || def->op == IR_SEXT) && IR_FROM(def) >= insn->size) ||
                 (def->op == IR_AND && def->b == IR_NONE && ((uint64_t)def->imm & mask) == mask);
    if (keeps)
        insn->c = def->a;
}

/* The same condition as just before, which counted instructions ask again for each choice by it. */
static void simplify_set(const struct simplifier *s, struct ir_insn *insn)
{
    if (s->last_set == NO_INSN || s->last_set < s->block_first)
        return;
    const struct ir_insn *last = &s->f->insns[s->last_set];
    if (last->cond == insn->cond && last->size == insn->size && last->a == insn->a &&
        last->b == insn->b && (last->b != IR_NONE || last->imm == insn->imm) &&
        value_of(s, last->dst) == last && still_holds(s, last, last->a) &&
        (last->b == IR_NONE || still_holds(s, last, last->b)))
        become_copy(insn, last->dst);
}

static void simplify_insn(struct simplifier *s, struct ir_insn *insn)
{
    bool compares = insn->op == IR_SET || insn->op == IR_SELECT || insn->op == IR_BRANCH;
    forward_copies(s, insn);
    if (compares)
        simplify_compare_size(s, insn);
    simplify_constants(s, insn);
    if (insn->op >= IR_DIV && insn->op <= IR_SMOD)
        simplify_divide(s, insn);
    if (insn->op >= IR_MOV && insn->op <= IR_BSWAP)
        simplify_arithmetic(s, insn);
    else if (insn->op == IR_LEA || insn->op == IR_LOAD || insn->op == IR_STORE)
        simplify_address(s, insn);
    else if (compares)
        simplify_compare(s, insn);
    if (insn->op == IR_STORE)
        simplify_stored(s, insn);
    else if (insn->op == IR_SET)
        simplify_set(s, insn);
}

static int prepare(struct simplifier *s)
{
    struct lower *f = s->f;
    if (!grow_places(s))
        return -ENOMEM;
    memset(s->last_def, 0xff, f->place_count * sizeof *s->last_def);
    for (uint32_t i = 0; i < IR_ARG_COUNT; i++) {
        if (f->params[i] != IR_NONE)
            s->def_count[f->params[i]]++;
    }
    for (uint32_t i = 0; i < f->insn_count; i++) {
        if (f->insns[i].dst != IR_NONE)
            s->def_count[f->insns[i].dst]++;
    }
    return find_widths(s);
}

int lower_simplify(struct lower *f)
{
    struct simplifier s = { .f = f, .last_set = NO_INSN };
    int err = prepare(&s);
    if (err)
        return err;
    s.old_insns = f->insns;
    err = lower_expect(f, f->insn_count + f->insn_count / 8 + 16);
    if (err)
        return err;
    for (s.block = 0; s.block < f->block_count; s.block++) {
        struct ir_block *block = &f->blocks[s.block];
        s.block_first = s.memory_since = f->insn_count;
        for (uint32_t i = block->first; i < block->end; i++) {
            struct ir_insn insn = s.old_insns[i];
            if (insn.op == IR_NOP)
                continue;
            simplify_insn(&s, &insn);
            simplify_emit(&s, &insn);
        }
        block->first = s.block_first;
        block->end = f->insn_count;
    }
    return s.failed ? -ENOMEM : 0;
}
