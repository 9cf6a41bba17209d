/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The digital lines: what a logic analyser on the motor drivers' inputs and on the limit switches
 * would see. */
#pragma once
#include "motion.h"

enum line {
    LINE_STEP_X,
    LINE_DIR_X,
    LINE_STEP_Y,
    LINE_DIR_Y,
    LINE_LIMIT_X,
    LINE_LIMIT_Y,
    LINE_COUNT
};

#define STEP_JITTER_NS 2000u /* an edge is at most so much off, before or after */
#define STEP_PULSE_NS  4000u
#define BOUNCE_MAX_NS  3000000u /* a switch is quiet so long after its first edge */

struct edge {
    uint64_t time_ns;
    uint32_t order; /* as made: edges of one time stay in it */
    uint8_t line;   /* enum line */
    uint8_t level;
};

struct edges {
    struct edge *edge;
    size_t count, capacity;
};

extern const char *const line_names[LINE_COUNT];

/* All edges in time order. Direction lines are high for the positive direction and low at the
 * beginning; switches are high when closed. Caller frees edges->edge. */
int lines_make(const struct path *path, uint64_t seed, struct edges *edges);

/* Times at which a switch closes and opens by the head's position, without its bouncing. Calls back
 * in time order. */
void limit_events(const struct path *path, int axis, int64_t place_pm,
                  void (*call)(void *context, uint64_t time_ns, bool closes), void *context);
