/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#include "ir.h"

/* Where everything of a form will stand. */
struct encode_plan {
    const struct ir_form *form;
    uint32_t *labels, *old_labels; /* the second: the final places */
    uint32_t label_count;          /* with the functions' */
    size_t size;                   /* of the code, in bytes */
    uint32_t round;                /* the next */
    bool relax;
};

/* Learns the size, or guesses it well. encode_free() afterwards, also on failure. */
int encode_plan(struct encode_plan *plan, const struct ir_form *form);
/* The bytes. -EAGAIN: what plan->size said was a guess and is exact now; once more, with as much room.
 * -ENOSPC: there are more than `size`. */
int encode_write(struct encode_plan *plan, void *buffer, size_t size);
void encode_free(struct encode_plan *plan);
/* Where the form's function begins in the code. */
static inline uint32_t encode_place(const struct encode_plan *plan, uint32_t function)
{
    return plan->old_labels[plan->form->label_count + function];
}
