/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Where an encoder puts its bytes, and where it learns how far its jumps go.
 *
 * A form is encoded several times: first to learn sizes, each time with the label places of the
 * time before, until nothing moves; the time in which nothing moved wrote what counts. An encoder is
 * the same code each time: it calls emit_label() at the start of each block, asks emit_distance() how
 * far, and takes a short form where emit_reaches() allows it.
 *
 * Where labels still move, distances are guesses, good ones: to blocks behind exactly, to those
 * ahead as far as the last round had it from the last label; in the first round by the number of
 * instructions between. When all labels stand where they stood, every answer was exact. */
#pragma once
#include "ir.h"

struct emit {
    uint8_t *at;     /* NULL: only count */
    size_t size;     /* bytes so far */
    size_t capacity; /* of `at` */
    bool overflow;   /* the buffer was too short */
    bool relax;      /* false: use the far forms and no alignment; sizes then cannot move */
    bool first_round;
    bool asked;       /* for a distance */
    uint32_t placed;  /* blocks of this function whose labels are of this round */
    int64_t drift;    /* how far the last label has moved since the last round */
    uint32_t *labels; /* of this round: first those of blocks, then one per function */
    const uint32_t *old_labels;
    uint32_t label_count; /* of blocks */
};

static inline void emit8(struct emit *e, uint32_t byte)
{
    if (e->at != NULL) {
        if (e->size < e->capacity)
            e->at[e->size] = (uint8_t)byte;
        else
            e->overflow = true;
    }
    e->size++;
}

static inline void emit16(struct emit *e, uint32_t value)
{
    emit8(e, value);
    emit8(e, value >> 8);
}

static inline void emit32(struct emit *e, uint32_t value)
{
    emit16(e, value);
    emit16(e, value >> 16);
}

static inline void emit64(struct emit *e, uint64_t value)
{
    emit32(e, (uint32_t)value);
    emit32(e, (uint32_t)(value >> 32));
}

/* The block or function begins here. */
static inline void emit_place(struct emit *e, uint32_t label, uint32_t placed)
{
    e->placed = placed;
    e->drift = e->first_round ? 0 : (int64_t)e->size - (int64_t)e->old_labels[label];
    e->labels[label] = (uint32_t)e->size;
}

static inline void emit_label(struct emit *e, const struct ir_function *function, uint32_t block)
{
    emit_place(e, function->first_label + block, block + 1);
}

static inline void emit_function_label(struct emit *e, uint32_t function)
{
    emit_place(e, e->label_count + function, 0);
}

/* How many bytes an instruction has, more or less; a whole number of machine instructions. */
#define EMIT_GUESS_BYTES 4

/* From the current place to a block's label: exact in the round that moves nothing, before that only
 * emit_reaches() may judge by it. */
static inline int64_t emit_distance(struct emit *e, const struct ir_function *function,
                                    uint32_t block)
{
    uint32_t label = function->first_label + block;
    e->asked = true;
    if (block < e->placed)
        return (int64_t)e->labels[label] - (int64_t)e->size;
    if (!e->first_round)
        return (int64_t)e->old_labels[label] + e->drift - (int64_t)e->size;
    uint32_t here = e->placed == 0 ? 0 : function->blocks[e->placed - 1].end;
    return ((int64_t)function->blocks[block].first - (int64_t)here) * EMIT_GUESS_BYTES;
}

/* The same to a function, of which nothing is known in the first round. */
static inline int64_t emit_distance_function(struct emit *e, uint32_t function)
{
    e->asked = true;
    return (int64_t)e->old_labels[e->label_count + function] - (int64_t)e->size;
}

/* Whether a form that reaches min..max, counted from the current place, may be taken. */
static inline bool emit_reaches(const struct emit *e, int64_t distance, int64_t min, int64_t max)
{
    return e->relax && distance >= min && distance <= max;
}
