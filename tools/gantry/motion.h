/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Where the gantry's head is at any time: a sequence of straight moves, each with a trapezoid of
 * speed.
 *
 * A move accelerates evenly, cruises, brakes evenly; a short one does not reach its cruising speed.
 * The profile is that of the move's longer axis (the lead), and the other axis follows in
 * proportion, so both directions of the question, "where at this time?" and "when at this place?",
 * have exact answers in integers and square roots. */
#pragma once
#include "fixed.h"

enum { AXIS_X, AXIS_Y, AXIS_COUNT };

struct move {
    uint64_t start_ns, end_ns;
    int64_t from_pm[AXIS_COUNT], to_pm[AXIS_COUNT];
    int lead;
    uint64_t length_pm; /* of the lead axis */
    uint64_t accel;     /* pm/s^2 */
    uint64_t speed;     /* pm/s, cruising or at the peak */
    uint64_t ramp_pm, ramp_ns;
};

struct path {
    struct move *move;
    uint32_t count, capacity;
    uint64_t end_ns; /* of the trace */
};

struct plan {
    uint64_t seed;
    uint32_t seconds;
};

/* What the machine is: shared by all parts of the generator and written into the oracle. */
#define SOFT_LIMIT_X_PM (25 * PM_PER_MM)
#define LIMIT_X_PM      (28 * PM_PER_MM) /* the switch closes here */
#define LIMIT_Y_PM      (20 * PM_PER_MM)

/* Random work within +-20 mm, then one move that runs over the soft limit into the switch, and home
 * to (0, 0). Caller frees path->move. */
int path_make(const struct plan *plan, struct path *path);

/* Time at which the lead axis has travelled `travel_pm` of the move. */
uint64_t move_time_at(const struct move *move, uint64_t travel_pm);
/* How far the lead axis has travelled at a time within the move. */
uint64_t move_travel_at(const struct move *move, uint64_t time_ns);
/* Travel of the lead axis at which `axis` has travelled `own_pm`. */
uint64_t move_lead_travel(const struct move *move, int axis, uint64_t own_pm);
uint64_t move_axis_length(const struct move *move, int axis);

struct motion {
    int64_t position_pm[AXIS_COUNT];
    int64_t accel[AXIS_COUNT]; /* pm/s^2 */
    uint64_t speed;            /* pm/s of the lead axis */
    bool moving;
    int lead;
};

void path_motion_at(const struct path *path, uint64_t time_ns, struct motion *motion);
