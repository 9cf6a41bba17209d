/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Moves that happen all at once, one after the other: first those whose destination nobody reads
 * any more; what is left are rings, each opened through the scratch place. */
#include "ir.h"

uint32_t bpf_jit_moves(const struct ir_move *moves, uint32_t count, ir_place scratch,
                       struct ir_move *ordered)
{
    struct ir_move left[8];
    uint32_t left_count = 0, done = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (moves[i].to != moves[i].from)
            left[left_count++] = moves[i];
    }
    while (left_count != 0) {
        uint32_t free_index = left_count;
        for (uint32_t i = 0; i < left_count && free_index == left_count; i++) {
            bool is_read = false;
            for (uint32_t k = 0; k < left_count; k++)
                is_read |= k != i && left[k].from == left[i].to;
            if (!is_read)
                free_index = i;
        }
        if (free_index == left_count) {
            /* All are in rings: whoever reads the first's source reads the scratch place now. */
            ordered[done++] = (struct ir_move){ scratch, left[0].from };
            ir_place moved = left[0].from;
            for (uint32_t k = 0; k < left_count; k++) {
                if (left[k].from == moved)
                    left[k].from = scratch;
            }
            continue;
        }
        ordered[done++] = left[free_index];
        left[free_index] = left[--left_count];
    }
    return done;
}
