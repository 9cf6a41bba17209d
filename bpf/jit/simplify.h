/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What simplify.c (the pass), widths.c, arithmetic.c, address.c, join.c and divide.c share.
 *
 * The pass copies instructions one by one into a new list. A register's value is known by the
 * instruction that made it, if that is the only one in the function that writes the register (then
 * it comes before every use on every way: webs.c), or the last one of the same block. Its sources
 * may be used in its place where they still hold what they held. */
#pragma once
#include "lower.h"

#define NO_INSN UINT32_MAX

struct simplifier {
    struct lower *f; /* f->insns is the new list */
    const struct ir_insn *old_insns;
    const struct ir_block *old_blocks;
    uint32_t block, block_first; /* the block that is open, and where it begins in the new list */
    uint32_t memory_since;       /* in the new list: memory is as it was there, in this block */
    uint32_t last_set;           /* the newest SET in the new list; NO_INSN */
    uint32_t *def_count;         /* of each register: instructions that write it */
    uint32_t *last_def;          /* the newest in the new list; NO_INSN */
    uint8_t *width;              /* how many low bits may be set; upper ones are 0 */
    uint32_t place_capacity;     /* of the three tables */
    bool failed;
};

/* The instruction that made the register's value; NULL: not known. */
static inline const struct ir_insn *value_of(const struct simplifier *s, ir_place place)
{
    uint32_t def = s->last_def[place];
    if (def == NO_INSN || (s->def_count[place] != 1 && def < s->block_first))
        return NULL;
    return &s->f->insns[def];
}

/* Whether `place` still holds what the instruction `def` (from value_of()) read there. */
bool still_holds_changed(const struct simplifier *s, const struct ir_insn *def, ir_place place);
static inline bool still_holds(const struct simplifier *s, const struct ir_insn *def,
                               ir_place place)
{
    return s->def_count[place] == 1 || still_holds_changed(s, def, place);
}

/* Makes the register's value from another instruction with operation `op` whose source a still
 * holds: that instruction, else NULL. */
static inline const struct ir_insn *made_by(const struct simplifier *s, ir_place place,
                                            enum ir_op op, uint32_t size)
{
    const struct ir_insn *def = place == IR_NONE ? NULL : value_of(s, place);
    if (def == NULL || def->op != op || def->size != size || def->a == IR_NONE)
        return NULL;
    return still_holds(s, def, def->a) ? def : NULL;
}

/* A constant; false: it is none. */
static inline bool constant_of(const struct simplifier *s, ir_place place, int64_t *out)
{
    const struct ir_insn *def = place == IR_NONE ? NULL : value_of(s, place);
    if (def == NULL || def->op != IR_MOV || def->a != IR_NONE)
        return false;
    *out = def->imm;
    return true;
}

/* Appends an instruction; a register of its own for it. */
void simplify_emit(struct simplifier *s, const struct ir_insn *insn);
ir_place simplify_new(struct simplifier *s, uint32_t width);

/* widths.c */
uint32_t width_of_result(const struct simplifier *s, const struct ir_insn *insn);
int find_widths(struct simplifier *s);

/* Each rewrites the instruction in place, maybe after emitting others. */
/* Sources that are constants become the immediate (simplify.c). */
void simplify_constants(struct simplifier *s, struct ir_insn *insn);
void simplify_arithmetic(struct simplifier *s, struct ir_insn *insn);
void simplify_compare(struct simplifier *s, struct ir_insn *insn);
void simplify_compare_size(struct simplifier *s, struct ir_insn *insn);
void simplify_address(struct simplifier *s, struct ir_insn *insn);
void simplify_divide(struct simplifier *s, struct ir_insn *insn);
/* Pieces of memory put together (join.c): true if it is one load now, maybe with its bytes swapped. */
bool simplify_join(struct simplifier *s, struct ir_insn *insn);

/* dst = a, all 64 bits. */
static inline void become_copy(struct ir_insn *insn, ir_place a)
{
    *insn = (struct ir_insn){
        .op = IR_MOV, .size = 8, .dst = insn->dst, .a = a, .b = IR_NONE, .c = IR_NONE, .d = IR_NONE
    };
}

static inline bool is_mask(uint64_t value)
{
    return value != 0 && (value & (value + 1)) == 0;
}
