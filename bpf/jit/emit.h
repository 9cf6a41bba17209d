/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Where an encoder puts its bytes, and where it learns how far its jumps go.
 *
 * A form is encoded several times: first to learn sizes, each time with the label places of the
 * time before, until nothing moves; then into the buffer. An encoder is the same code each time: it
 * calls emit_label() at the start of each block, asks emit_distance() how far, and takes a short
 * form where emit_reaches() allows it (never in the first round). */
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
static inline void emit_label(struct emit *e, const struct ir_function *function, uint32_t block)
{
    e->labels[function->first_label + block] = (uint32_t)e->size;
}

static inline void emit_function_label(struct emit *e, uint32_t function)
{
    e->labels[e->label_count + function] = (uint32_t)e->size;
}

/* From the current place to a label: exact in the last round, which moves nothing. Before that it is
 * a guess, and nothing at all in the first: only emit_reaches() may judge by it. */
static inline int64_t emit_distance_to(struct emit *e, uint32_t label)
{
    e->asked = true;
    return (int64_t)e->old_labels[label] - (int64_t)e->size;
}

static inline int64_t emit_distance(struct emit *e, const struct ir_function *function,
                                    uint32_t block)
{
    return emit_distance_to(e, function->first_label + block);
}

static inline int64_t emit_distance_function(struct emit *e, uint32_t function)
{
    return emit_distance_to(e, e->label_count + function);
}

/* Whether a form that reaches min..max, counted from the current place, may be taken. */
static inline bool emit_reaches(const struct emit *e, int64_t distance, int64_t min, int64_t max)
{
    return e->relax && !e->first_round && distance >= min && distance <= max;
}
