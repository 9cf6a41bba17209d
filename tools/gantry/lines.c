/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Steps, directions, switches: see lines.h. A step is made where the ideal position reaches a whole
 * step; the driver's timer adds jitter. A direction line changes well before the first step, as
 * drivers want it. A switch bounces. */
#include "lines.h"
#include <axiom/errno.h>

#include <stdlib.h>

#define DIRECTION_SETUP_NS 50000u

const char *const line_names[LINE_COUNT] = { "step_x", "dir_x",   "step_y",
                                             "dir_y",  "limit_x", "limit_y" };

static int put(struct edges *edges, uint64_t time_ns, enum line line, uint8_t level)
{
    if (edges->count == edges->capacity) {
        size_t capacity = edges->capacity == 0 ? 4096 : 2 * edges->capacity;
        struct edge *grown = realloc(edges->edge, capacity * sizeof *grown);
        if (grown == NULL)
            return -ENOMEM;
        edges->edge = grown;
        edges->capacity = capacity;
    }
    edges->edge[edges->count] =
        (struct edge){ time_ns, (uint32_t)edges->count, (uint8_t)line, level };
    edges->count++;
    return 0;
}

static int put_step(struct edges *edges, struct fixed_random *random, uint64_t time_ns,
                    enum line line)
{
    int64_t jitter = fixed_random_range(random, -(int64_t)STEP_JITTER_NS, STEP_JITTER_NS);
    uint64_t rise = time_ns + (uint64_t)jitter;
    int err = put(edges, rise, line, 1);
    return err != 0
               ? err
               : put(edges, rise + STEP_PULSE_NS + (uint64_t)fixed_random_range(random, 0, 500),
                     line, 0);
}

/* One axis of one move. */
static int put_axis(struct edges *edges, struct fixed_random *random, const struct move *move,
                    int axis, uint8_t *direction)
{
    uint64_t steps = move_axis_length(move, axis) / PM_PER_STEP;
    uint8_t positive = move->to_pm[axis] > move->from_pm[axis];
    if (steps == 0)
        return 0;
    int err = 0;
    if (positive != *direction)
        err = put(edges, move->start_ns - DIRECTION_SETUP_NS,
                  axis == AXIS_X ? LINE_DIR_X : LINE_DIR_Y, positive);
    *direction = positive;
    for (uint64_t step = 1; step <= steps && err == 0; step++) {
        uint64_t travel = move_lead_travel(move, axis, step * PM_PER_STEP);
        err = put_step(edges, random, move_time_at(move, travel),
                       axis == AXIS_X ? LINE_STEP_X : LINE_STEP_Y);
    }
    return err;
}

/* --- switches --- */

void limit_events(const struct path *path, int axis, int64_t place_pm,
                  void (*call)(void *context, uint64_t time_ns, bool closes), void *context)
{
    for (uint32_t i = 0; i < path->count; i++) {
        const struct move *move = &path->move[i];
        bool before = move->from_pm[axis] >= place_pm, after = move->to_pm[axis] >= place_pm;
        if (before == after)
            continue;
        int64_t own = place_pm - move->from_pm[axis];
        uint64_t travel = move_lead_travel(move, axis, (uint64_t)(own < 0 ? -own : own));
        call(context, move_time_at(move, travel), after);
    }
}

struct bouncing {
    struct edges *edges;
    struct fixed_random *random;
    enum line line;
    int err;
};

/* The first edge comes when the contacts meet; then they part and meet again, ever faster. */
static void bounce(void *context, uint64_t time_ns, bool closes)
{
    struct bouncing *b = context;
    int64_t count = fixed_random_range(b->random, 2, 6), gap = 400000;
    if (b->err == 0)
        b->err = put(b->edges, time_ns, b->line, closes);
    for (int64_t i = 0; i < count && b->err == 0; i++) {
        for (int half = 0; half < 2 && b->err == 0; half++) {
            time_ns += (uint64_t)fixed_random_range(b->random, gap / 4, gap / 2);
            b->err = put(b->edges, time_ns, b->line, closes == (half == 1));
        }
        gap = gap * 3 / 4;
    }
}

static int compare(const void *left, const void *right)
{
    const struct edge *a = left, *b = right;
    if (a->time_ns != b->time_ns)
        return a->time_ns < b->time_ns ? -1 : 1;
    return a->order < b->order ? -1 : 1;
}

int lines_make(const struct path *path, uint64_t seed, struct edges *edges)
{
    struct fixed_random random = { seed ^ UINT64_C(0x6c696e6573) };
    uint8_t direction[AXIS_COUNT] = { 0 };
    *edges = (struct edges){ 0 };
    int err = 0;
    for (uint32_t i = 0; i < path->count && err == 0; i++)
        for (int axis = 0; axis < AXIS_COUNT && err == 0; axis++)
            err = put_axis(edges, &random, &path->move[i], axis, &direction[axis]);
    struct bouncing x = { edges, &random, LINE_LIMIT_X, err };
    limit_events(path, AXIS_X, LIMIT_X_PM, bounce, &x);
    struct bouncing y = { edges, &random, LINE_LIMIT_Y, x.err };
    limit_events(path, AXIS_Y, LIMIT_Y_PM, bounce, &y);
    if (y.err != 0) {
        free(edges->edge);
        return y.err;
    }
    qsort(edges->edge, edges->count, sizeof *edges->edge, compare);
    return 0;
}
