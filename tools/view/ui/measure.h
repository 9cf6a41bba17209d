/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What lies between the cursors. */
#pragma once
#include "view.h"

struct measurement {
    uint64_t between_ns;
    uint64_t rising, falling; /* edges of the selected line in [earlier, later) */
    bool has_frequency;
    double hertz; /* of whole periods between the first and the last rising edge */
    bool has_duty;
    double duty; /* share of the time at high, of those whole periods or else of all */
    bool is_analog;
    int64_t min, max;
};

/* Of the lane (NULL: only the time) between two times. */
void measure_lane(struct lane *lane, uint64_t a_ns, uint64_t b_ns, struct measurement *out);
/* "A 28.40 s   B 28.90 s   Δ 500 ms (2 Hz)   step_x: 120 rising, 245 Hz, duty 50 %". */
void measure_text(struct view *view, char *to, size_t size);
