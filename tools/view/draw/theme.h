/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Colours, dark and light. The hues are Okabe and Ito's, which people with any of the common kinds of colour blindness
 * tell apart (https://jfly.uni-koeln.de/color/); nothing is said by colour alone. */
#pragma once
#include <axiom/types.h>

struct theme {
    const char *name;
    uint32_t back, panel, bar, heading, line, grid, grid_strong;
    uint32_t text, muted, faint;
    uint32_t input, output;       /* edges: driven from outside, by the chip */
    uint32_t pwm, bus, run, mark; /* by kind */
    uint32_t axis[3];             /* x, y, z; a single value is [0] */
    uint32_t error, refused, dropped;
    uint32_t other; /* the second recording */
    uint32_t playhead, cursor_a, cursor_b, select;
    uint32_t state[6]; /* threads */
    uint32_t pcb, pin_gold, pin_ink;
};

extern const struct theme theme_dark, theme_light;
